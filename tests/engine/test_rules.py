"""Losses and profits against their limits: each worked example of the rule table, and what a breach does."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.engine.rules_table import ENTRY, Account, account, only, rule
from tradetui.domain.command import Deposit, SetTarget, Target, Withdraw
from tradetui.domain.event import Event, LimitBreached, Locked, Noted
from tradetui.domain.market_data import FundingRate, FundingSettled
from tradetui.domain.order import OrderRole
from tradetui.domain.reply import Reason
from tradetui.domain.rule import FLAT, HOLD, Anchor, Compare, LockUntil, Measure, RuleKind, Unit
from tradetui.engine.readings import read_all
from tradetui.runtime.notices import describe
from tradetui.trading import thresholds

D = Decimal
FTMO = rule("daily_loss", amount=D("0.05"), unit=Unit.START, anchor=Anchor.BALANCE, compare=Compare.BEYOND)


def threshold(table: Account, name: str) -> Decimal:
    """Where a loss rule's threshold lies."""
    found = table.state.risk_limits.rule(name)
    assert found is not None
    books = table.engine._books
    return thresholds.floor_of(found, books.standing())


def test_w53_a_loss_from_the_balance_at_the_roll_counts_the_open_loss() -> None:
    table = Account(account(only(FTMO)))
    assert threshold(table, "daily_loss") == 190_000
    table.make(4_000)
    table.enter()
    table.equity(191_000)
    assert not table.state.day.locks
    table.equity(190_000)
    assert not table.state.day.locks, "equity below the threshold breaches, not on it"
    table.equity(191_000)
    table.next_day()
    assert threshold(table, "daily_loss") == 194_000
    assert table.locked == ["daily_loss"]
    assert not table.state.positions


def test_w54_the_maximum_loss_follows_the_highest_balance_at_the_end_of_a_day() -> None:
    follows = rule("max_loss", kind=RuleKind.MAX_LOSS_DAY_END)
    table = Account(account(only(follows), balance=D(100_000)))
    seen = [threshold(table, "max_loss")]
    for profit in (4_000, -1_000):
        table.make(profit)
        assert threshold(table, "max_loss") == seen[-1], "it moves at the end of the day only"
        table.next_day()
        seen.append(threshold(table, "max_loss"))
    assert seen == [90_000, 94_000, 94_000]


def test_w55_a_maximum_loss_stops_following_at_the_start_balance() -> None:
    follows = rule("max_loss", kind=RuleKind.MAX_LOSS_DAY_END, amount=D(2_000), unit=Unit.MONEY, cap=D(0))
    table = Account(account(only(follows), balance=D(50_000)))
    seen = [threshold(table, "max_loss")]
    for profit in (500, -500, 2_500):
        table.make(profit)
        table.next_day()
        seen.append(threshold(table, "max_loss"))
    assert seen == [48_000, 48_500, 48_500, 50_000]


def test_w56_five_per_cent_of_the_balance_at_the_roll() -> None:
    part = rule("daily_loss", amount=D("0.05"), anchor=Anchor.BALANCE)
    table = Account(account(only(part), balance=D(100_000)))
    assert threshold(table, "daily_loss") == 95_000


def test_w57_a_trailing_threshold_follows_the_peak_up_to_its_cap() -> None:
    follows = rule("max_loss", kind=RuleKind.MAX_LOSS_PEAK, amount=D(2_500), unit=Unit.MONEY, cap=D(100))
    table = Account(account(only(follows), balance=D(50_000)))
    table.enter()
    seen = []
    for equity in (51_000, 51_800, 50_900):
        table.equity(equity)
        seen.append(threshold(table, "max_loss"))
    assert seen == [48_500, 49_300, 49_300]
    table.kill()
    assert threshold(table, "max_loss") == 49_300, "the peak is in the journal"
    assert not table.state.day.locks
    table.equity(49_300)
    assert table.locked == ["max_loss"]
    assert table.state.lock is not None
    assert table.state.lock.ends is LockUntil.FOREVER


def test_w57_a_trailing_threshold_never_passes_its_cap() -> None:
    follows = rule("max_loss", kind=RuleKind.MAX_LOSS_PEAK, amount=D(2_500), unit=Unit.MONEY, cap=D(100))
    table = Account(account(only(follows), balance=D(50_000)))
    table.enter()
    table.equity(60_000)
    assert threshold(table, "max_loss") == 50_100


@pytest.mark.parametrize(
    ("best", "total", "holds"), [(2_400, 5_000, True), (2_600, 5_000, False), (3_000, 6_000, True)]
)
def test_w58_the_best_day_may_be_half_of_all_profit(best: int, total: int, *, holds: bool) -> None:
    table = Account(account(only(rule("best_day"))))
    for profit in (best, (total - best) // 2, (total - best) // 2):
        table.make(profit)
        table.next_day()
    reading = next(r for r in read_all(table.engine._books, ts=table.now) if r.rule.name == "best_day")
    assert reading.used == D(best) / D(total)
    assert reading.breached is not holds
    assert holds or "best_day" in table.breaches()
    assert not table.state.day.locks


def test_w58_without_a_profit_the_best_day_says_nothing() -> None:
    table = Account(account(only(rule("best_day"))))
    for profit in (500, -900):
        table.make(profit)
        table.next_day()
    assert not read_all(table.engine._books, ts=table.now)[0].is_open


def texts(events: tuple[Event, ...]) -> list[str]:
    return [type(event.body).__name__ for event in events]


def test_a_breach_writes_numbers_then_the_lock_then_cancels_then_closes_in_one_transaction() -> None:
    table = Account(account(only(rule("daily_loss", amount=D(500), unit=Unit.MONEY))))
    table.buy("1", stop=str(ENTRY - 400))
    resting = table.buy("0.01", limit="19000", stop="18900").order_ids[0]
    events = table.quote(ENTRY - 700)
    words = texts(events)
    canceled = next(at for at, event in enumerate(events) if event.order_id == resting)
    assert words.index("LimitBreached") < words.index("Locked") < canceled < words.index("Filled")
    breach = next(event.body for event in events if isinstance(event.body, LimitBreached))
    assert isinstance(breach, LimitBreached)
    assert breach.numbers == {
        "used": D(700), "limit": D(500), "overshoot": D(200), "day_pnl": D(-700),
    }  # fmt: skip
    notes = [event.body for event in events if isinstance(event.body, Noted)]
    assert [note.what for note in notes] == ["gap_overshoot"]
    assert not table.state.positions
    assert not table.state.live


def test_positions_held_after_a_breach_are_closed_when_the_loss_goes_on() -> None:
    table = Account(account(only(rule("daily_loss", amount=D(500), unit=Unit.MONEY, actions=HOLD))))
    table.enter()
    table.quote(ENTRY - 500)
    assert table.locked == ["daily_loss"]
    table.quote(ENTRY - 599)
    assert table.state.positions
    table.quote(ENTRY - 600)
    assert not table.state.positions


def test_a_week_of_losses_locks_until_the_next_week() -> None:
    table = Account(account(only(rule("weekly_loss", amount=D(1_000), unit=Unit.MONEY))))
    table.make(-600)
    table.next_day()
    assert not table.state.day.locks
    table.make(-400)
    lock = table.state.lock
    assert lock is not None
    for _ in range(6):
        if table.state.lock is None:
            break
        assert table.state.session is not None
        assert table.state.session.start_ts < lock.until_ts
        table.next_day()
    assert table.state.session is not None
    assert table.state.session.start_ts == lock.until_ts
    assert table.state.day.book.week_id.endswith("W47")
    table.make(-900)
    assert table.state.lock is None


def test_a_profit_that_was_reached_locks_the_day() -> None:
    table = Account(account(only(rule("daily_profit", amount=D(800), unit=Unit.MONEY))))
    table.enter()
    table.quote(ENTRY + 799)
    assert not table.state.day.locks
    table.quote(ENTRY + 800)
    assert table.locked == ["daily_profit"]
    assert not table.state.positions
    assert table.buy("0.001", stop="19900").refusal is not None
    table.next_day()
    assert not table.state.day.locks


def test_giving_back_half_of_the_days_highest_profit_locks_the_day() -> None:
    giveback = rule("profit_giveback", arm=D(500), unit=Unit.MONEY)
    table = Account(account(only(giveback)))
    table.enter()
    table.quote(ENTRY + 400)
    table.quote(ENTRY + 100)
    assert not table.state.day.locks, "below the profit from which it counts"
    table.quote(ENTRY + 1_000)
    table.kill()
    table.quote(ENTRY + 501)
    assert not table.state.day.locks
    table.quote(ENTRY + 500)
    assert table.locked == ["profit_giveback"]
    assert not table.state.positions


def test_a_loss_on_realized_results_ignores_the_open_loss_until_it_is_real() -> None:
    realized = rule("daily_loss", amount=D(500), unit=Unit.MONEY, measure=Measure.REALIZED)
    table = Account(account(only(realized)))
    table.enter()
    table.quote(ENTRY - 600)
    assert not table.state.day.locks
    assert table.engine.head_room() == -100, "new risk has no room all the same"
    table.leave()
    assert table.locked == ["daily_loss"]


def test_an_anchor_may_be_the_higher_of_balance_and_equity() -> None:
    higher = rule("daily_loss", amount=D(1_000), unit=Unit.MONEY, anchor=Anchor.HIGHER)
    table = Account(account(only(higher)))
    table.enter()
    table.quote(ENTRY + 5_000)
    table.next_day()
    assert threshold(table, "daily_loss") == 204_000
    table.quote(ENTRY + 3_999)
    assert table.locked == ["daily_loss"]


def test_the_tightest_rule_is_the_head_room() -> None:
    table = Account(account(only(rule("daily_loss"), rule("max_loss", amount=D(3_000), unit=Unit.MONEY))))
    assert table.engine.head_room() == 3_000
    assert table.engine.daily_limit() == 4_000


def test_an_equity_below_the_minimum_takes_no_entries() -> None:
    table = Account(account(only(rule("min_equity", amount=D(199_500)))))
    table.enter()
    table.quote(ENTRY - 500)
    assert not table.state.day.locks
    table.quote(ENTRY - 501)
    assert table.locked == ["min_equity"]
    assert table.state.positions
    refused = table.buy("0.001", stop="19900").refusal
    assert refused is not None
    assert refused.reason is Reason.LOCKED
    assert "minimum of 199,500.00 USDT" in refused.text


def test_what_a_breach_costs_is_held_against_every_other_rule() -> None:
    day = rule("daily_loss", amount=D(500), unit=Unit.MONEY)
    ever = rule("max_loss", kind=RuleKind.MAX_LOSS_PEAK, amount=D(1_000), unit=Unit.MONEY)
    table = Account(account(only(day, ever)))
    table.enter()
    table.snapshot([(ENTRY - 501.0, 0.1), (ENTRY - 2_000.0, 90.0)], [(ENTRY - 501.0, 90.0)])
    assert not table.state.positions
    assert table.engine.equity() < 200_000 - 1_000, "a thin book made more of the loss"
    assert table.locked == ["daily_loss", "max_loss"]


def test_several_locks_stand_together_and_each_has_its_own_end() -> None:
    table = Account(
        account(
            only(
                rule("daily_loss", amount=D(500), unit=Unit.MONEY),
                rule("max_loss", amount=D(500), unit=Unit.MONEY),
            )
        )
    )
    table.make(-500)
    assert table.locked == ["daily_loss", "max_loss"]
    table.next_day()
    assert table.locked == ["max_loss"]
    table.next_day()
    assert table.locked == ["max_loss"]


def test_a_rule_that_only_warns_is_told_once_a_day() -> None:
    table = Account(account(only(rule("daily_loss", amount=D(500), unit=Unit.MONEY, actions=("warn",)))))
    table.enter()
    for price in (ENTRY - 600, ENTRY - 100, ENTRY - 700):
        table.quote(price)
    assert table.breaches() == ["daily_loss"]
    assert not table.state.day.locks
    table.next_day()
    table.quote(table.price - 600)
    assert table.breaches() == ["daily_loss"] * 2


def test_every_limit_warns_at_its_parts_once() -> None:
    table = Account(account(only(rule("daily_profit", amount=D(1_000), unit=Unit.MONEY), rule("max_trades"))))
    table.enter()
    for price in (ENTRY + 500, ENTRY + 400, ENTRY + 760, ENTRY + 910):
        table.quote(price)
    warned = [
        (event.body.rule, event.body.numbers["warned_at"])
        for event in table.journal
        if isinstance(event.body, LimitBreached) and event.body.warning
    ]
    assert warned == [("daily_profit", D(part)) for part in ("0.5", "0.75", "0.9")]


def warnings(table: Account) -> list[tuple[str, Decimal]]:
    return [
        (event.body.rule, event.body.numbers["warned_at"])
        for event in table.journal
        if isinstance(event.body, LimitBreached) and event.body.warning
    ]


def test_the_rate_of_orders_is_warned_of_before_it_is_refused() -> None:
    table = Account(account(only(rule("max_orders_per_minute", amount=D(8)))))
    told = []
    for _ in range(8):
        assert table.buy("0.001", limit="19000", stop="18000").accepted
        told.append(len(warnings(table)))
    assert told == [0, 0, 0, 1, 1, 2, 2, 3]
    assert {name for name, _ in warnings(table)} == {"max_orders_per_minute"}
    assert not table.buy("0.001", limit="19000", stop="18000").accepted


@pytest.mark.parametrize("limit", ["19000", None])
def test_an_order_s_size_is_warned_of_before_it_is_refused(limit: str | None) -> None:
    table = Account(account(only(rule("max_order_size", amount=D(2)))))
    for qty in ("0.5", "1", "1.4", "1.6", "1"):
        assert table.buy(qty, limit=limit, stop="18000").accepted
    assert warnings(table) == [("max_order_size", D("0.5")), ("max_order_size", D("0.75"))]
    assert not table.buy("2.1", limit=limit, stop="18000").accepted


def test_the_open_risk_is_warned_of_before_it_is_refused_and_again_the_next_day() -> None:
    limits = only(risk_per_trade=D("0.005"), max_open_risk=D(2), max_risk_per_trade=D(2))
    table = Account(account(limits))
    table.buy("0.9", limit="19000", stop="18000")
    assert warnings(table) == [], "900 of 2,000"
    table.buy("0.2", limit="19000", stop="18000")
    table.buy("0.2", limit="19000", stop="18000")
    assert warnings(table) == [("max_open_risk", D("0.5"))]
    assert describe(table.transactions[-2], table.state)[-1].text == "max open risk 50 % used"
    table.buy("0.6", limit="19000", stop="18000")
    assert warnings(table)[1:] == [("max_open_risk", D("0.9"))], "the highest part that was passed"
    assert not table.buy("0.2", limit="19000", stop="18000").accepted
    table.next_day()
    assert warnings(table)[2:] == [("max_open_risk", D("0.9"))]


def test_one_entry_of_the_usual_size_is_no_warning_however_far_its_price_ran() -> None:
    limits = only(risk_per_trade=D("0.005"), max_open_risk=D(2), max_risk_per_trade=D(2))
    table = Account(account(limits))
    assert table.buy("1", stop="19000").accepted
    table.quote(ENTRY + 900)
    table.do(SetTarget(symbol=table.symbol, target=Target(price=D(22_000))))
    assert table.engine.open_risk() == 1_900
    assert warnings(table) == []


def test_a_second_entry_is_no_warning_while_a_third_still_fits() -> None:
    limits = only(risk_per_trade=D("0.005"), max_open_risk=D(4), max_risk_per_trade=D(2))
    table = Account(account(limits))
    for _ in range(2):
        table.buy("1.4", limit="19000", stop="18000")
    assert table.engine.open_risk() == 2_800
    assert warnings(table) == []
    table.buy("0.6", limit="19000", stop="18000")
    assert warnings(table) == [("max_open_risk", D("0.75"))], "3,400 of 4,000"


def test_deposits_and_withdrawals_change_no_day_and_no_threshold() -> None:
    table = Account(account(only(FTMO, rule("max_loss", kind=RuleKind.MAX_LOSS_PEAK))))
    table.enter()
    table.equity(201_000)
    before = table.engine.day_pnl(), table.engine.head_room()
    pay(table, D(5_000))
    assert (table.engine.day_pnl(), table.engine.head_room()) == before
    table.next_day()
    assert table.engine.day_pnl() == 0
    pay(table, D(-50_000))
    assert table.engine.day_pnl() == 0
    assert not table.state.day.locks
    assert table.engine.equity() == 156_000


def pay(table: Account, amount: Decimal) -> None:
    assert table.do(Deposit(amount=amount) if amount > 0 else Withdraw(amount=-amount)).accepted


def test_the_lock_and_every_exit_belong_to_the_breach() -> None:
    table = Account(account(only(rule("daily_loss", amount=D(500), unit=Unit.MONEY, actions=FLAT))))
    table.enter()
    table.quote(ENTRY - 500)
    written = table.locks_written()
    assert [(lock.rule, lock.ends) for lock in written] == [("daily_loss", LockUntil.ROLL)]
    assert table.state.orders[table.fills[-1].order_id].role is OrderRole.FLATTEN
    assert isinstance(written[0], Locked)


def test_r_rsk_4_funding_that_is_due_before_the_roll_is_planned_use() -> None:
    table = Account(account(only(rule("daily_loss"))))
    table.enter()
    before = table.engine.open_risk()
    assert table.state.session is not None
    end = table.state.session.end_ts

    def predict(rate: float, next_ts: int) -> Decimal:
        ts = table.tick()
        table.feed(FundingRate(table.symbol, ts, ts, rate, next_ts))
        return table.engine.open_risk() - before

    assert predict(0.001, end - 10**9) == 20, "a long pays 0.1 % of 20,000"
    assert predict(-0.001, end - 10**9) == 0, "what is received makes no room"
    assert predict(0.001, end) == 0, "the next day's funding is the next day's"
    assert predict(0.001, 0) == 0, "nor is one whose time nobody says"


def test_a_trade_counts_its_funding() -> None:
    table = Account(account(only(rule("cooldown_after_loss"))))
    table.enter()
    ts = table.tick()
    table.feed(FundingSettled(table.symbol, ts, table.tick(), 0.001, float(ENTRY)))
    table.quote(ENTRY + 15)
    table.leave()
    assert table.state.day.trades[-1].net == -5
    assert table.locked == ["cooldown_after_loss"]
