"""The whole life of machines under everything that can happen at once, by hypothesis.

`MADANG_TEST_STORM=1000` tells so many stories instead of the usual ones, always new
ones; what fails is told again in its shortest form. The list of rules is longer than
ten because so much can happen.
"""

import os
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import event

from cloud_app.domain.errors import Conflict, QuotaExceeded
from cloud_app.domain.machines import Command, Machine, SeenServer, State
from cloud_app.gateways.simulator.misfortunes import Misfortune, Woe
from cloud_app.models.machines import MachineRecord
from tests.make import a_spec
from tests.storm import truths
from tests.storm.storm import Storm, Template
from tests.storm.truths import is_up

STORIES = int(os.environ.get("MADANG_TEST_STORM", "0"))
WRITING = (
    "identity.ensure_project",
    "identity.ensure_user",
    "identity.set_limits",
    "network.ensure_ground",
    "network.ensure_port",
    "network.ensure_address",
    "network.delete_ports",
    "network.release_addresses",
    "compute.create_server",
    "compute.delete_server",
    "compute.start_server",
    "compute.stop_server",
    "compute.restart_server",
    "compute.rename_server",
)
calls = st.sampled_from(("*", "compute.*", "network.*", "compute.servers", *WRITING))
which = st.integers(0, 5)
passes = st.integers(0, 6)


class Machines(RuleBasedStateMachine):
    template: Template
    changes: list[tuple[State, State]]

    def __init__(self) -> None:
        super().__init__()
        self.changes.clear()
        self.storm = Storm(self.template)
        self.strangers: dict[str, SeenServer] = {}
        self.names = 0

    @property
    def machines(self):
        return self.storm.process.portal.machines

    def pick(self, number: int, *, failed: bool = False) -> MachineRecord | None:
        rows = [row for row in self.storm.rows() if row.gone_at is None]
        rows = [row for row in rows if not failed or row.failure]
        return rows[number % len(rows)] if rows else None

    def name(self) -> str:
        self.names += 1
        return f"pc-{self.names}"

    @initialize(orders=st.integers(1, 3), passes=st.sampled_from((0, 3, 14)))
    def a_day_begins(self, orders: int, passes: int) -> None:
        for _ in range(orders):
            self._order("light")
        self.storm.turn(1.6, passes)

    @rule(size=st.sampled_from(("light", "study", "develop")), passes=passes)
    def somebody_orders(self, size: str, passes: int) -> None:
        self._order(size)
        self.storm.turn(1.6, passes)

    def _order(self, size: str) -> None:
        storm = self.storm
        spec = a_spec(storm.student, storm.clock, name=self.name(), size_key=size)
        try:
            storm.ask(self.machines.order(storm.student, spec))
        except QuotaExceeded:
            assert storm.rows()

    @rule(number=which, command=st.sampled_from(Command), passes=passes)
    def the_owner_commands(self, number: int, command: Command, passes: int) -> None:
        if row := self.pick(number):
            self._ask(self.machines.command(self.storm.student, row.id, command), passes)

    @rule(number=which, passes=passes)
    def the_owner_gives_back(self, number: int, passes: int) -> None:
        if row := self.pick(number):
            self._ask(self.machines.give_back(self.storm.student, row.id), passes)

    @rule(number=which, passes=passes)
    def the_owner_tries_again(self, number: int, passes: int) -> None:
        if row := self.pick(number, failed=True):
            self._ask(self.machines.retry(self.storm.student, row.id), passes)

    @rule(number=which, passes=passes)
    def the_owner_renames(self, number: int, passes: int) -> None:
        if row := self.pick(number):
            self._ask(self.machines.rename(self.storm.student, row.id, self.name()), passes)

    def _ask(self, work: Coroutine[Any, Any, Machine], passes: int) -> None:
        with suppress(Conflict, QuotaExceeded):  # A refusal is an answer.
            self.storm.ask(work)
        self.storm.turn(1.6, passes)

    @rule(
        seconds=st.sampled_from((0.5, 1.6, 1.6, 4.0, 16.0, 25.0, 95.0, 320.0, 1300.0, 200_000.0)),
        times=st.integers(1, 8),
    )
    def time_passes(self, seconds: float, times: int) -> None:
        self.storm.turn(seconds, times)

    @rule(seconds=st.sampled_from((0.5, 3.0, 10.0)))
    def the_portals_clock_is_set_back(self, seconds: float) -> None:
        self.storm.clock.advance(-seconds)

    @rule(
        woe=st.sampled_from((Woe.SLOW, Woe.SILENT, Woe.LOST_ANSWER, Woe.CRASH_AFTER)),
        calls=calls,
        times=st.sampled_from((1, 1, 2, 5)),
        passes=passes,
    )
    def calls_go_wrong(self, woe: Woe, calls: str, times: int, passes: int) -> None:
        self.storm.world.befall(Misfortune(woe=woe, calls=calls, times=times, seconds=3.0))
        self.storm.turn(1.6, passes)

    @rule(
        woe=st.sampled_from((Woe.SILENT, Woe.FULL, Woe.QUOTA_RACE, Woe.FORGETFUL, Woe.LYING)),
        share=st.sampled_from((0.5, 1.0)),
        seconds=st.sampled_from((1.6, 320.0)),
        passes=passes,
    )
    def the_cloud_has_a_bad_day(self, woe: Woe, share: float, seconds: float, passes: int) -> None:
        self.storm.world.befall(Misfortune(woe=woe, share=share))
        self.storm.turn(seconds, passes)

    @rule()
    def the_bad_day_ends(self) -> None:
        self.storm.world.relieve()

    @rule(calls=st.sampled_from(WRITING), seconds=st.sampled_from((2.0, 15.0)), passes=passes)
    def a_request_arrives_late(self, calls: str, seconds: float, passes: int) -> None:
        self.storm.wire.lose = (calls, seconds)
        self.storm.turn(1.6, passes)

    @rule(deeds=st.integers(0, 15), passes=passes)
    def the_process_dies(self, deeds: int, passes: int) -> None:
        self.storm.process.deeds_left = deeds
        self.storm.turn(1.6, passes)

    @rule(after=st.integers(0, 8), overtaken=st.booleans(), passes=passes)
    def a_call_gets_no_answer(self, after: int, overtaken: bool, passes: int) -> None:
        self.storm.process.calls_left = after
        self.storm.turn(1.6, passes)
        if overtaken and not self.storm.stale:
            self.storm.overtake()
            self.storm.turn(1.6, passes)

    @rule()
    def answers_arrive(self) -> None:
        self.storm.wake()

    @precondition(lambda self: self.storm.stale)
    @rule()
    def the_overtaken_process_ends(self) -> None:
        self.storm.bury()

    @rule(
        number=which,
        deed=st.sampled_from(("delete", "shut down", "suspend", "break", "rename")),
        passes=passes,
    )
    def somebody_else_touches_a_server(self, number: int, deed: str, passes: int) -> None:
        row, hands = self.pick(number), self.storm.world.outside
        seen = {one.cloud_id: one for one in self.storm.holdings().servers if is_up(one)}
        if row is None or row.server_id not in seen:
            return
        deeds = {
            "delete": hands.delete_server,
            "shut down": hands.shut_down_inside,
            "suspend": hands.suspend,
            "break": hands.break_server,
            "rename": lambda server_id: hands.rename_server(server_id, "theirs"),
        }
        deeds[deed](row.server_id)
        self.storm.turn(1.6, passes)

    @rule(ours=st.booleans())
    def somebody_else_builds_a_server(self, ours: bool) -> None:
        project = None
        if ours:
            with self.storm.world.begin() as tx:
                home = tx.one("SELECT id FROM project WHERE key != 'outside'")
            project = home["id"] if home else None
        made = self.storm.world.outside.build_server("theirs", project_id=project)
        held = self.storm.holdings().servers
        self.strangers[made] = next(one for one in held if one.cloud_id == made)

    @rule(count=st.sampled_from((10, 500)))
    def somebody_else_takes_addresses(self, count: int) -> None:
        self.storm.world.outside.take_addresses(count)

    @invariant()
    def nothing_is_false(self) -> None:
        truths.one_server_per_machine(self.storm)
        truths.room_is_counted(self.storm)
        truths.every_key_has_its_sentence(self.storm.rows())
        truths.changes_are_allowed(self.changes)
        truths.strangers_are_untouched(self.storm, self.strangers)

    def teardown(self) -> None:
        try:
            self.storm.calm()
            self.storm.settle()
            self.nothing_is_false()
            truths.all_is_settled(self.storm.rows(), self.storm.holdings())
        finally:
            self.storm.close()


@pytest.mark.timeout(600 + STORIES)
def test_machines_hold_through_every_storm(template: Template) -> None:
    class Here(Machines):
        """This template's machines."""

    Here.template, Here.changes = template, []

    def note(_row: MachineRecord, new: State, old: object, _event: object) -> None:
        if isinstance(old, State) and old is not new:
            Here.changes.append((old, new))

    event.listen(MachineRecord.state, "set", note, active_history=True)
    try:
        run_state_machine_as_test(
            Here,
            settings=settings(
                max_examples=STORIES or 30,
                stateful_step_count=30,
                derandomize=not STORIES,
                deadline=None,
                print_blob=True,
                suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large),
            ),
        )
    finally:
        event.remove(MachineRecord.state, "set", note)
