"""What a position went through while its data was lost: the program was off, asleep or cut off (6.4).

Entries never fill in a gap. Stops do, at the first price that reached them, and say that no live book
stood behind it. A target fills only by prints beyond it. What came of a gap is kept until a person
acknowledges it.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

import msgspec

from tradetui.domain.event import GapEvaluated
from tradetui.domain.fill import Evidence, Liquidity
from tradetui.domain.market_data import (
    Candle,
    CandleHistory,
    MarketMessage,
    MissedTrades,
    Side,
    Timeframe,
    Trade,
)
from tradetui.domain.number import canonical
from tradetui.domain.order import Order, OrderRole, OrderState, TriggerBy
from tradetui.domain.position import Position
from tradetui.domain.reply import Reason
from tradetui.engine.desk import Desk
from tradetui.engine.orders import OrderFlow
from tradetui.trading.gaps import Passage, candle_passages, is_reached, missed_price, trade_passages
from tradetui.trading.match_types import Execution
from tradetui.trading.settings import EngineSettings

REPORTED_NS: Final = 60_000_000_000
"""A gap as long as this is told also when nothing happened in it."""


class Gap(msgspec.Struct):
    """Data of one symbol was lost since a moment; what is known of the time since."""

    since: int
    candles: list[Candle] = []
    trades: list[Trade] = []

    def learn(self, message: MarketMessage) -> None:
        """Keep what a feed tells of the time that was missed."""
        if isinstance(message, MissedTrades):
            self.trades += message.trades
        elif isinstance(message, CandleHistory) and message.timeframe is Timeframe.M1:
            minute = Timeframe.M1.seconds * 1_000_000_000
            self.candles = [candle for candle in message.candles if candle.open_ts + minute > self.since]

    def passages(self, held: Side) -> tuple[str, list[Passage]]:
        """What is known best: prints, else candles of a minute, else nothing but the price to come."""
        if self.trades:
            return "trades", list(trade_passages(self.trades))
        if self.candles:
            return "candles", list(candle_passages(self.candles, since=self.since, held=held))
        return "first price", []


class GapDesk:
    """Evaluates gaps before anything live acts on the first fresh book."""

    def __init__(self, settings: EngineSettings, flow: OrderFlow) -> None:
        self.settings = settings
        self.flow = flow
        self.scribe = flow.scribe
        self.state = flow.state
        self.gaps: dict[str, Gap] = {}
        self.liquidate: Callable[[Desk, Passage], bool] = lambda _desk, _passage: False
        """Liquidates a position that a passage would have; the engine knows how."""
        self.settle: Callable[[str], None] = lambda _symbol: None
        """Settles what fell due in a gap that is evaluated."""

    def begin(self, symbol: str, since: int) -> None:
        """Data is lost from a moment on; an earlier loss goes on."""
        self.gaps.setdefault(symbol, Gap(since))

    def learn(self, message: MarketMessage) -> None:
        """Take what a message tells of a gap that is open."""
        if self.gaps and isinstance(message, CandleHistory | MissedTrades):
            gap = self.gaps.get(message.symbol)
            if gap is not None:
                gap.learn(message)

    def end(self, desk: Desk) -> None:
        """The data is back: see what happened to the position, and write it down."""
        gap = self.gaps.pop(desk.symbol, None)
        position = self.state.holding(desk.symbol)
        if gap is not None and position is not None:
            self._evaluate(desk, gap, position)
        self.settle(desk.symbol)

    def covers(self, symbol: str, ts: int) -> bool:
        """Whether a moment lies in a gap that is not evaluated yet."""
        gap = self.gaps.get(symbol)
        return gap is not None and gap.since <= ts

    def _evaluate(self, desk: Desk, gap: Gap, position: Position) -> None:
        source, passages = gap.passages(position.side)
        other = self._other_source(desk)
        fills = self.state.fill_count
        for passage in passages:
            if not self._pass(desk, passage, gap.since):
                break
        happened = self.state.fill_count != fills
        if happened or self.scribe.ts - gap.since >= REPORTED_NS:
            words = f"; it looks at the {other} price, whose past is not known: {source} were taken for it"
            added = words if other and passages else ""
            self._report(desk, gap, source, passages, position, happened=happened, added=added)

    def _other_source(self, desk: Desk) -> str:
        """What the stop looks at, where that is not what trades: no feed tells what it was."""
        stop = self.state.stop_of(desk.symbol)
        if stop is None or stop.trigger_by not in (TriggerBy.MARK, TriggerBy.INDEX):
            return ""
        return stop.trigger_by.value

    def _pass(self, desk: Desk, passage: Passage, since: int) -> bool:
        """Let one price act on what is held: liquidation, then stops, then targets; False when flat."""
        if self.state.holding(desk.symbol) is None:
            return False
        if not self.liquidate(desk, passage):
            self._stops(desk, passage, since)
            self._trails(desk, passage, since)
            self._targets(desk, passage)
        return True

    def _stops(self, desk: Desk, passage: Passage, since: int) -> None:
        live = self.state.live_of(desk.symbol)
        exits = [o for o in live if o.reduce_only and o.trigger is not None and not o.type.takes_profit]
        for order in sorted(exits, key=lambda o: o.role is not OrderRole.PROTECTIVE):
            if not _stood(order, passage, since):
                continue
            reached = order.trigger is not None and is_reached(order.side, order.trigger, passage.price)
            if reached and order.state is OrderState.ARMED and order.order_id in self.state.live:
                self._fill_stop(desk, order, passage)

    def _trails(self, desk: Desk, passage: Passage, since: int) -> None:
        """What did not fire follows the price, after the old trigger was held against it (R-TRL-3)."""
        for order in self.state.live_of(desk.symbol):
            if order.reduce_only and order.trail is not None and _stood(order, passage, since):
                self.flow.conditionals.follow(order.order_id, passage.price)

    def _fill_stop(self, desk: Desk, order: Order, passage: Passage) -> None:
        """A stop was reached while nobody watched: it fills as the rules say, marked as synthetic."""
        trigger = order.trigger or passage.price
        price = missed_price(
            order.side, trigger, passage, slip=self.settings.gap_slip, tick=desk.instrument.tick_size
        )
        if order.price is not None and (price - order.price) * order.side.sign > 0:
            desk.waiting[order.order_id] = None
            self.flow.conditionals.trigger(order.order_id)
            return
        desk.disarm(order.order_id)
        order = self.scribe.move(
            order, OrderState.TRIGGERED, Reason.GAP_EVALUATION, triggered_ts=self.scribe.ts
        )
        lots = min(desk.lots(order.leaves), desk.lots(desk.exit_qty()))
        if lots:
            self._execute(desk, order, passage, price, lots, evidence=Evidence.GAP)

    def _targets(self, desk: Desk, passage: Passage) -> None:
        """A target fills by a print strictly beyond it, up to the print's size; never by a candle."""
        if passage.printed is None:
            return
        rest = desk.lots(passage.printed)
        for order in self.state.live_of(desk.symbol):
            price = order.price
            if price is None or not rest or not _rests_to_close(order):
                continue
            if order.order_id in self.state.live and (passage.price - price) * -order.side.sign > 0:
                lots = min(rest, desk.lots(order.leaves), desk.lots(desk.exit_qty()))
                rest -= lots
                desk.matcher.cancel(order.order_id)
                self._execute(desk, order, passage, price, lots, evidence=Evidence.PRINT_THROUGH)

    def _execute(
        self, desk: Desk, order: Order, passage: Passage, price: Decimal, lots: int, *, evidence: Evidence
    ) -> None:
        execution = synthetic(desk, order, price, lots, passage, now=self.scribe.ts, evidence=evidence)
        self.flow.book(desk, [execution])
        self.flow.brackets.settle(desk.symbol)

    def _report(
        self,
        desk: Desk,
        gap: Gap,
        source: str,
        passages: list[Passage],
        position: Position,
        *,
        happened: bool,
        added: str,
    ) -> None:
        if happened:
            last = self.state.fills[-1]
            text = f"closed {canonical(last.qty)} at {canonical(last.price)} while away"
        elif passages:
            prices = [passage.price for passage in passages]
            worst = min(prices) if position.side is Side.BUY else max(prices)
            text = f"the stop was not reached: the worst price was {canonical(worst)}"
        else:
            text = "nothing is known of the time: the stop is held against the first fresh price"
        report = GapEvaluated(
            symbol=desk.symbol, from_ts=gap.since, to_ts=self.scribe.ts, source=source, text=text + added
        )
        self.scribe.write(report, symbol=desk.symbol)


def synthetic(
    desk: Desk,
    order: Order,
    price: Decimal,
    lots: int,
    passage: Passage,
    *,
    now: int,
    evidence: Evidence = Evidence.GAP,
) -> Execution:
    """A fill of a time that nobody watched, as the matching core would have told it."""
    maker = evidence is Evidence.PRINT_THROUGH
    return Execution(
        order_id=order.order_id,
        side=order.side,
        tick=desk.instrument.to_ticks(price),
        lots=lots,
        liquidity=Liquidity.MAKER if maker else Liquidity.TAKER,
        evidence=evidence,
        displayed=desk.lots(passage.printed) if passage.printed is not None else 0,
        consumed_before=0,
        consumed_after=lots,
        ts_exchange=passage.ts,
        ts_received=now,
    )


def _stood(order: Order, passage: Passage, since: int) -> bool:
    """Whether a stop stood where it stands when a price was passed; one from before the loss always did."""
    return order.due_ts <= since or order.due_ts <= passage.ts


def _rests_to_close(order: Order) -> bool:
    resting = order.state in (OrderState.WORKING, OrderState.PARTIALLY_FILLED)
    return resting and order.reduce_only and order.trigger is None
