"""The simulated market as a feed: several instruments on one clock of its own.

Its fair prices are a function of seed and time (`path`), so history and a restart need no more than
the clock; the order flow around them is drawn anew after a restart. The clock starts at the given
time, runs with the wall's pace, is saved about once a second, and goes on from there at the next
start, two seconds later at least, so that it never goes back behind what was delivered before a
crash. Nothing here reacts to our orders.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import exp
from pathlib import Path
from random import Random
from typing import Final

import numpy as np

from tradetui.domain.instrument import InstrumentKind
from tradetui.domain.market_data import (
    Candle,
    CandleHistory,
    FeedState,
    FeedStatus,
    FundingRate,
    FundingSettled,
    InstrumentListed,
    MarketMessage,
    MarkPrice,
    MissedCandles,
    Missing,
    Ticker,
    Timeframe,
)
from tradetui.feeds.protocol import Sink
from tradetui.feeds.simulated.funding import EVERY_NS, next_time, rate_of
from tradetui.feeds.simulated.history import bars_until, candles_before, candles_of
from tradetui.feeds.simulated.listing import LISTINGS, Listing
from tradetui.feeds.simulated.market import SimMarket
from tradetui.feeds.simulated.path import STEP_NS, STEPS_PER_S, Floats, Index, PricePath
from tradetui.feeds.simulated.saved import SavedMarket, load, save
from tradetui.feeds.simulated.scenario import Conditions, Scenario, conditions

_SECOND_NS: Final = 1_000_000_000
_CHUNK: Final = 512
_FIRST_SEED: Final = 1
_BASIS_SIGMA: Final = 0.0006
_RESUME_NS: Final = 2 * _SECOND_NS
_SAVE_EVERY_S: Final = 1.0
_TICKER_STEPS: Final = 5 * STEPS_PER_S
_MOST_BEHIND_S: Final = 2.0
_FUNDING_STEPS: Final = 60 * STEPS_PER_S
_DAY_STEPS: Final = 86_400 * STEPS_PER_S
_TURN_NS: Final = 4_000_000
_MINUTE_NS: Final = 60 * _SECOND_NS
_MISSED_STEPS: Final = 3_600 * STEPS_PER_S
"""So far back it tells what an outage was like; none of its own is as long."""


class _Fair:
    """The fair price of one symbol, computed ahead a minute at a time."""

    def __init__(self, listing: Listing, *, seed: int, underlying: int) -> None:
        self._start_price = listing.start_price
        self._path = PricePath(seed * 1_009 + underlying, listing.daily_sigma)
        is_perp = listing.instrument.kind is not InstrumentKind.SPOT
        self._basis = PricePath(seed * 1_009 + 500 + underlying, _BASIS_SIGMA) if is_perp else None
        self._chunk = -1
        self._values: list[float] = []

    def at(self, index: Index) -> Floats:
        """The logarithm of the price relative to its middle at each index."""
        values = self._path.at(index)
        return values + self._basis.at(index) if self._basis else values

    def one(self, index: int) -> float:
        """The same at one index."""
        chunk, place = divmod(index, _CHUNK)
        if chunk != self._chunk:
            self._chunk = chunk
            self._values = self.at(chunk * _CHUNK + np.arange(_CHUNK, dtype=np.int64)).tolist()
        return self._values[place]

    def premium(self, index: int) -> float:
        """How far the perpetual lies above its index, as a fraction; zero on spot."""
        return float(self._basis.at(np.array([index], dtype=np.int64))[0]) if self._basis else 0.0


class _Symbol:
    """One instrument in play."""

    def __init__(self, listing: Listing, *, seed: int, number: int, underlying: int) -> None:
        self.listing = listing
        self.name = listing.instrument.symbol
        self.number = number
        self.fair = _Fair(listing, seed=seed, underlying=underlying)
        self.market = SimMarket(listing, Random(seed))  # noqa: S311  (a market, no secret)
        self.offset = 0.0
        self.start_value = 0.0
        self.funded_ts = 0
        """The funding time that was told last."""

    def log_price(self, index: int, now: Conditions) -> float:
        """The logarithm of the fair price: the path, its swing scaled, and the scenario's shift."""
        value = self.fair.one(index)
        return self.start_value + (value - self.start_value) * now.volatility + self.offset + now.shift

    def price(self, index: int, now: Conditions) -> float:
        """The fair price."""
        return self.listing.start_price * exp(self.log_price(index, now))


class SimulatedFeed:
    """Deterministic from seed, scenario and start; `open` and `advance` drive it without a wall clock."""

    own_clock = True
    missing: Callable[[str], Missing | None] = staticmethod(lambda _symbol: None)
    """Says what has to be known of a lost time."""

    def __init__(
        self,
        seed: int | None = None,
        *,
        scenario: Scenario | str = Scenario.NORMAL,
        state_path: Path | None = None,
        speed: float = 1.0,
        start_ts: int | None = None,
        not_before: int = 0,
        symbols: Sequence[str] | None = None,
    ) -> None:
        """Make the market; a state file at `state_path` decides over clock and prices.

        Args:
            seed: Same seed, same start: same messages; None is the saved market's, else 1.
            scenario: What is out of the ordinary.
            state_path: Where clock and prices are kept; None keeps nothing.
            speed: A multiple of real time.
            start_ts: The clock at the first start, nanoseconds UTC; None is the wall's.
            not_before: The clock starts at this time at least: the newest of the journal.
            symbols: Which instruments, the default one first; None is all of them.

        Raises:
            ValueError: An unknown scenario or symbol.
        """
        self.scenario = Scenario(scenario)
        self.notes: tuple[str, ...] = ()
        """Sentences about a state file that could not be used."""
        self._speed = speed
        self._state_path = state_path
        saved = self._load()
        if seed is None:
            seed = saved.seed if saved else _FIRST_SEED
        self._seed = seed
        self._symbols = _chosen(seed, symbols)
        start = saved.ts + _RESUME_NS if saved else start_ts if start_ts is not None else time.time_ns()
        self._first = self._index = -(-max(start, not_before) // STEP_NS)
        self._set_off(saved.offsets if saved and saved.seed == seed else {})
        self._feed_state = FeedState.CONNECTING
        self._feed_retry = 0.0

    def _set_off(self, offsets: Mapping[str, float]) -> None:
        """Every symbol at the clock's place on its path."""
        for symbol in self._symbols:
            symbol.offset = offsets.get(symbol.name, 0.0)
            symbol.start_value = symbol.fair.one(self._index)
            chance = Random(f"{self._seed} {symbol.name} {self._index}")  # noqa: S311  (a market, no secret)
            symbol.market = SimMarket(symbol.listing, chance)

    def _load(self) -> SavedMarket | None:
        if self._state_path is None:
            return None
        saved, note = load(self._state_path)
        self.notes = (note,) if note else ()
        return saved

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols in play, the default one first."""
        return tuple(symbol.name for symbol in self._symbols)

    @property
    def ts(self) -> int:
        """The market's clock, nanoseconds UTC."""
        return self._index * STEP_NS

    def open(self) -> Iterator[MarketMessage]:
        """The messages of a start: instruments, 500 candles of every timeframe, books."""
        ts, now = self.ts, conditions(self.scenario, 0.0)
        for symbol in self._symbols:
            yield InstrumentListed(symbol.listing.instrument, ts)
            yield FeedStatus(symbol.name, ts, FeedState.CONNECTING, "loading history")
        for symbol in self._symbols:
            yield from self._history(symbol, ts)
            yield symbol.market.open(symbol.price(self._index, now), self._index, ts)
            yield FeedStatus(symbol.name, ts, FeedState.STREAMING, "".join(self.notes))
            yield self._ticker(symbol, ts)
            yield from self._mark(symbol, now, ts)
            yield from self._funding(symbol, ts, now)
        self._feed_state = FeedState.STREAMING

    def _history(self, symbol: _Symbol, ts: int) -> Iterator[CandleHistory]:
        listing = symbol.listing
        path, offset = symbol.fair, symbol.offset
        bars = bars_until(
            listing, path, ts // _SECOND_NS, offset=offset, seed=self._seed * 97 + symbol.number
        )
        for timeframe in Timeframe:
            yield CandleHistory(symbol.name, timeframe, candles_of(bars, timeframe, listing=listing), ts)

    def _missed(self, symbol: _Symbol, ts: int) -> Iterator[MissedCandles]:
        """The minutes that nobody watched: each price takes the same path."""
        missing = self.missing(symbol.name)
        if missing is not None:
            candles = list(self._minutes(symbol, missing.since))
            for kind in missing.kinds if candles else ():
                yield MissedCandles(symbol.name, ts, kind, candles)

    def _minutes(self, symbol: _Symbol, since: int) -> Iterator[Candle]:
        start, length = since - since % _MINUTE_NS, _MINUTE_NS // STEP_NS
        for first in range(max(start // STEP_NS, self._index - _MISSED_STEPS), self._index, length):
            steps = range(first, min(first + length, self._index) + 1, STEPS_PER_S)
            prices = [self._price_at(symbol, step) for step in steps]
            opened, closed = prices[0], prices[-1]
            yield Candle(first * STEP_NS, opened, max(prices), min(prices), closed, 0.0)

    def _price_at(self, symbol: _Symbol, index: int) -> float:
        now = conditions(self.scenario, max(0, index - self._first) / STEPS_PER_S)
        return float(symbol.listing.instrument.price_from_float(symbol.price(index, now)))

    async def candles_before(self, symbol: str, timeframe: Timeframe, ts: int, count: int) -> list[Candle]:
        """Older candles, from the path that the prices take."""
        each = next(each for each in self._symbols if each.name == symbol)
        return candles_before(
            each.listing,
            each.fair,
            ts // _SECOND_NS,
            timeframe=timeframe,
            count=count,
            offset=each.offset,
            seed=self._seed * 97 + each.number,
        )

    def advance(self) -> Iterator[MarketMessage]:
        """The messages of the next eighth of a second."""
        self._index += 1
        now = conditions(self.scenario, (self._index - self._first) / STEPS_PER_S)
        if now.silent:
            yield from self._fault(now)
            return
        returned = self._feed_state is not FeedState.STREAMING
        self._feed_state = FeedState.STREAMING
        for symbol in self._symbols:
            ts = self.ts + symbol.number * _TURN_NS
            if returned:
                yield from self._missed(symbol, ts)
                yield symbol.market.open(symbol.price(self._index, now), self._index, ts)
                yield FeedStatus(symbol.name, ts, FeedState.STREAMING)
            elif self._index % symbol.listing.stride == 0:
                yield from symbol.market.step(symbol.price(self._index, now), self._index, ts, now=now)
            if self._index % STEPS_PER_S == 0:
                yield from self._mark(symbol, now, ts)
            if self._index % _TICKER_STEPS == 0:
                yield self._ticker(symbol, ts)
            if self._index % _FUNDING_STEPS == 0:
                yield from self._funding(symbol, ts, now)

    def _fault(self, now: Conditions) -> Iterator[FeedStatus]:
        """Say once that the data froze or the connection went; nothing else comes meanwhile."""
        if now.feed is not FeedState.STREAMING and (now.feed, now.retry_s) != (
            self._feed_state,
            self._feed_retry,
        ):
            self._feed_state, self._feed_retry = now.feed, now.retry_s
            for symbol in self._symbols:
                yield FeedStatus(symbol.name, self.ts, now.feed, now.text, now.retry_s)

    def _mark(self, symbol: _Symbol, now: Conditions, ts: int) -> Iterator[MarkPrice]:
        if symbol.listing.instrument.kind is not InstrumentKind.SPOT:
            mark = float(symbol.listing.instrument.price_from_float(symbol.price(self._index, now)))
            yield MarkPrice(symbol.name, ts, ts, mark, mark)

    def _funding(self, symbol: _Symbol, ts: int, now: Conditions) -> Iterator[FundingRate | FundingSettled]:
        """The rate to come; and once the official one of the funding time that has passed."""
        instrument, due = symbol.listing.instrument, next_time(self.ts) - EVERY_NS
        if instrument.kind is InstrumentKind.SPOT:
            return
        if due > symbol.funded_ts:
            symbol.funded_ts, index = due, due // STEP_NS
            mark = float(instrument.price_from_float(symbol.price(index, now)))
            yield FundingSettled(symbol.name, due, ts, rate_of(symbol.fair.premium(index)), mark)
        rate = rate_of(symbol.fair.premium(self._index))
        yield FundingRate(symbol.name, ts, ts, rate, next_time(self.ts))

    def _ticker(self, symbol: _Symbol, ts: int) -> Ticker:
        """Statistics of the last 24 hours, from the path and the usual activity."""
        listing = symbol.listing
        before = float(symbol.fair.at(np.array([self._index - _DAY_STEPS], dtype=np.int64))[0])
        day_ago = listing.start_price * exp(before + symbol.offset)
        last = symbol.market.last_price
        lots = listing.orders_per_s * listing.order_lots * 1.8 * 86_400
        volume = lots * float(listing.instrument.lot_size) * last
        return Ticker(symbol.name, ts, last, (last / day_ago - 1) * 100, volume)

    async def run(self, sink: Sink) -> None:
        """Deliver at the wall's pace until canceled; keeps the clock in the state file."""
        for message in self.open():
            sink(message)
            if isinstance(message, Ticker):
                await asyncio.sleep(0)
        try:
            await self._run_clock(sink)
        finally:
            self.save()

    async def _run_clock(self, sink: Sink) -> None:
        anchor, first = time.monotonic(), self._index
        saved_at = 0.0
        while True:
            wall = time.monotonic()
            due = first + (wall - anchor) * self._speed * STEPS_PER_S
            if due - self._index > _MOST_BEHIND_S * self._speed * STEPS_PER_S:
                anchor, first, due = wall, self._index, self._index  # the machine slept: go on from here
            while self._index < int(due):
                for message in self.advance():
                    sink(message)
                await asyncio.sleep(0)
            if wall - saved_at >= _SAVE_EVERY_S:
                saved_at = wall
                self.save()
            await asyncio.sleep(1 / (STEPS_PER_S * max(self._speed, 1.0)) / 2)

    def save(self) -> None:
        """Keep clock and prices; where the file can not be written this is noted once and given up."""
        if self._state_path is None:
            return
        now = conditions(self.scenario, (self._index - self._first) / STEPS_PER_S)
        offsets = {s.name: s.log_price(self._index, now) - s.fair.one(self._index) for s in self._symbols}
        try:
            save(self._state_path, SavedMarket(seed=self._seed, ts=self.ts, offsets=offsets))
        except OSError as error:
            self.notes = (*self.notes, f"{self._state_path}: can not be written: {error.strerror}")
            self._state_path = None


def _chosen(seed: int, symbols: Sequence[str] | None) -> list[_Symbol]:
    """The instruments in the order asked for; perpetuals share the path of their spot market."""
    bases = list(dict.fromkeys(listing.instrument.base for listing in LISTINGS))
    known = {
        listing.instrument.symbol: _Symbol(
            listing, seed=seed, number=number, underlying=bases.index(listing.instrument.base)
        )
        for number, listing in enumerate(LISTINGS)
    }
    unknown = [name for name in symbols or () if name not in known]
    if unknown:
        raise ValueError(f"expected symbols of the simulator ({', '.join(known)}), was {unknown[0]}")
    return [known[name] for name in symbols or known]
