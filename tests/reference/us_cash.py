"""Cash accounts for US securities (13.6): what counts as a good-faith violation and as free-riding.

Proceeds of a sale settle some days later. Buying with them before is allowed; selling what was bought
with them before they have settled is a good-faith violation, and selling what was never paid for is
free-riding. Crypto settles at once (`settle_days` 0), so neither can happen there: that is why no setting
turns this on, and why it stands here, to hold the engine's spot account against.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from tradetui.domain.number import ZERO


class Violation(StrEnum):
    """What a sale broke."""

    GOOD_FAITH = "good_faith"
    FREE_RIDING = "free_riding"


class Proceeds(msgspec.Struct, frozen=True):
    """Money of a sale and the business day, counted from any start, on which it settles."""

    amount: Decimal
    settles: int


class Lot(msgspec.Struct, frozen=True, kw_only=True):
    """What was bought, with what of its cost was not settled then, and what was not paid at all."""

    symbol: str
    unsettled: tuple[Proceeds, ...] = ()
    unpaid: Decimal = ZERO


class CashAccount(msgspec.Struct, kw_only=True):
    """Settled money, proceeds on their way, and lots; days are business days that only go up."""

    settle_days: int = 1
    settled: Decimal = ZERO
    coming: list[Proceeds] = []
    lots: list[Lot] = []

    def deposit(self, amount: Decimal) -> None:
        """Pay in: what was bought without money is paid first, the oldest first."""
        paid: list[Lot] = []
        for lot in self.lots:
            part = min(amount, lot.unpaid)
            amount -= part
            paid.append(msgspec.structs.replace(lot, unpaid=lot.unpaid - part))
        self.lots = paid
        self.settled += amount

    def buy(self, symbol: str, cost: Decimal, *, day: int) -> None:
        """Buy with settled money first, then with proceeds on their way, then with nothing."""
        self._settle(day)
        part = min(cost, self.settled)
        self.settled -= part
        cost -= part
        used: list[Proceeds] = []
        left: list[Proceeds] = []
        for proceeds in self.coming:
            part = min(cost, proceeds.amount)
            cost -= part
            used += [Proceeds(part, proceeds.settles)] if part else []
            rest = proceeds.amount - part
            left += [Proceeds(rest, proceeds.settles)] if rest else []
        self.coming = left
        self.lots.append(Lot(symbol=symbol, unsettled=tuple(used), unpaid=cost))

    def sell(self, symbol: str, proceeds: Decimal, *, day: int) -> tuple[Violation, ...]:
        """Sell everything of a symbol; returns what that broke."""
        self._settle(day)
        sold = [lot for lot in self.lots if lot.symbol == symbol]
        self.lots = [lot for lot in self.lots if lot.symbol != symbol]
        early = any(part.settles > day for lot in sold for part in lot.unsettled)
        unpaid = any(lot.unpaid > 0 for lot in sold)
        self.coming.append(Proceeds(proceeds, day + self.settle_days))
        self._settle(day)
        found = ((Violation.GOOD_FAITH, early), (Violation.FREE_RIDING, unpaid))
        return tuple(violation for violation, is_so in found if is_so)

    def _settle(self, day: int) -> None:
        due = [each for each in self.coming if each.settles <= day]
        self.coming = [each for each in self.coming if each.settles > day]
        self.settled += sum((each.amount for each in due), ZERO)
