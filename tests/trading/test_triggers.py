"""Triggers: inclusive, latched, and in a fixed order."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradetui.domain.market_data import Side
from tradetui.domain.order import TriggerBy
from tradetui.trading.triggers import Look, TriggerIndex, is_through

BUY, SELL = Side.BUY, Side.SELL
LAST = TriggerBy.LAST


def armed(*orders: tuple[str, Side, str, bool], by: TriggerBy = LAST) -> TriggerIndex:
    index = TriggerIndex()
    for seq, (order_id, side, trigger, protective) in enumerate(orders):
        index.add(order_id, side=side, trigger=Decimal(trigger), by=by, seq=seq, protective=protective)
    return index


def fired(index: TriggerIndex, by: TriggerBy, price: float) -> tuple[str, ...]:
    """What one price of a source fires."""
    return index.on_looks((Look(by, price, price),))


@pytest.mark.parametrize(
    ("side", "take_profit", "price", "fires"),
    [
        (BUY, False, 100.0, True),
        (BUY, False, 99.99, False),
        (SELL, False, 100.0, True),
        (SELL, False, 100.01, False),
        (SELL, True, 100.0, True),
        (SELL, True, 99.99, False),
        (BUY, True, 100.0, True),
        (BUY, True, 100.01, False),
    ],
)
def test_comparisons_are_inclusive(side: Side, take_profit: bool, price: float, fires: bool) -> None:
    trigger = Decimal(100)
    index = TriggerIndex()
    index.add("o", side=side, trigger=trigger, by=LAST, seq=1, protective=False, take_profit=take_profit)
    assert fired(index, LAST, price) == (("o",) if fires else ())
    assert is_through(side, trigger=trigger, price=price, take_profit=take_profit) is fires


def test_a_touch_of_a_price_that_no_float_holds_exactly_fires() -> None:
    index = armed(("sell", SELL, "0.1", False), ("buy", BUY, "0.1", False))
    assert set(fired(index, LAST, 0.1)) == {"sell", "buy"}


def test_w87_a_fired_trigger_is_never_tested_again() -> None:
    index = armed(("o", BUY, "100", False))
    assert fired(index, LAST, 102.0) == ("o",)
    assert fired(index, LAST, 99.0) == ()
    assert fired(index, LAST, 102.0) == ()
    assert (len(index), "o" in index) == (0, False)


def test_w81_the_protective_stop_goes_first() -> None:
    index = armed(("discretionary", SELL, "97.5", False), ("protective", SELL, "97", True))
    fired(index, LAST, 98.0)
    assert fired(index, LAST, 97.0) == ("protective", "discretionary")


def test_then_the_nearest_to_the_previous_price_and_then_the_first() -> None:
    index = armed(("far", SELL, "96", False), ("first", SELL, "97", False), ("second", SELL, "97", False))
    fired(index, LAST, 98.0)
    assert fired(index, LAST, 95.0) == ("first", "second", "far")


def test_sources_do_not_mix() -> None:
    index = armed(("o", SELL, "97", True), by=TriggerBy.MARK)
    assert fired(index, LAST, 90.0) == fired(index, TriggerBy.INDEX, 90.0) == ()
    assert index.on_looks([Look(TriggerBy.BID_ASK, 90.0, 91.0)]) == ()
    assert fired(index, TriggerBy.MARK, 97.0) == ("o",)


def test_quotes_fire_buys_by_the_ask_and_sells_by_the_bid() -> None:
    index = armed(("buy", BUY, "100", False), ("sell", SELL, "98", False), by=TriggerBy.BID_ASK)
    assert index.on_looks([Look(TriggerBy.BID_ASK, 98.5, 99.5)]) == ()
    assert index.on_looks([Look(TriggerBy.BID_ASK, 98.0, 99.5)]) == ("sell",)
    assert index.on_looks([Look(TriggerBy.BID_ASK, 99.0, 100.0)]) == ("buy",)


def test_the_protective_stop_goes_first_whichever_price_it_looks_at() -> None:
    index = armed(("discretionary", SELL, "97", False))
    index.add("protective", side=SELL, trigger=Decimal(97), by=TriggerBy.MARK, seq=9, protective=True)
    looks = [Look(LAST, 97.0, 97.0), Look(TriggerBy.MARK, 97.0, 97.0)]
    assert index.on_looks(looks) == ("protective", "discretionary")


def test_a_disarmed_order_does_not_fire() -> None:
    index = armed(("o", SELL, "97", True))
    assert (index.remove("o"), index.remove("o")) == (True, False)
    assert fired(index, LAST, 1.0) == ()


def test_an_order_is_armed_once() -> None:
    index = armed(("o", SELL, "97", True))
    with pytest.raises(ValueError, match="armed already"):
        index.add("o", side=SELL, trigger=Decimal(96), by=LAST, seq=9, protective=True)


PRICES = st.integers(90, 110)


@given(
    st.lists(st.tuples(st.sampled_from(list(Side)), PRICES, st.booleans(), st.booleans()), max_size=12),
    st.lists(PRICES, max_size=20),
)
def test_i21_each_trigger_fires_once_at_the_first_price_that_reaches_it(
    orders: list[tuple[Side, int, bool, bool]], prices: list[int]
) -> None:
    index = TriggerIndex()
    waiting = dict(enumerate(orders))
    for seq, (side, trigger, protective, target) in waiting.items():
        index.add(
            str(seq),
            side=side,
            trigger=Decimal(trigger),
            by=LAST,
            seq=seq,
            protective=protective,
            take_profit=target,
        )
    previous = prices[0] if prices else 0
    for price in prices:
        due = [
            (not protective, abs(trigger - previous), seq)
            for seq, (side, trigger, protective, target) in waiting.items()
            if is_through(side, trigger=Decimal(trigger), price=float(price), take_profit=target)
        ]
        for _, _, seq in due:
            del waiting[seq]
        assert fired(index, LAST, float(price)) == tuple(str(seq) for _, _, seq in sorted(due))
        previous = price
    assert len(index) == len(waiting)
