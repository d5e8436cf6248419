"""Rules of a trading day as values: what is measured, from where, how much, and what a breach does.

A rule is one row of the rule model: kind, anchor, measure, amount, reset, compare, scope, actions and
lock_until, and the few numbers that only some kinds read. What is not named by a kind is ignored by it.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec

from tradetui.domain.number import ZERO


class RuleKind(StrEnum):
    """What a rule watches."""

    DAILY_LOSS = "daily_loss"
    WEEKLY_LOSS = "weekly_loss"
    MAX_LOSS_STATIC = "max_loss_static"
    MAX_LOSS_DAY_END = "max_loss_eod_trailing"
    MAX_LOSS_PEAK = "max_loss_intraday_trailing"
    PROFIT_STOP = "daily_profit_stop"
    PROFIT_GIVEBACK = "profit_giveback"
    CONSISTENCY = "consistency"
    MIN_EQUITY = "min_equity"
    MAX_TRADES = "max_trades"
    LOSING_STREAK = "max_losing_streak"
    MAX_POSITION = "max_contracts"
    MAX_ORDER_SIZE = "max_order_size"
    MAX_OPEN_ORDERS = "max_open"
    ORDER_RATE = "max_orders"
    LOSS_COOLDOWN = "cooldown_after_loss"
    TRADING_HOURS = "time_window"
    NEWS = "news"
    FLATTEN_AT = "flatten_at"
    STOP_GUARD = "stop_guard"
    DRAWDOWN_GUARD = "drawdown_guard"
    COOLDOWN = "cooldown"
    LOW_PROFIT = "low_profit_symbol"
    DAY_TRADES = "pattern_day_trader"


class Anchor(StrEnum):
    """The number at the reset that a loss or profit is counted from."""

    EQUITY = "equity"
    BALANCE = "balance"
    HIGHER = "higher"
    """The higher of both."""
    START = "start"
    """The first deposit."""


class Measure(StrEnum):
    """What is held against the threshold: with open profit, fees and funding, or what is realized."""

    EQUITY = "equity"
    REALIZED = "realized"


class Unit(StrEnum):
    """What an amount counts."""

    MONEY = "money"
    """The account's currency."""
    ANCHOR = "anchor"
    """A fraction of the anchor."""
    START = "start"
    """A fraction of the first deposit."""
    R = "r"
    """Risk a trade of the equity at the start of the day."""
    COUNT = "count"
    QTY = "qty"
    """Base units, or contracts."""


class Reset(StrEnum):
    """When counting begins anew."""

    DAY = "day"
    WEEK = "week"
    NEVER = "never"


class Compare(StrEnum):
    """Whether the threshold itself is a breach."""

    AT = "<="
    BEYOND = "<"


class Scope(StrEnum):
    """What a rule counts together, and what its lock closes."""

    ALL = "all"
    SYMBOL = "symbol"
    SIDE = "side"


class Action(StrEnum):
    """What a breach does."""

    WARN = "warn"
    BLOCK = "block_entries"
    CANCEL = "cancel_entries"
    FLATTEN = "flatten"


class LockUntil(StrEnum):
    """When a lock ends."""

    TIME = "time"
    """After `lock_s` seconds, counted from what led to it."""
    ROLL = "roll"
    NEXT_WEEK = "next_week"
    MANUAL = "manual"
    """By hand, `lock_s` seconds after the breach at the earliest."""
    FOREVER = "forever"


FLAT: Final = (Action.WARN, Action.BLOCK, Action.CANCEL, Action.FLATTEN)
"""Locks and closes every position."""
HOLD: Final = (Action.WARN, Action.BLOCK, Action.CANCEL)
"""Locks, and holds positions with their stops."""
TELL: Final = (Action.WARN,)
"""Says it, and leaves it at that."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule; of two with the same name only one holds."""

    name: str
    kind: RuleKind
    amount: Decimal = ZERO
    unit: Unit = Unit.COUNT
    anchor: Anchor = Anchor.EQUITY
    measure: Measure = Measure.EQUITY
    reset: Reset = Reset.DAY
    compare: Compare = Compare.AT
    scope: Scope = Scope.ALL
    symbol: str = ""
    """The only symbol that it concerns; empty for every one."""
    actions: tuple[Action, ...] = HOLD
    lock_until: LockUntil = LockUntil.ROLL
    cap: Decimal | None = None
    """The highest threshold of a trailing loss, counted from the first deposit."""
    arm: Decimal = ZERO
    """Profit of the day from which giving back counts, in `unit`; the amount is the part given back."""
    required: Decimal = ZERO
    """Net result below which an exit counts for a guard."""
    force_at: Decimal = Decimal("1.2")
    """Multiple of the amount at which positions held after a breach are closed."""
    lookback_s: int = 0
    lock_s: int = 0
    windows: tuple[str, ...] = ()
    """Hours such as "mon-fri 08:00-16:30", moments such as "2026-03-18 18:00-18:30", or one "15:10"."""


LOSSES: Final = frozenset(
    {
        RuleKind.DAILY_LOSS,
        RuleKind.WEEKLY_LOSS,
        RuleKind.MAX_LOSS_STATIC,
        RuleKind.MAX_LOSS_DAY_END,
        RuleKind.MAX_LOSS_PEAK,
        RuleKind.MIN_EQUITY,
    }
)
"""Kinds with a floor under the account: what lies between is head-room."""
PROFITS: Final = frozenset({RuleKind.PROFIT_STOP, RuleKind.PROFIT_GIVEBACK})
FOLLOWS_PEAK: Final = frozenset({RuleKind.MAX_LOSS_PEAK, RuleKind.PROFIT_GIVEBACK})
"""Kinds that need every new high of equity in the journal."""
CLOCKS: Final = frozenset({RuleKind.TRADING_HOURS, RuleKind.NEWS, RuleKind.FLATTEN_AT})
SIZES: Final = frozenset(
    {RuleKind.MAX_POSITION, RuleKind.MAX_ORDER_SIZE, RuleKind.MAX_OPEN_ORDERS, RuleKind.ORDER_RATE}
)
"""Kinds that refuse an order and never lock."""
GUARDS: Final = frozenset(
    {
        RuleKind.MAX_TRADES,
        RuleKind.LOSING_STREAK,
        RuleKind.LOSS_COOLDOWN,
        RuleKind.STOP_GUARD,
        RuleKind.COOLDOWN,
        RuleKind.LOW_PROFIT,
        RuleKind.DAY_TRADES,
    }
)
"""Kinds that count closed trades."""

HOUR: Final = 3600

STANDARD: Final[dict[str, Rule]] = {
    rule.name: rule
    for rule in (
        Rule(
            name="daily_loss",
            kind=RuleKind.DAILY_LOSS,
            amount=Decimal("0.02"),
            unit=Unit.ANCHOR,
            actions=FLAT,
        ),
        Rule(
            name="weekly_loss",
            kind=RuleKind.WEEKLY_LOSS,
            amount=Decimal("0.05"),
            unit=Unit.ANCHOR,
            reset=Reset.WEEK,
            actions=FLAT,
            lock_until=LockUntil.NEXT_WEEK,
        ),
        Rule(
            name="max_loss",
            kind=RuleKind.MAX_LOSS_STATIC,
            amount=Decimal("0.1"),
            unit=Unit.START,
            anchor=Anchor.BALANCE,
            reset=Reset.NEVER,
            actions=FLAT,
            lock_until=LockUntil.FOREVER,
        ),
        Rule(
            name="daily_profit",
            kind=RuleKind.PROFIT_STOP,
            amount=Decimal("0.03"),
            unit=Unit.ANCHOR,
            actions=FLAT,
        ),
        Rule(
            name="weekly_profit",
            kind=RuleKind.PROFIT_STOP,
            amount=Decimal("0.08"),
            unit=Unit.ANCHOR,
            reset=Reset.WEEK,
            actions=FLAT,
            lock_until=LockUntil.NEXT_WEEK,
        ),
        Rule(
            name="profit_giveback",
            kind=RuleKind.PROFIT_GIVEBACK,
            amount=Decimal("0.5"),
            unit=Unit.ANCHOR,
            arm=Decimal("0.01"),
            actions=FLAT,
        ),
        Rule(
            name="best_day",
            kind=RuleKind.CONSISTENCY,
            amount=Decimal("0.5"),
            compare=Compare.BEYOND,
            reset=Reset.NEVER,
            actions=TELL,
        ),
        Rule(
            name="min_equity",
            kind=RuleKind.MIN_EQUITY,
            unit=Unit.MONEY,
            reset=Reset.NEVER,
            compare=Compare.BEYOND,
        ),
        Rule(name="max_trades", kind=RuleKind.MAX_TRADES, amount=Decimal(10)),
        Rule(name="max_losing_streak", kind=RuleKind.LOSING_STREAK, amount=Decimal(3)),
        Rule(name="max_position", kind=RuleKind.MAX_POSITION, unit=Unit.QTY, actions=()),
        Rule(name="max_order_size", kind=RuleKind.MAX_ORDER_SIZE, unit=Unit.QTY, actions=()),
        Rule(name="max_open_orders", kind=RuleKind.MAX_OPEN_ORDERS, amount=Decimal(20), actions=()),
        Rule(name="max_orders_per_minute", kind=RuleKind.ORDER_RATE, amount=Decimal(30), actions=()),
        Rule(
            name="cooldown_after_loss",
            kind=RuleKind.LOSS_COOLDOWN,
            lock_until=LockUntil.TIME,
            lock_s=HOUR // 4,
        ),
        Rule(name="trading_hours", kind=RuleKind.TRADING_HOURS, lock_until=LockUntil.TIME),
        Rule(name="news", kind=RuleKind.NEWS, lock_until=LockUntil.TIME),
        Rule(name="flatten_at", kind=RuleKind.FLATTEN_AT, actions=FLAT),
        Rule(
            name="stop_guard",
            kind=RuleKind.STOP_GUARD,
            amount=Decimal(3),
            lock_until=LockUntil.TIME,
            lookback_s=HOUR,
            lock_s=HOUR // 2,
        ),
        Rule(
            name="drawdown_guard",
            kind=RuleKind.DRAWDOWN_GUARD,
            amount=Decimal("0.01"),
            lock_until=LockUntil.TIME,
            lookback_s=HOUR,
            lock_s=HOUR,
        ),
        Rule(
            name="cooldown",
            kind=RuleKind.COOLDOWN,
            scope=Scope.SYMBOL,
            lock_until=LockUntil.TIME,
            lock_s=HOUR // 12,
        ),
        Rule(
            name="low_profit",
            kind=RuleKind.LOW_PROFIT,
            amount=Decimal(4),
            scope=Scope.SYMBOL,
            lock_until=LockUntil.TIME,
            lookback_s=6 * HOUR,
            lock_s=HOUR,
        ),
        Rule(
            name="day_trades",
            kind=RuleKind.DAY_TRADES,
            amount=Decimal(25_000),
            unit=Unit.MONEY,
            reset=Reset.NEVER,
        ),
    )
}
"""Each rule under its usual name, with what it does where nothing else is said."""
