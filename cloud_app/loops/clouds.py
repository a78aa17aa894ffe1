"""The clouds that are rows in the database, as gateways that can be asked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cloud_app.db import Database
from cloud_app.gateways.protocols import Cloud
from cloud_app.models.clouds import CloudRecord, all_clouds


@dataclass(slots=True)
class Clouds:
    db: Database
    connect: Callable[[CloudRecord], Cloud]
    """Builds the gateways of one row; chosen in `bootstrap`, which alone knows the kinds."""
    _built: dict[str, tuple[object, Cloud]] = field(default_factory=dict[str, tuple[object, Cloud]])

    async def all(self) -> Sequence[Cloud]:
        """One per row, built anew only when the row's access or credential changed."""
        async with self.db.read() as session:
            rows = await all_clouds(session)
        return [self._gateways(row) for row in rows]

    def _gateways(self, row: CloudRecord) -> Cloud:
        access = (row.kind, repr(row.access), row.secret)
        known = self._built.get(row.id)
        if known is None or known[0] != access:
            known = self._built[row.id] = (access, self.connect(row))
        return known[1]
