"""The answers of the engine to what is asked of it.

A refusal is a value, never an exception: it names a reason from a fixed list, the numbers that
decided, and the smallest change that would have been accepted.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec

STILL_OPEN: Final = "is open until its flatten can fill"
"""What the reply to a flatten says of a position that nobody takes now."""


class Reason(StrEnum):
    """Why something was refused, rejected, canceled or expired; the text beside it has the numbers."""

    NONE = ""
    BAD_INPUT = "BAD_INPUT"
    OFF_TICK = "OFF_TICK"
    OFF_LOT = "OFF_LOT"
    MIN_QTY = "MIN_QTY"
    MAX_QTY = "MAX_QTY"
    MIN_NOTIONAL = "MIN_NOTIONAL"
    UNKNOWN_SYMBOL = "UNKNOWN_SYMBOL"
    UNKNOWN_ORDER = "UNKNOWN_ORDER"
    UNSUPPORTED_KIND = "UNSUPPORTED_KIND"
    UNSUPPORTED_TYPE = "UNSUPPORTED_TYPE"
    CONFLICTING_FLAGS = "CONFLICTING_FLAGS"
    DUPLICATE_COMMAND = "DUPLICATE_COMMAND"
    INSTRUMENT_HALTED = "INSTRUMENT_HALTED"
    STALE_DATA = "STALE_DATA"
    NO_PRICE = "NO_PRICE"
    REDUCE_ONLY = "REDUCE_ONLY"
    NO_POSITION = "NO_POSITION"
    WOULD_FLIP = "WOULD_FLIP"
    NO_SHORT_ON_SPOT = "NO_SHORT_ON_SPOT"
    STOP_REQUIRED = "STOP_REQUIRED"
    STOP_WRONG_SIDE = "STOP_WRONG_SIDE"
    STOP_BEYOND_LIQUIDATION = "STOP_BEYOND_LIQUIDATION"
    STOP_NOT_REMOVABLE = "STOP_NOT_REMOVABLE"
    STOP_EXECUTING = "STOP_EXECUTING"
    TARGET_WRONG_SIDE = "TARGET_WRONG_SIDE"
    WOULD_TRIGGER = "WOULD_TRIGGER"
    POST_ONLY_WOULD_TAKE = "POST_ONLY_WOULD_TAKE"
    INSUFFICIENT_BALANCE = "INSUFFICIENT_BALANCE"
    INSUFFICIENT_LIQUIDITY = "INSUFFICIENT_LIQUIDITY"
    NO_LIQUIDITY = "NO_LIQUIDITY"
    BAND = "BAND"
    IOC_REMAINDER = "IOC_REMAINDER"
    FOK_UNFILLABLE = "FOK_UNFILLABLE"
    SELF_TRADE = "SELF_TRADE"
    LEVERAGE = "LEVERAGE"
    RISK_PER_TRADE = "RISK_PER_TRADE"
    OPEN_RISK = "OPEN_RISK"
    DAILY_BUDGET = "DAILY_BUDGET"
    LOCKED = "LOCKED"
    RECOVERING = "RECOVERING"
    HALTED_JOURNAL = "HALTED_JOURNAL"
    HALTED_INVARIANT = "HALTED_INVARIANT"
    SIZE_TOO_SMALL = "SIZE_TOO_SMALL"
    USER = "USER"
    POSITION_CLOSED = "POSITION_CLOSED"
    PARENT_CANCELED = "PARENT_CANCELED"
    REPLACED = "REPLACED"
    LIMIT_BREACH = "LIMIT_BREACH"
    WARM_UP = "WARM_UP"
    PERCENT_PRICE = "PERCENT_PRICE"
    MAX_ORDERS = "MAX_ORDERS"
    MAX_POSITION = "MAX_POSITION"
    GAP_EVALUATION = "GAP_EVALUATION"
    OTHER_CURRENCY = "OTHER_CURRENCY"
    LIQUIDATION = "LIQUIDATION"
    DELISTED = "DELISTED"
    ESCALATED = "ESCALATED"
    MAX_TRADES = "MAX_TRADES"
    ORDER_RATE = "ORDER_RATE"
    TRAIL_RATE = "TRAIL_RATE"
    TARGET_SIZE = "TARGET_SIZE"
    GTD_ENDED = "GTD_ENDED"
    OTHER_FILLED = "OTHER_FILLED"
    TRIGGER_SOURCE = "TRIGGER_SOURCE"
    FLATTEN = "FLATTEN"
    NO_TIERS = "NO_TIERS"


class Refusal(msgspec.Struct, frozen=True):
    """A no: why, with the numbers that decided, and what would have been accepted."""

    reason: Reason
    text: str
    """One sentence with the numbers in it."""
    numbers: dict[str, Decimal] = {}
    """By name: needed, available, limit, nearest."""
    mend: str = ""
    """The smallest change that would pass, in words; "" where there is none."""


class Reply(msgspec.Struct, frozen=True):
    """What became of a command: `refusal` None means it was accepted."""

    key: str = ""
    refusal: Refusal | None = None
    order_ids: tuple[str, ...] = ()
    text: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the engine took the command."""
        return self.refusal is None
