"""Trading days: calendar objects in the user's zone, 23 to 25 hours long (engine rules R-TIM-6, R-TIM-7)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = 1_000_000_000


class Session(msgspec.Struct, frozen=True):
    """One trading day: from `start_ts` up to, not including, `end_ts`, nanoseconds UTC."""

    session_id: str
    """The local date of the start; ids strictly increase."""
    start_ts: int
    end_ts: int


class TradingCalendar:
    """Cuts time into trading days of one zone and roll time."""

    def __init__(self, zone: str, roll: str = "00:00") -> None:
        """Raises ZoneInfoNotFoundError or ValueError for a zone or a time that does not exist."""
        self._zone = ZoneInfo(zone)
        self._roll = time.fromisoformat(roll)

    def session_at(self, ts: int) -> Session:
        """The trading day that a moment belongs to."""
        day = datetime.fromtimestamp(ts // _SECOND, self._zone).date() + timedelta(days=1)
        while self._start(day) > ts:
            day -= timedelta(days=1)
        return Session(day.isoformat(), self._start(day), self._start(day + timedelta(days=1)))

    def local(self, ts: int) -> datetime:
        """A moment as the clocks of the zone show it, to the second."""
        return datetime.fromtimestamp(ts // _SECOND, self._zone)

    def moment(self, session: Session, at: str) -> int | None:
        """When the clocks show a time within a trading day; None where the day is too short for it."""
        wanted, day = time.fromisoformat(at), self.local(session.start_ts).date()
        moments = (self.instant(day + timedelta(days=later), wanted) for later in range(3))
        return next((ts for ts in moments if session.start_ts <= ts < session.end_ts), None)

    def _start(self, day: date) -> int:
        return self.instant(day, self._roll)

    def instant(self, day: date, at: time) -> int:
        """The first instant of a local time: after the gap where it does not exist, else fold 0."""
        local = datetime.combine(day, at, self._zone)
        instant = local.astimezone(UTC)
        if instant.astimezone(self._zone).replace(tzinfo=None) != local.replace(tzinfo=None):
            instant = self._end_of_gap(instant)
        return int((instant - _EPOCH).total_seconds()) * _SECOND

    def _end_of_gap(self, inside: datetime) -> datetime:
        """The moment at which the zone's offset changed, found by halving around a time in the gap."""
        low, high = inside - timedelta(hours=12), inside + timedelta(hours=12)
        before = low.astimezone(self._zone).utcoffset()
        while high - low > timedelta(seconds=1):
            middle = low + (high - low) // 2
            unchanged = middle.astimezone(self._zone).utcoffset() == before
            low, high = (middle, high) if unchanged else (low, middle)
        return high.replace(microsecond=0)
