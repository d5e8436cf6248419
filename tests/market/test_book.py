"""The book against a plain dictionary."""

from __future__ import annotations

import random
from decimal import Decimal
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradetui.domain.market_data import Side
from tradetui.market.book import Depth, OrderBook

LEVELS = st.lists(st.tuples(st.integers(1, 40), st.sampled_from([0.0, 1.0, 2.5])), max_size=12)


@given(st.lists(st.tuples(LEVELS, LEVELS), max_size=20))
def test_a_book_holds_what_a_dictionary_holds(deltas: list[tuple[list[tuple[int, float]], ...]]) -> None:
    book = OrderBook(Decimal("0.01"))
    plain: list[dict[int, float]] = [{}, {}]
    for delta in deltas:
        book.apply_delta(*([(tick / 100, qty) for tick, qty in side] for side in delta))
        for sizes, side in zip(plain, delta, strict=True):
            sizes.update(side)
    bids, asks = ({tick: qty for tick, qty in sizes.items() if qty} for sizes in plain)
    assert list(book.levels(Side.BUY)) == sorted(bids.items(), reverse=True)
    assert list(book.levels(Side.SELL)) == sorted(asks.items())
    assert book.best_bid == max(bids, default=None)
    assert book.best_ask == min(asks, default=None)
    assert book.version == len(deltas)
    top = book.top(5)[1]
    assert list(zip(top.ticks, top.sizes, strict=True)) == sorted(asks.items())[:5]
    assert book.is_crossed == bool(bids and asks and max(bids) > min(asks))


def test_cumulative_sizes_and_a_locked_book() -> None:
    book = OrderBook(Decimal("0.5"))
    book.apply_snapshot([(10.0, 1.0), (9.5, 2.0)], [(10.0, 4.0), (11.0, 1.0)])
    assert book.top(2) == (Depth([20, 19], (1.0, 2.0), [1.0, 3.0]), Depth([20, 22], (4.0, 1.0), [4.0, 5.0]))
    assert book.is_locked
    assert not book.is_crossed


@pytest.mark.parametrize("seed", range(3))
def test_a_deep_book_whose_market_wanders_holds_what_a_dictionary_holds(seed: int) -> None:
    rng = random.Random(seed)
    book = OrderBook(Decimal("0.01"))
    sizes: dict[int, float] = dict.fromkeys(range(9000, 9900), 1.0)
    book.apply_snapshot([(tick / 100, qty) for tick, qty in sizes.items()], [])
    best = 9_900
    for _ in range(400):
        best += rng.randrange(-60, 61)
        changes = {best - int(rng.expovariate(1 / 80)): rng.choice([0.0, 1.5, 2.5]) for _ in range(30)}
        changes |= {tick: 0.0 for tick in sizes if tick > best}
        book.apply_delta([(tick / 100, qty) for tick, qty in changes.items()], [])
        sizes = {tick: qty for tick, qty in (sizes | changes).items() if qty}
        ticks = sorted(sizes, reverse=True)
        count = rng.choice([1, 25, 25, 130, 2_000])
        shown = [sizes[tick] for tick in ticks[:count]]
        assert book.best_bid == ticks[0]
        assert book.top(count)[0] == Depth(ticks[:count], tuple(shown), list(accumulate(shown)))
        assert list(book.levels(Side.BUY)) == [(tick, sizes[tick]) for tick in ticks]
        assert book.count(Side.BUY) == len(book) == len(sizes)


def test_levels_that_are_being_read_stay_complete_when_another_reader_looks_deeper() -> None:
    book = OrderBook(Decimal(1))
    book.apply_snapshot([(float(tick), 1.0) for tick in range(1, 1_001)], [])
    reading = book.levels(Side.BUY)
    first = next(reading)
    assert len(book.top(500)[0].ticks) == 500
    assert [first, *reading] == [(tick, 1.0) for tick in range(1_000, 0, -1)]
