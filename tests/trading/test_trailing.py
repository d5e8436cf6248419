"""Trails along the paths of the worked examples: extremes, exact triggers, and never back."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradetui.domain.market_data import Side
from tradetui.domain.order import Order, OrderType, Trail, TriggerBy
from tradetui.trading.trailing import TrailIndex, followed, is_reached, trigger_of
from tradetui.trading.triggers import exact_level

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
TICK = D("0.01")


def walk(trail: Trail, side: Side, *prices: str) -> tuple[Decimal | None, Decimal | None]:
    """The trigger after a path, and the price that reached it."""
    extreme: Decimal | None = None
    trigger: Decimal | None = None
    for price in map(D, prices):
        moved = followed(trail, extreme, price, side=side, step=TICK)
        if moved is not None:
            extreme, trigger = moved, trigger_of(trail, moved, side=side)
        if trigger is not None and side.sign * (price - trigger) >= 0:
            return trigger, price
    return trigger, None


def by_rate(rate: str, activation: str | None = None, *, rises: bool = False) -> Trail:
    return Trail(rate=D(rate), activation=D(activation) if activation else None, rises=rises)


@pytest.mark.parametrize(
    ("trail", "side", "path", "trigger"),
    [
        pytest.param(
            by_rate("0.05", "44000", rises=True),
            BUY,
            "40000 37000 45000 46000 42000 44099.99 44100",
            "44100",
            id="w25",
        ),
        pytest.param(by_rate("0.1", "39000"), SELL, "41500 37000 41000 36900.01 36900", "36900", id="w26"),
        pytest.param(
            by_rate("0.085", "38000"), BUY, "40000 37000 39000 38000 40144.99 40145", "40145", id="w27"
        ),
        pytest.param(
            by_rate("0.075", "42000", rises=True),
            SELL,
            "40000 45000 44000 46500 43012.51 43012.5",
            "43012.5",
            id="w28",
        ),
        pytest.param(by_rate("0.07"), SELL, "40000 42000 39500 45500 42315.01 42315", "42315", id="w29"),
    ],
)
def test_a_path_fires_at_the_exact_product_and_not_before(
    trail: Trail, side: Side, path: str, trigger: str
) -> None:
    before, fired = walk(trail, side, *path.split()[:-1])
    assert (before, fired) == (D(trigger), None)
    assert walk(trail, side, *path.split()) == (D(trigger), D(trigger))


@pytest.mark.parametrize(
    ("trail", "side", "path", "trigger"),
    [
        pytest.param(by_rate("0.05"), SELL, "21000 22000", "20900", id="w30"),
        pytest.param(Trail(distance=D(500)), SELL, "8000", "7500", id="w31 at the start"),
        pytest.param(Trail(distance=D(500)), SELL, "8000 9000", "8500", id="w31"),
        pytest.param(
            Trail(distance=D(100), activation=D(8000), rises=True), SELL, "7900 8000", "7900", id="w32"
        ),
        pytest.param(Trail(distance=D(100)), SELL, "30000", "29900", id="w33"),
        pytest.param(by_rate("0.1"), SELL, "100 102 101", "91.8", id="w34 10 %"),
        pytest.param(
            by_rate("0.02", "100.01", rises=True), SELL, "100 102", "99.96", id="w34 2 % once positive"
        ),
        pytest.param(
            by_rate("0.02", "103", rises=True), SELL, "100 103.5 102", "101.43", id="w34 above the offset"
        ),
        pytest.param(
            by_rate("0.02", "103", rises=True), SELL, "100 103", "100.94", id="w34 only above the offset"
        ),
        pytest.param(by_rate("0.02"), SELL, "100000", "98000", id="w35 long"),
        pytest.param(by_rate("0.02"), BUY, "100000", "102000", id="w35 short"),
    ],
)
def test_a_path_leaves_the_trigger_where_the_venue_has_it(
    trail: Trail, side: Side, path: str, trigger: str
) -> None:
    assert walk(trail, side, *path.split()) == (D(trigger), None)


def test_what_came_before_the_activation_is_ignored() -> None:
    trail = by_rate("0.05", "44000", rises=True)
    assert walk(trail, BUY, "40000", "37000") == (None, None)
    assert not is_reached(trail, D("43999.99"))
    assert is_reached(trail, D(44000))


PRICES = st.lists(st.integers(5_000, 20_000).map(lambda ticks: ticks * TICK), min_size=1, max_size=40)


@given(
    PRICES,
    st.sampled_from(list(Side)),
    st.one_of(
        st.integers(1, 900).map(lambda bp: Trail(rate=D(bp) / 10_000)),
        st.integers(1, 900).map(lambda ticks: Trail(distance=ticks * TICK)),
    ),
)
def test_i32_the_trigger_never_moves_away_and_is_that_of_the_best_price(
    prices: list[Decimal], side: Side, trail: Trail
) -> None:
    extreme: Decimal | None = None
    triggers: list[Decimal] = []
    for price in prices:
        moved = followed(trail, extreme, price, side=side, step=TICK)
        extreme = extreme if moved is None else moved
        assert extreme is not None
        triggers.append(trigger_of(trail, extreme, side=side))
    assert triggers == sorted(triggers, reverse=side is BUY)
    best = max(prices) if side is SELL else min(prices)
    assert extreme == best


@given(st.decimals(1, 100_000, places=18), st.booleans())
def test_a_float_bound_decides_as_the_decimals_do(trigger: Decimal, rises: bool) -> None:
    level = exact_level(trigger, rises=rises)
    for price in (float(trigger), float(trigger) * (1 + 2**-52), float(trigger) * (1 - 2**-52)):
        exact = D(repr(price))
        reached = exact >= trigger if rises else exact <= trigger
        assert (price >= level if rises else price <= level) is reached


def order(order_id: str, side: Side, trail: Trail, extreme: str | None) -> Order:
    return Order(
        order_id=order_id,
        ts=1,
        symbol="X",
        side=side,
        type=OrderType.TRAILING_STOP,
        qty=D(1),
        trail=trail,
        extreme=D(extreme) if extreme else None,
    )


def test_the_index_names_only_orders_that_a_price_moves() -> None:
    index = TrailIndex()
    index.add(order("sell", SELL, by_rate("0.1"), "100"), step=TICK)
    index.add(order("buy", BUY, by_rate("0.1"), "90"), step=TICK)
    index.add(order("waits", SELL, by_rate("0.1", "80"), None), step=TICK)
    assert index.reached(TriggerBy.LAST, 100.0) == []
    assert index.reached(TriggerBy.LAST, 100.01) == ["sell"]
    assert index.reached(TriggerBy.LAST, 89.99) == ["buy"]
    assert index.reached(TriggerBy.LAST, 80.0) == ["buy", "waits"]
    assert index.reached(TriggerBy.LAST, 80.0, SELL) == ["waits"]
    assert index.reached(TriggerBy.MARK, 1.0) == []
    index.remove("buy")
    assert (index.reached(TriggerBy.LAST, 89.99), len(index)) == ([], 2)
