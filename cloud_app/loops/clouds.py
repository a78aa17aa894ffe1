"""The clouds that are rows in the database, as gateways that can be asked."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cloud_app.db import Database
from cloud_app.domain.errors import Refused
from cloud_app.gateways.protocols import Cloud
from cloud_app.models.clouds import CloudRecord, all_clouds

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Clouds:
    db: Database
    connect: Callable[[CloudRecord], Cloud]
    """Builds the gateways of one row; chosen in `bootstrap`, which alone knows the kinds."""
    _built: dict[str, tuple[object, Cloud | None]] = field(
        default_factory=dict[str, tuple[object, Cloud | None]]
    )

    async def all(self) -> Sequence[Cloud]:
        """One per row, built anew only when the row's access or credential changed.

        A row that no gateways can be built from is left out: it harms only its own.
        """
        async with self.db.read() as session:
            rows = await all_clouds(session)
        return [cloud for cloud in map(self._gateways, rows) if cloud is not None]

    def _gateways(self, row: CloudRecord) -> Cloud | None:
        access = (row.kind, repr(row.access), row.secret)
        known = self._built.get(row.id)
        if known is None or known[0] != access:
            known = self._built[row.id] = (access, self._connected(row))
        return known[1]

    def _connected(self, row: CloudRecord) -> Cloud | None:
        try:
            return self.connect(row)
        except Refused as error:
            log.exception("cloud left out", extra={"cloud": row.name, "why": error.detail})
            return None
