"""Orders through the engine: filled, refused, bracketed, canceled."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.engine.market import MS, PERP, SPOT, Table, perp, risk, spot, steps, wide_limits
from tradetui.domain.command import (
    CancelAll,
    CancelOrder,
    Flatten,
    Half,
    Reverse,
    SetStop,
    SetTarget,
    Size,
    SizeUnit,
    Stop,
    SubmitOrder,
    Target,
)
from tradetui.domain.event import Noted
from tradetui.domain.instrument import Instrument, InstrumentStatus
from tradetui.domain.market_data import FeedState, InstrumentListed, Side
from tradetui.domain.order import OrderRole, OrderState, TimeInForce, TriggerBy
from tradetui.domain.reply import Reason
from tradetui.domain.view import Draft

D = Decimal
BIDS = [(60_000.0, 5.0), (59_990.0, 50.0)]
ASKS = [(60_000.1, 5.0), (60_010.0, 50.0)]


def table(instrument: Instrument | None = None, *, latency_ns: int = 0, wide: bool = True) -> Table:
    made = Table(instrument, settings=wide_limits() if wide else None, latency_ns=latency_ns)
    return made.open(BIDS, ASKS)


def test_a_market_entry_fills_and_its_stop_stands_in_the_same_transaction() -> None:
    market = table()
    market.buy("1", stop="59000", target="62000")
    assert [(fill.price, fill.qty) for fill in market.fills] == [(D("60000.1"), D(1))]
    assert (market.stop.trigger, market.stop.qty, market.stop.state) == (D(59_000), D(1), OrderState.ARMED)
    assert (market.target.price, market.target.qty) == (D(62_000), D(1))
    assert len(market.transactions[-1]) == len([e for e in market.journal if e.ts == market.now])


def test_a_stop_triggered_by_a_print_walks_the_book_and_takes_the_target_away() -> None:
    market = table()
    market.buy("1", stop="59500", target="62000")
    stop_id, target_id = market.stop.order_id, market.target.order_id
    market.snapshot([(59_480.0, 0.4), (59_400.0, 3.0)], [(59_520.0, 1.0)])
    market.trade(59_500.0, 0.1)
    sold = [(fill.price, fill.qty) for fill in market.fills[1:]]
    assert sum(qty for _, qty in sold) == 1
    assert steps(market.journal, stop_id) == [OrderState.ARMED, OrderState.TRIGGERED]
    assert market.state.orders[stop_id].state is OrderState.FILLED
    assert market.state.orders[target_id].reason == Reason.POSITION_CLOSED
    assert not market.state.positions
    assert not market.state.live


def test_w45b_a_stop_in_a_gap_fills_at_the_price_behind_it() -> None:
    instrument = perp(maker_fee=D(0), taker_fee=D(0), tick_size=D("0.01"))
    settings = wide_limits(leverage=D(2), balance=D(10_000))
    market = Table(instrument, settings=settings).open([(100.0, 500.0)], [(100.0, 500.0)])
    market.buy("100", stop="98")
    market.snapshot([(90.0, 500.0)], [(90.01, 500.0)])
    market.trade(90.0, 0.1)
    assert market.fills[-1].price == 90
    assert market.engine.equity() == 9_000


def test_w50_a_typed_price_off_tick_is_refused_with_the_price_that_passes() -> None:
    market = table(perp(tick_size=D("0.10")))
    reply = market.buy("0.1", limit="27123.457", stop="26000")
    assert reply.refusal is not None
    assert reply.refusal.reason is Reason.OFF_TICK
    assert reply.refusal.numbers["nearest"] == D("27123.4")
    reply = market.buy("0.0123456", stop="59000")
    assert reply.refusal is not None
    assert reply.refusal.reason is Reason.OFF_LOT
    assert reply.refusal.numbers["nearest"] == D("0.012")
    assert "0.012 would pass" in reply.refusal.mend


@pytest.mark.parametrize(
    ("side", "field", "price", "nearest"),
    [
        (Side.BUY, "limit", "59999.96", "59999.9"),
        (Side.SELL, "limit", "60000.14", "60000.2"),
        (Side.BUY, "stop", "59000.01", "59000.1"),
        (Side.SELL, "stop", "61000.09", "61000"),
        (Side.BUY, "trigger", "60100.06", "60100"),
        (Side.SELL, "trigger", "59900.01", "59900.1"),
    ],
)
def test_typed_prices_round_to_the_safe_side(side: Side, field: str, price: str, nearest: str) -> None:
    market = table()
    typed: dict[str, Any] = {"stop": "50000" if side is Side.BUY else "70000"} | {field: price}
    reply = market.order(side, "0.1", **typed)
    assert reply.refusal is not None
    assert reply.refusal.numbers["nearest"] == D(nearest)


def test_w51_a_reduce_only_order_is_clamped_to_the_position() -> None:
    market = table()
    market.buy("1", stop="59000")
    reply = market.sell("1.1", reduce_only=True)
    assert reply.accepted
    assert "clamped" in reply.text
    assert market.fills[-1].qty == 1
    assert not market.state.positions
    refused = market.sell("0.1", reduce_only=True)
    assert refused.refusal is not None
    assert refused.refusal.reason is Reason.REDUCE_ONLY


def test_w51_a_resting_exit_shrinks_with_the_position() -> None:
    market = table()
    market.buy("0.134", stop="59000")
    resting = market.sell("0.134", limit="61000", reduce_only=True)
    market.sell("0.067", reduce_only=True)
    assert market.last_order(resting).leaves == D("0.067")
    market.snapshot([(61_000.0, 5.0)], [(61_000.1, 5.0)])
    assert market.last_order(resting).filled == D("0.067")
    assert not market.state.positions


def test_w52_the_stop_follows_a_partial_entry_and_a_partial_target() -> None:
    market = Table(perp(), settings=wide_limits()).open([(60_000.0, 50.0)], [(60_001.0, 4.0)])
    market.buy("10", limit="60001", stop="59000", target="60500")
    assert market.stop.leaves == 4
    market.delta(asks=[(60_001.0, 0.0), (60_010.0, 9.0)])
    market.trade(60_000.0, 6.0)
    assert market.stop.leaves == 10
    assert market.target.leaves == 10
    market.trade(60_501.0, 6.0, Side.BUY)
    assert market.stop.leaves == 4
    assert market.target.leaves == 4


def test_an_entry_without_a_stop_is_refused() -> None:
    reply = table().buy("0.1")
    assert reply.refusal is not None
    assert reply.refusal.reason is Reason.STOP_REQUIRED


@pytest.mark.parametrize(
    ("side", "stop"), [(Side.BUY, "60500"), (Side.BUY, "60000.1"), (Side.SELL, "59000"), (Side.SELL, "60000")]
)
def test_a_stop_on_the_wrong_side_is_refused(side: Side, stop: str) -> None:
    reply = table().order(side, "0.1", stop=stop)
    assert reply.refusal is not None
    assert reply.refusal.reason is Reason.STOP_WRONG_SIDE


def test_a_stop_beyond_the_liquidation_is_refused_with_the_nearest_that_passes() -> None:
    market = table()
    reply = market.buy("1", stop="50000")
    assert reply.refusal is not None
    assert reply.refusal.reason is Reason.STOP_BEYOND_LIQUIDATION
    nearest = reply.refusal.numbers["nearest"]
    assert market.buy("1", stop=str(nearest)).accepted
    liquidation = market.engine.liquidation_price(PERP)
    assert liquidation is not None
    assert nearest > liquidation


def test_a_balance_refusal_names_the_size_that_would_pass() -> None:
    market = Table(spot(), settings=wide_limits(balance=D(5_000))).open([(60_000.0, 5.0)], [(60_000.01, 5.0)])
    reply = market.buy("0.1", limit="61602", stop="59000")
    assert reply.refusal is not None
    assert reply.refusal.reason is Reason.INSUFFICIENT_BALANCE
    assert reply.refusal.text == "needs 6,166.36 USDT, 5,000.00 free"
    fitting = reply.refusal.numbers["nearest"]
    assert market.buy(str(fitting), limit="61602", stop="59000").accepted
    more = market.instrument.lot_size
    assert not market.buy(str(more), limit="61602", stop="59000").accepted or market.fills


def test_resting_buys_lock_their_money_and_a_cancel_frees_it() -> None:
    market = Table(spot(), settings=wide_limits(balance=D(10_000))).open(
        [(60_000.0, 5.0)], [(60_000.01, 5.0)]
    )
    reply = market.buy("0.1", limit="50000", stop="49000")
    assert market.state.locked("USDT") == D("5005")
    market.do(CancelOrder(order_id=reply.order_ids[0]))
    assert market.state.locked("USDT") == 0
    assert market.state.free("USDT") == 10_000


def test_spot_can_not_be_sold_short_nor_sold_beyond_what_is_held() -> None:
    market = table(spot())
    refused = market.sell("0.1", stop="61000")
    assert refused.refusal is not None
    assert refused.refusal.reason is Reason.NO_SHORT_ON_SPOT
    market.buy("1", stop="59000")
    refused = market.sell("1")
    assert refused.refusal is not None
    assert refused.refusal.numbers["nearest"] == D("0.999")
    assert market.sell("0.999").accepted
    assert not market.state.positions


def test_w84_spot_dust_needs_no_stop_and_leaves_none_behind() -> None:
    market = table(spot())
    market.buy("0.01", stop="59000")
    assert market.stop.qty == D("0.0099")
    market.do(Flatten(symbol=SPOT))
    assert market.state.positions[SPOT].signed_qty == D("0.00009")
    assert market.state.is_dust(SPOT)
    assert market.state.holding(SPOT) is None
    assert not market.state.live
    market.buy("0.01", stop="59000")
    assert market.stop.qty == D("0.01")
    assert market.state.fills[-1].realized_pnl == 0


def test_an_order_against_a_position_that_is_larger_would_flip_it() -> None:
    market = table()
    market.buy("1", stop="59000")
    refused = market.sell("2", stop="61000")
    assert refused.refusal is not None
    assert refused.refusal.reason is Reason.WOULD_FLIP
    assert market.sell("1").accepted
    assert not market.state.positions


def test_exits_of_a_position_that_an_older_entry_turns_over_are_taken_out() -> None:
    market = table()
    market.sell("2", limit="60500", stop="63000")
    market.buy("1", stop="59000")
    partial = market.sell("0.5", limit="61000", reduce_only=True)
    market.snapshot([(60_499.0, 5.0)], [(60_520.0, 5.0)])
    market.trade(60_501.0, 3.0, Side.BUY)
    assert market.state.positions[PERP].signed_qty == -1
    order = market.last_order(partial)
    assert (order.state, order.reason) == (OrderState.CANCELED, Reason.POSITION_CLOSED)
    assert (market.stop.side, market.stop.leaves) == (Side.BUY, D(1))


def test_reverse_closes_and_opens_the_other_way_with_its_stop() -> None:
    market = table()
    market.buy("1", stop="59000")
    assert market.do(Reverse(symbol=PERP, stop=Stop(price=D(61_000)))).accepted
    assert market.state.positions[PERP].signed_qty == -1
    assert market.stop.side is Side.BUY
    assert market.stop.trigger == 61_000


def test_reverse_waits_for_the_close_when_it_has_latency() -> None:
    market = table(latency_ns=50 * MS)
    market.buy("1", stop="59000")
    market.tick(60 * MS)
    market.trade(60_000.0, 0.1)
    market.do(Reverse(symbol=PERP, stop=Stop(price=D(61_000))))
    assert market.state.positions[PERP].signed_qty == 1
    market.tick(60 * MS)
    market.trade(60_000.0, 0.1)
    assert market.state.positions[PERP].signed_qty == -1
    assert market.stop.leaves == 1


def test_half_closes_half_floored_to_the_lot() -> None:
    market = table()
    market.buy("0.005", stop="59000")
    market.do(Half(symbol=PERP))
    assert market.state.positions[PERP].signed_qty == D("0.003")
    assert market.stop.leaves == D("0.003")


def test_the_last_stop_can_not_be_canceled() -> None:
    market = table()
    market.buy("1", stop="59000")
    refused = market.do(CancelOrder(order_id=market.stop.order_id))
    assert refused.refusal is not None
    assert refused.refusal.reason is Reason.STOP_NOT_REMOVABLE
    market.do(CancelAll())
    assert market.stop.state is OrderState.ARMED


def test_i31_a_stop_is_replaced_new_before_old() -> None:
    market = table()
    market.buy("1", stop="59000")
    old = market.stop.order_id
    market.do(SetStop(symbol=PERP, stop=Stop(price=D(59_500))))
    assert market.stop.trigger == 59_500
    orders = [event.order_id for event in market.transactions[-1]]
    assert orders == [market.stop.order_id, old]
    assert market.state.orders[old].reason == Reason.REPLACED


def test_a_stop_moved_through_the_market_executes_at_once() -> None:
    market = table()
    market.buy("1", stop="59000")
    market.trade(60_000.0, 0.1)
    market.do(SetStop(symbol=PERP, stop=Stop(price=D(60_500))))
    assert not market.state.positions


def test_a_refused_stop_leaves_the_old_one() -> None:
    market = table(wide=False)
    market.buy(risk("1"), stop="59000")
    assert market.fills
    refused = market.do(SetStop(symbol=PERP, stop=Stop(price=D(57_000))))
    assert refused.refusal is not None
    assert refused.refusal.reason in (Reason.DAILY_BUDGET, Reason.OPEN_RISK)
    assert market.stop.trigger == 59_000


def test_a_target_in_r_counts_from_the_average_entry() -> None:
    market = table()
    market.buy("1", stop="59000.1", target=Target(r=D(2)))
    assert market.target.price == 62_000 + D("0.1")
    market.do(SetTarget(symbol=PERP, target=Target(price=D(61_000))))
    assert market.target.price == 61_000
    assert len([o for o in market.state.live.values() if o.role is OrderRole.TAKE_PROFIT]) == 1


def test_a_scale_in_shares_one_stop_and_keeps_the_tighter() -> None:
    market = table()
    market.buy("1", stop="59000")
    market.buy("1", stop="59500")
    assert (market.stop.trigger, market.stop.leaves) == (D(59_500), D(2))
    market.buy("1", stop="58000")
    assert (market.stop.trigger, market.stop.leaves) == (D(59_500), D(3))


def test_a_stop_entry_arms_triggers_and_brings_its_stop() -> None:
    market = table()
    reply = market.buy("1", trigger="60100", stop="59000")
    assert market.last_order(reply).state is OrderState.ARMED
    market.snapshot([(60_099.0, 5.0)], [(60_100.5, 5.0)])
    market.trade(60_100.0, 0.2, Side.BUY)
    assert market.fills[-1].price == D("60100.5")
    assert market.stop.leaves == 1
    refused = market.buy("1", trigger="60050", stop="59000")
    assert market.last_order(refused).state is OrderState.REJECTED
    assert market.last_order(refused).reason == Reason.WOULD_TRIGGER


def test_post_only_ioc_and_fok_keep_their_promise() -> None:
    market = table()
    post = market.buy("1", limit="60001", stop="59000", post_only=True)
    assert market.last_order(post).state is OrderState.REJECTED
    ioc = market.buy("9", limit="60001", stop="59000", tif=TimeInForce.IOC)
    assert (market.last_order(ioc).filled, market.last_order(ioc).state) == (D(5), OrderState.EXPIRED)
    fok = market.buy("100", limit="60010", stop="59000", tif=TimeInForce.FOK)
    assert (market.last_order(fok).filled, market.last_order(fok).state) == (D(0), OrderState.EXPIRED)


def test_an_instrument_that_only_closes_takes_exits() -> None:
    market = table()
    market.buy("1", stop="59000")
    closing = perp(status=InstrumentStatus.CLOSE_ONLY)
    market.feed(InstrumentListed(closing, market.tick()))
    refused = market.buy("1", stop="59000")
    assert refused.refusal is not None
    assert refused.refusal.reason is Reason.INSTRUMENT_HALTED
    assert market.do(Flatten()).accepted
    assert not market.state.positions


def test_the_same_key_acts_once_also_after_a_restart() -> None:
    market = table()
    first = market.buy("1", stop="59000", key="press-1")
    again = market.buy("1", stop="59000", key="press-1")
    assert again == first
    assert len(market.fills) == 1
    note = market.journal[-1].body
    assert isinstance(note, Noted)
    assert note.what == "duplicate"
    market.restart()
    assert market.buy("1", stop="59000", key="press-1").order_ids == first.order_ids
    assert len(market.fills) == 1


def test_an_order_acts_after_its_latency_and_before_the_next_message() -> None:
    market = table(latency_ns=50 * MS)
    reply = market.buy("1", stop="59000")
    assert market.last_order(reply).state is OrderState.SUBMITTED
    sent = market.now
    market.tick(49 * MS)
    market.delta(asks=[(60_000.1, 2.0)])
    assert market.last_order(reply).state is OrderState.SUBMITTED
    market.tick(10 * MS)
    market.snapshot([(70_000.0, 1.0)], [(70_001.0, 9.0)])
    assert market.last_order(reply).state is OrderState.FILLED or market.fills
    assert market.fills[0].price == D("60000.1")
    assert market.fills[0].ts == sent + 50 * MS
    assert market.fills[0].receipt.latency_ns == 50 * MS


def test_a_cancel_can_lose_the_race() -> None:
    market = table(latency_ns=50 * MS)
    reply = market.buy("1", limit="59995", stop="59000")
    market.tick(60 * MS)
    market.trade(60_000.0, 0.1)
    market.do(CancelOrder(order_id=reply.order_ids[0]))
    assert market.last_order(reply).pending_cancel
    market.trade(59_000.5, 1.0)
    assert market.last_order(reply).state is OrderState.FILLED
    market.tick(60 * MS)
    market.trade(60_000.0, 0.1)
    note = market.journal[-1].body
    assert isinstance(note, Noted)
    assert (note.what, market.last_order(reply).state) == ("ignored_terminal", OrderState.FILLED)


@pytest.mark.parametrize("state", [FeedState.STALE, FeedState.GAP, FeedState.DOWN, FeedState.CONNECTING])
def test_new_risk_needs_fresh_data_and_exits_wait_for_it(state: FeedState) -> None:
    market = table()
    market.buy("1", stop="59000")
    market.status(state)
    refused = market.buy("1", stop="59000")
    assert refused.refusal is not None
    assert refused.refusal.reason in (Reason.STALE_DATA, Reason.RECOVERING)
    assert market.do(Flatten()).accepted
    assert market.state.positions
    market.trade(58_000.0, 1.0)
    assert market.stop.state is OrderState.TRIGGERED, "latched by the print, it waits for a book"
    assert market.state.positions
    market.status(FeedState.STREAMING)
    market.snapshot([(59_900.0, 5.0)], [(59_901.0, 5.0)])
    assert not market.state.positions


def test_a_stop_that_was_passed_in_a_gap_executes_on_the_first_fresh_book() -> None:
    market = table()
    market.buy("1", stop="59000")
    market.status(FeedState.DOWN)
    market.status(FeedState.STREAMING)
    market.snapshot([(58_000.0, 5.0)], [(58_001.0, 5.0)])
    assert not market.state.positions
    assert market.fills[-1].price == 58_000


@pytest.mark.parametrize("unit", [SizeUnit.RISK, SizeUnit.QUOTE, SizeUnit.EQUITY])
def test_a_refused_size_that_counts_something_else_is_not_shown_as_a_quantity(unit: SizeUnit) -> None:
    market = table(wide=False)
    reply = market.buy(Size(D(5), unit), stop="60100")
    assert reply.refusal is not None
    assert market.last_order(reply).qty == 0
    assert market.last_order(market.buy("5", stop="60100")).qty == 5


def test_an_unknown_symbol_is_refused_with_what_is_listed() -> None:
    market = table()
    reply = market.do(SubmitOrder(symbol="ETH/USDT", side=Side.BUY, size=Size(D(1))))
    assert reply.refusal is not None
    assert reply.refusal.reason is Reason.UNKNOWN_SYMBOL
    assert PERP in reply.refusal.mend


def test_the_ticket_s_preview_is_what_the_order_then_does() -> None:
    market = table(wide=False)
    draft = Draft(size=Size(D(1), SizeUnit.RISK), stop=Stop(price=D(59_000)), target=Target(r=D(2)))
    shown = market.engine.preview(PERP, Side.BUY, draft)
    assert shown.allowed
    before = len(market.journal)
    market.buy(risk("1"), stop="59000", target=Target(r=D(2)))
    assert len(market.journal) > before
    order = market.state.orders[market.fills[0].order_id]
    assert (order.qty, order.avg_price) == (shown.qty, shown.avg_price)
    assert market.target.price == shown.target
    assert sum(fill.fee for fill in market.fills) == shown.fee
    assert shown.risk <= market.engine.r_value() * D("1.001")
    refused = market.engine.preview(PERP, Side.SELL, Draft(stop=Stop(price=D(59_000))))
    assert not refused.allowed or refused.qty


def test_r_trg_2_the_preview_tells_how_far_the_stop_is_and_how_far_the_liquidation() -> None:
    market = table()
    market.trade(60_000.0, 0.001)
    market.mark(60_050.55)
    draft = Draft(size=Size(D("0.1")), stop=Stop(price=D(59_000)))
    shown = market.engine.preview(PERP, Side.BUY, draft)
    assert (shown.stop_by, shown.stop_away) == ("last", D(-1000))
    assert shown.liquidation is not None
    assert shown.liquidation_away == round(shown.liquidation - D("60050.55"), 1)
    market.buy("0.1", stop="59000")
    exactly = market.engine.liquidation_price(PERP)
    assert exactly is not None
    assert abs(shown.liquidation - exactly) < 1, "it is that of the position that then stands"
    by_mark = Draft(size=Size(D("0.1")), stop=Stop(price=D(59_000), by=TriggerBy.MARK))
    assert market.engine.preview(PERP, Side.BUY, by_mark).stop_away == D("-1050.6")


def test_on_spot_nothing_is_liquidated() -> None:
    market = Table(spot(), settings=wide_limits()).open([(60_000.0, 5.0)], [(60_000.1, 5.0)])
    shown = market.engine.preview(market.symbol, Side.BUY, Draft(Size(D("0.1")), stop=Stop(price=D(59_000))))
    assert shown.allowed
    assert (shown.liquidation, shown.liquidation_away) == (None, None)
