"""The newest prints in columns: 25 bytes a print, where the message that brought it takes 200."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple

from tradetui.domain.market_data import Side, Trade

_BUY: Final = Side.BUY  # looked up once: an enumeration's members are slow to find
_AGGRESSORS: Final = (None, Side.BUY, Side.SELL)
"""By the sign that the column of sides holds: 0, 1 and -1."""


class Print(NamedTuple):
    """What is kept of a public print; `ts` is the exchange's time, the receive time where there is none."""

    ts: int
    price: float
    qty: float
    aggressor: Side | None


class Prints:
    """At most `capacity` prints; the columns grow to twice of that before the oldest half is cut off."""

    __slots__ = ("_capacity", "_prices", "_qtys", "_sides", "_times")

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._times = array("q")
        self._prices = array("d")
        self._qtys = array("d")
        self._sides = array("b")

    def __len__(self) -> int:
        return min(self._capacity, len(self._times))

    def extend(self, trades: Sequence[Trade], prices: list[float], qtys: list[float]) -> None:
        """Take in prints, oldest first, with their prices and sizes, which the caller has taken out."""
        self._times.extend([trade.ts_exchange or trade.ts_received for trade in trades])
        self._sides.extend(
            [1 if (side := trade.aggressor) is _BUY else 0 if side is None else -1 for trade in trades]
        )
        self._prices.extend(prices)
        self._qtys.extend(qtys)
        if len(self._times) > 2 * self._capacity:
            for column in (self._times, self._prices, self._qtys, self._sides):
                del column[: -self._capacity]

    def newest(self, count: int, min_qty: float = 0.0) -> list[Print]:
        """Prints of at least `min_qty`, newest first."""
        last = len(self._times) - 1
        places: Iterable[int] = range(last, last - len(self), -1)
        if min_qty > 0.0:
            places = (place for place in places if self._qtys[place] >= min_qty)
        return [self._at(place) for place in islice(places, count)]

    def back_to(self, since: int) -> Iterator[Print]:
        """Prints, newest first, down to the first that is older than a moment."""
        last = len(self._times) - 1
        for place in range(last, last - len(self), -1):
            if self._times[place] < since:
                return
            yield self._at(place)

    def qtys(self, count: int) -> Sequence[float]:
        """The sizes of the newest prints."""
        return self._qtys[-min(count, len(self)) :] if count and self._qtys else ()

    def _at(self, place: int) -> Print:
        side = _AGGRESSORS[self._sides[place]]
        return Print(self._times[place], self._prices[place], self._qtys[place], side)
