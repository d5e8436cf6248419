"""Waits, silences, lags and the one state they make, at times that the test gives."""

from __future__ import annotations

import pytest

from tradetui.domain.market_data import FeedState
from tradetui.feeds.health import Backoff, Judgment, Lag, Pulse, SymbolHealth

SECOND = 1_000_000_000


def test_waits_double_to_a_cap_and_begin_anew_after_a_stable_time() -> None:
    backoff = Backoff(chance=lambda: 0.0)
    assert [backoff.next_wait(0.1) for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    assert backoff.next_wait(10.0) == 0.0
    assert backoff.next_wait(9.9) == 1


def test_chance_makes_a_wait_longer_and_never_shorter() -> None:
    assert Backoff(chance=lambda: 1.0).next_wait(0) == 1.25
    assert 1.0 <= Backoff().next_wait(0) <= 1.25


def test_a_silence_beyond_the_limit_is_overdue() -> None:
    pulse = Pulse(5.0)
    assert not pulse.is_overdue(1000.0)
    pulse.beat(0.0)
    pulse.beat(0.1)
    assert not pulse.is_overdue(5.0)
    assert pulse.is_overdue(5.2)
    assert pulse.silence(5.1) == pytest.approx(5.0)
    pulse.pause()
    assert not pulse.is_overdue(99.0)


def test_a_market_that_is_usually_quiet_may_be_silent_for_longer() -> None:
    pulse = Pulse(5.0)
    pulse.beat(0.0)
    pulse.allow(2.0)
    assert not pulse.is_overdue(19.0)
    assert pulse.is_overdue(20.1)


def test_lag_is_counted_from_the_smallest_delay_whatever_the_venues_clock() -> None:
    lag = Lag()
    begun = 1_700_000_000 * SECOND

    def above(delay_s: float, after_s: float) -> float:
        return lag.above(int(delay_s * SECOND), begun + int(after_s * SECOND)) / SECOND

    assert above(-1.27, 0.0) == 0.0
    assert above(-1.0, 1.0) == pytest.approx(0.27)
    assert above(1.73, 2.0) == pytest.approx(3.0)
    assert above(0.0, 400.0) == pytest.approx(1.27)
    assert above(0.5, 800.0) == pytest.approx(0.5)
    assert above(0.25, -3600.0) == 0.0, "a clock that was set back"


def test_the_worst_part_is_the_symbols_state_and_is_said_once() -> None:
    health = SymbolHealth("A/B", lagging_after_s=2.0)
    assert health.state is FeedState.CONNECTING
    first = health.report("book", FeedState.STREAMING, ts_received=1)
    assert first is not None
    assert first.state is FeedState.STREAMING
    assert health.report("book", FeedState.STREAMING, ts_received=2) is None
    down = health.report("trades", FeedState.DOWN, ts_received=3, text="closed", retry_s=2.0)
    assert down is not None
    assert (down.state, down.text, down.retry_s) == (FeedState.DOWN, "closed", 2.0)
    assert health.report("book", FeedState.GAP, ts_received=4) is None
    left = health.report("trades", FeedState.STREAMING, ts_received=5)
    assert left is not None
    assert left.state is FeedState.GAP


def test_lagging_begins_above_the_limit_and_ends_below_half_of_it() -> None:
    health = SymbolHealth("A/B", lagging_after_s=2.0)
    health.report("book", FeedState.STREAMING, ts_received=0)

    def arrived(delay_s: float, after_s: int) -> FeedState | None:
        received = (1_700_000_000 + after_s) * SECOND
        status = health.arrived(received - int(delay_s * SECOND), received)
        return status.state if status else None

    assert arrived(0.1, 0) is None
    assert [arrived(2.5, after) for after in (1, 2)] == [None, None], "three late messages are a lag (6.1)"
    assert arrived(0.2, 3) is None, "one in time begins anew"
    assert [arrived(2.5, after) for after in (4, 5, 6)] == [None, None, FeedState.LAGGING]
    assert arrived(1.5, 7) is None
    assert arrived(0.2, 8) is FeedState.STREAMING
    assert health.arrived(0, 1_700_000_009 * SECOND) is None
    assert arrived(86_400.0, 10) is FeedState.LAGGING, "a print of yesterday needs no other"


def test_how_much_it_takes_until_data_lags_or_is_silent_is_given() -> None:
    health = SymbolHealth("A/B", lagging_after_s=2.0, judgment=Judgment(lagging_messages=1))
    health.report("book", FeedState.STREAMING, ts_received=0)
    assert health.arrived(1_000 * SECOND, 1_000 * SECOND) is None
    status = health.arrived(1_001 * SECOND, 1_004 * SECOND)
    assert status is not None
    assert status.state is FeedState.LAGGING
    pulse = Pulse(5.0, intervals=4.0)
    pulse.beat(0.0)
    pulse.allow(2.0)
    assert not pulse.is_overdue(7.9)
    assert pulse.is_overdue(8.1)
