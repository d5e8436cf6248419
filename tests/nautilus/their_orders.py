"""The orders of a case, sent to nautilus_trader at their steps."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from nautilus_trader.common.component import TimeEvent
from nautilus_trader.config import StrategyConfig
from nautilus_trader.core.datetime import unix_nanos_to_dt
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.model.enums import (
    ContingencyType,
    OrderSide,
    OrderType,
    TimeInForce,
    TrailingOffsetType,
    TriggerType,
)
from nautilus_trader.model.identifiers import ClientOrderId
from nautilus_trader.model.orders import LimitOrder, Order, OrderList
from nautilus_trader.trading.strategy import Strategy

from tests.nautilus.script import STEP_NS, Amend, Book, Cancel, Either, Place, Print, Protect, Step
from tests.nautilus.their_market import START, SYMBOL, price, qty
from tradetui.domain.market_data import Side

_SIDES = {Side.BUY: OrderSide.BUY, Side.SELL: OrderSide.SELL}


class Trader(Strategy):  # type: ignore[misc]  # its types are not read: it may not be installed
    """Sends what we say; `names` are those of the script."""

    def __init__(self, steps: tuple[Step, ...]) -> None:
        super().__init__(StrategyConfig(strategy_id="S-1"))
        self.steps = steps
        self.names: dict[ClientOrderId, str] = {}

    def on_start(self) -> None:
        for number, step in enumerate(self.steps, start=1):
            if not isinstance(step, Book | Print):
                at = unix_nanos_to_dt(START + number * STEP_NS)
                self.clock.set_time_alert(f"step {number}", at, self._act(step))

    def _act(self, step: Step) -> Callable[[TimeEvent], None]:
        return lambda _event: self._do(step)

    def _do(self, step: Step) -> None:
        match step:
            case Place() if step.stop is not None:
                self._bracket(step)
            case Place():
                self._send(step.name, self._order(step))
            case Either(first, second):
                self._either(first, second)
            case Protect(name, trigger):
                self._protect(name, trigger)
            case Amend(name, new_qty, limit, trigger):
                self.modify_order(
                    self._find(name),
                    quantity=qty(new_qty) if new_qty else None,
                    price=price(limit) if limit else None,
                    trigger_price=price(trigger) if trigger else None,
                )
            case Cancel(name):
                self.cancel_order(self._find(name))

    def _find(self, name: str) -> Order:
        return next(self.cache.order(found) for found, known in self.names.items() if known == name)

    def _send(self, name: str, order: Order) -> None:
        self.names[order.client_order_id] = name
        self.submit_order(order)

    def _protect(self, name: str, trigger: Decimal) -> None:
        held = self.portfolio.net_position(SYMBOL)
        side = Side.SELL if held > 0 else Side.BUY
        self._send(name, self._order(Place(name, side, abs(held), trigger=trigger, reduce_only=True)))

    def _order(self, step: Place) -> Order:
        common: dict[str, Any] = {
            "instrument_id": SYMBOL,
            "order_side": _SIDES[step.side],
            "quantity": qty(step.qty),
            "reduce_only": step.reduce_only,
            "time_in_force": TimeInForce[step.tif.value.upper()],
        }
        resting = {"expire_time": unix_nanos_to_dt(START + step.until * STEP_NS)} if step.until else {}
        limit = {"price": price(step.limit), "post_only": step.post_only} if step.limit else {}
        make = self.order_factory
        if step.trail or step.bp:
            return make.trailing_stop_market(**common, **resting, **_trailing(step))
        if step.trigger is not None:
            kind = make.stop_limit if step.limit else make.stop_market
            return kind(**common, **resting, **limit, **_trigger(step.trigger))
        if step.touch is not None:
            kind = make.limit_if_touched if step.limit else make.market_if_touched
            return kind(**common, **resting, **limit, **_trigger(step.touch))
        if step.limit is not None:
            return make.limit(**common, **resting, **limit)
        return make.market(**common)

    def _either(self, *steps: Place) -> None:
        """Two limits, each of which takes the other away."""
        make = self.order_factory
        ids = [make.generate_client_order_id() for _ in steps]
        list_id = make.generate_order_list_id()
        orders = [
            LimitOrder(
                trader_id=self.trader_id,
                strategy_id=self.id,
                instrument_id=SYMBOL,
                client_order_id=own,
                order_side=_SIDES[step.side],
                quantity=qty(step.qty),
                price=price(step.limit or Decimal(0)),
                init_id=UUID4(),
                ts_init=self.clock.timestamp_ns(),
                contingency_type=ContingencyType.OCO,
                order_list_id=list_id,
                linked_order_ids=[other for other in ids if other != own],
            )
            for own, step in zip(ids, steps, strict=True)
        ]
        self.names |= {own: step.name for own, step in zip(ids, steps, strict=True)}
        self.submit_order_list(OrderList(list_id, orders))

    def _bracket(self, step: Place) -> None:
        orders = self.order_factory.bracket(
            instrument_id=SYMBOL,
            order_side=_SIDES[step.side],
            quantity=qty(step.qty),
            entry_order_type=OrderType.LIMIT if step.limit else OrderType.MARKET,
            entry_price=price(step.limit) if step.limit else None,
            sl_trigger_price=price(step.stop) if step.stop else None,
            tp_price=price(step.target) if step.target else None,
            tp_post_only=False,
        )
        for order, name in zip(orders.orders, (step.name, "stop", "take_profit"), strict=True):
            self.names[order.client_order_id] = name
        self.submit_order_list(orders)


def _trigger(at: Decimal) -> dict[str, Any]:
    return {"trigger_price": price(at), "trigger_type": TriggerType.LAST_PRICE}


def _trailing(step: Place) -> dict[str, Any]:
    found = {
        "trailing_offset": step.trail or step.bp,
        "trailing_offset_type": TrailingOffsetType.PRICE if step.trail else TrailingOffsetType.BASIS_POINTS,
        "trigger_type": TriggerType.LAST_PRICE,
    }
    if step.activation is not None:
        found["activation_price"] = price(step.activation)
    return found
