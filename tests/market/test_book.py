"""The book against a plain dictionary."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tradetui.domain.market_data import Side
from tradetui.market.book import OrderBook

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
    assert [row[:2] for row in book.top(5)[1]] == sorted(asks.items())[:5]
    assert book.is_crossed == bool(bids and asks and max(bids) > min(asks))


def test_cumulative_sizes_and_a_locked_book() -> None:
    book = OrderBook(Decimal("0.5"))
    book.apply_snapshot([(10.0, 1.0), (9.5, 2.0)], [(10.0, 4.0), (11.0, 1.0)])
    assert book.top(2) == ([(20, 1.0, 1.0), (19, 2.0, 3.0)], [(20, 4.0, 4.0), (22, 1.0, 5.0)])
    assert book.is_locked
    assert not book.is_crossed
    assert book.qty_in(Side.SELL, range(20, 23)) == 5.0
