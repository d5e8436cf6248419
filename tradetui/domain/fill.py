"""Our executions, each with the receipt that justifies it."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from tradetui.domain.market_data import Side
from tradetui.domain.number import ZERO


class Liquidity(StrEnum):
    """Who waited: a maker rested in the book, a taker crossed the spread."""

    MAKER = "maker"
    TAKER = "taker"


class Evidence(StrEnum):
    """What in the market allowed a fill."""

    BOOK_LEVEL = "book_level"
    PRINT_AT = "print_at"
    PRINT_THROUGH = "print_through"
    CROSSED_QUOTE = "crossed_quote"
    CROSSED_BOOK = "crossed_book"
    """A level of a book that stayed crossed: an exit that could not wait took the worse side (6.2)."""
    GAP = "gap"
    """A price of a time that nobody watched: the fill is synthetic."""
    INSURANCE = "insurance"
    """Taken over at the bankruptcy price: no market stood behind it."""
    SETTLEMENT = "settlement"
    """Settled by the venue because the instrument left it."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """Why one fill happened: the displayed level or the print, and what we had already taken of it."""

    evidence: Evidence
    displayed: Decimal
    """Size displayed at the level, or size of the print, in quantity units."""
    consumed_before: Decimal
    consumed_after: Decimal
    """Our own taking of that level or print, before and after this fill."""
    queue_ahead: Decimal = ZERO
    """Queue ahead of us when the print came, for maker fills."""
    trade_id: str = ""
    ts_exchange: int = 0
    """Exchange time of the evidence."""
    ts_received: int = 0
    latency_ns: int = 0
    """From the command, or the trigger, to the execution."""
    arrival_mid: Decimal | None = None
    slippage_bp: Decimal | None = None
    """Against the arrival mid in basis points; positive is worse for us."""
    synthetic: bool = False
    """True where no live book or print stood behind it (gap evaluation)."""
    level: Decimal | None = None
    """Price of the displayed level that reached our order, for a crossed quote."""
    printed: Decimal = ZERO
    """What prints had eaten of the level that the book did not show yet."""


class Fill(msgspec.Struct, frozen=True, kw_only=True):
    """One execution at one price."""

    fill_id: str
    order_id: str
    ts: int
    symbol: str
    side: Side
    price: Decimal
    qty: Decimal
    fee: Decimal
    fee_asset: str
    liquidity: Liquidity
    realized_pnl: Decimal = ZERO
    """Of the part that reduced the position, before fees."""
    receipt: Receipt
    fee_value: Decimal | None = None
    """The fee in the settlement asset, where it was paid in a third one."""
