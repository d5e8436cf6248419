"""Linear perpetuals: what a position ties up, and where it is liquidated (section 10.3).

`size` is in base units, so contracts are multiplied by their size first; `sign` is +1 long, -1 short;
`fee` is the rate of the fee to close, zero where it is not part of the margin.
"""

from __future__ import annotations

from decimal import Decimal

from tradetui.domain.number import MONEY, ONE, ZERO


def initial_margin(size: Decimal, price: Decimal, leverage: Decimal) -> Decimal:
    """What opening a position ties up."""
    return MONEY.divide(size * price, leverage)


def bankruptcy_price(entry: Decimal, *, sign: int, leverage: Decimal) -> Decimal:
    """The price at which the initial margin is gone."""
    return entry * (ONE - MONEY.divide(Decimal(sign), leverage))


def bankruptcy_at(size: Decimal, entry: Decimal, *, sign: int, margin: Decimal) -> Decimal | None:
    """The price at which a margin of any size is gone; None where no price takes it."""
    price = entry - sign * MONEY.divide(margin, size)
    return price if price > 0 else None


def order_cost(size: Decimal, price: Decimal, *, sign: int, leverage: Decimal, fee: Decimal) -> Decimal:
    """Initial margin, the fee to open and the fee to close at bankruptcy; `fee` is a rate."""
    close = bankruptcy_price(price, sign=sign, leverage=leverage)
    return initial_margin(size, price, leverage) + size * price * fee + size * close * fee


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


def entry_liquidation_price(
    size: Decimal, entry: Decimal, *, sign: int, margin: Decimal, rate: Decimal
) -> Decimal:
    """The profile that takes maintenance at the entry price (Bybit classic)."""
    return entry - sign * MONEY.divide(margin - size * entry * rate, size)
