"""The boot log grows with the boot and tells what cloud-init read, but no secret."""

from datetime import UTC, datetime

from cloud_app.gateways.simulator import console
from cloud_app.gateways.simulator.site import IMAGES

from .campus import Campus

USER_DATA = """#cloud-config
hostname: minji-web
ssh_pwauth: true
users:
- name: minji
  lock_passwd: false
  ssh_authorized_keys:
  - ssh-ed25519 AAAASECRETKEY minji@laptop
  passwd: $6$rounds=100000$salt$hash
"""


def _text(booted: float, user_data: str = USER_DATA) -> str:
    return console.text(
        IMAGES[0],
        name="민지의 PC",
        address="10.0.1.10",
        user_data=user_data,
        booted=booted,
        powered=datetime(2026, 3, 2, tzinfo=UTC),
    )


def test_the_log_grows_from_the_kernel_to_the_prompt() -> None:
    lengths = [len(_text(share / 10)) for share in range(11)]

    assert lengths == sorted(set(lengths))
    assert _text(0).startswith("[    0.000000] Linux version")
    assert _text(1).endswith("minji-web login: ")


def test_cloud_init_shows_host_name_and_account_and_no_secret() -> None:
    text = _text(1)

    assert "hostname set to minji-web" in text
    assert "created user minji" in text
    assert "AAAASECRETKEY" not in text
    assert "$6$" not in text


def test_without_user_data_the_image_makes_its_own_account() -> None:
    text = _text(1, user_data="")

    assert "no user data" in text
    assert "created user ubuntu" in text


async def test_a_guest_has_a_log_only_while_it_runs(campus: Campus) -> None:
    compute = campus.cloud.compute
    order = await campus.order("a", user_data=USER_DATA)
    server_id = await compute.create_server(campus.home, order)
    building = await compute.boot_log(campus.home, server_id)
    campus.world.advance(60)
    running = await compute.boot_log(campus.home, server_id)
    await compute.stop_server(campus.home, server_id)
    campus.world.advance(60)

    assert building == ""
    assert running.endswith("minji-web login: ")
    assert await compute.boot_log(campus.home, server_id) == ""
