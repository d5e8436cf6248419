"""The risk budget of section 13.2: what an order may lose, what is at risk, and the size that fits."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from tradetui.domain.instrument import Instrument
from tradetui.domain.number import MONEY, ONE, ZERO, floor_to
from tradetui.domain.order import Order
from tradetui.domain.reply import Reason


def unit_risk(
    instrument: Instrument, entry: Decimal, stop: Decimal, *, fee_in: Decimal, slip: Decimal
) -> Decimal:
    """What one unit of quantity loses from entry to stop, with fees and the stop's slippage."""
    if instrument.is_inverse:
        sign = ONE if stop < entry else -ONE
        fee = instrument.notional(ONE, entry) * fee_in
        return fee - instrument.profit(sign, entry, stop) + _inverse_exit(instrument, sign, stop, slip)
    lost = abs(entry - stop) + entry * fee_in + stop * (instrument.taker_fee + slip)
    return lost * instrument.contract_size


def stop_risk(
    instrument: Instrument, signed_qty: Decimal, *, mark: Decimal, stop: Decimal, slip: Decimal
) -> Decimal:
    """What a position still loses from the mark to its stop, with the exit's fee and slippage."""
    if instrument.is_inverse:
        lost = max(ZERO, -instrument.profit(signed_qty, mark, stop))
        return lost + _inverse_exit(instrument, signed_qty, stop, slip)
    lost = max(ZERO, (mark - stop) * signed_qty)
    return (lost + abs(signed_qty) * stop * (instrument.taker_fee + slip)) * instrument.contract_size


def _inverse_exit(instrument: Instrument, signed_qty: Decimal, stop: Decimal, slip: Decimal) -> Decimal:
    """Slippage and fee of a stop of inverse contracts: exact at the price that slipped, not linear in it."""
    slipped = stop * (ONE - slip if signed_qty > 0 else ONE + slip)
    fee = instrument.notional(abs(signed_qty), slipped) * instrument.taker_fee
    return fee - instrument.profit(signed_qty, stop, slipped)


def left_at_risk(order: Order) -> Decimal:
    """What an entry still risks, whether a change on its way is made or not (R-CHK-2)."""
    risked = MONEY.divide(order.planned_risk * order.leaves, order.qty)
    amend = order.amend
    if amend is None or amend.planned_risk is None:
        return risked
    qty = amend.qty if amend.qty is not None else order.qty
    left = max(ZERO, qty - order.filled - order.prevented)
    return max(risked, MONEY.divide(amend.planned_risk * left, qty))


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """What may still be lost at a moment."""

    head_room: Decimal
    """H: the day's limit plus the day's profit or loss."""
    open_risk: Decimal
    r_value: Decimal
    """Money of 1 R of size."""
    max_risk_per_trade: Decimal
    max_open_risk: Decimal

    @property
    def left(self) -> Decimal:
        """Head-room that no position or order has taken."""
        return self.head_room - self.open_risk

    @property
    def allowed(self) -> Decimal:
        """The largest planned risk of one new order."""
        return max(ZERO, min(room for room, _ in self._rooms()))

    @property
    def binding(self) -> Reason:
        """What allows no larger one."""
        return min(self._rooms(), key=lambda room: room[0])[1]

    def _rooms(self) -> tuple[tuple[Decimal, Reason], ...]:
        by_open = self.max_open_risk * self.r_value - self.open_risk
        return (
            (self.left, Reason.DAILY_BUDGET),
            (self.max_risk_per_trade * self.r_value, Reason.RISK_PER_TRADE),
            (by_open, Reason.OPEN_RISK),
        )


def largest_qty(amount: Decimal, unit: Decimal, lot: Decimal) -> Decimal:
    """The most that risks no more than an amount, floored to the lot."""
    return floor_to(MONEY.divide(amount, unit), lot) if amount > 0 else ZERO
