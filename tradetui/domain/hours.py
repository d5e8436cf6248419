"""Times of day in words: trading hours, news, and a time by which to be flat."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, time, timedelta
from functools import lru_cache
from typing import Final

import msgspec

from tradetui.domain.calendar import TradingCalendar

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK: Final = r"(?:[01]\d|2[0-3]):[0-5]\d"
_HOURS: Final = re.compile(rf"(?:([a-z]{{3}})(?:-([a-z]{{3}}))? )?({_CLOCK})-({_CLOCK}|24:00)")
_MOMENT: Final = re.compile(rf"(\d{{4}}-\d\d-\d\d) ({_CLOCK})-({_CLOCK}|24:00)")
_AHEAD: Final = 9
"""Days that are looked at for the next opening: a week and its edges."""


class Hours(msgspec.Struct, frozen=True):
    """A span of local time on some days of the week, or on one date; it may reach past midnight."""

    start: time
    end: time
    days: frozenset[int] = frozenset(range(7))
    on: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether the span begins on a day."""
        return day == self.on if self.on is not None else day.weekday() in self.days


@lru_cache(maxsize=256)
def read_hours(text: str) -> Hours:
    """Read "08:00-16:30", "mon-fri 08:00-16:30" or "sat 10:00-12:00"; raises ValueError."""
    match = _HOURS.fullmatch(" ".join(text.lower().split()))
    if match is None:
        raise ValueError(f'expected hours such as "mon-fri 08:00-16:30", was {text!r}')
    first, last, start, end = match.groups()
    return Hours(time.fromisoformat(start), _end(end), _days(text, first, last))


@lru_cache(maxsize=256)
def read_moment(text: str) -> Hours:
    """Read "2026-03-18 18:00-18:30"; raises ValueError."""
    match = _MOMENT.fullmatch(" ".join(text.split()))
    if match is None:
        raise ValueError(f'expected a date and hours such as "2026-03-18 18:00-18:30", was {text!r}')
    day, start, end = match.groups()
    return Hours(time.fromisoformat(start), _end(end), on=date.fromisoformat(day))


def read_clock(text: str) -> str:
    """Read a time of day such as "15:10"; raises ValueError."""
    if re.fullmatch(_CLOCK, text.strip()) is None:
        raise ValueError(f'expected a time of day such as "15:10", was {text!r}')
    return text.strip()


def _end(text: str) -> time:
    return time() if text == "24:00" else time.fromisoformat(text)


def _days(text: str, first: str | None, last: str | None) -> frozenset[int]:
    if first is None:
        return frozenset(range(7))
    for word in (first, last or first):
        if word not in DAYS:
            raise ValueError(f"expected days {', '.join(DAYS)}, was {word!r} in {text!r}")
    start, end = DAYS.index(first), DAYS.index(last or first)
    return frozenset((start + step) % 7 for step in range((end - start) % 7 + 1))


def spans(hours: Sequence[Hours], calendar: TradingCalendar, ts: int) -> list[tuple[int, int]]:
    """The spans around and after a moment as (start, end), nanoseconds UTC, merged and in order."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(_instants(hours, calendar, ts)):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        elif end > ts:
            found.append((start, end))
    return found


def _instants(hours: Sequence[Hours], calendar: TradingCalendar, ts: int) -> Iterator[tuple[int, int]]:
    today = calendar.local(ts).date()
    for hour in hours:
        days = [hour.on] if hour.on is not None else [today + timedelta(n) for n in range(-2, _AHEAD)]
        for day in days:
            if hour.holds_on(day):
                last = day if hour.end > hour.start else day + timedelta(days=1)
                yield calendar.instant(day, hour.start), calendar.instant(last, hour.end)
