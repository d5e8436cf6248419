"""Exact numbers: one decimal context for money, the grid of ticks and lots, and the canonical text."""

from __future__ import annotations

import decimal
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import Final

MONEY: Final = decimal.Context(
    prec=40,
    rounding=ROUND_HALF_EVEN,
    traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow],
)
"""Every amount of money is computed in this context, whatever the caller's thread has set."""

ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)


_TWO_DIGITS: Final = frozenset(
    {"USD", "USDT", "USDC", "FDUSD", "TUSD", "BUSD", "USDP", "DAI", "EUR", "GBP", "AUD", "CAD", "CHF", ""}
)


def money_scale(currency: str) -> int:
    """Digits after the point with which amounts are shown: two of money, eight of coins."""
    return 2 if currency in _TWO_DIGITS else 8


def parse_decimal(text: str) -> Decimal:
    """Read a finite decimal; raises ValueError for NaN, infinities and anything that is no number."""
    try:
        value = Decimal(text)
    except decimal.InvalidOperation:
        raise ValueError(f"expected a number, was {text!r}") from None
    if not value.is_finite():
        raise ValueError(f"expected a finite number, was {text!r}")
    return value


@lru_cache(maxsize=4096)  # an event repeats most numbers of the one before it
def canonical(value: Decimal) -> str:
    """The one text of a number: no exponent, no trailing zeros after the point, no negative zero."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def to_step(value: Decimal, step: Decimal, rounding: str) -> Decimal:
    """Round a value to a multiple of step with one of decimal's rounding modes."""
    count = MONEY.divide(value, step).to_integral_value(rounding=rounding)
    return MONEY.multiply(count, step)


def floor_to(value: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of step that is not above value."""
    return to_step(value, step, ROUND_FLOOR)


def ceil_to(value: Decimal, step: Decimal) -> Decimal:
    """The smallest multiple of step that is not below value."""
    return to_step(value, step, ROUND_CEILING)


def on_grid(value: Decimal, step: Decimal) -> bool:
    """Whether value is an exact multiple of step."""
    return MONEY.remainder(value, step) == 0


def scale_of(step: Decimal) -> int:
    """How many digits after the point a multiple of step needs: 0.10 and 0.5 need one, 5 needs none."""
    exponent = step.normalize(MONEY).as_tuple().exponent
    return max(0, -int(exponent))
