"""Logging in and out: refusals first."""

import asyncio
import unicodedata
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import select

from cloud_app.bootstrap import Portal
from cloud_app.domain.actor import Actor, Membership, Role
from cloud_app.domain.errors import Conflict, Invalid, NotAllowed, TooMany, Unauthenticated
from cloud_app.domain.logins import hash_of
from cloud_app.models.accounts import AccountRecord, LoginRecord
from cloud_app.models.audit import AuditRecord
from cloud_app.services.accounts import AccountService
from cloud_app.services.passwords import MEMORY_KIB, ROUNDS, Passwords
from tests.make import PASSWORD, Clock, a_person, a_token, cheap_passwords, wrong_try

pytestmark = pytest.mark.usefixtures("student")


async def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(portal: Portal):
    await wrong_try(portal, "minji")
    await wrong_try(portal, "nobody")


class Counted(Passwords):
    """Notes the work that each question costs."""

    def __init__(self) -> None:
        super().__init__(memory_kib=64, rounds=1)
        self.done: list[str] = []

    async def _seated(self, work: Any, *values: str) -> Any:
        self.done.append(work.__name__)
        return await super()._seated(work, *values)


async def test_an_unknown_name_takes_as_long_as_a_wrong_password(portal: Portal):
    passwords = Counted()
    service = AccountService(db=portal.db, now=portal.accounts.now, passwords=passwords)
    await service.open_account("known", "Known", PASSWORD)
    work: dict[str, list[str]] = {}
    for handle in ("warm-up", "nobody", "known"):
        passwords.done.clear()
        with pytest.raises(Unauthenticated):
            await service.sign_in(handle, "wrong", address=handle)
        work[handle] = list(passwords.done)

    assert work["nobody"] == work["known"] != []


async def test_hashes_are_argon2id_with_todays_parameters():
    kept = await Passwords().hash(PASSWORD)

    assert kept.startswith(f"$argon2id$v=19$m={MEMORY_KIB},t={ROUNDS},p=1$")
    assert MEMORY_KIB >= 19 * 1024


async def test_no_more_than_a_few_hashes_run_at_once(monkeypatch: pytest.MonkeyPatch):
    passwords, running, most = cheap_passwords(), 0, 0
    real = asyncio.to_thread

    async def counted(*args: object) -> object:
        nonlocal running, most
        running += 1
        most = max(most, running)
        try:
            return await real(*args)  # pyright: ignore[reportCallIssue, reportArgumentType]
        finally:
            running -= 1

    monkeypatch.setattr(asyncio, "to_thread", counted)
    await asyncio.gather(*(passwords.hash("x") for _ in range(50)))

    assert most <= 2


async def test_a_line_that_is_too_long_is_sent_away():
    passwords = cheap_passwords()

    answers = await asyncio.gather(
        *(passwords.hash("x") for _ in range(400)), return_exceptions=True
    )

    assert any(isinstance(answer, TooMany) for answer in answers)


async def test_an_old_hash_is_made_anew_when_parameters_rise(portal: Portal):
    stronger = AccountService(
        db=portal.db,
        now=portal.accounts.now,
        passwords=Passwords(memory_kib=128, rounds=2),
    )

    await stronger.sign_in("minji", PASSWORD)

    async with portal.db.read() as session:
        row = (await session.exec(select(AccountRecord))).one()
    assert "m=128,t=2" in row.password_hash
    await portal.accounts.sign_in("minji", PASSWORD)
    async with portal.db.read() as session:
        row = (await session.exec(select(AccountRecord))).one()
    assert "m=128,t=2" in row.password_hash, "never made weaker"


async def test_the_token_is_kept_as_a_hash_only(portal: Portal, tmp_path):
    token = await a_token(portal)

    async with portal.db.read() as session:
        row = (await session.exec(select(LoginRecord))).one()
    assert row.token_hash == hash_of(token)
    assert len(token) >= 43
    for file in tmp_path.glob("madang.db*"):
        assert token.encode() not in file.read_bytes()
        assert PASSWORD.encode() not in file.read_bytes()


@pytest.mark.parametrize("token", ["", "x", "A" * 43])
async def test_nobody_is_behind_a_made_up_token(portal: Portal, token: str):
    with pytest.raises(Unauthenticated):
        await portal.accounts.actor_for(token)


async def test_a_log_in_ends_after_twelve_hours_however_busy(portal: Portal, clock: Clock):
    token = await a_token(portal)
    for _ in range(11):
        clock.advance(hours=1)
        await portal.accounts.actor_for(token)

    clock.advance(hours=1)

    with pytest.raises(Unauthenticated):
        await portal.accounts.actor_for(token)


async def test_staff_are_logged_out_after_half_an_hour_without_a_click(
    portal: Portal, clock: Clock
):
    await a_person(portal, "boss", Role.STAFF)
    token = await a_token(portal, "boss")
    for _ in range(3):
        clock.advance(minutes=20)
        await portal.accounts.actor_for(token)

    clock.advance(minutes=30)

    with pytest.raises(Unauthenticated):
        await portal.accounts.actor_for(token)


async def test_watching_does_not_keep_a_log_in_alive(portal: Portal, clock: Clock):
    await a_person(portal, "boss", Role.STAFF)
    token = await a_token(portal, "boss")

    for _ in range(29):
        clock.advance(minutes=1)
        await portal.accounts.actor_for(token, active=False)

    clock.advance(minutes=1)

    with pytest.raises(Unauthenticated):
        await portal.accounts.actor_for(token, active=False)


async def test_the_last_use_is_written_once_a_minute(portal: Portal, clock: Clock):
    token = await a_token(portal)
    begun = clock()
    seen: list[timedelta] = []
    for _ in range(9):
        clock.advance(20)
        await portal.accounts.actor_for(token)
        async with portal.db.read() as session:
            seen.append((await session.exec(select(LoginRecord))).one().seen_at - begun)

    assert len(set(seen) - {timedelta()}) == 3


async def test_an_ended_log_in_is_over_at_once(portal: Portal):
    token = await a_token(portal)
    await portal.accounts.actor_for(token)

    await portal.accounts.sign_out(token)
    await portal.accounts.sign_out(token)

    with pytest.raises(Unauthenticated):
        await portal.accounts.actor_for(token)


async def test_disabling_ends_every_log_in_at_once_and_refuses_new_ones(
    portal: Portal, student: Actor, staff: Actor
):
    tokens = [await a_token(portal), await a_token(portal)]
    for token in tokens:
        await portal.accounts.actor_for(token)

    ended = await portal.accounts.disable(staff, student.account_id)

    assert set(ended) == {hash_of(token) for token in tokens}
    for token in tokens:
        with pytest.raises(Unauthenticated):
            await portal.accounts.actor_for(token)
    await wrong_try(portal)


async def test_only_staff_may_disable(portal: Portal, student: Actor, other: Actor):
    with pytest.raises(NotAllowed):
        await portal.accounts.disable(other, student.account_id)


async def test_a_lost_role_works_two_seconds_longer_at_most(
    portal: Portal, student: Actor, clock: Clock
):
    token = await a_token(portal)
    assert (await portal.accounts.actor_for(token)).role is Role.STUDENT
    async with portal.db.begin() as session:
        row = await session.get(AccountRecord, student.account_id)
        assert row
        row.role = Role.INSTRUCTOR

    clock.advance(2)

    assert (await portal.accounts.actor_for(token)).role is Role.INSTRUCTOR


async def test_names_are_taken_once_however_they_are_typed(portal: Portal):
    with pytest.raises(Conflict):
        await a_person(portal, "  MinJi ")


@pytest.mark.parametrize(
    ("handle", "name", "password", "field"),
    [
        ("x", "X", PASSWORD, "handle"),
        ("with space", "X", PASSWORD, "handle"),
        ("good", " ", PASSWORD, "name"),
        ("good", "X", "1234567", "password"),
    ],
)
async def test_wrong_new_accounts_are_said_at_the_field(
    portal: Portal, handle: str, name: str, password: str, field: str
):
    with pytest.raises(Invalid) as refused:
        await portal.accounts.open_account(handle, name, password)

    assert list(refused.value.fields) == [field]


async def test_a_new_account_owns_a_project(portal: Portal, student: Actor):
    [project] = await portal.accounts.projects(student)

    assert project.own
    assert project.role is Membership.OWNER
    assert student.projects == {project.id: Membership.OWNER}


async def test_two_ways_to_write_a_korean_password_are_one(portal: Portal):
    composed = "마당의 비밀번호"
    await a_person(portal, "hangul", password=composed)

    signed_in = await portal.accounts.sign_in("hangul", unicodedata.normalize("NFD", composed))

    assert signed_in.actor.handle == "hangul"


async def test_log_ins_refusals_and_log_outs_are_written_down(portal: Portal, student: Actor):
    await wrong_try(portal)
    token = await a_token(portal)
    await portal.accounts.sign_out(token)

    async with portal.db.read() as session:
        rows = (await session.exec(select(AuditRecord).order_by("id"))).all()
    assert [(row.what, row.result) for row in rows[-3:]] == [
        ("log_in", "login.wrong"),
        ("log_in", "done"),
        ("log_out", "done"),
    ]
    assert rows[-3].object_id == student.account_id


async def test_tabs_that_wake_together_ask_once_who_is_looking(
    portal: Portal, student: Actor, clock: Clock
):
    token = await a_token(portal)
    clock.advance(60)
    asked: list[str] = []
    engine = portal.db.engine.sync_engine
    event.listen(engine, "before_cursor_execute", lambda _1, _2, said, *_: asked.append(said))

    actors = await asyncio.gather(
        *(portal.accounts.actor_for(token, active=False) for _ in range(200))
    )

    assert sum("FROM login" in said for said in asked) == 1
    assert set(map(id, actors)) == {id(actors[0])}
