"""Best bid and ask and 24-hour figures of many symbols: one row each, a column of numbers each.

What is not known is NaN. A row is written in place, so whoever reads takes what it needs at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[np.float64]
_MOST_STALE_NS: Final = 120_000_000_000


class ScanTable:
    """Columns of all symbols; `place` says which row a symbol has."""

    def __init__(self, scales: Mapping[str, int]) -> None:
        """`scales` are digits after the point of each symbol's price."""
        count = len(scales)
        self.symbols = tuple(scales)
        self.place = {symbol: number for number, symbol in enumerate(self.symbols)}
        self.scales = tuple(scales.values())
        self.bid, self.bid_qty, self.ask, self.ask_qty = (np.full(count, np.nan) for _ in range(4))
        self.last, self.change_pct, self.quote_volume = (np.full(count, np.nan) for _ in range(3))
        self.ts_received = np.zeros(count, dtype=np.int64)
        """When a row was written last, nanoseconds UTC; 0 before the first time."""
        self.updates = 0

    def __len__(self) -> int:
        return len(self.symbols)

    def quote(self, row: int, bid: float, bid_qty: float, ask: float, ask_qty: float) -> None:
        """Write a row's best bid and ask."""
        self.bid[row] = bid
        self.bid_qty[row] = bid_qty
        self.ask[row] = ask
        self.ask_qty[row] = ask_qty

    def figures(self, row: int, last: float, change_pct: float, quote_volume: float) -> None:
        """Write a row's last price and 24-hour figures."""
        self.last[row] = last
        self.change_pct[row] = change_pct
        self.quote_volume[row] = quote_volume

    def ticker(
        self,
        row: int,
        ts_received: int,
        *,
        touch: tuple[float, float, float, float],
        last: float,
        change_pct: float,
        quote_volume: float,
    ) -> None:
        """Write a whole ticker; `touch` is as `quote` takes it, and none where a price in it is zero."""
        bid, bid_qty, ask, ask_qty = touch
        if bid and ask:
            self.quote(row, bid, bid_qty, ask, ask_qty)
        self.figures(row, last, change_pct, quote_volume)
        self.told(row, ts_received)

    def told(self, row: int, ts_received: int) -> None:
        """Note when a row was written."""
        self.ts_received[row] = ts_received
        self.updates += 1

    def movers(self, count: int, *, now: int) -> list[int]:
        """Rows of the largest moves in 24 hours, the largest first: of those that trade more than half do."""
        known = np.flatnonzero(np.isfinite(self.change_pct) & (self.ts_received > now - _MOST_STALE_NS))
        if not known.size:
            return []
        volumes = self.quote_volume[known]
        busy = known[volumes >= np.nanmedian(volumes)] if np.isfinite(volumes).any() else known
        order = np.argsort(-np.abs(self.change_pct[busy]), kind="stable")
        return [int(row) for row in busy[order[:count]]]
