"""The edge cases of the rules by their numbers, each as the market would bring it (section 18)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest

from tests.engine.market import MS, PERP, SECOND, Levels, Table, perp, spot, steps, wide_limits
from tests.engine.rules_table import Account, account, only, rule
from tradetui.domain.calendar import TradingCalendar
from tradetui.domain.command import CancelOrder, Flatten, SetStop, Stop
from tradetui.domain.event import (
    ClockJumped,
    Filled,
    GapEvaluated,
    LimitBreached,
    Noted,
    OrderChanged,
    SessionRolled,
    TriggerSourceFallback,
)
from tradetui.domain.fill import Evidence, Liquidity
from tradetui.domain.market_data import (
    Candle,
    CandleHistory,
    ClockTick,
    FeedState,
    InstrumentListed,
    Side,
    Timeframe,
)
from tradetui.domain.order import OrderRole, OrderState
from tradetui.domain.reply import Reason
from tradetui.domain.rule import Unit
from tradetui.state import State

D = Decimal
MINUTE = 60 * SECOND
SMALL = 0.0001
BIDS: Levels = [(60_000.0, 5.0), (59_990.0, 50.0)]
ASKS: Levels = [(60_000.1, 5.0), (60_010.0, 50.0)]
FREE = perp(maker_fee=D(0), taker_fee=D(0))


def table(*, latency_ms: int = 0, **settings: object) -> Table:
    market = Table(FREE, settings=wide_limits(leverage=D(2), **settings), latency_ns=latency_ms * MS)
    market.open(BIDS, ASKS).trade(60_000.0, SMALL)
    return market


def holding(*, latency_ms: int = 0, target: str | None = None) -> Table:
    market = table(latency_ms=latency_ms)
    market.buy("1", stop="59500", target=target)
    wait(market, SECOND)
    assert market.state.positions
    return market


def wait(market: Table, ns: int) -> None:
    market.now += ns
    market.feed(ClockTick(market.now, market.now))


def alarms(market: Table) -> list[str]:
    bodies = (event.body for event in market.journal)
    return [body.text for body in bodies if isinstance(body, Noted) and body.what == "alarm"]


def test_e_01_a_gap_through_the_stop_gets_what_the_book_then_offers() -> None:
    market = holding()
    market.snapshot([(58_000.0, 0.4), (57_000.0, 5.0)], [(60_010.0, 5.0)])
    market.trade(58_000.0, SMALL)
    assert [fill.price for fill in market.fills[1:]] == [58_000, 57_000]
    assert [fill.qty for fill in market.fills[1:]] == [D("0.4"), D("0.6")]


def test_e_02_each_part_of_an_entry_is_protected_and_each_part_of_a_target_shrinks_the_stop() -> None:
    market = table()
    market.snapshot([(59_990.0, 5.0)], [(60_000.1, 0.4)])
    market.buy("1", limit="60000.1", stop="59500", target="60500")
    assert (market.stop.leaves, market.target.leaves) == (D("0.4"), D("0.4"))
    market.trade(60_000.0, 0.6)
    assert (market.stop.leaves, market.target.leaves) == (D(1), D(1))
    market.trade(60_600.0, 0.7, Side.BUY)
    assert (market.stop.leaves, market.target.leaves) == (D("0.3"), D("0.3"))


def test_e_03_while_the_feed_is_stale_the_stop_looks_elsewhere_stays_armed_and_is_told() -> None:
    market = holding()
    market.status(FeedState.STALE)
    wait(market, 6 * SECOND)
    told = [event.body for event in market.journal if isinstance(event.body, TriggerSourceFallback | Noted)]
    assert [body.source for body in told if isinstance(body, TriggerSourceFallback)] == [""]
    assert any("has seen no price" in body.text for body in told if isinstance(body, Noted))
    assert market.stop.state is OrderState.ARMED
    market.mark(59_500.0)
    assert steps(market.journal, market.stop.order_id)[-1] is OrderState.TRIGGERED
    assert market.state.positions, "it executes when there is a book"


def test_e_04_a_reconnect_evaluates_the_gap_and_fills_no_entry_in_it() -> None:
    market = holding()
    resting = market.buy("0.1", limit="59800", stop="59000")
    market.status(FeedState.DOWN)
    minute = (market.now // MINUTE + 1) * MINUTE
    market.now = minute + MINUTE
    missed = Candle(minute, 59_900.0, 59_900.0, 59_400.0, 59_900.0, 1.0)
    market.feed(CandleHistory(PERP, Timeframe.M1, [missed], market.tick()))
    market.status(FeedState.STREAMING)
    market.snapshot(BIDS, ASKS)
    assert market.fills[-1].receipt.evidence is Evidence.GAP
    assert not market.state.positions
    assert market.last_order(resting).filled == 0
    assert any(isinstance(event.body, GapEvaluated) for event in market.journal)


def test_e_05_a_clock_that_goes_back_expires_rolls_and_repeats_nothing() -> None:
    market = holding()
    session, ts = market.state.session, market.engine.ts
    market.now -= 3600 * SECOND
    market.trade(60_000.0, SMALL)
    wait(market, SECOND)
    assert (market.state.session, market.engine.ts) == (session, ts)
    jumps = [event.body for event in market.journal if isinstance(event.body, ClockJumped)]
    assert len(jumps) == 1
    assert jumps[0].delta_ns < 0


def test_e_06_of_two_stops_in_one_tick_the_protective_goes_first_then_the_nearer() -> None:
    market = holding()
    far = market.sell("0.2", trigger="59600", reduce_only=True)
    near = market.sell("0.2", trigger="59700", reduce_only=True)
    market.snapshot([(59_400.0, 0.9), (59_300.0, 5.0)], ASKS)
    stop_id = market.stop.order_id
    market.trade(59_400.0, SMALL)
    changed = [event.body.order for event in market.journal if isinstance(event.body, OrderChanged)]
    fired = [order.order_id for order in changed if order.state is OrderState.TRIGGERED]
    assert fired[0] == stop_id
    assert not market.state.positions
    assert {market.last_order(each).filled for each in (far, near)} == {D(0)}


def test_e_06_of_two_other_stops_in_one_tick_the_nearer_goes_first_and_leaves_what_it_does_not_take() -> None:
    market = holding()
    assert market.do(SetStop(symbol=market.symbol, stop=Stop(price=D(58_000)))).accepted
    far = market.sell("0.2", trigger="59600", reduce_only=True)
    near = market.sell("0.2", trigger="59700", reduce_only=True)
    market.snapshot([(59_400.0, 0.3), (59_300.0, 5.0)], ASKS)
    market.trade(59_400.0, SMALL)
    got = [(fill.order_id, fill.price, fill.qty) for fill in market.fills[1:]]
    assert got == [
        (near.order_ids[0], D(59_400), D("0.2")),
        (far.order_ids[0], D(59_400), D("0.1")),
        (far.order_ids[0], D(59_300), D("0.1")),
    ]


def test_e_07_a_crossed_book_fills_no_entry_and_exits_at_its_worse_side_after_a_second() -> None:
    market = holding(latency_ms=100)
    market.snapshot([(60_100.0, 5.0)], [(60_050.0, 5.0), (60_200.0, 5.0)])
    no = market.buy("0.1", stop="59500")
    assert no.refusal is not None
    assert no.refusal.reason is Reason.STALE_DATA
    market.do(Flatten())
    wait(market, 900 * MS)
    assert market.state.positions
    wait(market, 300 * MS)
    market.snapshot([(60_100.0, 5.0), (60_040.0, 5.0)], [(60_050.0, 5.0), (60_200.0, 5.0)])
    assert market.fills[-1].price <= D("60050")
    assert market.fills[-1].receipt.evidence is Evidence.CROSSED_BOOK


def test_e_09_without_liquidity_an_entry_expires_and_a_stop_works_until_it_is_filled() -> None:
    market = holding()
    market.snapshot([], ASKS)
    market.trade(59_500.0, SMALL)
    stop = market.stop
    assert (stop.state, stop.reason) == (OrderState.WORKING, Reason.NO_LIQUIDITY)
    wait(market, 5 * SECOND)
    wait(market, SECOND)
    assert alarms(market) == [f"{PERP}: its stop at 59500 fired and is not filled after 5 s: no liquidity"]
    market.mark(55_200.0)
    assert market.engine.equity() == D("1000000") - D("4800.1"), "equity uses the mark"
    market.snapshot([(59_000.0, 0.3)], ASKS)
    assert market.stop.leaves == D("0.7")
    market.snapshot([(58_900.0, 5.0)], ASKS)
    assert not market.state.positions
    market.snapshot(BIDS, [])
    refused = market.buy("1", stop="59500").refusal
    assert refused is not None
    assert refused.reason is Reason.NO_PRICE


def test_e_10_dust_is_no_position_and_needs_no_stop() -> None:
    market = Table(spot(lot_size=D("0.0001")), settings=wide_limits()).open(BIDS, ASKS)
    market.buy("0.01", stop="59000")
    assert market.state.positions[market.symbol].signed_qty == D("0.00999")
    market.do(Flatten())
    left = market.state.positions[market.symbol]
    assert left.signed_qty == D("0.00009")
    assert market.state.holding(market.symbol) is None
    assert market.state.stop_of(market.symbol) is None
    assert market.engine.equity() > market.state.cash("USDT"), "it counts in equity"


def test_e_12_a_roll_touches_no_position_and_counts_its_open_risk_in_the_new_day() -> None:
    market = table()
    market.buy("1", stop="59500")
    stop, at_risk = market.stop, market.engine.open_risk()
    session = market.state.session
    assert session is not None
    market.now = session.end_ts
    market.status(FeedState.STREAMING)
    market.snapshot(BIDS, ASKS)
    assert market.state.session != session
    assert market.state.session is not None
    assert market.state.session.anchor == market.engine.equity()
    assert (market.stop, market.engine.open_risk()) == (stop, at_risk)


def test_e_13_a_cancel_that_loses_the_race_leaves_the_fill_valid() -> None:
    market = table(latency_ms=100)
    reply = market.buy("1", limit="59995", stop="59500")
    wait(market, SECOND)
    market.do(CancelOrder(order_id=reply.order_ids[0]))
    market.trade(59_900.0, 1.0)
    wait(market, SECOND)
    order = market.last_order(reply)
    assert (order.state, order.filled) == (OrderState.FILLED, D(1))
    assert market.stop.leaves == 1


def test_e_15_of_a_candle_that_holds_both_the_stop_is_taken() -> None:
    market = holding(target="60500")
    market.status(FeedState.DOWN)
    minute = (market.now // MINUTE + 1) * MINUTE
    market.now = minute + MINUTE
    both = Candle(minute, 60_000.0, 60_900.0, 59_100.0, 60_700.0, 1.0)
    market.feed(CandleHistory(PERP, Timeframe.M1, [both], market.tick()))
    market.status(FeedState.STREAMING)
    market.snapshot(BIDS, ASKS)
    assert [market.state.orders[fill.order_id].role for fill in market.fills[1:]] == [OrderRole.PROTECTIVE]


def test_e_16_after_a_new_tick_a_resting_order_stands_away_from_the_market() -> None:
    market = table()
    reply = market.buy("1", limit="59995.3", stop="59500")
    coarse = msgspec.structs.replace(FREE, tick_size=D("0.5"))
    market.feed(InstrumentListed(coarse, market.tick()))
    market.snapshot(BIDS, ASKS)
    assert market.last_order(reply).price == D("59995.3"), "shown as it was typed"
    market.trade(59_995.5, 1.0)
    assert market.last_order(reply).filled == 0
    market.trade(59_995.0, 1.0)
    assert market.fills[-1].price == 59_995


def test_a_new_lot_makes_dust_of_a_position_and_ends_that_with_a_stop_in_the_same_moment() -> None:
    market = table()
    market.buy("0.005", stop="59500")
    coarse = msgspec.structs.replace(FREE, lot_size=D("0.01"))
    market.feed(InstrumentListed(coarse, market.tick()))
    assert market.state.holding(PERP) is None
    assert not market.state.live, "E-10: dust needs no stop"
    market.feed(InstrumentListed(FREE, market.tick()))
    assert (market.stop.trigger, market.stop.qty) == (D(59_500), D("0.005")), "R-STP-2"


def test_a_stop_follows_a_new_lot_at_once() -> None:
    market = table()
    market.buy("0.015", stop="59500")
    market.feed(InstrumentListed(msgspec.structs.replace(FREE, lot_size=D("0.01")), market.tick()))
    assert market.stop.leaves == D("0.01")


def test_e_18_a_crash_between_trigger_and_fill_keeps_the_trigger() -> None:
    market = holding(latency_ms=100)
    market.trade(59_500.0, SMALL)
    assert market.stop.state is OrderState.TRIGGERED
    stop_id = market.stop.order_id
    market.restart()
    wait(market, SECOND)
    wait(market, 6 * SECOND)
    text = f"{PERP}: its stop at 59500 fired and is not filled after 5 s: data is connecting"
    assert alarms(market) == [text], "the time in between is reported"
    market.status(FeedState.STREAMING)
    market.snapshot([(60_300.0, 5.0)], [(60_300.1, 5.0)])
    assert not market.state.positions
    assert market.fills[-1].price == 60_300, "latched, though the price is back"
    assert steps(market.journal, stop_id).count(OrderState.TRIGGERED) == 1


def test_e_19_a_sleep_is_a_gap_whose_end_is_told_as_a_list() -> None:
    market = holding()
    market.now += 600 * SECOND
    market.feed(ClockTick(market.now, market.now))
    assert market.engine.recovering(PERP)
    market.snapshot([(59_000.0, 5.0)], [(59_000.1, 5.0)])
    assert not market.state.positions
    assert [gap.symbol for gap in market.state.gaps] == [PERP]


def test_e_21_in_a_halt_the_stop_stays_armed_the_mark_liquidates_and_execution_waits() -> None:
    market = Table(FREE, settings=wide_limits(leverage=D(50), balance=D(2_000))).open(BIDS, ASKS)
    market.mark(60_000.0)
    market.buy("1", stop="59500")
    market.status(FeedState.HALTED)
    assert market.stop.state is OrderState.ARMED
    market.mark(58_000.0)
    assert any(o.role is OrderRole.LIQUIDATION for o in market.state.live.values())
    assert market.state.positions
    market.status(FeedState.STREAMING)
    market.snapshot([(59_000.0, 5.0)], [(59_000.1, 5.0)])
    assert not market.state.positions


def test_e_22_a_key_that_is_pressed_twice_acts_once() -> None:
    market = table()
    first, second = (market.buy("1", stop="59500", key="ticket-1") for _ in range(2))
    assert first.order_ids == second.order_ids
    assert market.state.positions[PERP].signed_qty == 1


def test_e_23_a_stop_that_is_moved_through_the_market_executes_at_once() -> None:
    market = holding()
    assert market.do(SetStop(symbol=PERP, stop=Stop(price=D(60_100)))).accepted
    assert not market.state.positions
    assert market.state.orders[market.fills[-1].order_id].role is OrderRole.PROTECTIVE


def test_e_24_of_two_working_exits_the_first_is_served_and_the_rest_shrinks() -> None:
    market = holding(target="60500")
    market.sell("0.6", limit="60400", reduce_only=True)
    market.trade(60_450.0, 0.6, Side.BUY)
    assert market.state.positions[PERP].signed_qty == D("0.4")
    assert (market.target.leaves, market.stop.leaves) == (D("0.4"), D("0.4"))
    market.trade(60_600.0, 5.0, Side.BUY)
    assert not market.state.positions
    assert not market.state.live


# --- and worked examples that are about the same


@pytest.mark.parametrize("roll", ["01:30", "02:30"])
@pytest.mark.parametrize("begin", ["2026-03-07T12:00", "2026-10-31T12:00"])
def test_e_26_a_day_rolls_once_whichever_hour_is_skipped_or_repeated(begin: str, roll: str) -> None:
    settings = wide_limits(zone="America/New_York", roll=roll)
    market, calendar = Table(settings=settings), TradingCalendar("America/New_York", roll)
    market.now = int(datetime.fromisoformat(begin).replace(tzinfo=UTC).timestamp()) * SECOND
    market.open(BIDS, ASKS)
    for _ in range(3 * 24 * 6):
        market.now += 600 * SECOND
        market.feed(ClockTick(market.now, market.now))
    rolls = [event.body for event in market.journal if isinstance(event.body, SessionRolled)]
    assert [each.session_id for each in rolls] == sorted({each.session_id for each in rolls})
    assert len(rolls) == 4
    for each in rolls:
        session = calendar.session_at(each.start_ts)
        assert (each.session_id, each.end_ts) == (session.session_id, session.end_ts)
        assert each.start_ts == session.start_ts


def test_w46_a_stop_that_a_halt_caught_sells_where_trading_goes_on() -> None:
    market = Table(spot(), settings=wide_limits(), latency_ns=100 * MS)
    market.open([(70.0, 50.0)], [(70.01, 50.0)])
    market.buy("1", stop="69")
    wait(market, SECOND)
    market.snapshot([(63.0, 50.0)], [(63.01, 50.0)])
    market.trade(63.0, SMALL)
    market.status(FeedState.HALTED)
    wait(market, SECOND)
    assert market.stop.state is OrderState.TRIGGERED
    market.status(FeedState.STREAMING)
    market.snapshot([(23.0, 50.0)], [(23.01, 50.0)])
    assert market.fills[-1].price == 23


def test_i_51_one_input_acts_in_the_order_of_the_pipeline() -> None:
    """One print after the end of the day fires the stop, fills a resting bid, and breaches the loss."""
    market = Account(account(only(rule("daily_loss", amount=D(1_100), unit=Unit.MONEY)), leverage=D(2)))
    market.mark(20_000.0)
    assert market.buy("1", stop="19000").accepted
    assert market.buy("0.01", limit="18700", stop="18200").accepted
    market.snapshot([(18_800.0, 90.0)], [(20_000.0, 90.0)])
    session = market.state.session
    assert session is not None
    market.now = session.end_ts
    events = market.trade(18_650.0, 5.0)
    seen = [name for event in events if (name := _step(market.state, event.body))]
    first = ["rolled", "protective fired", "protective filled", "maker filled"]
    assert list(dict.fromkeys(seen)) == [*first, "breach", "flatten filled"]


def _step(state: State, body: object) -> str:
    """The step of the pipeline that an event belongs to."""
    match body:
        case SessionRolled():
            return "rolled"
        case LimitBreached(warning=False):
            return "breach"
        case OrderChanged(order=order) if order.state is OrderState.TRIGGERED:
            return f"{order.role.value} fired"
        case Filled(fill=fill) if fill.liquidity is Liquidity.MAKER:
            return "maker filled"
        case Filled(fill=fill):
            return f"{state.orders[fill.order_id].role.value} filled"
        case _:
            return ""
