"""What we had taken of the displayed book before a restart, as the fills tell it (section 7.2).

A restart is a resync: it refills no level that we took from. How the level changed between our last fill
and the restart nobody wrote down, so what we took counts whole until the level is seen smaller than it
was at that fill, for an hour at most.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tradetui.domain.fill import Evidence, Fill
from tradetui.engine.desk import Desk

KEPT_NS: Final = 3_600_000_000_000
_DISPLAYED: Final = (Evidence.BOOK_LEVEL, Evidence.CROSSED_BOOK, Evidence.CROSSED_QUOTE)


def restore_consumption(desk: Desk, fills: Iterable[Fill]) -> None:
    """Count the newest taking of each level again; fills come oldest first."""
    instrument = desk.instrument
    for fill in fills:
        receipt = fill.receipt
        price = receipt.level if receipt.evidence is Evidence.CROSSED_QUOTE else fill.price
        if fill.symbol != desk.symbol or receipt.evidence not in _DISPLAYED or price is None:
            continue
        desk.matcher.remember(
            fill.side.opposite,
            instrument.to_ticks(price),
            lots=instrument.to_lots(receipt.consumed_after),
            displayed=instrument.to_lots(receipt.displayed),
            until=fill.ts + KEPT_NS,
        )
        desk.tracked = True
