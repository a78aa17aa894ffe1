"""Builders with sane defaults: a test names only what it is about."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from cloud_app.bootstrap import Portal, build
from cloud_app.domain.actor import Actor, Role
from cloud_app.domain.errors import Unauthenticated
from cloud_app.domain.machines import Access, MachineSpec
from cloud_app.services.passwords import Passwords
from cloud_app.settings import Settings

PASSWORD = "correct horse battery"
ORIGIN = "http://127.0.0.1:8000"
FOREIGN = "https://evil.example"
UNHURRIED = {"CHANGES_PER_MINUTE": "100000", "REQUESTS_PER_MINUTE": "100000"}
"""Tests and benches click faster than people."""


@dataclass
class Clock:
    """Time that stands still until it is moved."""

    now: datetime = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float = 0, **more: float) -> None:
        self.now += timedelta(seconds=seconds, **more)


def some_settings(var: Path, **given: str) -> Settings:
    """Settings of a portal below `var`; `given` are MADANG_ variables without the prefix."""
    env = {"VAR": str(var), "LOOPS": "0", **UNHURRIED} | given
    return Settings.from_env({f"MADANG_{name}": value for name, value in env.items()})


def cheap_passwords() -> Passwords:
    """Real hashes, but thousands a second."""
    return Passwords(memory_kib=64, rounds=1)


def a_portal(var: Path, clock: Callable[[], datetime], **given: str) -> Portal:
    """A whole portal; its database may lose what a power cut would take."""
    portal = build(some_settings(var, **given), now=clock, passwords=cheap_passwords())
    if portal.db.sqlite:
        event.listen(
            portal.db.engine.sync_engine,
            "connect",
            lambda connection, _: connection.execute("PRAGMA synchronous=OFF").close(),
        )
    return portal


async def a_person(
    portal: Portal, handle: str = "minji", role: Role = Role.STUDENT, password: str = PASSWORD
) -> Actor:
    """Somebody with an account and a project of their own."""
    return await portal.accounts.open_account(handle, handle.title(), password, role=role)


async def a_token(portal: Portal, handle: str = "minji", password: str = PASSWORD) -> str:
    """Log somebody in; the token goes into the cookie or the Authorization header."""
    return (await portal.accounts.sign_in(handle, password, address="203.0.113.7")).token


def own_project(actor: Actor) -> str:
    return next(iter(actor.projects))


def a_spec(actor: Actor, clock: Callable[[], datetime], **changes: Any) -> MachineSpec:
    """An order that the practice site can fulfil."""
    wish = MachineSpec(
        project_id=own_project(actor),
        name="web-1",
        size_key="light",
        template_key="ubuntu",
        return_on=clock().date() + timedelta(days=30),
        access=Access.GENERATED,
    )
    return replace(wish, **changes)


async def wrong_try(portal: Portal, handle: str = "minji", address: str = "198.51.100.1") -> None:
    """A log-in with a wrong password, which must be refused as such."""
    with pytest.raises(Unauthenticated) as refused:
        await portal.accounts.sign_in(handle, "wrong", address=address)
    assert refused.value.key == "login.wrong"
