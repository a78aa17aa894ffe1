"""What a cloud does not say, or says wrongly, changes nothing; what it says still counts."""

from datetime import timedelta

import pytest

from cloud_app.domain.machines import Command, State
from cloud_app.gateways.simulator.misfortunes import Misfortune, Woe
from cloud_app.loops.machines import RESTING_LOOK
from cloud_app.loops.sightings import FULL_EVERY, MOST_ASKED
from cloud_app.models.clouds import CloudRecord
from tests.make import own_project

WOES = (Woe.SILENT, Woe.BROKEN, Woe.RATE_LIMITED, Woe.WRONG_ANSWER, Woe.LOST_ANSWER)
FULL = FULL_EVERY.total_seconds() + 1


async def cloud_row(campus) -> CloudRecord:
    async with campus.portal.db.read() as session:
        return await session.get_one(CloudRecord, campus.cloud.id)


async def age(campus) -> timedelta:
    row = await cloud_row(campus)
    return campus.clock() - row.answered_at


@pytest.mark.parametrize("woe", WOES)
@pytest.mark.parametrize("calls", ["compute.*", "network.*", "*"])
async def test_no_silence_changes_a_state_and_all_is_well_two_looks_later(campus, woe, calls):
    machine = await campus.order()
    await campus.until(machine, State.READY)
    campus.world.befall(Misfortune(woe=woe, calls=calls))

    for _ in range(3):
        await campus.turn(4, seconds=FULL / 2)
        assert (await campus.look(machine)).state is State.READY
    campus.world.relieve()
    await campus.turn(2, seconds=RESTING_LOOK.total_seconds())

    seen = await campus.look(machine)
    assert seen.state is State.READY
    assert seen.cloud_silent_since is None
    assert await age(campus) <= RESTING_LOOK


async def test_a_silent_nova_is_named_and_its_rows_grow_old(campus):
    machine = await campus.order()
    await campus.until(machine, State.READY)
    before = (await campus.look(machine)).seen_at
    campus.world.befall(Misfortune(woe=Woe.SILENT, calls="compute.*"))

    await campus.turn(5, seconds=60)

    seen = await campus.look(machine)
    assert (seen.silent_service, seen.is_known_now) == ("compute", False)
    assert seen.seen_at == seen.cloud_silent_since
    assert seen.seen_at - before < timedelta(seconds=61)
    assert seen.addresses_seen_at == campus.clock()


async def test_a_silent_neutron_is_named_and_hides_no_stop(campus):
    machine = await campus.order()
    ready = await campus.until(machine, State.READY)
    campus.world.befall(Misfortune(woe=Woe.SILENT, calls="network.*"))
    campus.world.outside.shut_down_inside(ready.server_id)

    await campus.turn(5, seconds=60)

    seen = await campus.look(machine)
    assert seen.state is State.STOPPED
    assert (seen.silent_service, seen.is_known_now) == ("network", True)
    assert (seen.seen_at, seen.address) == (campus.clock(), ready.address)
    assert campus.clock() - seen.addresses_seen_at >= timedelta(seconds=240)


async def test_half_a_list_loses_nothing_however_long(campus):
    machines = [await campus.order() for _ in range(2)]
    for machine in machines:
        await campus.until(machine, State.READY)
    campus.world.befall(Misfortune(woe=Woe.LYING, calls="compute.*"))

    for _ in range(10):
        await campus.turn(3, seconds=FULL)
        assert {(await campus.look(each)).state for each in machines} == {State.READY}


async def test_half_a_list_of_the_network_takes_no_address_away(campus):
    machine = await campus.order()
    ready = await campus.until(machine, State.READY)
    campus.world.befall(Misfortune(woe=Woe.LYING, calls="network.*"))

    for _ in range(5):
        await campus.turn(2, seconds=FULL)
        seen = await campus.look(machine)
        assert (seen.address, seen.fixed_ip) == (ready.address, ready.fixed_ip)


async def test_half_a_list_hides_no_stop_either(campus):
    machine = await campus.order()
    ready = await campus.until(machine, State.READY)
    campus.world.befall(Misfortune(woe=Woe.LYING, calls="compute.*"))
    campus.world.outside.shut_down_inside(ready.server_id)

    await campus.turn(4, seconds=FULL)

    assert (await campus.look(machine)).state is State.STOPPED


async def test_what_is_missing_is_not_lost_until_its_cloud_says_so_of_itself(campus):
    machine = await campus.order()
    ready = await campus.until(machine, State.READY)
    campus.world.outside.delete_server(ready.server_id)
    campus.world.befall(Misfortune(woe=Woe.SILENT, calls="compute.server"))
    async with campus.portal.db.begin() as session:
        (await session.get_one(CloudRecord, campus.cloud.id)).swept_at = None
    campus.world.advance(7200)  # long enough for Nova to forget that it was ever there

    await campus.turn(5, seconds=FULL)
    assert (await campus.look(machine)).state is State.READY
    campus.world.relieve()

    await campus.until(machine, State.LOST)


async def test_an_old_list_proves_nothing_and_is_forgotten(campus):
    machine = await campus.order()
    await campus.until(machine, State.READY)
    campus.world.befall(Misfortune(woe=Woe.STALE, seconds=7200))

    for _ in range(5):
        await campus.turn(3, seconds=FULL)
        assert (await campus.look(machine)).state is not State.LOST
    campus.world.relieve()
    await campus.turn(2, seconds=FULL)

    assert (await campus.look(machine)).state is State.READY


async def test_giving_back_is_not_done_before_the_server_itself_is_gone(campus):
    machine = await campus.order()
    await campus.until(machine, State.READY)
    campus.world.befall(Misfortune(woe=Woe.LYING, calls="compute.*"))

    await campus.portal.machines.give_back(campus.student, machine.id)
    await campus.until(machine, State.GONE)
    campus.world.relieve()

    assert await campus.servers() == []


async def test_many_missing_servers_are_asked_for_a_few_at_a_time(campus):
    machine = await campus.order()
    await campus.until(machine, State.READY)
    campus.world.befall(Misfortune(woe=Woe.LYING, calls="compute.servers"))
    campus.world.calls.clear()

    await campus.turn(4, seconds=FULL)

    assert 0 < campus.world.calls["compute.server"] <= 4 * MOST_ASKED


async def test_a_silent_cloud_is_asked_less_and_less_often(campus):
    await campus.turn(1, seconds=FULL)
    campus.world.befall(Misfortune(woe=Woe.SILENT))
    await campus.order()  # under way: asked every 1.5 s while all is well
    campus.world.calls.clear()

    await campus.turn(120)

    assert 120 / RESTING_LOOK.total_seconds() <= campus.world.calls["compute.servers"] <= 15


async def test_what_was_put_off_is_done_as_soon_as_the_cloud_answers(campus):
    machine = await campus.order()
    await campus.until(machine, State.READY)
    campus.world.befall(Misfortune(woe=Woe.SILENT))
    await campus.portal.machines.command(campus.student, machine.id, Command.STOP)
    await campus.turn(100)
    campus.world.relieve()

    await campus.turn(int(RESTING_LOOK.total_seconds()) + 2)

    assert campus.world.calls["compute.stop_server"] >= 2
    await campus.until(machine, State.STOPPED, turns=15)


async def test_work_rests_as_long_as_the_cloud_asks(campus):
    woe = Misfortune(woe=Woe.RATE_LIMITED, calls="network.ensure_ground", seconds=50)
    campus.world.befall(woe)
    await campus.order()
    await campus.turn(5)

    await campus.turn(40)

    assert campus.world.calls["network.ensure_ground"] == 1


async def test_without_glance_the_images_known_last_are_still_rented(campus):
    campus.world.befall(Misfortune(woe=Woe.SILENT, calls="catalog.*"))
    await campus.portal.catalog_loop.once()

    machine = await campus.order()

    await campus.until(machine, State.READY)


async def test_half_a_list_of_images_takes_nothing_off_the_shelf(campus):
    campus.world.befall(Misfortune(woe=Woe.LYING, calls="catalog.*"))

    for _ in range(3):
        await campus.portal.catalog_loop.once()

    offers = await campus.portal.orders.offers(campus.student, own_project(campus.student))
    assert offers.templates
    assert offers.sizes


async def test_the_age_of_what_is_offered_is_known(campus):
    await campus.portal.catalog_loop.once()
    bound = (await cloud_row(campus)).offers_at
    campus.world.befall(Misfortune(woe=Woe.SILENT, calls="catalog.images"))
    campus.clock.advance(600)

    await campus.portal.catalog_loop.once()

    assert bound is not None
    assert (await cloud_row(campus)).offers_at == bound
