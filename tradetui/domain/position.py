"""What we hold of one instrument, and the stop that belongs to it."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from tradetui.domain.market_data import Side
from tradetui.domain.number import ZERO


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """A position from flat to flat; a new value takes the place of the old one at each fill."""

    symbol: str
    signed_qty: Decimal = ZERO
    """Positive long, negative short."""
    entry_price: Decimal = ZERO
    opened_ts: int = 0
    realized_pnl: Decimal = ZERO
    fees: Decimal = ZERO
    margin: Decimal = ZERO
    """Isolated margin held for it; zero on spot."""
    leverage: Decimal = Decimal(1)
    planned_risk: Decimal = ZERO
    """R of this position: the planned risk of its entries, in the settlement asset."""
    initial_stop: Decimal | None = None
    stop_id: str = ""
    """The order that protects it; empty only while the position is dust or flat."""
    target_id: str = ""
    tags: tuple[str, ...] = ()
    cross: bool = False
    """Whether the whole wallet stands behind it: `margin` is zero then."""
    funding: Decimal = ZERO
    """Received (positive) and paid since it was opened, in the settlement asset."""
    interest: Decimal = ZERO
    """Paid for what was borrowed since it was opened."""
    rollovers: int = 0
    """How many periods of interest were charged."""

    @property
    def qty(self) -> Decimal:
        """The size without its sign."""
        return abs(self.signed_qty)

    @property
    def is_flat(self) -> bool:
        """Whether nothing is held."""
        return self.signed_qty == 0

    @property
    def side(self) -> Side:
        """The side that opened it; raises ValueError when flat."""
        if self.is_flat:
            raise ValueError(f"{self.symbol}: a flat position has no side")
        return Side.BUY if self.signed_qty > 0 else Side.SELL
