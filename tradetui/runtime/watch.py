"""Watches a feed without a screen: what `tradetui watch` counts and says of each symbol.

Counts are cumulative. Bid and ask are None while the data can not be trusted, so that nobody reads
a frozen price as a live one.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any, Final

from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import FeedState, FeedStatus, InstrumentListed, MarketMessage, Trade
from tradetui.domain.number import canonical
from tradetui.feeds.protocol import Feed, Sink
from tradetui.market.market import Market
from tradetui.runtime.feeding import show_books
from tradetui.runtime.vitals import Vitals, book_delays

_LEVELS: Final = 20
_MILLISECOND: Final = 1_000_000
_HALF_LIFE: Final = 0.9


class Watched:
    """One symbol: its market and what happened to its data."""

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self.market: Market | None = None
        self.state = FeedState.CONNECTING
        self.text = ""
        """What was said of the state."""
        self.gaps = 0
        self.resyncs = 0
        self.reconnects = 0
        self.bad_messages = 0
        self.bad_times = 0
        self.latency_ms: float | None = None
        self.heard_ns = 0
        self.vitals: Vitals | None = None
        """Of the feed, shared by all of its symbols."""

    def take_in(self, message: MarketMessage) -> None:
        """Count one message of this symbol."""
        if type(message) is InstrumentListed:
            self._listed(message)
        elif type(message) is FeedStatus:
            self._changed(message.state)
            self.text = message.text
        if self.market is not None:
            self.market.apply(message)
        self.heard_ns = time.monotonic_ns()
        if type(message) is Trade and message.ts_exchange:
            late = (message.ts_received - message.ts_exchange) / _MILLISECOND
            held = self.latency_ms if self.latency_ms is not None else late
            self.latency_ms = held * _HALF_LIFE + late * (1 - _HALF_LIFE)

    def _listed(self, message: InstrumentListed) -> None:
        if self.market is None:
            self.market = Market(message.instrument)

    def _changed(self, state: FeedState) -> None:
        lost = (FeedState.GAP, FeedState.CROSSED, FeedState.STALE, FeedState.DOWN)
        if state in (FeedState.GAP, FeedState.CROSSED) and state is not self.state:
            self.gaps += 1
        if state is FeedState.DOWN and state is not self.state:
            self.reconnects += 1
        if state is FeedState.STREAMING and self.state in lost:
            self.resyncs += 1
        self.state = state

    def line(self, now: int) -> dict[str, Any]:
        """What one line of output says."""
        bid, ask = self._touch()
        market = self.market
        return {
            "ts": now,
            "symbol": self.symbol,
            "state": self.state.value,
            "text": self.text,
            "age_ms": (time.monotonic_ns() - self.heard_ns) // _MILLISECOND if self.heard_ns else None,
            "latency_ms": round(self.latency_ms, 1) if self.latency_ms is not None else None,
            "bid": bid,
            "ask": ask,
            "trades": market.tape.trades if market else 0,
            "volume": canonical(self._qty(market.tape.volume)) if market else "0",
            "book_updates": market.book_updates if market else 0,
            "gaps": self.gaps,
            "resyncs": self.resyncs,
            "reconnects": self.reconnects,
            "bad_messages": self.bad_messages,
            "bad_times": self.bad_times,
            **self._margin(),
            **self._health(now),
        }

    def _margin(self) -> dict[str, Any]:
        """Of a contract: its lowest maintenance rate, and how many tiers are known; 0 where it is assumed."""
        if self.market is None or not self._instrument.is_perpetual:
            return {}
        tiers = self._instrument.tiers
        rate = tiers[0].rate if tiers else self._instrument.maintenance_rate
        return {"maintenance": canonical(rate), "tiers": len(tiers)}

    def _health(self, now: int) -> dict[str, Any]:
        """How the data is: rate, delays of the book, and the clocks' measured difference."""
        vitals = self.vitals
        if vitals is None:
            return {}
        delays = book_delays(vitals, self.symbol)
        clock, stats = vitals.clock(delays.p50 if delays is not None else None), vitals.stats(self.symbol)
        return {
            "messages_per_s": round(vitals.meters.per_second(self.symbol, now), 1),
            "latency_p50_ms": delays.p50 if delays is not None else None,
            "latency_p95_ms": delays.p95 if delays is not None else None,
            "latency_p99_ms": delays.p99 if delays is not None else None,
            "clock_offset_ms": clock.offset_ms,
            "clock_text": clock.text,
            "audits": stats.audits,
            "mismatches": stats.mismatches,
        }

    def final(self, now: int) -> dict[str, Any]:
        """The last line: with the book."""
        sides = self.market.book.top(_LEVELS) if self.market else ()
        rows = [list(map(self._level, side.ticks, side.sizes)) for side in sides] or [[], []]
        return {**self.line(now), "final": True, "bids": rows[0], "asks": rows[1]}

    def _level(self, tick: int, qty: float) -> list[str]:
        return [canonical(self._instrument.to_price(tick)), canonical(self._qty(qty))]

    def _qty(self, qty: float) -> Any:
        instrument = self._instrument
        return instrument.to_qty(round(qty * float(1 / instrument.lot_size)))

    @property
    def _instrument(self) -> Instrument:
        if self.market is None:
            raise ValueError(f"{self.symbol}: no instrument yet")
        return self.market.instrument

    def _touch(self) -> tuple[str | None, str | None]:
        if self.market is None or not self.state.is_fresh:
            return None, None
        ticks = self.market.book.best_bid, self.market.book.best_ask
        shown = [canonical(self._instrument.to_price(tick)) if tick is not None else None for tick in ticks]
        return shown[0], shown[1]


async def watch(
    feed: Feed, *, seconds: float | None, say: Callable[[dict[str, Any]], None], also: Sink | None = None
) -> bool:
    """Run a feed and say a line a second and symbol; True when every symbol was streaming at the end.

    `also` gets every message before it is counted.
    """
    watched = {symbol: Watched(symbol) for symbol in feed.symbols}
    vitals = Vitals(feed)
    for one in watched.values():
        one.vitals = vitals

    def sink(message: MarketMessage) -> None:
        if also is not None:
            also(message)
        vitals.take(message, 0)
        symbol = getattr(message, "symbol", None)
        if symbol in watched:
            watched[symbol].take_in(message)

    show_books(feed, lambda symbol: watched[symbol].market)
    task = asyncio.create_task(feed.run(sink))
    try:
        await _say_each_second(feed, watched, task, seconds=seconds, say=say)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    now = time.time_ns()
    for one in watched.values():
        say(one.final(now))
    return all(one.state.is_fresh for one in watched.values())


async def _say_each_second(
    feed: Feed,
    watched: dict[str, Watched],
    task: asyncio.Task[None],
    *,
    seconds: float | None,
    say: Callable[[dict[str, Any]], None],
) -> None:
    started = time.monotonic()
    while not task.done():
        left = None if seconds is None else seconds - (time.monotonic() - started)
        if left is not None and left <= 0:
            return
        await asyncio.wait({task}, timeout=min(1.0, left) if left is not None else 1.0)
        now = time.time_ns()
        for one in watched.values():
            _count_faults(feed, one)
            say(one.line(now))


def _count_faults(feed: Feed, one: Watched) -> None:
    """Take over what a live feed counts itself."""
    stats = getattr(feed, "stats", None)
    if stats is None:
        return
    counted = stats(one.symbol)
    for name in ("gaps", "resyncs", "reconnects", "bad_messages", "bad_times"):
        setattr(one, name, getattr(counted, name, getattr(one, name)))
