"""The budget of section 13.2 in numbers."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from tests.engine.market import perp
from tradetui.domain.rule import Rule, Unit
from tradetui.trading.limits import RiskLimits
from tradetui.trading.risk import Budget, largest_qty, stop_risk, unit_risk

D = Decimal
INSTRUMENT = perp(taker_fee=D("0.00055"))
UNIT = unit_risk(INSTRUMENT, D(60_000), D(59_400), fee_in=D("0.00055"), slip=D("0.0005"))


def test_w59_the_budget_denies_and_names_the_largest_size() -> None:
    budget = Budget(
        head_room=D(500) - 180 - 40,
        open_risk=D(90),
        r_value=D(1_000),
        max_risk_per_trade=D(2),
        max_open_risk=D(2),
    )
    assert budget.head_room == 280
    planned = D("0.3") * UNIT
    assert planned == D("208.611")
    assert planned + budget.open_risk > budget.head_room
    assert largest_qty(budget.allowed, UNIT, D("0.001")) == D("0.273")


def test_w86_size_from_risk_is_floored_to_the_lot() -> None:
    assert D("695.37") == UNIT
    assert largest_qty(D(100), UNIT, D("0.001")) == D("0.143")


def test_open_risk_runs_from_the_mark_and_never_below_the_exit_costs() -> None:
    free = perp(taker_fee=D(0))
    assert stop_risk(free, D("0.25"), mark=D(60_000), stop=D(59_400), slip=D(0)) == 150
    assert stop_risk(free, D("0.25"), mark=D(59_000), stop=D(59_400), slip=D(0)) == 0
    assert stop_risk(free, D("-0.25"), mark=D(60_000), stop=D(60_400), slip=D(0)) == 100


def test_limits_read_back_what_they_wrote() -> None:
    for limits in (RiskLimits(require_stop=False), RiskLimits().with_daily_loss(D("123.45"))):
        assert RiskLimits.from_texts(limits.texts(), limits.rules) == limits


def test_a_journal_that_is_older_than_rules_still_tells_its_daily_loss() -> None:
    texts = {"daily_loss": "0.02", **RiskLimits().texts()}
    assert RiskLimits.from_texts({**texts, "daily_loss_amount": ""}, None) == RiskLimits()
    by_amount = RiskLimits.from_texts({**texts, "daily_loss_amount": "75"}, None)
    assert by_amount == RiskLimits().with_daily_loss(D(75))


def worth(rule: Rule) -> Decimal:
    return rule.amount * 10_000 if rule.unit is Unit.ANCHOR else rule.amount


def test_tightened_takes_the_tighter_of_each_limit() -> None:
    now = RiskLimits()
    wish = msgspec.structs.replace(now, max_open_risk=D(1), require_stop=False)
    tightened = now.tightened(wish.with_daily_loss(D("0.05"), Unit.ANCHOR), worth)
    assert tightened.rules == now.rules
    assert tightened.max_open_risk == 1
    assert tightened.require_stop
    by_amount = now.tightened(now.with_daily_loss(D(100)), worth)
    assert by_amount == now.with_daily_loss(D(100))
