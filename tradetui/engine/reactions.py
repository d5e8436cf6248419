"""What a message means for what is ours on its symbol: triggers, trails, resting orders, brackets."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from tradetui.domain.market_data import (
    BestQuote,
    BookDelta,
    BookSnapshot,
    FeedState,
    FeedStatus,
    MarketMessage,
    MarkPrice,
    Side,
    Trade,
)
from tradetui.domain.order import TriggerBy
from tradetui.engine.desk import Desk
from tradetui.engine.gap import GapDesk
from tradetui.engine.liquidation import Liquidator
from tradetui.engine.orders import OrderFlow
from tradetui.engine.vigil import StopVigil
from tradetui.trading.match_types import Execution


class Reactions:
    """Takes a message after its market did; what it costs and risks is counted by the engine afterwards."""

    def __init__(
        self,
        flow: OrderFlow,
        *,
        gaps: GapDesk,
        vigil: StopVigil,
        liquidator: Liquidator,
        plan_next: Callable[[], None],
    ) -> None:
        self._flow = flow
        self._scribe = flow.scribe
        self._gaps = gaps
        self._vigil = vigil
        self._liquidator = liquidator
        self._plan_next = plan_next
        """Tells the engine that something new waits for its time."""

    def take(self, desk: Desk, message: MarketMessage, *, fresh: bool) -> None:
        """Let a message act; `fresh` is whether orders may be filled against the data."""
        if type(message) is FeedStatus:
            self._on_status(desk, message, fresh=fresh)
        elif type(message) is BookDelta or type(message) is BookSnapshot:
            self._on_book(desk, message, fresh=fresh)
        else:
            self._on_price(desk, message, fresh=fresh)

    def _on_status(self, desk: Desk, status: FeedStatus, *, fresh: bool) -> None:
        """After data was not to be trusted the stops look at the first fresh price, like after a start."""
        book = desk.market.book_message
        if status.state is FeedState.CROSSED:
            desk.recovering = True
            self._flow.note_crossed(desk)
            self._plan_next()
        elif not status.state.is_fresh:
            desk.recovering, desk.crossed_since = True, None
            self._gaps.begin(desk.symbol, self._scribe.ts)
        elif fresh and desk.recovering and book is not None:
            self._on_book(desk, book, fresh=True)

    def _on_book(self, desk: Desk, message: BookDelta | BookSnapshot, *, fresh: bool) -> None:
        executions = desk.matcher.on_book(message, may_fill=fresh and not desk.recovering)
        if fresh and desk.recovering:
            self._resume(desk)
            executions = (*executions, *desk.matcher.on_book(message))
        self._book(desk, executions)
        self._follow_crossing(desk, fresh=fresh)
        if fresh and desk.waiting:
            self._flow.walk_waiting(desk)
        if fresh and desk.chasing:
            self._flow.chases.follow(desk)
            self._plan_next()

    def _follow_crossing(self, desk: Desk, *, fresh: bool) -> None:
        """Note whether the book is crossed; one that stays so is walked by exits all the same."""
        if not desk.market.book.is_crossed:
            desk.crossed_since = None
            if fresh:
                self._vigil.look_at_book(desk)
            desk.sound_touch = desk.market.book.best_bid, desk.market.book.best_ask
        elif desk.market.feed_state.is_fresh or desk.market.feed_state is FeedState.CROSSED:
            self._flow.note_crossed(desk)
            self._plan_next()

    def _resume(self, desk: Desk) -> None:
        """The first fresh book after a start or a gap: stops that the price has passed execute at once."""
        self._gaps.end(desk)
        for order in desk.recover():
            desk.waiting[order.order_id] = None
        self._liquidator.resume(desk)
        mid = desk.mid()
        if mid is not None:
            self._vigil.seen(desk)
            self._fire(desk.triggers.on_price(TriggerBy.LAST, float(mid)), None)

    def _on_price(self, desk: Desk, message: MarketMessage, *, fresh: bool) -> None:
        """Triggers look at every price, whatever became of the book; fills wait for a fresh one (6.2)."""
        match message:
            case Trade():
                self._vigil.seen(desk)
                self._look(desk, TriggerBy.LAST, message.price, message)
                if fresh and not desk.recovering:
                    self._book(desk, desk.matcher.on_trade(message))
            case MarkPrice():
                self._look(desk, TriggerBy.MARK, message.mark, None)
                if message.index is not None:
                    self._look(desk, TriggerBy.INDEX, message.index, None)
            case BestQuote() if desk.is_armed:
                for side, price in ((Side.SELL, message.bid), (Side.BUY, message.ask)):
                    self._follow(desk, TriggerBy.BID_ASK, price, side)
                self._fire(desk.triggers.on_quote(message.bid, message.ask), None)
            case _:
                return

    def _look(self, desk: Desk, by: TriggerBy, price: float, trade: Trade | None) -> None:
        """Hold a price against what is armed: trails follow it, triggers fire."""
        if desk.is_armed:
            self._follow(desk, by, price)
            self._fire(desk.triggers.on_price(by, price), trade)

    def _follow(self, desk: Desk, by: TriggerBy, price: float, side: Side | None = None) -> None:
        for order_id in desk.trails.reached(by, price, side):
            self._flow.conditionals.follow(order_id, Decimal(repr(price)))

    def _fire(self, order_ids: tuple[str, ...], trade: Trade | None) -> None:
        for order_id in order_ids:
            self._flow.conditionals.trigger(order_id, trade)
        if order_ids:
            self._plan_next()

    def _book(self, desk: Desk, executions: tuple[Execution, ...]) -> None:
        """Makers were filled: all of them are booked before the brackets follow."""
        if executions:
            self._flow.book(desk, executions)
            self._flow.brackets.settle(desk.symbol)
