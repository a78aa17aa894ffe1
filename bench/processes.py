"""What a process and everything it started use of the machine, read from /proc (Linux only)."""

import os
from pathlib import Path


def resident_mb(process: int) -> float:
    """Resident memory, in MB of a million bytes."""
    pages = sum(int((one / "statm").read_text().split()[1]) for one in _family(process))
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def processor_seconds(process: int) -> float:
    """Processor time used so far, in the programs and in the kernel."""
    ticks = 0
    for one in _family(process):
        fields = (one / "stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _family(process: int) -> list[Path]:
    own = Path(f"/proc/{process}")
    children = (own / "task" / str(process) / "children").read_text().split()
    return [own, *(one for child in children for one in _family(int(child)))]
