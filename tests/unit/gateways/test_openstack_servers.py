"""How Nova's words are read."""

from datetime import UTC, datetime
from typing import Any

import pytest

from cloud_app.domain.errors import Unavailable
from cloud_app.domain.machines import Power
from cloud_app.gateways.openstack.servers import is_partial, power_of, seen_server

SERVER: dict[str, Any] = {  # as Nova 34 lists one (2.90), shortened
    "id": "f7090595-7ecf-427c-8402-772d53147fda",
    "tenant_id": "8978241b7a1946228a7241955bc0c059",
    "name": "한글 서버",
    "status": "ACTIVE",
    "created": "2026-11-21T10:23:50Z",
    "updated": "2026-11-21T10:24:06Z",
    "flavor": {"vcpus": 1, "ram": 256, "disk": 1, "original_name": "m1.micro"},
    "metadata": {"madang:key": "537b1c67"},
    "OS-EXT-STS:task_state": None,
    "OS-EXT-STS:vm_state": "active",
    "OS-EXT-STS:power_state": 1,
    "OS-SRV-USG:launched_at": "2026-11-21T10:24:06.000000",
}
PARTIAL = {
    "id": "f7090595-7ecf-427c-8402-772d53147fda",
    "tenant_id": "8978241b7a1946228a7241955bc0c059",
    "status": "UNKNOWN",
    "created": "2026-11-21T10:23:50Z",
    "links": [],
}


@pytest.mark.parametrize(
    ("status", "task", "power_state", "power"),
    [
        ("BUILD", "scheduling", 0, Power.BUILDING),
        ("BUILD", "spawning", 0, Power.BUILDING),
        ("BUILD", None, 0, Power.BUILDING),
        ("BUILD", "deleting", 0, Power.DELETING),
        ("ACTIVE", None, 1, Power.ON),
        ("ACTIVE", None, None, Power.ON),
        ("ACTIVE", "image_snapshot", 1, Power.ON),
        ("ACTIVE", "image_uploading", 1, Power.ON),
        ("ACTIVE", "powering-off", 1, Power.STOPPING),
        ("ACTIVE", "deleting", 1, Power.DELETING),
        ("ACTIVE", "soft-deleting", 1, Power.DELETING),
        ("ACTIVE", "suspending", 1, Power.CHANGING),
        ("ACTIVE", "shelving_image_uploading", 1, Power.CHANGING),
        ("ACTIVE", "rebuild_spawning", 1, Power.CHANGING),
        ("ACTIVE", None, 3, Power.PAUSED),
        ("SHUTOFF", None, 4, Power.OFF),
        ("SHUTOFF", None, None, Power.OFF),
        ("SHUTOFF", "powering-on", 4, Power.STARTING),
        ("SHUTOFF", "reboot_started_hard", 4, Power.RESTARTING),
        ("REBOOT", "reboot_started", 1, Power.RESTARTING),
        ("HARD_REBOOT", "rebooting_hard", 1, Power.RESTARTING),
        ("RESIZE", "resize_migrating", 1, Power.CHANGING),
        ("VERIFY_RESIZE", None, 1, Power.CHANGING),
        ("MIGRATING", "migrating", 1, Power.CHANGING),
        ("PAUSED", None, 3, Power.PAUSED),
        ("SUSPENDED", None, 4, Power.PAUSED),
        ("SHELVED_OFFLOADED", None, 4, Power.PAUSED),
        ("RESCUE", None, 1, Power.PAUSED),
        ("ERROR", None, 0, Power.FAILED),
        ("ERROR", "deleting", 0, Power.DELETING),
        ("SOFT_DELETED", None, 4, Power.DELETING),
        ("DELETED", "deleting", 0, Power.DELETED),
        ("UNKNOWN", None, None, Power.UNKNOWN),
        ("A_NEW_WORD", None, 1, Power.UNKNOWN),
    ],
)
def test_the_state_words_become_one(
    status: str, task: str | None, power_state: int | None, power: Power
) -> None:
    assert power_of(status, task, power_state) is power


@pytest.mark.parametrize(
    ("status", "power_state"),
    [("ACTIVE", 0), ("ACTIVE", 4), ("ACTIVE", 6), ("SHUTOFF", 0), ("SHUTOFF", 1), ("UNKNOWN", 4)],
)
def test_off_is_never_guessed(status: str, power_state: int) -> None:
    assert power_of(status, None, power_state) is Power.UNKNOWN


def test_a_server_is_read_whole() -> None:
    seen = seen_server(SERVER)

    assert (seen.key, seen.name, seen.power) == ("537b1c67", "한글 서버", Power.ON)
    assert seen.updated_at == datetime(2026, 11, 21, 10, 24, 6, tzinfo=UTC)
    assert seen.launched_at == seen.updated_at
    assert (seen.flavor_name, seen.raw_status) == ("m1.micro", "ACTIVE/-/1")


def test_a_server_without_our_key_is_not_ours() -> None:
    assert seen_server({**SERVER, "metadata": {}}).key is None


def test_a_fault_keeps_the_clouds_words_without_their_trailing_space() -> None:
    fault = {"code": 500, "message": "No valid host was found. "}

    seen = seen_server({**SERVER, "status": "ERROR", "fault": fault})

    assert (seen.fault, seen.fault_code) == ("No valid host was found.", 500)


def test_a_server_of_a_cell_that_is_down_is_told_apart() -> None:
    assert is_partial(PARTIAL)
    assert not is_partial(SERVER)


@pytest.mark.parametrize("broken", [{}, {**SERVER, "metadata": None}, {**SERVER, "updated": "?"}])
def test_what_cannot_be_read_is_no_answer(broken: dict[str, Any]) -> None:
    with pytest.raises(Unavailable):
        seen_server(broken)
