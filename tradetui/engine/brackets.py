"""A position, its stop and its target are one object: here they follow each other (8.3, 8.4, 12.2).

After every batch of fills `settle` makes it true again: one stop of the position's size, targets of
its size, no reduce-only order larger than it, and nothing left behind when it is flat.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from tradetui.domain.order import OrderRole
from tradetui.domain.position import Position
from tradetui.domain.reply import Reason
from tradetui.engine.desk import Desk
from tradetui.engine.targets import Targets

if TYPE_CHECKING:
    from tradetui.engine.orders import OrderFlow

_EXIT_WITH_POSITION = (OrderRole.PROTECTIVE, OrderRole.TAKE_PROFIT, OrderRole.FLATTEN)


class Brackets:
    """Keeps stops, targets and reduce-only orders in step with the positions."""

    def __init__(self, flow: OrderFlow) -> None:
        self.flow = flow
        self.scribe = flow.scribe
        self.state = flow.state
        self.targets = Targets(flow)

    def settle(self, symbol: str) -> None:
        """Make a symbol's exits fit its position."""
        position = self.state.holding(symbol)
        if position is None:
            self._clear(symbol)
            return
        desk = self.flow.desks[symbol]
        self.flow.protection.settle(desk, position, desk.exit_qty())
        self._drop_wrong_side(position)
        position = self.state.holding(symbol)
        if position is not None:
            self.targets.settle(desk, position)
            self._shrink_others(desk, desk.exit_qty())

    def _clear(self, symbol: str) -> None:
        """Nothing is held: no exit may be left (I-34)."""
        for order in self.state.live_of(symbol):
            still = self.state.live.get(order.order_id)
            if still is None or not (order.reduce_only or order.role in _EXIT_WITH_POSITION):
                continue
            self.flow.cancel_now(still, Reason.POSITION_CLOSED)

    def _drop_wrong_side(self, position: Position) -> None:
        """A position that turned over leaves exits behind that would add to it: they go."""
        for order in self.state.live_of(position.symbol):
            if order.reduce_only and order.side is position.side and order.order_id in self.state.live:
                self.flow.cancel_now(order, Reason.POSITION_CLOSED)

    # --- other exits

    def _shrink_others(self, desk: Desk, qty: Decimal) -> None:
        """No reduce-only order may be larger than the position; one that closes it is as large (R-RED-4)."""
        for order in self.state.live_of(desk.symbol):
            if order.role in (OrderRole.PROTECTIVE, OrderRole.TAKE_PROFIT) or not order.reduce_only:
                continue
            closes = order.close_position and order.role is not OrderRole.FLATTEN
            if order.side is not self.state.positions[desk.symbol].side and (closes or order.leaves > qty):
                self.flow.resize(desk, order, qty)
