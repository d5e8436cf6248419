"""The venue's own filters for entries (section 9): price bands, market size, counts of orders, position.

A filter that the venue does not give is not checked; one that it gives and that has no number to be
held against refuses (R-CHK-1). Exits are exempt from all of them (R-RED-5).
"""

from __future__ import annotations

from decimal import Decimal

from tradetui.domain.command import SubmitOrder
from tradetui.domain.market_data import Side
from tradetui.domain.number import ZERO, ceil_to, floor_to
from tradetui.domain.order import OrderState
from tradetui.domain.reply import Reason
from tradetui.engine.desk import Desk
from tradetui.engine.refusals import number, refuse
from tradetui.state import State


def check_filters(desk: Desk, state: State, command: SubmitOrder, qty: Decimal) -> None:
    """Raises Refused with the first filter that an entry of this quantity does not pass."""
    _check_percent_price(desk, command)
    _check_market_size(desk, command, qty)
    _check_counts(desk, state, command)
    _check_position(desk, state, command.side, qty)


def _check_percent_price(desk: Desk, command: SubmitOrder) -> None:
    """A limit too far from the average price is no order to the venue (PERCENT_PRICE)."""
    bands = desk.instrument.percent_price
    if bands is None or command.limit is None:
        return
    average = desk.average_price()
    if average is None:
        raise refuse(Reason.NO_PRICE, f"{desk.symbol}: no price yet to hold the venue's price band against")
    lowest = ceil_to(average * bands[0], desk.instrument.tick_size)
    highest = floor_to(average * bands[1], desk.instrument.tick_size)
    if lowest <= command.limit <= highest:
        return
    nearest = lowest if command.limit < lowest else highest
    raise refuse(
        Reason.PERCENT_PRICE,
        f"limit {number(command.limit)} lies outside the venue's band {number(lowest)} to {number(highest)}",
        mend=f"{number(nearest)} would pass",
        limit=nearest,
        nearest=nearest,
    )


def _check_market_size(desk: Desk, command: SubmitOrder, qty: Decimal) -> None:
    most = desk.instrument.market_max_qty
    if most is not None and command.limit is None and qty > most:
        raise refuse(
            Reason.MAX_QTY,
            f"{number(qty)} is above the venue's largest market order of {number(most)}",
            mend=f"{number(most)} would pass, or a limit order",
            limit=most,
            nearest=most,
        )


def _check_counts(desk: Desk, state: State, command: SubmitOrder) -> None:
    """How many orders a venue lets rest, and how many may wait for a trigger (MAX_NUM_ORDERS)."""
    live = state.live_of(desk.symbol)
    armed = sum(order.state is OrderState.ARMED for order in live)
    conditional = command.trigger is not None or command.trail is not None
    most = desk.instrument.max_conditional_orders if conditional else desk.instrument.max_orders
    count = armed if conditional else len(live)
    if most is not None and count >= most:
        kind = "waiting for a trigger" if conditional else "open"
        raise refuse(
            Reason.MAX_ORDERS,
            f"{count} orders are {kind} in {desk.symbol}, the venue allows {most}",
            mend="cancel one first",
            limit=Decimal(most),
        )


def _check_position(desk: Desk, state: State, side: Side, qty: Decimal) -> None:
    """What is held, what working buys may add and this order together (MAX_POSITION)."""
    most = desk.instrument.max_position
    if most is None or side is Side.SELL:
        return
    position = state.positions.get(desk.symbol)
    held = max(ZERO, position.signed_qty) if position is not None else ZERO
    buys = sum(
        (o.most_leaves for o in state.live_of(desk.symbol) if o.side is Side.BUY and not o.reduce_only), ZERO
    )
    left = max(ZERO, floor_to(most - held - buys, desk.instrument.lot_size))
    if qty > left:
        raise refuse(
            Reason.MAX_POSITION,
            f"{number(qty)} beside {number(held + buys)} is above the venue's limit of {number(most)}",
            mend=f"{number(left)} would pass" if left else "close something first",
            limit=most,
            nearest=left,
        )
