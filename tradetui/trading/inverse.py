"""Inverse perpetuals: a contract is worth a fixed amount of quote and settles in base (section 10.4).

`worth` is contracts times their size, in quote; margins and results are in base. `sign` is +1 long,
-1 short; `fee` is the rate of the fee to close, zero where it is not part of the margin.
"""

from __future__ import annotations

from decimal import Decimal

from tradetui.domain.number import MONEY, ONE, ZERO


def bankruptcy_price(
    worth: Decimal, entry: Decimal, *, sign: int, margin: Decimal, fee: Decimal = ZERO
) -> Decimal | None:
    """The price at which margin and open loss are gone; None where no price takes them."""
    return _at(worth * (ONE + sign * fee), MONEY.divide(worth, entry) + sign * margin)


def liquidation_price(
    worth: Decimal,
    entry: Decimal,
    *,
    sign: int,
    margin: Decimal,
    rate: Decimal,
    deduction: Decimal = ZERO,
    fee: Decimal = ZERO,
) -> Decimal | None:
    """Where margin and open loss meet the maintenance at the mark price; None where no price does."""
    return _at(worth * (sign + rate + fee), margin + deduction + sign * MONEY.divide(worth, entry))


def entry_liquidation_price(
    worth: Decimal, entry: Decimal, *, sign: int, margin: Decimal, maintenance: Decimal
) -> Decimal | None:
    """The profile that takes maintenance (and the fee to close) as it was at the entry price."""
    return _at(worth, MONEY.divide(worth, entry) + sign * (margin - maintenance))


def _at(dividend: Decimal, divisor: Decimal) -> Decimal | None:
    if divisor == 0:
        return None
    price = MONEY.divide(dividend, divisor)
    return price if price > 0 else None
