"""Exits by force: entries out, positions closed. They work in every state."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from tradetui.domain.market_data import Side
from tradetui.domain.order import Order, OrderRole, OrderState, OrderType, TimeInForce
from tradetui.domain.reply import Reason
from tradetui.engine.orders import OrderFlow
from tradetui.trading.settings import EngineSettings

_STAYS = (OrderRole.PROTECTIVE, OrderRole.FLATTEN, OrderRole.LIQUIDATION)


class Exits:
    """Takes orders out and closes positions at market."""

    def __init__(self, settings: EngineSettings, flow: OrderFlow) -> None:
        self.settings = settings
        self.flow = flow
        self.scribe = flow.scribe
        self.state = flow.state
        self.is_lost: Callable[[str], bool] = lambda _symbol: False
        """Whether a symbol's lost time is not judged yet; the engine knows."""

    def cancel_entries(
        self, symbol: str | None = None, *, side: Side | None = None, reason: Reason = Reason.LOCKED
    ) -> None:
        """Take every entry out at once, also those on their way: none may fill under a lock (I-41)."""
        for order in self._entries(symbol):
            if side in (None, order.side):
                self._cancel(order, reason)

    def ask_entries_out(self, symbol: str | None, reason: Reason) -> None:
        """Send a cancel for every entry, as a person would: one may fill before it arrives (R-LAT-2)."""
        for order in self._entries(symbol):
            still = self.state.live.get(order.order_id)
            if still is not None:
                self.flow.request_cancel(still, reason)

    def _entries(self, symbol: str | None) -> list[Order]:
        live = self.state.live.values()
        return [o for o in live if o.role is OrderRole.ENTRY and symbol in (None, o.symbol)]

    def close_late_fills(self, fills: int) -> None:
        """Close what entries have filled, since so many fills, while a flatten was canceling them."""
        for fill in list(islice(reversed(self.state.fills), self.state.fill_count - fills)):
            order = self.state.orders[fill.order_id]
            if order.role is OrderRole.ENTRY and order.pending_cancel and order.reason == Reason.FLATTEN:
                self.flatten(order.symbol)

    def cancel_all_but_stops(self, reason: Reason) -> None:
        """Take out everything that neither protects a position nor closes it.

        What closes a part stays where a lost time is not judged yet: it may have acted in that (6.4).
        """
        for order in list(self.state.live.values()):
            if order.role not in _STAYS and not (order.reduce_only and self.is_lost(order.symbol)):
                self._cancel(order, reason)

    def drop_rivals(self, symbol: str) -> None:
        """A lost time is judged: what it left open the flatten that waits closes, and nothing else."""
        live = self.state.live_of(symbol)
        if not any(o.role is OrderRole.FLATTEN and not o.pending_cancel for o in live):
            return
        for order in live:
            if order.reduce_only and order.role not in _STAYS:
                self._cancel(order, Reason.FLATTEN)

    def _cancel(self, order: Order, reason: Reason) -> None:
        still = self.state.live.get(order.order_id)  # an order may have gone with the one before it
        if still is not None:
            self.flow.cancel_now(still, reason)

    def flatten_all(self) -> None:
        """Close every position."""
        for symbol in list(self.state.positions):
            self.flatten(symbol)

    def flatten(self, symbol: str) -> Order | None:
        """Send one closing order for a position; None where nothing is left to close.

        One whose cancel is on its way closes nothing for sure any more: another goes beside it.
        """
        position = self.state.holding(symbol)
        live = self.state.live_of(symbol)
        closing = any(o.role is OrderRole.FLATTEN and not o.pending_cancel for o in live)
        if position is None or closing:
            return None
        desk = self.flow.desks[symbol]
        order = Order(
            order_id=self.scribe.next_order_id(),
            ts=self.scribe.ts,
            symbol=symbol,
            side=position.side.opposite,
            type=OrderType.MARKET,
            qty=desk.exit_qty(),
            tif=TimeInForce.IOC,
            reduce_only=True,
            close_position=True,
            role=OrderRole.FLATTEN,
            arrival_mid=desk.mid(),
            state=OrderState.NEW,
        )
        return self.flow.send(order, latency_ns=self.settings.entry_ns)
