"""What an entry holds back of the balance, and what could be paid for (R-SPT-1, section 10.3)."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from tradetui.domain.market_data import Side
from tradetui.domain.number import MONEY, ONE, ZERO, ceil_to, floor_to, to_step
from tradetui.domain.order import Order
from tradetui.engine.desk import Desk
from tradetui.state import State
from tradetui.trading import costs, margin


def band_price(desk: Desk, side: Side, reference: Decimal) -> Decimal:
    """The worst price that a market order may pay (R-MAT-5)."""
    instrument, rules = desk.instrument, desk.rules
    by_rate = reference * rules.band_bp / Decimal(10_000)
    distance = max(by_rate, rules.band_ticks * instrument.tick_size)
    if side is Side.BUY:
        return floor_to(reference + distance, instrument.tick_size)
    return max(instrument.tick_size, ceil_to(reference - distance, instrument.tick_size))


def unit_cost(desk: Desk, side: Side, price: Decimal, leverage: Decimal) -> Decimal:
    """What one unit of quantity needs of the balance at a price, fees included."""
    instrument = desk.instrument
    size = instrument.contract_size
    if instrument.is_spot:
        return size * price * (ONE + instrument.taker_fee)
    return margin.order_cost(size, price, sign=side.sign, leverage=leverage, fee=instrument.taker_fee)


def reserve(desk: Desk, side: Side, qty: Decimal, *, price: Decimal, leverage: Decimal) -> Decimal:
    """What an entry holds back, rounded up to the asset's scale."""
    return to_step(qty * unit_cost(desk, side, price, leverage), costs.ASSET_STEP, ROUND_CEILING)


def costliest(side: Side, limit: Decimal, best: Decimal | None) -> Decimal:
    """The price of a limit order that needs most of the balance: a sale may fill above its limit."""
    return max(limit, best) if side is Side.SELL and best is not None else limit


def affordable_qty(state: State, desk: Desk, order: Order) -> Decimal:
    """How much of an entry can be paid when it executes, at the worst price it may meet."""
    best = desk.best(order.side)
    if order.price is not None:
        worst = costliest(order.side, order.price, best)
    elif best is None:
        return order.leaves
    else:
        worst = band_price(desk, order.side, best) if order.side is Side.BUY else best
    instrument = desk.instrument
    unit = unit_cost(desk, order.side, worst, state.leverage_on(instrument))
    own = MONEY.divide(order.reserved * order.leaves, order.qty)
    available = state.free(instrument.settle) + own
    return floor_to(MONEY.divide(available, unit), instrument.lot_size) if available > 0 else ZERO
