"""Projects, their own users and their limits: the Keystone of the practice cloud."""

import hashlib
import sqlite3
from dataclasses import dataclass
from uuid import uuid4

from cloud_app.gateways.protocols import Limits, Scope
from cloud_app.gateways.simulator import answers
from cloud_app.gateways.simulator.store import Tx


def _hash(secret: str) -> str:
    """Secrets here are long and random, so a plain digest keeps them off the disk."""
    return hashlib.sha256(secret.encode()).hexdigest()


def ensure_project(tx: Tx, key: str, name: str) -> str:
    tx.run(
        "INSERT INTO project (id, key, name) VALUES (?, ?, ?)"
        " ON CONFLICT (key) DO UPDATE SET name = excluded.name",
        uuid4().hex,
        key,
        name,
    )
    return tx.sure("SELECT id FROM project WHERE key = ?", key)["id"]


def ensure_user(tx: Tx, key: str, project_id: str, secret: str) -> str:
    project(tx, project_id)
    tx.run(
        "INSERT INTO person (id, key, project_id, secret_hash) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (key) DO UPDATE SET project_id = excluded.project_id,"
        " secret_hash = excluded.secret_hash",
        uuid4().hex,
        key,
        project_id,
        _hash(secret),
    )
    return tx.sure("SELECT id FROM person WHERE key = ?", key)["id"]


def project(tx: Tx, project_id: str) -> sqlite3.Row:
    row = tx.one("SELECT * FROM project WHERE id = ?", project_id)
    if row is None:
        raise answers.vanished("Project", project_id)
    return row


def has_project(tx: Tx, project_id: str) -> bool:
    return tx.one("SELECT 1 FROM project WHERE id = ?", project_id) is not None


def set_limits(tx: Tx, project_id: str, limits: Limits) -> None:
    """Also below what is used: the adapter forces it, so nothing stops and nothing new starts."""
    changed = tx.run(
        "UPDATE project SET machines = ?, vcpus = ?, ram_mib = ?, addresses = ? WHERE id = ?",
        limits.machines,
        limits.vcpus,
        limits.ram_mib,
        limits.addresses,
        project_id,
    )
    if not changed:
        raise answers.no_project(project_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """Nova counts everything that is not deleted yet, servers in ERROR included."""

    machines: int
    vcpus: int
    ram_mib: int


def used_by(tx: Tx, project_id: str) -> Used:
    row = tx.sure(
        "SELECT COUNT(*) AS machines, COALESCE(SUM(vcpus), 0) AS vcpus,"
        " COALESCE(SUM(ram_mib), 0) AS ram_mib FROM standing WHERE project_id = ?",
        project_id,
    )
    return Used(machines=row["machines"], vcpus=row["vcpus"], ram_mib=row["ram_mib"])


def addresses_of(tx: Tx, project_id: str) -> int:
    query = "SELECT COUNT(*) AS held FROM address WHERE project_id = ?"
    return tx.sure(query, project_id)["held"]


def admit(tx: Tx, scope: Scope) -> None:
    """Let a project's own user in, or answer as Keystone does to a wrong password.

    Nobody gets a token for a project that was deleted; the manager may act on what is in it.
    """
    if scope.as_manager:
        return
    row = tx.one(
        "SELECT 1 FROM person JOIN project ON project.id = person.project_id"
        " WHERE person.id = ? AND project.id = ? AND secret_hash = ?",
        scope.user_id,
        scope.project_id,
        _hash(scope.secret),
    )
    if row is None:
        raise answers.credential()
