"""How a market stands after the messages so far: what somebody who begins there has to be told.

Assumptions. Of the past only candles of a second and of a minute are kept, cut by the exchange's trade
time; longer ones are built from those of a minute. A late print changes no candle that has closed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from tradetui.domain.market_data import (
    BestQuote,
    BookDelta,
    BookSnapshot,
    Candle,
    CandleHistory,
    ClockTick,
    FeedStatus,
    FundingRate,
    InstrumentListed,
    MarketMessage,
    MarkPrice,
    MissedTrades,
    OpenInterest,
    Ticker,
    Timeframe,
    Trade,
)

CUT: Final = (Timeframe.S1, Timeframe.M1)
"""The candles that are cut from prints."""
_KEPT: Final = 2_000
_SECOND: Final = 1_000_000_000
_NEWEST: Final = (FeedStatus, BestQuote, MarkPrice, Ticker, FundingRate, OpenInterest)
"""Kinds of which the newest one says everything."""
Level = tuple[float, float]
Rows = dict[str, dict[Timeframe, list[Candle]]]
"""Candles by symbol and timeframe, oldest first."""


class Cutter:
    """Candles of one length, made of prints."""

    def __init__(self, timeframe: Timeframe) -> None:
        self._length = timeframe.seconds * _SECOND
        self._open: list[float] = []
        self._start = self._end = 0

    def add(self, ts: int, price: float, qty: float, delta: float) -> Candle | None:
        """Take a print in; the candle before it, where the print begins another."""
        if ts < self._end:
            if ts >= self._start:
                self._grow(price, qty, delta)
            return None
        closed = self.candle()
        self._start = ts - ts % self._length
        self._end = self._start + self._length
        self._open = [price, price, price, price, qty, 1, delta]
        return closed

    def _grow(self, price: float, qty: float, delta: float) -> None:
        candle = self._open
        candle[1] = max(candle[1], price)
        candle[2] = min(candle[2], price)
        candle[3] = price
        candle[4] += qty
        candle[5] += 1
        candle[6] += delta

    def resume(self, candle: Candle) -> None:
        """Go on with one that was forming."""
        self._start, self._end = candle.open_ts, candle.open_ts + self._length
        prices = (candle.open, candle.high, candle.low, candle.close)
        self._open = [*prices, candle.volume, candle.trades, candle.delta]

    def candle(self) -> Candle | None:
        """The one that is forming; None before the first print."""
        if not self._open:
            return None
        first, high, low, last, volume, trades, delta = self._open
        return Candle(self._start, first, high, low, last, volume, int(trades), delta)


class _Symbol:
    """One symbol's part."""

    def __init__(self, listed: InstrumentListed) -> None:
        self.listed = listed
        self.newest: dict[type, MarketMessage] = {}
        self.book: tuple[dict[float, float], dict[float, float]] | None = None
        self.update_id = 0
        self.ts_book = 0
        self.cutters = {timeframe: Cutter(timeframe) for timeframe in CUT}
        self.history: dict[Timeframe, deque[Candle]] = {}
        self.second: list[Trade] = []
        """The prints of the second that is forming."""

    def take_book(self, message: BookSnapshot | BookDelta) -> None:
        """Follow the book."""
        if isinstance(message, BookSnapshot):
            self.book = ({}, {})
        if self.book is None:
            return
        self.update_id, self.ts_book = message.update_id, message.ts_exchange
        for side, levels in zip(self.book, (message.bids, message.asks), strict=True):
            for price, qty in levels:
                if qty:
                    side[price] = qty
                else:
                    side.pop(price, None)

    def take_trade(self, trade: Trade) -> None:
        """Cut candles."""
        ts = trade.ts_exchange or trade.ts_received
        delta = 0.0 if trade.aggressor is None else trade.qty * trade.aggressor.sign
        if not self.cutters[Timeframe.M1].candle():
            self._begin_minute(ts - ts % (60 * _SECOND))
        for timeframe, cutter in self.cutters.items():
            closed = cutter.add(ts, trade.price, trade.qty, delta)
            if closed is not None:
                self.keep(timeframe, [closed])
                self.second = [] if timeframe is Timeframe.S1 else self.second
        self.second.append(trade)

    def _begin_minute(self, start: int) -> None:
        """The minute of the first print may have begun before it: known seconds are part of it."""
        seconds = [c for c in self.history.get(Timeframe.S1, ()) if c.open_ts >= start]
        if seconds:
            minute = _sum(start, seconds)
            self.cutters[Timeframe.M1].resume(minute)

    def keep(self, timeframe: Timeframe, candles: list[Candle]) -> None:
        """Remember closed candles behind those known, or in their place."""
        known = self.history.setdefault(timeframe, deque(maxlen=_KEPT))
        if candles and known and known[-1].open_ts >= candles[0].open_ts:
            older = [candle for candle in known if candle.open_ts < candles[0].open_ts]
            newer = [candle for candle in known if candle.open_ts > candles[-1].open_ts]
            known.clear()
            candles = [*older, *candles, *newer]
        known.extend(candles)

    def known(self, timeframe: Timeframe) -> list[Candle]:
        """Closed candles, and the one that is forming."""
        candles = list(self.history.get(timeframe, ()))
        forming = self.cutters[timeframe].candle() if timeframe in CUT else None
        if forming is not None and (not candles or candles[-1].open_ts < forming.open_ts):
            candles.append(forming)
        return candles

    def histories(self, ts: int) -> Iterator[CandleHistory]:
        """Closed candles; not those of timeframes that end before the shorter ones they are made of begin."""
        for timeframe, known in self.history.items():
            length = timeframe.seconds * _SECOND
            candles = [candle for candle in known if candle.open_ts + length <= ts]
            made_of = self.history.get(Timeframe.S1 if timeframe.seconds < 60 else Timeframe.M1, ())
            reaches = not made_of or (candles and candles[-1].open_ts + length >= made_of[0].open_ts)
            if candles and reaches:
                yield CandleHistory(self.listed.symbol, timeframe, candles, ts)

    def snapshot(self, ts: int) -> BookSnapshot | None:
        """The book as it stands; None where none is known."""
        if self.book is None:
            return None
        bids, asks = sorted(self.book[0].items(), reverse=True), sorted(self.book[1].items())
        return BookSnapshot(self.listed.symbol, self.ts_book, ts, bids, asks, self.update_id)


def summed(candles: list[Candle], length: int) -> list[Candle]:
    """Candles of a longer timeframe, from the first period that is known from its beginning."""
    groups: dict[int, list[Candle]] = {}
    for candle in candles:
        groups.setdefault(candle.open_ts - candle.open_ts % length, []).append(candle)
    if candles and candles[0].open_ts % length:
        groups.pop(candles[0].open_ts - candles[0].open_ts % length)
    return [_sum(start, group) for start, group in groups.items()]


def _sum(start: int, group: list[Candle]) -> Candle:
    return Candle(
        start,
        group[0].open,
        max(candle.high for candle in group),
        min(candle.low for candle in group),
        group[-1].close,
        sum(candle.volume for candle in group),
        sum(candle.trades for candle in group),
        sum(candle.delta for candle in group),
    )


class Standing:
    """Every symbol of a recording."""

    def __init__(self) -> None:
        self._symbols: dict[str, _Symbol] = {}

    def take(self, message: MarketMessage) -> None:
        """Follow one message."""
        if isinstance(message, InstrumentListed):
            self._symbols.setdefault(message.symbol, _Symbol(message)).listed = message
            return
        symbol = None if isinstance(message, ClockTick) else self._symbols.get(message.symbol)
        if symbol is not None:
            self._follow(symbol, message)

    def _follow(self, symbol: _Symbol, message: MarketMessage) -> None:
        if isinstance(message, BookDelta | BookSnapshot):
            symbol.take_book(message)
        elif isinstance(message, Trade):
            symbol.take_trade(message)
        elif isinstance(message, MissedTrades):
            for trade in message.trades:
                symbol.take_trade(trade)
        elif isinstance(message, CandleHistory):
            symbol.keep(message.timeframe, message.candles)
        elif isinstance(message, _NEWEST):
            symbol.newest[type(message)] = message

    def keep(self, rows: Mapping[str, Mapping[Timeframe, list[Candle]]]) -> None:
        """Remember closed candles that were cut before."""
        for symbol, candles_of in rows.items():
            if symbol in self._symbols:
                for timeframe, candles in candles_of.items():
                    self._symbols[symbol].keep(timeframe, candles)

    def resume(self, forming: Mapping[str, Mapping[Timeframe, Candle]]) -> None:
        """Go on with candles that were forming."""
        for symbol, candle_of in forming.items():
            if symbol in self._symbols:
                for timeframe, candle in candle_of.items():
                    self._symbols[symbol].cutters[timeframe].resume(candle)

    def forming(self) -> dict[str, dict[Timeframe, Candle]]:
        """The candles that are forming."""
        return {
            name: {tf: candle for tf, cutter in symbol.cutters.items() if (candle := cutter.candle())}
            for name, symbol in self._symbols.items()
        }

    def state(self, ts: int) -> Iterator[MarketMessage]:
        """Instruments, books and the newest of everything, without candles, as of a moment."""
        for symbol in self._symbols.values():
            yield msgspec.structs.replace(symbol.listed, ts_received=ts)
            yield from symbol.second
            yield from self._live(symbol, ts)

    def opening(self, ts: int) -> Iterator[MarketMessage]:
        """The same with the candles that led there."""
        for symbol in self._symbols.values():
            yield msgspec.structs.replace(symbol.listed, ts_received=ts)
            yield from symbol.histories(ts)
            for trade in symbol.second:  # as received before, it would seem that the recording starts again
                yield msgspec.structs.replace(trade, ts_received=ts)
            yield from self._live(symbol, ts)

    def _live(self, symbol: _Symbol, ts: int) -> Iterator[MarketMessage]:
        snapshot = symbol.snapshot(ts)
        if snapshot is not None:
            yield snapshot
        for message in symbol.newest.values():
            yield msgspec.structs.replace(message, ts_received=ts)

    def candles(self, symbol: str, timeframe: Timeframe, ts: int) -> list[Candle]:
        """Closed candles before a moment, oldest first: recorded ones, then those made of shorter ones."""
        known = self._symbols.get(symbol)
        if known is None:
            return []
        length = timeframe.seconds * _SECOND
        found = [c for c in known.known(timeframe) if c.open_ts + length <= ts]
        if timeframe in CUT:
            return found
        shorter = Timeframe.S1 if timeframe.seconds < 60 else Timeframe.M1
        begins = found[-1].open_ts + length if found else 0
        made_of = [c for c in known.known(shorter) if c.open_ts >= begins]
        made = [c for c in summed(made_of, length) if c.open_ts + length <= ts]
        if found and made and made[0].open_ts != begins:
            return made
        return found + made

    def closed_since(self, marks: dict[tuple[str, Timeframe], int]) -> Rows:
        """Candles that have closed, or became known, since the last call with the same marks."""
        rows: Rows = {}
        for name, symbol in self._symbols.items():
            for timeframe, known in symbol.history.items():
                mark = marks.get((name, timeframe), 0)
                fresh = [candle for candle in known if candle.open_ts > mark]
                if fresh:
                    marks[name, timeframe] = fresh[-1].open_ts
                    rows.setdefault(name, {})[timeframe] = fresh
        return rows
