"""What an entry holds back of the balance, and what could be paid for (R-SPT-1, section 10.3)."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import Side
from tradetui.domain.number import MONEY, ONE, ZERO, ceil_to, floor_to, to_step
from tradetui.domain.order import Order
from tradetui.engine.desk import Desk
from tradetui.state import State
from tradetui.trading import costs
from tradetui.trading.leverage import order_parts


def band_price(desk: Desk, side: Side, reference: Decimal) -> Decimal:
    """The worst price that a market order may pay (R-MAT-5)."""
    instrument, rules = desk.instrument, desk.rules
    by_rate = reference * rules.band_bp / Decimal(10_000)
    distance = max(by_rate, rules.band_ticks * instrument.tick_size)
    if side is Side.BUY:
        return floor_to(reference + distance, instrument.tick_size)
    return max(instrument.tick_size, ceil_to(reference - distance, instrument.tick_size))


def dearest_price(desk: Desk, side: Side, *, limit: Decimal | None, reference: Decimal) -> Decimal:
    """Of the prices that an entry may fill at, the one that ties up most.

    That is the highest; of inverse contracts, which are worth more in base the lower the price, the lowest.
    """
    if limit is None:
        reach = (reference, band_price(desk, side, reference))
    else:
        best = desk.best(side)
        better = limit if best is None else best
        reach = (limit, min(limit, better) if side is Side.BUY else max(limit, better))
    return min(reach) if desk.instrument.is_inverse else max(reach)


def unit_cost(desk: Desk, side: Side, price: Decimal, leverage: Decimal) -> Decimal:
    """What one unit of quantity needs of the balance at a price, fees included."""
    return sum(_parts(desk.instrument, side, ONE, price, leverage), ZERO)


def reserve(desk: Desk, side: Side, qty: Decimal, *, price: Decimal, leverage: Decimal) -> Decimal:
    """What an entry holds back: each part rounded up to the asset's scale (R-NUM-4)."""
    parts = _parts(desk.instrument, side, qty, price, leverage)
    return sum((to_step(part, costs.ASSET_STEP, ROUND_CEILING) for part in parts), ZERO)


def fitting_qty(desk: Desk, side: Side, amount: Decimal, *, price: Decimal, leverage: Decimal) -> Decimal:
    """The largest quantity whose reserve is not above an amount."""
    lot, unit = desk.instrument.lot_size, unit_cost(desk, side, price, leverage)
    qty = floor_to(MONEY.divide(amount, unit), lot) if amount > 0 else ZERO
    if qty > 0 and reserve(desk, side, qty, price=price, leverage=leverage) > amount:
        qty -= lot  # the parts are rounded up
    return qty


def affordable_qty(state: State, desk: Desk, order: Order, *, free: Decimal) -> Decimal:
    """How much of an entry can be paid when it executes: at its limit, or at what the book holds for it now.

    `free` is what may be used beside what the order holds back itself.
    """
    reference = order.price or desk.best(order.side)
    if reference is None:
        return order.leaves
    if order.price is None:
        price = _dearest_met(desk, order, reference)
    else:
        price = dearest_price(desk, order.side, limit=order.price, reference=reference)
    own = MONEY.divide(order.reserved * order.leaves, order.qty)
    leverage = state.leverage_on(desk.instrument)
    return fitting_qty(desk, order.side, free + own, price=price, leverage=leverage)


def _dearest_met(desk: Desk, order: Order, reference: Decimal) -> Decimal:
    """Of the prices that an order at market fills at if it acts now, the one that ties up most.

    What it has held back was counted at the band from an older price: that much is not needed any more.
    """
    pieces = desk.matcher.estimate(desk.incoming(order, desk.lots(order.leaves))).executions
    met = [reference, *(desk.instrument.to_price(piece.tick) for piece in pieces)]
    return min(met) if desk.instrument.is_inverse else max(met)


def _parts(
    instrument: Instrument, side: Side, qty: Decimal, price: Decimal, leverage: Decimal
) -> tuple[Decimal, ...]:
    """Cost or margin, and fees, not rounded."""
    if instrument.is_spot:
        return (instrument.notional(qty, price) * (ONE + instrument.taker_fee),)
    return order_parts(instrument, qty, price, sign=side.sign, leverage=leverage)
