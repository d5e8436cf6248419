"""What a position went through while its data was lost: the program was off, asleep or cut off (6.4).

Entries never fill in a gap. Stops do, at the first price that reached them, and say that no live book
stood behind it. A target fills only by prints beyond it. What came of a gap is kept until a person
acknowledges it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from itertools import islice
from typing import Final

import msgspec

from tradetui.domain.event import GapEvaluated
from tradetui.domain.fill import Evidence, Fill
from tradetui.domain.market_data import (
    Asking,
    CandleHistory,
    MarketMessage,
    MissedCandles,
    MissedTrades,
    Missing,
    PriceKind,
)
from tradetui.domain.number import canonical
from tradetui.domain.order import Order, OrderRole, OrderState, OrderType, StopPlan, TriggerBy
from tradetui.domain.position import Position
from tradetui.domain.reply import Reason
from tradetui.engine.desk import Desk
from tradetui.engine.orders import OrderFlow
from tradetui.engine.synthetic import synthetic
from tradetui.trading.gaps import MINUTE_NS, FormerStop, Passage, is_reached, missed_price
from tradetui.trading.missed import COMPUTED, Missed, worst
from tradetui.trading.settings import EngineSettings

REPORTED_NS: Final = 60_000_000_000
"""A gap as long as this is told also when nothing happened in it."""


PATIENCE_NS: Final = 10_000_000_000
"""So long after the first fresh book exits wait for what is being asked about the lost time."""


class Gap(msgspec.Struct):
    """Data of one symbol was lost since a moment; what is known of the time since."""

    since: int
    missed: Missed
    is_asked: bool = False
    """Whether a feed is asking for more."""
    patient_until: int = 0
    """Up to when that is waited for, in steady time; 0 before a fresh book came."""
    fired: str = ""
    """Which stop fired that does not stand any more."""
    until: int = 0
    """When it was evaluated; 0 before."""
    marks: list[tuple[int, Decimal]] | None = None
    """What liquidation looked at, by moments that are sure; None while more may be told."""
    worst: dict[int, Decimal] = {}
    """The worst of what it looked at, by minutes."""


class GapDesk:
    """Evaluates gaps before anything live acts on the first fresh book."""

    def __init__(self, settings: EngineSettings, flow: OrderFlow) -> None:
        self.settings = settings
        self.flow = flow
        self.scribe = flow.scribe
        self.state = flow.state
        self.gaps: dict[str, Gap] = {}
        self._over: dict[str, Gap] = {}
        """The newest gap of each symbol that was evaluated: others may have gone through it too."""
        self.liquidate: Callable[[Desk, Passage], bool] = lambda _desk, _passage: False
        """Liquidates a position that a passage would have; the engine knows how."""
        self.settle: Callable[[str], None] = lambda _symbol: None
        """Settles what fell due in a gap that is evaluated."""
        self.judged: Callable[[str], None] = lambda _symbol: None
        """What waited for the judgement of a gap; the engine knows."""

    def begin(self, symbol: str, since: int) -> None:
        """Data is lost from a moment on; an earlier loss goes on."""
        if symbol not in self.gaps:
            self.gaps[symbol] = Gap(since, Missed(since))

    def forget_unstaked(self) -> None:
        """Where nothing of ours is left no loss concerns us: what comes later begins its own."""
        for symbol in [each for each in self.gaps if not self.flow.desks[each].staked]:
            del self.gaps[symbol]

    def learn(self, message: MarketMessage) -> None:
        """Take what a message tells of a gap that is open."""
        if not isinstance(message, CandleHistory | MissedTrades | MissedCandles | Asking):
            return
        gap = self.gaps.get(message.symbol)
        if gap is None:
            return
        if isinstance(message, Asking):
            gap.is_asked = not message.has_ended
        else:
            gap.missed.learn(message)
            gap.marks = None

    def missing(self, symbol: str) -> Missing | None:
        """What has to be known of a gap; None where nothing that is held went through one."""
        gap = self.gaps.get(symbol)
        if gap is None or self.state.holding(symbol) is None:
            return None
        exits = [order for order in self.state.live_of(symbol) if order.reduce_only]
        used = {order.trigger_by for order in exits if order.trigger is not None}
        kinds = [PriceKind.LAST]
        if self.state.instruments[symbol].is_perpetual:
            kinds.append(PriceKind.MARK)
            kinds += [PriceKind.INDEX] * (TriggerBy.INDEX in used)
        return Missing(gap.since, tuple(kinds))

    def waits(self, symbol: str) -> bool:
        """Whether a fresh book has to wait for what is being asked about the gap before it."""
        gap, position = self.gaps.get(symbol), self.state.holding(symbol)
        if gap is None or position is None:
            return False
        together = [each.symbol for each in self.state.positions.values() if each.cross and position.cross]
        if not any(each in self.gaps and self.gaps[each].is_asked for each in (symbol, *together)):
            return False
        now = self.scribe.steady_ts
        gap.patient_until = gap.patient_until or now + PATIENCE_NS
        return now < gap.patient_until

    def mark_at(self, symbol: str, ts: int, *, at_worst: bool = False) -> Decimal | None:
        """What liquidation looked at for a symbol at a moment of its own gap; None where nobody knows.

        With `at_worst` the worst of the minute that begins there, where it has one.
        """
        gap, position = self.gaps.get(symbol) or self._over.get(symbol), self.state.positions.get(symbol)
        if gap is None or position is None or not gap.since <= ts <= (gap.until or ts):
            return None
        if gap.marks is None:
            passages = gap.missed.passages(position.side, until=self.scribe.ts)
            seen = [each for one in passages if (each := gap.missed.seen(TriggerBy.MARK, one)) is not None]
            gap.marks = [(each.ts, each.price) for each in seen if not each.is_extreme]
            gap.worst = {each.minute: each.price for each in seen if each.is_adverse}
        if at_worst and ts in gap.worst:
            return gap.worst[ts]
        place = bisect_right(gap.marks, ts, key=lambda each: each[0])
        return gap.marks[place - 1][1] if place else None

    def marks_at(self, symbols: Iterable[str], passage: Passage) -> dict[str, Decimal]:
        """What others were worth while a price passed, as far as anybody knows.

        Of one minute all extremes against the trader came first, and together (6.4).
        """
        worst = passage.is_adverse
        marks = ((symbol, self.mark_at(symbol, passage.ts, at_worst=worst)) for symbol in symbols)
        return {symbol: mark for symbol, mark in marks if mark is not None}

    def end(self, desk: Desk) -> None:
        """The data is back: see what happened to the position, and write it down."""
        gap = self.gaps.pop(desk.symbol, None)
        position = self.state.holding(desk.symbol)
        if gap is not None and position is not None:
            self._over[desk.symbol] = gap
            self._evaluate(desk, gap, position)
            gap.until = self.scribe.ts
            self.judged(desk.symbol)
        self.settle(desk.symbol)

    def covers(self, symbol: str, ts: int) -> bool:
        """Whether a moment lies in a gap that is not evaluated yet."""
        gap = self.gaps.get(symbol)
        return gap is not None and gap.since <= ts

    def _evaluate(self, desk: Desk, gap: Gap, position: Position) -> None:
        passages = gap.missed.passages(position.side, until=self.scribe.ts)
        used = _used(self.state.stop_of(desk.symbol))
        former = list(self.state.former.get(desk.symbol, ()))
        leveraged = desk.instrument.is_perpetual
        fills = self.state.fill_count
        for passage in passages:
            if not self._pass(desk, passage, gap, former):
                break
        new = list(islice(reversed(self.state.fills), self.state.fill_count - fills))[::-1]
        last = next((fill for fill in reversed(new) if fill.symbol == desk.symbol), None)
        if last is not None or self.scribe.ts - gap.since >= REPORTED_NS:
            text = self._words(gap, passages, position, used, last=last)
            report = GapEvaluated(
                symbol=desk.symbol,
                from_ts=gap.since,
                to_ts=self.scribe.ts,
                source=gap.missed.source,
                text="; ".join(
                    (text, *(_evidence(gap.missed, used, is_leveraged=leveraged) if passages else ()))
                ),
            )
            self.scribe.write(report, symbol=desk.symbol)
        for fill in new:
            if fill.symbol != desk.symbol:
                self._tell_other(fill, gap)

    def _tell_other(self, fill: Fill, gap: Gap) -> None:
        """What the gap of one symbol closed of another one that shares its margin is told as well."""
        text = f"{_closed(fill)}, by what the whole margin had lost"
        report = GapEvaluated(
            symbol=fill.symbol,
            from_ts=gap.since,
            to_ts=self.scribe.ts,
            source=gap.missed.source,
            text=text,
        )
        self.scribe.write(report, symbol=fill.symbol)

    def _pass(self, desk: Desk, passage: Passage, gap: Gap, former: list[FormerStop]) -> bool:
        """Let one price act on what is held: liquidation, then stops, then targets; False when flat."""
        if self.state.holding(desk.symbol) is None:
            return False
        marked = gap.missed.seen(TriggerBy.MARK, passage)
        if marked is None or marked.is_early or not self.liquidate(desk, marked):
            self._former(desk, passage, gap, former)
            self._stops(desk, passage, gap)
            self._trails(desk, passage, gap)
            self._targets(desk, passage)
        return True

    def _former(self, desk: Desk, passage: Passage, gap: Gap, former: list[FormerStop]) -> None:
        """A stop that was moved meanwhile is held against the prices of the time in which it stood."""
        for each in former:
            order, held = each.order, self.state.holding(desk.symbol)
            seen = gap.missed.seen(order.trigger_by, passage)
            if held is None or held.side is order.side or order.trigger is None or seen is None:
                continue
            if each.stood(seen, gap.since) and is_reached(order.side, order.trigger, seen.price):
                gap.fired = f" by the stop at {canonical(order.trigger)} that stood then"
                self._fill_by(desk, order, seen)

    def _fill_by(self, desk: Desk, former: Order, passage: Passage) -> None:
        """The stop that stands now, or one made for it, fills as the former one would have."""
        stop = self.state.stop_of(desk.symbol)
        if stop is None:
            plan = StopPlan(former.trigger or passage.price, by=former.trigger_by)
            made = self.flow.protection.new_stop(desk, plan, desk.exit_qty()).to(OrderState.SUBMITTED)
            stop = self.scribe.move(made, OrderState.ARMED)
        if stop.price is not None:
            stop = self.scribe.order(msgspec.structs.replace(stop, type=OrderType.STOP_MARKET, price=None))
        if stop.state is OrderState.ARMED:
            as_was = msgspec.structs.replace(former, price=None)
            self._fill_at(desk, stop, passage, self._price(desk, as_was, passage))

    def _stops(self, desk: Desk, passage: Passage, gap: Gap) -> None:
        live = self.state.live_of(desk.symbol)
        exits = [o for o in live if o.reduce_only and o.trigger is not None and not o.type.takes_profit]
        for order in sorted(exits, key=lambda o: o.role is not OrderRole.PROTECTIVE):
            seen = gap.missed.seen(order.trigger_by, passage)
            if seen is None or not _stood(order, seen, gap.since):
                continue
            if order.order_id not in self.state.live or order.trigger is None:
                continue
            if _could_fire(order, seen) and is_reached(order.side, order.trigger, seen.price):
                self._fill_stop(desk, order, seen)
            elif order.price is not None and _rested(order, self.scribe.ts):
                self._fill_rest(desk, order, order.price, seen)

    def _fill_rest(self, desk: Desk, order: Order, limit: Decimal, passage: Passage) -> None:
        """A stop that fired in the gap and rests at its limit fills there when the price is back for sure."""
        lots = min(desk.lots(order.leaves), desk.lots(desk.exit_qty()))
        if lots and (passage.price - limit) * -order.side.sign >= 0 and not passage.is_extreme:
            desk.waiting.pop(order.order_id, None)
            self._execute(desk, order, passage, limit, lots, evidence=Evidence.GAP)

    def _trails(self, desk: Desk, passage: Passage, gap: Gap) -> None:
        """What did not fire follows the price, after the old trigger was held against it (R-TRL-3)."""
        for order in self.state.live_of(desk.symbol):
            if not order.reduce_only or order.trail is None:
                continue
            seen = gap.missed.seen(order.trigger_by, passage)
            if seen is not None and not seen.is_early and _stood(order, seen, gap.since):
                self.flow.conditionals.follow(order.order_id, seen.price)

    def _fill_stop(self, desk: Desk, order: Order, passage: Passage) -> None:
        """A stop was reached while nobody watched: it fills as the rules say, marked as synthetic."""
        price = self._price(desk, order, passage)
        if order.price is not None and (price - order.price) * order.side.sign > 0:
            if order.state is OrderState.ARMED:
                self.flow.conditionals.trigger_in_gap(order)
            return
        self._fill_at(desk, order, passage, price)

    def _price(self, desk: Desk, order: Order, passage: Passage) -> Decimal:
        trigger, tick = order.trigger or passage.price, desk.instrument.tick_size
        return missed_price(order.side, trigger, passage, slip=self.settings.gap_slip, tick=tick)

    def _fill_at(self, desk: Desk, order: Order, passage: Passage, price: Decimal) -> None:
        if order.state is OrderState.ARMED:
            desk.disarm(order.order_id)
            order = self.scribe.move(
                order, OrderState.TRIGGERED, Reason.GAP_EVALUATION, triggered_ts=self.scribe.ts
            )
        lots = min(desk.lots(order.leaves), desk.lots(desk.exit_qty()))
        if lots:
            desk.waiting.pop(order.order_id, None)
            self._execute(desk, order, passage, price, lots, evidence=Evidence.GAP)

    def _targets(self, desk: Desk, passage: Passage) -> None:
        """A target fills by a print strictly beyond it, up to the print's size; never by a candle."""
        if passage.printed is None:
            return
        rest = desk.lots(passage.printed)
        for order in self.state.live_of(desk.symbol):
            price = desk.limit_price(order)
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

    def _words(
        self, gap: Gap, passages: list[Passage], position: Position, used: TriggerBy, *, last: Fill | None
    ) -> str:
        if last is not None:
            return f"{_closed(last)}{gap.fired}"
        seen = [each for passage in passages if (each := gap.missed.seen(used, passage))]
        price = worst(seen, position.side)
        if price is not None:
            return f"the stop was not reached: the worst price was {canonical(price)}"
        return "nothing is known of the time: the stop is held against the first fresh price"


def _closed(fill: Fill) -> str:
    return f"closed {canonical(fill.qty)} at {canonical(fill.price)} while away"


def _used(stop: Order | None) -> TriggerBy:
    """What the stop looks at."""
    return stop.trigger_by if stop is not None else TriggerBy.LAST


def _stood(order: Order, passage: Passage, since: int) -> bool:
    """Whether a stop stood where it stands when a price was passed; one from before the loss always did.

    What the minute of the loss reached it reached in the loss, where the stop stood since before: else it
    would have fired. That is not said of a trail, whose trigger moved meanwhile, nor of another price.
    """
    if passage.is_early:
        is_own = order.trigger_by.value == passage.kind.value
        return is_own and order.trail is None and 0 < order.due_ts <= passage.minute
    return order.due_ts <= since or order.due_ts <= passage.ts


def _could_fire(order: Order, passage: Passage) -> bool:
    """Whether a stop waited for its price then; one that fired on the return, before its book, did."""
    fired_later = order.state is OrderState.TRIGGERED and not order.filled and passage.ts < order.triggered_ts
    return order.state is OrderState.ARMED or (fired_later and order.reason != str(Reason.GAP_EVALUATION))


def _rested(order: Order, now: int) -> bool:
    """Whether a stop_limit has fired in the gap that is being looked at."""
    fired = order.state is OrderState.TRIGGERED and order.triggered_ts == now
    return fired and order.reason == str(Reason.GAP_EVALUATION)


def _rests_to_close(order: Order) -> bool:
    resting = order.state in (OrderState.WORKING, OrderState.PARTIALLY_FILLED)
    return resting and order.reduce_only and order.trigger is None


def _evidence(missed: Missed, by: TriggerBy, *, is_leveraged: bool) -> Iterator[str]:
    """Which past of a mark or an index counted, or what was taken for it, and what nobody told."""
    kind, what = PriceKind.LAST, f"it looks at the {by.value} price"
    if by.value in COMPUTED:
        kind = PriceKind(by.value)
    elif is_leveraged:
        kind, what = PriceKind.MARK, "liquidation looks at the mark price"
    if kind in COMPUTED and missed.knows(kind):
        yield f"{what}: its candles were taken"
    elif kind in COMPUTED:
        other = "candles of the index" if missed.knows(PriceKind.INDEX) else missed.source
        yield f"{what}, whose past is not known: {other} were taken for it"
    for each in dict.fromkeys((PriceKind.LAST, kind)):
        minutes = (missed.unknown_until(each) - missed.since) // MINUTE_NS
        if minutes > 0:
            yield f"nothing of the {each.value} price is known of the first {minutes:,} min"
