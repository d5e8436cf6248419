"""A restart gives nobody the same depth twice (section 7.2, R-MD-2)."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from tests.engine.market import SECOND, SPOT, Table, perp, spot, wide_limits
from tradetui.domain.fill import Evidence
from tradetui.domain.market_data import FeedState, Side
from tradetui.domain.order import TimeInForce

D = Decimal
BIDS = [(60_000.0, 5.0), (59_990.0, 50.0)]
ASKS = [(60_001.0, 5.0), (60_010.0, 50.0)]


def table() -> Table:
    return Table(perp(), settings=wide_limits()).open(BIDS, ASKS)


def again(
    market: Table, bids: list[tuple[float, float]] = BIDS, asks: list[tuple[float, float]] = ASKS
) -> None:
    """Kill it, and bring the data back."""
    market.restart()
    market.status(FeedState.STREAMING)
    market.snapshot(bids, asks)


def takes(market: Table, qty: str, limit: str = "60001") -> Decimal:
    """What an order that does not rest gets at a price now."""
    reply = market.buy(qty, limit=limit, stop="59000", tif=TimeInForce.IOC)
    return market.last_order(reply).filled


def test_what_was_taken_before_a_restart_stays_taken() -> None:
    market = table()
    assert takes(market, "4") == 4
    again(market)
    assert takes(market, "4") == 1
    again(market)
    assert takes(market, "4") == 0
    receipt = market.fills[-1].receipt
    assert [receipt.displayed, receipt.consumed_before, receipt.consumed_after] == [5, 4, 5]


def test_a_level_that_is_smaller_than_at_the_fill_lost_our_part_first() -> None:
    market = table()
    takes(market, "4")
    again(market, asks=[(60_001.0, 2.0)])
    assert takes(market, "5") == 1


def test_a_level_that_was_gone_in_between_is_new() -> None:
    market = table()
    takes(market, "4")
    again(market, asks=[(60_002.0, 5.0)])
    market.snapshot(BIDS, ASKS)
    assert takes(market, "5") == 5


def test_after_an_hour_the_level_shows_other_orders() -> None:
    market = table()
    takes(market, "4")
    market.now += 3601 * SECOND
    again(market)
    assert takes(market, "5") == 5


def test_it_is_also_remembered_where_nothing_is_held_any_more() -> None:
    market = table()
    takes(market, "4")
    market.sell("4", reduce_only=True)
    assert not market.state.positions
    again(market)
    assert takes(market, "5") == 1


def test_a_quote_that_crossed_our_order_is_used_up_at_its_own_price() -> None:
    market = table()
    market.buy("3", limit="60000.5", stop="59000")
    market.delta(asks=[(60_000.4, 2.0)])
    fill = market.fills[-1]
    assert (fill.receipt.evidence, fill.receipt.level) == (Evidence.CROSSED_QUOTE, D("60000.4"))
    assert fill.price == D("60000.5")
    again(market, asks=[(60_000.4, 2.0)])
    assert [fill.qty for fill in market.fills] == [2]
    assert takes(market, "1", "60000.4") == 0


def test_a_new_tick_does_not_refill_the_book_either() -> None:
    market = Table(spot(), settings=wide_limits()).open(BIDS, ASKS)
    takes(market, "4")
    market.instrument = spot(tick_size=D("0.1"))
    market.open(BIDS, ASKS)
    assert market.symbol == SPOT
    assert takes(market, "5") == 1


@pytest.mark.parametrize("seed", range(12))
def test_i_11_over_any_restarts_a_level_that_never_shrinks_gives_no_more_than_it_shows(seed: int) -> None:
    chance, market = random.Random(seed), table()
    for _ in range(15):
        if chance.random() < 0.4:
            again(market)
        if chance.random() < 0.6 or not market.state.positions:
            takes(market, str(chance.choice([1, 2, 3])), "60010")
        else:
            market.sell("1", reduce_only=True)
    for side, levels in ((Side.BUY, ASKS), (Side.SELL, BIDS)):
        for price, shown in levels:
            taken = sum(fill.qty for fill in market.fills if (fill.side, fill.price) == (side, D(str(price))))
            assert taken <= shown
