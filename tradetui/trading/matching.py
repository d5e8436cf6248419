"""The simulated venue of one symbol: displayed book and public prints in, executions out (section 7).

Evidence or no fill: a taker gets what is displayed and not yet taken by us, a maker what a print or a
crossing quote leaves after the queue ahead. Prints never change the book, the book is never altered by
us, and our own orders never trade with each other. Prints often come before the change of the book that
they caused: whoever takes meanwhile does not get what they have eaten. Whether data may be filled
against at all is the caller's judgement (section 6.2): this file believes the book that it is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from tradetui.domain.fill import Evidence, Liquidity
from tradetui.domain.market_data import BookDelta, BookSnapshot, Side, Trade
from tradetui.trading.match_types import (
    Depth,
    Execution,
    Incoming,
    LotGrid,
    Match,
    MatchRules,
    Outcome,
    QueueProfile,
)
from tradetui.trading.match_walk import Walk
from tradetui.trading.overlay import Overlay
from tradetui.trading.queue import MakerQueue, Resting, resting
from tradetui.trading.unseen import UnseenPrints


@dataclass(slots=True)
class _Print:
    """A public print while it fills us: `rest` is what our orders have not taken of it."""

    trade: Trade
    tick: int
    lots: int
    rest: int


class Matcher:
    """Fills our orders against one book; prices in ticks, sizes in lots.

    `position` is the signed position in lots: our own executions are added here at once, so that
    several reduce-only orders in one print can not close more than is open (R-RED-2).
    """

    __slots__ = (
        "_acting",
        "_book_ts",
        "_grid",
        "_interval",
        "_joined",
        "_overlay",
        "_queue",
        "_rules",
        "_unseen",
        "book",
        "position",
    )

    def __init__(
        self, book: Depth, lot_size: Decimal, *, rules: MatchRules | None = None, position: int = 0
    ) -> None:
        """Raises ValueError unless the lot is above zero."""
        self.book = book
        self.position = position
        self._rules = rules or MatchRules()
        self._grid = LotGrid(lot_size)
        self._overlay = Overlay(self._grid, carry=self._rules.carry)
        self._queue = MakerQueue()
        self._book_ts = (0, 0)
        self._unseen = UnseenPrints(self._grid, guard_ns=self._rules.guard_ns)
        self._acting: Trade | None = None
        """The print that orders act by before it fills what rests."""
        self._interval = 0
        self._joined: list[Resting] = []
        """Orders that began to rest since the last book message."""

    def lots(self, qty: float) -> int:
        """A size off the wire in lots, half-even."""
        return self._grid.lots(qty)

    def available(self, side: Side, tick: int) -> int:
        """Lots that could be taken of a displayed level: its size less what we took before."""
        return self._unseen.counted(self.book, self._overlay).available(
            side, tick, self._displayed(side, tick)
        )

    def leaves(self, order_id: str) -> int | None:
        """Lots of a resting order that have not filled; None when it does not rest."""
        order = self._queue.get(order_id)
        return order.leaves if order else None

    def queue_ahead(self, order_id: str) -> int | None:
        """Lots ahead of a resting order; None when it does not rest."""
        order = self._queue.get(order_id)
        return order.ahead if order else None

    def estimate(self, order: Incoming) -> Match:
        """What the order would meet now, with no effect: previews, sizes, reserves."""
        exchange_ts, received_ts = self._book_ts
        return Walk(
            order,
            self.book,
            self._unseen.counted(self.book, self._overlay),
            self._queue,
            self._grid,
            self._rules,
            room=self._room(order.side) if order.reduce_only else order.lots,
            ts_exchange=exchange_ts,
            ts_received=received_ts,
        ).match()

    def execute(self, order: Incoming) -> Match:
        """Let an order act at the venue now: what trades is taken, what rests stands in the queue."""
        self._unseen.count(self.book, self._overlay)
        match = self.estimate(order)
        for order_id in match.expired_makers:
            self._queue.remove(order_id)
        for order_id, lots in match.decremented:
            self._decrement(order_id, lots)
        for piece in match.executions:
            self._overlay.take(order.side.opposite, piece.tick, lots=piece.lots, displayed=piece.displayed)
            self.position += piece.lots * order.side.sign
        if match.outcome is Outcome.RESTING:
            self.restore(order, lots=match.leaves)
        return match

    def restore(self, order: Incoming, *, lots: int) -> None:
        """Let an order rest without a walk, behind all that is displayed; for recovery.

        Raises ValueError for an order without a limit or one that rests already.
        """
        if order.limit is None:
            raise ValueError(f"order {order.order_id}: expected a limit, a market order can not rest")
        rests = resting(
            order.order_id,
            order.side,
            order.limit,
            lots,
            displayed=self._displayed(order.side, order.limit),
            reduce_only=order.reduce_only,
            rules=self._rules,
        )
        rests.rival, rests.caused_by = order.rival, self._acting
        self._queue.add(rests)
        self._joined.append(rests)

    def remember(self, side: Side, tick: int, *, lots: int, displayed: int, until: int) -> None:
        """Count lots of a level as taken before a restart, when it showed `displayed` (7.2)."""
        self._overlay.restore(side, tick, lots=lots, displayed=displayed, until=until)

    def cancel(self, order_id: str) -> int:
        """Take a resting order out; returns the lots that were left, 0 when it does not rest."""
        return self._queue.remove(order_id)

    def reduce(self, order_id: str, lots: int) -> None:
        """Make what is left of a resting order smaller; it keeps its place in the queue (R-MAT-12)."""
        order = self._queue.get(order_id)
        if order is None:
            return
        order.leaves = min(order.leaves, max(0, lots))
        if order.leaves == 0:
            self._queue.remove(order_id)

    def _decrement(self, order_id: str, lots: int) -> None:
        leaves = self.leaves(order_id)
        if leaves is not None:
            self.reduce(order_id, leaves - lots)

    def on_book(self, message: BookDelta | BookSnapshot, *, may_fill: bool = True) -> tuple[Execution, ...]:
        """Follow a change that the book has applied; fills resting orders that the other side reached.

        With may_fill False (data not fresh) queues and consumption follow, and nothing fills.
        """
        before, last = self._interval, self._book_ts[1]
        self._interval = message.ts_received - last if last else 0
        self._book_ts = (message.ts_exchange, message.ts_received)
        self._overlay.on_book_change(self.book, now=message.ts_received)
        self._unseen.on_book(message, self._overlay)
        if not self._queue:
            self._joined.clear()
            return ()
        self._follow_depth(message)
        self._count_in(min(before, self._interval))
        if not may_fill or self._rules.profile is QueueProfile.STRICT:
            return ()
        return tuple(self._crossed(Side.BUY, self.book.best_ask)) + tuple(
            self._crossed(Side.SELL, self.book.best_bid)
        )

    def on_trade(self, trade: Trade) -> tuple[Execution, ...]:
        """Fill resting orders by a public print; two comparisons when it reaches none of them."""
        self._acting = None
        if not self._queue:
            return ()
        tick = self.book.tick_of(trade.price)
        best_buy, best_sell = self._queue.best(Side.BUY), self._queue.best(Side.SELL)
        found: list[Execution] = []
        if (best_buy is not None and best_buy >= tick) or (best_sell is not None and best_sell <= tick):
            lots = self._grid.lots(trade.qty)
            printed = _Print(trade, tick, lots, lots)
            for side in Side:
                for order in self._queue.reached(side, tick):
                    if order.caused_by is not trade:
                        found += self._printed(order, printed)
        return tuple(found)

    def note(self, trade: Trade) -> None:
        """Remember a print that the book may not show yet; to be called before anything walks by it (7.2)."""
        self._unseen.note(trade, book_ts=self._book_ts[0])
        self._acting = trade

    def forget_prints(self) -> None:
        """Know of no print that the book does not show: what is to be known is told again."""
        self._unseen.forget(self._overlay)

    def _displayed(self, side: Side, tick: int) -> int:
        return self._grid.lots(self.book.qty_at(side, tick))

    def _room(self, side: Side) -> int:
        """Lots that an order of a side may trade before the position would be flat."""
        return max(0, -self.position * side.sign)

    def _follow_depth(self, message: BookDelta | BookSnapshot) -> None:
        """Tell the queues what is displayed at our prices that may have changed."""
        for side, levels in ((Side.BUY, message.bids), (Side.SELL, message.asks)):
            ticks: Iterable[int] = self._queue.ticks(side)
            if isinstance(message, BookDelta) and len(levels) < self._queue.level_count(side):
                ticks = (self.book.tick_of(price) for price, _ in levels)
            for tick in ticks:
                if self._queue.rests_at(side, tick):
                    displayed = self._displayed(side, tick)
                    self._queue.on_depth(side, tick, displayed=displayed, now=message.ts_received)

    def _count_in(self, interval: int) -> None:
        """Where the book is told seldom, what came while an order arrived was before it (R-MAT-14)."""
        if not self._joined:
            return
        if interval >= self._rules.slow_book_ns:
            for order in self._joined:
                displayed = self._displayed(order.side, order.tick)
                if displayed > order.ahead:
                    order.join_again(displayed)
        self._joined.clear()

    def _crossed(self, side: Side, opposite_best: int | None) -> Iterator[Execution]:
        """Fill our orders of a side that displayed opposite orders reach, up to their size."""
        if opposite_best is None:
            return
        for order in self._queue.reached(side, opposite_best):
            for tick, qty in self.book.levels(side.opposite):
                if (tick - order.tick) * side.sign > 0 or order.leaves == 0:
                    break
                yield from self._taken_by_quote(order, tick, self._grid.lots(qty))

    def _taken_by_quote(self, order: Resting, tick: int, displayed: int) -> Iterator[Execution]:
        """Fill one of our orders by one displayed opposite level."""
        self._unseen.count(self.book, self._overlay)
        opposite = order.side.opposite
        lots = min(self._fillable(order), self._overlay.available(opposite, tick, displayed))
        if not lots:
            return
        before, ahead = self._overlay.consumed(opposite, tick), order.ahead
        self._overlay.take(opposite, tick, lots=lots, displayed=displayed)
        self._fill(order, lots)
        yield Execution(
            order_id=order.order_id,
            side=order.side,
            tick=order.tick,
            lots=lots,
            liquidity=Liquidity.MAKER,
            evidence=Evidence.CROSSED_QUOTE,
            displayed=displayed,
            consumed_before=before,
            consumed_after=before + lots,
            printed=self._overlay.eaten(opposite, tick),
            queue_ahead=ahead,
            level=tick,
            ts_exchange=self._book_ts[0],
            ts_received=self._book_ts[1],
        )

    def _printed(self, order: Resting, printed: _Print) -> Iterator[Execution]:
        """Fill one of our orders by a print at its price or through it."""
        ahead = order.ahead
        through = order.tick != printed.tick
        offered = self._through(order, printed) if through else self._at_price(order, printed)
        lots = min(offered, self._fillable(order))
        if not lots:
            return
        before = printed.lots - printed.rest
        printed.rest -= lots
        self._fill(order, lots)
        trade = printed.trade
        yield Execution(
            order_id=order.order_id,
            side=order.side,
            tick=order.tick,
            lots=lots,
            liquidity=Liquidity.MAKER,
            evidence=Evidence.PRINT_THROUGH if through else Evidence.PRINT_AT,
            displayed=printed.lots,
            consumed_before=before,
            consumed_after=before + lots,
            queue_ahead=ahead,
            trade_id="" if trade.trade_id is None else str(trade.trade_id),
            ts_exchange=trade.ts_exchange,
            ts_received=trade.ts_received,
        )

    def _through(self, order: Resting, printed: _Print) -> int:
        """A print beyond our price proves that the whole queue is gone."""
        order.reach_front()
        return printed.rest

    def _at_price(self, order: Resting, printed: _Print) -> int:
        """What a print at our price leaves for us after known decreases and the queue ahead."""
        profile = self._rules.profile
        by_the_other = printed.trade.aggressor is order.side.opposite
        if profile is QueueProfile.STRICT or not (by_the_other or profile is QueueProfile.OPTIMISTIC):
            return 0
        return order.on_print(printed.rest, since=printed.trade.ts_received - self._rules.guard_ns)

    def _fillable(self, order: Resting) -> int:
        return min(order.leaves, self._room(order.side)) if order.reduce_only else order.leaves

    def _fill(self, order: Resting, lots: int) -> None:
        """Book lots of a resting order; an order that is done leaves the queue."""
        order.leaves -= lots
        self.position += lots * order.side.sign
        if order.leaves == 0:
            self._queue.remove(order.order_id)
        rival = self._queue.get(order.rival) if order.rival else None
        if rival is not None:
            self._queue.remove(rival.order_id)
            rival.leaves = 0
