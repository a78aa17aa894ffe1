"""Lets a client send a request again without doing it again.

What came of it is remembered in the transaction that does the thing (`settle` in
models/idempotency). A key that was claimed but never settled belongs to a request that died on the
way. After a while it may be used again; that a thing is not made twice then is
seen to where things are made, by their names.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError

from cloud_app.db import Database
from cloud_app.domain.actor import Actor
from cloud_app.domain.errors import Conflict, Invalid
from cloud_app.models.idempotency import IdempotencyRecord, forget_before

KEPT = timedelta(days=1)
DEAD = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    db: Database
    now: Callable[[], datetime]

    async def claim(self, actor: Actor, key: str, fingerprint: str) -> str | None:
        """Take a key for a new request, or name what came of it the first time."""
        now = self.now()
        try:
            async with self.db.begin() as session:
                await forget_before(session, now - KEPT)
                known = await session.get(
                    IdempotencyRecord, (actor.account_id, key), with_for_update=True
                )
                if known is None:
                    session.add(
                        IdempotencyRecord(
                            account_id=actor.account_id,
                            key=key,
                            fingerprint=fingerprint,
                            created_at=now,
                        )
                    )
                    return None
                if known.fingerprint != fingerprint:
                    raise Invalid({"Idempotency-Key": "http.key_reused"})
                if known.object_id:
                    return known.object_id
                if known.created_at + DEAD > now:
                    raise Conflict("http.under_way")
                known.created_at = now
                return None
        except IntegrityError as error:
            # Two at the same moment: the other one was first.
            raise Conflict("http.under_way") from error

    async def give_up(self, actor: Actor, key: str) -> None:
        """The request was refused: the key may be used again."""
        async with self.db.begin() as session:
            row = await session.get(
                IdempotencyRecord, (actor.account_id, key), with_for_update=True
            )
            if row is not None and not row.object_id:
                await session.delete(row)
