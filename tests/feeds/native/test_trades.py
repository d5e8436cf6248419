"""Prints of a stream and of REST: each once, and none missing."""

from __future__ import annotations

import random

import msgspec

from tradetui.domain.market_data import Side, Trade
from tradetui.feeds.native.trades import TradeFlow


def printed(number: int) -> Trade:
    return Trade("BTC/USDT", number * 1_000_000, number * 1_000_000, 100.0, 1.0, Side.BUY, number)


def holding(*numbers: int) -> TradeFlow:
    flow = TradeFlow()
    assert flow.take(printed(10)) is not None
    flow.hold()
    for number in numbers:
        assert flow.take(printed(number)) is None
    return flow


def ids(trades: list[Trade]) -> list[int | str | None]:
    return [trade.trade_id for trade in trades]


def test_what_was_missed_comes_before_what_had_to_wait() -> None:
    missed, waited = holding(14, 15).release([printed(n) for n in range(8, 16)])
    assert ids(missed) == [11, 12, 13]
    assert ids(waited) == [14, 15]


def test_a_hole_among_those_that_wait_is_filled_too() -> None:
    flow = holding(13, 17)
    missed, waited = flow.release([printed(n) for n in range(11, 20)], is_holed=True)
    assert ids(missed) == [11, 12, 14, 15, 16]
    assert ids(waited) == [13, 17]
    assert [flow.take(printed(n)) for n in (11, 15, 17)] == [None, None, None]
    assert flow.take(printed(18)) is not None


def test_each_number_comes_once_in_whatever_order_and_however_many() -> None:
    flow, chance = TradeFlow(), random.Random(5)
    numbers = list(range(1_000, 1_400)) + chance.choices(range(900, 1_600), k=4_000)
    taken = [n for n in numbers if flow.take(printed(n)) is not None]
    assert len(taken) == len(set(taken))
    assert set(taken) == set(numbers)


def test_names_that_are_no_numbers_come_once_too() -> None:
    flow = TradeFlow()
    named = [msgspec.structs.replace(printed(n), trade_id=name) for n, name in enumerate("abacb")]
    assert ids([each for each in named if flow.take(each) is not None]) == ["a", "b", "c"]
