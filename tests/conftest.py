"""A portal on a database of its own, with a clock that is moved by hand."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))
# Before anything reads the environment: no test touches the developer's own data.
KEPT = ("MADANG_BROWSER", "MADANG_LAB", "MADANG_TEST", "MADANG_WEB")
for _name in [name for name in os.environ if name.startswith("MADANG_")]:
    if not _name.startswith(KEPT):
        del os.environ[_name]
os.environ["MADANG_VAR"] = tempfile.mkdtemp(prefix="madang-tests-")
os.environ["MADANG_LOOPS"] = "0"

from cloud_app import bootstrap  # noqa: E402
from cloud_app.bootstrap import Portal  # noqa: E402
from cloud_app.domain.actor import Actor, Role  # noqa: E402
from cloud_app.site import PRACTICE_SITE, Site, apply  # noqa: E402
from tests.make import Clock, a_person, a_portal  # noqa: E402


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def _found(var: Path) -> None:
    portal = a_portal(var, Clock())
    await apply(Site.read(PRACTICE_SITE), portal)
    await portal.db.close()


@pytest.fixture(scope="session")
def campus_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the practice site in it and nobody; copied for every test."""
    var = tmp_path_factory.mktemp("campus")
    env = os.environ | {"MADANG_VAR": str(var)}
    subprocess.run([sys.executable, "-m", "tools.migrate"], check=True, env=env, cwd=ROOT)
    asyncio.run(_found(var))
    return var / "madang.db"


@pytest.fixture
async def portal(tmp_path: Path, campus_file: Path, clock: Clock) -> AsyncGenerator[Portal]:
    """A portal with the practice site, the loops at rest; also what `portal()` answers."""
    shutil.copy(campus_file, tmp_path / "madang.db")
    built = a_portal(tmp_path, clock)
    bootstrap.use(built)
    yield built
    await built.machine_loop.close()
    await built.db.close()


@pytest.fixture
async def student(portal: Portal) -> Actor:
    return await a_person(portal, "minji")


@pytest.fixture
async def other(portal: Portal) -> Actor:
    """Another student, who shares nothing with the first."""
    return await a_person(portal, "junho")


@pytest.fixture
async def instructor(portal: Portal) -> Actor:
    return await a_person(portal, "hanprof", Role.INSTRUCTOR)


@pytest.fixture
async def staff(portal: Portal) -> Actor:
    return await a_person(portal, "staff", Role.STAFF)
