"""What others do in the cloud is shown as it is, counted, and never undone."""

import logging

import pytest

from cloud_app.domain.errors import QuotaExceeded
from cloud_app.domain.machines import Command, State
from cloud_app.gateways.simulator.misfortunes import Misfortune, Woe
from tests.make import own_project

WHOLE = 400.0
"""Seconds after which the next look is a whole list."""


async def usage(campus):
    offers = await campus.portal.orders.offers(campus.student, own_project(campus.student))
    return offers.usage


async def test_a_server_without_our_key_is_counted_and_never_touched(campus):
    machine = await campus.ready()
    before = await usage(campus)

    foreign = campus.world.outside.build_server(
        "byhand", project_id=await campus.home(machine), flavor_id="practice.medium"
    )
    await campus.turn(3, seconds=16)

    now = await usage(campus)
    assert (now.outside.machines, now.outside.vcpus, now.outside.ram_mib) == (1, 2, 4096)
    assert now.used == before.used + now.outside
    with pytest.raises(QuotaExceeded):
        await campus.order(size_key="develop")
    await campus.portal.machines.give_back(campus.student, machine.id)
    await campus.until(machine, State.GONE)
    servers = (await campus.cloud.compute.servers(None)).items
    assert [one.cloud_id for one in servers] == [foreign]


async def test_room_taken_outside_returns_only_when_it_is_proven_free(campus):
    machine = await campus.ready()
    foreign = campus.world.outside.build_server(
        "byhand", project_id=await campus.home(machine), flavor_id="practice.medium"
    )
    await campus.turn(3, seconds=16)
    campus.world.befall(Misfortune(woe=Woe.LYING, calls="compute.servers", times=1))

    await campus.turn(1, seconds=WHOLE)
    assert (await usage(campus)).outside.machines == 1
    await campus.turn(3)
    assert (await usage(campus)).outside.machines == 1

    campus.world.outside.delete_server(foreign)
    await campus.turn(4, seconds=16)
    assert (await usage(campus)).outside.machines == 0


async def test_servers_in_other_peoples_projects_are_none_of_ours(campus):
    await campus.ready()

    campus.world.outside.build_server("elsewhere")
    await campus.turn(3, seconds=16)

    assert (await usage(campus)).outside.machines == 0


async def test_of_two_servers_with_one_key_the_recorded_one_stays(campus, caplog):
    machine = await campus.ready()
    twin = campus.world.outside.build_server(
        "twin", project_id=await campus.home(machine), key=machine.id
    )

    with caplog.at_level(logging.ERROR):
        await campus.turn(4, seconds=16)
        await campus.turn(2, seconds=WHOLE)

    seen = await campus.look(machine)
    assert (seen.server_id, seen.state) == (machine.server_id, State.READY)
    assert (await usage(campus)).outside.machines == 1
    assert [one.message for one in caplog.records].count("key in two servers") == 1
    await campus.portal.machines.give_back(campus.student, machine.id)
    await campus.until(machine, State.GONE)
    await campus.turn(4, seconds=WHOLE)
    assert [one.cloud_id for one in (await campus.cloud.compute.servers(None)).items] == [twin]


async def test_the_recorded_server_is_lost_though_another_has_its_key(campus):
    machine = await campus.ready()
    campus.world.outside.build_server("twin", project_id=await campus.home(machine), key=machine.id)
    await campus.turn(3, seconds=16)

    campus.world.outside.delete_server(machine.server_id)

    await campus.until(machine, State.LOST)


async def test_what_is_left_of_a_lost_machine_is_shown_and_released_when_given_back(campus):
    machine = await campus.ready()
    campus.world.outside.delete_server(machine.server_id)

    lost = await campus.until(machine, State.LOST)

    assert (lost.address, lost.fixed_ip) == (machine.address, machine.fixed_ip)
    await campus.portal.machines.give_back(campus.student, machine.id)
    await campus.until(machine, State.GONE)
    assert await campus.left(machine) == (0, 0, 0)


async def test_another_name_in_the_cloud_is_shown_beside_ours(campus):
    machine = await campus.ready()
    assert machine.name_in_cloud == ""

    campus.world.outside.rename_server(machine.server_id, "theirs")
    await campus.turn(2, seconds=16)

    seen = await campus.look(machine)
    assert (seen.name, seen.name_in_cloud) == (machine.name, "theirs")


async def test_our_own_new_name_is_never_taken_for_a_foreign_one(campus):
    machine = await campus.order()
    await campus.turn(3)
    names = set()

    await campus.portal.machines.rename(campus.student, machine.id, "새 이름")
    for _ in range(60):
        names.add((await campus.look(machine)).name_in_cloud)
        await campus.turn()

    assert names == {""}
    servers = (await campus.cloud.compute.servers(None)).items
    assert [one.name for one in servers] == ["새 이름"]


async def test_a_machine_resized_outside_shows_and_counts_what_it_really_has(campus):
    machine = await campus.ready()
    assert not machine.resized

    campus.world.outside.resize_server(machine.server_id, "practice.medium", confirmed=False)
    await campus.until(machine, State.CHANGING)
    campus.world.outside.resize_server(machine.server_id, "practice.medium")
    seen = await campus.until(machine, State.READY)

    assert seen.resized
    assert (seen.size.vcpus, seen.size.ram_mib) == (2, 4096)
    used = (await usage(campus)).used
    assert (used.machines, used.vcpus, used.ram_mib) == (1, 2, 4096)


async def test_an_address_taken_away_is_not_given_again_unasked(campus):
    machine = await campus.ready()

    campus.world.outside.unbind_addresses(machine.id)
    await campus.turn(4, seconds=16)

    seen = await campus.look(machine)
    assert (seen.address, seen.state) == (None, State.READY)
    assert await campus.left(machine) == (1, 1, 1)


async def test_an_address_deleted_outside_is_gone_after_two_looks(campus):
    machine = await campus.ready()
    campus.world.befall(Misfortune(woe=Woe.LYING, calls="network.addresses", times=1))
    await campus.turn(1, seconds=16)
    assert (await campus.look(machine)).address == machine.address

    campus.world.outside.release_addresses(machine.id)
    await campus.turn(4, seconds=16)

    assert (await campus.look(machine)).address is None
    assert await campus.left(machine) == (1, 1, 0)


async def test_an_address_bound_by_others_is_shown_and_asked_for_an_answer(campus):
    machine = await campus.ready()
    campus.world.outside.unbind_addresses(machine.id)
    await campus.turn(3, seconds=16)
    asked = campus.world.calls["reach.answers"]

    address = campus.world.outside.bind_address(machine.id)
    await campus.turn(4, seconds=16)

    seen = await campus.look(machine)
    assert (seen.address, seen.answers, seen.state) == (address, True, State.READY)
    assert campus.world.calls["reach.answers"] == asked + 1


async def test_other_security_groups_are_shown_and_left_as_they_are(campus):
    machine = await campus.ready()
    assert not machine.doors_changed

    campus.world.outside.change_groups(machine.id, "theirs")
    await campus.turn(3, seconds=16)

    assert (await campus.look(machine)).doors_changed
    ports = await campus.cloud.network.ports()
    assert [port.groups for port in ports.items if port.key == machine.id] == [("theirs",)]


async def test_without_its_port_a_machine_can_still_be_stopped_and_given_back(campus):
    machine = await campus.ready()

    campus.world.outside.delete_ports(machine.id)
    await campus.turn(4, seconds=16)

    seen = await campus.look(machine)
    assert (seen.port_lost, seen.fixed_ip, seen.address) == (True, None, None)
    await campus.portal.machines.command(campus.student, machine.id, Command.STOP)
    await campus.until(machine, State.STOPPED)
    await campus.portal.machines.give_back(campus.student, machine.id)
    await campus.until(machine, State.GONE)
    assert await campus.left(machine) == (0, 0, 0)


async def test_a_port_deleted_before_its_server_was_asked_for_is_made_again(campus):
    campus.world.befall(Misfortune(woe=Woe.SILENT, calls="compute.*"))
    machine = await campus.order()
    await campus.turn(3)
    campus.world.outside.delete_ports(machine.id)
    campus.world.relieve()

    await campus.until(machine, State.READY)

    assert await campus.left(machine) == (1, 1, 1)
