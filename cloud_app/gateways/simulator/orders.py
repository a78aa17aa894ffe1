"""What Nova checks when a server is ordered, and what it finds out only later.

The answer 202 means little: a lack of hosts, a raced quota or a taken port shows
as ERROR with a fault, some time after the order was accepted.
"""

from dataclasses import dataclass
from uuid import uuid4

from cloud_app.domain.machines import Power
from cloud_app.gateways.protocols import Flavor, Scope, ServerOrder
from cloud_app.gateways.simulator import answers
from cloud_app.gateways.simulator.life import BARE, SCHEDULED
from cloud_app.gateways.simulator.misfortunes import Woe, strike
from cloud_app.gateways.simulator.projects import admit, project, used_by
from cloud_app.gateways.simulator.servers import bound, with_key, write_action
from cloud_app.gateways.simulator.store import Tx

USER_DATA_LIMIT = 65535
"""What Nova takes of user data, after base64."""

INSERT = """
INSERT INTO server (
    id, project_id, key, name, flavor_name, image_id, port_id, host, vcpus, ram_mib,
    user_data, created_at, built_at, powered_at, boot_seconds,
    fault, fault_code, fault_at, touched_at, settles_at)
VALUES (
    :id, :project_id, :key, :name, :flavor_name, :image_id, :port_id, :host, :vcpus, :ram_mib,
    :user_data, :created_at, :built_at, :powered_at, :boot_seconds,
    :fault, :fault_code, :fault_at, :touched_at, :settles_at)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What becomes of an accepted order that cannot be kept."""

    text: str
    code: int
    share: float
    """At which part of the build time it shows."""


def existing(tx: Tx, scope: Scope, order: ServerOrder) -> str | None:
    """The server that an earlier try left behind: by its key, or on the port."""
    found = with_key(tx, scope, order.key)
    staying = [one for one in found if one.power is not Power.DELETING]
    if found and not staying:
        raise answers.still_deleting()
    if staying:
        return min(staying, key=lambda one: (one.power is Power.FAILED, one.cloud_id)).cloud_id
    port = tx.one(
        "SELECT 1 FROM port WHERE id = ? AND project_id = ?", order.port_id, scope.project_id
    )
    if port is None:
        raise answers.vanished("Port", order.port_id)
    return bound(tx).get(order.port_id)


def place(tx: Tx, scope: Scope, order: ServerOrder) -> str:
    """Accept or refuse an order as Nova's API does; the id is all that is answered."""
    admit(tx, scope)
    flavor = _check_references(tx, scope, order)
    raced = strike(tx, Woe.QUOTA_RACE) is not None
    if not raced:
        _check_quota(tx, scope.project_id, flavor)
    host = "" if strike(tx, Woe.FULL) else _free_host(tx, flavor)
    fault = _fault(tx, scope, order, host, raced=raced)
    return write_order(
        tx,
        scope.project_id,
        order,
        flavor=flavor,
        key=order.key,
        host="" if fault else host,
        fault=fault,
    )


def _check_references(tx: Tx, scope: Scope, order: ServerOrder) -> Flavor:
    if not order.name:
        raise answers.no_name()
    if len(order.user_data.encode()) * 4 / 3 > USER_DATA_LIMIT:
        raise answers.long_user_data()
    guest = tx.site.guest(order.image_id)
    if guest is None:
        raise answers.no_image()
    flavor = tx.site.flavor(order.flavor_id)
    if flavor is None:
        raise answers.no_flavor(order.flavor_id)
    if not guest.image.usable:
        raise answers.unusable_image(order.image_id)
    if flavor.disk_gib < guest.image.min_disk_gib:
        raise answers.too_small("disk")
    if flavor.ram_mib < guest.image.min_ram_mib:
        raise answers.too_small("memory")
    if order.port_id in bound(tx):
        raise answers.port_in_use(order.port_id)
    return flavor


def _check_quota(tx: Tx, project_id: str, flavor: Flavor) -> None:
    limits, now = project(tx, project_id), used_by(tx, project_id)
    for name, limit, used, more in (
        ("instances", limits["machines"], now.machines, 1),
        ("cores", limits["vcpus"], now.vcpus, flavor.vcpus),
        ("ram", limits["ram_mib"], now.ram_mib, flavor.ram_mib),
    ):
        if 0 <= limit < used + more:
            raise answers.quota(name, more, used, limit)


def _free_host(tx: Tx, flavor: Flavor) -> str:
    """The emptiest host that has room, or "" for none."""
    rows = tx.all(
        "SELECT host, SUM(vcpus) AS vcpus, SUM(ram_mib) AS ram_mib FROM standing GROUP BY host"
    )
    taken = {row["host"]: (row["vcpus"], row["ram_mib"]) for row in rows}
    room: list[tuple[float, str]] = []
    for host in tx.site.hosts:
        vcpus, ram_mib = taken.get(host.name, (0, 0))
        free_vcpus = host.vcpus * tx.site.vcpu_overcommit - vcpus
        free_ram = host.ram_mib * tx.site.ram_overcommit - ram_mib
        if free_vcpus >= flavor.vcpus and free_ram >= flavor.ram_mib:
            room.append((free_ram, host.name))
    return max(room)[1] if room else ""


def _fault(tx: Tx, scope: Scope, order: ServerOrder, host: str, *, raced: bool) -> Fault | None:
    if raced:
        used = used_by(tx, scope.project_id).machines + 1
        text = answers.quota_text("instances", 1, used, used)
        return Fault(text=text, code=413, share=SCHEDULED)
    if not host:
        return Fault(text=answers.NO_VALID_HOST, code=500, share=SCHEDULED)
    rival = "SELECT 1 FROM standing WHERE port_id = ? AND host != ''"
    if tx.one(rival, order.port_id):
        text = answers.NO_NETWORK
        return Fault(text=text, code=500, share=BARE)
    return None


def write_order(
    tx: Tx,
    project_id: str,
    order: ServerOrder,
    *,
    flavor: Flavor,
    key: str | None,
    host: str,
    fault: Fault | None = None,
) -> str:
    """Store the instants at which the server will have been built."""
    build = tx.site.seconds(tx.site.pace.build)
    server_id = str(uuid4())
    row = {
        "id": server_id,
        "project_id": project_id,
        "key": key,
        "name": order.name,
        "flavor_name": flavor.name,
        "image_id": order.image_id,
        "port_id": order.port_id or None,
        "host": host,
        "vcpus": flavor.vcpus,
        "ram_mib": flavor.ram_mib,
        "user_data": order.user_data,
        "created_at": tx.now,
        "built_at": tx.now + build,
        "powered_at": tx.now + build,
        "boot_seconds": tx.site.seconds(tx.site.pace.boot),
        "fault": fault.text if fault else "",
        "fault_code": fault.code if fault else 0,
        "fault_at": tx.now + fault.share * build if fault else None,
        "touched_at": tx.now,
        "settles_at": tx.now + build,
    }
    tx.db.execute(INSERT, row)
    write_action(tx, server_id, "create")
    return server_id
