"""Refusals in words: the reason, the numbers that decided, and what would have passed."""

from __future__ import annotations

from decimal import Context, Decimal
from typing import Final

from tradetui.domain.number import canonical
from tradetui.domain.reply import Reason, Refusal

_WRITTEN: Final = 20
"""More digits than anybody types: the result of a division."""
_AVERAGE: Final = Context(prec=9)
_SMALL: Final = Context(prec=4)


class Refused(Exception):
    """Carries a refusal out of the checks; it is caught where the command was taken."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.text)
        self.refusal = refusal


def refuse(reason: Reason, text: str, *, mend: str = "", **numbers: Decimal) -> Refused:
    """A refusal, ready to be raised."""
    return Refused(Refusal(reason, text, numbers, mend))


def money(amount: Decimal) -> str:
    """An amount as people read it: two digits, thousands apart; one below 1 with its first four."""
    if amount and abs(amount) < 1:
        return canonical(_SMALL.plus(amount))
    return f"{amount:,.2f}"


def number(value: Decimal) -> str:
    """A price or quantity as it is written; an average, which nobody wrote, with a few digits."""
    return canonical(value if len(value.as_tuple().digits) <= _WRITTEN else _AVERAGE.plus(value))
