"""Who somebody is: opening accounts, logging in and out, and asking who is behind a token.

The three doors without an actor are here (`sign_in`, `actor_for`,
`open_account`); everything else in the portal begins with one.
"""

import asyncio
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError

from cloud_app.db import Database, after_commit
from cloud_app.domain.actor import Action, Actor, Membership, Role
from cloud_app.domain.errors import Conflict, Invalid, NotFound, Unauthenticated
from cloud_app.domain.logins import IDLE, LONGEST, hash_of, new_token
from cloud_app.hub import LOG_IN_ENDED, Hub
from cloud_app.models.accounts import (
    AccountRecord,
    LoginRecord,
    account_by_handle,
    actor_of,
    end_logins,
    forget_failures_before,
    login_with_account,
)
from cloud_app.models.audit import write_down
from cloud_app.models.base import HELD
from cloud_app.models.projects import MemberRecord, ProjectRecord, projects_of
from cloud_app.services.passwords import Passwords
from cloud_app.services.throttle import FORGOTTEN, count_try, take_back

FRESH = timedelta(seconds=2)
"""An answer of `actor_for` may be this old: the longest that a lost right still works."""
NOTED = timedelta(minutes=1)
"""How often a log-in's last use is written down."""
SHORTEST_PASSWORD = 8
MOST_KNOWN = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A new log-in. The token is here once; the table keeps its hash."""

    token: str = field(repr=False)
    actor: Actor
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectName:
    """A project, as far as choosing one needs it."""

    id: str
    name: str
    own: bool
    role: Membership


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountService:
    db: Database
    now: Callable[[], datetime]
    hub: Hub = field(default_factory=Hub)
    passwords: Passwords = field(default_factory=Passwords)
    _known: dict[str, tuple[datetime, Actor]] = field(
        default_factory=dict[str, tuple[datetime, Actor]], repr=False
    )
    _asking: dict[tuple[str, bool], asyncio.Task[Actor]] = field(
        default_factory=dict[tuple[str, bool], asyncio.Task[Actor]], repr=False
    )
    """Look-ups under way: the tabs of one log-in wake together, and one of them asks."""

    def __post_init__(self) -> None:
        self.hub.hear(LOG_IN_ENDED, self._forget)

    async def sign_in(
        self, handle: str, password: str, *, address: str = "", agent: str = ""
    ) -> SignedIn:
        """Log in. A wrong password and an unknown name look the same, and take as long."""
        handle = plain_handle(handle)
        async with self.db.begin() as session:
            counted = await count_try(session, handle, address, self.now())
        async with self.db.read() as session:
            account = await account_by_handle(session, handle)
        kept = account.password_hash if account else None
        fits = await self.passwords.fits(password, kept)
        if account is None or not fits or not account.usable:
            await self._write_down(account, "log_in", result="login.wrong")
            raise Unauthenticated("login.wrong")
        better = await self._better_hash(account, password)
        return await self._open_login(account.id, counted, better, address, agent)

    async def actor_for(self, token: str, *, active: bool = True) -> Actor:
        """Name who is behind a token; Unauthenticated when nobody is, any more.

        `active` is for what a person did; a page that only watches does not
        keep its log-in from ending.
        """
        if not token:
            raise Unauthenticated()
        token_hash, now = hash_of(token), self.now()
        asked_at, actor = self._known.get(token_hash, (None, None))
        if asked_at is None or actor is None or not asked_at <= now < asked_at + FRESH:
            self._known.pop(token_hash, None)
            actor = await self._look_up_once(token_hash, now, active=active)
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[token_hash] = (now, actor)
        return actor

    async def sign_out(self, token: str) -> None:
        """End this log-in. Ending it twice is no error."""
        token_hash = hash_of(token)
        self._known.pop(token_hash, None)
        async with self.db.begin() as session:
            found = await login_with_account(session, token_hash)
            if found is None or found[0].ended_at is not None:
                return
            login, account = found
            login.ended_at = self.now()
            session.add(login)
            actor = await actor_of(session, account)
            write_down(session, actor, Action.LOG_OUT, at=self.now(), what="log_out")
            after_commit(session, lambda: self.hub.call(LOG_IN_ENDED, token_hash))
        self._forget(token_hash)

    async def projects(self, actor: Actor) -> Sequence[ProjectName]:
        """List the actor's projects, the own one first."""
        async with self.db.read() as session:
            return [
                ProjectName(
                    id=row.id,
                    name=row.name,
                    own=row.personal_of == actor.account_id,
                    role=actor.projects.get(row.id, Membership.VIEWER),
                )
                for row in await projects_of(session, actor.account_id)
            ]

    async def open_account(
        self, handle: str, name: str, password: str, *, role: Role = Role.STUDENT
    ) -> Actor:
        """Open an account with a project of its own."""
        handle, name = plain_handle(handle), name.strip()
        _check_new(handle, name, password)
        kept = await self.passwords.hash(password)
        account = AccountRecord(
            handle=handle, name=name, password_hash=kept, role=role, created_at=self.now()
        )
        project = ProjectRecord(name=name, personal_of=account.id, created_at=self.now())
        try:
            async with self.db.begin() as session:
                session.add(account)
                await session.flush()
                session.add(project)
                await session.flush()
                session.add(
                    MemberRecord(
                        project_id=project.id, account_id=account.id, role=Membership.OWNER
                    )
                )
                await session.flush()
                actor = await actor_of(session, account)
                write_down(session, actor, Action.LOG_IN, at=self.now(), what="open_account")
        except IntegrityError as error:
            raise Conflict("account.handle.taken", handle=handle) from error
        return actor

    async def disable(self, actor: Actor, account_id: str) -> Sequence[str]:
        """Close an account's doors at once; answers with the hashes of its ended log-ins."""
        actor.require(Action.CHANGE_SITE)
        async with self.db.begin() as session:
            account = await session.get(AccountRecord, account_id, with_for_update=HELD)
            if account is None:
                raise NotFound()
            account.disabled_at = account.disabled_at or self.now()
            account.version += 1
            ended = await end_logins(session, account_id, self.now())
            write_down(
                session,
                actor,
                Action.CHANGE_SITE,
                at=self.now(),
                what="disable_account",
                object_id=account_id,
            )
        for token_hash in ended:
            self._forget(token_hash)
            self.hub.call(LOG_IN_ENDED, token_hash)
        return ended

    def _forget(self, token_hash: str) -> None:
        self._known.pop(token_hash, None)

    async def _look_up_once(self, token_hash: str, now: datetime, *, active: bool) -> Actor:
        key = (token_hash, active)
        asking = self._asking.get(key)
        if asking is None:
            asking = asyncio.create_task(self._look_up(token_hash, now, active=active))
            self._asking[key] = asking
            asking.add_done_callback(lambda _: self._asking.pop(key, None))
        return await asyncio.shield(asking)

    async def _look_up(self, token_hash: str, now: datetime, *, active: bool) -> Actor:
        async with self.db.read() as session:
            found = await login_with_account(session, token_hash)
            if found is None or not _open(*found, now):
                raise Unauthenticated()
            login, account = found
            actor = await actor_of(session, account)
        if active and login.seen_at + NOTED <= now:
            async with self.db.begin() as session:
                current = await session.get(LoginRecord, token_hash)
                if current is not None and current.ended_at is None:
                    current.seen_at = now
        return actor

    async def _better_hash(self, account: AccountRecord, password: str) -> str | None:
        if not self.passwords.outdated(account.password_hash):
            return None
        return await self.passwords.hash(password)

    async def _open_login(
        self, account_id: str, counted: list[str], better: str | None, address: str, agent: str
    ) -> SignedIn:
        token, now = new_token(), self.now()
        async with self.db.begin() as session:
            await take_back(session, counted)
            await forget_failures_before(session, now - FORGOTTEN)
            account = await session.get(AccountRecord, account_id, with_for_update=HELD)
            if account is None or not account.usable:
                raise Unauthenticated("login.wrong")
            if better is not None:
                account.password_hash = better
            login = LoginRecord(
                token_hash=hash_of(token),
                account_id=account.id,
                created_at=now,
                seen_at=now,
                expires_at=now + LONGEST,
                address=address[:64],
                agent=agent[:200],
            )
            session.add(login)
            actor = await actor_of(session, account)
            write_down(session, actor, Action.LOG_IN, at=now, what="log_in")
        return SignedIn(token=token, actor=actor, expires_at=login.expires_at)

    async def _write_down(self, account: AccountRecord | None, what: str, result: str) -> None:
        async with self.db.begin() as session:
            write_down(
                session,
                None,
                Action.LOG_IN,
                at=self.now(),
                what=what,
                object_id=account.id if account else "",
                result=result,
            )


def plain_handle(handle: str) -> str:
    """One form of a name for all the ways to type it."""
    return unicodedata.normalize("NFKC", handle).strip().casefold()[:64]


def _open(login: LoginRecord, account: AccountRecord, now: datetime) -> bool:
    return (
        account.usable
        and login.ended_at is None
        and now < login.expires_at
        and now < login.seen_at + IDLE[account.role]
    )


def _check_new(handle: str, name: str, password: str) -> None:
    wrong: dict[str, str] = {}
    if len(handle) < 2 or not all(sign.isalnum() or sign in "._-" for sign in handle):
        wrong["handle"] = "account.handle.wrong"
    if not 1 <= len(name) <= 80:
        wrong["name"] = "account.name.wrong"
    if len(password) < SHORTEST_PASSWORD:
        wrong["password"] = "account.password.short"  # noqa: S105 - a catalogue key
    if wrong:
        raise Invalid(wrong)
