"""What must follow when the market is changed in a known way: mirrored, scaled, cut or told twice."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from tests.engine.market import MS, SECOND, Levels, Table, perp, wide_limits
from tradetui.domain.command import AnyCommand, Flatten, SetStop, Size, Stop, SubmitOrder, Target
from tradetui.domain.fill import Fill
from tradetui.domain.market_data import BookDelta, FundingSettled, Side
from tradetui.domain.number import canonical
from tradetui.domain.order import OrderState

D = Decimal
PIVOT = 60_000
FREE = perp(maker_fee=D(0), taker_fee=D(0), tick_size=D(1))
STEPS = 40
WAITING = (OrderState.HELD, OrderState.ARMED)
Step = tuple[str, int, int, int]
"""What happens, and three small numbers that it is made of."""


class Market:
    """Plays the same steps as they are, mirrored around a pivot, or with every size multiplied."""

    def __init__(self, *, mirrored: bool = False, factor: int = 1, latency_ns: int = 0) -> None:
        self.sign = -1 if mirrored else 1
        self.factor = factor
        settings = wide_limits(balance=D(100_000_000), leverage=D(2))
        self.table = Table(FREE, settings=settings, latency_ns=latency_ns)
        self.middle = 0
        self.table.open(*self.book(4, 3, 2))
        self.told_ts = self.table.now

    def price(self, ticks: int) -> int:
        return PIVOT + self.sign * (self.middle + ticks)

    def side(self, number: int) -> Side:
        side = Side.BUY if number % 2 else Side.SELL
        return side if self.sign > 0 else side.opposite

    def size(self, number: int) -> Decimal:
        return D(number) / 100 * self.factor

    def book(self, first: int, second: int, gap: int) -> tuple[Levels, Levels]:
        def levels(away: int, *sizes: int) -> Levels:
            return [
                (float(self.price(away * (1 + gap + 3 * n))), float(self.size(10 * size)))
                for n, size in enumerate(sizes)
            ]

        low, high = levels(-1, first, second, 9), levels(1, second, first, 9)
        return (low, high) if self.sign > 0 else (high, low)

    def play(self, step: Step) -> None:
        what, a, b, c = step
        ts = self.table.tick()
        if what == "book":
            self.middle += (a - 5) * 7
            self.table.snapshot(*self.book(1 + a, 1 + b, c % 4))
            self.told_ts = self.table.now
        elif what == "print":
            price, size = float(self.price((a - 5) * 3)), float(self.size(5 + b * 9))
            self.table.trade(price, size, self.side(c))
        elif what == "funding":
            rate = self.sign * (a - 5) / 10_000
            self.table.feed(FundingSettled(self.table.symbol, ts - 1, ts, rate, float(PIVOT)))
        else:
            self.table.do(self.command(what, a, b, c))

    def retell(self) -> None:
        """Say of a level on each side what it shows already, with the venue's time of the last time.

        Not where an exit waits for something to take: it looks again at every message.
        """
        table, book = self.table, self.table.engine.markets[self.table.symbol].book
        if any(order.price is None and order.state not in WAITING for order in table.state.live.values()):
            return
        bids, asks = ([(tick * 1.0, qty) for tick, qty in islice(book.levels(side), 1)] for side in Side)
        table.feed(BookDelta(table.symbol, self.told_ts, table.now, bids, asks))

    def command(self, what: str, a: int, b: int, c: int) -> AnyCommand:
        symbol, side = self.table.symbol, self.side(a)
        own = 1 if a % 2 else -1
        if what == "flatten":
            return Flatten(symbol=symbol)
        if what == "stop":
            return SetStop(symbol=symbol, stop=Stop(price=D(self.price(-own * (20 + 30 * b)))))
        return SubmitOrder(
            symbol=symbol,
            side=side,
            size=Size(self.size(1 + b * 13)),
            stop=Stop(price=D(self.price(-own * (60 + 20 * c)))),
            target=Target(price=D(self.price(own * (50 + 9 * c)))) if c % 3 == 0 else None,
            limit=D(self.price(own * (c - 5))) if what == "limit" else None,
        )

    @property
    def fills(self) -> list[Fill]:
        return self.table.fills


def steps(seed: int, count: int, *, funding: bool) -> list[Step]:
    chance = random.Random(seed)
    kinds = ["book"] * 4 + ["print"] * 6 + ["market"] * 2 + ["limit"] * 4 + ["stop", "flatten"]
    kinds += ["funding"] * funding
    return [
        (chance.choice(kinds), chance.randint(0, 9), chance.randint(0, 9), chance.randint(0, 9))
        for _ in range(count)
    ]


def played(market: Market, seed: int, *, funding: bool = False) -> Market:
    for step in steps(seed, STEPS, funding=funding):
        market.play(step)
    return market


def traded(fill: Fill) -> tuple[Side, Decimal, str, str, str]:
    price, qty, profit = (canonical(value) for value in (fill.price, fill.qty, fill.realized_pnl))
    return fill.side, D(price), qty, profit, fill.liquidity.value


@given(st.integers(0, 10**9))
def test_swapped_sides_and_reflected_prices_give_mirrored_fills_and_the_same_profit(seed: int) -> None:
    plain, mirrored = played(Market(), seed), played(Market(mirrored=True), seed)
    expected = [
        (side.opposite, 2 * PIVOT - price, qty, profit, liquidity)
        for side, price, qty, profit, liquidity in map(traded, plain.fills)
    ]
    assert list(map(traded, mirrored.fills)) == expected
    assert mirrored.table.engine.equity() == plain.table.engine.equity()


@given(st.integers(0, 10**9), st.integers(2, 9))
def test_every_size_times_k_gives_profit_times_k(seed: int, factor: int) -> None:
    plain = played(Market(), seed, funding=True)
    scaled = played(Market(factor=factor), seed, funding=True)
    assert [(f.side, f.price, f.qty * factor) for f in plain.fills] == [
        (f.side, f.price, f.qty) for f in scaled.fills
    ]
    for small, large in zip(plain.fills, scaled.fills, strict=True):
        assert abs(large.realized_pnl - small.realized_pnl * factor) <= factor * D("0.00000001")
    won = plain.table.engine.equity() - 100_000_000
    assert abs(scaled.table.engine.equity() - 100_000_000 - won * factor) < D("0.000001")


@given(st.integers(0, 10**9))
def test_a_book_update_that_changes_nothing_changes_nothing(seed: int) -> None:
    plain, retold = played(Market(), seed), Market()
    for step in steps(seed, STEPS, funding=False):
        retold.play(step)
        retold.retell()
    assert list(map(traded, retold.fills)) == list(map(traded, plain.fills))
    assert retold.table.engine.equity() == plain.table.engine.equity()


def in_two_halves(seed: int, latency_ns: int) -> Iterator[tuple[OrderState, Decimal, Decimal]]:
    """Each order's state before a print, what it got where that came whole, and where it came in halves."""
    whole, halves = (played(Market(latency_ns=latency_ns), seed) for _ in range(2))
    chance = random.Random(seed)
    price, size, side = float(whole.price(chance.randint(-12, 12))), 0.02 * chance.randint(1, 60), Side.SELL
    before = dict(whole.table.state.orders)
    whole.table.trade(price, size, side)
    for _ in range(2):
        halves.table.trade(price, size / 2, side)
    for market in (whole, halves):
        market.table.now = whole.table.now + SECOND
        market.play(("book", 5, 5, 5))
    for order_id, order in before.items():
        one, two = (market.table.state.orders[order_id].filled for market in (whole, halves))
        yield order.state, one, two


@given(st.integers(0, 10**9))
def test_a_print_in_two_halves_fills_what_rests_no_more_than_the_whole(seed: int) -> None:
    assert all(two <= one for state, one, two in in_two_halves(seed, 0) if state not in WAITING)


@given(st.integers(0, 10**9))
def test_nor_does_it_fill_what_it_fires_where_that_acts_after_both(seed: int) -> None:
    assert all(two <= one for _, one, two in in_two_halves(seed, 20 * MS))


def test_the_scripts_trade_in_every_way() -> None:
    found = [played(Market(), seed, funding=True) for seed in range(30)]
    fills = [fill for market in found for fill in market.fills]
    assert len(fills) > 150
    assert {fill.liquidity.value for fill in fills} == {"maker", "taker"}
    roles = {m.table.state.orders[fill.order_id].role.value for m in found for fill in m.fills}
    assert {"entry", "protective", "take_profit", "flatten"} <= roles
    assert any(market.table.state.funds.funding for market in found)
