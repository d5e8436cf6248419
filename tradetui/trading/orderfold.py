"""What a fill makes of its order."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from tradetui.domain.fill import Fill
from tradetui.domain.number import MONEY, ZERO
from tradetui.domain.order import Order, OrderState


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


def nearness(target: Order) -> Decimal:
    """Ascending from the target that is reached first: the highest buy, the lowest sell."""
    price = target.trigger if target.trigger is not None else target.price
    return -target.side.sign * (price or ZERO)
