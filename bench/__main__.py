"""Runs every bench in a process of its own, and prints all figures as one table in Markdown.

    .venv/bin/python -m bench

Takes about ten minutes on an idle machine with two cores. A bench that fails is
named at the end, and the others run all the same.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from bench.tables import COLLECTED
from tests.running import ROOT

BENCHES = (
    ("calls",),
    ("fast_pass",),
    ("page_delay", "--changes", "12", "--orders", "4"),
    ("clicks",),
    ("burst",),
    ("first_row",),
    ("memory",),
)
HEAD = "| what | budget | seen | |\n|---|---|---|---|"


def main() -> int:
    """Run them in turn; tell by the exit code whether all came through."""
    failed: list[str] = []
    with tempfile.TemporaryDirectory(prefix="madang-bench-") as folder:
        rows = Path(folder) / "rows.md"
        for name, *given in BENCHES:
            began = perf_counter()
            argv = [sys.executable, "-m", f"bench.{name}", *given]
            env = os.environ | {COLLECTED: str(rows)}
            if subprocess.run(argv, cwd=ROOT, env=env, check=False).returncode:
                failed.append(name)
            print(f"  ({name}: {perf_counter() - began:.0f} s)", flush=True)
        print(f"\n{HEAD}\n{rows.read_text() if rows.exists() else ''}")
    if failed:
        print(f"Failed: {', '.join(failed)}")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
