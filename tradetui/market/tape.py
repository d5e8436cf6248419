"""The tape: public prints, their totals, and how fast and one-sided they come.

Work per print is a handful of float operations. Rates come from the totals noted at each new
second of receive time. What needs every print (the list, the volume at a price) is folded from them
when somebody looks, and after so many that the messages themselves do not pile up where nobody does.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from decimal import Decimal
from typing import Final, NamedTuple

from tradetui.domain.market_data import Side, Trade
from tradetui.market.prints import Print, Prints
from tradetui.market.volumes import Volumes

SECOND: Final = 1_000_000_000
MINUTE_S: Final = 60
SIZE_EDGES: Final = (100.0, 1_000.0, 10_000.0, 100_000.0, 1_000_000.0)
"""Borders of the size buckets, in price times quantity; a value on a border is in the upper bucket."""
_BUY, _SELL = Side.BUY, Side.SELL  # looked up once: an enumeration's members are slow to find
_nearest: Final = float.__round__
"""What `round` calls; called by itself it takes half the time."""
_PENDING: Final = 256
"""Messages that wait to be folded: enough that a burst is folded in one go."""
_BIG_SAMPLE: Final = 500
_BIG_SHARE: Final = 0.95


class _Mark(NamedTuple):
    """The totals at the start of a second."""

    second: int
    trades: int
    volume: float
    buy_volume: float
    sell_volume: float


class Tape:
    """The newest prints of one instrument and the totals since its start.

    `quote_volume` is the sum of price times quantity in the instrument's units; `buy_volume` and
    `sell_volume` leave out prints whose aggressor the venue does not say.
    """

    __slots__ = (
        "_big_at",
        "_big_qty",
        "_inverse",
        "_marks",
        "_next_second",
        "_pending",
        "_prints",
        "_volumes",
        "bucket_counts",
        "bucket_volumes",
        "buy_volume",
        "high",
        "last",
        "low",
        "quote_volume",
        "sell_volume",
        "trades",
        "volume",
    )

    def __init__(self, tick_size: Decimal, capacity: int = 2_000) -> None:
        self._inverse = float(1 / tick_size)
        self._prints = Prints(capacity)
        self._pending: list[Trade] = []
        self._volumes = Volumes()
        self._marks: deque[_Mark] = deque(maxlen=MINUTE_S + 1)
        self._next_second = 0
        self._big_at = 0
        self._big_qty = 0.0
        self.trades = 0
        self.volume = 0.0
        self.buy_volume = 0.0
        self.sell_volume = 0.0
        self.quote_volume = 0.0
        self.low: float | None = None
        self.high: float | None = None
        self.last: Trade | None = None
        self.bucket_counts = [0] * (len(SIZE_EDGES) + 1)
        self.bucket_volumes = [0.0] * (len(SIZE_EDGES) + 1)

    def add(self, trade: Trade) -> None:
        """Take in one print."""
        if trade.ts_received >= self._next_second:
            self._mark(trade.ts_received)
        price, qty, aggressor = trade.price, trade.qty, trade.aggressor
        self.trades += 1
        self.volume += qty
        self.quote_volume += price * qty
        if aggressor is _BUY:
            self.buy_volume += qty
        elif aggressor is _SELL:
            self.sell_volume += qty
        if self.low is None or price < self.low:
            self.low = price
        if self.high is None or price > self.high:
            self.high = price
        self.last = trade
        self._pending.append(trade)
        if len(self._pending) >= _PENDING:
            self._fold()

    def __len__(self) -> int:
        self._fold()
        return len(self._prints)

    @property
    def delta(self) -> float:
        """Cumulative volume delta: bought minus sold by aggressors."""
        return self.buy_volume - self.sell_volume

    @property
    def vwap(self) -> float | None:
        """Volume-weighted average price since the start."""
        return self.quote_volume / self.volume if self.volume > 0.0 else None

    def newest(self, count: int, min_qty: float = 0.0) -> list[Print]:
        """Prints of at least `min_qty`, newest first."""
        self._fold()
        return self._prints.newest(count, min_qty)

    def back_to(self, since: int) -> Iterator[Print]:
        """Prints, newest first, down to the first that is older than a moment."""
        self._fold()
        return self._prints.back_to(since)

    def trades_per_second(self, now: int, window_s: int = 10) -> float:
        """Prints a second over the last seconds of receive time (nanoseconds UTC)."""
        mark = self._mark_before(now, window_s)
        return (self.trades - mark.trades) / window_s if mark else 0.0

    def buy_share(self, now: int) -> float:
        """The bought part of the last minute's volume with a known aggressor; 0.5 where there is none."""
        mark = self._mark_before(now, MINUTE_S)
        if mark is None:
            return 0.5
        bought = self.buy_volume - mark.buy_volume
        known = bought + self.sell_volume - mark.sell_volume
        return bought / known if known > 0.0 else 0.5

    def sizes(self) -> list[tuple[int, float]]:
        """Number of prints and their volume for each size bucket, smallest first."""
        self._fold()
        return list(zip(self.bucket_counts, self.bucket_volumes, strict=True))

    def volume_at(self, tick: int) -> float:
        """What was traded at a tick since the start (of the ticks near the market)."""
        return self.volume_in(range(tick, tick + 1))

    def volume_in(self, ticks: range) -> float:
        """What was traded at a range of ticks together."""
        self._fold()
        return self._volumes.within(ticks)

    @property
    def big_qty(self) -> float:
        """The size from which a print is big: the 95th percentile of the newest 500."""
        if self.trades - self._big_at >= _BIG_SAMPLE // 10 or not self._big_at:
            self._fold()
            sizes = sorted(self._prints.qtys(_BIG_SAMPLE))
            self._big_qty = sizes[int(len(sizes) * _BIG_SHARE)] if sizes else 0.0
            self._big_at = self.trades
        return self._big_qty

    def _mark(self, ts: int) -> None:
        """Note the totals before the first print of a new second."""
        second = ts // SECOND
        self._next_second = (second + 1) * SECOND
        self._marks.append(_Mark(second, self.trades, self.volume, self.buy_volume, self.sell_volume))

    def _mark_before(self, now: int, window_s: int) -> _Mark | None:
        """The totals at the first second inside the window that ends now."""
        first = now // SECOND - window_s + 1
        return next((mark for mark in self._marks if mark.second >= first), None)

    def _fold(self) -> None:
        """Add the prints since the last look to the list, the volumes at prices and the size buckets."""
        if not self._pending:
            return
        prices = [trade.price for trade in self._pending]
        qtys = [trade.qty for trade in self._pending]
        self._prints.extend(self._pending, prices, qtys)
        inverse, count_in = self._inverse, self._volumes.add
        counts, volumes = self.bucket_counts, self.bucket_volumes
        for price, qty in zip(prices, qtys, strict=True):
            count_in(_nearest(price * inverse), qty)
            bucket = bisect_right(SIZE_EDGES, price * qty)
            counts[bucket] += 1
            volumes[bucket] += qty
        self._pending.clear()
