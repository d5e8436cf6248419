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
