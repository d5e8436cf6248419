"""What trading costs: fees by liquidity (section 10.7) and slippage against the arrival mid (16.4)."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Final

from tradetui.domain.fill import Liquidity
from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import Side
from tradetui.domain.number import MONEY, ZERO, to_step

ASSET_STEP: Final = Decimal("0.00000001")
"""Balances and fees have eight decimals (R-NUM-4).

No setting: what a journal holds was rounded by it, and folding the same events with another step would
lead to other balances. An asset with more decimals at its venue is rounded to these, never in our favor.
"""

_BP_STEP: Final = Decimal("0.0001")
_BASIS_POINTS: Final = Decimal(10_000)


def fee_rate(instrument: Instrument, liquidity: Liquidity) -> Decimal:
    """The fraction of the notional that a fill costs; negative for a rebate."""
    return instrument.maker_fee if liquidity is Liquidity.MAKER else instrument.taker_fee


def fee_parts(
    instrument: Instrument, *, qty: Decimal, price: Decimal, liquidity: Liquidity
) -> tuple[Decimal, ...]:
    """The standard commission, then what no discount applies to; in the settlement asset, not rounded."""
    notional, special = instrument.notional(qty, price), instrument.undiscounted_fees
    standard = fee_rate(instrument, liquidity) - sum(special, ZERO)
    return tuple(MONEY.multiply(notional, rate) for rate in (standard, *special))


def fee(instrument: Instrument, *, qty: Decimal, price: Decimal, liquidity: Liquidity) -> Decimal:
    """The fee of one fill in the settlement asset, each part rounded up; negative for a rebate."""
    parts = fee_parts(instrument, qty=qty, price=price, liquidity=liquidity)
    return sum((to_step(part, ASSET_STEP, ROUND_CEILING) for part in parts), ZERO)


def discounted(parts: tuple[Decimal, ...], multiplier: Decimal) -> Decimal:
    """A fee whose standard commission is multiplied, as for payment in a third asset; not rounded."""
    return MONEY.multiply(parts[0], multiplier) + sum(parts[1:], ZERO)


def funding(instrument: Instrument, *, signed_qty: Decimal, mark: Decimal, rate: Decimal) -> Decimal:
    """What a position receives (positive) or pays at a funding time (section 10.6), never in its favor.

    Longs pay while the rate is positive. Rounded to the asset's scale: paid up, received down (R-NUM-4).
    """
    worth = MONEY.multiply(instrument.notional(signed_qty, mark), rate)
    return to_step(-worth, ASSET_STEP, ROUND_FLOOR)


def interest(borrowed: Decimal, rate: Decimal) -> Decimal:
    """What borrowing costs, rounded up to the asset's scale."""
    return to_step(MONEY.multiply(borrowed, rate), ASSET_STEP, ROUND_CEILING)


def shortage(left: Decimal) -> Decimal:
    """What the insurance adds to a balance that would end below zero, rounded up to the asset's scale."""
    return to_step(max(ZERO, -left), ASSET_STEP, ROUND_CEILING)


def uncovered(there: Decimal, charge: Decimal) -> Decimal:
    """What the insurance adds to a charge: none of what was short before, which a liquidation settles."""
    return min(shortage(there - charge), shortage(-charge))


def mid(bid: Decimal, ask: Decimal) -> Decimal:
    """The middle between the best bid and the best ask."""
    return MONEY.divide(MONEY.add(bid, ask), Decimal(2))


def slippage_bp(side: Side, *, price: Decimal, arrival_mid: Decimal) -> Decimal:
    """How much worse than the arrival mid a price is, in basis points to four places; negative is better."""
    worse = MONEY.multiply(MONEY.subtract(price, arrival_mid), Decimal(side.sign))
    return to_step(MONEY.divide(MONEY.multiply(worse, _BASIS_POINTS), arrival_mid), _BP_STEP, ROUND_HALF_EVEN)
