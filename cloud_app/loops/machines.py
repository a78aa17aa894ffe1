"""Brings machines to the state their owners asked for.

Each pass looks at every cloud with three questions and takes the next step of
every machine that is not settled. A missed event, a crash halfway or a second
pass never does harm: the rows say where to go on, a claim with a fencing number
keeps two workers apart, and every step can be repeated.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from cloud_app.db import Database, after_commit
from cloud_app.domain.errors import Conflict, NotFound, PortalError, Refused, Unavailable
from cloud_app.domain.machine_rules import BUILD_DEADLINE, Step, next_step, state_of
from cloud_app.domain.machines import Wanted
from cloud_app.gateways.protocols import Cloud
from cloud_app.hub import Hub, project_topic
from cloud_app.loops.clouds import Clouds
from cloud_app.loops.jobs import Jobs
from cloud_app.loops.line import Turns
from cloud_app.loops.projects import ProjectSides
from cloud_app.loops.sightings import LOOP, Sightings
from cloud_app.loops.steps import CREDENTIAL_REFUSED, Steps
from cloud_app.loops.work import Change, Later, Overtaken, Work, back_off
from cloud_app.models.clouds import TemplateRecord, flavor_ref, image_ref
from cloud_app.models.machine_work import any_unsettled, claim, due_machines, release_claims
from cloud_app.models.machines import MachineRecord
from cloud_app.models.projects import lock_project

log = logging.getLogger(__name__)
CLAIM = timedelta(seconds=90)
"""Longer than any call to a cloud may take."""
BUSY_LOOK = timedelta(seconds=1.5)
RESTING_LOOK = timedelta(seconds=15)
MOST_AT_ONCE = 200
TRIES = 6
"""How often a refusal that might pass (the cloud's quota, a wrong moment) is tried again."""


@dataclass(slots=True, kw_only=True)
class MachineLoop:
    db: Database
    hub: Hub
    clouds: Clouds
    sides: ProjectSides
    sightings: Sightings
    steps: Steps
    turns: Turns
    now: Callable[[], datetime]
    holder: str
    jobs: Jobs
    name: str = LOOP
    every: float = 0.5
    _looked: dict[str, datetime] = field(default_factory=dict[str, datetime])
    _in_vain: dict[str, int] = field(default_factory=dict[str, int])
    """How many looks in a row a cloud did not answer: it is asked less and less often."""

    async def lead(self) -> None:
        """Void the claims of the worker that led before, and what we began when we last led."""
        await self.jobs.close()
        async with self.db.begin() as session:
            await release_claims(session, self.holder, self.now())

    async def once(self) -> None:
        """Start whatever is due; nothing here waits for a cloud."""
        for cloud in await self.clouds.all():
            await self.turns.give(cloud.id)
            async with self.db.read() as session:
                busy = await any_unsettled(session, cloud.id)
                due = await due_machines(session, cloud.id, self.now(), MOST_AT_ONCE)
            self._look(cloud, BUSY_LOOK if busy else RESTING_LOOK)
            for machine_id in due:
                self._advance_soon(cloud, machine_id)

    async def close(self) -> None:
        await self.jobs.close()

    def _look(self, cloud: Cloud, every: timedelta) -> None:
        key, now = f"look {cloud.id}", self.now()
        last = self._looked.get(cloud.id)
        in_vain = self._in_vain.get(cloud.id, 0)
        every = max(every, min(BUSY_LOOK * 2**in_vain, RESTING_LOOK))
        if self.jobs.busy(key) or (last is not None and now - last < every):
            return
        self._looked[cloud.id] = now
        self.jobs.start(key, cloud.id, lambda: self._look_now(cloud))

    async def _look_now(self, cloud: Cloud) -> None:
        try:
            answered = await self.sightings.look(cloud)
        except Overtaken:
            log.warning("look overtaken", extra={"cloud": cloud.id})
            return
        self._in_vain[cloud.id] = 0 if answered else min(self._in_vain.get(cloud.id, 0) + 1, 10)

    def _advance_soon(self, cloud: Cloud, machine_id: str) -> None:
        work = f"machine {machine_id}"
        self.jobs.start(work, cloud.id, lambda: self.advance(cloud, machine_id))

    async def advance(self, cloud: Cloud, machine_id: str) -> None:
        """Take steps with one machine until it has to wait for something."""
        async with self.db.begin() as session:
            fence = await claim(session, machine_id, self.holder, self.now(), CLAIM)
        if fence is None:
            return
        try:
            while await self._one_step(cloud, machine_id, fence):
                pass
        except Later as later:
            await self._put_back(machine_id, fence, later.seconds)
        except PortalError as error:
            if error.key == CREDENTIAL_REFUSED:
                await self._mend(cloud, machine_id, error)
            await self._took_badly(machine_id, fence, error)
        except Overtaken:
            log.warning("machine overtaken", extra={"machine": machine_id})

    async def _mend(self, cloud: Cloud, machine_id: str, error: PortalError) -> None:
        """Set a refused credential right where that is in our hands; else staff have to act."""
        log.error("credential refused", extra={"cloud": cloud.id, "said": error.detail})
        async with self.db.read() as session:
            row = await session.get_one(MachineRecord, machine_id)
        try:
            await self.sides.mend(cloud, row.project_id)
        except PortalError as worse:
            log.warning("not mended", extra={"machine": machine_id, "why": worse.key})

    async def _one_step(self, cloud: Cloud, machine_id: str, fence: int) -> bool:
        """Take one step; tell whether there may be another right away."""
        work = await self._work(cloud, machine_id, fence)
        has_ground = work.standing is not None and work.standing.ground is not None
        facts = work.row.facts(has_ground=has_ground, uprooted=work.uprooted)
        step = next_step(facts, self.now())
        if step in (Step.WAIT, Step.REST):
            return not await self._rest(machine_id, fence, step)
        change = await self.steps.take(step, work)
        await self._write(machine_id, fence, _progress(change))
        return True

    async def _work(self, cloud: Cloud, machine_id: str, fence: int) -> Work:
        async with self.db.read() as session:
            row = await session.get_one(MachineRecord, machine_id)
            template = await session.get_one(TemplateRecord, row.template_id)
            return Work(
                row=row,
                cloud=cloud,
                standing=await self.sides.standing(session, row),
                template=template.to_domain(),
                flavor_id=await flavor_ref(session, row.size_id, cloud.id),
                image_id=await image_ref(session, row.template_id, cloud.id),
                write=lambda change: self._write(machine_id, fence, change),
            )

    async def _rest(self, machine_id: str, fence: int, expected: Step) -> bool:
        """Let go of the machine, unless something changed since the step was chosen."""
        rested = False

        def change(row: MachineRecord) -> None:
            nonlocal rested
            # The ground cannot vanish under a machine that has come this far.
            step = next_step(row.facts(has_ground=row.port_id is not None), self.now())
            rested = step is expected
            if rested:
                row.settled = step is Step.REST
                row.next_try_at = self.now() + BUSY_LOOK
                row.attempts, row.trouble, row.claimed_until = 0, None, None

        await self._write(machine_id, fence, change)
        return rested

    async def _put_back(self, machine_id: str, fence: int, seconds: float) -> None:
        def change(row: MachineRecord) -> None:
            row.next_try_at = self.now() + timedelta(seconds=seconds)
            row.claimed_until = None

        await self._write_if_mine(machine_id, fence, change)

    async def _took_badly(self, machine_id: str, fence: int, error: PortalError) -> None:
        log.warning(
            "step refused", extra={"machine": machine_id, "why": error.key, "said": error.detail}
        )

        def change(row: MachineRecord) -> None:
            row.attempts += 1
            rest = error.seconds if isinstance(error, Unavailable) else 0
            pause = max(back_off(row.attempts), rest)
            row.next_try_at = self.now() + timedelta(seconds=pause)
            row.claimed_until = None
            row.detail = error.detail
            if row.attempts > 1:  # Once is nothing to tell anybody.
                row.trouble = reason(error)
            if isinstance(error, Unavailable):
                row.touched_at = self.now()  # What was asked may still take effect.
                # An order waits in line for as long as its cloud is silent.
                row.deadline_at = max(row.deadline_at, self.now() + BUILD_DEADLINE)
            if _final(error, row.attempts) and _given_up(row, error):
                row.next_try_at = self.now()

        await self._write_if_mine(machine_id, fence, change)

    async def _write_if_mine(self, machine_id: str, fence: int, change: Change) -> None:
        try:
            await self._write(machine_id, fence, change)
        except Overtaken:
            log.warning("machine overtaken", extra={"machine": machine_id})

    async def _write(self, machine_id: str, fence: int, change: Change) -> None:
        """Change the row if our claim still holds, and tell the pages that show it."""
        async with self.db.begin() as session:
            row = await session.get_one(MachineRecord, machine_id, with_for_update=True)
            if row.fence != fence:
                raise Overtaken()
            now = self.now()
            row.claimed_until = now + CLAIM
            before = _shown(row)
            change(row)
            row.say_state(now)
            if _shown(row) != before:
                version = await lock_project(session, row.project_id)
                topic = project_topic(row.project_id)
                after_commit(session, lambda: self.hub.publish(topic, version))


def _shown(row: MachineRecord) -> tuple[object, ...]:
    """What a page shows of a row: only a change of this is worth telling."""
    return (
        row.state, row.fixed_ip, row.address, row.failure, row.notice, row.trouble, row.command,
        row.answers, row.server_id, row.settled, row.first_ready_at,
    )  # fmt: skip


def _progress(change: Change) -> Change:
    def progressed(row: MachineRecord) -> None:
        change(row)
        row.attempts, row.trouble = 0, None

    return progressed


def reason(error: PortalError) -> str:
    """The catalogue key of what held the work up, for people who know nothing of its steps."""
    match error:
        case Unavailable():
            return "error.cloud_silent"
        case Conflict(key="error.conflict"):
            return "error.cloud_busy"
        case NotFound(key="error.not_found"):
            return "error.cloud_missing"
        case _:
            return error.key


def _final(error: PortalError, attempts: int) -> bool:
    match error:
        case Unavailable() | Refused(key="error.credential_refused"):
            # Both may pass, however long they last; an order waits until its deadline.
            return False
        case Refused() | NotFound():
            return True
        case _:
            return attempts >= TRIES


def _given_up(row: MachineRecord, error: PortalError) -> bool:
    """A refusal that asking again will not change: fail the order, or drop the command.

    What is to be removed is never given up; the page says what holds it up.
    """
    if row.wanted is Wanted.GONE or row.failure is not None:
        row.trouble = reason(error)
        return False
    if row.built_at is None:
        row.failure = reason(error)
    else:
        row.notice = _notice(row, error)
        row.command = row.command_at = row.command_sent_at = None
        row.rename_due = False
    row.trouble = None
    return True


def _notice(row: MachineRecord, error: PortalError) -> str:
    if row.command is not None and isinstance(error, Conflict):
        # What it is doing instead, apart from what was asked.
        return f"machines.command.meanwhile.{state_of(replace(row.facts(), command=None))}"
    return reason(error)
