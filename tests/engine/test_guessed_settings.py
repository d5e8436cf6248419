"""Numbers that are guesses act with the value that they are given (section 21)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.engine.market import MS, PERP, SECOND, SPOT, Levels, Table, perp, wide_limits
from tests.engine.test_spot_margin import NO_FEES, level, quote, table
from tradetui.domain.command import Flatten
from tradetui.domain.event import ClockJumped, Noted
from tradetui.domain.market_data import ClockTick, FeedState
from tradetui.trading import guard
from tradetui.trading.guard import StopBuffer

D = Decimal
BIDS: Levels = [(60_000.0, 5.0), (59_990.0, 50.0)]
ASKS: Levels = [(60_000.1, 5.0), (60_010.0, 50.0)]
FREE = perp(maker_fee=D(0), taker_fee=D(0))


def holding(**settings: Any) -> Table:
    market = Table(FREE, settings=wide_limits(leverage=D(2), **settings)).open(BIDS, ASKS)
    market.trade(60_000.0, 0.1)
    market.buy("1", stop="59500")
    return market


def tick(market: Table, wall_ns: int, mono_ns: int) -> None:
    market.now += wall_ns
    market.mono += mono_ns
    market.feed(ClockTick(market.now, market.mono))


def jumps(market: Table) -> list[int]:
    return [event.body.delta_ns for event in market.journal if isinstance(event.body, ClockJumped)]


@pytest.mark.parametrize(("jump_ns", "told"), [(1 * SECOND, True), (3 * SECOND, False)])
def test_from_which_step_on_a_clock_was_set_is_a_setting(jump_ns: int, told: bool) -> None:
    market = holding(jump_ns=jump_ns)
    tick(market, 250 * MS, 250 * MS)
    tick(market, 2_250 * MS, 250 * MS)
    assert bool(jumps(market)) is told, "forward"
    market = holding(jump_ns=jump_ns)
    market.now -= 2 * SECOND
    market.trade(60_000.0, 0.1)
    assert bool(jumps(market)) is told, "back"


@pytest.mark.parametrize(("jump_ns", "told"), [(300 * MS, True), (600 * MS, False)])
def test_a_small_step_back_is_told_where_that_is_wished(jump_ns: int, told: bool) -> None:
    market = holding(jump_ns=jump_ns)
    market.now -= 500 * MS
    market.trade(60_000.0, 0.1)
    assert bool(jumps(market)) is told


@pytest.mark.parametrize(("jump_ns", "is_out"), [(1 * SECOND, True), (3 * SECOND, False)])
def test_latencies_go_on_from_the_same_step_back_on(jump_ns: int, is_out: bool) -> None:
    """Steady time is counted anew where the clock was set, and waits where messages were out of order."""
    market = Table(FREE, settings=wide_limits(jump_ns=jump_ns), latency_ns=500 * MS).open(BIDS, ASKS)
    market.buy("1", stop="59500")
    market.now -= 2 * SECOND
    for _ in range(8):
        tick(market, 100 * MS, 100 * MS)
    assert bool(market.state.positions) is is_out


@pytest.mark.parametrize(("asleep_ns", "lost"), [(10 * SECOND, True), (30 * SECOND, False)])
def test_how_long_nothing_may_be_heard_until_the_machine_slept_is_a_setting(
    asleep_ns: int, lost: bool
) -> None:
    market = holding(asleep_ns=asleep_ns)
    tick(market, SECOND, SECOND)
    tick(market, 20 * SECOND, 20 * SECOND)
    assert market.engine.recovering(PERP) is lost


@pytest.mark.parametrize(("crossed_ns", "out"), [(1 * SECOND, True), (4 * SECOND, False)])
def test_how_long_exits_wait_for_a_crossed_book_is_a_setting(crossed_ns: int, out: bool) -> None:
    market = holding(crossed_ns=crossed_ns)
    market.snapshot([(60_100.0, 5.0), (60_040.0, 5.0)], [(60_050.0, 5.0)])
    market.do(Flatten(symbol=PERP))
    tick(market, 2 * SECOND, 2 * SECOND)
    assert (not market.state.positions) is out
    tick(market, 3 * SECOND, 3 * SECOND)
    assert not market.state.positions


@pytest.mark.parametrize("sign", [1, -1])
def test_the_distance_of_a_stop_from_liquidation_is_so_many_fees_and_ticks(sign: int) -> None:
    contract = perp(taker_fee=D("0.001"), tick_size=D(1))
    assert guard.safe_stop(contract, D(50_000), sign=sign) == 50_000 + sign * (2 * 50 + 2)
    buffer = StopBuffer(D(3), 5)
    safe = guard.safe_stop(contract, D(50_000), sign=sign, buffer=buffer)
    assert safe == 50_000 + sign * (3 * 50 + 5)
    assert not guard.is_inside_liquidation(contract, safe, D(50_000), sign=sign, buffer=buffer)
    assert guard.is_inside_liquidation(contract, safe + sign, D(50_000), sign=sign, buffer=buffer)


def test_a_stop_is_refused_and_mended_by_the_buffer_that_is_set() -> None:
    nearest: list[Decimal] = []
    for ticks in (2, 1002):
        settings = wide_limits(leverage=D(20), stop_buffer=StopBuffer(D(0), ticks))
        market = Table(FREE, settings=settings).open(BIDS, ASKS)
        market.mark(60_000.0)
        refusal = market.buy("1", stop="50000").refusal
        assert refusal is not None
        nearest.append(D(refusal.mend.removesuffix(" would pass")))
        assert market.buy("1", stop=str(nearest[-1])).accepted
    assert nearest[1] - nearest[0] == 100


@pytest.mark.parametrize("stop", ["54800", "57000"])
def test_a_stop_that_has_to_move_nearer_keeps_the_buffer_that_is_set(stop: str) -> None:
    """One lies beyond the liquidation that the gap led to, the other before it, but not by enough."""
    buffer = StopBuffer(D(0), 1002)
    market = Table(FREE, settings=wide_limits(leverage=D(10), stop_buffer=buffer)).open(BIDS, ASKS)
    market.trade(60_000.0, 0.1)
    assert market.buy("1", trigger="60300", stop=stop).accepted
    market.snapshot([(62_999.9, 5.0)], [(63_000.0, 5.0)])
    market.trade(63_000.0, 0.1)
    trigger, liquidation = market.stop.trigger, market.engine.liquidation_price(PERP)
    assert trigger is not None
    assert liquidation is not None
    assert D("100.2") < trigger - liquidation <= D("100.5")


def test_a_stop_nearer_to_liquidation_than_the_buffer_that_is_set_is_told() -> None:
    market = Table(FREE, settings=wide_limits(leverage=D(10))).open(BIDS, ASKS)
    market.mark(60_000.0)
    refusal = market.buy("1", stop="50000").refusal
    assert refusal is not None
    nearest = refusal.mend.removesuffix(" would pass")
    assert market.buy("1", stop=nearest).accepted
    for ticks, told in ((2, 0), (1002, 1)):
        market.restart(msgspec.structs.replace(market.settings, stop_buffer=StopBuffer(D(0), ticks)))
        market.status(FeedState.STREAMING)
        market.snapshot(BIDS, ASKS)
        assert market.sell("0.1", limit="70000", reduce_only=True).accepted
        bodies = [event.body for event in market.journal]
        found = [body for body in bodies if isinstance(body, Noted) and "comes before the stop" in body.text]
        assert len(found) == told


@pytest.mark.parametrize("wanted", [D(1), D("1.5")])
def test_up_to_which_level_a_margin_account_is_closed_is_a_setting(wanted: Decimal) -> None:
    market = table(20_000.0, borrowing=msgspec.structs.replace(NO_FEES, covered_level=wanted))
    market.buy("1", limit="20000")
    quote(market, 11_600.0)
    assert market.state.positions[SPOT].signed_qty > 0
    assert wanted * 100 < level(market) < wanted * 100 + D("0.2"), "and no more of it than it takes"
