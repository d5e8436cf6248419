"""Guards that count closed trades (section 13.4): what each has counted, and until when it locks.

A window reaches from `lookback_s` before now up to now, both ends included; a lock ends `lock_s` after
the last close that counted, so asking again later gives the same end and no longer lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

import msgspec

from tradetui.domain.market_data import Side
from tradetui.domain.number import ZERO
from tradetui.domain.rule import LockUntil, Reset, Rule, RuleKind, Scope
from tradetui.trading.daybook import week_of
from tradetui.trading.episodes import Episode
from tradetui.trading.thresholds import SECOND

BUSINESS_DAYS: Final = 5
DAY_TRADES: Final = 4
DAY_TRADE_SHARE: Final = Decimal("0.06")


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What a guard has counted for one scope."""

    rule: Rule
    used: Decimal
    limit: Decimal
    reached: bool = False
    symbol: str = ""
    side: Side | None = None
    last_ts: int = 0
    """The last close that counted."""

    @property
    def until_ts(self) -> int:
        """When a lock that lasts a while ends; 0 where the rule's lock ends otherwise."""
        timed = self.rule.lock_until is LockUntil.TIME
        return self.last_ts + self.rule.lock_s * SECOND if timed and self.last_ts else 0


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """What guards look at."""

    trades: Sequence[Episode]
    """Closed trades, oldest first."""
    ts: int
    session_id: str
    equity: Decimal = ZERO


def findings(rule: Rule, scene: Scene) -> list[Finding]:
    """What a guard has counted, one finding for each scope that has anything."""
    count = _COUNTS[rule.kind]
    groups = _groups(rule, scene)
    return [finding for group in groups if (finding := count(rule, group, scene)) is not None]


def _groups(rule: Rule, scene: Scene) -> Iterator[tuple[str, Side | None, list[Episode]]]:
    """The trades that a rule counts together, newest last."""
    trades = [trade for trade in scene.trades if rule.symbol in ("", trade.symbol)]
    if rule.scope is Scope.ALL:
        yield rule.symbol, None, trades
        return
    found: dict[tuple[str, Side | None], list[Episode]] = {}
    for trade in trades:
        key = (trade.symbol, None) if rule.scope is Scope.SYMBOL else (rule.symbol, trade.side)
        found.setdefault(key, []).append(trade)
    for (symbol, side), group in found.items():
        yield symbol, side, group


Group = tuple[str, Side | None, list[Episode]]


def _finding(rule: Rule, group: Group, counted: Sequence[Episode], *, reached: bool) -> Finding:
    symbol, side, _ = group
    return Finding(
        rule=rule,
        used=Decimal(len(counted)),
        limit=rule.amount,
        reached=reached,
        symbol=symbol,
        side=side,
        last_ts=counted[-1].close_ts if counted else 0,
    )


def _recent(rule: Rule, trades: Iterable[Episode], ts: int) -> list[Episode]:
    since = ts - rule.lookback_s * SECOND
    return [trade for trade in trades if trade.close_ts >= since]


def _stops(rule: Rule, group: Group, scene: Scene) -> Finding:
    """StopGuard: so many exits by stop or liquidation that earned less than required."""
    recent = _recent(rule, group[2], scene.ts)
    counted = [trade for trade in recent if trade.was_stopped and trade.net < rule.required]
    return _finding(rule, group, counted, reached=len(counted) >= rule.amount)


def _low_profit(rule: Rule, group: Group, scene: Scene) -> Finding:
    """LowProfitSymbol: so many trades that together earned less than required."""
    counted = _recent(rule, group[2], scene.ts)
    earned = sum((trade.net for trade in counted), ZERO)
    return _finding(rule, group, counted, reached=len(counted) >= rule.amount and earned < rule.required)


def _cooldown(rule: Rule, group: Group, _: Scene) -> Finding | None:
    """Cooldown: a while after any close."""
    return _finding(rule, group, group[2][-1:], reached=True) if group[2] else None


def _loss_cooldown(rule: Rule, group: Group, scene: Scene) -> Finding | None:
    """A while after a trade that lost, whatever ended beside it or since."""
    since = scene.ts - rule.lock_s * SECOND
    lost = [trade for trade in group[2] if trade.net < 0 and trade.close_ts > since]
    return _finding(rule, group, lost[-1:], reached=True) if lost else None


def since_reset(rule: Rule, trades: Iterable[Episode], scene: Scene) -> list[Episode]:
    """The trades that closed in the rule's day, in its week, or ever."""
    if rule.reset is Reset.NEVER:
        return list(trades)
    if rule.reset is Reset.DAY:
        return [trade for trade in trades if trade.session_id == scene.session_id]
    week = week_of(scene.session_id)
    return [trade for trade in trades if week_of(trade.session_id) == week]


def _trades(rule: Rule, group: Group, scene: Scene) -> Finding:
    """Trades closed today against the most that are allowed."""
    counted = since_reset(rule, group[2], scene)
    return _finding(rule, group, counted, reached=len(counted) >= rule.amount)


def _streak(rule: Rule, group: Group, scene: Scene) -> Finding:
    """Losses in a row today; a trade that made nothing neither ends nor lengthens the row."""
    row: list[Episode] = []
    for trade in reversed(since_reset(rule, group[2], scene)):
        if trade.net > 0:
            break
        row += [trade] if trade.net < 0 else []
    row.reverse()
    return _finding(rule, group, row, reached=len(row) >= rule.amount)


def _day_trades(rule: Rule, group: Group, scene: Scene) -> Finding:
    """The pattern-day-trader count with its minimum equity (13.6, rule before June 2026)."""
    days = business_days(scene.session_id)
    window = [trade for trade in group[2] if trade.session_id in days]
    made = [trade for trade in window if trade.same_day]
    flagged = is_pattern_day_trader(len(made), len(window))
    finding = _finding(rule, group, made, reached=flagged and scene.equity < rule.amount)
    return msgspec.structs.replace(finding, limit=Decimal(DAY_TRADES))


def is_pattern_day_trader(day_trades: int, trades: int) -> bool:
    """At least four day trades in five business days that are more than 6 % of all trades in them."""
    return day_trades >= DAY_TRADES and day_trades > DAY_TRADE_SHARE * trades


def business_days(session_id: str) -> frozenset[str]:
    """The last five weekdays up to a trading day, itself included."""
    found: list[str] = []
    day = date.fromisoformat(session_id)
    while len(found) < BUSINESS_DAYS:
        found += [day.isoformat()] if day.weekday() < 5 else []
        day -= timedelta(days=1)
    return frozenset(found)


_COUNTS: Final[dict[RuleKind, Callable[[Rule, Group, Scene], Finding | None]]] = {
    RuleKind.STOP_GUARD: _stops,
    RuleKind.LOW_PROFIT: _low_profit,
    RuleKind.COOLDOWN: _cooldown,
    RuleKind.LOSS_COOLDOWN: _loss_cooldown,
    RuleKind.MAX_TRADES: _trades,
    RuleKind.LOSING_STREAK: _streak,
    RuleKind.DAY_TRADES: _day_trades,
}
