"""The candles of one timeframe: closed ones in a ring, and the open one in its parts."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import Final

import numpy as np

from tradetui.domain.market_data import Candle, Timeframe
from tradetui.market.bars import COLUMNS, SECOND, Bars, row_of
from tradetui.market.ring import Ring

_LATEST: Final = 64
"""So many of the newest closed candles are also kept as they are: whoever follows them reads these."""


class CandleSeries:
    """The candles of one timeframe, built from those of a shorter one, its child.

    `closed_count` grows by one with each candle that closes; `generation` changes when history was
    replaced, so that whoever derives from the closed candles starts again.
    """

    __slots__ = ("_child", "_latest", "_parents", "_partial", "_ring", "generation", "length", "timeframe")

    def __init__(self, timeframe: Timeframe, capacity: int, *, child: CandleSeries | None = None) -> None:
        self.timeframe = timeframe
        self.length = timeframe.seconds * SECOND
        self.generation = 0
        self._ring = Ring(COLUMNS, capacity)
        self._latest: deque[Candle] = deque(maxlen=min(_LATEST, capacity))
        self._partial: Candle | None = None
        self._child = child
        self._parents: list[CandleSeries] = []
        if child is not None:
            child._parents.append(self)  # noqa: SLF001  # parent and child are of one class

    def __len__(self) -> int:
        return len(self._ring)

    @property
    def closed_count(self) -> int:
        """How many candles have closed so far, those that left the ring included."""
        return self._ring.appended

    @property
    def version(self) -> tuple[int, int]:
        """Changes exactly when the closed candles change."""
        return self.generation, self._ring.appended

    @property
    def bars(self) -> Bars:
        """The closed candles as columns, oldest first; views, valid until the next trade."""
        return Bars.from_rows(self._ring.rows())

    def closed(self, count: int, offset: int = 0) -> list[Candle]:
        """The newest closed candles, oldest first; `offset` leaves out so many of the newest."""
        latest = self._latest
        if not offset and 0 < count <= len(latest):
            return [latest[-1]] if count == 1 else list(islice(latest, len(latest) - count, None))
        last = max(0, len(self._ring) - offset)
        return self.bars.candles(max(0, last - count), last)

    @property
    def open(self) -> Candle | None:
        """The candle that is forming, with every trade so far; None before the first trade."""
        young = self._child.open if self._child is not None else None
        if young is None:
            return self._partial
        return _aligned(young, self.length) if self._partial is None else _merged(self._partial, young)

    @property
    def last_close(self) -> float | None:
        """The close of the newest closed candle."""
        return self._latest[-1].close if self._latest else None

    @property
    def closed_until(self) -> int:
        """The end of the newest closed candle, nanoseconds UTC; 0 without one."""
        return self._latest[-1].open_ts + self.length if self._latest else 0

    def turn(self, ts: int) -> None:
        """Close what ended before a moment, here and in longer timeframes, and fill up to it."""
        start = ts - ts % self.length
        held = self._partial
        if held is not None and held.open_ts == start:
            return
        if held is not None:
            self._close(held)
            for parent in self._parents:
                parent.merge(held)
        self._fill_until(start)
        for parent in self._parents:
            parent.turn(ts)

    def late(self, print_candle: Candle, now: int) -> None:
        """Count a late trade in the shortest timeframes whose open period it falls in."""
        start = now - now % self.length
        if print_candle.open_ts < start:
            for parent in self._parents:
                parent.late(print_candle, now)
        elif self._partial is None:
            self._partial = _aligned(print_candle, self.length)
        else:
            self._partial = _widened(self._partial, print_candle)

    def replace(self, candles: list[Candle]) -> None:
        """Put history in the place of what is known up to its end; newer closed candles stay."""
        forming = self.open
        known = {c.open_ts: c for c in candles if forming is None or c.open_ts < forming.open_ts}
        if not known:
            return
        fresh = [known[ts] for ts in sorted(known)]
        if forming is None and fresh[0].open_ts == self.closed_until:
            for candle in fresh:  # history that goes on where it ended, as a file of candles does
                self._fill_until(candle.open_ts)
                self._append(candle)
            return
        newer = [c for c in self.bars.candles() if c.open_ts > fresh[-1].open_ts]
        self.generation += 1
        self._ring.clear()
        self._latest.clear()
        for candle in fresh + newer:
            self._fill_until(candle.open_ts)
            self._append(candle)

    def continue_from_child(self) -> None:
        """Before the first trade: build from the child's history what this one's does not reach."""
        self._partial = None
        if self._child is None:
            return
        until, is_whole = self.closed_until, len(self._ring) > 0
        for candle in self._child.closed(len(self._child)):
            is_whole = is_whole or candle.open_ts % self.length == 0
            if is_whole and candle.open_ts >= until and candle.volume:  # one without a trade has no open
                self._push(candle)
        self._close_before(self._child.open)

    def _close_before(self, forming: Candle | None) -> None:
        """Close the open period where the child's forming candle belongs to a later one."""
        held = self._partial
        if forming is not None and held is not None and forming.open_ts >= held.open_ts + self.length:
            self._close(held)

    def _push(self, candle: Candle) -> None:
        """Take in a closed candle of the child without telling longer timeframes."""
        start = candle.open_ts - candle.open_ts % self.length
        if self._partial is not None and self._partial.open_ts != start:
            self._close(self._partial)
        self._fill_until(start)
        self.merge(candle)

    def _close(self, candle: Candle) -> None:
        self._append(candle)
        self._partial = None

    def _append(self, candle: Candle) -> None:
        self._latest.append(candle)
        self._ring.append(row_of(candle))

    def merge(self, candle: Candle) -> None:
        """Take in a closed candle of the child that belongs to the open period."""
        held = self._partial
        self._partial = _aligned(candle, self.length) if held is None else _merged(held, candle)

    def _fill_until(self, start: int) -> None:
        """Carry the close through the periods that had no trade, as many as the ring can keep."""
        until = self.closed_until
        if not until or until >= start:
            return
        close = self._latest[-1].close
        times = range(max(until, start - self._ring.capacity * self.length), start, self.length)
        if len(times) > _LATEST:  # minutes without a trade, in seconds
            rows = np.zeros((COLUMNS, len(times)))
            rows[0] = np.arange(times.start, times.stop, times.step) // SECOND
            rows[1:5] = close
            self._ring.extend(rows)
            self._latest.extend(Candle(ts, close, close, close, close, 0.0) for ts in times[-_LATEST:])
            return
        for open_ts in times:
            self._append(Candle(open_ts, close, close, close, close, 0.0))


class SecondSeries(CandleSeries):
    """The shortest timeframe, built from trades; its open candle is kept in plain numbers."""

    __slots__ = ("_close_price", "_delta", "_first", "_high", "_low", "_trades", "_volume", "end", "start")

    def __init__(self, timeframe: Timeframe, capacity: int) -> None:
        super().__init__(timeframe, capacity)
        self.start = 0
        self.end = 0
        self._trades = 0

    def begin(self, ts: int, price: float, qty: float, delta: float) -> None:
        """Start a period with its first trade."""
        self.start = ts - ts % self.length
        self.end = self.start + self.length
        self._first = self._high = self._low = self._close_price = price
        self._volume, self._delta, self._trades = qty, delta, 1

    def add(self, price: float, qty: float, delta: float) -> None:
        """Take in a further trade of the open period."""
        if price > self._high:
            self._high = price
        elif price < self._low:
            self._low = price
        self._close_price = price
        self._volume += qty
        self._delta += delta
        self._trades += 1

    @property
    def open(self) -> Candle | None:
        """The candle that is forming; None before the first trade."""
        if not self._trades:
            return None
        return Candle(
            self.start,
            self._first,
            self._high,
            self._low,
            self._close_price,
            self._volume,
            self._trades,
            self._delta,
        )

    def turn(self, ts: int) -> None:
        """Close the open period; the next trade begins another."""
        self._partial = self.open
        self._trades = 0
        super().turn(ts)


def _aligned(candle: Candle, length: int) -> Candle:
    """The same trades as the beginning of a longer period."""
    start = candle.open_ts - candle.open_ts % length
    return Candle(
        start,
        candle.open,
        candle.high,
        candle.low,
        candle.close,
        candle.volume,
        candle.trades,
        candle.delta,
    )


def _merged(older: Candle, newer: Candle) -> Candle:
    """Both together, under the older one's time."""
    return Candle(
        older.open_ts,
        older.open,
        max(older.high, newer.high),
        min(older.low, newer.low),
        newer.close,
        older.volume + newer.volume,
        older.trades + newer.trades,
        older.delta + newer.delta,
    )


def _widened(held: Candle, late: Candle) -> Candle:
    """A candle with a late trade in it: open and close stay."""
    return Candle(
        held.open_ts,
        held.open,
        max(held.high, late.high),
        min(held.low, late.low),
        held.close,
        held.volume + late.volume,
        held.trades + late.trades,
        held.delta + late.delta,
    )
