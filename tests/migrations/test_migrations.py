"""Migrations: up, down, up again, and exactly the tables the code believes in."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.schema import CreateIndex, CreateTable

from cloud_app.settings import Settings
from tests.databases import Databases

ROOT = Path(__file__).parents[2]
CONFIG = Config(str(ROOT / "alembic.ini"))

Tables = Mapping[str, sa.Table]


@asynccontextmanager
async def settings_of(databases: Databases, var: Path) -> AsyncGenerator[Mapping[str, str]]:
    async with databases.empty(var) as given:
        yield {f"MADANG_{name}": value for name, value in {"VAR": str(var), **given}.items()}


@pytest.fixture
async def environment(databases: Databases, tmp_path: Path) -> AsyncGenerator[Mapping[str, str]]:
    """Variables that lead to a database without a table; alembic reads them."""
    async with settings_of(databases, tmp_path) as given:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in given.items():
                patch.setenv(name, value)
            yield given


@pytest.fixture
async def fresh(environment: Mapping[str, str]) -> str:
    """The address of a database that was migrated."""
    await run(command.upgrade, CONFIG, "head")
    return Settings.from_env(environment).database_url


async def run(work, *given: object) -> None:
    """Alembic begins a loop of its own."""
    await asyncio.to_thread(work, *given)


async def tables(url: str) -> Tables:
    engine, found = create_async_engine(url), sa.MetaData()
    async with engine.connect() as connection:
        await connection.run_sync(found.reflect)
    await engine.dispose()
    return {name: table for name, table in found.tables.items() if name != "alembic_version"}


def written(found: Tables) -> list[str]:
    """What one would have to say to make these tables."""
    indexes = [index for table in found.values() for index in table.indexes]
    return sorted(str(CreateTable(table)) for table in found.values()) + sorted(
        str(CreateIndex(index)) for index in indexes
    )


async def test_the_tables_are_what_the_code_believes_in(fresh: str):
    assert await tables(fresh)

    await run(command.check, CONFIG)


async def test_going_down_leaves_nothing_and_going_up_again_the_same(fresh: str):
    before = await tables(fresh)

    await run(command.downgrade, CONFIG, "base")
    empty = await tables(fresh)
    await run(command.upgrade, CONFIG, "head")

    assert "account" in before
    assert empty == {}
    assert written(await tables(fresh)) == written(before)


async def test_two_that_start_together_migrate_once(environment: Mapping[str, str]):
    said = await asyncio.gather(*(asyncio.to_thread(migrate, environment) for _ in range(2)))

    assert [process.returncode for process in said] == [0, 0], said
    assert "account" in await tables(Settings.from_env(environment).database_url)


def migrate(environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "alembic", "upgrade", "head"],
        cwd=ROOT,
        env=os.environ | environment,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )


def test_migrations_are_numbered_without_a_gap():
    numbers = sorted(path.name[:4] for path in (ROOT / "alembic" / "versions").glob("*.py"))

    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]


async def test_constraints_have_names_of_ours(fresh: str):
    for name, table in (await tables(fresh)).items():
        assert table.primary_key.name == f"pk_{name}"
        for other in table.constraints - {table.primary_key}:
            assert str(other.name).startswith(("fk_", "uq_", "ck_")), (name, other)
