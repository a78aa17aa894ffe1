"""The hands of others: what happens to a cloud without the portal asking for it.

For tests and the demo. Ids are the cloud's; nothing here checks any rights. Its list of
deeds is longer than ten because people do more than ten things.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from uuid import uuid4

from cloud_app.gateways.protocols import ServerOrder
from cloud_app.gateways.simulator import networks, orders, projects, servers
from cloud_app.gateways.simulator.store import Tx


@dataclass(frozen=True, slots=True)
class Outside:
    """Each method is one finished deed, blocking for well under a millisecond."""

    begin: Callable[[], AbstractContextManager[Tx]]

    def delete_server(self, server_id: str) -> None:
        with self.begin() as tx:
            servers.take_down(tx, server_id)

    def shut_down_inside(self, server_id: str) -> None:
        """`poweroff` typed in the guest: the cloud notices, but nobody asked it."""
        self._rest(server_id, "SHUTOFF")

    def suspend(self, server_id: str) -> None:
        self._rest(server_id, "SUSPENDED")

    def _rest(self, server_id: str, status: str) -> None:
        with self.begin() as tx:
            tx.run(
                "UPDATE server SET rest = ?, task = '', touched_at = ?,"
                " settles_at = MAX(settles_at, ?) WHERE id = ?",
                status,
                tx.now,
                tx.now,
                server_id,
            )

    def break_server(self, server_id: str, text: str = "Host is not available.") -> None:
        """Its hypervisor dies under it."""
        with self.begin() as tx:
            tx.run(
                "UPDATE server SET fault = ?, fault_code = 500, fault_at = ?,"
                " settles_at = MAX(settles_at, ?) WHERE id = ?",
                text,
                tx.now,
                tx.now,
                server_id,
            )

    def rename_server(self, server_id: str, name: str) -> None:
        with self.begin() as tx:
            servers.touch(tx, server_id, name)

    def resize_server(self, server_id: str, flavor_id: str, *, confirmed: bool = True) -> None:
        """Not confirmed, it waits in VERIFY_RESIZE for somebody to say that it is good."""
        with self.begin() as tx:
            flavor = next(one for one in tx.site.flavors if one.id == flavor_id)
            tx.run(
                "UPDATE server SET flavor_name = ?, vcpus = ?, ram_mib = ? WHERE id = ?",
                flavor.name,
                flavor.vcpus,
                flavor.ram_mib,
                server_id,
            )
        self._rest(server_id, "ACTIVE" if confirmed else "VERIFY_RESIZE")

    def build_server(
        self,
        name: str,
        *,
        project_id: str | None = None,
        key: str | None = None,
        flavor_id: str = "practice.light",
        image_id: str = "practice-debian-13",
    ) -> str:
        """A server made by somebody else; with `key`, one that carries ours a second time.

        Without a project it stands in one that the portal knows nothing of.
        """
        with self.begin() as tx:
            home = project_id or projects.ensure_project(tx, "outside", "Somebody else")
            flavor = next(one for one in tx.site.flavors if one.id == flavor_id)
            order = ServerOrder(
                key="", name=name, flavor_id=flavor_id, image_id=image_id, port_id="", user_data=""
            )
            host = tx.site.hosts[0].name
            return orders.write_order(tx, home, order, flavor=flavor, key=key, host=host)

    def delete_ports(self, key: str) -> None:
        with self.begin() as tx:
            tx.run(
                "UPDATE address SET port_id = NULL"
                " WHERE port_id IN (SELECT id FROM port WHERE key = ?)",
                key,
            )
            tx.run("DELETE FROM port WHERE key = ?", key)

    def change_groups(self, key: str, *groups: str) -> None:
        """Give the port of `key` other security groups."""
        with self.begin() as tx:
            tx.run("UPDATE port SET groups = ? WHERE key = ?", " ".join(sorted(groups)), key)

    def unbind_addresses(self, key: str) -> None:
        """Take the addresses of `key` off their ports; they stay the project's."""
        with self.begin() as tx:
            tx.run("UPDATE address SET port_id = NULL WHERE key = ?", key)

    def bind_address(self, key: str) -> str:
        """Bind an address that is not ours to the port of `key`, and return it."""
        with self.begin() as tx:
            port = tx.sure("SELECT id, project_id FROM port WHERE key = ?", key)
            address = networks.free_addresses(tx)[0]
            tx.run(
                "INSERT INTO address (id, project_id, key, address, port_id)"
                " VALUES (?, ?, '', ?, ?)",
                str(uuid4()),
                port["project_id"],
                address,
                port["id"],
            )
            return address

    def delete_project(self, project_id: str) -> None:
        """Keystone deletes nothing in it: its servers run on, and its user gets no token."""
        with self.begin() as tx:
            tx.run("DELETE FROM project WHERE id = ?", project_id)

    def change_password(self, project_id: str) -> None:
        """Somebody gives the project's own user another password."""
        with self.begin() as tx:
            tx.run("UPDATE person SET secret_hash = '' WHERE project_id = ?", project_id)

    def release_addresses(self, key: str) -> None:
        with self.begin() as tx:
            tx.run("DELETE FROM address WHERE key = ?", key)

    def take_addresses(self, count: int) -> None:
        """Somebody else takes external addresses out of the pool."""
        with self.begin() as tx:
            home = projects.ensure_project(tx, "outside", "Somebody else")
            for address in networks.free_addresses(tx)[:count]:
                tx.run(
                    "INSERT INTO address (id, project_id, key, address) VALUES (?, ?, '', ?)",
                    str(uuid4()),
                    home,
                    address,
                )
