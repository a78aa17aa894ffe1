"""Real services through a proxy that has bad days: no row lies, and all mends by itself."""

import os
import signal
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from cloud_app.loops.sightings import FULL_EVERY
from tests.lab.conftest import LAB
from tests.lab.faults.day import BUILT, Day, a_day_on_the_lab
from tests.lab.faults.faults import (
    HTML,
    cut_off,
    expired,
    half_a_list,
    lost_answer,
    no_second_page,
    reset,
    says,
    silent,
    slow,
    stale,
)
from tests.lab.faults.proxy import Fault
from tests.lab.openstack.processes import alive, session
from tests.running import until

pytestmark = [
    pytest.mark.lab_only,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(280),
]

FAULTS: dict[str, Fault] = {
    "slow": slow(20),
    "silent": silent,
    "reset": reset,
    "lost answer": lost_answer,
    "cut off": cut_off,
    "500": says(500, '{"computeFault": {"code": 500, "message": "Unexpected API Error."}}'),
    "503": says(503, HTML),
    "429": says(429, "{}", Retry_After="2"),
    "html": says(200, HTML),
    "another shape": says(200, '{"servers": null, "ports": {}, "floatingips": 7}'),
    "null": says(200, "null"),
    "no second page": no_second_page,
    "stale": stale,
}
HERD = 8
MOST_A_SECOND = 80
"""Sixteen pieces of work at once, each a few questions."""
FULL = FULL_EVERY.total_seconds() + 1


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def day(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Day]:
    async with a_day_on_the_lab(tmp_path_factory.mktemp("day"), Path(os.environ[LAB])) as found:
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def machine(day: Day) -> str:
    """A mini-PC that is ready and at rest; nothing here may change that."""
    made = await day.order("calm")
    await day.until(made, *BUILT)
    await day.one_pass(FULL)  # SSH has had its time: the tiny guest has none
    await day.until(made, "ready")
    await day.one_pass()
    return made


@pytest.fixture(autouse=True)
def relieved(day: Day) -> Generator[None]:
    """Whatever a test ended with, the next one starts on a good day."""
    yield
    day.proxy.relieve()


@contextmanager
def frozen(name: str) -> Generator[None]:
    """Stop a process of the lab, and what it started, for a while."""
    leader = alive(name)
    assert leader is not None, f"the lab's {name} does not run"
    members = session(leader)
    try:
        for one in members:
            os.kill(one, signal.SIGSTOP)
        yield
    finally:
        for one in members:
            os.kill(one, signal.SIGCONT)


@pytest.mark.parametrize("service", ["compute", "network"])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
async def test_a_fault_is_named_changes_nothing_and_mends_in_two_looks(
    day: Day, machine: str, service: str, fault: Fault
) -> None:
    await day.until_all_is_well(machine)
    before = await day.look(machine)
    day.proxy.befall(service, fault)

    during = before
    for _ in range(3):
        await day.one_pass(FULL)
        during = await day.look(machine)
        assert (during["status"], during["addresses"]) == ("ready", before["addresses"])
        assert during["silent_service"] == service
        assert (during["seen_at"] == before["seen_at"]) is (service == "compute")
    day.proxy.relieve()

    assert await day.until_all_is_well(machine, service) <= 2
    after = await day.look(machine)
    assert (after["status"], after["addresses"]) == ("ready", before["addresses"])
    assert after["seen_at"] > during["seen_at"]


@pytest.mark.parametrize("service", ["compute", "network", "identity"])
async def test_refused_connections_are_a_silence_too(day: Day, machine: str, service: str) -> None:
    await day.until_all_is_well(machine)
    struck = day.proxy.services[service]
    day.proxy.befall(service, reset)  # kept connections
    await struck.refuse()

    for _ in range(3):
        await day.one_pass(FULL)
        seen = await day.look(machine)
        assert seen["status"] == "ready"
        # Tokens that were given go on working.
        assert seen["silent_service"] == (None if service == "identity" else service)
    day.proxy.relieve()
    await struck.listen()

    assert await day.until_all_is_well(machine, service) <= 2


@pytest.mark.parametrize("service", ["compute", "network"])
async def test_half_a_list_loses_nothing(day: Day, machine: str, service: str) -> None:
    before = await day.look(machine)
    day.proxy.befall(service, half_a_list)

    for _ in range(4):
        await day.one_pass(FULL)
        seen = await day.look(machine)
        assert (seen["status"], seen["addresses"]) == ("ready", before["addresses"])


async def test_a_slow_cloud_is_no_silent_one(day: Day, machine: str) -> None:
    await day.until_all_is_well(machine)
    for service in ("compute", "network", "identity"):
        day.proxy.befall(service, slow(0.7))

    await day.one_pass()

    assert (await day.look(machine))["silent_service"] is None


async def test_tokens_that_expire_in_mid_pass_are_renewed_within_it(day: Day, machine: str) -> None:
    await day.until_all_is_well(machine)
    for service in ("compute", "network"):
        day.proxy.befall(service, expired)
    day.proxy.asked.clear()

    await day.one_pass()

    assert (await day.look(machine))["silent_service"] is None
    assert day.proxy.count("identity", "POST", "/auth/tokens") == 1


async def test_without_tokens_a_silent_keystone_is_the_one_that_is_named(
    day: Day, machine: str
) -> None:
    await day.until_all_is_well(machine)
    for service in ("compute", "network"):
        day.proxy.befall(service, expired)
    day.proxy.befall("identity", silent)

    for _ in range(2):
        await day.one_pass(FULL)
        seen = await day.look(machine)
        assert (seen["status"], seen["silent_service"]) == ("ready", "identity")
    day.proxy.relieve()

    assert await day.until_all_is_well(machine, "identity") <= 2


async def test_retry_after_is_kept(day: Day, machine: str) -> None:
    await day.until_all_is_well(machine)
    day.proxy.befall("compute", says(429, "{}", Retry_After="8"))
    day.proxy.asked.clear()

    for _ in range(6):
        await day.one_pass(FULL)

    assert day.proxy.count("compute") == 1
    assert (await day.look(machine))["silent_service"] == "compute"


async def test_without_glance_renting_goes_on(day: Day, machine: str) -> None:
    await day.until_all_is_well(machine)
    day.proxy.befall("image", silent)

    await day.portal.catalog_loop.once()

    offers = (await day.rest.get("/servers/offers")).json()
    assert [one["key"] for one in offers["templates"]] == ["linux", "tiny"]
    assert (await day.look(machine))["silent_service"] is None


async def test_an_order_whose_answer_is_lost_is_one_server(day: Day, machine: str) -> None:
    await day.until_all_is_well(machine)
    day.proxy.befall("compute", lost_answer, only="POST")
    day.proxy.asked.clear()
    made = await day.order("lost")

    async def asked() -> bool:
        await day.one_pass(1)
        return day.proxy.count("compute", "POST", "/servers") > 0

    await until(asked, 60, every=0.2, what="the order is sent")
    day.proxy.relieve()

    await day.until(made, *BUILT)
    assert day.proxy.count("compute", "POST", "/servers") == 1
    await day.rest.delete(f"/servers/{made}")
    await day.until(made, "gone")


async def test_who_waited_for_neutron_does_not_run_it_down(day: Day, machine: str) -> None:
    await day.until_all_is_well(machine)
    day.proxy.befall("network", silent)
    day.proxy.befall("compute", says(503, HTML), only="POST")  # no guest is needed here
    made = [await day.order(f"herd-{number}") for number in range(HERD)]
    for _ in range(5):
        await day.one_pass(20)
    day.proxy.services["network"].relieved.set()
    day.proxy.services["network"].fault = None
    day.proxy.asked.clear()

    async def all_have_ports() -> bool:
        await day.one_pass(1)
        return day.proxy.count("network", "POST", "/ports") >= HERD

    await until(all_have_ports, 60, every=0.2, what="ports for all")
    most = day.proxy.most_per_second("network")
    print(f"Neutron after a silence with {HERD} waiting: at most {most} requests a second")
    assert most <= MOST_A_SECOND
    assert day.proxy.count("network", "POST", "/ports") == HERD
    for one in made:
        assert (await day.look(one))["status"] == "ordered"
        await day.rest.delete(f"/servers/{one}")
    day.proxy.relieve()
    for one in made:
        await day.until(one, "gone")


async def test_placement_behind_nova_holds_an_order_up_and_fails_none(
    day: Day, machine: str
) -> None:
    await day.until_all_is_well(machine)
    with frozen("placement"):
        made = await day.order("patient")
        for _ in range(8):
            await day.one_pass(1)
            assert (await day.look(made))["status"] in ("ordered", "building")
        assert (await day.look(machine))["silent_service"] is None

    await day.until(made, *BUILT)
    await day.rest.delete(f"/servers/{made}")
    await day.until(made, "gone")
