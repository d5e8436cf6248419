"""The tape: totals, rates, sizes and the volume at prices."""

from __future__ import annotations

import tracemalloc
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradetui.domain.market_data import Side, Trade
from tradetui.market.prints import Print
from tradetui.market.tape import SIZE_EDGES, Tape
from tradetui.market.volumes import SPAN

S = 10**9


def trade(second: float, tick: int = 100, qty: float = 1.0, aggressor: Side | None = Side.BUY) -> Trade:
    return Trade("X", 0, int(second * S), tick / 10, qty, aggressor)


def tape_of(*trades: Trade) -> Tape:
    tape = Tape(Decimal("0.1"))
    for print_ in trades:
        tape.add(print_)
    return tape


def test_the_rate_counts_the_prints_of_the_last_seconds() -> None:
    tape = tape_of(*(trade(second / 4) for second in range(400, 480)))  # four a second, 100 s to 120 s
    assert tape.trades_per_second(int(119.9 * S)) == 4.0
    assert tape.trades_per_second(int(119.9 * S), window_s=5) == 4.0
    assert tape.trades_per_second(int(124.9 * S)) == 2.0
    assert tape.trades_per_second(500 * S) == 0.0
    assert tape_of().trades_per_second(0) == 0.0


def test_the_bought_share_looks_back_a_minute_and_leaves_out_what_has_no_aggressor() -> None:
    tape = tape_of(
        trade(10, qty=50.0, aggressor=Side.SELL),
        trade(100, qty=3.0),
        trade(101, qty=1.0, aggressor=Side.SELL),
        trade(101, qty=9.0, aggressor=None),
    )
    assert tape.buy_share(110 * S) == 0.75
    assert tape.buy_share(300 * S) == 0.5
    assert (tape.volume, tape.buy_volume, tape.sell_volume, tape.delta) == (63.0, 3.0, 51.0, -48.0)


@given(st.lists(st.tuples(st.integers(1, 60), st.sampled_from([0.5, 1.0, 64.0, 4096.0])), max_size=80))
def test_sizes_and_volumes_at_prices_are_those_of_the_prints(prints: list[tuple[int, float]]) -> None:
    tape = tape_of(*(trade(1, tick, qty) for tick, qty in prints))
    for tick in range(1, 61):
        assert tape.volume_at(tick) == sum(qty for at, qty in prints if at == tick)
    assert tape.volume_in(range(10, 30)) == sum(qty for at, qty in prints if 10 <= at < 30)
    assert tape.volume_in(range(-(10**6), 10**6)) == tape.volume
    values = [tick / 10 * qty for tick, qty in prints]
    for (count, _), low, high in zip(
        tape.sizes(), (0.0, *SIZE_EDGES), (*SIZE_EDGES, float("inf")), strict=True
    ):
        assert count == sum(low <= value < high for value in values)


def test_newest_prints_come_first_and_small_ones_can_be_left_out() -> None:
    prints = [trade(second, qty=float(second)) for second in range(1, 101)]
    tape = tape_of(*prints)
    newest = [Print(second * S, 10.0, float(second), Side.BUY) for second in (100, 99)]
    assert tape.newest(2) == newest
    assert tape.newest(3, min_qty=99.0) == newest
    assert tape.big_qty == 96.0
    assert tape.vwap == pytest.approx(10.0)
    assert (tape.low, tape.high, tape.quote_volume) == (10.0, 10.0, 50_500.0)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 3),
            st.floats(0.5, 9.0),
            st.sampled_from([Side.BUY, Side.SELL, None]),
            st.booleans(),
        ),
        max_size=60,
    ),
    st.integers(1, 9),
)
def test_the_newest_prints_are_those_that_a_plain_list_would_keep(
    drawn: list[tuple[int, float, Side | None, bool]], capacity: int
) -> None:
    tape, known = Tape(Decimal("0.1"), capacity), []
    for ts, qty, aggressor, is_looked_at in drawn:
        tape.add(Trade("X", ts, 7, 10.0, qty, aggressor))
        known.append(Print(ts or 7, 10.0, qty, aggressor))
        if is_looked_at:
            assert len(tape) == min(capacity, len(known))
            assert tape.newest(5) == known[-capacity:][::-1][:5]
    assert tape.newest(99, min_qty=4.0) == [print_ for print_ in known[-capacity:][::-1] if print_.qty >= 4.0]


def test_prints_of_a_market_that_nobody_looks_at_take_little_room() -> None:
    tape = Tape(Decimal("0.1"))
    tracemalloc.start()
    try:
        for number in range(20_000):
            tape.add(trade(number, tick=600_000 + number % 50, qty=number / 7))
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 300_000
    assert len(tape) == 2_000


def test_volumes_are_kept_near_the_market_wherever_it_goes() -> None:
    tape = tape_of(*(trade(1, tick, 2.0) for tick in (100, 101, 100 + SPAN // 2, 102)))
    assert tape.volume_in(range(-SPAN, 2 * SPAN)) == 8.0, "moved up by a half, all of it is still there"
    tape = tape_of(*(trade(1, tick, 2.0) for tick in (100, 10 * SPAN, 10 * SPAN + 1)))
    assert (tape.volume_at(100), tape.volume_at(10 * SPAN), tape.volume) == (0.0, 2.0, 6.0)
    assert tape_of().volume_at(5) == 0.0
