"""Secrets are planted, everything that is written or sent is searched, and they are nowhere."""

import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from cloud_app.bootstrap import Portal
from tests.attack.conftest import VICTIM, OpenTab, Target
from tests.running import until

ONLY_IN_USER_DATA = {"marker"}
"""One's own cloud-init is kept with the order until it is built; it is no secret to its owner."""


def secrets_of(target: Target) -> dict[str, bytes]:
    return {
        name: value.encode()
        for name, value in target.secrets.items()
        if name not in ONLY_IN_USER_DATA
    }


def found_in(target: Target, what: bytes) -> list[str]:
    return [name for name, value in secrets_of(target).items() if value in what]


async def built(target: Target, login: str) -> None:
    async with target.client(bearer=login) as owner:

        async def ready() -> bool:
            machines = (await owner.get("/api/v1/servers")).json()["items"]
            planted = [one for one in machines if one["name"] in ("with-password", "own-steps")]
            return all(one["status"] in ("ready", "starting", "failed") for one in planted)

        await until(ready, 30)


async def test_no_file_that_the_portal_writes_has_a_secret_in_it(target: Target, login: str):
    """Database, write-ahead log, practice cloud, log: the bytes as they are on the disk."""
    await built(target, login)

    files = [file for file in target.portal.var.rglob("*") if file.is_file()]
    leaks = {file.name: found_in(target, file.read_bytes()) for file in files}

    assert {"madang.db", "practice.db", "portal.log"} <= set(leaks)
    assert any(b"victims-pc" in file.read_bytes() for file in files), "what is there is found"
    assert {name: found for name, found in leaks.items() if found} == {}


async def test_the_clouds_credentials_and_the_projects_users_are_kept_sealed(
    target: Target, inside: Portal, login: str
):
    await built(target, login)
    async with inside.db.read() as session:
        connection = await session.connection()
        names = [
            row[0]
            for row in await connection.execute(
                text("select name from sqlite_master where type = 'table'")
            )
        ]
        kept: list[tuple[str, str, Any]] = []
        for name in names:
            for row in (await connection.execute(text(f'select * from "{name}"'))).mappings():
                kept += [
                    (name, column, value)
                    for column, value in row.items()
                    if re.search("secret|password|credential|token|manager", column) and value
                ]

    open_ones = [
        (table, column)
        for table, column, value in kept
        if not re.match(r"gAAAA|\$argon2id\$|\$6\$|\$5\$|\$y\$|[0-9a-f]{64}$|\{|v\d", _text(value))
    ]
    assert kept
    assert open_ones == []


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


async def test_a_password_reaches_the_machine_as_a_hash_only(target: Target, login: str):
    await built(target, login)
    held = b"".join(file.read_bytes() for file in target.portal.var.glob("practice.db*"))

    assert target.secrets["password"].encode() not in held
    assert b"$6$" in held or b"$y$" in held, "the hash is there"


async def test_no_frame_of_any_tab_holds_a_secret(target: Target, open_tab: OpenTab, login: str):
    heard = ""
    for page in ("/", "/machines", f"/machines/{target.machine}", "/machines/new"):
        tab = await (await open_tab(login)).load(page)
        heard += tab.said

    assert found_in(target, heard.encode()) == []
    assert login not in heard
    assert VICTIM.title() in heard


async def test_no_answer_says_again_what_was_answered_once(target: Target, login: str):
    async with target.client(bearer=login) as owner:
        key = {"Idempotency-Key": "secret-once"}
        wish = target.order("once", access="generated")
        first = await owner.post("/api/v1/servers", json=wish, headers=key)
        again = await owner.post("/api/v1/servers", json=wish, headers=key)
        listed = await owner.get("/api/v1/servers")
        refused = await owner.post(
            "/api/v1/servers",
            json=wish | {"password": target.secrets["password"], "access": "password", "size": "x"},
        )
        me = await owner.get("/api/v1/auth/me")

    assert "PRIVATE KEY" in first.json()["private_key"]
    assert again.json()["private_key"] is None
    for answer in (again, listed, refused, me):
        assert "PRIVATE KEY" not in answer.text
        assert found_in(target, answer.content) == []


async def test_no_process_was_given_a_secret_to_start_with(target: Target):
    process = target.portal.process
    assert process is not None
    mine = _processes(process.pid)
    told = b"".join((one / "cmdline").read_bytes() + (one / "environ").read_bytes() for one in mine)

    assert len(mine) >= 2
    assert found_in(target, told) == []


def _processes(group: int) -> list[Path]:
    everything = [folder for folder in Path("/proc").iterdir() if folder.name.isdigit()]
    return [folder for folder in everything if _group(folder) == group]


def _group(folder: Path) -> int:
    try:
        return int((folder / "stat").read_text().rpartition(")")[2].split()[2])
    except (OSError, ValueError):
        return 0


@pytest.mark.parametrize("name", ["secret.key", "madang.db"])
async def test_what_the_portal_keeps_is_for_its_own_user_only(target: Target, name: str):
    assert (target.portal.var / name).stat().st_mode & 0o077 == 0
