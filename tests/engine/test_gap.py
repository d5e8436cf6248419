"""What happened while nobody watched: worked example W83 and the rules of section 6.4."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from tests.engine.market import SECOND, Table, perp, spot, steps, wide_limits
from tradetui.domain.command import AcknowledgeGaps, Flatten, SetStop, Stop
from tradetui.domain.event import ClockJumped, GapEvaluated, PricesSeen
from tradetui.domain.fill import Evidence
from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import (
    Candle,
    CandleHistory,
    ClockTick,
    FeedState,
    InstrumentListed,
    MarkPrice,
    MissedTrades,
    Side,
    Timeframe,
    Trade,
)
from tradetui.domain.order import OrderState, TriggerBy
from tradetui.domain.reply import Reason
from tradetui.state import State

D = Decimal
MINUTE = 60 * SECOND
FREE = {"taker_fee": D(0), "maker_fee": D(0)}


def long_position(instrument: Instrument | None = None, **order: str) -> Table:
    table = Table(instrument or perp(**FREE), settings=wide_limits(leverage=D(2)))
    table.open([(59999.9, 5.0)], [(60000.0, 5.0)])
    table.buy("0.5", stop="59000", **order)
    return table


def lose(table: Table) -> int:
    """Lose the data, and return the start of the first whole minute after it."""
    table.status(FeedState.DOWN)
    return (table.now // MINUTE + 1) * MINUTE


def candle(open_ts: int, o: float, h: float, low: float, c: float) -> Candle:
    return Candle(open_ts, o, h, low, c, 1.0)


def come_back(table: Table, *candles: Candle, bid: float = 59500.0) -> None:
    table.now = max(table.now, candles[-1].open_ts + MINUTE) if candles else table.now
    table.feed(CandleHistory(table.symbol, Timeframe.M1, list(candles), table.tick()))
    table.status(FeedState.STREAMING)
    table.snapshot([(bid, 5.0)], [(bid + 0.1, 5.0)])


def reports(table: Table) -> list[GapEvaluated]:
    return [event.body for event in table.journal if isinstance(event.body, GapEvaluated)]


@pytest.mark.parametrize(
    ("opened", "price", "pnl"), [(59400.0, "58970.5", "-514.75"), (58800.0, "58770.6", "-614.7")]
)
def test_w83_an_offline_stop_pays_the_worse_of_trigger_and_open_and_the_slippage(
    opened: float, price: str, pnl: str
) -> None:
    table = long_position()
    minute = lose(table)
    come_back(table, candle(minute, opened, max(opened, 59450.0), 58700.0, 59300.0))
    exit_ = table.fills[-1]
    assert (exit_.price, exit_.realized_pnl) == (D(price), D(pnl))
    assert exit_.receipt.synthetic
    assert exit_.receipt.evidence is Evidence.GAP
    assert not table.state.positions
    (report,) = reports(table)
    assert report.source == "candles"
    assert price in report.text


def test_a_short_mirrors_it() -> None:
    table = Table(perp(**FREE), settings=wide_limits(leverage=D(2))).open([(60000.0, 5.0)], [(60000.1, 5.0)])
    table.sell("0.5", stop="61000")
    minute = lose(table)
    come_back(table, candle(minute, 60600.0, 61300.0, 60500.0, 60700.0), bid=60700.0)
    assert table.fills[-1].price == D("61030.5")


def test_the_stop_goes_through_its_states_and_says_why() -> None:
    table = long_position()
    stop = table.stop
    minute = lose(table)
    come_back(table, candle(minute, 59400.0, 59450.0, 58700.0, 59300.0))
    assert steps(table.journal, stop.order_id)[-2:] == [OrderState.ARMED, OrderState.TRIGGERED]
    assert table.state.orders[stop.order_id].state is OrderState.FILLED
    assert table.state.orders[stop.order_id].reason == Reason.GAP_EVALUATION


def test_a_stop_that_was_not_reached_stands_and_the_worst_price_is_told() -> None:
    table = long_position()
    minute = lose(table)
    come_back(table, candle(minute, 59900.0, 60100.0, 59100.0, 59500.0))
    assert table.stop.state is OrderState.ARMED
    (report,) = reports(table)
    assert "59100" in report.text


def test_of_the_minute_in_which_the_data_was_lost_only_the_close_counts() -> None:
    table = long_position()
    minute = lose(table)
    come_back(table, candle(minute - MINUTE, 60000.0, 60000.0, 58000.0, 59500.0))
    assert table.stop.state is OrderState.ARMED


def test_prints_are_better_evidence_than_candles() -> None:
    table = long_position()
    minute = lose(table)
    prints = [
        Trade(table.symbol, minute + n, minute + n, price, 0.3, Side.SELL, n)
        for n, price in enumerate((59200.0, 58950.0, 58000.0))
    ]
    table.now = minute + MINUTE
    table.feed(MissedTrades(table.symbol, table.tick(), prints))
    come_back(table, candle(minute, 59400.0, 59450.0, 57000.0, 59300.0))
    assert table.fills[-1].price == D("58920.5"), "58,950 less five basis points, down to the tick"
    assert reports(table)[0].source == "trades"


def test_a_target_fills_by_prints_beyond_it_up_to_their_size_and_never_by_a_candle() -> None:
    table = long_position(target="61000")
    minute = lose(table)
    prints = [
        Trade(table.symbol, minute + n, minute + n, price, 0.3, Side.BUY, n)
        for n, price in enumerate((61000.0, 61000.1))
    ]
    table.feed(MissedTrades(table.symbol, table.tick(), prints))
    come_back(table, bid=60500.0)
    exit_ = table.fills[-1]
    assert (exit_.price, exit_.qty, exit_.receipt.synthetic) == (D(61000), D("0.3"), False)
    assert table.stop.leaves == D("0.2"), "the stop follows"
    other = long_position(target="61000")
    come_back(other, candle(lose(other), 60500.0, 62000.0, 60400.0, 60500.0), bid=60500.0)
    assert other.state.positions[other.symbol].qty == D("0.5")


def test_a_target_of_a_former_tick_fills_in_a_gap_no_worse_than_its_limit() -> None:
    table = long_position(target="61000.1")
    minute = lose(table)
    listed = msgspec.structs.replace(table.instrument, tick_size=D("0.5"))
    table.feed(InstrumentListed(listed, table.tick()))
    prints = [Trade(table.symbol, minute, minute, 61001.0, 0.3, Side.BUY, 1)]
    table.feed(MissedTrades(table.symbol, table.tick(), prints))
    come_back(table, bid=60500.0)
    assert table.fills[-1].price == D("61000.5"), "the next price of the new grid (R-NUM-2)"


def test_within_one_candle_the_stop_comes_before_the_target() -> None:
    table = long_position(target="61000")
    minute = lose(table)
    come_back(table, candle(minute, 60000.0, 62000.0, 58500.0, 60500.0), bid=60500.0)
    assert table.fills[-1].price == D("58970.5")
    assert not list(table.state.live.values()), "nothing is left behind"


def test_entries_do_not_fill_in_a_gap() -> None:
    table = Table(perp(**FREE), settings=wide_limits(leverage=D(2))).open([(60000.0, 5.0)], [(60000.1, 5.0)])
    table.buy("0.5", limit="59500", stop="58000")
    minute = lose(table)
    come_back(table, candle(minute, 60000.0, 60000.0, 59000.0, 60000.0), bid=60000.0)
    assert table.fills == []


def test_after_a_restart_the_time_since_the_last_event_is_the_gap() -> None:
    table = long_position(spot())
    since = table.journal[-1].ts
    table.restart()
    minute = (since // MINUTE + 1) * MINUTE
    table.now = minute
    come_back(table, candle(minute, 59400.0, 59450.0, 58700.0, 59300.0))
    assert table.fills[-1].price == D("58970.50")
    assert reports(table)[0].from_ts == since


def test_without_knowledge_the_first_fresh_price_decides_on_the_live_book() -> None:
    table = long_position()
    lose(table)
    come_back(table, bid=58500.0)
    exit_ = table.fills[-1]
    assert (exit_.price, exit_.receipt.evidence) == (D(58500), Evidence.BOOK_LEVEL)


def test_a_short_loss_in_which_nothing_happened_is_not_told() -> None:
    table = long_position()
    lose(table)
    come_back(table, bid=59800.0)
    assert reports(table) == []


def test_the_list_stays_until_it_is_acknowledged_also_over_a_restart() -> None:
    table = long_position()
    minute = lose(table)
    come_back(table, candle(minute, 59900.0, 60100.0, 59100.0, 59500.0))
    table.restart()
    assert len(table.state.gaps) == 1
    assert table.do(AcknowledgeGaps()).text == "1 acknowledged"
    assert table.state.gaps == []
    assert State.fold(table.journal) == table.state
    assert table.do(AcknowledgeGaps()).text == "nothing to acknowledge"


def tick(table: Table, wall_s: float, mono_s: float) -> None:
    table.now += int(wall_s * SECOND)
    table.mono += int(mono_s * SECOND)
    table.feed(ClockTick(table.now, table.mono))


def test_after_a_sleep_nothing_is_fresh_until_the_next_book_and_the_gap_counts() -> None:
    table = long_position()
    tick(table, 0.25, 0.25)
    slept = table.now
    tick(table, 7200, 0.25)
    jumps = [event.body.delta_ns for event in table.journal if isinstance(event.body, ClockJumped)]
    assert jumps == [int(7199.75 * SECOND)]
    assert table.engine.recovering(table.symbol)
    refusal = table.buy("0.1", stop="59000").refusal
    assert refusal is not None
    assert refusal.reason is Reason.RECOVERING
    minute = (slept // MINUTE + 1) * MINUTE
    table.feed(
        CandleHistory(
            table.symbol, Timeframe.M1, [candle(minute, 59400.0, 59450.0, 58700.0, 59300.0)], table.tick()
        )
    )
    table.snapshot([(59300.0, 5.0)], [(59300.1, 5.0)])
    assert table.fills[-1].price == D("58970.5")


def test_ordinary_ticks_say_nothing() -> None:
    table = long_position()
    seq = table.state.seq
    for _ in range(8):
        tick(table, 0.25, 0.25)
    assert table.state.seq == seq
    assert not table.engine.recovering(table.symbol)


# --- where a gap begins after a crash


def watched(table: Table, minutes: int) -> None:
    """The market goes on for a while, a print a minute."""
    for _ in range(minutes):
        table.now += MINUTE
        table.trade(60_000.0, 0.001)


def test_while_something_is_held_it_is_noted_every_five_minutes_that_it_is_watched() -> None:
    table = long_position()
    watched(table, 16)
    noted = [event.ts for event in table.journal if isinstance(event.body, PricesSeen)]
    assert len(noted) == 3
    table.do(Flatten())
    watched(table, 16)
    assert len([event for event in table.journal if isinstance(event.body, PricesSeen)]) == 3


def test_a_start_without_data_does_not_shorten_the_gap_of_the_start_after_it() -> None:
    table = long_position()
    watched(table, 6)
    since = table.state.seen[table.symbol]
    minute = (table.now // MINUTE + 1) * MINUTE
    table.now = minute + 60 * MINUTE
    table.restart()
    for _ in range(3):
        table.now += 5 * SECOND
        table.feed(ClockTick(table.now, table.now))
    assert table.state.last_ts > minute, "an alarm was written"
    table.restart()
    come_back(table, candle(minute, 59400.0, 59450.0, 58700.0, 59300.0))
    assert table.fills[-1].price == D("58970.5")
    assert reports(table)[0].from_ts == since


def test_what_was_printed_while_the_program_still_watched_fires_no_stop_by_the_mark() -> None:
    table = long_position()
    table.mark(60_000.0)
    table.do(SetStop(symbol=table.symbol, stop=Stop(price=D(59_000), by=TriggerBy.MARK)))
    low = (table.now // MINUTE + 1) * MINUTE
    for _ in range(12):
        table.now += MINUTE
        table.mark(60_000.0)
        table.trade(58_500.0, 0.001)
    table.restart()
    later = [candle(low + n * MINUTE, 60000.0, 60000.0, 59900.0, 60000.0) for n in range(6, 13)]
    come_back(table, candle(low, 58_600.0, 58_600.0, 58_500.0, 58_500.0), *later, bid=59_990.0)
    assert table.stop.state is OrderState.ARMED


def prints(table: Table, *rows: tuple[int, float]) -> None:
    """The prints of an outage by their seconds after it began, and the first book after it."""
    began = table.now
    table.now += 100 * SECOND
    missed = [Trade(table.symbol, began + at * SECOND, table.now, price, 1.0, None) for at, price in rows]
    table.feed(MissedTrades(table.symbol, table.tick(), missed))
    table.status(FeedState.STREAMING)
    table.snapshot([(59_900.0, 5.0)], [(59_900.1, 5.0)])


@pytest.mark.parametrize(("at", "fires"), [(10, False), (60, True)])
def test_a_stop_that_was_moved_in_an_outage_is_held_against_what_came_after_the_move(
    at: int, *, fires: bool
) -> None:
    table = long_position()
    table.status(FeedState.DOWN)
    began = table.now
    table.now += 30 * SECOND
    assert table.do(SetStop(symbol=table.symbol, stop=Stop(price=D(59_500)))).accepted
    table.now = began
    prints(table, (5, 60_000.0), (at, 59_400.0), (70, 59_900.0))
    assert bool(table.state.positions) is not fires


@pytest.mark.parametrize(("moved", "fires"), [(0, False), (MINUTE, True)])
def test_of_the_minute_in_which_a_stop_was_moved_only_the_close_counts(moved: int, *, fires: bool) -> None:
    table = long_position()
    minute = lose(table)
    table.now = minute + 30 * SECOND
    assert table.do(SetStop(symbol=table.symbol, stop=Stop(price=D(59_500)))).accepted
    low = candle(minute + moved, 59_900.0, 59_900.0, 59_400.0, 59_800.0)
    come_back(
        table, *[candle(minute, 59_900.0, 59_900.0, 59_900.0, 59_900.0)] * bool(moved), low, bid=59_800.0
    )
    assert bool(table.state.positions) is not fires


@pytest.mark.parametrize("by", [TriggerBy.MARK, TriggerBy.INDEX, TriggerBy.LAST])
def test_the_list_says_that_prints_stood_in_for_a_mark_or_an_index(by: TriggerBy) -> None:
    table = long_position()
    ts = table.tick()
    table.feed(MarkPrice(table.symbol, ts, ts, 60_000.0, 60_000.0))
    table.do(SetStop(symbol=table.symbol, stop=Stop(price=D(59_000), by=by)))
    table.status(FeedState.DOWN)
    prints(table, (10, 58_900.0))
    (report,) = reports(table)
    assert not table.state.positions
    words = f"it looks at the {by.value} price, whose past is not known: trades were taken for it"
    assert (words in report.text) is (by is not TriggerBy.LAST)


def test_a_stop_from_before_an_outage_counts_though_the_exchange_is_behind_the_own_clock() -> None:
    table = long_position()
    table.status(FeedState.DOWN)
    late = table.now - SECOND
    table.now += 100 * SECOND
    missed = [Trade(table.symbol, late, table.now, 58_900.0, 1.0, None)]
    table.feed(MissedTrades(table.symbol, table.tick(), missed))
    table.status(FeedState.STREAMING)
    table.snapshot([(59_900.0, 5.0)], [(59_900.1, 5.0)])
    assert not table.state.positions


def limited(low: float, *more: Candle) -> Table:
    """A stop_limit at 59,000 with its limit at 58,990, whose stop a gap reached; latency 50 ms."""
    table = Table(perp(**FREE), settings=wide_limits(leverage=D(2)), latency_ns=50_000_000)
    table.open([(59999.9, 5.0)], [(60000.0, 5.0)])
    table.buy("0.5", stop=Stop(price=D(59_000), limit=D(58_990)))
    table.now += SECOND
    table.feed(ClockTick(table.now, table.now))
    minute = lose(table)
    later = [msgspec.structs.replace(each, open_ts=minute + n * MINUTE) for n, each in enumerate(more, 1)]
    come_back(table, candle(minute, 59_400.0, 59_400.0, low, low), *later, bid=59_500.0 if more else low)
    return table


def test_a_stop_limit_that_a_gap_passed_fills_at_its_limit_when_the_price_comes_back_in_it() -> None:
    table = limited(58_900.0, candle(0, 58_900.0, 59_600.0, 58_900.0, 59_500.0))
    assert [(fill.price, fill.receipt.synthetic) for fill in table.fills[1:]] == [(D(58_990), True)]
    table.now += 10 * SECOND
    table.snapshot([(59_500.0, 5.0)], [(59_500.1, 5.0)])
    assert not table.state.positions


def test_a_stop_limit_that_a_gap_passed_for_good_rests_and_then_goes_to_market() -> None:
    table = limited(58_900.0)
    assert table.stop.state is OrderState.WORKING
    for _ in range(8):
        table.now += SECOND
        table.snapshot([(58_900.0, 5.0)], [(58_900.1, 5.0)])
    assert [fill.price for fill in table.fills[1:]] == [D(58_900)]
    assert not table.state.positions
