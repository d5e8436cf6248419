"""The past of mark and index in a gap (sections 6.3 and 6.4), with numbers counted by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.engine.market import PERP, SECOND, Table, perp, wide_limits
from tests.engine.test_gap import FREE, MINUTE, candle, long_position, lose, reports
from tests.engine.test_liquidation import ETH, Two
from tradetui.domain.command import (
    AdjustMargin,
    AnyCommand,
    Deposit,
    MarginMode,
    SetLeverage,
    SetStop,
    Stop,
)
from tradetui.domain.event import Liquidated
from tradetui.domain.fill import Evidence
from tradetui.domain.market_data import (
    Asking,
    Candle,
    FeedState,
    FeedStatus,
    MarkPrice,
    MissedCandles,
    MissedTrades,
    Missing,
    PriceKind,
    Side,
    Trade,
)
from tradetui.domain.order import OrderState, Trail, TriggerBy
from tradetui.domain.reply import Reason
from tradetui.state import State

D = Decimal


def held(by: TriggerBy) -> Table:
    """Long 0.5 at 60,000 with a stop at 59,000 by a price, where last, mark and index are equal."""
    table = long_position()
    ts = table.tick()
    table.feed(MarkPrice(table.symbol, ts, ts, 60_000.0, 60_000.0))
    assert table.do(SetStop(symbol=table.symbol, stop=Stop(price=D(59_000), by=by))).accepted
    return table


def told(table: Table, kind: PriceKind, *candles: Candle) -> None:
    """What a feed tells of a price."""
    table.now = max(table.now, candles[-1].open_ts + MINUTE)
    table.feed(MissedCandles(table.symbol, table.tick(), kind, list(candles)))


def printed(table: Table, *rows: tuple[int, float], is_whole: bool = True) -> None:
    """The prints of a gap, by their moments."""
    trades = [Trade(table.symbol, ts, ts, price, 1.0, None) for ts, price in rows]
    table.now = max(table.now, *(trade.ts_exchange for trade in trades))
    table.feed(MissedTrades(table.symbol, table.tick(), trades, is_whole))


def come_back(table: Table, bid: float = 59_900.0) -> None:
    table.status(FeedState.STREAMING)
    table.snapshot([(bid, 5.0)], [(bid + 0.1, 5.0)])


def test_a_stop_by_the_mark_fires_by_the_marks_own_past_though_no_print_reached_it() -> None:
    table = held(TriggerBy.MARK)
    minute = lose(table)
    told(table, PriceKind.MARK, candle(minute, 59_800.0, 59_850.0, 58_990.0, 59_700.0))
    printed(table, (minute + SECOND, 59_500.0), (minute + 2 * SECOND, 59_600.0))
    come_back(table)
    exit_ = table.fills[-1]
    assert exit_.price == D("58970.5"), "59,000 less five basis points"
    assert exit_.receipt.evidence is Evidence.GAP
    (report,) = reports(table)
    assert (
        report.text == "closed 0.5 at 58970.5 while away; it looks at the mark price: its candles were taken"
    )


def test_a_wick_of_the_last_price_leaves_a_stop_by_the_mark_alone() -> None:
    table = held(TriggerBy.MARK)
    minute = lose(table)
    told(table, PriceKind.MARK, candle(minute, 59_800.0, 59_850.0, 59_010.0, 59_700.0))
    printed(table, (minute + SECOND, 57_000.0), (minute + 2 * SECOND, 59_600.0))
    come_back(table)
    assert table.stop.state is OrderState.ARMED
    (report,) = reports(table)
    assert report.text == (
        "the stop was not reached: the worst price was 59010; "
        "it looks at the mark price: its candles were taken"
    )


def test_a_stop_by_the_mark_gets_no_more_than_what_traded_last() -> None:
    """The print fires nothing: the mark does a minute later, when nothing had traded higher since."""
    table = held(TriggerBy.MARK)
    minute = lose(table)
    told(
        table,
        PriceKind.MARK,
        candle(minute, 59_800.0, 59_850.0, 59_100.0, 59_700.0),
        candle(minute + MINUTE, 59_700.0, 59_850.0, 58_990.0, 59_700.0),
    )
    printed(table, (minute + 10 * SECOND, 58_900.0), (minute + 2 * MINUTE, 59_600.0))
    come_back(table)
    assert table.fills[-1].price == D("58870.5"), "58,900 x 0.9995 is 58,870.55, down to the tick"


def test_a_short_stop_by_the_mark_gets_no_less_than_what_traded_last() -> None:
    table = Table(perp(**FREE), settings=wide_limits(leverage=D(2)))
    table.open([(60_000.0, 5.0)], [(60_000.1, 5.0)])
    table.sell("0.5", stop="61000")
    ts = table.tick()
    table.feed(MarkPrice(table.symbol, ts, ts, 60_000.0, 60_000.0))
    by_mark = Stop(price=D(61_000), by=TriggerBy.MARK)
    assert table.do(SetStop(symbol=table.symbol, stop=by_mark)).accepted
    minute = lose(table)
    told(
        table,
        PriceKind.MARK,
        candle(minute, 60_200.0, 60_900.0, 60_150.0, 60_300.0),
        candle(minute + MINUTE, 60_300.0, 61_010.0, 60_150.0, 60_300.0),
    )
    printed(table, (minute + 10 * SECOND, 61_100.0), (minute + 2 * MINUTE, 60_400.0))
    come_back(table, bid=60_100.0)
    assert table.fills[-1].price == D("61130.6"), "61,100 x 1.0005 is 61,130.55, up to the tick"


@pytest.mark.parametrize(("opened", "price"), [(58_800.0, "58770.6"), (59_400.0, "58970.5")])
def test_a_mark_that_opened_beyond_the_stop_fills_it_from_there(opened: float, price: str) -> None:
    table = held(TriggerBy.MARK)
    minute = lose(table)
    told(table, PriceKind.MARK, candle(minute, opened, 59_450.0, 58_700.0, 59_300.0))
    come_back(table)
    assert table.fills[-1].price == D(price)


@pytest.mark.parametrize(("low", "fires"), [(58_990.0, True), (59_010.0, False)])
def test_a_stop_by_the_index_looks_at_the_index(low: float, *, fires: bool) -> None:
    table = held(TriggerBy.INDEX)
    minute = lose(table)
    told(table, PriceKind.INDEX, candle(minute, 59_800.0, 59_850.0, low, 59_700.0))
    told(table, PriceKind.MARK, candle(minute, 59_800.0, 59_850.0, 58_000.0, 59_700.0))
    come_back(table)
    assert bool(table.state.positions) is not fires
    assert "it looks at the index price: its candles were taken" in reports(table)[0].text


def test_where_no_mark_is_told_the_index_takes_its_place_and_then_what_printed() -> None:
    table = held(TriggerBy.MARK)
    minute = lose(table)
    told(table, PriceKind.INDEX, candle(minute, 59_800.0, 59_850.0, 58_990.0, 59_700.0))
    printed(table, (minute + SECOND, 59_600.0))
    come_back(table)
    assert not table.state.positions
    words = "it looks at the mark price, whose past is not known: candles of the index were taken for it"
    assert words in reports(table)[0].text


def test_minutes_that_the_mark_lacks_are_filled_by_what_printed() -> None:
    table = held(TriggerBy.MARK)
    minute = lose(table)
    told(table, PriceKind.MARK, candle(minute, 59_800.0, 59_850.0, 59_700.0, 59_700.0))
    printed(table, (minute + SECOND, 58_000.0), (minute + 61 * SECOND, 58_900.0))
    come_back(table)
    assert table.fills[-1].price == D("58870.5"), "the first print is of a minute that the mark tells"


def test_a_stop_by_the_last_price_does_not_look_at_the_mark() -> None:
    table = held(TriggerBy.LAST)
    minute = lose(table)
    told(table, PriceKind.MARK, candle(minute, 59_800.0, 59_850.0, 58_000.0, 59_700.0))
    printed(table, (minute + SECOND, 59_100.0))
    come_back(table)
    assert table.stop.state is OrderState.ARMED


def test_liquidation_looks_at_the_mark_and_not_at_what_printed() -> None:
    for kind, is_liquidated in ((PriceKind.MARK, True), (PriceKind.LAST, False)):
        table = Table(perp(**FREE), settings=wide_limits(leverage=D(10)))
        table.open([(59_999.9, 50.0)], [(60_000.0, 50.0)])
        table.mark(60_000.0)
        table.buy("1", stop="55000")
        minute = lose(table)
        quiet = candle(minute, 59_900.0, 59_900.0, 59_800.0, 59_900.0)
        deep = candle(minute, 59_900.0, 59_900.0, 54_200.0, 59_900.0)
        told(table, PriceKind.MARK, deep if kind is PriceKind.MARK else quiet)
        told(table, PriceKind.LAST, deep if kind is PriceKind.LAST else quiet)
        come_back(table)
        found = [event.body for event in table.journal if isinstance(event.body, Liquidated)]
        assert bool(found) is is_liquidated
        assert not table.state.positions, "the stop at 55,000 was reached by what traded"
        if not is_liquidated:
            assert table.fills[-1].price == D("54972.5")


def test_within_one_minute_the_mark_liquidates_before_prints_reach_the_stop() -> None:
    table = Table(perp(**FREE), settings=wide_limits(leverage=D(10)))
    table.open([(59_999.9, 50.0)], [(60_000.0, 50.0)])
    table.mark(60_000.0)
    table.buy("1", stop="55000")
    minute = lose(table)
    told(table, PriceKind.MARK, candle(minute, 59_900.0, 59_900.0, 54_200.0, 59_900.0))
    printed(table, (minute + SECOND, 54_900.0))
    come_back(table)
    assert any(isinstance(event.body, Liquidated) for event in table.journal)


@pytest.mark.parametrize("marked_first", [True, False])
def test_a_mark_that_comes_before_the_first_book_does_not_let_the_stop_go_first(
    *, marked_first: bool
) -> None:
    """In one candle liquidation comes first: 6,000 of margin are gone, where the stop would lose 5,027.5."""
    table = Table(perp(**FREE), settings=wide_limits(leverage=D(10)))
    table.open([(59_999.9, 50.0)], [(60_000.0, 50.0)])
    table.mark(60_000.0)
    table.buy("1", stop="55000")
    told(table, PriceKind.MARK, candle(lose(table), 59_900.0, 59_900.0, 54_000.0, 54_000.0))
    table.status(FeedState.STREAMING)
    if marked_first:
        table.mark(54_000.0)
    table.snapshot([(54_000.0, 50.0)], [(54_000.1, 50.0)])
    assert table.engine.equity() == 994_000
    assert not table.state.positions


def test_the_list_says_where_the_mark_that_liquidates_is_not_known() -> None:
    table = held(TriggerBy.LAST)
    minute = lose(table)
    printed(table, (minute + SECOND, 59_500.0))
    table.now += MINUTE
    come_back(table)
    words = "liquidation looks at the mark price, whose past is not known: trades were taken for it"
    assert words in reports(table)[0].text


def test_a_trail_by_the_mark_follows_the_marks_past_adverse_extreme_first() -> None:
    table = long_position()
    ts = table.tick()
    table.feed(MarkPrice(table.symbol, ts, ts, 60_000.0, 60_000.0))
    assert table.do(
        SetStop(symbol=table.symbol, stop=Stop(trail=Trail(distance=D(1_000)), by=TriggerBy.MARK))
    ).accepted
    minute = lose(table)
    first = candle(minute, 60_000.0, 61_500.0, 59_200.0, 61_000.0)
    second = candle(minute + MINUTE, 61_000.0, 61_100.0, 60_600.0, 61_000.0)
    told(table, PriceKind.MARK, first, second)
    come_back(table, bid=61_000.0)
    assert table.stop.trigger == D(60_500)
    assert table.stop.state is OrderState.ARMED


# --- the minute in which the data was lost, and the one that is not over


def in_a_minute(by: TriggerBy) -> tuple[Table, int]:
    """The stop stands since the minute before; the data is lost at the twentieth second of a minute."""
    table = held(by)
    minute = (table.now // MINUTE + 1) * MINUTE
    table.now = minute + 20 * SECOND
    table.mark(60_000.0)
    table.status(FeedState.DOWN)
    return table, minute


@pytest.mark.parametrize("by", [TriggerBy.MARK, TriggerBy.LAST])
def test_what_the_minute_of_the_loss_reached_it_reached_in_the_loss(by: TriggerBy) -> None:
    table, minute = in_a_minute(by)
    table.feed(
        MissedCandles(
            table.symbol,
            table.tick(20 * SECOND),
            PriceKind(by.value),
            [candle(minute, 60_000.0, 60_010.0, 58_990.0, 59_900.0)],
        )
    )
    come_back(table)
    assert table.fills[-1].price == D("58970.5")


def test_prints_of_the_minute_of_the_loss_count_for_the_mark_as_far_as_its_candle_went() -> None:
    for low, fires in ((59_010.0, False), (58_950.0, True)):
        table = long_position()
        table.now = (table.now // MINUTE + 1) * MINUTE + 10 * SECOND
        minute = table.now - table.now % MINUTE
        ts = table.tick()
        table.feed(MarkPrice(table.symbol, ts, ts, 60_000.0, 60_000.0))
        table.do(SetStop(symbol=table.symbol, stop=Stop(price=D(59_000), by=TriggerBy.MARK)))
        table.status(FeedState.DOWN)
        table.tick(20 * SECOND)
        mark = candle(minute, 60_000.0, 60_010.0, low, 59_900.0)
        table.feed(MissedCandles(table.symbol, table.tick(), PriceKind.MARK, [mark]))
        printed(table, (table.now - SECOND, 58_900.0))
        come_back(table)
        assert bool(table.state.positions) is not fires


@pytest.mark.parametrize("by", [TriggerBy.MARK, TriggerBy.LAST])
def test_a_loss_begins_with_the_last_that_was_heard_and_not_when_silence_is_told(by: TriggerBy) -> None:
    table = held(by)
    minute = (table.now // MINUTE + 1) * MINUTE
    table.now = minute + 50 * SECOND
    table.mark(60_000.0)
    table.trade(60_000.0, 0.001)
    table.now = minute + 62 * SECOND
    table.status(FeedState.STALE)
    wick = candle(minute, 60_000.0, 60_010.0, 58_990.0, 59_900.0)
    told(table, PriceKind(by.value), wick, candle(minute + MINUTE, 59_900.0, 59_900.0, 59_900.0, 59_900.0))
    come_back(table)
    assert table.fills[-1].price == D("58970.5")


def test_a_minute_that_is_not_over_counts_too() -> None:
    table = held(TriggerBy.MARK)
    minute = lose(table)
    table.now = minute + 30 * SECOND
    forming = candle(minute, 59_800.0, 59_850.0, 58_990.0, 59_700.0)
    table.feed(MissedCandles(table.symbol, table.tick(), PriceKind.MARK, [forming]))
    come_back(table)
    assert table.fills[-1].price == D("58970.5")
    assert table.fills[-1].receipt.ts_exchange <= table.now


# --- what is not whole


def test_prints_that_are_not_all_are_filled_up_by_candles() -> None:
    table = held(TriggerBy.LAST)
    minute = lose(table)
    early = candle(minute, 59_800.0, 59_850.0, 58_990.0, 59_700.0)
    late = candle(minute + 5 * MINUTE, 59_800.0, 59_850.0, 59_700.0, 59_700.0)
    told(table, PriceKind.LAST, early, late)
    printed(table, (minute + 5 * MINUTE, 59_800.0), (minute + 6 * MINUTE, 59_700.0), is_whole=False)
    come_back(table)
    assert table.fills[-1].price == D("58970.5")
    assert reports(table)[0].source == "trades and candles"


def test_the_list_says_of_how_much_of_the_time_nothing_is_known() -> None:
    table = held(TriggerBy.LAST)
    minute = lose(table)
    told(table, PriceKind.LAST, candle(minute + 10 * MINUTE, 59_800.0, 59_850.0, 59_700.0, 59_700.0))
    come_back(table)
    assert "nothing of the last price is known of the first 10 min" in reports(table)[0].text


# --- what is asked, and the wait for it


def test_what_is_wanted_of_a_gap_follows_from_what_is_held() -> None:
    table = held(TriggerBy.LAST)
    assert table.engine.missing(table.symbol) is None, "nothing is lost"
    table.mark(60_000.0)
    since = table.now
    table.status(FeedState.DOWN)
    assert table.engine.missing(table.symbol) == Missing(since, (PriceKind.LAST, PriceKind.MARK))
    other = held(TriggerBy.INDEX)
    other.status(FeedState.DOWN)
    missing = other.engine.missing(other.symbol)
    assert missing is not None
    assert missing.kinds == (PriceKind.LAST, PriceKind.MARK, PriceKind.INDEX)
    flat = Table(perp(**FREE)).open([(59_999.9, 5.0)], [(60_000.0, 5.0)])
    flat.status(FeedState.DOWN)
    assert flat.engine.missing(flat.symbol) is None


def asked(table: Table, *, has_ended: bool = False) -> None:
    table.feed(Asking(table.symbol, table.tick(), has_ended))


def test_a_fresh_book_waits_for_what_is_being_asked_about_the_gap() -> None:
    table = held(TriggerBy.LAST)
    lose(table)
    lost = table.now
    asked(table)
    come_back(table)
    assert table.engine.recovering(table.symbol)
    printed(table, (lost, 58_900.0))
    assert table.state.positions
    asked(table, has_ended=True)
    assert table.fills[-1].price == D("58870.5")
    assert not table.engine.recovering(table.symbol)


def test_it_is_not_waited_for_longer_than_ten_seconds() -> None:
    table = held(TriggerBy.LAST)
    lose(table)
    asked(table)
    table.now += 60 * SECOND
    come_back(table)
    for _ in range(9):
        table.now += SECOND
        table.snapshot([(59_900.0, 5.0)], [(59_900.1, 5.0)])
    assert table.engine.recovering(table.symbol)
    table.now += SECOND
    table.snapshot([(59_900.0, 5.0)], [(59_900.1, 5.0)])
    assert not table.engine.recovering(table.symbol)


def test_who_holds_nothing_waits_for_nothing() -> None:
    table = Table(perp(**FREE), settings=wide_limits()).open([(59_999.9, 5.0)], [(60_000.0, 5.0)])
    table.buy("0.5", limit="59000", stop="58000")
    lose(table)
    asked(table)
    come_back(table)
    assert not table.engine.recovering(table.symbol)


def test_the_state_that_went_through_it_folds_from_its_events() -> None:
    table = held(TriggerBy.MARK)
    minute = lose(table)
    asked(table)
    come_back(table)
    told(table, PriceKind.MARK, candle(minute, 59_800.0, 59_850.0, 58_990.0, 59_700.0))
    asked(table, has_ended=True)
    assert not table.state.positions
    assert State.fold(table.journal) == table.state


def test_a_stop_that_the_returning_mark_fired_still_gets_what_the_gap_would_have_given() -> None:
    table = held(TriggerBy.MARK)
    minute = lose(table)
    asked(table)
    table.now = minute + MINUTE
    table.status(FeedState.STREAMING)
    table.mark(58_900.0)
    table.snapshot([(59_900.0, 5.0)], [(59_900.1, 5.0)])
    assert table.stop.state is OrderState.TRIGGERED
    told(table, PriceKind.MARK, candle(minute, 58_500.0, 58_990.0, 58_400.0, 58_900.0))
    asked(table, has_ended=True)
    assert [fill.price for fill in table.fills[1:]] == [D("58470.7")], "58,500 x 0.9995 is 58,470.75"
    assert State.fold(table.journal) == table.state


@pytest.mark.parametrize("mode", list(MarginMode))
def test_nobody_strengthens_in_hindsight_what_a_gap_may_have_liquidated(mode: MarginMode) -> None:
    table = Table(perp(**FREE), settings=wide_limits(leverage=D(10), margin_mode=mode, balance=D(6_500)))
    table.open([(59_999.9, 50.0)], [(60_000.0, 50.0)])
    table.mark(60_000.0)
    assert table.buy("1", stop="55000").accepted
    lose(table)
    commands: tuple[AnyCommand, ...] = (
        (Deposit(amount=D(100_000)),)
        if mode is MarginMode.CROSS
        else (AdjustMargin(symbol=PERP, amount=D(100)), SetLeverage(symbol=PERP, leverage=D("9.5")))
    )
    for command in commands:
        refusal = table.do(command).refusal
        assert refusal is not None
        assert refusal.reason is Reason.RECOVERING
    come_back(table)
    for command in commands:
        assert table.do(command).accepted


def crashed_together(*, both: bool, wicks: bool = False) -> Two:
    """Of 1,000 one position loses 400 in a gap, the other 600: in the same minute, or each in its own.

    For the whole minute, or as a wick of it.
    """
    two = Two()
    two.buy(PERP, "0.5", "19500")
    two.buy(ETH, "5", "960")
    table = two.table
    for symbol in (PERP, ETH):
        table.feed(FeedStatus(symbol, table.tick(), FeedState.DOWN))
    minute = (table.now // MINUTE + 1) * MINUTE
    table.now = minute + 4 * MINUTE
    low_of = {PERP: (20_000.0, 19_200.0, (1,)), ETH: (1_000.0, 880.0, (1,) if both else (3,))}
    for symbol, (usual, low, when) in low_of.items():
        for kind in (PriceKind.LAST, PriceKind.MARK):
            rows = [
                candle(
                    minute + n * MINUTE, usual if wicks else price, usual, price, usual if wicks else price
                )
                for n in range(4)
                for price in [low if n in when and kind is PriceKind.MARK else usual]
            ]
            table.feed(MissedCandles(symbol, table.tick(), kind, rows))
    for symbol, (usual, _, _) in low_of.items():
        table.feed(FeedStatus(symbol, table.tick(), FeedState.STREAMING))
        two.quote(symbol, usual)
    return two


@pytest.mark.parametrize("both", [True, False])
@pytest.mark.parametrize("wicks", [True, False])
def test_what_a_cross_account_lost_in_one_minute_of_a_gap_counts_together(*, both: bool, wicks: bool) -> None:
    two = crashed_together(both=both, wicks=wicks)
    found = [event.body for event in two.table.journal if isinstance(event.body, Liquidated)]
    assert bool(found) is both
    assert State.fold(two.table.journal) == two.table.state


def test_of_a_cross_account_a_fresh_book_waits_for_what_is_asked_about_the_other_position() -> None:
    two = Two()
    two.buy(PERP, "0.5", "19500")
    two.buy(ETH, "5", "960")
    table = two.table
    for symbol in (PERP, ETH):
        table.feed(FeedStatus(symbol, table.tick(), FeedState.DOWN))
        table.feed(Asking(symbol, table.tick()))
    table.feed(Asking(PERP, table.tick(), has_ended=True))
    table.feed(FeedStatus(PERP, table.tick(), FeedState.STREAMING))
    two.quote(PERP, 20_000.0)
    assert table.engine.recovering(PERP)
    table.feed(Asking(ETH, table.tick(), has_ended=True))
    two.quote(PERP, 20_000.0)
    assert not table.engine.recovering(PERP)


def wicks_of(btc: tuple[float, float, float, float], eth: tuple[float, float, float, float]) -> Table:
    """A cross account with 1,000, long 0.5 BTC from 20,000 and 5 ETH from 1,000, and a lost minute of it."""
    two = Two(liquidation_fee=D(0))
    two.buy(PERP, "0.5", "19500")
    two.buy(ETH, "5", "880")
    table = two.table
    for symbol in (PERP, ETH):
        table.feed(FeedStatus(symbol, table.tick(), FeedState.DOWN))
    minute = (table.now // MINUTE + 1) * MINUTE
    table.now = minute + 2 * MINUTE
    for symbol, usual, row in ((PERP, 20_000.0, btc), (ETH, 1_000.0, eth)):
        told = [(PriceKind.LAST, (usual,) * 4), (PriceKind.MARK, row)]
        for kind, prices in told:
            table.feed(MissedCandles(symbol, table.tick(), kind, [candle(minute, *prices)]))
    for symbol, usual in ((PERP, 20_000.0), (ETH, 1_000.0)):
        table.feed(FeedStatus(symbol, table.tick(), FeedState.STREAMING))
        two.quote(symbol, usual)
    return table


def sales(table: Table) -> list[tuple[str, Decimal]]:
    return [(fill.symbol, fill.price) for fill in table.fills if fill.side is Side.SELL]


def test_r_liq_2_in_a_gap_too_the_largest_loss_goes_first_and_may_be_enough() -> None:
    """At 812 ETH has lost 940: 60 do not carry the 70.3 that both need, and do carry BTC's 50."""
    table = wicks_of((20_000.0, 20_000.0, 20_000.0, 20_000.0), (1_000.0, 1_000.0, 812.0, 1_000.0))
    assert sales(table) == [(ETH, D("811.5"))], "812 x 0.9995 is 811.594, down to the tick"
    assert table.state.positions.keys() == {PERP}
    own, other = reports(table)
    assert (own.symbol, own.text.split(":")[0]) == (PERP, "the stop was not reached")
    words = "closed 5 at 811.5 while away, by what the whole margin had lost"
    assert (other.symbol, other.text) == (ETH, words)
    assert State.fold(table.journal) == table.state


def test_what_others_lost_lets_no_position_be_liquidated_better_than_its_own_price_was() -> None:
    """BTC has lost 500 at 19,000; with the 450 of ETH's wick it is carried down to 19,040.7: too late."""
    table = wicks_of((19_000.0, 19_000.0, 18_990.0, 19_000.0), (1_000.0, 1_000.0, 910.0, 1_000.0))
    assert sales(table) == [(PERP, D(18_990))], "19,000 x 0.9995 is 18,990.5, down to the tick"
