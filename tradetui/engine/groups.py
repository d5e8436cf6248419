"""Orders that depend on each other: alternatives, and those held until another one fills (8.3).

Of two alternatives the first fill, also a partial one, takes the other out in the same moment
(R-BRK-3). What is held is released as its parent fills, part by part (R-BRK-1); what the parent never
filled is never released (R-BRK-4).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from tradetui.domain.number import MONEY
from tradetui.domain.order import Order, OrderRole, OrderState
from tradetui.domain.reply import Reason
from tradetui.engine.amends import scaled_targets
from tradetui.engine.desk import Desk
from tradetui.trading.match_types import Execution

if TYPE_CHECKING:
    from tradetui.engine.orders import OrderFlow


class Groups:
    """Follows fills to the orders that they concern."""

    def __init__(self, flow: OrderFlow) -> None:
        self.flow = flow
        self.scribe = flow.scribe
        self.state = flow.state

    def filled(self, executions: Iterable[Execution]) -> None:
        """Orders were filled: their alternatives are over."""
        for order_id in dict.fromkeys(piece.order_id for piece in executions):
            rival = self.state.live.get(self.state.orders[order_id].rival_id)
            if rival is not None:
                self.flow.cancel_now(rival, Reason.OTHER_FILLED)

    def is_decided(self, order: Order) -> bool:
        """Whether the alternative of an order has filled before this one arrived."""
        rival = self.state.orders.get(order.rival_id)
        return rival is not None and rival.filled > 0

    def release_all(self) -> None:
        """Let orders act that waited for another one to fill."""
        for order in [order for order in self.state.live.values() if order.state is OrderState.HELD]:
            if order.order_id in self.state.live:
                self.release(order)

    def drop_children(self, parent: Order) -> None:
        """A parent is over: what it filled is released, the rest of what waited for it goes."""
        for child in list(self.state.live.values()):
            if child.parent_id == parent.order_id and child.state is OrderState.HELD:
                self.release(child)

    def release(self, child: Order) -> None:
        """Release of an order what its parent has filled by now."""
        parent = self.state.orders.get(child.parent_id)
        if parent is None:
            self.flow.cancel_now(child, Reason.PARENT_CANCELED)
        elif self.state.lock_on(child.symbol, child.side) is not None:
            self.flow.cancel_now(child, Reason.LOCKED)
        elif parent.state is OrderState.FILLED:
            self._act(child)
        else:
            child = self._release_part(child, parent)
            if parent.state.is_terminal:
                self.flow.cancel_now(child, Reason.PARENT_CANCELED)

    def _release_part(self, child: Order, parent: Order) -> Order:
        """Split off what the parent's fills so far stand for; returns what stays held."""
        desk = self.flow.desks[child.symbol]
        if child.whole_qty is None or parent.role is OrderRole.FLATTEN:
            return child
        whole, left = desk.lots(child.whole_qty), desk.lots(child.qty)
        of_parent = self.flow.desks[parent.symbol]
        wanted = whole * of_parent.lots(parent.filled) // of_parent.lots(parent.qty)
        due = min(left, wanted - (whole - left))
        if due <= 0:
            return child
        part, rest = _part(desk, child, due), _part(desk, child, left - due)
        if due == left:
            self._act(child)
            return child
        self.scribe.order(rest)
        piece = msgspec.structs.replace(
            part,
            order_id=self.scribe.next_order_id(),
            parent_id="",
            group=parent.order_id,
            whole_qty=None,
            state=OrderState.NEW,
        )
        self.scribe.move(piece, OrderState.SUBMITTED)
        self.flow.plan_expiry(piece)
        self.flow.arrive(self.state.live[piece.order_id])
        return rest

    def _act(self, child: Order) -> None:
        """An order is held no more: it arms, or acts on the book."""
        desk = self.flow.desks[child.symbol]
        if child.is_conditional:
            self.flow.conditionals.arm(desk, child)
            return
        if (reason := self.flow.outdated(desk, child)) is not Reason.NONE:
            self.flow.cancel_now(child, reason)
            return
        child = self.scribe.move(child, OrderState.WORKING)
        if self.flow.may_act(desk, child):
            self.flow.execute(child)
        else:
            desk.waiting[child.order_id] = None


def _part(desk: Desk, order: Order, lots: int) -> Order:
    """An order with a part of its quantity, and of what comes with it."""
    qty = desk.instrument.to_qty(lots)
    share = MONEY.divide(qty, order.qty)
    return msgspec.structs.replace(
        order,
        qty=qty,
        planned_risk=order.planned_risk * share,
        reserved=order.reserved * share,
        planned_targets=scaled_targets(order, qty, lot=desk.instrument.lot_size),
    )
