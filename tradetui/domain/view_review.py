"""The review of an account's closed trades: sums by what they have in common, and the trades themselves."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from tradetui.domain.market_data import Side


class TradeRow(msgspec.Struct, frozen=True, kw_only=True):
    """One closed trade, from flat to flat."""

    day: str
    """The trading day in which it closed, as an ISO date."""
    symbol: str
    side: Side
    qty: Decimal
    entry_ts: int
    exit_ts: int
    entry_price: Decimal
    exit_price: Decimal
    fees: Decimal
    net: Decimal
    """After fees, funding and interest."""
    r: float | None
    """The net result in units of the planned risk; None where none was planned."""
    price_scale: int


class TradeSums(msgspec.Struct, frozen=True, kw_only=True):
    """What some trades came to together."""

    name: str
    trades: int = 0
    won: int = 0
    net: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)
    best: Decimal = Decimal(0)
    worst: Decimal = Decimal(0)
    gained: Decimal = Decimal(0)
    """The sum of those that won."""
    r: float | None = None
    """The sum of those whose risk was planned."""
    held_s: int = 0
    """How long they lasted on average."""


class ReviewView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a review shows of one account."""

    currency: str
    zone: str = "UTC"
    sums: tuple[TradeSums, ...] = ()
    """Today, all, then by side and by symbol."""
    days: tuple[TradeSums, ...] = ()
    """By trading day, the newest first; the name is its date."""
    trades: tuple[TradeRow, ...] = ()
    """The newest first, as many as are listed."""
    curve: tuple[float, ...] = ()
    """The result after each trade, oldest first."""
