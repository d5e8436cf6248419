"""The story of an order: why it filled, what has to happen for it to fill, or why it did not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Final

from tradetui.domain.event import Event, OrderChanged
from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import Side
from tradetui.domain.number import ZERO, canonical, scale_of
from tradetui.domain.order import Order, OrderState, TriggerBy
from tradetui.domain.view import OrderStory
from tradetui.engine import Engine
from tradetui.market.market import Market
from tradetui.runtime.reasons import ending_words, refusal_words
from tradetui.runtime.views.account import zone_of
from tradetui.runtime.views.fills import evidence_words, executions_of, whole_fill
from tradetui.runtime.views.orderwords import looks_at, order_detail, wait_detail
from tradetui.runtime.views.words import price_text, second_of_day
from tradetui.state import State
from tradetui.trading.match_types import QueueProfile

TOLD: Final = 40
"""So many orders that are done are told of."""
TOLD_FILLS: Final = 4
"""So many executions of an order are told one by one; the others are summed."""
KEPT: Final = 1_000
"""So many refusals are remembered in their own words."""
_ADVERB: Final = {Side.BUY: "below", Side.SELL: "above"}
_OTHER: Final = {Side.BUY: ("sold", "an ask"), Side.SELL: ("bought", "a bid")}


class OrderTeller:
    """Remembers what refusals said, and tells of every order."""

    def __init__(self) -> None:
        self._refused: dict[str, str] = {}

    def take(self, events: Iterable[Event]) -> None:
        """Remember the refusals of what was committed."""
        for event in events:
            body = event.body
            if isinstance(body, OrderChanged) and body.refusal is not None:
                self._refused[body.order.order_id] = refusal_words(body.refusal)
        while len(self._refused) > KEPT:
            del self._refused[next(iter(self._refused))]

    def stories(self, engine: Engine, state: State) -> tuple[OrderStory, ...]:
        """Those of the living orders in their order, then of those that are done, newest first."""
        taken = taken_at(engine, state.live.values())
        live = [_living(order, engine, state, taken) for order in state.live.values()]
        done = [state.orders[name] for name in islice(reversed(state.done), TOLD)]
        return (*live, *(self._ended(order, state) for order in done))

    def _ended(self, order: Order, state: State) -> OrderStory:
        told = self._refused.get(order.order_id, "")
        fills = fill_words(order, state)
        ended = "" if order.state is OrderState.FILLED and fills else ending_words(order, told)
        parts = (ended, *fills, _by_what(order))
        return OrderStory(order.order_id, title_of(order, _scale(order, state)), _joined(parts))


def _living(order: Order, engine: Engine, state: State, taken: Mapping[str, float]) -> OrderStory:
    scale, zone = _scale(order, state), zone_of(state)
    detail = order_detail(order, scale=scale, zone=zone, looks_at=looks_at(state, order))
    pending = "its cancel is on the way" if order.pending_cancel else ""
    pending = "a change of it is on the way" if order.pending_amend and not pending else pending
    parts = (needs(order, engine, state, taken), pending, detail, *fill_words(order, state), _by_what(order))
    return OrderStory(order.order_id, title_of(order, scale), _joined(parts))


def _joined(parts: Iterable[str]) -> str:
    return ". ".join(part[:1].upper() + part[1:] for part in parts if part)


def _by_what(order: Order) -> str:
    never_met = order.state in (OrderState.DENIED, OrderState.REJECTED)
    return f"matched {order.realism}" if order.realism and not never_met else ""


def _scale(order: Order, state: State) -> int:
    instrument = state.instruments.get(order.symbol)
    return instrument.price_scale if instrument is not None else 2


def title_of(order: Order, scale: int) -> str:
    """O-12 working · buy 0.2 BTC/USDT limit 61,500.0: the state comes before what may find no room."""
    prices = [
        price_text(price, max(scale, scale_of(price)))  # one that was refused for its tick is not rounded
        for price in (order.trigger, order.price)
        if price is not None
    ]
    what = f"{order.side.value} {canonical(order.qty)} {order.symbol} {order.type.value} {'/'.join(prices)}"
    return f"{order.order_id} {order.state.value.replace('_', ' ')} · {what.strip()}"


def fill_words(order: Order, state: State) -> list[str]:
    """What in the market allowed each execution so far, oldest first, and what the rest came to."""
    instrument = state.instruments.get(order.symbol)
    if not order.filled or instrument is None:
        return []
    scale, told = instrument.price_scale, []
    groups = executions_of(state, order.order_id)
    for group in groups[:TOLD_FILLS]:
        whole = whole_fill(group, instrument)
        price = f"{canonical(whole.qty)} at {price_text(whole.price, max(scale, scale_of(whole.price)))}"
        told.append(f"filled {price}: {evidence_words(group, whole, order=order, scale=scale)}")
    if more := groups[TOLD_FILLS:]:
        told.append(
            f"and {len(more)} more: {canonical(sum((f.qty for each in more for f in each), ZERO))} in all"
        )
    return told or [f"filled {canonical(order.filled)}: the journal has the receipts"]


def needs(order: Order, engine: Engine, state: State, taken: Mapping[str, float]) -> str:
    """What an order that lives waits for; `taken` is what traded at its price, by order."""
    zone, market = zone_of(state), engine.markets.get(order.symbol)
    if order.state is OrderState.HELD:
        return f"held until {order.parent_id} fills"
    if order.state is OrderState.SUBMITTED:
        return f"on its way to the venue, there at {second_of_day(order.due_ts, zone)}"
    if market is None:
        return "no price of its symbol is known yet"
    if order.state is OrderState.ARMED:
        return trigger_words(order, market)
    if wait := wait_detail(engine, state, order, zone):
        return wait
    return queue_words(order, engine, market, zone, taken.get(order.order_id, 0.0))


def trigger_words(order: Order, market: Market) -> str:
    """Which price has to come how far before it is fired."""
    by = order.trigger_by.value
    if order.trigger is None:
        return f"waits for its trail to begin, by the {by} price"
    scale = market.instrument.price_scale
    upward = (order.side is Side.BUY) is not order.type.takes_profit
    words = (
        f"waits for the {by} price to {'rise' if upward else 'fall'} to {price_text(order.trigger, scale)}"
    )
    now = _price_now(order, market)
    if now is None:
        return f"{words}; none is known now"
    at = market.instrument.price_from_float(now)
    return f"{words}: it is {price_text(at, scale)}, {price_text(abs(at - order.trigger), scale)} away"


def _price_now(order: Order, market: Market) -> float | None:
    quote = market.quote
    found = {
        TriggerBy.LAST: market.last_price,
        TriggerBy.MARK: market.mark,
        TriggerBy.INDEX: market.index,
        TriggerBy.BID_ASK: None if quote is None else quote.ask if order.side is Side.BUY else quote.bid,
    }
    return found[order.trigger_by]


def taken_at(engine: Engine, orders: Iterable[Order]) -> dict[str, float]:
    """What prints took from the level of each resting order since it rests, by order."""
    by_symbol: dict[str, list[Order]] = {}
    for order in orders:
        if order.price is not None and engine.queue_ahead(order.order_id) is not None:
            by_symbol.setdefault(order.symbol, []).append(order)
    taken: dict[str, float] = {}
    for symbol, resting in by_symbol.items():
        if (market := engine.markets.get(symbol)) is not None:
            taken.update(_taken_of(resting, market))
    return taken


def _taken_of(resting: Sequence[Order], market: Market) -> dict[str, float]:
    """One pass over the tape for all orders of a symbol; no print is made a Decimal: there are thousands."""
    instrument, tick = market.instrument, float(market.instrument.tick_size)
    levels: dict[tuple[Side | None, int], list[tuple[int, str]]] = {}
    for order in resting:
        if order.price is not None:
            level = order.side.opposite, instrument.to_ticks(order.price)
            levels.setdefault(level, []).append((_rests_since(order), order.order_id))
    taken = {order.order_id: 0.0 for order in resting}
    for each in market.tape.back_to(min(map(_rests_since, resting))):
        for since, order_id in levels.get((each.aggressor, round(each.price / tick)), ()):
            if each.ts >= since:
                taken[order_id] += each.qty
    return taken


def _rests_since(order: Order) -> int:
    return max(order.due_ts, order.ts, order.triggered_ts)


def queue_words(order: Order, engine: Engine, market: Market, zone: str, taken: float = 0.0) -> str:
    """The queue before a resting order, what traded there since it rests, and what fills it."""
    ahead = engine.queue_ahead(order.order_id)
    if ahead is None or order.price is None:
        return "acts on the next fresh book"
    instrument, price = market.instrument, price_text(order.price, market.instrument.price_scale)
    tick, since = instrument.to_ticks(order.price), _rests_since(order)
    shown = _size(instrument, market.book.qty_at(order.side, tick))
    did, quote = _OTHER[order.side]
    stands = f"rests at {price} since {second_of_day(since, zone)}: {canonical(ahead)} before it"
    stands += f" of {shown} displayed, {_size(instrument, taken)} {did} at its price since"
    through = f"when a print goes {_ADVERB[order.side]} {price}"
    profile = engine.settings.rules.profile
    if profile is QueueProfile.STRICT:
        return f"{stands}. It fills {through}"
    first = "at the next print there" if not ahead else f"when more than {canonical(ahead)} is {did} there"
    return f"{stands}. It fills {first}, {through}, or when {quote} is displayed at its price"


def _size(instrument: Instrument, qty: float) -> str:
    return canonical(instrument.to_qty(instrument.to_lots(Decimal(repr(qty)))))
