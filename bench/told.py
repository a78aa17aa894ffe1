"""A cloud whose lists lie ready in memory, so that only the portal's own work takes time."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from time import perf_counter

from cloud_app.domain.machines import Power, SeenAddress, SeenPort, SeenServer
from cloud_app.gateways.protocols import Sweep
from cloud_app.gateways.simulator.compute import PracticeCompute
from cloud_app.gateways.simulator.network import PracticeNetwork
from cloud_app.models.machines import MachineRecord


@dataclass
class Watch:
    """Seconds spent in each part of the present look."""

    spent: Counter[str] = field(default_factory=Counter[str])

    def add(self, part: str, began: float) -> None:
        self.spent[part] += perf_counter() - began  # pyright: ignore[reportArgumentType]


@dataclass
class Told:
    """Everything a cloud would say, ready to be handed out."""

    servers: dict[str, SeenServer]
    ports: Sweep[SeenPort]
    addresses: Sweep[SeenAddress]
    changed: list[SeenServer] = field(default_factory=list[SeenServer])

    @classmethod
    def about(cls, rows: Sequence[MachineRecord]) -> "Told":
        at = rows[0].created_at
        servers = {
            row.id: SeenServer(
                cloud_id=row.server_id or "", project_id=row.project_id, key=row.id,
                name=row.name, power=Power.ON, updated_at=at, raw_status=row.raw_status,
            )
            for row in rows
        }  # fmt: skip
        ports = [
            SeenPort(
                cloud_id=row.port_id or "", project_id=row.project_id, key=row.id,
                fixed_ip=row.fixed_ip, server_id=row.server_id,
            )
            for row in rows
        ]  # fmt: skip
        addresses = [
            SeenAddress(
                cloud_id=row.address_id or "", project_id=row.project_id, key=row.id,
                address=row.address or "", port_id=row.port_id,
            )
            for row in rows
        ]  # fmt: skip
        return cls(
            servers, Sweep(items=ports, complete=True), Sweep(items=addresses, complete=True)
        )

    def shut_down(self, keys: Sequence[str]) -> None:
        """What changes until the next look."""
        self.changed = [
            replace(
                self.servers[key],
                power=Power.OFF,
                raw_status="SHUTOFF/-/4",
                updated_at=datetime.now(UTC),
            )
            for key in keys
        ]
        self.servers |= {server.key or "": server for server in self.changed}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldCompute(PracticeCompute):
    """The practice cloud with its list out of memory."""

    told: Told
    watch: Watch

    async def servers(self, since: datetime | None) -> Sweep[SeenServer]:
        began = perf_counter()
        items = list(self.told.servers.values()) if since is None else self.told.changed
        sweep = Sweep(items=items, complete=since is None, cursor=datetime.now(UTC))
        self.watch.add("lists", began)
        return sweep


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldNetwork(PracticeNetwork):
    told: Told

    async def ports(self) -> Sweep[SeenPort]:
        return self.told.ports

    async def addresses(self) -> Sweep[SeenAddress]:
        return self.told.addresses
