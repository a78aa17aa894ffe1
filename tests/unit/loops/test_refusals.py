"""Every refusal of a cloud has its own reason on the page, and leaves nothing half-made."""

from dataclasses import replace

import pytest

from cloud_app.domain.errors import Invalid
from cloud_app.domain.machines import Command, State
from cloud_app.gateways.simulator.misfortunes import Misfortune, Woe
from cloud_app.i18n.catalog import LOCALES, say
from cloud_app.models.machines import MachineRecord
from cloud_app.models.projects import side_of

UBUNTU = "practice-ubuntu-24.04"


def change_image(campus, **changes):
    """The cloud's owners change the image that the order starts from."""
    site = campus.world.site
    images = [
        replace(guest, image=replace(guest.image, **changes)) if guest.image.id == UBUNTU else guest
        for guest in site.images
    ]
    campus.world.site = replace(site, images=tuple(images))


def remove_image(campus):
    site = campus.world.site
    kept = tuple(guest for guest in site.images if guest.image.id != UBUNTU)
    campus.world.site = replace(site, images=kept)


def remove_flavor(campus):
    site = campus.world.site
    kept = tuple(flavor for flavor in site.flavors if flavor.name != "practice.light")
    campus.world.site = replace(site, flavors=kept)


async def failed(campus, machine):
    """Wait until the order has failed and nothing is left of it; answer the machine."""
    await campus.until(machine, State.FAILED)
    await campus.turn(10)
    ports, addresses = await campus.cloud.network.ports(), await campus.cloud.network.addresses()
    left = [*ports.items, *addresses.items, *(await campus.cloud.compute.servers(None)).items]
    assert [one for one in left if one.key == machine.id] == []
    seen = await campus.look(machine)
    assert seen.can_retry
    assert all(say(locale, seen.failure) for locale in LOCALES)
    return seen


@pytest.mark.parametrize(
    ("befall", "failure"),
    [
        (lambda campus: campus.world.befall(Misfortune(woe=Woe.FULL)), "error.no_room"),
        (remove_image, "error.image_gone"),
        (remove_flavor, "error.size_gone"),
        (lambda campus: change_image(campus, usable=False), "error.image_unusable"),
        (lambda campus: change_image(campus, min_disk_gib=999), "error.size_too_small"),
        (lambda campus: change_image(campus, min_ram_mib=99999), "error.size_too_small"),
    ],
    ids=["no room", "image gone", "size gone", "deactivated", "disk too small", "memory too small"],
)
async def test_each_refusal_fails_the_order_with_its_own_reason(campus, befall, failure):
    machine = await campus.order()
    befall(campus)

    assert (await failed(campus, machine)).failure == failure


@pytest.mark.parametrize(
    ("befall", "failure"),
    [
        (remove_image, "error.image_gone"),
        (lambda campus: change_image(campus, usable=False), "error.image_unusable"),
    ],
)
async def test_the_reason_is_the_same_once_the_catalogue_knows_it(campus, befall, failure):
    machine = await campus.order()
    befall(campus)
    await campus.portal.catalog_loop.once()

    assert (await failed(campus, machine)).failure == failure


@pytest.mark.parametrize(
    "befall",
    [
        remove_image,
        lambda campus: change_image(campus, usable=False),
        lambda campus: change_image(campus, min_disk_gib=11),
        lambda campus: change_image(campus, min_ram_mib=1025),
    ],
    ids=["gone", "deactivated", "asks for more disk", "asks for more memory"],
)
async def test_what_the_catalogue_knows_is_refused_when_ordering(campus, befall):
    befall(campus)
    await campus.portal.catalog_loop.once()

    with pytest.raises(Invalid) as refusal:
        await campus.order()

    assert set(refusal.value.fields) <= {"size", "template"}


async def test_a_network_without_inner_addresses_is_said_to_be_full(campus):
    first = await campus.until(await campus.order(), State.READY)
    async with campus.portal.db.read() as session:
        row = await session.get_one(MachineRecord, first.id)
        standing = await campus.portal.machine_loop.sides.standing(session, row)
    for number in range(240):
        await campus.cloud.network.ensure_port(
            standing.scope, f"other-{number}", standing.ground, []
        )

    machine = await campus.order()

    assert (await failed(campus, machine)).failure == "error.network_full"


async def test_a_project_without_addresses_left_gets_a_machine_that_says_so(campus):
    first = await campus.until(await campus.order(), State.READY)
    async with campus.portal.db.read() as session:
        side = await side_of(session, first.project_id, first.cloud_id)
    assert side
    with campus.world.begin() as tx:
        tx.run("UPDATE project SET addresses = 1 WHERE id = ?", side.cloud_project_id)

    machine = await campus.until(await campus.order(), State.READY)

    assert (machine.address, machine.notice) == (None, "error.address_quota")


async def test_a_command_at_a_wrong_moment_is_given_up_and_says_what_goes_on(campus):
    machine = await campus.until(await campus.order(), State.READY)
    await campus.portal.machines.command(campus.student, machine.id, Command.STOP)
    campus.world.outside.suspend(machine.server_id)

    await campus.turn(60)

    seen = await campus.look(machine)
    assert (seen.state, seen.command) == (State.PAUSED, None)
    assert seen.notice == "machines.command.meanwhile.paused"


async def test_a_command_for_what_is_so_already_is_no_error(campus):
    machine = await campus.until(await campus.order(), State.READY)
    await campus.portal.machines.command(campus.student, machine.id, Command.STOP)
    campus.world.outside.shut_down_inside(machine.server_id)

    seen = await campus.until(machine, State.STOPPED)
    await campus.turn(5)

    assert (await campus.look(machine)).notice is None
    assert seen.trouble is None


async def test_a_removal_that_is_refused_is_said_and_goes_on_when_it_can(campus):
    machine = await campus.until(await campus.order(), State.READY)
    campus.world.befall(Misfortune(woe=Woe.REFUSED, calls="compute.delete_server"))
    await campus.portal.machines.give_back(campus.student, machine.id)

    await campus.turn(60)

    seen = await campus.look(machine)
    assert (seen.state, seen.trouble) == (State.RETURNING, "error.credential_refused")
    asked = campus.world.calls["compute.delete_server"]
    assert asked < 12
    campus.world.relieve()
    await campus.until(machine, State.GONE)


async def test_an_order_keeps_its_place_for_as_long_as_its_cloud_is_silent(campus):
    campus.world.befall(Misfortune(woe=Woe.SILENT))
    machine = await campus.order()

    await campus.turn(60, seconds=60)

    seen = await campus.look(machine)
    assert (seen.state, seen.trouble) == (State.ORDERED, "error.cloud_silent")
    campus.world.relieve()
    await campus.until(machine, State.READY)
