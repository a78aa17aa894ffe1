"""The steps of one machine: each asks a cloud for one thing and says what to write down.

A step returns the change to make to the row, or raises: `Later` to be asked
again after a while, any PortalError when the cloud refused or stayed silent.
Everything is safe to repeat after a crash at any point.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from cloud_app.domain.errors import PortalError, Refused, Unavailable
from cloud_app.domain.machine_rules import AMBIGUOUS, PATIENCE_WITH_SSH, Step
from cloud_app.domain.machines import Command, Power, Presence, Template
from cloud_app.gateways.first_boot import host_name, user_data
from cloud_app.gateways.protocols import Cloud, Scope, ServerOrder
from cloud_app.loops.projects import ProjectSides, Standing
from cloud_app.models.machines import NO_ADDRESS, MachineRecord

SSH = 22
Change = Callable[[MachineRecord], None]


class Later(Exception):
    """Nothing to do right now; look again after `seconds`."""

    def __init__(self, seconds: float = 1.0) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a step may know: a copy of the row as it was, and where it stands."""

    row: MachineRecord
    cloud: Cloud
    standing: Standing | None
    template: Template
    flavor_id: str
    image_id: str
    write: Callable[[Change], Awaitable[None]]
    """Writes a change down before the step goes on, under the same claim."""

    @property
    def scope(self) -> Scope:
        if self.standing is None:
            raise Later()
        return self.standing.scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    sides: ProjectSides
    now: Callable[[], datetime]

    async def do(self, step: Step, work: Work) -> Change:
        """Take one step and return what to write down about it."""
        match step:
            case Step.GROUND:
                await self.sides.make(work.cloud, work.row.project_id)
                return lambda row: None
            case Step.PORT:
                return await self._port(work)
            case Step.SERVER:
                return await self._server(work)
            case Step.ADDRESS:
                return await self._address(work)
            case Step.PROBE:
                return await self._probe(work)
            case Step.RENAME:
                return await self._rename(work)
            case Step.COMMAND:
                return await self._command(work)
            case Step.DELETE:
                return await self._delete(work)
            case Step.RELEASE:
                return await self._release(work)
            case _:
                return self._on_paper(step)

    def _on_paper(self, step: Step) -> Change:
        """Steps that ask the cloud nothing."""

        def change(row: MachineRecord) -> None:
            match step:
                case Step.FAIL:
                    row.failure = _why(row)
                case Step.FORGET:
                    row.gone_at = self.now()
                case Step.GIVE_UP_COMMAND:
                    row.notice = f"machines.command.gave_up.{row.command}"
                    row.command = row.command_at = row.command_sent_at = None
                case _:
                    raise ValueError(step)

        return change

    async def _port(self, work: Work) -> Change:
        standing = work.standing
        if standing is None or standing.ground is None:
            raise Later()
        port = await work.cloud.network.ensure_port(
            standing.scope, work.row.id, standing.ground, work.template.open_ports
        )

        def change(row: MachineRecord) -> None:
            row.port_id, row.fixed_ip = port.cloud_id, port.fixed_ip

        return change

    async def _server(self, work: Work) -> Change:
        row, now = work.row, self.now()
        if row.create_sent_at is None:
            return await self._build(work)
        # A request to build was sent and its answer was lost: look before asking again.
        found = await work.cloud.compute.find_servers(work.scope, row.id)
        if found:
            oldest = min(found, key=lambda server: server.updated_at)
            return _adopted(oldest.cloud_id, now)
        if now - max(row.create_sent_at, row.touched_at) < AMBIGUOUS:
            raise Later()
        if row.looks == 0:
            await work.write(_looked_in_vain)
            raise Later()
        return _not_sent

    async def _build(self, work: Work) -> Change:
        row = work.row
        if not work.flavor_id:
            raise Refused("error.size_gone")
        if not work.image_id:
            raise Refused("error.image_gone")
        order = ServerOrder(
            key=row.id,
            name=row.name,
            flavor_id=work.flavor_id,
            image_id=work.image_id,
            port_id=row.port_id or "",
            user_data=user_data(
                hostname=host_name(row.name, row.id),
                login_user=work.template.login_user,
                public_key=row.public_key,
                password_hash=row.password_hash,
                cloud_init=row.cloud_init,
            ),
        )
        sent = self.now()

        def sending(row: MachineRecord) -> None:
            row.create_sent_at, row.looks = sent, 0

        await work.write(sending)
        try:
            server_id = await work.cloud.compute.create_server(work.scope, order)
        except PortalError as error:
            if _surely_refused(error):
                await work.write(_not_sent)
            raise
        return _adopted(server_id, self.now())

    async def _address(self, work: Work) -> Change:
        try:
            seen = await work.cloud.network.ensure_address(
                work.scope, work.row.id, work.row.port_id or ""
            )
        except Refused as error:
            if error.key != NO_ADDRESS:
                raise
            # The machine is worth having without one; its page says so.
            return _without_address

        def change(row: MachineRecord) -> None:
            row.address_id, row.address = seen.cloud_id, seen.address

        return change

    async def _probe(self, work: Work) -> Change:
        row, now = work.row, self.now()
        answers: bool | None = None
        if row.address:
            answers = await work.cloud.reach.answers(row.address, SSH)
            if not answers and now - row.state_at < PATIENCE_WITH_SSH:
                raise Later()

        def change(row: MachineRecord) -> None:
            if row.power is not Power.ON:
                return
            row.ready_at, row.answers = self.now(), answers
            row.first_ready_at = row.first_ready_at or row.ready_at
            row.password_hash = ""

        return change

    async def _rename(self, work: Work) -> Change:
        name = work.row.name
        await work.cloud.compute.rename_server(work.scope, work.row.server_id or "", name)

        def change(row: MachineRecord) -> None:
            row.rename_due = row.name != name

        return change

    async def _command(self, work: Work) -> Change:
        """Ask once: what was asked is written down before, and checked after a crash."""
        row, compute = work.row, work.cloud.compute
        server_id = row.server_id or ""
        if _already(row):
            return _command_done
        sent = row.command_sent_at
        if sent is not None and (row.touched_at >= sent and self.now() - sent < AMBIGUOUS):
            raise Later()
        if row.command is Command.RESTART:
            newest = await compute.last_action(work.scope, server_id)
            if sent is not None and newest != row.command_mark:
                return self._asked
        else:
            newest = ""
        sending = self.now()

        def note(row: MachineRecord) -> None:
            row.command_sent_at, row.command_mark = sending, newest

        await work.write(note)
        ask = {
            Command.START: compute.start_server,
            Command.STOP: compute.stop_server,
            Command.RESTART: compute.restart_server,
        }
        if row.command is not None:
            await ask[row.command](work.scope, server_id)
        return self._asked

    def _asked(self, row: MachineRecord) -> None:
        row.touched_at = self.now()
        if row.command is Command.RESTART:
            row.ready_at, row.answers = None, None

    async def _delete(self, work: Work) -> Change:
        began = self.now()
        if work.standing is None:
            return _absent  # No project in the cloud, so nothing of it there.
        found = await work.cloud.compute.find_servers(work.scope, work.row.id)
        for server in found:
            if server.power is not Power.DELETING:
                await work.cloud.compute.delete_server(work.scope, server.cloud_id)
        unsure = _may_be_on_its_way(work.row, began)

        def change(row: MachineRecord) -> None:
            if found:
                row.touched_at, row.looks = self.now(), 0
            elif unsure:
                row.looks = 0
            elif began > row.touched_at:
                row.looks += 1

        await work.write(change)
        raise Later()

    async def _release(self, work: Work) -> Change:
        if work.standing is not None:
            await work.cloud.network.release_addresses(work.scope, work.row.id)
            await work.cloud.network.delete_ports(work.scope, work.row.id)

        def change(row: MachineRecord) -> None:
            row.released = True
            row.port_id = row.address_id = row.address = row.fixed_ip = None

        return change


def _surely_refused(error: PortalError) -> bool:
    """Whether the answer proves that nothing was made."""
    return not isinstance(error, Unavailable)


def _may_be_on_its_way(row: MachineRecord, now: datetime) -> bool:
    """Whether a request to build may still take effect though no server was seen of it."""
    sent = row.create_sent_at
    return sent is not None and row.server_id is None and now - sent < 2 * AMBIGUOUS


def _already(row: MachineRecord) -> bool:
    match row.command:
        case Command.START:
            return row.power is Power.ON
        case Command.STOP:
            return row.power is Power.OFF
        case _:
            return False


def _command_done(row: MachineRecord) -> None:
    row.command = row.command_at = row.command_sent_at = None


def _without_address(row: MachineRecord) -> None:
    row.notice = NO_ADDRESS


def _looked_in_vain(row: MachineRecord) -> None:
    row.looks += 1


def _not_sent(row: MachineRecord) -> None:
    row.create_sent_at, row.looks = None, 0


def _absent(row: MachineRecord) -> None:
    row.presence = Presence.ABSENT


def _adopted(server_id: str, at: datetime) -> Change:
    def change(row: MachineRecord) -> None:
        row.server_id, row.touched_at = server_id, at
        row.building_at = row.building_at or at
        row.looks = 0

    return change


def _why(row: MachineRecord) -> str:
    """The catalogue key for a build that failed."""
    if row.power is not Power.FAILED:
        return "error.build_timeout"
    if "No valid host" in row.detail:
        return "error.no_room"
    if "Quota exceeded" in row.detail:
        return "error.quota_exceeded"
    return "error.build_failed"
