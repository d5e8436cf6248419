"""What a message means for what is ours on its symbol: triggers, trails, resting orders, brackets."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from tradetui.domain.market_data import (
    Asking,
    BestQuote,
    BookDelta,
    BookSnapshot,
    FeedState,
    FeedStatus,
    Liquidation,
    MarketMessage,
    MarkPrice,
    OpenInterest,
    Side,
    Trade,
)
from tradetui.domain.order import TriggerBy
from tradetui.engine.desk import Desk
from tradetui.engine.gap import GapDesk
from tradetui.engine.liquidation import Liquidator
from tradetui.engine.orders import OrderFlow
from tradetui.engine.sourcewatch import SourceWatch
from tradetui.engine.vigil import StopVigil
from tradetui.trading.match_types import Execution
from tradetui.trading.sources import Source
from tradetui.trading.triggers import Look


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
        self._watch = SourceWatch(flow.scribe)
        self._plan_next = plan_next
        """Tells the engine that something new waits for its time."""

    def take(self, desk: Desk, message: MarketMessage, *, fresh: bool) -> None:
        """Let a message act; `fresh` is whether orders may be filled against the data."""
        if type(message) is FeedStatus:
            self._on_status(desk, message, fresh=fresh)
        elif type(message) is BookDelta or type(message) is BookSnapshot:
            self._on_book(desk, message, fresh=fresh)
        elif type(message) is Asking:
            self._look_again(desk, fresh=fresh)
        elif type(message) is not OpenInterest and type(message) is not Liquidation:
            self._on_price(desk, message, fresh=fresh)

    def _on_status(self, desk: Desk, status: FeedStatus, *, fresh: bool) -> None:
        """After data was not to be trusted the stops look at the first fresh price, like after a start."""
        self._watch.switches(desk)
        if status.state is FeedState.CROSSED:
            desk.recovering = True
            self._flow.note_crossed(desk)
            self._plan_next()
        elif not status.state.is_fresh:
            desk.recovering, desk.crossed_since = True, None
            self._gaps.begin(desk.symbol, min(desk.heard_ts or self._scribe.ts, self._scribe.ts))
        else:
            self._look_again(desk, fresh=fresh)

    def _look_again(self, desk: Desk, *, fresh: bool) -> None:
        """Take the book that came already, where it may be the first fresh one only now."""
        book = desk.market.book_message
        if fresh and desk.recovering and book is not None:
            self._on_book(desk, book, fresh=True)

    def _on_book(self, desk: Desk, message: BookDelta | BookSnapshot, *, fresh: bool) -> None:
        if fresh and desk.recovering:
            desk.matcher.on_book(message, may_fill=False)
            if self._gaps.waits(desk.symbol):
                return
            self._resume(desk)
        elif fresh and desk.market.tape.last is None and desk.sources.in_use:
            desk.matcher.on_book(message, may_fill=False)
            self._hold_middle(desk)
        executions = desk.matcher.on_book(message, may_fill=fresh and not desk.recovering)
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
            if fresh and self._vigil.is_quiet(desk):
                self._hold(desk, self._watch.switches(desk))
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
        looks = [look for by in desk.sources.in_use if (look := self._after_a_gap(desk, by)) is not None]
        self._fire(desk.triggers.on_looks(looks))

    def _after_a_gap(self, desk: Desk, by: TriggerBy) -> Look | None:
        """What stops look at first: a mark or an index that is live, else the fresh book."""
        source = desk.sources.source_for(by)
        if source is not None and desk.sources.is_computed(by):
            return desk.sources.look(by, source)
        bid, ask = desk.best(Side.SELL), desk.best(Side.BUY)
        if by is TriggerBy.BID_ASK and bid is not None and ask is not None:
            return Look(by, float(bid), float(ask))
        return desk.sources.look(by, Source.MID)

    def _on_price(self, desk: Desk, message: MarketMessage, *, fresh: bool) -> None:
        """Triggers look at every price, whatever became of the book; fills wait for a fresh one (6.2)."""
        match message:
            case Trade():
                desk.matcher.note(message)
                self._hold(desk, self._watch.looks(desk, Source.LAST, message.price, message.price))
                if fresh and not desk.recovering:
                    self._book(desk, desk.matcher.on_trade(message))
            case MarkPrice():
                looks = self._watch.looks(desk, Source.MARK, message.mark, message.mark)
                if message.index is not None:
                    looks += self._watch.looks(desk, Source.INDEX, message.index, message.index)
                self._hold(desk, looks)
            case BestQuote():
                self._hold(desk, self._watch.looks(desk, Source.BID_ASK, message.bid, message.ask))
            case _:
                return

    def _hold_middle(self, desk: Desk) -> None:
        """Where nothing ever printed the middle of a sound book counts, before what the book fills."""
        if (mid := desk.mid()) is not None:
            self._hold(desk, self._watch.looks(desk, Source.MID, float(mid), float(mid)))

    def _hold(self, desk: Desk, looks: list[Look]) -> None:
        """Hold new prices against the armed orders: trails follow, then triggers fire, all in one order."""
        for by, sells, buys in looks:
            self._seen(desk, by)
            if sells == buys:
                self._follow(desk, by, sells, None)
            else:
                self._follow(desk, by, sells, Side.SELL)
                self._follow(desk, by, buys, Side.BUY)
        self._fire(desk.triggers.on_looks(looks))

    def _seen(self, desk: Desk, by: TriggerBy) -> None:
        stop = self._flow.state.stop_of(desk.symbol)
        if stop is None or stop.trigger_by is by:
            self._vigil.seen(desk)

    def _follow(self, desk: Desk, by: TriggerBy, price: float, side: Side | None) -> None:
        for order_id in desk.trails.reached(by, price, side):
            self._flow.conditionals.follow(order_id, Decimal(repr(price)))

    def _fire(self, order_ids: tuple[str, ...]) -> None:
        for order_id in order_ids:
            self._flow.conditionals.trigger(order_id)
        if order_ids:
            self._plan_next()

    def _book(self, desk: Desk, executions: tuple[Execution, ...]) -> None:
        """Makers were filled: all of them are booked before the brackets follow."""
        if executions:
            self._flow.book(desk, executions)
            self._flow.brackets.settle(desk.symbol)
