"""How much a project may have, has, and would have."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """Counts of what machines take. Memory in MiB."""

    machines: int = 0
    vcpus: int = 0
    ram_mib: int = 0

    def __add__(self, other: Self) -> "Amounts":
        return Amounts(
            machines=self.machines + other.machines,
            vcpus=self.vcpus + other.vcpus,
            ram_mib=self.ram_mib + other.ram_mib,
        )

    def exceeded_by(self, wish: "Amounts") -> str:
        """Name the first amount of `wish` that is more than this; empty when all fits."""
        for name in ("machines", "vcpus", "ram_mib"):
            if getattr(wish, name) > getattr(self, name):
                return name
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a project has of what it may have."""

    used: Amounts
    """Everything that exists, whoever made it."""
    allowed: Amounts
    outside: Amounts = Amounts()
    """How much of what is used others made past the portal."""

    def over_with(self, more: Amounts) -> str:
        """Name the first amount that is exceeded once `more` comes on top; empty when all fits."""
        return self.allowed.exceeded_by(self.used + more)
