"""Prints that the book does not show yet: nobody of ours takes what they have eaten."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trading.match_rig import SECOND, Levels, Rig
from tradetui.domain.market_data import BookDelta, Side
from tradetui.domain.order import OrderRole
from tradetui.market.book import OrderBook
from tradetui.trading.match_types import LotGrid
from tradetui.trading.overlay import Overlay
from tradetui.trading.unseen import UNSEEN

BUY, SELL = Side.BUY, Side.SELL
ASKS = [(100.0, 10.0), (100.25, 5.0), (100.5, 4.0)]
MS = 1_000_000


class Late(Rig):
    """A rig whose book changes carry two times."""

    def seen(self, price: float, qty: float, aggressor: Side | None = BUY, *, ts: int | None = None) -> None:
        self.matcher.note(self.trade(price, qty, aggressor, ts=ts))

    def told(self, asks: Levels, *, exchange: int, received: int) -> None:
        self.book.apply_delta([], asks)
        self.read(self.matcher.on_book(BookDelta("X", exchange, received, [], asks)))

    def free(self, *prices: float) -> list[int]:
        return [self.matcher.available(SELL, self.ticks(price)) // 1000 for price in prices]


@pytest.mark.parametrize("role", [OrderRole.ENTRY, OrderRole.PROTECTIVE])
def test_w40_whoever_walks_finds_a_print_taken_off_that_the_book_does_not_show(role: OrderRole) -> None:
    rig = Late(asks=ASKS)
    rig.seen(100.0, 8.0)
    order = rig.order(BUY, 5, role=role)
    assert rig.fills(rig.matcher.estimate(order)) == [("2", "100"), ("3", "100.25")]
    match = rig.matcher.execute(order)
    assert rig.fills(match) == [("2", "100"), ("3", "100.25")]
    assert [(each.displayed, each.consumed_before, each.printed) for each in match.executions] == [
        (10_000, 0, 8_000),
        (5_000, 0, 0),
    ]
    rig.delta(asks=[(100.0, 2.0)], ts=rig.ts + 1)
    assert rig.free(100.0, 100.25) == [0, 2]


def test_each_print_of_a_burst_counts_once_and_a_look_counts_none() -> None:
    rig = Late(asks=ASKS)
    for qty in (2.0, 2.0, 3.0):
        rig.seen(100.0, qty)
        assert rig.free(100.0) == rig.free(100.0)
    assert rig.free(100.0) == [3]
    rig.matcher.execute(rig.order(BUY, 1))
    rig.seen(100.0, 1.0)
    assert rig.free(100.0) == [1]


def test_a_print_proves_that_better_levels_are_gone_whatever_its_size() -> None:
    rig = Late(asks=ASKS)
    rig.seen(100.25, 2.0)
    assert rig.free(100.0, 100.25, 100.5) == [0, 3, 4]


@pytest.mark.parametrize(("price", "aggressor"), [(100.0, SELL), (99.0, BUY), (99.0, None)])
def test_a_print_that_ate_nothing_of_a_side_takes_nothing_off_it(
    price: float, aggressor: Side | None
) -> None:
    rig = Late(asks=ASKS)
    rig.seen(price, 8.0, aggressor)
    assert rig.free(100.0) == [10]


def test_an_unknown_aggressor_ate_what_stood_at_the_price() -> None:
    rig = Late(bids=[(99.0, 3.0)], asks=ASKS)
    rig.seen(100.0, 8.0, None)
    assert rig.free(100.0) == [2]
    assert rig.matcher.available(BUY, rig.ticks(99)) == rig.lots(3)


@pytest.mark.parametrize(("age", "free"), [(1, 10), (0, 2), (-1, 2)])
def test_equal_times_count_and_a_book_newer_than_the_print_shows_it(age: int, free: int) -> None:
    rig = Late(asks=ASKS)
    rig.seen(100.0, 8.0, ts=rig.ts - age)
    assert rig.free(100.0) == [free]


@pytest.mark.parametrize(
    ("exchange", "waited", "free"),
    [(-1, MS, 2), (0, MS, 10), (1, MS, 10), (-1, SECOND - 1, 2), (-1, SECOND, 10)],
)
def test_a_print_waits_for_a_book_of_its_time_but_no_longer_than_the_guard(
    exchange: int, waited: int, free: int
) -> None:
    rig = Late(asks=ASKS)
    rig.seen(100.0, 8.0, ts=rig.ts + 5)
    rig.told([(101.0, 1.0)], exchange=rig.ts + 5 + exchange, received=rig.ts + 5 + waited)
    assert rig.free(100.0) == [free]


def test_books_without_times_show_what_came_before_them() -> None:
    rig = Late()
    rig.told(ASKS, exchange=0, received=rig.ts)
    rig.seen(100.0, 8.0)
    assert rig.free(100.0) == [2]
    rig.told([(101.0, 1.0)], exchange=0, received=rig.ts + 1)
    assert rig.free(100.0) == [10]


def test_a_level_that_was_refilled_meanwhile_is_there_less_what_we_took() -> None:
    rig = Late(asks=ASKS)
    rig.seen(100.0, 8.0)
    rig.matcher.execute(rig.order(BUY, 2))
    rig.delta(asks=[(100.0, 5.0)], ts=rig.ts + 1)
    assert rig.free(100.0) == [3]


def test_a_level_that_did_not_change_shows_the_print_too() -> None:
    rig = Late(asks=ASKS)
    rig.seen(100.25, 1.0)
    rig.matcher.execute(rig.order(BUY, 1))
    assert rig.free(100.0, 100.25) == [0, 3]
    rig.delta(asks=[(101.0, 1.0)], ts=rig.ts + 1)
    assert rig.free(100.0, 100.25) == [10, 4]


def test_a_resting_order_gets_nothing_of_a_quote_that_a_newer_print_has_eaten() -> None:
    rig = Late(bids=[(99.0, 1.0)], asks=ASKS)
    rig.matcher.restore(rig.order(BUY, 6, 99.75), lots=rig.lots(6))
    rig.seen(99.5, 3.0, ts=rig.ts + 10)
    rig.told([(99.5, 4.0)], exchange=rig.ts + 5, received=rig.ts + 11)
    assert [(each.lots, each.printed) for each in rig.executed] == [(1_000, 3_000)]


def test_no_more_prints_are_remembered_than_the_bound() -> None:
    rig = Late(asks=[(100.0, 2.0 * UNSEEN)])
    for _ in range(2 * UNSEEN):
        rig.seen(100.0, 1.0)
    assert rig.free(100.0) == [UNSEEN]


def test_what_a_print_passed_counts_by_its_size_where_nothing_beyond_is_known() -> None:
    rig = Late(asks=ASKS)
    rig.seen(120.0, 12.0)
    assert rig.free(100.0, 100.25, 100.5) == [0, 3, 4]


def test_the_print_that_made_an_order_act_does_not_fill_what_is_left_of_it() -> None:
    rig = Late(asks=[(100.0, 3.0)])
    trade = rig.trade(100.0, 2.0, BUY)
    rig.matcher.note(trade)
    rig.matcher.execute(rig.order(BUY, 5, 100.5))
    assert rig.read(rig.matcher.on_trade(trade)) == []
    assert rig.matcher.leaves("o") == rig.lots(4)
    assert rig.print(100.25, 1.0, SELL) == [("o", 1, 100.5)]


def test_pricing_an_order_many_times_counts_a_burst_of_prints_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Late(asks=ASKS)
    for _ in range(100):
        rig.seen(100.25, 0.01)
    looks: list[float] = []
    tick_of = type(rig.book).tick_of

    def looked(book: OrderBook, price: float) -> int:
        looks.append(price)
        return tick_of(book, price)

    monkeypatch.setattr(OrderBook, "tick_of", looked)
    answers = {tuple(rig.fills(rig.matcher.estimate(rig.order(BUY, 5)))) for _ in range(20)}
    assert answers == {(("4", "100.25"), ("1", "100.5"))}
    assert len(looks) == 100


@given(
    st.lists(
        st.tuples(st.integers(0, 12), st.integers(1, 30), st.sampled_from([BUY, SELL, None])), max_size=12
    ),
    st.lists(st.integers(1, 12), max_size=10, unique=True),
    st.integers(0, 4),
)
def test_prints_that_are_counted_together_take_off_what_they_take_off_one_by_one(
    prints: list[tuple[int, int, Side | None]], levels: list[int], taken: int
) -> None:
    book = OrderBook(Decimal("0.25"))
    for side in Side:
        at = [100.0 + side.opposite.sign * 0.25 * level for level in levels]
        changes = [(price, 5.0) for price in at]
        book.apply_delta(*((changes, []) if side is BUY else ([], changes)))
    together, singly = (Overlay(LotGrid(Decimal(1))) for _ in range(2))
    for overlay in (together, singly):
        if levels:
            overlay.take(SELL, 400 + min(levels), lots=taken, displayed=5)
    for side in Side:
        own = [(400 - side.sign * away, lots) for away, lots, by in prints if by in (None, side.opposite)]
        if own:
            together.eat(book, side, own)
        for each in own:
            singly.eat(book, side, [each])
    assert _told(together) == _told(singly)


def _told(overlay: Overlay) -> dict[tuple[Side, int], tuple[int, int]]:
    keys = [(side, tick) for side in Side for tick in range(380, 421)]
    return {key: (overlay.eaten(*key), overlay.available(*key, displayed=5)) for key in keys}
