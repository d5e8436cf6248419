"""Limits by command: tighter at once, looser with the next day, one rule at a time."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from tests.engine.rules_table import ENTRY, HOUR, Account, account, only, rule
from tradetui.domain.command import AnyCommand, SetLimit, ShowLimits, Unlock
from tradetui.domain.event import LimitsChanged
from tradetui.domain.reply import Reason
from tradetui.domain.rule import (
    STANDARD,
    Action,
    Anchor,
    Compare,
    LockUntil,
    Measure,
    Reset,
    Rule,
    RuleKind,
    Scope,
    Unit,
)
from tradetui.trading.limits import RiskLimits
from tradetui.trading.tighten import tighter

D = Decimal


def table(*rules: Rule) -> Account:
    return Account(account(only(*(rules or (rule("daily_loss"),)))))


def now(market: Account, name: str) -> Rule | None:
    return market.state.risk_limits.rule(name)


def refused(market: Account, command: AnyCommand) -> str:
    reply = market.do(command)
    assert reply.refusal is not None
    assert reply.refusal.reason in (Reason.BAD_INPUT, Reason.LOCKED)
    return f"{reply.refusal.text} {reply.refusal.mend}"


def test_a_tighter_limit_acts_at_once_and_a_looser_one_with_the_next_day() -> None:
    market = table()
    assert market.do(SetLimit(name="daily_loss", value="150")).text == ""
    assert market.engine.daily_limit() == 150
    assert "next trading day" in market.do(SetLimit(name="daily_loss", value="5%")).text
    assert market.engine.daily_limit() == 150
    market.kill()
    assert market.engine.daily_limit() == 150, "a restart does not loosen"
    market.next_day()
    assert market.engine.daily_limit() == 10_000


def test_a_new_rule_acts_at_once_and_one_that_is_taken_away_goes_with_the_next_day() -> None:
    market = table()
    market.do(SetLimit(name="max_trades", value="1"))
    market.make(10)
    assert market.locked == ["max_trades"]
    market.do(SetLimit(name="max_trades", value="off"))
    assert now(market, "max_trades") is not None
    market.next_day()
    assert now(market, "max_trades") is None
    assert not market.locked


def test_a_limit_of_one_symbol_stands_beside_that_of_all() -> None:
    market = table()
    market.do(SetLimit(name="max_position", value="3"))
    market.do(SetLimit(name="max_position", value="1", symbol=market.symbol))
    names = [each.name for each in market.state.risk_limits.rules]
    assert names == ["daily_loss", "max_position", f"max_position@{market.symbol}"]
    refusal = market.buy("2", stop=str(ENTRY - 10)).refusal
    assert refusal is not None
    assert refusal.reason is Reason.MAX_POSITION
    assert refusal.numbers["nearest"] == 1


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("daily_loss", "off", "not be taken away"),
        ("max_trades", "off", "off already"),
        ("max_trades", "-1", "whole number"),
        ("risk_per_trade", "200%", "a part such as"),
        ("max_loss", "lots", "expected an amount"),
        ("fun", "5", "expected a limit"),
    ],
)
def test_a_limit_that_can_not_be_is_refused(name: str, value: str, says: str) -> None:
    assert says in refused(table(), SetLimit(name=name, value=value))


def test_budgets_change_by_name_too() -> None:
    market = table()
    market.do(SetLimit(name="risk_per_trade", value="0.1%"))
    market.do(SetLimit(name="max_open_risk", value="1.5r"))
    limits = market.state.risk_limits
    assert (limits.risk_per_trade, limits.max_open_risk) == (D("0.001"), D("1.5"))
    market.do(SetLimit(name="require_stop", value="off"))
    assert market.state.risk_limits.require_stop
    market.next_day()
    assert not market.state.risk_limits.require_stop


def test_every_limit_is_said() -> None:
    text = table(rule("daily_loss"), rule("stop_guard"), rule("best_day")).do(ShowLimits()).text
    assert "daily loss 2 %" in text
    assert "stop guard 3 in 1 h, locks 30 min" in text
    assert "best day 50 %" in text
    assert "stop required" in text


def test_a_lock_that_waits_for_a_hand_ends_by_hand_after_its_time() -> None:
    by_hand = rule("daily_loss", amount=D(500), unit=Unit.MONEY, lock_until=LockUntil.MANUAL, lock_s=3600)
    market = table(by_hand)
    market.make(-500)
    assert market.locked == ["daily_loss"]
    assert "unlocked by hand" in refused(market, Unlock())
    market.next_day()
    assert market.locked == ["daily_loss"], "a new day does not end it"
    assert "no lock waits" in refused(market, Unlock(rule="max_loss"))
    assert market.do(Unlock(rule="daily_loss")).text == "1 lock ended"
    assert not market.locked


def test_what_was_written_before_rules_is_upgraded_once() -> None:
    market = table()
    old = LimitsChanged(
        now={
            "risk_per_trade": "0.5",
            "daily_loss": "0.01",
            "daily_loss_amount": "",
            "max_risk_per_trade": "10",
            "max_open_risk": "10",
            "require_stop": "yes",
            "zone": "UTC",
            "roll": "00:00",
        },
        next_session={},
    )
    market.journal[1] = msgspec.structs.replace(market.journal[1], body=old)
    del market.journal[3:]
    market.kill()
    assert market.engine.daily_limit() == 2_000, "1 % of it, as it was written"
    written = [event.body for event in market.journal if isinstance(event.body, LimitsChanged)]
    assert len(written) == 2
    market.kill()
    assert len([1 for event in market.journal if isinstance(event.body, LimitsChanged)]) == 2


def worth(each: Rule) -> Decimal:
    if each.kind is RuleKind.FLATTEN_AT:
        hours, _, minutes = each.windows[0].partition(":")
        return D(int(hours) * 60 + int(minutes))
    return each.amount * 10_000 if each.unit in (Unit.ANCHOR, Unit.START) else each.amount


LOSS = STANDARD["daily_loss"]
GUARD = STANDARD["stop_guard"]


@pytest.mark.parametrize(
    ("base", "looser", "stricter"),
    [
        (LOSS, {"amount": D("0.03")}, {"amount": D("0.01")}),
        (LOSS, {"amount": D(201), "unit": Unit.MONEY}, {"amount": D(199), "unit": Unit.MONEY}),
        (LOSS, {"compare": Compare.BEYOND}, None),
        (LOSS, {"actions": (Action.WARN,)}, None),
        (LOSS, {"lock_until": LockUntil.TIME}, {"lock_until": LockUntil.FOREVER}),
        (LOSS, {"force_at": D(2)}, {"force_at": D(1)}),
        (LOSS, {"symbol": "BTC/USDT"}, None),
        (LOSS, {"anchor": Anchor.BALANCE}, None),
        (LOSS, {"measure": Measure.REALIZED}, None),
        (LOSS, {"reset": Reset.WEEK}, None),
        (
            msgspec.structs.replace(STANDARD["max_loss"], cap=D(0)),
            {"cap": D(-100)},
            {"cap": D(100)},
        ),
        (msgspec.structs.replace(STANDARD["max_loss"], cap=D(0)), {"cap": D(-1)}, {"cap": None}),
        (STANDARD["profit_giveback"], {"arm": D("0.02")}, {"arm": D("0.005")}),
        (STANDARD["min_equity"], {"amount": D(-1)}, {"amount": D(100)}),
        (STANDARD["max_trades"], {"amount": D(11)}, {"amount": D(9)}),
        (GUARD, {"amount": D(4)}, {"amount": D(2)}),
        (GUARD, {"lookback_s": 60}, {"lookback_s": 7200}),
        (GUARD, {"lock_s": 60}, {"lock_s": 7200}),
        (GUARD, {"required": D(-50)}, {"required": D(50)}),
        (GUARD, {"scope": Scope.SIDE}, None),
        (msgspec.structs.replace(GUARD, scope=Scope.SYMBOL), {"scope": Scope.SIDE}, {"scope": Scope.ALL}),
        (
            msgspec.structs.replace(STANDARD["trading_hours"], windows=("mon-fri 08:00-16:00",)),
            {"windows": ("mon-sun 08:00-16:00",)},
            {"windows": ("mon-thu 09:00-16:00",)},
        ),
        (
            msgspec.structs.replace(STANDARD["flatten_at"], windows=("15:10",)),
            {"windows": ("16:00",)},
            {"windows": ("15:00",)},
        ),
        (STANDARD["max_position"], {"unit": Unit.MONEY}, None),
    ],
)
def test_every_field_loosens_tomorrow_and_tightens_now(
    base: Rule, looser: dict[str, object], stricter: dict[str, object] | None
) -> None:
    loose = msgspec.structs.replace(base, **looser)
    assert tighter(base, loose, worth) == base
    if stricter is not None:
        strict = msgspec.structs.replace(base, **stricter)
        assert tighter(base, strict, worth) == strict
        assert tighter(strict, base, worth) == strict


def test_news_of_both_count_until_the_next_day() -> None:
    first = msgspec.structs.replace(STANDARD["news"], windows=("2026-03-18 18:00-18:30",))
    second = msgspec.structs.replace(STANDARD["news"], windows=("2026-03-19 18:00-18:30",))
    assert tighter(first, second, worth).windows == (*first.windows, *second.windows)


def test_a_change_that_is_tighter_and_looser_at_once_is_taken_apart() -> None:
    market = table(rule("daily_loss", amount=D(500), unit=Unit.MONEY))
    wish = RiskLimits(rules=(rule("daily_loss", amount=D(300), unit=Unit.MONEY, actions=(Action.WARN,)),))
    market.engine._watch.wish(wish, "UTC", "00:00")
    held = now(market, "daily_loss")
    assert held is not None
    assert (held.amount, held.actions) == (D(300), LOSS.actions)
    market.next_day()
    held = now(market, "daily_loss")
    assert held is not None
    assert held.actions == (Action.WARN,)


def test_i_43_no_wish_of_any_kind_makes_the_head_room_larger_within_the_day() -> None:
    market = table(rule("daily_loss", amount=D(500), unit=Unit.MONEY), rule("max_loss"))
    market.make(-100)
    for value in ("100%", "3r", "50% of start", "5000"):
        before = market.engine.head_room()
        market.do(SetLimit(name="daily_loss", value=value))
        market.do(SetLimit(name="max_loss", value="off"))
        assert market.engine.head_room() <= before
    market.at(market.now + HOUR)
    assert market.engine.head_room() == 400
