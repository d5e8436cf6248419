"""Executions become facts: fills with their fees, profit, postings and receipts (sections 7, 10, 11)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from tradetui.domain.event import Filled
from tradetui.domain.fill import Evidence, Fill, Receipt
from tradetui.domain.order import Order
from tradetui.domain.position import Position
from tradetui.engine.desk import Desk
from tradetui.engine.scribe import Scribe
from tradetui.trading import account, costs
from tradetui.trading.match_types import Execution


class FillBook:
    """Writes what the matching core executed."""

    def __init__(self, scribe: Scribe) -> None:
        self.scribe = scribe
        self.state = scribe.state

    def write(self, desk: Desk, executions: Iterable[Execution]) -> None:
        """Turn executions into facts, in order."""
        for execution in executions:
            self._split(desk, execution)
        desk.sync_position()

    def _split(self, desk: Desk, execution: Execution) -> None:
        """Write one execution; one that crosses zero is two fills (section 11)."""
        qty = desk.instrument.to_qty(execution.lots)
        position = self.state.positions.get(desk.symbol)
        if position is not None and not desk.instrument.is_spot:
            opposite = position.signed_qty * execution.side.sign < 0
            if opposite and qty > position.qty:
                self._fill(desk, execution, position.qty)
                qty -= position.qty
        self._fill(desk, execution, qty)

    def _fill(self, desk: Desk, execution: Execution, qty: Decimal) -> None:
        instrument = desk.instrument
        order = self.state.orders[execution.order_id]
        position = self.state.positions.get(desk.symbol) or Position(symbol=desk.symbol)
        price = instrument.to_price(execution.tick)
        fee, asset = account.fee_of(
            instrument, execution.side, qty, price=price, liquidity=execution.liquidity
        )
        fill = Fill(
            fill_id=self.scribe.next_fill_id(),
            order_id=order.order_id,
            ts=self.scribe.ts,
            symbol=desk.symbol,
            side=execution.side,
            price=price,
            qty=qty,
            fee=fee,
            fee_asset=asset,
            liquidity=execution.liquidity,
            realized_pnl=account.realized(position, instrument, side=execution.side, qty=qty, price=price),
            receipt=self._receipt(desk, order, execution),
        )
        postings = account.fill_postings(
            position,
            instrument,
            fill,
            leverage=self.state.leverage_on(instrument),
            balance=self.state.cash(instrument.settle),
            cross=self.state.is_cross(instrument),
        )
        self.scribe.write(Filled(fill=fill), symbol=desk.symbol, order_id=order.order_id, postings=postings)

    def _receipt(self, desk: Desk, order: Order, execution: Execution) -> Receipt:
        instrument = desk.instrument
        price = instrument.to_price(execution.tick)
        began = order.triggered_ts or order.ts
        slippage = None
        if order.arrival_mid is not None:
            slippage = costs.slippage_bp(execution.side, price=price, arrival_mid=order.arrival_mid)
        return Receipt(
            evidence=execution.evidence,
            displayed=instrument.to_qty(execution.displayed),
            consumed_before=instrument.to_qty(execution.consumed_before),
            consumed_after=instrument.to_qty(execution.consumed_after),
            queue_ahead=instrument.to_qty(execution.queue_ahead),
            trade_id=execution.trade_id,
            ts_exchange=execution.ts_exchange,
            ts_received=execution.ts_received,
            latency_ns=self.scribe.ts - began,
            arrival_mid=order.arrival_mid,
            slippage_bp=slippage,
            synthetic=execution.evidence is Evidence.GAP,
        )
