"""The list of what happened while nobody watched."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from tradetui.domain.view import GapView
from tradetui.runtime.views.account import zone_of
from tradetui.runtime.views.words import SECOND
from tradetui.state import State

_DAY_NS = 86_400 * SECOND


def gap_views(state: State) -> tuple[GapView, ...]:
    """Every gap that waits to be acknowledged, the newest first."""
    zone = ZoneInfo(zone_of(state))
    return tuple(
        GapView(gap.symbol, gap_span(gap.from_ts, gap.to_ts, zone), gap.text) for gap in reversed(state.gaps)
    )


def gap_span(from_ts: int, to_ts: int, zone: ZoneInfo) -> str:
    """From when to when: times of day, with the date where they are further apart."""
    pattern = "%H:%M:%S" if to_ts - from_ts < _DAY_NS else "%d %b %H:%M"
    moments = (datetime.fromtimestamp(ts // SECOND, UTC).astimezone(zone) for ts in (from_ts, to_ts))
    return " to ".join(moment.strftime(pattern) for moment in moments)
