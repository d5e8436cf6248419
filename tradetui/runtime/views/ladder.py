"""The ladder's part of a frame: price rows with sizes, traded volume and own orders."""

from __future__ import annotations

from collections import deque
from typing import Final

from tradetui.domain.market_data import Side
from tradetui.domain.number import canonical
from tradetui.domain.view import ViewRequest
from tradetui.domain.view_market import LadderRow, LadderView, OwnMark
from tradetui.engine import Engine
from tradetui.market.book import OrderBook
from tradetui.market.market import Market
from tradetui.runtime.views.books import PublishedBooks
from tradetui.runtime.views.depth import DIGITS, RowVolumes, Sizes, side_sizes
from tradetui.runtime.views.kept import Kept
from tradetui.runtime.views.orders import mark_kind, standing_price
from tradetui.runtime.views.words import SECOND
from tradetui.state import State
from tradetui.trading.guard import shown_liquidation

_IMBALANCE_LEVELS: Final = 10
_MARGIN: Final = 10
"""Rows beyond the ladder whose sizes are remembered, so that a recentered ladder knows them too."""
_MOST_ROWS: Final = 500


class LadderPart:
    """Rebuilt when book, tape, own orders or the request changed; remembers sizes for a second."""

    def __init__(self, engine: Engine, published: State, books: PublishedBooks) -> None:
        """Own orders come from the published state, their place in the queue from the engine."""
        self._books = books
        self._engine = engine
        self._published = published
        self._view: Kept[LadderView | None] = Kept(None)
        self._seen: deque[tuple[int, Sizes]] = deque()
        self._seen_of: object = None
        self._volumes: RowVolumes | None = None

    def observe(self, market: Market, request: ViewRequest, *, now: int) -> None:
        """Remember the sizes around the ladder's center, and forget those that nobody compares with."""
        grid = (market, market.book, request.ladder_group)
        if grid != self._seen_of:
            self._seen_of = grid
            self._seen.clear()
        rows = price_rows(market, request, margin=_MARGIN)
        self._seen.append((now, both_sides(market.book, rows)))
        while len(self._seen) > 1 and self._seen[1][0] <= now - SECOND:
            self._seen.popleft()

    def view(self, market: Market, request: ViewRequest) -> LadderView | None:
        """The ladder as a request wants it; the same object while nothing on it changed."""
        seen_ts, before = self._a_second_ago(market, request)
        inputs = (market.book, market.book.version, market.tape.trades, self._published.seq)
        wanted = (request.ladder_rows, request.ladder_center, request.ladder_group)
        center = center_of(market, request)
        key = (market.instrument, *inputs, *wanted, center, seen_ts, market.feed_state)
        return self._view.get(key, lambda: self._build(market, request, before))

    def _a_second_ago(self, market: Market, request: ViewRequest) -> tuple[int, Sizes | None]:
        """The sizes to compare with and when they were seen; nothing while none are old enough."""
        if (market, market.book, request.ladder_group) != self._seen_of or not self._seen:
            return 0, None
        ts, sizes = self._seen[0]
        return (ts, sizes) if ts <= self._engine.ts - SECOND else (0, None)

    def _build(self, market: Market, request: ViewRequest, before: Sizes | None) -> LadderView:
        book, instrument = market.book, market.instrument
        group = max(1, request.ladder_group)
        bid, ask, last = book.best_bid, book.best_ask, market.last_price
        known = bid is not None or ask is not None or last is not None
        return LadderView(
            symbol=market.symbol,
            tick_size=instrument.tick_size,
            price_scale=instrument.price_scale,
            qty_scale=instrument.qty_scale,
            group=group,
            center=center_of(market, request),
            rows=self._rows(market, request, before) if known else (),
            best_bid=_aligned(bid, group),
            best_ask=_aligned(ask, group),
            last=_aligned(book.tick_of(last) if last is not None else None, group),
            spread=(ask - bid) * float(instrument.tick_size) if bid is not None and ask is not None else None,
            imbalance=imbalance(book),
            state=market.feed_state,
        )

    def _rows(self, market: Market, request: ViewRequest, before: Sizes | None) -> tuple[LadderRow, ...]:
        ticks = price_rows(market, request)
        own = self._own_marks(market, ticks.step)
        tick_size, places = float(market.instrument.tick_size), market.instrument.price_scale
        book = market.book
        bids, asks = side_sizes(book, Side.BUY, ticks), side_sizes(book, Side.SELL, ticks)
        volumes = self._volumes_of(market, ticks.step)
        rows = []
        for tick in reversed(ticks):
            bid, ask = bids.get(tick, 0.0), asks.get(tick, 0.0)
            change = 0.0 if before is None else _change(bid + ask, before.get(tick))
            price = round(tick * tick_size, places)
            rows.append(LadderRow(tick, price, bid, ask, volumes.at(tick), change, own.get(tick, ())))
        return tuple(rows)

    def _volumes_of(self, market: Market, group: int) -> RowVolumes:
        if self._volumes is None or not self._volumes.is_of(market, group):
            self._volumes = RowVolumes(market, group)
        self._volumes.catch_up()
        return self._volumes

    def _own_marks(self, market: Market, group: int) -> dict[int, tuple[OwnMark, ...]]:
        found: dict[int, tuple[OwnMark, ...]] = {}
        for order in self._published.live_of(market.symbol):
            price = standing_price(order)
            if price is None:
                continue
            queue = self._engine.queue_ahead(order.order_id)
            ahead = float(queue) if queue is not None else None
            mark = OwnMark(mark_kind(order), canonical(order.leaves), ahead, order.order_id)
            tick = market.instrument.to_ticks(price) // group * group
            found[tick] = (*found.get(tick, ()), mark)
        if (liquidation := self._liquidation_tick(market)) is not None:
            tick = liquidation // group * group
            found[tick] = (*found.get(tick, ()), OwnMark("liquidation", "", None, ""))
        return found

    def _liquidation_tick(self, market: Market) -> int | None:
        """Where the position would be liquidated, on the tick that is worse for it."""
        position = self._published.holding(market.symbol)
        price = self._books.margins.liquidation_of(position) if position is not None else None
        if position is None or price is None:
            return None
        shown = shown_liquidation(market.instrument, price, sign=position.side.sign)
        return market.instrument.to_ticks(shown)


def center_of(market: Market, request: ViewRequest) -> int:
    """The tick of the middle row: as asked for, else the row of the mid or of the last trade."""
    group = max(1, request.ladder_group)
    if request.ladder_center is not None:
        return request.ladder_center // group * group
    book = market.book
    known = [tick for tick in (book.best_bid, book.best_ask) if tick is not None]
    if not known and market.last_price is not None:
        known = [book.tick_of(market.last_price)]
    return sum(known) // len(known) // group * group if known else 0


def price_rows(market: Market, request: ViewRequest, *, margin: int = 0) -> range:
    """The lowest tick of each row, lowest row first; no row lies below the first tick."""
    group = max(1, request.ladder_group)
    count = max(1, min(_MOST_ROWS, request.ladder_rows))
    center = center_of(market, request)
    top = center + (count // 2 + margin) * group
    bottom = top - (count - 1 + 2 * margin) * group
    return range(max(0 if group > 1 else 1, bottom), top + 1, group)


def imbalance(book: OrderBook) -> float | None:
    """The bids' share of the size of the ten best levels; None while a side is empty."""
    bids, asks = book.top(_IMBALANCE_LEVELS)
    if not bids.ticks or not asks.ticks:
        return None
    bid, ask = bids.cumulative[-1], asks.cumulative[-1]
    return bid / (bid + ask)


def both_sides(book: OrderBook, rows: range) -> Sizes:
    """What is displayed in each row of a range, on whichever side."""
    sizes = dict.fromkeys(rows, 0.0) | side_sizes(book, Side.BUY, rows)
    for tick, qty in side_sizes(book, Side.SELL, rows).items():
        sizes[tick] += qty
    return sizes


def _change(now: float, before: float | None) -> float:
    """What was added; sums of floats that differ by nothing but their rounding did not change."""
    return round(now - before, DIGITS) if before is not None else 0.0


def _aligned(tick: int | None, group: int) -> int | None:
    return tick // group * group if tick is not None else None
