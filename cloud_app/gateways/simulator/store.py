"""The practice cloud's memory: one SQLite file of its own.

A cloud outlives its portal, so everything is on disk before a call is answered,
and several processes (portal, worker, a test) may open the same file. Only
instants are stored; what is going on is derived from them and the clock.
"""

import sqlite3
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cloud_app.gateways.simulator.site import Site

SCHEMA_VERSION = 2

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, number REAL NOT NULL);
CREATE TABLE IF NOT EXISTS project (
    id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
    machines INTEGER NOT NULL DEFAULT 10, vcpus INTEGER NOT NULL DEFAULT 20,
    ram_mib INTEGER NOT NULL DEFAULT 51200, addresses INTEGER NOT NULL DEFAULT 50);
CREATE TABLE IF NOT EXISTS person (
    id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, project_id TEXT NOT NULL,
    secret_hash TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS ground (
    number INTEGER PRIMARY KEY, project_id TEXT NOT NULL, key TEXT NOT NULL,
    network_id TEXT NOT NULL UNIQUE, subnet_id TEXT NOT NULL, router_id TEXT NOT NULL,
    UNIQUE (project_id, key));
CREATE TABLE IF NOT EXISTS port (
    id TEXT PRIMARY KEY, project_id TEXT NOT NULL, key TEXT NOT NULL,
    network_id TEXT NOT NULL, fixed_ip TEXT NOT NULL, open_ports TEXT NOT NULL,
    groups TEXT NOT NULL,
    UNIQUE (network_id, fixed_ip));
CREATE INDEX IF NOT EXISTS port_key ON port (project_id, key);
CREATE TABLE IF NOT EXISTS address (
    id TEXT PRIMARY KEY, project_id TEXT NOT NULL, key TEXT NOT NULL,
    address TEXT NOT NULL UNIQUE, port_id TEXT);
CREATE INDEX IF NOT EXISTS address_key ON address (project_id, key);
CREATE TABLE IF NOT EXISTS server (
    id TEXT PRIMARY KEY, project_id TEXT NOT NULL, key TEXT, name TEXT NOT NULL,
    flavor_name TEXT NOT NULL, image_id TEXT NOT NULL, port_id TEXT, host TEXT NOT NULL,
    vcpus INTEGER NOT NULL, ram_mib INTEGER NOT NULL, user_data TEXT NOT NULL,
    created_at REAL NOT NULL, built_at REAL NOT NULL, powered_at REAL NOT NULL,
    boot_seconds REAL NOT NULL, rest TEXT NOT NULL DEFAULT 'ACTIVE',
    task TEXT NOT NULL DEFAULT '', task_at REAL, task_until REAL,
    fault TEXT NOT NULL DEFAULT '', fault_code INTEGER NOT NULL DEFAULT 0, fault_at REAL,
    deleting_at REAL, deleted_at REAL, touched_at REAL NOT NULL, settles_at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS server_project ON server (project_id, key);
CREATE INDEX IF NOT EXISTS server_port ON server (port_id);
CREATE INDEX IF NOT EXISTS server_settles ON server (settles_at);
CREATE TABLE IF NOT EXISTS action (
    number INTEGER PRIMARY KEY, server_id TEXT NOT NULL, request_id TEXT NOT NULL,
    verb TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS action_server ON action (server_id);
CREATE TABLE IF NOT EXISTS misfortune (
    name TEXT NOT NULL, calls TEXT NOT NULL, times INTEGER, seconds REAL NOT NULL,
    share REAL NOT NULL, exits INTEGER NOT NULL, PRIMARY KEY (name, calls));
"""


STANDING = """
CREATE TEMP VIEW standing AS
    SELECT * FROM server WHERE deleted_at IS NULL OR deleted_at > moment()
"""
"""The servers that are there at the moment of the transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tx:
    """One open transaction, and the moment at which it happens."""

    db: sqlite3.Connection
    now: float
    """Seconds since 1970, by the practice cloud's own clock."""
    site: Site
    call: str = ""
    """The gateway method under way, such as `compute.create_server`; "" for other hands."""

    def one(self, sql: str, *values: object) -> sqlite3.Row | None:
        return self.db.execute(sql, values).fetchone()

    def sure(self, sql: str, *values: object) -> sqlite3.Row:
        """The row that must be there; without it the file is broken."""
        row = self.one(sql, *values)
        if row is None:
            raise LookupError(sql)
        return row

    def all(self, sql: str, *values: object) -> list[sqlite3.Row]:
        return self.db.execute(sql, values).fetchall()

    def run(self, sql: str, *values: object) -> int:
        """Change rows and say how many."""
        return self.db.execute(sql, values).rowcount


class Store:
    """One connection behind one lock; other processes wait their turn in SQLite."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA synchronous = NORMAL")
        if self._db.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            self._db.execute("PRAGMA journal_mode = WAL")
        self._make_schema(path)
        self._moment = 0.0
        self._db.create_function("moment", 0, lambda: self._moment)
        self._db.execute(STANDING)

    def _make_schema(self, path: Path) -> None:
        if self._version() == SCHEMA_VERSION:
            return
        with self._transaction() as db:
            found = self._version()
            if found not in (0, SCHEMA_VERSION):
                raise RuntimeError(
                    f"{path} is a practice cloud of another version ({found}, this is"
                    f" {SCHEMA_VERSION}): move it away to start with an empty one"
                )
            for statement in SCHEMA.split(";\n"):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _version(self) -> int:
        return int(self._db.execute("PRAGMA user_version").fetchone()[0])

    @contextmanager
    def begin(self, clock: Callable[[], float], site: Site, call: str) -> Generator[Tx]:
        """One short transaction that writes: all of it is on disk afterwards, or none."""
        with self._transaction() as db:
            offset = db.execute("SELECT number FROM meta WHERE name = 'offset'").fetchone()
            self._moment = clock() + (offset["number"] if offset else 0.0)
            yield Tx(db=db, now=self._moment, site=site, call=call)

    @contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise

    def close(self) -> None:
        with self._lock:
            self._db.close()
