"""Times and counts of a venue: which are believed, and what a hole is."""

from __future__ import annotations

import pytest

from tradetui.domain.market_data import FeedState
from tradetui.feeds.health import SymbolHealth
from tradetui.feeds.native.sequence import PrintCount
from tradetui.feeds.native.timing import VenueTime

NOW = 1_795_659_556_745_000_000
MINUTE = 60_000_000_000


@pytest.mark.parametrize(
    ("stamp", "is_believed"),
    [
        (NOW - 5_000_000, True),
        (NOW + MINUTE, True),
        (0, False),
        (10**17 * 10**6, False),
        (NOW - 61 * MINUTE, False),
        (86_400_000_000_000, False),
        (NOW + 48 * 60 * MINUTE, False),
    ],
)
def test_a_time_is_believed_that_can_be(stamp: int, is_believed: bool) -> None:
    time = VenueTime()
    assert time.believes(NOW - 10_000_000, NOW)
    assert time.believes(stamp, NOW) is is_believed


def test_a_venue_that_never_says_when_is_believed_and_our_own_clock_may_be_wrong() -> None:
    silent, ahead = VenueTime(), VenueTime()
    assert silent.believes(0, NOW)
    hour = 60 * MINUTE
    for number in range(5):
        assert ahead.believes(NOW + hour + number * MINUTE, NOW + number * MINUTE)


def test_a_time_from_the_future_does_not_make_the_following_ones_old() -> None:
    time = VenueTime()
    assert time.believes(NOW + 5 * MINUTE, NOW)
    assert time.believes(NOW + 1, NOW + 1)


def test_a_hole_in_the_count_is_seen_once_and_a_new_connection_begins_anywhere() -> None:
    count = PrintCount()
    assert [count.misses("B", number) for number in (7, 8, 8, 10, 9, 11)] == [False] * 3 + [
        True,
        False,
        False,
    ]
    count.forget("B")
    assert not count.misses("B", 500)


def judged(*delays_ms: int) -> list[FeedState]:
    """What is said of messages with these delays, of which those that are usual are not looked at."""
    health, time, said = SymbolHealth("B", lagging_after_s=1.0), VenueTime(), list[FeedState]()
    for number, delay_ms in enumerate(delays_ms):
        received = NOW + number * 100_000_000
        stamp = received - delay_ms * 1_000_000
        if time.is_usual(stamp, received):
            continue
        time.believes(stamp, received)
        status = health.arrived(stamp, received)
        time.expect(*health.usual)
        said += [status.state] if status is not None else []
    return said


def test_lagging_ends_though_the_delays_before_it_were_a_little_smaller_than_the_smallest_known() -> None:
    said = judged(100, 85, 85, 5_000, 5_000, 5_000, 85, 85)
    assert said == [FeedState.LAGGING, FeedState.STREAMING]


def test_late_messages_with_usual_ones_between_them_are_no_lag() -> None:
    assert judged(100, 85, 5_000, 90, 5_000, 90, 5_000, 90, 5_000, 90) == []
