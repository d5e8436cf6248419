"""Limit orders that follow the touch by changes, up to a distance or a number of them.

A chase stands at the best price of its own side. When the touch leaves it behind, the order is changed
to the new touch, one change at a time, each with the latency of a change. At its end it stays where it
is, or takes what the other side offers.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from tradetui.domain.number import canonical
from tradetui.domain.order import Amend, Order, OrderState
from tradetui.engine.desk import Desk
from tradetui.trading.settings import EngineSettings

if TYPE_CHECKING:
    from tradetui.engine.orders import OrderFlow

_RESTING = (OrderState.WORKING, OrderState.PARTIALLY_FILLED)


class Chases:
    """Moves chasing orders after each change of a book."""

    def __init__(self, settings: EngineSettings, flow: OrderFlow) -> None:
        self.settings = settings
        self.flow = flow
        self.scribe = flow.scribe
        self.state = flow.state

    def follow(self, desk: Desk) -> None:
        """Let the chasing orders of a symbol follow its touch."""
        for order_id in list(desk.chasing):
            order = self.state.live.get(order_id)
            if order is None or order.chase is None:
                desk.chasing.pop(order_id)
            elif order.state in _RESTING and order.amend is None and not order.pending_cancel:
                self._follow(desk, order)

    def _follow(self, desk: Desk, order: Order) -> None:
        touch, chase = desk.best(order.side.opposite), order.chase
        if touch is None or chase is None or order.price is None:
            return
        sign = order.side.sign
        if sign * (touch - order.price) <= 0:
            return
        wanted = touch if sign * (touch - chase.bound) <= 0 else chase.bound
        if sign * (wanted - order.price) <= 0:
            self._end(order, f"{canonical(chase.bound)} is as far as it goes")
        elif order.chased >= chase.most:
            self._end(order, f"{order.chased} changes are made")
        else:
            amend = Amend(price=wanted, chased=order.chased + 1)
            self.flow.amends.request(order, amend, latency_ns=self.settings.amend_ns)

    def _end(self, order: Order, why: str) -> None:
        """The chase is over: the order stays a limit, or takes what is offered."""
        take = order.chase is not None and order.chase.take
        what = "it takes what is offered" if take else f"it stays at {canonical(order.price or Decimal(0))}"
        text = f"order {order.order_id} stops chasing: {why}, {what}"
        self.scribe.note("chase_ended", text, symbol=order.symbol)
        order = self.scribe.order(msgspec.structs.replace(order, chase=None))
        if take:
            self.flow.amends.request(order, Amend(take=True), latency_ns=self.settings.amend_ns)
