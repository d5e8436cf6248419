"""The chart's part of a frame: candles, lines, own prices and fills."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Final

import msgspec

from tradetui.domain.market_data import Candle
from tradetui.domain.number import MONEY, canonical
from tradetui.domain.order import Order
from tradetui.domain.position import Position
from tradetui.domain.view import ViewRequest
from tradetui.domain.view_market import ChartCandle, ChartView, FillMark, IndicatorLine, PriceMark
from tradetui.market.bars import Bars
from tradetui.market.lines import IndicatorLines
from tradetui.market.market import Market
from tradetui.market.ring import FloatArray
from tradetui.market.series import CandleSeries
from tradetui.runtime.past import Past, Stretch
from tradetui.runtime.views.books import PublishedBooks
from tradetui.runtime.views.kept import Kept
from tradetui.runtime.views.orders import mark_kind, standing_price
from tradetui.runtime.views.words import SECOND, price_text
from tradetui.state import State
from tradetui.trading.guard import shown_liquidation

_WARM_UP: Final = 2_000
"""So many candles before those shown settle an indicator."""


class ChartPart:
    """Rebuilds closed candles and lines only when a candle closed or the request changed."""

    def __init__(self, published: State, books: PublishedBooks, past: Past | None = None) -> None:
        """Own orders and fills come from the published state, candles older than the engine's from `past`."""
        self._past = past
        self._offset = self._first = 0
        self._published = published
        self._books = books
        self._key: object = None
        self._lines: tuple[tuple[IndicatorLines, tuple[IndicatorLine, ...]], ...] = ()
        self._closed: tuple[ChartCandle, ...] = ()
        self._version = 0
        self._marks: Kept[tuple[PriceMark, ...]] = Kept(())
        self._fills: Kept[tuple[FillMark, ...]] = Kept(())
        self._view: Kept[ChartView | None] = Kept(None)

    def view(self, market: Market, request: ViewRequest) -> ChartView | None:
        """The chart of a market as a request wants it; the same object while nothing on it changed."""
        series = market.candles(request.timeframe)
        wanted = (request.timeframe, request.columns, request.offset, request.overlays, request.panes)
        of_market = (market, market.instrument, series.version, market.tape.trades, market.feed_state)
        key = (of_market, wanted, self._published.seq, self._past.version if self._past is not None else 0)
        return self._view.get(key, lambda: self._build(market, series, request))

    def _build(self, market: Market, series: CandleSeries, request: ViewRequest) -> ChartView:
        self._keep_closed(market, series, request)
        at_edge = request.offset <= 0
        candle = series.open if at_edge else None
        seq = self._published.seq
        marks = self._marks.get((market, seq, market.last_price), lambda: self._price_marks(market))
        first = self._closed[0].open_ts if self._closed else 0
        return ChartView(
            symbol=market.symbol,
            timeframe=request.timeframe,
            price_scale=market.instrument.price_scale,
            version=self._version,
            closed=self._closed,
            open=_chart_candle(candle) if candle is not None else None,
            lines=self._with_last(at_edge=at_edge),
            marks=marks,
            fills=self._fills.get((market, seq, first), lambda: self._fill_marks(market.symbol, first)),
            loading=self._words(market, request),
            at_edge=at_edge,
            offset=self._offset,
            is_oldest=not at_edge and self._first == 0,
        )

    def _words(self, market: Market, request: ViewRequest) -> str:
        """What is being loaded, or why nothing older is shown."""
        if not self._closed and not market.feed_state.is_fresh:
            return "loading history"
        stretch = self._stretch(market, request)
        if stretch is None or (stretch.is_oldest and self._first > 0):
            return ""
        return stretch.words

    def _stretch(self, market: Market, request: ViewRequest) -> Stretch | None:
        """What was loaded of the past, while it is looked at."""
        if self._past is None or request.offset <= 0:
            return None
        return self._past.stretch(market.symbol, request.timeframe)

    # --- closed candles and their lines

    def _keep_closed(self, market: Market, series: CandleSeries, request: ViewRequest) -> None:
        stretch = self._stretch(market, request)
        if stretch is not None:
            stretch.follow(series)
        wanted = (request.columns, request.offset, request.overlays, request.panes)
        known = stretch.version if stretch is not None else 0
        key = (market, market.instrument, request.timeframe, series.version, wanted, known)
        if key == self._key:
            return
        self._key = key
        self._version += 1
        older = stretch.candles if stretch is not None else []
        total = max(len(older), len(series))
        last = max(min(total, request.columns), total - max(0, request.offset))
        self._first, self._offset = max(0, last - request.columns), total - last
        if request.offset > 0 and self._first < request.columns and self._past is not None:
            self._past.want(market.symbol, series)
        names = dict.fromkeys((*request.overlays, *request.panes))
        found = dict.fromkeys(
            lines for name in names if (lines := _indicator(market, request, name)) is not None
        )
        if self._first < total - len(series):
            self._show_older(market, older, last, list(found))
            return
        self._closed = closed_candles(series, request.columns, self._offset)
        self._lines = tuple((lines, closed_lines(lines, len(self._closed), self._offset)) for lines in found)

    def _show_older(
        self, market: Market, candles: list[Candle], last: int, indicators: list[IndicatorLines]
    ) -> None:
        """Candles that the engine does not keep, with lines made of them and of those before."""
        shown = candles[self._first : last]
        self._closed = tuple([_chart_candle(candle) for candle in shown])
        bars = Bars.from_candles(candles[max(0, self._first - _WARM_UP) : last])
        self._lines = tuple(
            (lines, lines_of(lines, market.lines_over(lines.name, bars)[:, -len(shown) :]))
            for lines in indicators
        )

    def _with_last(self, *, at_edge: bool) -> tuple[IndicatorLine, ...]:
        """The lines with their value on the open candle; without one where history is shown."""
        if not at_edge:
            return tuple(line for _, group in self._lines for line in group)
        replace = msgspec.structs.replace
        return tuple(
            replace(line, last=_known(value))
            for lines, group in self._lines
            for line, value in zip(group, lines.peek(), strict=True)
        )

    # --- own prices

    def _price_marks(self, market: Market) -> tuple[PriceMark, ...]:
        instrument, symbol = market.instrument, market.symbol
        marks: list[PriceMark] = []
        last = market.last_price
        if last is not None:
            label = price_text(instrument.price_from_float(last), instrument.price_scale)
            marks.append(PriceMark("last", last, label))
        position = self._published.holding(symbol)
        if position is not None:
            marks.append(PriceMark("entry", float(position.entry_price), "entry"))
            liquidation = self._books.margins.liquidation_of(position)
            if liquidation is not None:
                shown = shown_liquidation(instrument, liquidation, sign=position.side.sign)
                marks.append(PriceMark("liquidation", float(shown), "liq"))
        for order in self._published.live_of(symbol):
            mark = order_mark(order, position)
            if mark is not None:
                marks.append(mark)
        return tuple(marks)

    def _fill_marks(self, symbol: str, first: int) -> tuple[FillMark, ...]:
        fills = self._published.fills
        return tuple(
            FillMark(f.ts, float(f.price), f.side) for f in fills if f.symbol == symbol and f.ts >= first
        )


def closed_candles(series: CandleSeries, columns: int, offset: int) -> tuple[ChartCandle, ...]:
    """The newest closed candles, oldest first, without so many of the newest as the offset says."""
    bars = series.bars
    last = max(0, len(series) - max(0, offset))
    shown = slice(max(0, last - max(0, columns)), last)
    prices = (bars.open, bars.high, bars.low, bars.close, bars.volume)
    opened = [int(second) * SECOND for second in bars.open_s[shown].tolist()]
    rows = zip(opened, *(column[shown].tolist() for column in prices), strict=True)
    return tuple([ChartCandle(*row) for row in rows])


def closed_lines(lines: IndicatorLines, count: int, offset: int) -> tuple[IndicatorLine, ...]:
    """An indicator's lines over the closed candles shown; None where it is not ready or not known."""
    history = lines.history()
    last = max(0, history.shape[1] - max(0, offset))
    return lines_of(lines, history[:, max(0, last - count) : last], count)


def lines_of(lines: IndicatorLines, history: FloatArray, count: int = 0) -> tuple[IndicatorLine, ...]:
    """Outputs of an indicator, shape (outputs, candles), as lines over at least so many candles."""
    made = []
    for output, row in zip(lines.outputs, history.tolist(), strict=True):
        known = [_known(value) for value in row]
        values = (*(None,) * (count - len(known)), *known)
        made.append(IndicatorLine(output.name, lines.name, lines.pane, output.style, values, None))
    return tuple(made)


def order_mark(order: Order, position: Position | None) -> PriceMark | None:
    """An own order as a named price; None for one that has no price or does not stand yet."""
    price = standing_price(order)
    if price is None:
        return None
    kind = mark_kind(order)
    label = f"{kind} {canonical(order.leaves)}"
    if kind == "target":
        label = target_label(price, position)
    return PriceMark(kind, float(price), label, order.order_id)


def target_label(price: Decimal, position: Position | None) -> str:
    """The target with its distance in R of the initial stop, where there is one."""
    if position is None or position.initial_stop is None or position.initial_stop == position.entry_price:
        return "target"
    away = MONEY.divide(price - position.entry_price, position.entry_price - position.initial_stop)
    return f"target {canonical(away.quantize(Decimal('0.1'), context=MONEY))}R"


def _indicator(market: Market, request: ViewRequest, name: str) -> IndicatorLines | None:
    try:
        return market.indicator(request.timeframe, name)
    except ValueError:
        return None


def _chart_candle(candle: Candle) -> ChartCandle:
    return ChartCandle(candle.open_ts, candle.open, candle.high, candle.low, candle.close, candle.volume)


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
