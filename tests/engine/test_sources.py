"""What fires a trigger: its own source, and another one while that is not live."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.market import PERP, SECOND, Table, perp, spot, wide_limits
from tests.journal.events import STAMP
from tradetui.domain.command import BreakEven, SetStop, SetTarget, Stop, Target
from tradetui.domain.event import Noted, TriggerSourceFallback
from tradetui.domain.market_data import BestQuote, FeedState, MarkPrice, Side
from tradetui.domain.order import OrderState, Trail, TriggerBy
from tradetui.domain.reply import Reason
from tradetui.journal.reader import Head, read_events
from tradetui.journal.schema import create_or_check
from tradetui.journal.writer import JournalWriter
from tradetui.runtime.notices import describe
from tradetui.state import State

D = Decimal
BIDS = [(60_000.0, 50.0)]
ASKS = [(60_001.0, 50.0)]
SMALL = 0.0001


def table(*, printed: bool = True) -> Table:
    market = Table(perp(), settings=wide_limits()).open(BIDS, ASKS)
    if printed:
        market.trade(60_000.0, SMALL)
    return market


def mark(market: Table, price: float, index: float | None = None) -> None:
    ts = market.tick()
    market.feed(MarkPrice(market.symbol, ts, ts, price, index))


def quote(market: Table, bid: float, ask: float) -> None:
    ts = market.tick()
    market.feed(BestQuote(market.symbol, ts, ts, bid, 1.0, ask, 1.0))


def protected(market: Table, by: TriggerBy, **more: Any) -> None:
    reply = market.buy("1", stop=Stop(price=D(59_500), by=by), **more)
    assert reply.accepted, reply.refusal


def switches(market: Table) -> list[tuple[str, str]]:
    events = [event.body for event in market.journal if isinstance(event.body, TriggerSourceFallback)]
    return [(event.by.value, event.source) for event in events]


# --- each source


def test_a_stop_by_the_mark_looks_at_nothing_else() -> None:
    market = table()
    mark(market, 60_000.0)
    protected(market, TriggerBy.MARK)
    market.trade(59_000.0, SMALL)
    quote(market, 59_000.0, 59_001.0)
    assert market.stop.state is OrderState.ARMED
    mark(market, 59_500.01)
    assert market.stop.state is OrderState.ARMED
    mark(market, 59_500.0)
    assert not market.state.positions
    assert switches(market) == []


def test_a_stop_by_the_index_looks_at_the_index() -> None:
    market = table()
    mark(market, 60_000.0, 60_000.0)
    protected(market, TriggerBy.INDEX)
    mark(market, 59_000.0, 59_800.0)
    assert market.stop.state is OrderState.ARMED
    mark(market, 60_000.0, 59_500.0)
    assert not market.state.positions


def test_quotes_fire_a_sale_by_the_bid_and_a_purchase_by_the_ask() -> None:
    market = table()
    quote(market, 60_000.0, 60_001.0)
    protected(market, TriggerBy.BID_ASK)
    quote(market, 59_501.0, 59_400.0)
    assert market.stop.state is OrderState.ARMED
    quote(market, 59_500.0, 59_600.0)
    assert not market.state.positions
    reply = market.buy("1", trigger="60500", trigger_by=TriggerBy.BID_ASK, stop="59000")
    quote(market, 60_600.0, 60_499.0)
    assert market.last_order(reply).state is OrderState.ARMED
    quote(market, 60_400.0, 60_500.0)
    assert market.last_order(reply).state is OrderState.FILLED


def test_a_trail_follows_its_own_source() -> None:
    market = table()
    mark(market, 60_000.0)
    market.buy("1", stop=Stop(trail=Trail(distance=D(300)), by=TriggerBy.MARK))
    market.trade(61_000.0, SMALL, Side.BUY)
    assert market.stop.extreme == 60_000
    mark(market, 60_400.5)
    assert (market.stop.extreme, market.stop.trigger) == (D("60400.5"), D("60100.5"))


def test_what_is_reached_at_placement_counts_by_its_own_source() -> None:
    market = table()
    mark(market, 60_700.0)
    reply = market.buy("1", trigger="60500", trigger_by=TriggerBy.MARK, stop="59000")
    assert market.last_order(reply).reason == Reason.WOULD_TRIGGER
    fine = market.buy("1", trigger="60500", stop="59000")
    assert market.last_order(fine).state is OrderState.ARMED


def test_a_conditional_target_by_the_mark() -> None:
    market = table()
    mark(market, 60_000.0)
    market.buy("1", stop="59000", target=Target(price=D(61_000), market=True, by=TriggerBy.MARK))
    market.trade(61_500.0, SMALL, Side.BUY)
    assert market.target.state is OrderState.ARMED
    mark(market, 61_000.0)
    assert not market.state.positions


def test_a_stop_that_moves_keeps_its_source_unless_another_is_named() -> None:
    market = table()
    mark(market, 60_500.0)
    protected(market, TriggerBy.MARK)
    found = []
    for command in (
        SetStop(symbol=PERP, stop=Stop(price=D(59_600))),
        BreakEven(symbol=PERP),
        SetStop(symbol=PERP, stop=Stop(price=D(59_900), by=TriggerBy.LAST)),
    ):
        assert market.do(command).accepted
        found.append(market.stop.trigger_by)
    assert found == [TriggerBy.MARK, TriggerBy.MARK, TriggerBy.LAST]


def test_a_stop_that_takes_over_a_trail_goes_on_with_what_the_trail_follows() -> None:
    market = table()
    mark(market, 60_000.0)
    market.buy("1", stop=Stop(trail=Trail(distance=D(900)), by=TriggerBy.MARK))
    market.buy("1", stop="59500")
    assert (market.stop.trigger, market.stop.trigger_by) == (D(59_500), TriggerBy.MARK)
    mark(market, 61_000.0)
    assert market.stop.trigger == 60_100


def test_spot_has_no_mark_and_no_index_to_be_fired_by() -> None:
    market = Table(spot(), settings=wide_limits()).open(BIDS, ASKS)
    market.trade(60_000.0, SMALL)
    no = [
        market.buy("1", stop=Stop(price=D(59_500), by=TriggerBy.MARK)),
        market.buy("1", trigger="60500", trigger_by=TriggerBy.INDEX, stop="59500"),
        market.buy("1", stop="59500", target=Target(price=D(61_000), market=True, by=TriggerBy.MARK)),
    ]
    assert market.buy("1", stop=Stop(price=D(59_500), by=TriggerBy.BID_ASK)).accepted
    no.append(market.do(SetStop(symbol=market.symbol, stop=Stop(price=D(59_600), by=TriggerBy.INDEX))))
    far = Target(price=D(61_000), market=True, by=TriggerBy.MARK)
    no.append(market.do(SetTarget(symbol=market.symbol, target=far)))
    assert {reply.refusal.reason for reply in no if reply.refusal is not None} == {Reason.TRIGGER_SOURCE}
    assert not any(reply.accepted for reply in no)
    assert market.stop.trigger_by is TriggerBy.BID_ASK


# --- several at once


def test_w81_the_protective_stop_goes_first_even_if_it_looks_at_another_price() -> None:
    market = Table(perp(lot_size=D("0.1"), min_qty=D("0.1")), settings=wide_limits()).open(
        [(100.0, 50.0)], [(100.1, 50.0)]
    )
    market.trade(100.0, 0.1)
    mark(market, 100.0)
    market.buy("1", stop=Stop(price=D(97), by=TriggerBy.MARK))
    market.sell("1", trigger="97", reduce_only=True)
    market.snapshot([(97.0, 0.6), (96.5, 1.0), (96.0, 3.0)], [(100.1, 50.0)])
    market.tick(11 * SECOND)
    stop_id = market.stop.order_id
    market.trade(97.0, SMALL)
    sales = [(fill.order_id, fill.qty, fill.price) for fill in market.fills if fill.side is Side.SELL]
    assert sales == [(stop_id, D("0.6"), 97), (stop_id, D("0.4"), D("96.5"))]


def test_a_stop_by_the_middle_goes_before_a_target_that_the_same_book_fills() -> None:
    market = table(printed=False)
    protected(market, TriggerBy.LAST, target=Target(price=D(60_500)))
    market.tick(11 * SECOND)
    market.snapshot([(60_600.0, 5.0)], [(58_000.0, 5.0)])
    assert market.state.positions, "a crossed book is filled by nobody"
    market.snapshot([(59_400.0, 5.0)], [(59_401.0, 5.0)])
    assert market.fills[-1].price == 59_400


def test_a_mark_and_an_index_that_come_together_fire_together() -> None:
    market = table()
    mark(market, 60_000.0, 60_000.0)
    protected(market, TriggerBy.INDEX)
    reply = market.sell("1", trigger="59600", trigger_by=TriggerBy.MARK, reduce_only=True)
    mark(market, 59_000.0, 59_000.0)
    assert [fill.order_id for fill in market.fills[1:]] != [reply.order_ids[0]]
    assert not market.state.positions


# --- while a source is not live


def test_a_mark_that_stays_out_gives_way_to_the_last_trade_and_comes_back() -> None:
    market = table()
    mark(market, 60_000.0)
    protected(market, TriggerBy.MARK)
    market.tick(9 * SECOND)
    market.trade(59_900.0, SMALL)
    assert switches(market) == []
    market.tick(2 * SECOND)
    market.trade(59_800.0, SMALL)
    assert switches(market) == [("mark", "last")]
    mark(market, 60_000.0)
    assert switches(market) == [("mark", "last"), ("mark", "mark")]
    market.trade(59_000.0, SMALL)
    assert market.stop.state is OrderState.ARMED


def test_the_price_that_takes_its_place_fires_too() -> None:
    market = table()
    mark(market, 60_000.0)
    protected(market, TriggerBy.MARK)
    market.tick(11 * SECOND)
    market.trade(59_500.0, SMALL)
    assert not market.state.positions


def test_a_stop_that_turns_to_another_source_sees_its_newest_price_at_once() -> None:
    market = table()
    mark(market, 60_000.0)
    protected(market, TriggerBy.MARK)
    market.tick(3 * SECOND)
    market.trade(59_400.0, SMALL)
    assert market.stop.state is OrderState.ARMED
    market.tick(8 * SECOND)
    market.delta(bids=[(59_900.0, 1.0)])
    assert switches(market) == [("mark", "last")]
    assert not market.state.positions


def test_in_an_outage_the_mark_takes_the_place_of_the_last_trade_and_the_trigger_is_latched() -> None:
    market = table()
    mark(market, 60_000.0)
    protected(market, TriggerBy.LAST)
    market.status(FeedState.DOWN)
    assert switches(market) == [("last", "")], "the mark of before the outage is as old as the print"
    mark(market, 59_400.0)
    assert switches(market) == [("last", ""), ("last", "mark")]
    assert market.stop.state is OrderState.TRIGGERED
    market.status(FeedState.STREAMING)
    market.snapshot([(59_900.0, 5.0)], [(59_901.0, 5.0)])
    assert market.fills[-1].price == 59_900


def test_while_nothing_is_live_the_stop_stays_armed_and_that_is_told() -> None:
    market = table()
    protected(market, TriggerBy.LAST)
    market.status(FeedState.DOWN)
    assert switches(market) == [("last", "")]
    assert market.stop.state is OrderState.ARMED
    notices = describe(market.transactions[-1], market.state)
    assert [notice.severity for notice in notices] == ["error"]
    assert "no price is live" in notices[0].text
    market.status(FeedState.STREAMING)
    assert switches(market)[-1] == ("last", "last")


def test_a_symbol_that_never_prints_is_watched_by_mark_or_book_after_a_while() -> None:
    market = table(printed=False)
    protected(market, TriggerBy.LAST)
    market.snapshot([(59_000.0, 50.0)], [(59_001.0, 50.0)])
    assert market.stop.state is OrderState.ARMED
    market.tick(11 * SECOND)
    market.snapshot([(59_600.0, 50.0)], [(59_601.0, 50.0)])
    assert switches(market) == [("last", "mid")]
    market.snapshot([(59_400.0, 50.0)], [(59_401.0, 50.0)])
    assert not market.state.positions


def test_a_source_that_the_symbol_has_not_falls_back_at_once() -> None:
    market = table()
    protected(market, TriggerBy.INDEX)
    market.trade(59_800.0, SMALL)
    assert switches(market) == [("index", "last")]
    market.trade(59_500.0, SMALL)
    assert not market.state.positions


def test_after_an_outage_a_stop_by_the_bid_looks_at_the_fresh_bid() -> None:
    market = table()
    quote(market, 60_000.0, 60_001.0)
    protected(market, TriggerBy.BID_ASK)
    market.status(FeedState.DOWN)
    market.status(FeedState.STREAMING)
    market.snapshot([(59_500.0, 5.0)], [(60_400.0, 5.0)])
    assert market.fills[-1].price == 59_500


def test_after_an_outage_a_stop_by_a_mark_that_is_live_does_not_look_at_the_book() -> None:
    market = table()
    mark(market, 60_000.0)
    protected(market, TriggerBy.MARK)
    market.status(FeedState.DOWN)
    mark(market, 60_000.0)
    market.status(FeedState.STREAMING)
    market.snapshot([(59_000.0, 5.0)], [(59_001.0, 5.0)])
    assert market.stop.state is OrderState.ARMED


@pytest.mark.parametrize(("by", "fires"), [(TriggerBy.LAST, True), (TriggerBy.MARK, False)])
def test_a_book_that_stays_crossed_is_no_loss_to_a_stop_by_a_live_mark(by: TriggerBy, fires: bool) -> None:
    market = table()
    mark(market, 60_000.0)
    protected(market, by)
    market.snapshot([(59_400.0, 50.0)], [(60_001.0, 50.0)])
    market.snapshot([(59_400.0, 50.0)], [(59_300.0, 50.0)])
    market.tick(2 * SECOND)
    mark(market, 60_000.0)
    market.snapshot([(59_400.0, 50.0)], [(59_300.0, 50.0)])
    assert (market.stop.state is not OrderState.ARMED) is fires


def test_a_stop_by_a_mark_that_stays_out_is_an_alarm_whatever_the_book_does() -> None:
    market = table()
    mark(market, 60_000.0)
    protected(market, TriggerBy.MARK)
    for _ in range(12):
        market.tick(SECOND // 2)
        market.snapshot(BIDS, ASKS)
    noted = [event.body for event in market.journal if isinstance(event.body, Noted)]
    (alarm,) = [body.text for body in noted if body.what == "alarm"]
    assert alarm.endswith("its stop at 59500 has seen no price for 5 s: no mark price comes")


def test_a_crossed_book_is_no_middle() -> None:
    market = table(printed=False)
    protected(market, TriggerBy.LAST)
    market.tick(11 * SECOND)
    market.snapshot([(59_000.0, 5.0)], [(58_000.0, 5.0)])
    assert market.stop.state is OrderState.ARMED


def test_what_counts_is_part_of_the_fold_and_told_once() -> None:
    market = table()
    mark(market, 60_000.0)
    protected(market, TriggerBy.MARK)
    market.tick(11 * SECOND)
    for price in (59_900.0, 59_800.0, 59_700.0):
        market.trade(price, SMALL)
    assert switches(market) == [("mark", "last")]
    assert State.fold(market.journal) == market.state
    market.restart()
    market.status(FeedState.STREAMING)
    market.snapshot(BIDS, ASKS)
    market.trade(59_700.0, SMALL)
    assert switches(market) == [("mark", "last")]


@pytest.mark.parametrize("by", list(TriggerBy))
def test_no_source_fires_twice(by: TriggerBy) -> None:
    market = table()
    mark(market, 60_000.0, 60_000.0)
    quote(market, 60_000.0, 60_001.0)
    protected(market, by)
    stop_id = market.stop.order_id
    market.snapshot([], [(60_001.0, 50.0)])
    for _ in range(3):
        mark(market, 59_400.0, 59_400.0)
        quote(market, 59_400.0, 59_401.0)
        market.trade(59_400.0, SMALL)
    assert market.state.orders[stop_id].state is OrderState.WORKING


async def test_a_journal_file_brings_back_every_source_and_switch(tmp_path: Path) -> None:
    market = table()
    mark(market, 60_000.0, 60_000.0)
    protected(market, TriggerBy.MARK, target=Target(price=D(61_000), market=True, by=TriggerBy.INDEX))
    market.buy("1", trigger="60500", trigger_by=TriggerBy.BID_ASK, stop="59000")
    market.tick(11 * SECOND)
    market.trade(59_900.0, SMALL)
    path = tmp_path / "journal.db"
    create_or_check(path)
    writer = await JournalWriter.open(path, head=Head(), stamp=STAMP)
    await writer.append(market.journal)
    await writer.close(market.now)
    events = list(read_events(path))
    assert events == market.journal
    assert State.fold(events) == market.state
    assert market.state.fallbacks == {f"{PERP} {by}": "last" for by in ("mark", "index", "bid_ask")}


# --- any prices


KINDS = st.sampled_from(["trade", "mark", "index", "bid", "ask"])
PRICES = st.integers(59_480, 59_520).map(float)
LOOKED_AT = {
    TriggerBy.LAST: "trade",
    TriggerBy.MARK: "mark",
    TriggerBy.INDEX: "index",
    TriggerBy.BID_ASK: "bid",
}


@given(
    by=st.sampled_from(list(TriggerBy)),
    prices=st.lists(st.tuples(KINDS, PRICES), max_size=25),
    trigger=st.integers(59_485, 59_515),
)
def test_a_stop_fires_at_the_first_price_of_its_source_that_reaches_it_and_at_no_other(
    by: TriggerBy, prices: list[tuple[str, float]], trigger: int
) -> None:
    market = table()
    mark(market, 60_000.0, 60_000.0)
    quote(market, 60_000.0, 60_001.0)
    market.buy("1", stop=Stop(price=D(trigger), by=by))
    market.snapshot([], [(60_001.0, 50.0)])
    fires = next((n for n, (kind, at) in enumerate(prices) if kind == LOOKED_AT[by] and at <= trigger), None)
    for number, (kind, price) in enumerate(prices):
        if kind == "trade":
            market.trade(price, SMALL)
        elif kind in ("mark", "index"):
            mark(market, price if kind == "mark" else 60_000.0, price if kind == "index" else None)
        else:
            quote(market, price if kind == "bid" else 59_999.0, price if kind == "ask" else 60_001.0)
        assert (market.stop.state is not OrderState.ARMED) is (fires is not None and number >= fires)
    assert switches(market) == []
