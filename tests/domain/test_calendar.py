"""Trading days against the zone database's own instants (example W64)."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradetui.domain.calendar import TradingCalendar

HOUR = 3_600_000_000_000


def nanoseconds(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000_000


@pytest.mark.parametrize(
    ("zone", "day", "start", "hours"),
    [
        ("America/New_York", "2026-03-08", "2026-03-08T05:00", 23),
        ("America/New_York", "2026-11-01", "2026-11-01T04:00", 25),
        ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00", 23),
        ("Europe/Berlin", "2026-10-25", "2026-10-24T22:00", 25),
        ("Asia/Tokyo", "2026-03-03", "2026-03-02T15:00", 24),
        ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00", 23),
        ("Australia/Lord_Howe", "2026-10-04", "2026-10-03T13:30", 23.5),
        ("Asia/Beirut", "2026-03-29", "2026-03-28T22:00", 23),
    ],
)
def test_w64_a_trading_day_is_as_long_as_its_two_instants_say(
    zone: str, day: str, start: str, hours: float
) -> None:
    session = TradingCalendar(zone).session_at(nanoseconds(f"{day}T12:00"))
    assert session.session_id == day
    assert session.start_ts == nanoseconds(start)
    assert session.end_ts - session.start_ts == int(hours * HOUR)


@given(
    st.sampled_from(["UTC", "America/New_York", "Africa/Cairo", "Pacific/Auckland", "America/Sao_Paulo"]),
    st.sampled_from(["00:00", "02:30", "17:00", "23:59"]),
    st.integers(nanoseconds("2015-01-01T00:00"), nanoseconds("2030-01-01T00:00")),
)
def test_every_moment_belongs_to_exactly_one_trading_day(zone: str, roll: str, moment: int) -> None:
    calendar = TradingCalendar(zone, roll)
    session = calendar.session_at(moment)
    assert session.start_ts <= moment < session.end_ts
    following = calendar.session_at(session.end_ts)
    assert following.start_ts == session.end_ts
    assert following.session_id > session.session_id
    assert calendar.session_at(session.end_ts - 1) == session


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        TradingCalendar("Mars/Olympus")


REPEATED = [
    ("America/New_York", "2026-11-01", "2026-11-01T05:00", "2026-11-01T06:00", "01:30"),
    ("Europe/Berlin", "2026-10-25", "2026-10-25T00:00", "2026-10-25T01:00", "02:30"),
    ("Australia/Lord_Howe", "2026-04-05", "2026-04-04T14:30", "2026-04-04T15:00", "01:45"),
    ("Pacific/Auckland", "2026-04-05", "2026-04-04T13:00", "2026-04-04T14:00", "02:30"),
]
"""Zone, local day, when each pass of its repeated hour (or half hour) begins in UTC, and a time within it."""


@pytest.mark.parametrize(("zone", "day", "first", "second", "roll"), REPEATED)
def test_e_26_both_passes_of_a_repeated_hour_are_one_hour_of_one_day(
    zone: str, day: str, first: str, second: str, roll: str
) -> None:
    """No hourly statistics exist yet: their bucket is the local hour, which is the same in both passes."""
    del roll
    calendar, passes = TradingCalendar(zone), (nanoseconds(first), nanoseconds(second))
    length = passes[1] - passes[0]
    for offset in (0, length // 3, length - 1_000_000_000):
        early, late = (calendar.local(ts + offset) for ts in passes)
        assert early.replace(fold=0) == late.replace(fold=0)
        assert (early.hour, early.date().isoformat()) == (late.hour, day)
        assert early.utcoffset() != late.utcoffset()
        assert {calendar.session_at(ts + offset).session_id for ts in passes} == {day}


@pytest.mark.parametrize(("zone", "day", "first", "second", "roll"), REPEATED)
def test_e_26_a_day_that_begins_inside_a_repeated_hour_begins_in_its_first_pass_and_once(
    zone: str, day: str, first: str, second: str, roll: str
) -> None:
    calendar, length = TradingCalendar(zone, roll), nanoseconds(second) - nanoseconds(first)
    session = calendar.session_at(nanoseconds(f"{day}T12:00"))
    before = calendar.session_at(session.start_ts - 1)
    assert session.session_id == day
    assert nanoseconds(first) < session.start_ts < nanoseconds(second)
    assert calendar.local(session.start_ts).strftime("%H:%M") == roll
    again = session.start_ts + length
    assert calendar.local(again).strftime("%H:%M") == roll
    assert calendar.session_at(again) == calendar.session_at(again - 1) == session
    assert before.end_ts == session.start_ts
    assert before.end_ts - before.start_ts == 24 * HOUR
    assert session.end_ts - session.start_ts == 24 * HOUR + length


@pytest.mark.parametrize(
    ("zone", "day", "gap_ends", "roll", "hours"),
    [
        ("America/New_York", "2026-03-08", "2026-03-08T07:00", "02:30", 23.5),
        ("Europe/Berlin", "2026-03-29", "2026-03-29T01:00", "02:30", 23.5),
        ("Australia/Lord_Howe", "2026-10-04", "2026-10-03T15:30", "02:15", 23.75),
        ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00", "00:30", 23.5),
    ],
)
def test_e_26_a_day_that_begins_inside_a_skipped_hour_begins_when_the_hour_is_over(
    zone: str, day: str, gap_ends: str, roll: str, hours: float
) -> None:
    calendar, start = TradingCalendar(zone, roll), nanoseconds(gap_ends)
    session = calendar.session_at(start)
    assert (session.session_id, session.start_ts) == (day, start)
    assert session.end_ts - session.start_ts == int(hours * HOUR)
    assert calendar.session_at(start - 1).end_ts == start
    shown, shown_before = (f"{calendar.local(ts):%Y-%m-%d %H:%M}" for ts in (start, start - 1_000_000_000))
    assert shown_before < f"{day} {roll}" < shown


@given(
    st.sampled_from([zone for zone, *_ in REPEATED]),
    st.sampled_from(["00:00", "01:45", "02:30", "03:00"]),
    st.sampled_from([2025, 2026, 2027]),
)
def test_e_26_the_days_of_a_year_follow_each_other_without_gap_and_their_hours_add_up(
    zone: str, roll: str, year: int
) -> None:
    calendar = TradingCalendar(zone, roll)
    session = begun = calendar.session_at(nanoseconds(f"{year}-01-05T12:00"))
    lengths = []
    for _ in range(365):
        following = calendar.session_at(session.end_ts)
        assert following.start_ts == session.end_ts
        assert following.session_id > session.session_id
        lengths.append(session.end_ts - session.start_ts)
        session = following
    assert sum(lengths) == session.start_ts - begun.start_ts == 365 * 24 * HOUR
    assert {length for length in lengths if length != 24 * HOUR} != set()
