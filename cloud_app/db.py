"""The way to the database: `begin()` to write, `read()` to read.

On SQLite a write transaction is BEGIN IMMEDIATE behind one process-wide lock:
writers queue here in order instead of failing there with "database is locked".

On PostgreSQL writers of different rows go on side by side. What is read in order
to be changed is read with a lock, in one order everywhere, so that nobody waits
in a circle: the leader's row, the cloud's, machines by id, then projects by id.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

BUSY_SECONDS = 20
POSTGRES = {
    "application_name": "madang",
    "timezone": "UTC",
    # Whoever is stopped in the middle of a transaction does not stop everybody else.
    "idle_in_transaction_session_timeout": "5s",
    "lock_timeout": "15s",
}
READS = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
"""All questions of one reading see the same moment, as they do on SQLite."""


class Database:
    """One engine and its two kinds of transactions."""

    def __init__(self, url: str) -> None:
        self.sqlite = url.startswith("sqlite")
        self.engine: AsyncEngine = create_async_engine(url) if self.sqlite else _postgres(url)
        # Made once: an engine with options of its own costs as much as a query.
        self._writes = self.engine.execution_options(writes=True)
        self._reads = self.engine.execution_options(**({} if self.sqlite else READS))
        self._writer = asyncio.Lock()
        if self.sqlite:
            event.listen(self.engine.sync_engine, "connect", _prepare_sqlite)
            event.listen(self.engine.sync_engine, "begin", _begin_sqlite)

    @asynccontextmanager
    async def begin(self) -> AsyncGenerator[AsyncSession]:
        """One write transaction: committed at the end, rolled back on any error.

        Work put into `after_commit()` runs once the rows are safe.
        """
        lock = self._writer if self.sqlite else _NoLock()
        async with lock, AsyncSession(self._writes, expire_on_commit=False) as session:
            async with session.begin():
                yield session
            for work in session.info.pop(_AFTER, ()):
                work()

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[AsyncSession]:
        """A read-only view that never waits for a writer."""
        async with AsyncSession(self._reads, expire_on_commit=False) as session:
            yield session

    async def close(self) -> None:
        await self.engine.dispose()


_AFTER = "after_commit"


def after_commit(session: AsyncSession, work: Callable[[], None]) -> None:
    """Have `work` done when this transaction has been committed, and only then."""
    session.info.setdefault(_AFTER, []).append(work)


class _NoLock:
    async def __aenter__(self) -> None: ...

    async def __aexit__(self, *_: object) -> None: ...


def _postgres(url: str) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=10,
        max_overflow=20,
        pool_pre_ping=True,
        connect_args={"server_settings": POSTGRES},
    )


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # SQLAlchemy decides when a transaction begins, not the driver.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_SECONDS * 1000}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
