"""Several orders by one command: alternatives, orders held for another, and scales (8.3).

All of them pass every check together, each beside the ones before it, or none is sent. Alternatives
count both: that only one can fill makes no room in the budget.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

import msgspec

from tradetui.domain.command import Size, SubmitOco, SubmitOrder, SubmitOto, SubmitScale
from tradetui.domain.instrument import Instrument
from tradetui.domain.number import ZERO
from tradetui.domain.order import Order
from tradetui.domain.reply import Reason, Reply
from tradetui.engine import shape
from tradetui.engine.intake import Intake
from tradetui.engine.orders import OrderFlow
from tradetui.engine.refusals import number, refuse
from tradetui.engine.whatif import beside
from tradetui.trading import guard
from tradetui.trading.settings import EngineSettings

MOST_STEPS = 50
"""So many orders of a scale at most."""


class ListDesk:
    """Takes commands that make several orders, or refuses them whole."""

    def __init__(self, settings: EngineSettings, flow: OrderFlow, *, intake: Intake) -> None:
        self.settings = settings
        self.flow = flow
        self.scribe = flow.scribe
        self.state = flow.state
        self.intake = intake

    def submit_oco(self, command: SubmitOco) -> Reply:
        """Two alternatives: the first fill of one takes the other out."""
        (first, second), text = self._planned((command.first, command.second))
        pair = (
            msgspec.structs.replace(first, rival_id=second.order_id),
            msgspec.structs.replace(second, rival_id=first.order_id),
        )
        return self._send(pair, text)

    def submit_oto(self, command: SubmitOto) -> Reply:
        """An order, and others that are held until it fills."""
        parent = command.first
        for child in command.then:
            if child.symbol == parent.symbol and child.side is not parent.side:
                raise refuse(
                    Reason.CONFLICTING_FLAGS,
                    "what follows an order adds to it: its exits are its stop and its targets",
                    mend="add: stop P, target P",
                )
        (first, *children), text = self._planned((parent, *command.then))
        held = [
            msgspec.structs.replace(child, parent_id=first.order_id, whole_qty=child.qty)
            for child in children
        ]
        return self._send((first, *held), text)

    def submit_scale(self, command: SubmitScale) -> Reply:
        """Limit orders between two prices with one stop, their sizes split exactly to the lot."""
        order, desk = command.order, self.intake.desk_of(command.order.symbol)
        prices = _steps(desk.instrument, command)
        average = sum(prices, ZERO) / len(prices)
        middle = guard.tick_for_limit(desk.instrument, average, sign=order.side.sign)
        whole = self.intake.plan(msgspec.structs.replace(order, limit=middle), ts=self.scribe.ts)
        sizes = _split(desk.lots(whole.order.qty), len(prices))
        if not all(sizes):
            raise refuse(
                Reason.SIZE_TOO_SMALL,
                f"{number(whole.order.qty)} can not be split into {len(prices)} orders of a lot",
                mend=f"{number(len(prices) * desk.instrument.lot_size)} would pass, or fewer steps",
                nearest=len(prices) * desk.instrument.lot_size,
            )
        steps = [
            msgspec.structs.replace(
                order,
                limit=price,
                size=Size(desk.instrument.to_qty(lots)),
                reduce_only=whole.order.reduce_only,
            )
            for price, lots in zip(prices, sizes, strict=True)
        ]
        legs, text = self._planned(steps)
        return self._send([msgspec.structs.replace(leg, group=legs[0].order_id) for leg in legs], text)

    def _planned(self, commands: Sequence[SubmitOrder]) -> tuple[list[Order], str]:
        """The orders of commands, each checked beside the ones before it, and what is to be said of them."""
        planned: list[Order] = []
        texts: list[str] = []
        for command in commands:
            with beside(self.state, planned):
                plan = self.intake.plan(command, ts=self.scribe.ts)
            planned.append(plan.order)
            texts.append(plan.text)
        new_id: Callable[[], str] = self.scribe.next_order_id
        orders = [msgspec.structs.replace(order, order_id=new_id()) for order in planned]
        return orders, "; ".join(dict.fromkeys(filter(None, texts)))

    def _send(self, orders: Sequence[Order], text: str) -> Reply:
        for order in orders:
            self.flow.send(order, latency_ns=self.settings.entry_ns)
        return Reply(order_ids=tuple(order.order_id for order in orders), text=text)


def _steps(instrument: Instrument, command: SubmitScale) -> list[Decimal]:
    """The prices of a scale, evenly apart and on the tick."""
    order, count = command.order, command.count
    if not 2 <= count <= MOST_STEPS:
        raise refuse(Reason.BAD_INPUT, f"expected 2 to {MOST_STEPS} steps, was {count}")
    if order.limit is not None or shape.is_conditional(order) or order.chase is not None:
        raise refuse(
            Reason.CONFLICTING_FLAGS, "a scale has its own prices", mend="leave out limit and trigger"
        )
    for price in (command.first, command.last):
        shape.check_price(instrument, "limit", price, side=order.side)
    width = (command.last - command.first) / (count - 1)
    typed = [command.first + width * step for step in range(count)]
    prices = [guard.tick_for_limit(instrument, price, sign=order.side.sign) for price in typed]
    if len(set(prices)) < count:
        raise refuse(Reason.BAD_INPUT, f"{count} steps do not fit between these prices", mend="fewer steps")
    return prices


def _split(lots: int, count: int) -> list[int]:
    """Lots in parts as equal as can be, the first ones larger."""
    each, over = divmod(lots, count)
    return [each + (step < over) for step in range(count)]
