"""The budget of section 13.2 in numbers."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from tests.engine.market import perp
from tradetui.trading.risk import Budget, largest_qty, stop_risk, unit_risk
from tradetui.trading.settings import RiskLimits

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
    for amount in (None, D("123.45")):
        limits = RiskLimits(daily_loss_amount=amount, require_stop=False)
        assert RiskLimits.from_texts(limits.texts()) == limits


def test_tightened_takes_the_tighter_of_each_limit() -> None:
    now = RiskLimits(daily_loss=D("0.02"), max_open_risk=D(2))
    wish = msgspec.structs.replace(now, daily_loss=D("0.05"), max_open_risk=D(1), require_stop=False)
    tightened = now.tightened(wish, D(10_000))
    assert tightened.daily_loss == D("0.02")
    assert tightened.max_open_risk == 1
    assert tightened.require_stop
    by_amount = now.tightened(msgspec.structs.replace(now, daily_loss_amount=D(100)), D(10_000))
    assert by_amount.daily_limit(D(10_000)) == 100
