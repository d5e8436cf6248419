"""How a feed is doing: what it delivers, what went wrong with it, and what it costs.

Costs are parts of one core over the time between two looks, at least a second apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic, process_time
from typing import Final

import msgspec

from tradetui.domain.market_data import FeedState, FeedStatus, MarketMessage
from tradetui.domain.view_health import ClockHealth, Delays, LoadHealth, WireHealth
from tradetui.feeds.clock import VenueClock
from tradetui.feeds.health import FeedStats
from tradetui.feeds.protocol import Counts, Feed, GivesFrames, Measures, Wire
from tradetui.feeds.scan.table import ScanTable
from tradetui.runtime.metering import Meters

_LOOK_S: Final = 1.0
_LOST: Final = (FeedState.GAP, FeedState.CROSSED, FeedState.STALE, FeedState.DOWN)
_WRONG_MS: Final = 1_000.0
"""A clock this far off is wrong whatever it is used for."""
_EARLY_MS: Final = -5.0
"""Messages from the future by more than this show that a clock is wrong."""


class Look(msgspec.Struct, frozen=True):
    """Cumulative figures at one moment, monotonic seconds."""

    at: float = 0.0
    process_s: float = 0.0
    engine_ns: int = 0
    feed_ns: int = 0
    wires: tuple[Wire, ...] = ()


class Vitals:
    """Of one host's feed; the host counts into it."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.meters = Meters()
        self.engine_ns = 0
        """Nanoseconds that the engine took for messages so far."""
        self.statuses: dict[str, FeedStatus] = {}
        """The newest of each symbol, also of one that has no market yet."""
        self.changes = 0
        """How many statuses came."""
        self._counted: dict[str, FeedStats] = {}
        self._before = self._newest = self._take_look(monotonic())

    def take(self, message: MarketMessage, spent_ns: int) -> None:
        """Count one message and what the engine took for it."""
        self.engine_ns += spent_ns
        self.meters.take(message)
        if type(message) is FeedStatus:
            self._note(message)

    def _note(self, status: FeedStatus) -> None:
        """Keep the newest status, and count what it means where the feed does not count itself."""
        before = self.statuses.get(status.symbol)
        was = before.state if before is not None else FeedState.CONNECTING
        self.statuses[status.symbol] = status
        self.changes += 1
        stats = self._counted.setdefault(status.symbol, FeedStats())
        if status.state is not was:
            stats.gaps += status.state in (FeedState.GAP, FeedState.CROSSED)
            stats.reconnects += status.state is FeedState.DOWN
            stats.resyncs += status.state is FeedState.STREAMING and was in _LOST

    @property
    def source(self) -> str:
        """Where the data comes from, in words."""
        if isinstance(self.feed, GivesFrames):
            return "the venue's own streams"
        if isinstance(self.feed, Counts):
            return "streams through ccxt"
        return "a recording" if hasattr(self.feed, "describe") else "simulated market"

    def stats(self, symbol: str) -> FeedStats:
        """What went wrong on a symbol so far."""
        if isinstance(self.feed, Counts) and symbol in self.feed.symbols:
            return self.feed.stats(symbol)
        return self._counted.get(symbol, FeedStats())

    @property
    def scan(self) -> ScanTable | None:
        """Tickers of symbols that are only scanned; None where there are none."""
        table = getattr(self.feed, "scan", None)
        return table if isinstance(table, ScanTable) else None

    # --- clock

    @property
    def correction_ms(self) -> float:
        """What is added to a delay because the clocks differ: as measured, 0.0 where that says nothing."""
        clock = self._clock
        if clock is None or clock.offset_ms is None or abs(clock.offset_ms) <= clock.error_ms:
            return 0.0
        return clock.offset_ms

    def clock(self, p50_ms: float | None) -> ClockHealth:
        """The clocks, given the median delay as it is shown."""
        known = self._clock
        if known is None or known.offset_ms is None:
            return ClockHealth(is_own=self.feed.own_clock, text=early_words(p50_ms))
        return ClockHealth(
            offset_ms=round(known.offset_ms, 1),
            error_ms=round(known.error_ms, 1),
            asked_s=int(monotonic() - known.asked_at),
            text=clock_words(known.offset_ms) or early_words(p50_ms),
        )

    @property
    def _clock(self) -> VenueClock | None:
        return self.feed.clock if isinstance(self.feed, Counts) else None

    # --- cost

    def look(self) -> None:
        """Note the figures anew where the last look is old enough; rates are since the one before."""
        now = monotonic()
        if now - self._newest.at >= _LOOK_S:
            self._before, self._newest = self._newest, self._take_look(now)

    def _take_look(self, now: float) -> Look:
        feed = self.feed
        measured = isinstance(feed, Measures)
        return Look(
            at=now,
            process_s=process_time(),
            engine_ns=self.engine_ns,
            feed_ns=feed.busy_ns if isinstance(feed, Measures) else 0,
            wires=tuple(feed.wires()) if measured and isinstance(feed, Measures) else (),
        )

    def load(self) -> LoadHealth:
        """Parts of a core between the last two looks."""
        before, newest = self._before, self._newest
        passed = newest.at - before.at
        if passed <= 0:
            return LoadHealth(is_known=False)
        feed = (newest.feed_ns - before.feed_ns) / passed / 1e7
        return LoadHealth(
            process=round((newest.process_s - before.process_s) / passed * 100, 1),
            engine=round((newest.engine_ns - before.engine_ns) / passed / 1e7, 1),
            feed=round(feed, 1) if isinstance(self.feed, Measures) else None,
        )

    def wires(self) -> Sequence[WireHealth]:
        """The connections, with their rates between the last two looks."""
        before, newest = self._before, self._newest
        passed = max(newest.at - before.at, 1e-9)
        known = [*before.wires, *[None] * len(newest.wires)]
        return [
            _wire(wire, was if was is not None and was.address == wire.address else None, newest.at, passed)
            for wire, was in zip(newest.wires, known, strict=False)
        ]


def _wire(wire: Wire, was: Wire | None, now: float, passed: float) -> WireHealth:
    frames = wire.frames - was.frames if was is not None else 0
    received = wire.bytes_received - was.bytes_received if was is not None else 0
    return WireHealth(
        address=wire.address,
        is_open=wire.is_open,
        symbols=wire.symbols,
        open_s=int(now - wire.opened_at) if wire.is_open else 0,
        dials=wire.dials,
        frames_per_s=round(frames / passed, 1),
        kilobytes_per_s=round(received / passed / 1000, 1),
        rtt_ms=round(wire.rtt_ms, 1) if wire.rtt_ms is not None else None,
    )


def book_delays(vitals: Vitals, symbol: str) -> Delays | None:
    """Of the book, else of the trades."""
    for channel in ("book", "trades"):
        meter = vitals.meters.of(symbol, channel)
        delays = meter.delays(vitals.correction_ms) if meter is not None else None
        if delays is not None:
            return delays
    return None


def clock_words(offset_ms: float) -> str:
    """What is said of a clock that is wrong; empty for one that is not."""
    if abs(offset_ms) < _WRONG_MS:
        return ""
    way = "behind" if offset_ms > 0 else "ahead"
    return f"clock {abs(offset_ms) / 1000:.1f} s {way}"


def early_words(p50_ms: float | None) -> str:
    """What negative delays mean: no message comes before it was sent, so a clock is wrong."""
    if p50_ms is None or p50_ms >= _EARLY_MS:
        return ""
    size = f"{-p50_ms / 1000:.1f} s" if p50_ms <= -1000 else f"{-p50_ms:.0f} ms"
    return f"clock {size} behind or more"
