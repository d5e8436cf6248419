"""A position whose stop sees no price any more is told, whatever the feed says of itself (R-STP-5)."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from tests.engine.market import MS, SECOND, Table, spot, wide_limits
from tradetui.domain.command import Flatten
from tradetui.domain.event import Event, Noted
from tradetui.domain.market_data import ClockTick, FeedState
from tradetui.domain.order import OrderState
from tradetui.runtime.notices import describe

D = Decimal
BIDS = [(60_000.0, 5.0), (59_990.0, 50.0)]
ASKS = [(60_000.1, 5.0), (60_010.0, 50.0)]


def wait(market: Table, seconds: float) -> None:
    """Let time pass as a host's clock does."""
    for _ in range(round(seconds * 4)):
        market.now += 250 * MS
        market.feed(ClockTick(market.now, market.now))


def holding() -> Table:
    market = Table().open(BIDS, ASKS)
    market.trade(60_000.0, 0.1)
    market.buy("0.1", stop="59700")
    return market


def alarms(market: Table) -> list[str]:
    bodies = (event.body for event in market.journal)
    return [body.text for body in bodies if isinstance(body, Noted) and body.what == "alarm"]


def test_silence_of_five_seconds_is_an_alarm_and_is_told_once() -> None:
    market = holding()
    wait(market, 4.75)
    assert alarms(market) == []
    wait(market, 0.5)
    (alarm,) = alarms(market)
    assert alarm == "BTC/USDT:USDT: its stop at 59700 has seen no price for 5 s: nothing comes"
    wait(market, 60)
    assert len(alarms(market)) == 1


def test_the_next_silence_is_another_alarm() -> None:
    market = holding()
    wait(market, 6)
    market.trade(60_000.0, 0.1)
    wait(market, 4)
    assert len(alarms(market)) == 1
    wait(market, 2)
    assert len(alarms(market)) == 2


def test_prints_keep_a_stop_seen_also_while_the_book_is_lost() -> None:
    market = holding()
    market.status(FeedState.GAP)
    for _ in range(10):
        wait(market, 2)
        market.trade(60_000.0, 0.1)
    assert alarms(market) == []


def test_a_moving_book_above_the_stop_needs_no_prints() -> None:
    market = holding()
    for step in range(10):
        wait(market, 2)
        market.delta(bids=[(60_000.0, 5.0 + step)])
    assert alarms(market) == []


@pytest.mark.parametrize("alarm_ms", [500, 1000, 1200, 4000])
def test_a_book_each_tenth_of_a_second_is_no_silence_however_soon_the_alarm(alarm_ms: int) -> None:
    made = msgspec.structs.replace(wide_limits(), alarm_ns=alarm_ms * MS)
    market = Table(settings=made).open(BIDS, ASKS)
    market.trade(60_000.0, 0.1)
    market.buy("0.1", stop="59700")
    for step in range(100):
        market.now += 100 * MS
        market.snapshot([(60_000.0, 5.0 + step % 3)], ASKS)
        market.feed(ClockTick(market.now, market.now))
    assert alarms(market) == []
    wait(market, alarm_ms / 1000 + 0.25)
    assert len(alarms(market)) == 1, "but where no book comes there is an alarm"


def test_a_book_beyond_the_stop_without_a_print_is_an_alarm() -> None:
    market = holding()
    market.snapshot([(59_600.0, 5.0)], [(59_601.0, 5.0)])
    for step in range(4):
        wait(market, 2)
        market.delta(bids=[(59_600.0, 5.0 + step)])
    (alarm,) = alarms(market)
    assert alarm.endswith("the book is beyond it and nothing prints")
    assert market.stop.state is OrderState.ARMED


@pytest.mark.parametrize("state", [FeedState.DOWN, FeedState.STALE])
def test_lost_data_is_an_alarm_with_its_reason(state: FeedState) -> None:
    market = holding()
    market.status(state)
    wait(market, 6)
    (alarm,) = alarms(market)
    assert alarm.endswith(f"the data is {state.value}")


def test_after_a_restart_a_stop_has_five_seconds_to_see_a_price() -> None:
    market = holding()
    market.now += 3600 * SECOND
    market.restart()
    wait(market, 4)
    assert alarms(market) == []
    wait(market, 2)
    assert len(alarms(market)) == 1


def test_a_clock_that_was_set_back_does_not_hide_the_silence() -> None:
    market = holding()
    market.now -= 3600 * SECOND
    wait(market, 6)
    assert len(alarms(market)) == 1


def test_without_a_position_nobody_is_alarmed() -> None:
    market = Table().open(BIDS, ASKS)
    market.buy("0.1", limit="59900", stop="59700")
    wait(market, 60)
    assert alarms(market) == []


def test_a_position_without_a_stop_is_told_once_also_where_none_is_required() -> None:
    settings = wide_limits()
    limits = msgspec.structs.replace(settings.limits, require_stop=False)
    market = Table(settings=msgspec.structs.replace(settings, limits=limits)).open(BIDS, ASKS)
    market.buy("0.1")
    wait(market, 30)
    assert alarms(market) == ["BTC/USDT:USDT stands without a stop"]


def test_an_alarm_is_a_notice() -> None:
    market = holding()
    wait(market, 6)
    (notice,) = describe(market.transactions[-1], market.state)
    assert notice.severity == "warning"
    assert "has seen no price for 5 s" in notice.text


def test_dust_of_a_trade_before_does_not_make_a_new_one_an_old_silence() -> None:
    told = spot(lot_size=D("0.001"))
    market = Table(told, settings=wide_limits()).open(BIDS, ASKS)
    for _ in range(2):
        market.buy("0.1", stop="59700")
        wait(market, 1)
        market.do(Flatten(symbol=told.symbol))
        assert market.state.is_dust(told.symbol)
        wait(market, 30)
    assert alarms(market) == []


# --- a stop that has fired, and a flatten, where nothing fills them (R-STP-6)


def fired_into_nothing() -> Table:
    market = holding()
    market.snapshot([], ASKS)
    market.trade(59_700.0, 0.1)
    assert market.stop.state is OrderState.WORKING
    return market


def test_a_fired_stop_that_nobody_fills_is_an_alarm_once() -> None:
    market = fired_into_nothing()
    wait(market, 4.75)
    assert alarms(market) == []
    wait(market, 0.5)
    (alarm,) = alarms(market)
    assert alarm == "BTC/USDT:USDT: its stop at 59700 fired and is not filled after 5 s: no liquidity"
    for step in range(10):
        market.delta(asks=[(60_010.0, 50.0 + step)])
        wait(market, 2)
    assert len(alarms(market)) == 1
    (notice,) = describe(next(each for each in market.transactions if _alarms(each)), market.state)
    assert (notice.severity, "stop at 59,700.0 fired" in notice.text) == ("warning", True)


def _alarms(events: tuple[Event, ...]) -> bool:
    return any(isinstance(event.body, Noted) and event.body.what == "alarm" for event in events)


def test_a_fired_stop_whose_data_is_lost_before_it_acts_is_an_alarm() -> None:
    market = Table(latency_ns=100 * MS).open(BIDS, ASKS)
    market.trade(60_000.0, 0.1)
    market.buy("0.1", stop="59700")
    wait(market, 1)
    market.trade(59_700.0, 0.1)
    market.status(FeedState.DOWN)
    wait(market, 6)
    assert market.stop.state is OrderState.TRIGGERED
    (alarm,) = alarms(market)
    assert alarm.endswith("its stop at 59700 fired and is not filled after 5 s: data is down")


def test_what_is_left_of_a_fired_stop_is_told() -> None:
    market = fired_into_nothing()
    market.snapshot([(59_600.0, 0.04)], ASKS)
    assert market.engine.waits_for(market.stop.order_id) == "no liquidity", "what is shown we have taken"
    market.snapshot([], ASKS)
    wait(market, 6)
    (alarm,) = alarms(market)
    assert alarm.endswith("no liquidity, 0.06 to go")


def test_what_happens_meanwhile_does_not_put_the_alarm_off() -> None:
    market = fired_into_nothing()
    for step in range(3):
        wait(market, 1)
        market.mark(59_000.0 - step)
    wait(market, 2.25)
    assert [alarm for alarm in alarms(market) if "is not filled after 5 s" in alarm]


def test_an_entry_that_waits_is_no_alarm() -> None:
    market = Table(settings=wide_limits(), latency_ns=100 * MS).open(BIDS, ASKS)
    market.trade(60_000.0, 0.1)
    market.buy("0.1", stop="59700")
    wait(market, 1)
    entry = market.buy("0.1", stop="59700")
    market.status(FeedState.DOWN)
    wait(market, 6)
    assert market.engine.waits_for(entry.order_ids[0]) == "data is down"
    assert [alarm for alarm in alarms(market) if "seen no price" not in alarm] == []


def test_a_flatten_that_nobody_fills_is_an_alarm_and_its_reply_said_so() -> None:
    market = holding()
    market.snapshot([], ASKS)
    reply = market.do(Flatten(symbol=market.symbol))
    assert reply.text == "BTC/USDT:USDT is open until its flatten can fill: no liquidity"
    wait(market, 6)
    found = [alarm for alarm in alarms(market) if "flatten" in alarm]
    assert found == ["BTC/USDT:USDT: its flatten is not filled after 5 s: no liquidity"]
    again = market.do(Flatten(symbol=market.symbol))
    assert again.text == f"it is being closed already; {reply.text}"
    market.snapshot(BIDS, ASKS)
    assert market.do(Flatten(symbol=market.symbol)).text == "nothing is open"


@pytest.mark.parametrize(
    ("states", "why"),
    [
        ([FeedState.DOWN], "data is down"),
        ([FeedState.GAP], "data has a gap"),
        ([FeedState.HALTED], "trading is halted"),
        ([FeedState.CROSSED], "the book is crossed"),
        ([FeedState.DOWN, FeedState.STREAMING], "no fresh book yet"),
    ],
)
def test_a_flatten_tells_what_it_waits_for(states: list[FeedState], why: str) -> None:
    market = holding()
    if why == "the book is crossed":
        market.snapshot([(60_100.0, 5.0)], [(60_050.0, 5.0)])
    for state in states:
        market.status(state)
    reply = market.do(Flatten(symbol=market.symbol))
    assert reply.text == f"{market.symbol} is open until its flatten can fill: {why}"
    assert market.engine.waits_for(reply.order_ids[0]) == why
    assert market.engine.waits_for(market.stop.order_id) == "", "it is armed"


def test_a_flatten_that_fills_says_nothing_of_waiting() -> None:
    market = holding()
    assert market.do(Flatten(symbol=market.symbol)).text == ""
    wait(market, 6)
    assert alarms(market) == []


def test_a_fired_stop_that_waited_before_a_restart_is_told_after_it() -> None:
    market = fired_into_nothing()
    market.restart()
    wait(market, 6)
    (alarm,) = alarms(market)
    assert alarm.endswith("is not filled after 5 s: data is connecting")
    market.status(FeedState.STREAMING)
    market.snapshot(BIDS, ASKS)
    assert not market.state.positions


def test_after_how_long_an_alarm_comes_is_a_setting() -> None:
    market = Table(settings=msgspec.structs.replace(wide_limits(), alarm_ns=2 * SECOND)).open(BIDS, ASKS)
    market.trade(60_000.0, 0.1)
    market.buy("0.1", stop="59700")
    wait(market, 2.5)
    assert alarms(market)[-1].endswith("has seen no price for 2 s: nothing comes")
    market.snapshot([], ASKS)
    market.trade(59_700.0, 0.1)
    wait(market, 2.5)
    assert alarms(market)[-1].endswith("is not filled after 2 s: no liquidity")
