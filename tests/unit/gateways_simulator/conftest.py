"""Founds a practice cloud for each test and closes it again."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from .campus import Campus, found_campus


@pytest.fixture
async def campus(tmp_path: Path) -> AsyncGenerator[Campus]:
    founded = await found_campus(tmp_path / "practice.db")
    yield founded
    founded.world.close()
