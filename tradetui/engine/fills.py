"""Executions become facts: fills with their fees, profit, postings and receipts (sections 7, 10, 11)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

import msgspec

from tradetui.domain.event import FeeShortfall, Filled
from tradetui.domain.fill import Evidence, Fill, Liquidity, Receipt
from tradetui.domain.instrument import Instrument
from tradetui.domain.number import ZERO
from tradetui.domain.order import Order, OrderRole
from tradetui.domain.position import Position
from tradetui.engine.desk import Desk
from tradetui.engine.interest import charge_interest
from tradetui.engine.scribe import Scribe
from tradetui.trading import account, costs, ledger
from tradetui.trading.match_types import Execution


class FillBook:
    """Writes what the matching core executed."""

    def __init__(self, scribe: Scribe) -> None:
        self.scribe = scribe
        self.state = scribe.state
        self.levy: Callable[[Order, Decimal, Decimal], tuple[Decimal, Decimal]] = lambda *_: (ZERO, ZERO)
        """The fee of a piece of a liquidation, and the cash that it may not touch."""
        self.fee_choice: Callable[[Instrument], account.FeeChoice] = lambda _: account.FeeChoice()
        """In what fees are paid, with what is there of it now."""
        self.backing: Callable[[str, str, Decimal], Decimal] = lambda _asset, _closing, _qty: ZERO
        """What open profits add to the cash of an asset; of a position that is closed, of what is left."""

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
        order = self.state.orders[execution.order_id]
        price = desk.instrument.to_price(execution.tick)
        self._write(
            desk,
            order,
            qty,
            price=price,
            liquidity=execution.liquidity,
            receipt=self._receipt(desk, order, execution),
        )

    def take_over(
        self,
        desk: Desk,
        order_id: str,
        qty: Decimal,
        *,
        price: Decimal,
        evidence: Evidence = Evidence.INSURANCE,
    ) -> None:
        """A fill without a market: the insurance takes what the book did not, or the venue settles."""
        if qty == 0:
            return
        receipt = Receipt(evidence=evidence, displayed=qty, consumed_before=ZERO, consumed_after=qty)
        order = self.state.orders[order_id]
        self._write(desk, order, qty, price=price, liquidity=Liquidity.TAKER, receipt=receipt)
        desk.sync_position()

    def _write(
        self,
        desk: Desk,
        order: Order,
        qty: Decimal,
        *,
        price: Decimal,
        liquidity: Liquidity,
        receipt: Receipt,
    ) -> None:
        instrument = desk.instrument
        position = self.state.positions.get(desk.symbol) or Position(symbol=desk.symbol)
        due, kept = self._fee(instrument, order, qty, price=price, liquidity=liquidity)
        fill = Fill(
            fill_id=self.scribe.next_fill_id(),
            order_id=order.order_id,
            ts=self.scribe.ts,
            symbol=desk.symbol,
            side=order.side,
            price=price,
            qty=qty,
            fee=due.amount,
            fee_asset=due.asset,
            fee_value=due.value,
            liquidity=liquidity,
            realized_pnl=account.realized(position, instrument, side=order.side, qty=qty, price=price),
            receipt=receipt,
        )
        terms = account.Terms(self.state.leverage_on(instrument), cross=self.state.is_cross(instrument))
        closed = qty if position.signed_qty * order.side.sign < 0 else ZERO
        cash = self.state.cash(instrument.settle) + self.backing(instrument.settle, desk.symbol, closed)
        paid = account.payable_fee(position, instrument, fill, terms=terms, balance=cash - kept)
        fill = msgspec.structs.replace(fill, fee=paid)
        postings = account.fill_postings(position, instrument, fill, terms=terms, balance=cash)
        self.scribe.write(Filled(fill=fill), symbol=desk.symbol, order_id=order.order_id, postings=postings)
        if position.signed_qty * order.side.sign >= 0:
            self._charge_opening(instrument, instrument.notional(qty, price))
        if paid < due.amount and (instrument.is_margin or order.role is not OrderRole.LIQUIDATION):
            self._note_shortfall(fill, due=due.amount)

    def _charge_opening(self, instrument: Instrument, notional: Decimal) -> None:
        """What borrowing costs at once, where the venue takes it."""
        if instrument.opening_fee:
            borrowed = costs.interest(notional, instrument.opening_fee)
            backing = self.backing(instrument.settle, "", ZERO)
            charge_interest(self.scribe, instrument, borrowed, number=0, backing=backing)

    def _fee(
        self, instrument: Instrument, order: Order, qty: Decimal, *, price: Decimal, liquidity: Liquidity
    ) -> tuple[account.Fee, Decimal]:
        """The fee of a fill, and the cash that it may not touch."""
        if order.role is OrderRole.LIQUIDATION and not instrument.is_margin:
            due, kept = self.levy(order, qty, price)
            return account.Fee(due, instrument.settle), kept
        choice = self.fee_choice(instrument)
        fee = account.fee_of(instrument, order.side, qty, price=price, liquidity=liquidity, choice=choice)
        return fee, ZERO

    def _note_shortfall(self, fill: Fill, *, due: Decimal) -> None:
        """The insurance pays what was not left for a fee (E-11)."""
        short = FeeShortfall(
            symbol=fill.symbol, fill_id=fill.fill_id, asset=fill.fee_asset, due=due, paid=fill.fee
        )
        postings = ledger.transfer(ledger.INSURANCE, ledger.FEES, fill.fee_asset, due - fill.fee)
        self.scribe.write(short, symbol=fill.symbol, order_id=fill.order_id, postings=postings)

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
            level=instrument.to_price(execution.level) if execution.level is not None else None,
            printed=instrument.to_qty(execution.printed),
        )
