"""Rules of the clock: trading hours, news, flat by the end of the day, and days that were missed."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from tests.engine.rules_table import ENTRY, HOUR, MIDNIGHT, MINUTE, Account, account, only, rule
from tradetui.domain.calendar import Session, TradingCalendar
from tradetui.domain.command import SetLimit, SetStop, Stop
from tradetui.domain.event import AnchorFixed, Locked, Noted, SessionRolled, Unlocked
from tradetui.domain.hours import read_clock, read_hours, read_moment, spans
from tradetui.domain.market_data import ClockTick, FeedState
from tradetui.domain.order import OrderRole
from tradetui.domain.reply import Reason
from tradetui.domain.rule import Rule, Unit
from tradetui.trading.clocks import NEVER, closing

D = Decimal
DAY = 24 * HOUR


def table(*rules: Rule, **changes: object) -> Account:
    market = Account(account(only(*rules), **changes))
    market.clock("00:00")
    return market


def hours(*windows: str) -> Rule:
    return rule("trading_hours", windows=windows)


def test_entries_have_their_hours_in_the_zone_of_the_trader() -> None:
    market = table(hours("mon-fri 08:00-16:30"), zone="Europe/Berlin")
    market.clock("06:59:59")
    refused = market.buy("0.001", stop=str(market.price - 10)).refusal
    assert refused is not None
    assert refused.reason is Reason.LOCKED
    assert "08:00 Europe/Berlin" in refused.text
    market.clock("07:00")
    assert not market.locked
    assert market.try_entry()
    resting = market.buy("0.001", limit=str(ENTRY - 100), stop=str(ENTRY - 200)).order_ids[0]
    market.clock("15:30")
    assert market.locked == ["trading_hours"]
    assert market.state.orders[resting].reason == Reason.LOCKED


def test_a_position_stays_open_out_of_hours_and_its_exits_work() -> None:
    market = table(hours("08:00-16:30"))
    market.clock("16:00")
    market.enter()
    market.clock("16:30")
    assert market.state.positions
    market.leave()


def test_the_lock_of_a_weekend_ends_on_monday() -> None:
    market = table(hours("mon-fri 08:00-16:30"))
    market.clock("17:00", day=17)
    lock = market.state.day.locks[0]
    assert lock.until_ts == MIDNIGHT + 5 * DAY + 8 * HOUR
    market.next_day()
    assert market.locked == ["trading_hours"]
    market.kill()
    market.clock("08:00", day=20)
    assert not market.locked


def test_hours_that_are_tightened_hold_at_once() -> None:
    market = table(hours("08:00-20:00"))
    market.clock("17:00")
    assert not market.locked
    market.do(SetLimit(name="trading_hours", value="08:00-16:00"))
    assert market.locked == ["trading_hours"]


def test_news_close_entries_for_their_moment() -> None:
    market = table(rule("news", windows=("2023-11-15 14:25-14:35",)))
    market.clock("14:24:59")
    assert not market.locked
    market.clock("14:25")
    assert market.locked == ["news"]
    market.clock("14:35")
    assert not market.locked


def alarms(market: Account) -> list[str]:
    notes = [event.body for event in market.journal if isinstance(event.body, Noted)]
    return [note.text for note in notes if note.what == "alarm" and "still open" in note.text]


FLAT_AT = rule("flatten_at", windows=("15:10",))


def test_r_tim_11_entries_end_five_minutes_before_and_everything_is_closed_at_the_time() -> None:
    market = table(FLAT_AT)
    market.clock("12:00")
    market.buy("1", stop=str(ENTRY - 500), target=str(ENTRY + 900))
    resting = market.buy("0.001", limit=str(ENTRY - 100), stop=str(ENTRY - 200)).order_ids[0]
    market.clock("15:04:59")
    assert not market.locked
    market.clock("15:05")
    assert market.locked == ["flatten_at"]
    assert market.state.orders[resting].reason == Reason.LOCKED
    assert market.state.positions
    market.clock("15:10")
    assert not market.state.positions
    assert not market.state.live
    assert market.state.orders[market.fills[-1].order_id].role is OrderRole.FLATTEN
    market.clock("15:11")
    assert not alarms(market)
    market.next_day()
    assert not market.locked
    assert market.try_entry()


def test_r_tim_11_a_position_that_is_still_open_a_minute_later_is_an_alarm() -> None:
    market = table(FLAT_AT)
    market.enter()
    market.status(FeedState.STALE)
    market.clock("15:10")
    assert market.state.positions
    market.clock("15:11")
    market.clock("15:12")
    assert alarms(market) == [f"{market.symbol} still open a minute after 15:10"]
    market.status(FeedState.STREAMING)
    market.quote(market.price)
    assert not market.state.positions


def test_a_time_to_be_flat_that_was_missed_is_made_up_for_and_repeated_by_no_restart() -> None:
    market = table(FLAT_AT)
    market.enter()
    market.restart()
    market.at(MIDNIGHT + 16 * HOUR)
    flattens = [o for o in market.state.live.values() if o.role is OrderRole.FLATTEN]
    assert len(flattens) == 1
    market.restart()
    market.at(MIDNIGHT + 16 * HOUR + MINUTE)
    assert [o for o in market.state.live.values() if o.role is OrderRole.FLATTEN] == flattens
    market.status(FeedState.STREAMING)
    market.quote(market.price)
    assert not market.state.positions
    assert market.locked == ["flatten_at"]


def test_a_time_to_be_flat_at_the_roll_is_the_end_of_the_day() -> None:
    market = table(rule("flatten_at", windows=("00:00",)))
    assert not market.locked, "the day has only begun"
    market.enter()
    market.clock("23:53:59")
    assert not market.locked
    market.clock("23:54")
    assert market.locked == ["flatten_at"]
    market.clock("23:58:59")
    assert market.state.positions
    market.clock("23:59")
    assert not market.state.positions
    assert market.state.day.trades[-1].session_id == "2023-11-15"
    market.next_day()
    assert market.try_entry()


def test_at_the_roll_is_later_than_any_other_time_to_be_flat() -> None:
    market = table(rule("flatten_at", windows=("00:00",)))
    assert not market.do(SetLimit(name="flatten_at", value="15:10")).text, "earlier, so at once"
    assert market.do(SetLimit(name="flatten_at", value="00:00")).text
    market.clock("15:05")
    assert market.locked == ["flatten_at"]


def test_while_entries_are_closed_a_stop_moves_only_toward_the_market() -> None:
    market = table(FLAT_AT)
    market.buy("1", stop=str(ENTRY - 500))
    market.clock("15:05")
    looser = market.do(SetStop(symbol=market.symbol, stop=Stop(price=D(ENTRY - 600)))).refusal
    assert looser is not None
    assert looser.reason is Reason.LOCKED
    assert market.do(SetStop(symbol=market.symbol, stop=Stop(price=D(ENTRY - 400)))).accepted


def berlin(text: str) -> int:
    return int(__import__("datetime").datetime.fromisoformat(text).timestamp()) * 10**9


@pytest.mark.parametrize(
    ("day", "start", "end"),
    [
        ("2026-03-29T00:30+01:00", "2026-03-29T03:00+02:00", "2026-03-29T04:00+02:00"),
        ("2026-10-25T00:30+02:00", "2026-10-25T02:30+02:00", "2026-10-25T04:00+01:00"),
    ],
)
def test_hours_begin_after_the_gap_and_with_the_first_of_two(day: str, start: str, end: str) -> None:
    found = spans([read_hours("02:30-04:00")], TradingCalendar("Europe/Berlin"), berlin(day))
    assert found[0] == (berlin(start), berlin(end))


def test_hours_may_reach_past_midnight_and_join() -> None:
    calendar = TradingCalendar("UTC")
    night = [read_hours("fri 22:00-02:00"), read_hours("sat 01:00-03:00")]
    friday = MIDNIGHT + 2 * DAY
    assert spans(night, calendar, friday)[0] == (friday + 22 * HOUR, friday + 27 * HOUR)
    around = hours("mon-sun 00:00-24:00")
    session = Session("2023-11-15", MIDNIGHT, MIDNIGHT + DAY)
    found = closing(around, MIDNIGHT + HOUR, calendar=calendar, session=session)
    assert found.until_ts == 0
    assert found.next_ts > MIDNIGHT + DAY


def test_days_may_go_around_the_weekend() -> None:
    assert read_hours("sat-mon 10:00-11:00").days == frozenset({5, 6, 0})


@pytest.mark.parametrize("text", ["mon-fry 08:00-16:00", "8-16", "08:00", "24:00-25:00", "mon 08:00-16:60"])
def test_hours_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        read_hours(text)


@pytest.mark.parametrize("text", ["tomorrow 10:00-11:00", "2026-02-30 10:00-11:00"])
def test_moments_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_moment(text)


def test_a_clock_is_hours_and_minutes() -> None:
    assert read_clock(" 15:10 ") == "15:10"
    with pytest.raises(ValueError, match="time of day"):
        read_clock("3pm")


def test_a_day_too_short_for_its_time_to_be_flat_has_none() -> None:
    calendar = TradingCalendar("America/New_York", "02:00")
    session = calendar.session_at(berlin("2026-03-08T12:00-04:00"))
    assert calendar.moment(session, "15:10") == berlin("2026-03-08T15:10-04:00")
    short = Session("x", session.start_ts, session.start_ts + HOUR)
    assert calendar.moment(short, "15:10") is None
    found = closing(FLAT_AT, session.start_ts, calendar=calendar, session=short)
    assert (found.until_ts, found.next_ts) == (0, short.end_ts)


def test_news_that_are_over_ask_for_nothing_more() -> None:
    past = rule("news", windows=("2020-01-01 10:00-11:00",))
    session = Session("2023-11-15", MIDNIGHT, MIDNIGHT + DAY)
    assert closing(past, MIDNIGHT, calendar=TradingCalendar("UTC"), session=session).next_ts == NEVER


# --- days that were missed


def rolls(market: Account) -> list[SessionRolled]:
    return [event.body for event in market.journal if isinstance(event.body, SessionRolled)]


def test_r_tim_10_an_anchor_that_was_estimated_is_fixed_at_the_first_fresh_price_and_never_raised() -> None:
    for price, anchor in ((ENTRY + 500, 200_000), (ENTRY - 700, 199_300)):
        market = table(rule("daily_loss", amount=D(1_000), unit=Unit.MONEY))
        market.buy("1", stop=str(ENTRY - 900))
        market.restart()
        market.at(MIDNIGHT + 2 * DAY + 12 * HOUR)
        assert [roll.estimated for roll in rolls(market)][-2:] == [True, True]
        market.status(FeedState.STREAMING)
        market.quote(price)
        fixed = [event.body for event in market.journal if isinstance(event.body, AnchorFixed)]
        assert [body.anchor for body in fixed] == [anchor]
        assert market.state.session is not None
        assert not market.state.session.estimated
        assert market.engine.day_pnl() == market.engine.equity() - anchor
        market.kill()
        assert len([1 for event in market.journal if isinstance(event.body, AnchorFixed)]) == 1


def test_without_a_position_no_anchor_is_an_estimate() -> None:
    market = table(rule("daily_loss"))
    market.restart()
    market.clock("12:00", day=17)
    assert not any(roll.estimated for roll in rolls(market))


def test_i_44_a_clock_that_goes_back_and_forth_rolls_a_day_once() -> None:
    market = table(rule("daily_loss"))
    for text, day in (("23:59", 15), ("00:01", 16), ("23:58", 15), ("00:02", 16), ("00:00", 17)):
        market.clock(text, day=day)
    ids = [roll.session_id for roll in rolls(market)]
    assert ids == sorted(set(ids))


def test_locks_and_days_come_in_the_order_of_time_after_a_long_sleep() -> None:
    market = table(hours("08:00-16:00"), rule("daily_loss"))
    market.at(MIDNIGHT + 2 * DAY + 9 * HOUR)
    kinds = [type(e.body).__name__ for e in market.journal if isinstance(e.body, Locked | Unlocked)]
    assert kinds == ["Locked", "Unlocked"] * 3
    ts = [event.ts for event in market.journal]
    assert ts == sorted(ts)
    assert not market.locked


def test_a_tick_of_the_clock_is_enough_for_all_of_it() -> None:
    market = table(FLAT_AT)
    market.enter()
    market.clock("15:09:55")
    ts = MIDNIGHT + 15 * HOUR + 10 * MINUTE
    assert market.feed(ClockTick(ts, ts))
    assert not market.state.positions


def test_settings_with_another_latency_flatten_after_it() -> None:
    settings = msgspec.structs.replace(account(only(FLAT_AT)))
    market = Account(settings)
    market.clock("00:00")
    market.enter()
    market.clock("15:10")
    assert market.fills[-1].ts >= MIDNIGHT + 15 * HOUR + 10 * MINUTE
