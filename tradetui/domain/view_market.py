"""What a screen may show of the market: watchlist, chart, ladder, tape."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from tradetui.domain.market_data import FeedState, Side, Timeframe


class WatchRow(msgspec.Struct, frozen=True):
    """One symbol of the watchlist."""

    symbol: str
    last: float | None
    change_pct: float | None
    volume: float | None
    """Quote volume of 24 hours, or since start."""
    spread_bp: float | None
    atr_pct: float | None
    price_scale: int
    feed_state: FeedState
    direction: int
    """Of the last trade: +1, -1 or 0."""
    spark: tuple[float, ...] = ()
    is_scanned: bool = False
    """Whether only its tickers are read: it has no book before it is opened."""


class ChartCandle(msgspec.Struct, frozen=True, gc=False):
    """One candle as drawn."""

    open_ts: int
    open: float
    high: float
    low: float
    close: float
    volume: float


class IndicatorLine(msgspec.Struct, frozen=True):
    """One line of numbers over the candles shown; None where it is not ready."""

    name: str
    """As in the recording JSON: ema20, macd12_26_9.signal."""
    group: str
    """The indicator it belongs to: macd12_26_9."""
    pane: str
    """The word price for overlays, else the group: a lower pane."""
    style: str
    """line, histogram, band or dots."""
    values: tuple[float | None, ...]
    """As many as there are closed candles in the chart."""
    last: float | None
    """On the open candle."""


class PriceMark(msgspec.Struct, frozen=True):
    """A named price that chart and ladder share."""

    kind: str
    """last, entry, stop, target, buy, sell, liquidation, breakeven or level."""
    price: float
    label: str
    order_id: str = ""


class FillMark(msgspec.Struct, frozen=True):
    """An own fill on the chart."""

    ts: int
    price: float
    side: Side


class ChartView(msgspec.Struct, frozen=True, kw_only=True):
    """Candles and lines; `version` changes only when a candle closed or the request changed."""

    symbol: str
    timeframe: Timeframe
    price_scale: int
    version: int
    closed: tuple[ChartCandle, ...]
    """Oldest first; not longer than the request's columns."""
    open: ChartCandle | None
    lines: tuple[IndicatorLine, ...] = ()
    marks: tuple[PriceMark, ...] = ()
    fills: tuple[FillMark, ...] = ()
    loading: str = ""
    """Words while history is being fetched; empty when it is there."""
    at_edge: bool = True
    """Whether the newest candle is shown."""
    offset: int = 0
    """How many candles the right edge lies back, as far as there are any."""
    is_oldest: bool = False
    """Whether the oldest candle that is known is shown."""


class OwnMark(msgspec.Struct, frozen=True):
    """An own order on a price row."""

    kind: str
    """buy, sell, stop or target."""
    qty: str
    queue: float | None
    order_id: str


class LadderRow(msgspec.Struct, frozen=True):
    """One price row."""

    tick: int
    price: float
    bid: float
    ask: float
    volume: float
    """Traded at the price since start."""
    change: float
    """Displayed size now minus one second ago."""
    own: tuple[OwnMark, ...] = ()


class LadderView(msgspec.Struct, frozen=True, kw_only=True):
    """Price rows, highest first, around a center that does not move by itself."""

    symbol: str
    tick_size: Decimal
    price_scale: int
    qty_scale: int
    group: int
    center: int
    """Tick of the middle row."""
    rows: tuple[LadderRow, ...]
    best_bid: int | None
    best_ask: int | None
    last: int | None
    """The last trade's tick."""
    spread: float | None
    imbalance: float | None
    """Bid share of the size of the ten best levels, 0 to 1."""
    state: FeedState


class TapeRow(msgspec.Struct, frozen=True, gc=False):
    """One print."""

    ts: int
    price: float
    qty: float
    side: Side | None
    big: bool
    liquidation: bool = False
    """Not a print of its own: the venue says that somebody's position was closed by it."""


class TapeView(msgspec.Struct, frozen=True):
    """The newest prints, newest first, and their rate."""

    rows: tuple[TapeRow, ...]
    trades_per_s: float
    buy_share: float
    """Of the volume of the last minute, 0 to 1."""
    price_scale: int
    qty_scale: int
    delta: float = 0.0
    """Cumulative volume delta since start."""
    open_interest: float | None = None
    """Of a contract, where the venue tells it."""
