"""Migrations on SQLite: up, down, up again, and exactly the tables the code believes in."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

ROOT = Path(__file__).parents[2]
CONFIG = Config(str(ROOT / "alembic.ini"))


@pytest.fixture(scope="module")
def environment() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, environment: pytest.MonkeyPatch) -> Path:
    var = tmp_path_factory.mktemp("fresh")
    environment.setenv("MADANG_VAR", str(var))
    command.upgrade(CONFIG, "head")
    return var


def tables(var: Path) -> dict[str, str]:
    with sqlite3.connect(var / "madang.db") as connection:
        rows = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE name != 'alembic_version' AND sql NOT NULL"
        )
        return dict(rows.fetchall())


def test_the_tables_are_what_the_code_believes_in(fresh: Path):
    assert tables(fresh)

    command.check(CONFIG)


def test_going_down_leaves_nothing_and_going_up_again_the_same(fresh: Path):
    before = tables(fresh)

    command.downgrade(CONFIG, "base")
    empty = tables(fresh)
    command.upgrade(CONFIG, "head")

    assert "account" in before
    assert empty == {}
    assert tables(fresh) == before


def test_two_that_start_together_migrate_once(tmp_path: Path):
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "alembic", "upgrade", "head"],
            cwd=ROOT,
            env=os.environ | {"MADANG_VAR": str(tmp_path)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [process.communicate()[1] for process in started]

    assert [process.returncode for process in started] == [0, 0], said
    assert "account" in tables(tmp_path)


def test_migrations_are_numbered_without_a_gap():
    numbers = sorted(path.name[:4] for path in (ROOT / "alembic" / "versions").glob("*.py"))

    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]


def test_constraints_have_names_of_ours(fresh: Path):
    for name, sql in tables(fresh).items():
        if sql.startswith("CREATE TABLE"):
            assert f"CONSTRAINT pk_{name} " in sql, name
            assert sql.count("FOREIGN KEY") == sql.count("CONSTRAINT fk_"), name
