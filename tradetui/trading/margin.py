"""Linear perpetuals: what a position ties up, and where it is liquidated (section 10.3).

`size` is in base units, so contracts are multiplied by their size first; `sign` is +1 long, -1 short;
`fee` is the rate of the fee to close, zero where it is not part of the margin.
"""

from __future__ import annotations

from decimal import Decimal

from tradetui.domain.number import MONEY, ZERO


def bankruptcy_at(size: Decimal, entry: Decimal, *, sign: int, margin: Decimal) -> Decimal | None:
    """The price at which a margin of any size is gone; None where no price takes it."""
    price = entry - sign * MONEY.divide(margin, size)
    return price if price > 0 else None


def liquidation_price(
    size: Decimal,
    entry: Decimal,
    *,
    sign: int,
    margin: Decimal,
    rate: Decimal,
    deduction: Decimal = ZERO,
    fee: Decimal = ZERO,
) -> Decimal | None:
    """Where margin and open loss meet the maintenance at the mark price; None where no price does.

    In a cross account `margin` is the wallet with what the other positions add and need (W06).
    """
    divisor = size * (rate + fee) - sign * size
    if divisor == 0:
        return None
    price = MONEY.divide(margin + deduction - sign * size * entry, divisor)
    return price if price > 0 else None
