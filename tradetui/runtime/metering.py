"""Counts what a feed delivers: rate, age and delay of each kind of message of each symbol.

It stands in the way of every message, so it only counts; quantiles are sorted when somebody looks.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from tradetui.domain.market_data import (
    BestQuote,
    BookDelta,
    BookSnapshot,
    FundingRate,
    InstrumentListed,
    Liquidation,
    MarketMessage,
    MarkPrice,
    OpenInterest,
    Ticker,
    Trade,
)
from tradetui.domain.view_health import Delays

RATE_S: Final = 5
"""Rates are over so many whole seconds."""
CHANNELS: Final[dict[type, str]] = {
    BookDelta: "book",
    BookSnapshot: "book",
    Trade: "trades",
    BestQuote: "quote",
    MarkPrice: "mark",
    FundingRate: "funding",
    Ticker: "ticker",
    InstrumentListed: "status",
    OpenInterest: "interest",
    Liquidation: "liquidations",
}
"""What a kind of message belongs to."""
TIMED: Final = frozenset({BookDelta, Trade, BestQuote, MarkPrice})
"""What comes from a stream with the venue's time: snapshots and polled figures are older by nature."""
_SECOND: Final = 1_000_000_000
_MS: Final = 1e6
_WEIGHT: Final = 0.1
_KEPT: Final = 512
"""Delays are of so many last messages."""


class Meter:
    """One kind of message of one symbol."""

    __slots__ = ("_delays", "_rates", "_second", "_this_second", "count", "interval_s", "last_ns")

    def __init__(self) -> None:
        self.count = 0
        self.last_ns = 0
        """When the newest came; nanoseconds UTC."""
        self.interval_s = 0.0
        """The usual time between two: a mean that forgets."""
        self._second = 0
        self._this_second = 0
        self._rates: deque[int] = deque(maxlen=RATE_S)
        self._delays: deque[int] = deque(maxlen=_KEPT)

    def take(self, ts_exchange: int, ts_received: int) -> None:
        """Count one message; `ts_exchange` is 0 where it carries none."""
        self.count += 1
        if self.last_ns:
            self.interval_s += ((ts_received - self.last_ns) / _SECOND - self.interval_s) * _WEIGHT
        self.last_ns = ts_received
        second = ts_received // _SECOND
        if second != self._second:
            self._roll(second)
        self._this_second += 1
        if ts_exchange:
            self._delays.append(ts_received - ts_exchange)

    def _roll(self, second: int) -> None:
        """Another second: those without a message count as zero."""
        passed = second - self._second
        if self._second and 0 < passed <= RATE_S:
            self._rates.append(self._this_second)
            self._rates.extend([0] * (passed - 1))
        elif self._second:
            self._rates.clear()
        self._second, self._this_second = second, 0

    def per_second(self, now: int) -> float:
        """Messages a second over the last whole seconds."""
        silent = now // _SECOND - self._second
        if not self._second or silent > RATE_S or silent < 0:
            return 0.0
        rates = [*self._rates, self._this_second, *[0] * (silent - 1)] if silent else list(self._rates)
        shown = rates[-RATE_S:]
        return sum(shown) / len(shown) if shown else float(self._this_second)

    def delays(self, correction_ms: float = 0.0) -> Delays | None:
        """Median, 95th and 99th of a hundred; None where no message carried the venue's time."""
        if not self._delays:
            return None
        known = sorted(self._delays)
        last = len(known) - 1
        p50, p95, p99 = (known[round(part * last)] / _MS + correction_ms for part in (0.5, 0.95, 0.99))
        return Delays(round(p50, 1), round(p95, 1), round(p99, 1))


class Meters:
    """The meters of one feed: a channel of a symbol has one."""

    def __init__(self) -> None:
        self._of: dict[str, dict[str, Meter]] = {}

    def take(self, message: MarketMessage) -> None:
        """Count one message; what is no data of a channel is left out."""
        kind = type(message)
        channel = CHANNELS.get(kind)
        if channel is None:
            return
        meters = self._of.get(message.symbol)  # type: ignore[union-attr]  # clock ticks are no channel
        if meters is None:
            meters = self._of[message.symbol] = {}  # type: ignore[union-attr]
        meter = meters.get(channel)
        if meter is None:
            meter = meters[channel] = Meter()
        meter.take(message.ts_exchange if kind in TIMED else 0, message.ts_received)  # type: ignore[union-attr]

    def of(self, symbol: str, channel: str) -> Meter | None:
        """The meter of a channel; None before its first message."""
        return self._of.get(symbol, {}).get(channel)

    def per_second(self, symbol: str, now: int) -> float:
        """All channels of a symbol together."""
        return sum(meter.per_second(now) for meter in self._of.get(symbol, {}).values())
