"""Limits in the config: every key makes its rule, presets fill in, and every fault is named at once."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from tests.config.test_load import config, faults_of
from tests.engine.rules_table import Account
from tradetui.cli.parts import engine_settings
from tradetui.config.limits import limits_of
from tradetui.config.load import load
from tradetui.config.presets import PRESETS
from tradetui.domain.rule import (
    FLAT,
    HOLD,
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
from tradetui.trading import thresholds
from tradetui.trading.limits import RiskLimits
from tradetui.trading.settings import EngineSettings

D = Decimal
EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


def limits(tmp_path: Path, text: str) -> RiskLimits:
    loaded = load(config(tmp_path, text))
    return limits_of(loaded.settings, loaded.written)[0]


def one(tmp_path: Path, text: str, name: str) -> Rule:
    found = limits(tmp_path, f"[risk]\n{text}").rule(name)
    assert found is not None
    return found


def test_without_a_file_there_is_a_daily_loss_and_a_stop_guard() -> None:
    settings = load(None).settings
    made, faults = limits_of(settings, frozenset())
    assert not faults
    assert made.rules == (STANDARD["daily_loss"], STANDARD["stop_guard"])
    guard = made.rules[1]
    assert (guard.amount, guard.lookback_s, guard.lock_s) == (D(3), 3600, 1800)


@pytest.mark.parametrize(
    ("text", "name", "changes"),
    [
        ("daily_loss = 0.03", "daily_loss", {"amount": D("0.03")}),
        ('daily_loss = "200 USDT"', "daily_loss", {"amount": D(200), "unit": Unit.MONEY}),
        ('daily_loss = "5% of start"', "daily_loss", {"amount": D("0.05"), "unit": Unit.START}),
        ('daily_loss = "3R"', "daily_loss", {"amount": D(3), "unit": Unit.R}),
        ('daily_loss_from = "higher"', "daily_loss", {"anchor": Anchor.HIGHER}),
        ('breach_at = "<"', "daily_loss", {"compare": Compare.BEYOND}),
        ('on_breach = "hold"', "daily_loss", {"actions": HOLD}),
        ("forced_flatten = 1.5", "daily_loss", {"force_at": D("1.5")}),
        ("weekly_loss = 0.05", "weekly_loss", {}),
        ('max_loss = "2000 USD"', "max_loss", {"amount": D(2000), "unit": Unit.MONEY}),
        (
            'max_loss = "10%"\nmax_loss_follows = "day_end"\nmax_loss_cap = 0',
            "max_loss",
            {"kind": RuleKind.MAX_LOSS_DAY_END, "cap": D(0)},
        ),
        ('max_loss = "10%"\nmax_loss_follows = "peak"', "max_loss", {"kind": RuleKind.MAX_LOSS_PEAK}),
        ("daily_profit = 0.03", "daily_profit", {}),
        ("weekly_profit = 0.08", "weekly_profit", {}),
        (
            'profit_giveback = "40% after 200 USDT"',
            "profit_giveback",
            {"amount": D("0.4"), "arm": D(200), "unit": Unit.MONEY},
        ),
        ("best_day = 0.5", "best_day", {}),
        ("min_equity = 5000", "min_equity", {"amount": D(5000)}),
        ("max_trades = 10", "max_trades", {}),
        ("max_losing_streak = 3", "max_losing_streak", {}),
        ("max_position = 0.5", "max_position", {"amount": D("0.5")}),
        ('max_position = "20000 USDT"', "max_position", {"amount": D(20000), "unit": Unit.MONEY}),
        ("max_order_size = 2", "max_order_size", {"amount": D(2)}),
        ("max_open_orders = 20", "max_open_orders", {}),
        ("max_orders_per_minute = 30", "max_orders_per_minute", {}),
        ('cooldown_after_loss = "15min"', "cooldown_after_loss", {}),
        (
            'trading_hours = ["mon-fri 08:00-16:30", "sat 10:00-12:00"]',
            "trading_hours",
            {"windows": ("mon-fri 08:00-16:30", "sat 10:00-12:00")},
        ),
        ('news = ["2026-03-18 18:00-18:30"]', "news", {"windows": ("2026-03-18 18:00-18:30",)}),
        ('flatten_at = "15:10"', "flatten_at", {"windows": ("15:10",)}),
        ('stop_guard = "2 in 1h for 90s"', "stop_guard", {"amount": D(2), "lock_s": 90}),
        ('stop_guard_scope = "side"', "stop_guard", {"scope": Scope.SIDE}),
        ('drawdown_guard = "1% in 60min for 1h"', "drawdown_guard", {}),
        ('cooldown = "5min"', "cooldown", {}),
        ('low_profit = "4 in 6h for 1h"', "low_profit", {}),
        ('us_rules = "pdt_2001"', "day_trades", {}),
    ],
)
def test_each_key_makes_its_rule(tmp_path: Path, text: str, name: str, changes: dict[str, object]) -> None:
    assert one(tmp_path, text, name) == msgspec.structs.replace(STANDARD[name], **changes)


def test_off_takes_a_rule_away(tmp_path: Path) -> None:
    assert limits(tmp_path, '[risk]\nstop_guard = "off"\n').rules == (STANDARD["daily_loss"],)


def test_the_new_us_rules_have_no_count(tmp_path: Path) -> None:
    assert limits(tmp_path, '[risk]\nus_rules = "intraday_2026"\n').rule("day_trades") is None


def test_a_rule_in_full_says_every_field(tmp_path: Path) -> None:
    text = """
    [risk.rules.slow_bleed]
    kind = "weekly_loss"
    amount = "4% of start"
    anchor = "balance"
    measure = "realized"
    reset = "day"
    compare = "<"
    symbol = "btc/usdt"
    actions = ["warn", "block_entries"]
    lock_until = "manual"
    lock_for = "2h"
    forced_flatten = 2
    """
    found = limits(tmp_path, text).rule("slow_bleed")
    assert found == Rule(
        name="slow_bleed",
        kind=RuleKind.WEEKLY_LOSS,
        amount=D("0.04"),
        unit=Unit.START,
        anchor=Anchor.BALANCE,
        measure=Measure.REALIZED,
        reset=Reset.DAY,
        compare=Compare.BEYOND,
        symbol="BTC/USDT",
        actions=(Action.WARN, Action.BLOCK),
        lock_until=LockUntil.MANUAL,
        lock_s=7200,
        force_at=D(2),
    )


def test_a_rule_in_full_takes_the_place_of_the_key_of_its_name(tmp_path: Path) -> None:
    text = '[risk.rules.max_loss]\namount = "900 USDT"\nfollows = "peak"\ncap = 100'
    found = limits(tmp_path, text).rule("max_loss")
    assert found is not None
    assert (found.kind, found.amount, found.cap) == (RuleKind.MAX_LOSS_PEAK, D(900), D(100))


def test_every_fault_of_the_limits_is_named_at_once(tmp_path: Path) -> None:
    faults = faults_of(
        tmp_path,
        """
        [risk]
        preset = "ftmo"
        daily_loss = "off"
        weekly_loss = 5
        max_loss = "a lot"
        max_trades = "many"
        max_losing_streak = 0
        trading_hours = ["mon-fry 08:00-16:30"]
        news = ["tomorrow"]
        flatten_at = "25:00"
        stop_guard = "3 in a while"
        profit_giveback = 1.5
        warn_at = [0.5, 2]
        max_los_cap = 3
        us_rules = "pdt"
        [risk.rules.mine]
        kind = "dayly_loss"
        [risk.rules.other]
        kind = "cooldown"
        amount = "fast"
        lock_for = "1 fortnight"
        actions = ["panic"]
        sope = "all"
        """,
    )
    expected = {
        "risk.preset": "did you mean ftmo_",
        "risk.daily_loss": "off",
        "risk.weekly_loss": "fraction of equity",
        "risk.max_loss": "expected an amount",
        "risk.max_trades": "whole number",
        "risk.max_losing_streak": "above zero",
        "risk.trading_hours": "fry",
        "risk.news": "expected a date",
        "risk.flatten_at": "time of day",
        "risk.stop_guard": "3 in 60min for 30min",
        "risk.profit_giveback": "0.5 or 50%",
        "risk.warn_at": "between 0 and 1",
        "risk.max_los_cap": "did you mean max_loss_cap?",
        "risk.us_rules": "did you mean pdt_2001?",
        "risk.rules.mine.kind": "did you mean daily_loss?",
        "risk.rules.other.amount": "15min",
        "risk.rules.other.lock_for": "15min",
        "risk.rules.other.actions": "block_entries",
        "risk.rules.other.sope": "did you mean scope?",
    }
    assert set(faults) == set(expected)
    for key, words in expected.items():
        assert words in faults[key], key


def test_every_hidden_key_of_the_example_is_good_as_it_stands(tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    section = text[text.index("[risk]") : text.index("# One rule in full")]
    shown = re.sub(r"^# (\w+ = )", r"\1", section, flags=re.MULTILINE)
    loaded = load(config(tmp_path, shown))
    assert limits_of(loaded.settings, loaded.written)[0] == limits_of(load(None).settings, ())[0]


def preset(tmp_path: Path, name: str, *more: str) -> EngineSettings:
    text = "\n".join(["[risk]", f'preset = "{name}"', *more])
    loaded = load(config(tmp_path, text))
    return engine_settings(loaded.profiles["sim"], loaded)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_loads_with_a_meaning(tmp_path: Path, name: str) -> None:
    made = preset(tmp_path, name)
    assert made.limits.rule("daily_loss") is not None
    assert PRESETS[name].meaning.endswith(".")


@pytest.mark.parametrize(
    ("name", "balance", "rule", "threshold"),
    [
        ("ftmo_2step", 200_000, "daily_loss", 190_000),
        ("ftmo_2step", 200_000, "max_loss", 180_000),
        ("ftmo_1step", 100_000, "max_loss", 90_000),
        ("topstep_50k", 50_000, "max_loss", 48_000),
        ("topstep_100k", 100_000, "max_loss", 97_000),
        ("topstep_150k", 150_000, "max_loss", 145_500),
        ("alpha", 100_000, "daily_loss", 95_000),
        ("intraday_trailing", 50_000, "max_loss", 47_500),
        ("broker", 10_000, "weekly_loss", 9_500),
    ],
)
def test_w53_to_w57_a_preset_sets_the_threshold_of_its_name(
    tmp_path: Path, name: str, balance: int, rule: str, threshold: int
) -> None:
    settings = msgspec.structs.replace(preset(tmp_path, name), balance=D(balance), zone="UTC", roll="00:00")
    books = Account(settings).engine._books
    found = books.limits.rule(rule)
    assert found is not None
    assert thresholds.floor_of(found, books.standing()) == threshold
    assert found.actions == FLAT


def test_a_preset_brings_its_trading_day_and_what_is_written_goes_before_it(tmp_path: Path) -> None:
    made = preset(tmp_path, "topstep_50k")
    assert (made.zone, made.roll) == ("America/Chicago", "17:00")
    flat = made.limits.rule("flatten_at")
    assert flat is not None
    assert flat.windows == ("15:10",)
    mine = preset(tmp_path, "topstep_50k", 'flatten_at = "off"', "[day]", 'zone = "UTC"')
    assert (mine.zone, mine.roll) == ("UTC", "17:00")
    assert mine.limits.rule("flatten_at") is None
