"""What the columns of an order can not say: how it follows, until when, and what it is tied to."""

from __future__ import annotations

from tradetui.domain.market_data import Side
from tradetui.domain.number import ZERO, canonical
from tradetui.domain.order import Order, OrderRole, OrderState, Trail, TriggerBy
from tradetui.engine import Engine
from tradetui.engine.stuck import NO_LIQUIDITY
from tradetui.runtime.views.words import second_of_day, time_of_day
from tradetui.state import State
from tradetui.trading.sources import fallback_key

NOWHERE = "nothing"
"""What an order looks at while no price that may fire it is live."""


def order_detail(order: Order, *, scale: int, zone: str, looks_at: str = "", waits: str = "") -> str:
    """Everything that applies, the most telling first.

    `looks_at` is what fires it now, if not its source; `waits` what it waits for, where it has to act.
    """
    found = (
        waits,
        trail_detail(order, scale),
        chase_detail(order, scale),
        tie_detail(order),
        source_detail(order, looks_at),
        f"until {time_of_day(order.expire_ts, zone)}" if order.expire_ts else "",
    )
    return " · ".join(words for words in found if words)


def trail_words(trail: Trail | None) -> str:
    """1% or the distance; empty without a trail."""
    if trail is None:
        return ""
    return f"{canonical(trail.rate * 100)}%" if trail.rate is not None else canonical(trail.distance or ZERO)


def trail_detail(order: Order, scale: int) -> str:
    """How an order trails, and the best price so far or the price from which on."""
    if order.trail is None:
        return ""
    words = f"trail {trail_words(order.trail)}"
    if order.extreme is not None:
        return f"{words} {'high' if order.side is Side.SELL else 'low'} {order.extreme:,.{scale}f}"
    return words if order.trail.activation is None else f"{words} from {order.trail.activation:,.{scale}f}"


def chase_detail(order: Order, scale: int) -> str:
    """How many changes a chase has made, how many and how far it may."""
    chase = order.chase
    if chase is None:
        return ""
    return f"chase {order.chased}/{chase.most} to {chase.bound:,.{scale}f}{' take' if chase.take else ''}"


def source_detail(order: Order, looks_at: str) -> str:
    """What fires it, where that is not the last trade, and what counts for that now."""
    if order.state is not OrderState.ARMED:
        return ""
    if looks_at == NOWHERE:
        return f"no {order.trigger_by.value} price"
    if looks_at:
        return f"by {looks_at} for {order.trigger_by.value}"
    return "" if order.trigger_by is TriggerBy.LAST else f"by {order.trigger_by.value}"


def looks_at(state: State, order: Order) -> str:
    """The source that counts in place of an order's own; empty where its own is live."""
    told = state.fallbacks.get(fallback_key(order.symbol, order.trigger_by), order.trigger_by.value)
    return "" if told == order.trigger_by.value else told or NOWHERE


def wait_detail(engine: Engine, state: State, order: Order, zone: str) -> str:
    """What an order that has to act waits for, and since when nobody takes it (R-STP-6, R-MD-7)."""
    if order.state in (OrderState.ARMED, OrderState.HELD):
        return ""  # that it has to act by now is not committed yet
    why = engine.waits_for(order.order_id)
    if why != NO_LIQUIDITY:
        return f"waits: {why}" if why else ""
    filled_ts = 0
    if order.filled:
        mine = (fill.ts for fill in reversed(state.fills) if fill.order_id == order.order_id)
        filled_ts = next(mine, 0)
    since = max(order.triggered_ts or order.due_ts, filled_ts, engine.fresh_since(order.symbol))
    return f"WORKING, {why} since {second_of_day(since, zone)}"


def tie_detail(order: Order) -> str:
    """Its alternative, the order that it waits for, or the first of those that it was made with."""
    if order.rival_id:
        return f"oco {order.rival_id}"
    if order.state is OrderState.HELD:
        return f"after {order.parent_id}"
    if order.close_position and order.role is OrderRole.DISCRETIONARY:
        return "closes all"
    made_with = order.group if order.group != order.order_id else ""
    return f"with {made_with}" if made_with and order.role is not OrderRole.TAKE_PROFIT else ""
