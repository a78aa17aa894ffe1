"""Runs migrations on the database in the portal's settings.

All of them in one transaction that begins with a lock: two processes that start
together migrate once, and a migration that fails leaves nothing behind. Whoever
waits for a lock gives up after a while instead of stopping the whole portal.
"""

import asyncio
import importlib
import pkgutil
from typing import Any

import sqlalchemy as sa
from alembic import context
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

from cloud_app import models
from cloud_app.models.base import Moment, Word
from cloud_app.settings import Settings

LOCK_SECONDS = 30
LOCK_NUMBER = 7_281_140
"""Any number that nothing else in the database locks."""

for module in pkgutil.iter_modules(models.__path__):
    importlib.import_module(f"cloud_app.models.{module.name}")


def plain_type(kind: str, thing: Any, _context: Any) -> str | bool:
    """Write our own column types into migrations as what they are in the table."""
    if kind != "type":
        return False
    match thing:
        case Moment():
            return "sa.DateTime(timezone=True)"
        case Word():
            return f"sa.String(length={thing.impl.length})"
        case AutoString():
            return f"sa.String(length={thing.length})" if thing.length else "sa.String()"
        case _:
            return False


def number_it(_context: Any, _revision: Any, directives: list[Any]) -> None:
    """Call the next migration by the next number."""
    if directives and directives[0].rev_id:
        script = context.script
        last = script.get_current_head()
        directives[0].rev_id = f"{int(last or 0) + 1:04}"


def lock(connection: sa.Connection) -> None:
    """Let one process migrate at a time."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK_NUMBER})")


def migrate(connection: sa.Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=True,
        compare_type=True,
        compare_server_default=True,
        render_item=plain_type,
        process_revision_directives=number_it,
        transactional_ddl=True,  # SQLite can, as long as it is not its driver that begins
    )
    with context.begin_transaction():
        lock(connection)
        context.run_migrations()


def prepare_sqlite(raw: Any, _record: object) -> None:
    # Foreign keys stay off: a changed table is built anew and the old one dropped.
    raw.isolation_level = None
    cursor = raw.cursor()
    cursor.execute("PRAGMA foreign_keys=OFF")
    cursor.execute(f"PRAGMA busy_timeout={LOCK_SECONDS * 1000}")
    cursor.close()


async def run() -> None:
    settings = Settings.from_env()
    if settings.database_url.startswith("sqlite"):
        settings.var.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(settings.database_url)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine.sync_engine, "connect", prepare_sqlite)
        sa.event.listen(engine.sync_engine, "begin", lambda c: c.exec_driver_sql("BEGIN IMMEDIATE"))
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


asyncio.run(run())
