"""Limits, locks and protections as the screen gets them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.engine.market import PERP, D
from tests.engine.rules_table import MINUTE, Account, account, only, rule
from tradetui.domain.profile import Profile
from tradetui.domain.rule import LockUntil, Measure, Rule, Scope, Unit
from tradetui.domain.view import Frame, LimitGauge, TradingState, ViewRequest
from tradetui.runtime.notices import describe
from tradetui.runtime.views.builder import FrameBuilder
from tradetui.state import State
from tradetui.ui.panes.account import gauge_row, lock_rows
from tradetui.ui.panes.status_bar import state_part


class Shown:
    """An account by hand and the frames that are built of it."""

    def __init__(self, *rules: Rule) -> None:
        self.market = Account(account(only(*rules)))
        self.published = State()
        profile = Profile(name="paper", exchange="venue", symbols=(PERP,))
        self.frames = FrameBuilder(self.market.engine, self.published, profile, profiles=("paper",))

    def frame(self) -> Frame:
        for event in self.market.journal[self.published.seq :]:
            self.published.apply(event)
        return self.frames.build(ViewRequest(symbol=PERP), now=self.market.now)

    def gauge(self, name: str) -> LimitGauge:
        return next(each for each in self.frame().account.gauges if each.name == name)


def numbers(gauge: LimitGauge) -> tuple[Decimal, Decimal, Decimal | None]:
    return gauge.used, gauge.limit, gauge.left


def test_every_active_limit_has_a_gauge_with_what_is_left() -> None:
    shown = Shown(
        rule("daily_loss", amount=D(500), unit=Unit.MONEY),
        rule("max_loss"),
        rule("daily_profit", amount=D(1_000), unit=Unit.MONEY),
        rule("profit_giveback"),
        rule("best_day"),
        rule("max_trades"),
        rule("max_losing_streak"),
        rule("max_position", amount=D(2)),
        rule("max_open_orders"),
        rule("stop_guard"),
        rule("drawdown_guard"),
        rule("min_equity", amount=D(100_000)),
    )
    market = shown.market
    market.make(-50)
    market.buy("1", stop=str(market.price - 300))
    market.quote(market.price - 150)
    assert numbers(shown.gauge("daily loss")) == (D(200), D(500), D(300))
    assert numbers(shown.gauge("max loss")) == (D(200), D(20_000), D(19_800))
    assert numbers(shown.gauge("daily profit")) == (D(0), D(1_000), D(1_200))
    assert numbers(shown.gauge("trades")) == (D(1), D(10), D(9))
    assert numbers(shown.gauge("losing streak")) == (D(1), D(3), D(2))
    assert numbers(shown.gauge("max position")) == (D(1), D(2), D(1))
    assert numbers(shown.gauge("open orders")) == (D(0), D(20), D(20))
    assert numbers(shown.gauge("stop guard")) == (D(0), D(3), D(3))
    assert numbers(shown.gauge("drawdown")) == (D("0.10"), D(1), D("0.90"))
    assert shown.gauge("min equity").text == "99,800.00 above"
    assert shown.gauge("best day").text == "no profit yet"
    assert shown.gauge("giveback").text
    names = [gauge.name for gauge in shown.frame().account.gauges]
    assert names[:4] == ["daily loss", "max loss", "min equity", "open risk"]


def test_rules_of_the_clock_and_cool_downs_are_told_in_words() -> None:
    shown = Shown(
        rule("trading_hours", windows=("mon-fri 00:00-24:00",)),
        rule("flatten_at", windows=("15:10",)),
        rule("cooldown"),
        rule("max_order_size", amount=D(2)),
    )
    words = {gauge.name: gauge.text for gauge in shown.frame().account.gauges if gauge.text}
    assert words == {
        "trading hours": "mon-fri 00:00-24:00",
        "flatten at": "15:10",
        "cooldown": "5 min",
        "max order size": "2",
    }


def test_what_only_time_changes_is_counted_again() -> None:
    shown = Shown(rule("stop_guard"))
    shown.market.stop_out()
    assert shown.gauge("stop guard").used == 1
    shown.market.at(shown.market.now + 61 * MINUTE)
    assert shown.gauge("stop guard").used == 0


def test_every_lock_stands_with_its_end_and_its_reason_the_strongest_first() -> None:
    shown = Shown(
        rule("cooldown"),
        rule("daily_loss", amount=D(500), unit=Unit.MONEY, measure=Measure.REALIZED),
        rule("max_loss", amount=D(500), unit=Unit.MONEY, measure=Measure.REALIZED),
        rule("stop_guard", amount=D(1), scope=Scope.SIDE),
    )
    shown.market.stop_out(500)
    locks = shown.frame().account.locks
    assert locks[0] == "locked for good: maximum loss of 500.00 USDT reached"
    assert locks[1] == "locked until 00:00 UTC: daily loss of 500.00 USDT reached"
    assert "locked until 22:43 UTC: longs, 1 stop in 1 h" in locks
    assert any(lock.startswith("locked until") and f"{PERP}, 5 min to cool down" in lock for lock in locks)
    assert len(locks) == 4


@pytest.mark.parametrize(
    ("changes", "state", "words"),
    [
        ({}, TradingState.LOCKED, "locked until 00:00 UTC daily loss of 500.00 USDT reached"),
        (
            {"lock_until": LockUntil.FOREVER},
            TradingState.LOCKED,
            "locked for good: daily loss of 500.00 USDT reached",
        ),
    ],
)
def test_the_status_bar_shows_the_strongest_lock(
    changes: dict[str, object], state: TradingState, words: str
) -> None:
    shown = Shown(rule("daily_loss", amount=D(500), unit=Unit.MONEY, **changes), rule("cooldown"))
    shown.market.make(-500)
    status = shown.frame().status
    assert status.trading_state is state
    assert "".join(text for text, _ in state_part(status).forms[0]) == words


def test_a_lock_on_the_symbol_shown_alone_is_called_reducing() -> None:
    shown = Shown(rule("cooldown"))
    shown.market.make(10)
    status = shown.frame().status
    assert status.trading_state is TradingState.REDUCING
    words = "".join(text for text, _ in state_part(status).forms[0])
    assert words.startswith("reducing until")
    assert f"{PERP}, 5 min to cool down after a trade" in words


def test_what_may_be_lost_is_by_the_tightest_limit() -> None:
    shown = Shown(rule("daily_loss"), rule("max_loss", amount=D(900), unit=Unit.MONEY))
    status = shown.frame().status
    assert (status.loss_limit, status.loss_left) == (D(900), D(900))


def said(market: Account) -> list[str]:
    notices = []
    state = State()
    for events in market.transactions:
        for event in events:
            state.apply(event)
        notices += [notice.text for notice in describe(events, state)]
    return notices


def test_notices_say_warnings_locks_and_their_end_by_the_name_of_the_rule() -> None:
    market = Account(account(only(rule("max_trades", amount=D(2)), rule("cooldown_after_loss"))))
    market.make(-10)
    market.at(market.now + 15 * MINUTE)
    market.make(10)
    words = said(market)
    assert "max trades 50 % used" in words
    assert any(text.endswith("15 min to cool down after a loss") for text in words)
    assert "unlocked: cooldown after loss is over" in words
    assert any(text.startswith("locked until 00:00 UTC: max trades of 2 reached") for text in words)


def test_a_rule_that_only_tells_is_said_with_its_numbers() -> None:
    market = Account(account(only(rule("best_day"))))
    for profit in (600, 200, 100):
        market.make(profit)
        market.next_day()
    assert "the best day is 75.0 % of all profit, 50 % is the most" in said(market)


@pytest.mark.parametrize(
    ("width", "words"),
    [
        (33, "120.00 of 500"),
        (60, "120.00 of 500, 380.00 left"),
    ],
)
def test_a_gauge_tells_what_is_left_where_there_is_room(width: int, words: str) -> None:
    gauge = LimitGauge("daily loss", D(120), D(500), "USDT", left=D(380))
    text = "".join(run for run, _ in gauge_row(gauge, width))
    assert text.rstrip().endswith(words)
    assert len(text) <= width


def test_a_lock_takes_two_rows_where_one_is_too_short() -> None:
    lock = "locked until 00:00 UTC: daily loss of 500.00 USDT reached"
    assert len(lock_rows(lock, 70)) == 1
    rows = lock_rows(lock, 36)
    assert ["".join(text for text, _ in row).strip() for row in rows] == [
        "locked until 00:00 UTC",
        "daily loss of 500.00 USDT reached",
    ]
