"""Locks that stand side by side: each under its rule and scope, each with its own end."""

from __future__ import annotations

from collections.abc import Iterable

from tradetui.domain.event import Locked, Unlocked
from tradetui.domain.market_data import Side
from tradetui.domain.rule import LockUntil

LockKey = tuple[str, str, Side | None]
"""Rule, symbol, side."""


def find(locks: Iterable[Locked], rule: str, symbol: str = "", side: Side | None = None) -> Locked | None:
    """The lock of a rule on a scope."""
    return next((lock for lock in locks if key_of(lock) == (rule, symbol, side)), None)


def key_of(body: Locked | Unlocked) -> LockKey:
    """Under what a lock stands."""
    return body.rule, body.symbol, body.side


def covers(lock: Locked, symbol: str, side: Side) -> bool:
    """Whether a lock refuses an entry on a side of a symbol."""
    return lock.symbol in ("", symbol) and lock.side in (None, side)


def strongest_first(locks: Iterable[Locked]) -> list[Locked]:
    """Locks on everything before those on a part, and of each the ones that end last first."""
    return sorted(locks, key=lambda lock: (not _is_whole(lock), lock.ends not in _OPEN, -lock.until_ts))


def _is_whole(lock: Locked) -> bool:
    return not lock.symbol and lock.side is None


def longest(locks: Iterable[Locked]) -> Locked | None:
    """The lock that ends last; None without any. What needs a hand, or never ends, ends after all others."""
    return max(locks, key=lambda lock: (lock.ends in _OPEN, lock.until_ts), default=None)


_OPEN = (LockUntil.MANUAL, LockUntil.FOREVER)
