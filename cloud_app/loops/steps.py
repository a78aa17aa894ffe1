"""The steps of one machine: each asks a cloud for one thing and says what to write down.

A step returns the change to make to the row, or raises: `Later` to be asked
again after a while, any PortalError when the cloud refused or stayed silent.
Everything is safe to repeat after a crash at any point.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cloud_app.domain.errors import PortalError, QuotaExceeded, Refused, Unavailable
from cloud_app.domain.machine_rules import AMBIGUOUS, PATIENCE_WITH_SSH, Step
from cloud_app.domain.machines import Power
from cloud_app.gateways.first_boot import host_name, user_data
from cloud_app.gateways.protocols import ServerOrder
from cloud_app.loops import commands, removal
from cloud_app.loops.projects import ProjectSides
from cloud_app.loops.removal import RACED
from cloud_app.loops.work import Change, Later, Work
from cloud_app.models.machines import (
    NO_ADDRESS,
    NO_ADDRESS_ALLOWED,
    PROJECT_GONE,
    MachineRecord,
)

SSH = 22
TRIES_FOR_AN_ADDRESS = 3
CREDENTIAL_REFUSED = "error.credential_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    sides: ProjectSides
    now: Callable[[], datetime]

    async def take(self, step: Step, work: Work) -> Change:
        """Take one step and return what to write down about it."""
        asks = {
            Step.GROUND: self._ground,
            Step.PORT: self._port,
            Step.SERVER: self._server,
            Step.ADDRESS: self._address,
            Step.PROBE: self._probe,
            Step.RENAME: self._rename,
            Step.COMMAND: lambda work: commands.ask(work, self.now),
            Step.MOVE: lambda work: removal.move(work, self.now),
            Step.CLEAR: lambda work: removal.delete(work, self.now),
            Step.ANEW: lambda work: removal.anew(work, self.now),
            Step.DELETE: lambda work: removal.delete(work, self.now),
            Step.RELEASE: lambda work: removal.release(work, self.now),
        }
        if step in asks:
            return await asks[step](work)
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
                    refused = row.trouble == CREDENTIAL_REFUSED
                    gave_up = f"machines.command.gave_up.{row.command}"
                    row.notice = CREDENTIAL_REFUSED if refused else gave_up
                    commands.done(row)
                case _:
                    raise ValueError(step)

        return change

    async def _ground(self, work: Work) -> Change:
        await self.sides.make(work.cloud, work.row.project_id)
        return _nothing

    async def _port(self, work: Work) -> Change:
        standing = work.standing
        if standing is None or standing.ground is None:
            raise Later()
        home = standing.scope.project_id
        if work.row.cloud_project_id != home:
            await work.write(lambda row: _stands_in(row, home))
        port = await work.cloud.network.ensure_port(
            standing.scope, work.row.id, standing.ground, work.template.open_ports
        )

        def change(row: MachineRecord) -> None:
            row.port_id, row.fixed_ip, row.touched_at = port.cloud_id, port.fixed_ip, self.now()
            row.groups, row.doors_changed = " ".join(port.groups), False

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
        if work.uprooted:
            return lambda row: _without_address(row, NO_ADDRESS)
        try:
            seen = await work.cloud.network.ensure_address(
                work.scope, work.row.id, work.row.port_id or ""
            )
        except QuotaExceeded:
            if work.row.attempts < TRIES_FOR_AN_ADDRESS:
                raise  # Another machine's address may be on its way back.
            return lambda row: _without_address(row, NO_ADDRESS_ALLOWED)
        except Refused as error:
            if error.key != NO_ADDRESS:
                raise
            # The machine is worth having without one; its page says so.
            return lambda row: _without_address(row, NO_ADDRESS)

        def change(row: MachineRecord) -> None:
            row.address_id, row.address, row.touched_at = seen.cloud_id, seen.address, self.now()

        return change

    async def _probe(self, work: Work) -> Change:
        row, now = work.row, self.now()
        answers: bool | None = None
        if row.address:
            answers = await work.cloud.reach.answers(row.address, SSH)
            if not answers and row.ready_at is None and now - row.state_at < PATIENCE_WITH_SSH:
                raise Later()

        def change(row: MachineRecord) -> None:
            if row.power is not Power.ON:
                return
            row.ready_at, row.answers = row.ready_at or self.now(), answers
            row.first_ready_at = row.first_ready_at or row.ready_at
            row.password_hash = ""

        return change

    async def _rename(self, work: Work) -> Change:
        if work.uprooted:
            raise Refused(PROJECT_GONE)
        name = work.row.name
        await work.cloud.compute.rename_server(work.scope, work.row.server_id or "", name)

        def change(row: MachineRecord) -> None:
            row.rename_due = row.name != name
            row.server_name, row.touched_at = name, self.now()

        return change


def _nothing(_row: MachineRecord) -> None:
    """What was done is written down elsewhere."""


def _surely_refused(error: PortalError) -> bool:
    """Whether the answer proves that nothing was made."""
    return not isinstance(error, Unavailable)


def _stands_in(row: MachineRecord, home: str) -> None:
    row.cloud_project_id = home


def _without_address(row: MachineRecord, why: str) -> None:
    row.notice, row.address_denied = why, True


def _looked_in_vain(row: MachineRecord) -> None:
    row.looks += 1


def _not_sent(row: MachineRecord) -> None:
    row.create_sent_at, row.looks = None, 0


def _adopted(server_id: str, at: datetime) -> Change:
    def change(row: MachineRecord) -> None:
        row.server_id, row.touched_at = server_id, at
        row.building_at = row.building_at or at
        row.looks = 0

    return change


def _why(row: MachineRecord) -> str:
    """The catalogue key for a build that failed."""
    if row.spoiled or row.trouble == RACED:
        return "error.quota_exceeded"
    if row.power is not Power.FAILED:
        return CREDENTIAL_REFUSED if row.trouble == CREDENTIAL_REFUSED else "error.build_timeout"
    if "No valid host" in row.detail:
        return "error.no_room"
    return "error.build_failed"
