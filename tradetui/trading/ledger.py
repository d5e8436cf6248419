"""Double entry: every event moves money between named ledgers, and its postings sum to zero (R-NUM-8)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

import msgspec

from tradetui.domain.event import Posting
from tradetui.domain.number import ZERO

EXTERNAL: Final = "external"
FEES: Final = "house:fees"
PNL: Final = "house:pnl"
FUNDING: Final = "house:funding"
INTEREST: Final = "house:interest"
INSURANCE: Final = "insurance"


def cash(asset: str) -> str:
    """The ledger of what the user holds of an asset."""
    return f"user:cash:{asset}"


def margin(symbol: str) -> str:
    """The ledger of the isolated margin of a position."""
    return f"user:margin:{symbol}"


def transfer(source: str, target: str, asset: str, amount: Decimal) -> tuple[Posting, ...]:
    """Both legs of a movement; nothing where the amount is zero, the other way where it is negative."""
    if amount == 0:
        return ()
    return Posting(source, asset, -amount), Posting(target, asset, amount)


class Ledger(msgspec.Struct):
    """Balances by ledger and asset, changed only by postings."""

    balances: dict[tuple[str, str], Decimal] = {}

    def post(self, postings: Iterable[Posting]) -> None:
        """Book the legs of one event; raises ValueError where they do not sum to zero for each asset."""
        legs = tuple(postings)
        sums: dict[str, Decimal] = {}
        for leg in legs:
            sums[leg.asset] = sums.get(leg.asset, ZERO) + leg.amount
        if any(total != 0 for total in sums.values()):
            raise ValueError(f"expected postings that sum to zero, was {sums}")
        for leg in legs:
            key = (leg.ledger, leg.asset)
            self.balances[key] = self.balances.get(key, ZERO) + leg.amount

    def balance(self, ledger: str, asset: str) -> Decimal:
        """What stands on a ledger."""
        return self.balances.get((ledger, asset), ZERO)
