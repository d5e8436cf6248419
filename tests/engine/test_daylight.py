"""A clock that was set while the program was closed: the exchange's says when a day and its locks end."""

from __future__ import annotations

import msgspec
import pytest

from tests.engine.market import MS, SECOND, Table
from tests.engine.test_day import gapped
from tradetui.domain.command import Unlock
from tradetui.domain.event import Locked
from tradetui.domain.market_data import BookSnapshot, ClockTick, FeedState, FeedStatus, Trade
from tradetui.domain.rule import LockUntil
from tradetui.state import State

HOUR = 3600 * SECOND


def locked() -> tuple[Table, int]:
    """An account whose day is locked, and when that day ends."""
    market = gapped()
    session = market.state.session
    assert market.state.day.locks
    assert session is not None
    return market, session.end_ts


def start(market: Table, wall: int, *, judged: bool = True) -> None:
    """A new run at a time of the own clock."""
    market.restart(msgspec.structs.replace(market.settings, venue_clock=judged))
    market.now, market.mono = wall, SECOND
    tick(market, 0)


def tick(market: Table, ns: int) -> None:
    market.now += ns
    market.mono += ns
    market.feed(ClockTick(market.now, market.mono))


def hear(market: Table, venue_ts: int) -> None:
    """The exchange's data comes, with its own time."""
    market.feed(FeedStatus(market.symbol, market.tick(), FeedState.STREAMING))
    ts = market.tick()
    market.feed(BookSnapshot(market.symbol, venue_ts, ts, [(60_000.0, 5.0)], [(60_000.1, 5.0)]))
    market.feed(Trade(market.symbol, venue_ts, market.tick(), 60_000.0, 1.0, None))
    tick(market, 250 * MS)


def test_without_the_exchanges_clock_the_own_one_ends_the_day() -> None:
    market, end = locked()
    start(market, end + HOUR, judged=False)
    assert market.state.day.locks == []


def test_a_clock_that_was_set_forward_while_closed_lifts_no_lock() -> None:
    market, end = locked()
    before, session = list(market.state.day.locks), market.state.session
    start(market, end + HOUR)
    assert (market.state.day.locks, market.state.session) == (before, session), "nothing was heard yet"
    hear(market, end - 5 * HOUR)
    assert (market.state.day.locks, market.state.session) == (before, session)
    refusal = market.buy("0.001", stop="59000").refusal
    assert refusal is not None
    assert State.fold(market.journal) == market.state


def test_it_ends_when_the_exchanges_clock_says_so_also_while_no_data_comes() -> None:
    market, end = locked()
    start(market, end + HOUR)
    hear(market, end - 60 * SECOND)
    market.feed(FeedStatus(market.symbol, market.tick(), FeedState.DOWN))
    for _ in range(57):
        tick(market, SECOND)
    assert market.state.day.locks
    for _ in range(3):
        tick(market, SECOND)
    assert market.state.day.locks == []
    assert market.state.session is not None
    assert market.state.session.start_ts == end


def test_a_morning_after_begins_as_soon_as_data_comes() -> None:
    market, end = locked()
    start(market, end + 9 * HOUR)
    hear(market, end + 9 * HOUR)
    assert market.state.day.locks == []
    assert market.state.session is not None
    assert market.state.session.start_ts == end


def test_a_run_with_a_clock_ahead_leaves_nothing_that_lifts_the_lock_in_the_next_one() -> None:
    market, end = locked()
    start(market, end + 30 * HOUR)
    hear(market, end - 5 * HOUR)
    start(market, end + 31 * HOUR)
    assert market.state.day.locks
    hear(market, end - 4 * HOUR)
    assert market.state.day.locks


@pytest.mark.parametrize("judged", [True, False])
def test_a_clock_that_is_set_right_makes_no_day_longer_where_the_exchanges_is_known(*, judged: bool) -> None:
    """The own clock was two hours late; it is put right in the run."""
    market, end = locked()
    start(market, end - 4 * HOUR, judged=judged)
    hear(market, end - 2 * HOUR)
    market.now += 2 * HOUR  # the steady clock goes on as ever
    tick(market, SECOND)
    for _ in range(120):
        tick(market, 61 * SECOND)
        hear(market, market.now)
    assert bool(market.state.day.locks) is not judged


def test_an_exchange_that_tells_no_times_judges_nothing() -> None:
    market, end = locked()
    start(market, end + HOUR)
    hear(market, 0)
    assert market.state.day.locks
    for _ in range(7):
        tick(market, 10 * SECOND)
        market.feed(BookSnapshot(market.symbol, 0, market.tick(), [(60_000.0, 5.0)], [(60_000.1, 5.0)]))
    assert market.state.day.locks == []


def test_a_lock_that_waits_for_a_hand_waits_for_the_exchanges_clock_too() -> None:
    market, end = locked()
    by_hand = Locked(rule="by_hand", until_ts=end - HOUR, text="by hand", ends=LockUntil.MANUAL)
    event = msgspec.structs.replace(
        market.journal[-1], seq=market.state.seq + 1, body=by_hand, postings=(), key=""
    )
    market.journal.append(event)
    start(market, end - HOUR // 2)
    assert market.do(Unlock(rule="by_hand")).refusal is not None, "nothing was heard yet"
    hear(market, end - 2 * HOUR)
    assert market.do(Unlock(rule="by_hand")).refusal is not None
    hear(market, end - HOUR)
    assert market.do(Unlock(rule="by_hand")).text == "1 lock ended"
