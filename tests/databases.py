"""A database of its own for every test: a copied file, or a clone inside one PostgreSQL."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Protocol

import asyncpg

from cloud_app.site import PRACTICE_SITE, Site, apply
from tests.make import Clock, a_portal

ROOT = Path(__file__).parents[1]
TEMPLATE = "campus"


class Databases(Protocol):
    def one(self, var: Path) -> AbstractAsyncContextManager[Mapping[str, str]]:
        """Settings of a new portal below `var`, with the practice site and nobody."""
        ...

    def empty(self, var: Path) -> AbstractAsyncContextManager[Mapping[str, str]]:
        """Settings of a new portal below `var` without a table."""
        ...


class SqliteDatabases:
    def __init__(self, var: Path) -> None:
        self._file = var / "madang.db"
        _found(var, {})

    @asynccontextmanager
    async def one(self, var: Path) -> AsyncGenerator[Mapping[str, str]]:
        shutil.copy(self._file, var / "madang.db")
        yield {}

    @asynccontextmanager
    async def empty(self, var: Path) -> AsyncGenerator[Mapping[str, str]]:
        yield {}


class PostgresDatabases:
    def __init__(self, var: Path, socket: Path) -> None:
        self._socket = socket
        self._numbers = count(1)
        asyncio.run(self.say(f"CREATE DATABASE {TEMPLATE}"))
        _found(var, self._settings(TEMPLATE))

    def one(self, var: Path) -> AbstractAsyncContextManager[Mapping[str, str]]:
        return self._made(f" TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")

    def empty(self, var: Path) -> AbstractAsyncContextManager[Mapping[str, str]]:
        return self._made("")

    @asynccontextmanager
    async def _made(self, how: str) -> AsyncGenerator[Mapping[str, str]]:
        name = f"test_{next(self._numbers)}"
        await self.say(f"CREATE DATABASE {name}{how}")
        yield self._settings(name)
        await self.say(f"DROP DATABASE {name} WITH (FORCE)")

    async def say(self, statement: str) -> None:
        connection = await asyncpg.connect(
            host=str(self._socket), user="postgres", database="postgres"
        )
        await connection.execute(statement)
        await connection.close()

    def _settings(self, name: str) -> Mapping[str, str]:
        url = f"postgresql+asyncpg://postgres@/{name}?host={self._socket}"
        return {"DATABASE_URL": url}


def _found(var: Path, settings: Mapping[str, str]) -> None:
    env = os.environ | {f"MADANG_{name}": value for name, value in settings.items()}
    env["MADANG_VAR"] = str(var)
    subprocess.run([sys.executable, "-m", "tools.migrate"], check=True, env=env, cwd=ROOT)
    asyncio.run(_write_site(var, settings))


async def _write_site(var: Path, settings: Mapping[str, str]) -> None:
    portal = a_portal(var, Clock(), **settings)
    await apply(Site.read(PRACTICE_SITE), portal)
    await portal.db.close()
