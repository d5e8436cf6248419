"""The market of one instrument as its messages tell it: book, tape, candles, indicators, state.

It reports and judges nothing: a crossed book is counted and shown by `book.is_crossed`, and the
feed decides what to do. Nothing is computed that nobody asks for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Final

from tradetui.domain.calendar import TradingCalendar
from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import (
    Asking,
    BestQuote,
    BookDelta,
    BookSnapshot,
    CandleHistory,
    ClockTick,
    FeedState,
    FeedStatus,
    FundingRate,
    FundingSettled,
    InstrumentListed,
    Liquidation,
    MarketMessage,
    MarkPrice,
    MissedCandles,
    MissedTrades,
    OpenInterest,
    Ticker,
    Timeframe,
    Trade,
)
from tradetui.market.bars import Bars
from tradetui.market.book import OrderBook
from tradetui.market.candles import CAPACITY, Candles
from tradetui.market.indicators.registry import INDICATOR_NAMES, parse_indicator
from tradetui.market.lines import IndicatorLines
from tradetui.market.ring import FloatArray
from tradetui.market.series import CandleSeries
from tradetui.market.tape import Tape

_ATR = "atr14"
INDEX_SECONDS: Final = 1_800
LIQUIDATIONS: Final = 200


class Market:
    """Everything known about the market of one instrument."""

    def __init__(self, instrument: Instrument, *, calendar: TradingCalendar | None = None) -> None:
        self.instrument = instrument
        self.book = OrderBook(instrument.tick_size)
        self.tape = Tape(instrument.tick_size)
        self.feed_state = FeedState.CONNECTING
        self.feed_text = ""
        self.feed_retry_s = 0.0
        self.quote: BestQuote | None = None
        self.mark: float | None = None
        self.index: float | None = None
        self.ts_mark = 0
        """When the newest mark price came, nanoseconds UTC; 0 before the first."""
        self.ts_index = 0
        self.index_seconds: deque[tuple[int, float]] = deque(maxlen=INDEX_SECONDS)
        """The index of each of the last seconds that had one: contracts that end are settled by it."""
        self.funding: FundingRate | None = None
        """The predicted rate and the next funding time; None where the venue tells none."""
        self.ticker: Ticker | None = None
        self.open_interest: OpenInterest | None = None
        self.liquidations: deque[Liquidation] = deque(maxlen=LIQUIDATIONS)
        self.liquidation_count = 0
        self.book_message: BookSnapshot | BookDelta | None = None
        self.book_updates = 0
        self.crossed_books = 0
        self.version = 0
        self._candles = Candles()
        self._calendar = calendar
        self._lines: dict[tuple[Timeframe, str], IndicatorLines] = {}
        self._handlers = self._handled()

    def _handled(self) -> dict[type, Callable[[Any], None]]:
        """What is done with each kind of message."""
        return {
            Trade: self._on_trade,
            BestQuote: self._on_quote,
            BookDelta: self._on_delta,
            BookSnapshot: self._on_snapshot,
            MarkPrice: self._on_mark,
            CandleHistory: self._candles.seed,
            InstrumentListed: self._on_instrument,
            FeedStatus: self._on_status,
            Ticker: self._on_ticker,
            MissedTrades: self._on_missed,
            MissedCandles: self._on_clock,
            Asking: self._on_clock,
            ClockTick: self._on_clock,
            FundingRate: self._on_funding,
            FundingSettled: self._on_clock,
            OpenInterest: self._on_interest,
            Liquidation: self._on_liquidation,
        }

    def apply(self, message: MarketMessage) -> None:
        """Take in one message of this instrument's symbol."""
        self.version += 1
        self._handlers[type(message)](message)

    @property
    def symbol(self) -> str:
        """The instrument's symbol."""
        return self.instrument.symbol

    @property
    def last_price(self) -> float | None:
        """The price of the newest trade."""
        return self.tape.last.price if self.tape.last is not None else None

    @property
    def ts_trade(self) -> tuple[int, int]:
        """Exchange and receive time of the newest trade, nanoseconds UTC; zeros before the first."""
        last = self.tape.last
        return (last.ts_exchange, last.ts_received) if last is not None else (0, 0)

    @property
    def ts_book(self) -> tuple[int, int]:
        """Exchange and receive time of the newest book message, nanoseconds UTC; zeros before the first."""
        message = self.book_message
        return (message.ts_exchange, message.ts_received) if message is not None else (0, 0)

    @property
    def ts_received(self) -> int:
        """When the newest message about prices came: trade, book or quote."""
        quote = self.quote.ts_received if self.quote is not None else 0
        return max(self.ts_trade[1], self.ts_book[1], quote)

    @property
    def best_bid(self) -> float | None:
        """The best bid for display: the newer of book and quote."""
        quote, tick = self.quote, self.book.best_bid
        if quote is not None and (tick is None or quote.ts_received > self.ts_book[1]):
            return quote.bid
        return float(self.instrument.to_price(tick)) if tick is not None else None

    @property
    def best_ask(self) -> float | None:
        """The best ask for display: the newer of book and quote."""
        quote, tick = self.quote, self.book.best_ask
        if quote is not None and (tick is None or quote.ts_received > self.ts_book[1]):
            return quote.ask
        return float(self.instrument.to_price(tick)) if tick is not None else None

    @property
    def mid(self) -> float | None:
        """Halfway between the best bid and the best ask."""
        bid, ask = self.best_bid, self.best_ask
        return (bid + ask) / 2.0 if bid is not None and ask is not None else None

    @property
    def late_trades(self) -> int:
        """Trades that came after their second had closed."""
        return self._candles.late_trades

    def candles(self, timeframe: Timeframe) -> CandleSeries:
        """The candles of a timeframe."""
        return self._candles.series(timeframe)

    def indicator(self, timeframe: Timeframe, name: str) -> IndicatorLines:
        """An indicator on a timeframe, seeded from the candles known; raises ValueError for a bad name."""
        lines = self._lines.get((timeframe, name))
        if lines is None:
            made = parse_indicator(name, calendar=self._calendar)
            key = (timeframe, made.name)
            lines = self._lines.get(key) or IndicatorLines(made, self.candles(timeframe), CAPACITY)
            self._lines[key] = self._lines[timeframe, name] = lines
        self.candles(timeframe)
        return lines

    def lines_over(self, name: str, bars: Bars) -> FloatArray:
        """An indicator over other closed candles, shape (outputs, candles); raises ValueError for a name."""
        return parse_indicator(name, calendar=self._calendar).seed(bars)

    def indicator_values(self, timeframe: Timeframe) -> dict[str, float | None]:
        """Every indicator under its usual parameters on the newest closed candle, by output name.

        None where it is not ready. The main line of several (macd, pvo, adx, vwap of the day) also
        stands under the indicator's own name.
        """
        found: dict[str, float | None] = {}
        for name in INDICATOR_NAMES:
            lines = self.indicator(timeframe, name)
            for output, value in zip(lines.outputs, lines.values, strict=True):
                known = value if value == value else None  # noqa: PLR0124  # NaN differs from itself
                found[output.name] = known
                indicator, _, part = output.name.partition(".")
                if part and indicator.startswith(part):
                    found[indicator] = known
        return found

    def atr(self, timeframe: Timeframe) -> float | None:
        """ATR(14) on the closed candles of a timeframe; None while it is not ready."""
        lines = self.indicator(timeframe, _ATR)
        return lines.values[0] if lines.ready else None

    def _on_trade(self, trade: Trade) -> None:
        self.tape.add(trade)
        self._candles.add(trade)

    def _on_missed(self, missed: MissedTrades) -> None:
        for trade in missed.trades:
            self._on_trade(trade)

    def _on_quote(self, quote: BestQuote) -> None:
        self.quote = quote

    def _on_delta(self, delta: BookDelta) -> None:
        self.book.apply_delta(delta.bids, delta.asks)
        self.book_message = delta
        self.book_updates += 1
        if self.book.is_crossed:
            self.crossed_books += 1

    def _on_snapshot(self, snapshot: BookSnapshot) -> None:
        self.book.apply_snapshot(snapshot.bids, snapshot.asks)
        self.book_message = snapshot
        if self.book.is_crossed:
            self.crossed_books += 1

    def _on_mark(self, price: MarkPrice) -> None:
        self.mark, self.ts_mark = price.mark, price.ts_received
        if price.index is not None:
            self.index, self.ts_index = price.index, price.ts_received
            second = price.ts_received // 1_000_000_000
            if self.index_seconds and self.index_seconds[-1][0] == second:
                self.index_seconds.pop()
            self.index_seconds.append((second, price.index))

    def _on_instrument(self, listed: InstrumentListed) -> None:
        if listed.instrument.tick_size != self.instrument.tick_size:
            self.book = OrderBook(listed.instrument.tick_size)
            self.book_message = None
        self.instrument = listed.instrument

    def _on_status(self, status: FeedStatus) -> None:
        self.feed_state = status.state
        self.feed_text = status.text
        self.feed_retry_s = status.retry_s

    def _on_ticker(self, ticker: Ticker) -> None:
        self.ticker = ticker

    def _on_funding(self, rate: FundingRate) -> None:
        self.funding = rate

    def _on_interest(self, interest: OpenInterest) -> None:
        self.open_interest = interest

    def _on_liquidation(self, liquidation: Liquidation) -> None:
        self.liquidations.append(liquidation)
        self.liquidation_count += 1

    def _on_clock(self, message: ClockTick | FundingSettled) -> None:
        """Time alone changes nothing here: candles close with the trade that follows them."""
