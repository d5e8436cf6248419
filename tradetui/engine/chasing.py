"""A typed chase becomes a limit order that knows how far it may go, or is refused."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from tradetui.domain.command import Follow, SubmitOrder
from tradetui.domain.number import floor_to
from tradetui.domain.order import Chase, Order
from tradetui.domain.reply import Reason
from tradetui.engine import shape
from tradetui.engine.desk import Desk
from tradetui.engine.refusals import number, refuse
from tradetui.engine.reserve import band_price


def at_worst(desk: Desk, command: SubmitOrder) -> SubmitOrder:
    """A chase as the limit order that it may end as: its checks and its risk count from there."""
    if command.chase is None:
        return command
    if command.limit is not None or shape.is_conditional(command) or command.tif in shape.AT_ONCE:
        raise refuse(
            Reason.CONFLICTING_FLAGS,
            "a chase has its own price",
            mend="leave out limit, trigger, ioc and fok",
        )
    bound = _bound(desk, command, command.chase, _touch(desk, command))
    return msgspec.structs.replace(command, limit=bound)


def begun(desk: Desk, command: SubmitOrder, order: Order, *, most: int) -> Order:
    """The order of a chase: it begins at the touch."""
    chase = command.chase
    if chase is None or order.price is None:
        return order
    count = most if chase.most is None else chase.most
    return msgspec.structs.replace(
        order,
        price=_touch(desk, command),
        chase=Chase(bound=order.price, most=count, take=chase.take),
    )


def _touch(desk: Desk, command: SubmitOrder) -> Decimal:
    """The best price of the order's own side."""
    touch = desk.best(command.side.opposite)
    if touch is None:
        raise refuse(Reason.NO_PRICE, f"nobody bids and offers {desk.symbol}: there is no touch to follow")
    return touch


def _bound(desk: Desk, command: SubmitOrder, chase: Follow, touch: Decimal) -> Decimal:
    distance = chase.distance
    if chase.rate is not None:
        distance = floor_to(touch * chase.rate, desk.instrument.tick_size)
    if distance is None:
        return band_price(desk, command.side, touch)
    bound = touch + command.side.sign * distance
    if distance <= 0 or not desk.instrument.price_on_tick(distance) or bound <= 0:
        tick = number(desk.instrument.tick_size)
        words = f"a chase goes some ticks of {tick} from {number(touch)}"
        raise refuse(Reason.OFF_TICK, words, mend=f"chase {tick}")
    if chase.most is not None and chase.most < 1:
        raise refuse(Reason.BAD_INPUT, "expected at least one change of a chase", mend="chase x1")
    return bound
