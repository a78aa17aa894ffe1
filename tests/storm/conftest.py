"""A database to start every storm from."""

import asyncio
from pathlib import Path

import pytest

from tests.databases import SqliteDatabases
from tests.make import Clock, a_person, a_portal
from tests.storm.storm import Template


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The practice site with one student in it; SQLite, for it needs no thread of its own."""
    var = tmp_path_factory.mktemp("storm")
    databases = SqliteDatabases(tmp_path_factory.mktemp("campus"))
    return asyncio.run(_with_student(var, databases))


async def _with_student(var: Path, databases: SqliteDatabases) -> Template:
    async with databases.one(var) as settings:
        portal = a_portal(var, Clock(), **settings)
        student = await a_person(portal)
        await portal.db.close()
    return Template(var / "madang.db", student)
