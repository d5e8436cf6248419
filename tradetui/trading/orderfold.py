"""What a fill makes of its order."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from tradetui.domain.event import TrailMoved
from tradetui.domain.fill import Fill
from tradetui.domain.number import MONEY, ZERO
from tradetui.domain.order import Order, OrderState
from tradetui.errors import InvalidTransition


def order_after(order: Order, fill: Fill) -> Order:
    """An order after one of its fills; raises ValueError where it is more than was left."""
    filled = order.filled + fill.qty
    if filled + order.prevented > order.qty:
        raise ValueError(f"order {order.order_id}: filled {filled} of {order.qty}")
    paid = (order.avg_price or ZERO) * order.filled + fill.price * fill.qty
    state = OrderState.FILLED if filled + order.prevented == order.qty else OrderState.PARTIALLY_FILLED
    if state is not order.state:
        order = order.to(state)
    return msgspec.structs.replace(order, filled=filled, avg_price=MONEY.divide(paid, filled))


def trailed(order: Order, moved: TrailMoved) -> Order:
    """An order whose trail has followed a price; raises InvalidTransition where it follows none."""
    if order.state is not OrderState.ARMED:
        raise InvalidTransition(f"order {order.order_id}: {order.state} follows no price")
    order = msgspec.structs.replace(order, extreme=moved.extreme, trigger=moved.trigger)
    if moved.planned_stop is None:
        return order
    return msgspec.structs.replace(order, planned_stop=moved.planned_stop)


def nearness(target: Order) -> Decimal:
    """Ascending from the target that is reached first: the highest buy, the lowest sell."""
    price = target.trigger if target.trigger is not None else target.price
    return -target.side.sign * (price or ZERO)
