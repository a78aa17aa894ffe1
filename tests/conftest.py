"""A portal on a database of its own, with a clock that is moved by hand."""

import os
import sys
import tempfile
from collections.abc import AsyncGenerator, Generator, Mapping
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
os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(ROOT / "var" / "cache" / "hypothesis"))

from cloud_app import bootstrap  # noqa: E402
from cloud_app.bootstrap import Portal  # noqa: E402
from cloud_app.domain.actor import Actor, Role  # noqa: E402
from tests import servers  # noqa: E402
from tests.databases import Databases, PostgresDatabases, SqliteDatabases  # noqa: E402
from tests.make import Clock, a_person, a_portal  # noqa: E402


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=("sqlite", "postgres"),
        default="sqlite",
        help="where the portals under test keep their rows; postgres is started by the tests",
    )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def databases(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Databases]:
    """Makes databases with the practice site in them and nobody."""
    var = tmp_path_factory.mktemp("campus")
    if request.config.getoption("--database") == "postgres":
        with servers.postgres() as socket:
            yield PostgresDatabases(var, socket)
    else:
        yield SqliteDatabases(var)


@pytest.fixture
async def database(databases: Databases, tmp_path: Path) -> AsyncGenerator[Mapping[str, str]]:
    """Settings that lead to a database of the test's own."""
    async with databases.one(tmp_path) as settings:
        yield settings


@pytest.fixture
async def portal(
    tmp_path: Path, database: Mapping[str, str], clock: Clock
) -> AsyncGenerator[Portal]:
    """A portal with the practice site, the loops at rest; also what `portal()` answers."""
    built = a_portal(tmp_path, clock, **database)
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
