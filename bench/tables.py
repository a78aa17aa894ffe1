"""Prints what was measured as a small table, with the budget beside it.

Nothing here judges: a figure over its budget is marked, and the run goes on.
"""

import os
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

OVER = "OVER"
COLLECTED = "BENCH_COLLECTED"
"""Environment variable: a file that takes the rows of all benches, in Markdown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One figure. Without `most` it is only told."""

    what: str
    value: float
    unit: str = ""
    most: float | None = None
    """The budget, in the same unit."""
    note: str = ""

    @property
    def over(self) -> bool:
        return self.most is not None and self.value > self.most

    def cells(self) -> tuple[str, str, str, str]:
        budget = "" if self.most is None else f"≤ {_plain(self.most)} {self.unit}".rstrip()
        value = f"{_plain(self.value)} {self.unit}".rstrip()
        return (self.what, value, budget, f"{OVER} {self.note}".strip() if self.over else self.note)


def show(title: str, lines: Sequence[Line]) -> None:
    """Print one table."""
    if COLLECTED in os.environ:
        with Path(os.environ[COLLECTED]).open("a") as collected:
            collected.write("\n".join(markdown(title, lines)) + "\n")
    rows = [("what", "seen", "budget", ""), *(line.cells() for line in lines)]
    widths = [max(_width(row[place]) for row in rows) for place in range(4)]
    print(f"\n{title}")
    for row in rows:
        cells = [cell + " " * (widths[place] - _width(cell)) for place, cell in enumerate(row)]
        print("  " + "  ".join(cells).rstrip())


def markdown(title: str, lines: Sequence[Line]) -> list[str]:
    """The same as rows of a table in Markdown; what is over its budget is bold."""
    rows = [f"| **{title}** | | | |"]
    for line in lines:
        what, value, budget, note = line.cells()
        rows.append(f"| {what} | {budget} | {f'**{value}**' if line.over else value} | {note} |")
    return rows


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all values do not exceed; the next larger one that was seen."""
    ordered = sorted(values)
    place = -(-share * len(ordered) // 1) - 1
    return ordered[min(len(ordered) - 1, max(0, int(place)))]


def spread(what: str, seconds: Sequence[float], most: Mapping[str, float]) -> list[Line]:
    """Lines for p50 and p99 of delays, in milliseconds; `most` by the same names, in seconds."""
    shares = {"p50": 0.5, "p99": 0.99}
    return [
        Line(
            what=f"{what}, {name}",
            value=1000 * quantile(seconds, share),
            unit="ms",
            most=1000 * most[name] if name in most else None,
            note=f"{len(seconds)} seen",
        )
        for name, share in shares.items()
    ]


def _plain(value: float) -> str:
    if value == int(value) or value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
