"""How likely a decrease of depth happened behind us: the probabilistic queue of section 7.5.

Formulas after hftbacktest's queue models. Everything is computed in decimals: a logarithm or a power
of floats may differ in its last digit between machines, and a fill must not.
"""

from __future__ import annotations

from decimal import Decimal

from tradetui.domain.number import MONEY, ONE, ZERO
from tradetui.trading.match_types import QueueModel


def front_after(
    front: Decimal, back: Decimal, decrease: Decimal, *, displayed: Decimal, model: QueueModel, power: int
) -> Decimal:
    """The queue ahead after the level lost `decrease` (prints already taken off) and shows `displayed`."""
    if decrease <= 0:
        return min(front, displayed)
    behind = chance_behind(front, back, model=model, power=power)
    ahead = front - (ONE - behind) * decrease + min(back - behind * decrease, ZERO)
    return max(ZERO, min(ahead, displayed))


def chance_behind(front: Decimal, back: Decimal, *, model: QueueModel, power: int) -> Decimal:
    """The probability that a decrease happened behind us; one where nobody is known to stand anywhere."""
    total = front + back
    if total <= 0:
        return ONE
    if model is QueueModel.POWER_FRONT:
        return ONE - MONEY.power(MONEY.divide(front, total), power)
    weigh = _log if model in (QueueModel.LOG, QueueModel.LOG_TOTAL) else _Power(power)
    by_total = model in (QueueModel.LOG_TOTAL, QueueModel.POWER_TOTAL)
    whole = weigh(total) if by_total else weigh(back) + weigh(front)
    return MONEY.divide(weigh(back), whole)


class _Power:
    """x to the n."""

    def __init__(self, exponent: int) -> None:
        self._exponent = exponent

    def __call__(self, value: Decimal) -> Decimal:
        return MONEY.power(value, self._exponent) if value else ZERO


def _log(value: Decimal) -> Decimal:
    return MONEY.ln(ONE + value)
