"""What the outside world says: the messages that a feed delivers to the engine.

Prices and quantities are floats exactly as a codec decoded them; the instrument turns them into
ticks and lots where they are used. A codec refuses NaN, infinite, zero and negative prices, so
nothing downstream tests for them. Times are integer nanoseconds UTC; `ts_exchange` is 0 where the
venue gives none. Messages are final: whoever takes every one of them in may ask `type(message) is
Trade`, which costs a seventh of `isinstance` on a struct.
"""

from __future__ import annotations

from enum import StrEnum
from typing import final

import msgspec

from tradetui.domain.instrument import Instrument


class Timeframe(StrEnum):
    """The length of a candle."""

    S1 = "1s"
    S5 = "5s"
    S15 = "15s"
    M1 = "1m"
    M3 = "3m"
    M5 = "5m"
    M15 = "15m"
    M30 = "30m"
    H1 = "1h"
    H4 = "4h"
    D1 = "1d"

    @property
    def seconds(self) -> int:
        """The length in seconds."""
        return int(self.value[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[self.value[-1]]


class Side(StrEnum):
    """The side of an order, or of the aggressor of a trade."""

    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        """+1 for buy, -1 for sell."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> Side:
        """The other side."""
        return Side.SELL if self is Side.BUY else Side.BUY


class FeedState(StrEnum):
    """How far the data of a symbol can be trusted."""

    CONNECTING = "connecting"
    STREAMING = "streaming"
    LAGGING = "lagging"
    STALE = "stale"
    GAP = "gap"
    CROSSED = "crossed"
    DOWN = "down"
    HALTED = "halted"

    @property
    def is_fresh(self) -> bool:
        """Whether orders may be filled against this data."""
        return self in (FeedState.STREAMING, FeedState.LAGGING)


@final
class Trade(msgspec.Struct, frozen=True, gc=False, tag="trade"):
    """A public print. `aggressor` is None where the venue does not say."""

    symbol: str
    ts_exchange: int
    ts_received: int
    price: float
    qty: float
    aggressor: Side | None
    trade_id: int | str | None = None


@final
class BookSnapshot(msgspec.Struct, frozen=True, tag="snapshot"):
    """The whole book as known to the venue: levels of (price, qty), best first, qty above zero."""

    symbol: str
    ts_exchange: int
    ts_received: int
    bids: list[tuple[float, float]]
    asks: list[tuple[float, float]]
    update_id: int = 0


@final
class BookDelta(msgspec.Struct, frozen=True, tag="delta"):
    """Levels that changed, in any order: qty is the new total at the price, zero removes the level."""

    symbol: str
    ts_exchange: int
    ts_received: int
    bids: list[tuple[float, float]]
    asks: list[tuple[float, float]]
    update_id: int = 0


@final
class BestQuote(msgspec.Struct, frozen=True, gc=False, tag="quote"):
    """Best bid and ask from a ticker stream; shown and used for bid/ask triggers, never walked."""

    symbol: str
    ts_exchange: int
    ts_received: int
    bid: float
    bid_qty: float
    ask: float
    ask_qty: float


@final
class MarkPrice(msgspec.Struct, frozen=True, gc=False, tag="mark"):
    """The venue's mark price of a perpetual, and its index price where given."""

    symbol: str
    ts_exchange: int
    ts_received: int
    mark: float
    index: float | None = None


@final
class FundingRate(msgspec.Struct, frozen=True, gc=False, tag="funding"):
    """What a perpetual would pay at its next funding time, as far as the venue predicts; never posted."""

    symbol: str
    ts_exchange: int
    ts_received: int
    rate: float
    next_ts: int
    """When it is settled next; 0 where the venue does not say."""


@final
class FundingSettled(msgspec.Struct, frozen=True, gc=False, tag="funded"):
    """The official rate of a funding time, and the mark that it is counted at where the venue gives it."""

    symbol: str
    ts_exchange: int
    """The funding time itself."""
    ts_received: int
    rate: float
    mark: float | None = None


@final
class OpenInterest(msgspec.Struct, frozen=True, gc=False, tag="interest"):
    """What is open of a contract on its venue, in the units that its sizes have."""

    symbol: str
    ts_exchange: int
    ts_received: int
    qty: float


@final
class Liquidation(msgspec.Struct, frozen=True, gc=False, tag="liquidation"):
    """Somebody's position was closed by the venue. Its prints come as trades too: this one adds no volume."""

    symbol: str
    ts_exchange: int
    ts_received: int
    price: float
    qty: float
    side: Side
    """Of the closing order: sell where a long position was liquidated."""


class Candle(msgspec.Struct, frozen=True, gc=False):
    """One period of trading; `open_ts` is its start in nanoseconds UTC."""

    open_ts: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    trades: int = 0
    delta: float = 0.0
    """Bought minus sold by aggressors; 0.0 where the source does not say."""


@final
class CandleHistory(msgspec.Struct, frozen=True, tag="history"):
    """Closed candles of the past, oldest first: what an exchange's REST interface or the simulator knows."""

    symbol: str
    timeframe: Timeframe
    candles: list[Candle]
    ts_received: int


@final
class MissedTrades(msgspec.Struct, frozen=True, tag="missed"):
    """Prints of a time in which the stream was lost, fetched afterwards, oldest first."""

    symbol: str
    ts_received: int
    trades: list[Trade]
    is_whole: bool = True
    """Whether they are all that were printed since the newest one before."""


class PriceKind(StrEnum):
    """A price that an exchange keeps candles of."""

    LAST = "last"
    MARK = "mark"
    INDEX = "index"


@final
class MissedCandles(msgspec.Struct, frozen=True, tag="missed_candles"):
    """Minutes of one price in such a time, oldest first; the newest one may not be over yet."""

    symbol: str
    ts_received: int
    kind: PriceKind
    candles: list[Candle]


@final
class Asking(msgspec.Struct, frozen=True, gc=False, tag="asking"):
    """What was missed is being asked for, or that has ended: until then nothing is made of the lost time."""

    symbol: str
    ts_received: int
    has_ended: bool = False


class Missing(msgspec.Struct, frozen=True):
    """What has to be known of a lost time: since when (nanoseconds UTC), and which prices."""

    since: int
    kinds: tuple[PriceKind, ...]


@final
class InstrumentListed(msgspec.Struct, frozen=True, tag="instrument"):
    """An instrument exists, or its rules changed; sent before any data of its symbol."""

    instrument: Instrument
    ts_received: int

    @property
    def symbol(self) -> str:
        """The symbol of the instrument."""
        return self.instrument.symbol


@final
class FeedStatus(msgspec.Struct, frozen=True, tag="status"):
    """The state of one symbol's data changed. `text` says why in words; `retry_s` when it tries again."""

    symbol: str
    ts_received: int
    state: FeedState
    text: str = ""
    retry_s: float = 0.0


@final
class Ticker(msgspec.Struct, frozen=True, tag="ticker"):
    """Statistics of the last 24 hours, for the watchlist."""

    symbol: str
    ts_received: int
    last: float
    change_pct: float
    quote_volume: float


@final
class ClockTick(msgspec.Struct, frozen=True, gc=False, tag="clock"):
    """Time passed without a message: `ts_received` is the wall clock, `mono` one that counts sleep."""

    ts_received: int
    mono: int


MarketMessage = (
    Trade
    | BookSnapshot
    | BookDelta
    | BestQuote
    | MarkPrice
    | CandleHistory
    | MissedTrades
    | MissedCandles
    | Asking
    | InstrumentListed
    | FeedStatus
    | Ticker
    | ClockTick
    | FundingRate
    | FundingSettled
    | OpenInterest
    | Liquidation
)
"""Everything that a feed may deliver."""
