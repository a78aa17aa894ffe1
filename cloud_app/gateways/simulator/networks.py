"""Networks, ports and external addresses: the Neutron of the practice cloud."""

import sqlite3
from collections.abc import Sequence
from uuid import NAMESPACE_OID, uuid4, uuid5

from cloud_app.domain.machines import SeenAddress, SeenPort
from cloud_app.gateways.protocols import Ground, Scope, Sweep
from cloud_app.gateways.simulator import answers
from cloud_app.gateways.simulator.projects import addresses_of, admit, project
from cloud_app.gateways.simulator.servers import bound
from cloud_app.gateways.simulator.store import Tx

FIRST_GUEST, LAST_GUEST = 10, 250
"""Last byte of the guests' addresses in their 10.x.y.0/24."""
FIRST_ADDRESS = 10
"""Last byte of the first external address in 203.0.113.0/24 (TEST-NET-3)."""

PORT_OF = "SELECT * FROM port WHERE project_id = ? AND key = ? ORDER BY rowid"
ADDRESS_OF = "SELECT * FROM address WHERE project_id = ? AND key = ? ORDER BY rowid"


def ensure_ground(tx: Tx, scope: Scope, key: str) -> Ground:
    admit(tx, scope)
    tx.run(
        "INSERT OR IGNORE INTO ground (project_id, key, network_id, subnet_id, router_id)"
        " VALUES (?, ?, ?, ?, ?)",
        scope.project_id,
        key,
        str(uuid4()),
        str(uuid4()),
        str(uuid4()),
    )
    row = tx.sure("SELECT * FROM ground WHERE project_id = ? AND key = ?", scope.project_id, key)
    return Ground(
        network_id=row["network_id"], subnet_id=row["subnet_id"], router_id=row["router_id"]
    )


def ensure_port(
    tx: Tx, scope: Scope, key: str, ground: Ground, open_ports: Sequence[int]
) -> SeenPort:
    admit(tx, scope)
    opened = " ".join(str(port) for port in sorted({22, *open_ports}))
    row = tx.one(PORT_OF, scope.project_id, key)
    if row is None:
        tx.run(
            "INSERT INTO port (id, project_id, key, network_id, fixed_ip, open_ports, groups)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            str(uuid4()),
            scope.project_id,
            key,
            ground.network_id,
            _free_fixed_ip(tx, scope, ground),
            opened,
            _groups(scope, opened),
        )
    elif row["open_ports"] != opened:
        tx.run("UPDATE port SET open_ports = ? WHERE id = ?", opened, row["id"])
    return _seen_port(tx.sure(PORT_OF, scope.project_id, key), bound(tx))


def _groups(scope: Scope, opened: str) -> str:
    """One security group of the project per set of open ports, besides its base group."""
    names = ["base", *([opened] if opened != "22" else [])]
    return " ".join(sorted(str(uuid5(NAMESPACE_OID, f"{scope.project_id} {n}")) for n in names))


def _free_fixed_ip(tx: Tx, scope: Scope, ground: Ground) -> str:
    row = tx.one(
        "SELECT number FROM ground WHERE network_id = ? AND project_id = ?",
        ground.network_id,
        scope.project_id,
    )
    if row is None:
        raise answers.vanished("Network", ground.network_id)
    taken = {
        port["fixed_ip"]
        for port in tx.all("SELECT fixed_ip FROM port WHERE network_id = ?", ground.network_id)
    }
    net = f"10.{row['number'] // 256 % 256}.{row['number'] % 256}"
    for last in range(FIRST_GUEST, LAST_GUEST + 1):
        if f"{net}.{last}" not in taken:
            return f"{net}.{last}"
    raise answers.network_full(ground.network_id)


def delete_ports(tx: Tx, scope: Scope, key: str) -> None:
    """An external address that was bound to such a port stays, bound to nothing."""
    admit(tx, scope)
    tx.run(
        "UPDATE address SET port_id = NULL WHERE port_id IN"
        " (SELECT id FROM port WHERE project_id = ? AND key = ?)",
        scope.project_id,
        key,
    )
    tx.run("DELETE FROM port WHERE project_id = ? AND key = ?", scope.project_id, key)


def ensure_address(tx: Tx, scope: Scope, key: str, port_id: str) -> SeenAddress:
    admit(tx, scope)
    port = tx.one("SELECT 1 FROM port WHERE id = ? AND project_id = ?", port_id, scope.project_id)
    if port is None:
        raise answers.vanished("Port", port_id)
    row = tx.one(ADDRESS_OF, scope.project_id, key)
    if tx.one("SELECT 1 FROM address WHERE port_id = ? AND key != ?", port_id, key):
        raise answers.port_has_address(port_id)
    if row is None:
        tx.run(
            "INSERT INTO address (id, project_id, key, address, port_id) VALUES (?, ?, ?, ?, ?)",
            str(uuid4()),
            scope.project_id,
            key,
            _next_address(tx, scope),
            port_id,
        )
    elif row["port_id"] != port_id:
        tx.run("UPDATE address SET port_id = ? WHERE id = ?", port_id, row["id"])
    return _seen_address(tx.sure(ADDRESS_OF, scope.project_id, key))


def _next_address(tx: Tx, scope: Scope) -> str:
    limit = project(tx, scope.project_id)["addresses"]
    if 0 <= limit <= addresses_of(tx, scope.project_id):
        raise answers.over_quota("floatingip")
    free = free_addresses(tx)
    if not free:
        raise answers.no_address("public")
    return free[0]


def free_addresses(tx: Tx) -> list[str]:
    taken = {row["address"] for row in tx.all("SELECT address FROM address")}
    pool = range(FIRST_ADDRESS, FIRST_ADDRESS + min(tx.site.address_pool, 240))
    every = (f"203.0.113.{last}" for last in pool)
    return [address for address in every if address not in taken]


def release_addresses(tx: Tx, scope: Scope, key: str) -> None:
    admit(tx, scope)
    tx.run("DELETE FROM address WHERE project_id = ? AND key = ?", scope.project_id, key)


def all_ports(tx: Tx) -> Sweep[SeenPort]:
    taken = bound(tx)
    rows = tx.all("SELECT * FROM port ORDER BY rowid")
    return Sweep(items=[_seen_port(row, taken) for row in rows], complete=True)


def all_addresses(tx: Tx) -> Sweep[SeenAddress]:
    rows = tx.all("SELECT * FROM address WHERE key != '' OR port_id IS NOT NULL ORDER BY rowid")
    return Sweep(items=[_seen_address(row) for row in rows], complete=True)


def _seen_port(row: sqlite3.Row, taken: dict[str, str]) -> SeenPort:
    return SeenPort(
        cloud_id=row["id"],
        project_id=row["project_id"],
        key=row["key"],
        fixed_ip=row["fixed_ip"],
        server_id=taken.get(row["id"]),
        groups=tuple(row["groups"].split()),
    )


def _seen_address(row: sqlite3.Row) -> SeenAddress:
    return SeenAddress(
        cloud_id=row["id"],
        project_id=row["project_id"],
        key=row["key"] or None,
        address=row["address"],
        port_id=row["port_id"],
    )
