"""Run the whole plan and print it: python -m tests.exchanges.table [VENUE ...]

A cell says whether every form of a fault holds at a venue; below the table stands what did not hold, and why
a fault can not befall a venue.
"""

from __future__ import annotations

import asyncio
import sys
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tests.captures import CAPTURES
from tests.exchanges.plan.every import NAMES, in_order
from tests.exchanges.plan.fault import Fault
from tests.exchanges.rig import rigged
from tests.exchanges.venues.every import WAYS

Way = tuple[str, str]
PROCESSES = 2
HOLDS, FAILS, NOT_HERE = "holds", "FAILS", "-"


class Verdict(NamedTuple):
    """What came of one form of a fault; `note` is why it fails, or why it can not be."""

    number: int
    name: str
    word: str
    note: str = ""


def judged(way: Way) -> list[Verdict]:
    """The whole plan at one venue, one after the other."""
    return asyncio.run(_judged(way))


async def _judged(way: Way) -> list[Verdict]:
    return [await _verdict(fault, *way) for fault in in_order()]


async def _verdict(fault: Fault, venue: str, through: str) -> Verdict:
    reason = fault.reason(venue, through)
    if reason:
        return Verdict(fault.number, fault.name, NOT_HERE, reason)
    failure = await outcome(fault, venue, through)
    return Verdict(fault.number, fault.name, FAILS if failure else HOLDS, failure)


async def played(fault: Fault, venue: str, through: str, captures: Path | None) -> None:
    """Let a fault befall a feed; raises what does not hold."""
    async with rigged(
        venue,
        captures,
        through=through,
        prepare=fault.prepare,
        settings=fault.settings,
        within_s=fault.within_s,
    ) as rig:
        await fault.act(rig)


async def outcome(fault: Fault, venue: str, through: str) -> str:
    """Empty where a fault is told and survived, else what went wrong."""
    captures: Path | None = CAPTURES if CAPTURES.is_dir() else None
    try:
        await played(fault, venue, through, captures)
    except Exception as error:  # noqa: BLE001 - it becomes a cell
        return f"{type(error).__name__} {error}".splitlines()[0][:80]
    return ""


def lines(ways: Sequence[Way], verdicts: Sequence[Sequence[Verdict]]) -> list[str]:
    """The table, a row a fault and a column a venue, and the notes below it."""
    rows = [" " * 30 + "".join(f"{title(way):>15}" for way in ways)]
    for number, name in NAMES.items():
        cells = [_cell([each for each in column if each.number == number]) for column in verdicts]
        rows.append(f"{number:2} {name:27}" + "".join(f"{cell:>15}" for cell in cells))
    notes: dict[str, list[str]] = defaultdict(list)
    for way, column in zip(ways, verdicts, strict=True):
        for each in column:
            if each.note:
                notes[f"{each.number} {each.name} {each.word} {each.note}"].append(title(way))
    return [*rows, "", *(f"{note} ({', '.join(whose)})" for note, whose in sorted(notes.items()))]


def _cell(forms: Sequence[Verdict]) -> str:
    words = {each.word for each in forms}
    return next(word for word in (FAILS, HOLDS, NOT_HERE) if word in words)


def title(way: Way) -> str:
    venue, through = way
    return venue if through == "native" else f"{venue} {through}"


def main(venues: Sequence[str]) -> int:
    ways = [way for way in WAYS if not venues or way[0] in venues]
    with ProcessPoolExecutor(PROCESSES) as pool:
        verdicts = list(pool.map(judged, ways))
    print("\n".join(lines(ways, verdicts)))
    return any(each.word == FAILS for column in verdicts for each in column)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
