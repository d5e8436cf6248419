"""Guards that count closed trades, and one that looks back at equity."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from tests.engine.market import spot
from tests.engine.rules_table import ENTRY, HOUR, MINUTE, Account, account, only, rule
from tradetui.domain.command import SetStop, Size, Stop, SubmitOrder
from tradetui.domain.event import EquityMarked
from tradetui.domain.market_data import BookSnapshot, FeedState, FeedStatus, InstrumentListed, Side
from tradetui.domain.order import OrderRole
from tradetui.domain.reply import Reason
from tradetui.domain.rule import LockUntil, Reset, Rule, Scope
from tradetui.engine.readings import read_all
from tradetui.trading.episodes import Episode
from tradetui.trading.protections import (
    Scene,
    business_days,
    findings,
    is_pattern_day_trader,
)

D = Decimal


def table(*rules: Rule, **changes: object) -> Account:
    market = Account(account(only(*rules), **changes))
    market.clock("00:00")
    return market


@pytest.mark.parametrize(("third", "locks"), [("10:50", True), ("11:05", False)])
def test_w60_three_stops_in_an_hour_lock_for_half_an_hour(third: str, *, locks: bool) -> None:
    market = table(rule("stop_guard"))
    for clock in ("10:00", "10:20", third):
        market.clock(clock)
        market.stop_out()
    assert bool(market.locked) is locks
    if not locks:
        return
    assert market.state.lock is not None
    until = market.state.lock.until_ts
    assert until == market.state.day.trades[-1].close_ts + 30 * MINUTE
    market.at(until - 10**9)
    refused = market.buy("0.001", stop=str(market.price - 10)).refusal
    assert refused is not None
    assert refused.reason is Reason.LOCKED
    assert "3 stops in 1 h" in refused.text
    market.kill()
    assert market.locked == ["stop_guard"], "the lock is in the journal"
    market.at(until)
    assert not market.locked
    assert market.try_entry()


@pytest.mark.parametrize(("third", "until"), [(650, 680), (665, None)])
def test_w60_in_minutes_of_the_day(third: int, until: int | None) -> None:
    trades = [episode(600, -1), episode(620, -1), episode(third, -1)]
    found = findings(rule("stop_guard"), Scene(trades=trades, ts=third * MINUTE, session_id="2026-03-10"))[0]
    assert found.reached is (until is not None)
    assert until is None or found.until_ts == until * MINUTE


def test_a_stop_that_earned_enough_is_not_counted() -> None:
    market = table(rule("stop_guard"))
    for _ in range(4):
        market.enter()
        market.quote(market.price + 100)
        market.do(stop_to(market, market.price - 10))
        market.quote(market.price - 10)
        market.trade(float(market.price), 0.1)
    assert not market.state.positions
    assert not market.locked
    assert all(trade.was_stopped and trade.net > 0 for trade in market.state.day.trades)


def stop_to(market: Account, price: int) -> SetStop:
    return SetStop(symbol=market.symbol, stop=Stop(price=D(price)))


def test_a_lock_cancels_the_entries_of_its_scope_and_blocks_nothing_else() -> None:
    market = table(rule("stop_guard", amount=D(1), scope=Scope.SIDE))
    buy = market.buy("0.01", limit=str(market.price - 500), stop=str(market.price - 600)).order_ids[0]
    sell = market.sell("0.01", limit=str(market.price + 500), stop=str(market.price + 600)).order_ids[0]
    market.stop_out()
    lock = market.state.day.locks[0]
    assert (lock.side, lock.symbol) == (Side.BUY, "")
    assert market.state.orders[buy].reason == Reason.LOCKED
    assert sell in market.state.live
    assert market.buy("0.001", stop=str(market.price - 10)).refusal is not None
    assert market.sell("0.001", stop=str(market.price + 10)).accepted


def test_a_cool_down_closes_one_symbol_for_a_while() -> None:
    market = table(rule("cooldown"))
    market.make(100)
    lock = market.state.day.locks[0]
    assert lock.symbol == market.symbol
    assert lock.until_ts == market.state.day.trades[-1].close_ts + 5 * MINUTE
    assert market.state.lock_on("ETH/USDT", Side.BUY) is None
    market.at(lock.until_ts)
    assert not market.locked


def test_a_cool_down_after_a_loss_follows_losses_only() -> None:
    market = table(rule("cooldown_after_loss"))
    market.make(100)
    assert not market.locked
    market.make(-100)
    assert market.locked == ["cooldown_after_loss"]
    market.at(market.now + 15 * MINUTE)
    assert not market.locked


def test_a_symbol_that_earns_too_little_is_closed() -> None:
    market = table(rule("low_profit"))
    for profit in (-10, 50, -30):
        market.make(profit)
    assert not market.locked
    market.make(-11)
    assert market.locked == ["low_profit"]
    assert market.state.day.locks[0].symbol == market.symbol


def test_losses_in_a_row_lock_the_day_and_a_win_ends_the_row() -> None:
    market = table(rule("max_losing_streak"))
    for profit in (-10, -10, 5, -10, -10):
        market.make(profit)
    assert not market.locked
    market.make(-10)
    assert market.locked == ["max_losing_streak"]
    market.next_day()
    assert not market.locked


def test_a_row_of_losses_is_broken_by_the_new_day() -> None:
    market = table(rule("max_losing_streak"))
    market.make(-10)
    market.make(-10)
    market.next_day()
    market.make(-10)
    assert not market.locked


def test_the_last_trade_of_the_day_may_end_and_no_other_may_begin() -> None:
    market = table(rule("max_trades", amount=D(2)))
    market.make(10)
    market.enter()
    assert not market.locked
    assert market.buy("0.001", stop=str(market.price - 10)).accepted, "adding to a trade is none"
    market.leave()
    assert market.locked == ["max_trades"]
    market.next_day()
    assert market.try_entry()


def test_an_entry_that_waits_counts_as_a_trade() -> None:
    other = msgspec.structs.replace(spot(), symbol="ETH/USDT", base="ETH")
    market = table(rule("max_trades", amount=D(1)))
    market.buy("0.01", limit=str(market.price - 500), stop=str(market.price - 600))
    ts = market.tick()
    market.feed(InstrumentListed(other, ts))
    market.feed(FeedStatus("ETH/USDT", ts, FeedState.STREAMING))
    market.feed(BookSnapshot("ETH/USDT", ts, ts, [(100.0, 9.0)], [(100.1, 9.0)]))
    refused = market.do(
        SubmitOrder(symbol="ETH/USDT", side=Side.BUY, size=Size(D(1)), stop=Stop(price=D(90)))
    ).refusal
    assert refused is not None
    assert refused.reason is Reason.MAX_TRADES


@pytest.mark.parametrize(
    ("kind", "amount", "order", "reason"),
    [
        ("max_order_size", "0.5", "0.6", Reason.MAX_QTY),
        ("max_position", "0.5", "0.3", Reason.MAX_POSITION),
        ("max_open_orders", "1", "0.1", Reason.MAX_ORDERS),
        ("max_orders_per_minute", "1", "0.1", Reason.ORDER_RATE),
    ],
)
def test_caps_on_orders_and_positions_refuse_with_what_would_pass(
    kind: str, amount: str, order: str, reason: Reason
) -> None:
    market = table(rule(kind, amount=D(amount)))
    far = {"limit": str(market.price - 500), "stop": str(market.price - 600)}
    assert market.buy("0.3", **far).accepted
    refused = market.buy(order, **far).refusal
    assert refused is not None
    assert refused.reason is reason
    assert refused.mend
    assert not market.locked, "a cap never locks"


def test_orders_a_minute_are_counted_over_a_minute() -> None:
    market = table(rule("max_orders_per_minute", amount=D(2)))
    assert market.try_entry()
    assert market.try_entry()
    assert not market.try_entry()
    market.at(market.now + MINUTE)
    assert market.try_entry()


def test_w61_drawdown_is_of_equity_not_a_sum_of_trades() -> None:
    guard = rule("drawdown_guard", amount=D("0.0179"))
    market = table(guard, balance=D(20_000))
    market.quote(2_000)
    for _ in range(3):
        assert not market.locked
        assert market.buy("1", stop="1800").accepted
        market.quote(market.price - 120)
        market.leave()
        market.quote(2_000)
    reading = next(r for r in read_all(market.engine._books, ts=market.now) if r.rule.name == guard.name)
    assert reading.used == D("0.018"), "three losses of 6 % on a tenth of the account each"
    assert market.locked == ["drawdown_guard"]


def test_a_drawdown_looks_back_a_while_and_no_further() -> None:
    market = table(rule("drawdown_guard", amount=D("0.01")))
    market.enter()
    market.quote(ENTRY + 1_500)
    market.clock("02:00")
    market.quote(ENTRY + 1_400)
    market.quote(ENTRY - 400)
    assert not market.locked, "the high is more than an hour ago"
    market.quote(ENTRY - 700)
    assert market.locked == ["drawdown_guard"]
    assert market.state.positions, "a guard blocks entries and holds the position"


def test_a_high_is_in_the_journal_before_anything_follows_from_it() -> None:
    market = table(rule("drawdown_guard", amount=D("0.01")))
    market.enter()
    for more in (100, 900, 500):
        market.quote(ENTRY + more)
    market.kill()
    market.quote(ENTRY - 1_109)
    assert not market.locked
    market.quote(ENTRY - 1_110)
    assert market.locked == ["drawdown_guard"]


def test_equity_is_written_once_a_minute_beside_its_highs() -> None:
    market = table(rule("drawdown_guard"))
    market.enter()
    market.quote(ENTRY + 10)
    before = len([1 for event in market.journal if isinstance(event.body, EquityMarked)])
    for second in range(0, 180, 10):
        market.at(market.now + 10 * 10**9)
        market.quote(ENTRY + second % 7)
    written = [event.ts for event in market.journal if isinstance(event.body, EquityMarked)][before:]
    assert 2 <= len(written) <= 3


@pytest.mark.parametrize(
    ("day_trades", "trades", "flagged"), [(4, 60, True), (4, 70, False), (6, 100, False), (3, 10, False)]
)
def test_w62_a_pattern_day_trader(day_trades: int, trades: int, *, flagged: bool) -> None:
    assert is_pattern_day_trader(day_trades, trades) is flagged


def test_w62_below_25000_a_pattern_day_trader_takes_no_entries() -> None:
    market = table(rule("day_trades"), balance=D(24_000))
    for _ in range(3):
        market.make(10)
        assert not market.locked
    market.make(10)
    assert market.locked == ["day_trades"]
    rich = table(rule("day_trades"), balance=D(26_000))
    for _ in range(5):
        rich.make(10)
    assert not rich.locked


def test_five_business_days_skip_the_weekend() -> None:
    days = business_days("2026-03-10")
    assert sorted(days) == ["2026-03-04", "2026-03-05", "2026-03-06", "2026-03-09", "2026-03-10"]


def episode(minute: int, net: int, *, by: OrderRole = OrderRole.PROTECTIVE, symbol: str = "A") -> Episode:
    return Episode(
        symbol=symbol,
        side=Side.BUY,
        open_ts=0,
        close_ts=minute * MINUTE,
        net=D(net),
        by=by,
        session_id="2026-03-10",
        same_day=True,
    )


def test_a_window_takes_in_both_of_its_ends() -> None:
    trades = [episode(0, -1), episode(60, -1)]
    scene = Scene(trades=trades, ts=60 * MINUTE, session_id="2026-03-10")
    found = findings(rule("stop_guard"), scene)[0]
    assert found.used == 2
    later = msgspec.structs.replace(scene, ts=60 * MINUTE + 1)
    assert findings(rule("stop_guard"), later)[0].used == 1


def test_a_result_of_exactly_what_is_required_is_not_counted() -> None:
    trades = [episode(0, 0), episode(1, -1), episode(2, -1, by=OrderRole.FLATTEN)]
    scene = Scene(trades=trades, ts=2 * MINUTE, session_id="2026-03-10")
    assert findings(rule("stop_guard"), scene)[0].used == 1


def test_a_weekly_count_goes_on_over_the_days_of_a_week() -> None:
    weekly = rule("max_trades", amount=D(3), reset=Reset.WEEK, lock_until=LockUntil.NEXT_WEEK)
    market = table(weekly)
    market.make(1)
    market.next_day()
    market.make(1)
    market.make(1)
    assert market.locked == ["max_trades"]
    market.next_day()
    assert market.locked == ["max_trades"]


def test_the_end_of_a_lock_needs_no_message_of_the_market() -> None:
    market = table(rule("cooldown_after_loss", lock_s=3600))
    market.make(-10)
    market.at(market.now + HOUR - 10**9)
    assert market.locked
    market.at(market.now + 10**9)
    assert not market.locked
