"""What a locked day means at the keys: entries are closed until a moment, exits work as ever."""

from __future__ import annotations

from typing import Final

from tradetui.domain.view import StatusView, TradingState
from tradetui.ui.paint.numbers import clock_text
from tradetui.ui.paint.rows import plain

DAY_NS: Final = 86_400_000_000_000


def is_locked(status: StatusView | None) -> bool:
    """Whether every entry of the account is closed."""
    return status is not None and status.trading_state is TradingState.LOCKED


def until_text(status: StatusView) -> str:
    """When a lock ends: the time of day and its zone, with the weekday where that is more than a day away."""
    pattern = "%H:%M %Z" if status.locked_until - status.ts <= DAY_NS else "%a %H:%M %Z"
    return clock_text(status.locked_until, status.zone, pattern=pattern)


def locked_words(status: StatusView) -> str:
    """What still works, until when and why; short enough for one line of the smallest screen."""
    why = plain(status.lock_text)
    if status.locked_until:
        return f"exits only until {until_text(status)}{f': {why}' if why else ''}"
    return f"exits only{f', {why}' if why else ''}"
