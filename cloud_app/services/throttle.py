"""Slows down guessing of passwords, without letting anybody lock somebody else out.

Every try is counted before the password is looked at, so a hundred tries at
once are a hundred, and taken back when it was right. Delays grow and are
capped; whoever comes from an address this account has logged in from before is
counted apart, so a stranger's guesses do not delay the owner.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from cloud_app.domain.errors import TooMany
from cloud_app.models.accounts import LoginFailureRecord, has_logged_in_from
from cloud_app.models.base import add_if_absent

FORGOTTEN = timedelta(hours=1)
"""After so long without a wrong try the count starts again."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How many wrong tries are free, and how long one waits at most after more."""

    free: int
    longest: int

    def seconds_after(self, count: int) -> int:
        """The pause after `count` tries: one second after the free ones, then doubling."""
        if count < self.free:
            return 0
        return int(min(2.0 ** min(count - self.free, 30), self.longest))


ACCOUNT = Patience(free=5, longest=300)
ADDRESS = Patience(free=60, longest=900)
"""A whole class sits behind one address."""


async def subjects(
    session: AsyncSession, handle: str, address: str, now: datetime
) -> list[tuple[str, Patience]]:
    """What a try counts against."""
    known = address and await has_logged_in_from(
        session, handle, address, since=now - timedelta(days=30)
    )
    account = f"known:{handle}@{address}" if known else f"handle:{handle}"
    return [(account, ACCOUNT), (f"address:{address}", ADDRESS)]


async def count_try(session: AsyncSession, handle: str, address: str, now: datetime) -> list[str]:
    """Count a try and name what it was counted against; TooMany when it comes too early."""
    counted: list[LoginFailureRecord] = []
    wait = 0
    for subject, patience in await subjects(session, handle, address, now):
        await add_if_absent(session, LoginFailureRecord(subject=subject, count=0, last_at=now))
        row = await session.get_one(LoginFailureRecord, subject, with_for_update=True)
        if row.last_at + FORGOTTEN <= now:
            row.count = 0
        counted.append(row)
        pause = timedelta(seconds=patience.seconds_after(row.count)) if row.count else timedelta()
        left = (row.last_at + pause - now).total_seconds()
        wait = max(wait, -int(-left // 1))
    if wait > 0:
        raise TooMany(seconds=wait)
    for row in counted:
        row.count += 1
        row.last_at = now
        session.add(row)
    return [row.subject for row in counted]


async def take_back(session: AsyncSession, counted: list[str]) -> None:
    """The password was right: forget the account's wrong tries, and this one of the address."""
    for subject in counted:
        row = await session.get(LoginFailureRecord, subject, with_for_update=True)
        if row is not None:
            row.count = max(row.count - 1, 0) if subject.startswith("address:") else 0
