"""Which cloud the contract suite runs on: `pytest tests/contract --cloud=lab`."""

import os
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio

from cloud_app.gateways.protocols import Cloud, Ground, Scope

from .proving import Proving, on_practice


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--cloud",
        choices=("practice", "lab"),
        default="practice",
        help="cloud of the contract suite; the lab's clouds file is named by MADANG_LAB_CLOUDS",
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def proving(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Proving]:
    if request.config.getoption("--cloud", default="practice") == "lab":
        from .lab import on_lab  # needs the OpenStack libraries and a lab

        async with on_lab(Path(os.environ["MADANG_LAB_CLOUDS"])) as found:
            yield found
    else:
        async with on_practice(tmp_path_factory.mktemp("practice")) as found:
            yield found


@pytest.fixture(scope="module")
def cloud(proving: Proving) -> Cloud:
    return proving.cloud


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def home(proving: Proving) -> Scope:
    """The project under test."""
    return await proving.home()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stranger(proving: Proving) -> Scope:
    """Another project, which must neither see nor touch the first one."""
    return await proving.home()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ground(cloud: Cloud, home: Scope) -> Ground:
    return await cloud.network.ensure_ground(home, home.project_id)
