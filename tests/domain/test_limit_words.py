"""Limits on the command line: names and values, and the word that is wrong where there is one."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tradetui.domain.command import SetLimit, ShowLimits, Unlock
from tradetui.domain.grammar import GrammarError, complete, parse
from tradetui.domain.limit_words import NAMES, read_rule, read_seconds
from tradetui.domain.rule import RuleKind, Unit

D = Decimal
SYMBOLS = ("BTC/USDT", "ETH/USDT")


def read(text: str) -> object:
    return parse(text, symbol="BTC/USDT", symbols=SYMBOLS)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("limit daily_loss 150", SetLimit(name="daily_loss", value="150")),
        ("limit daily_l 2%", SetLimit(name="daily_loss", value="2%")),
        ("limit max_loss 10% of start", SetLimit(name="max_loss", value="10% of start")),
        ("limit stop_g 3 in 60min for 30min", SetLimit(name="stop_guard", value="3 in 60min for 30min")),
        (
            "limit max_position 0.5 eth/usdt",
            SetLimit(name="max_position", value="0.5", symbol="ETH/USDT"),
        ),
        (
            "limit trading_hours mon-fri 08:00-16:30, sat 10:00-12:00",
            SetLimit(name="trading_hours", value="mon-fri 08:00-16:30, sat 10:00-12:00"),
        ),
        ("limit best_day off", SetLimit(name="best_day", value="off")),
        ("limit require_stop on", SetLimit(name="require_stop", value="on")),
        ("limit", ShowLimits()),
        ("limits", ShowLimits()),
        ("unlock", Unlock()),
        ("unlock max_loss", Unlock(rule="max_loss")),
    ],
)
def test_a_line_about_limits_is_one_command(text: str, command: object) -> None:
    assert read(text) == command


@pytest.mark.parametrize(
    ("text", "marked", "says"),
    [
        ("limit dayly_loss 5", "dayly_loss", "did you mean daily_loss?"),
        ("limit max 5", "max", "may mean"),
        ("limit daily_loss", "", "expected a value, such as 2%"),
        ("limit daily_loss lots", "lots", "expected an amount"),
        ("limit max_trades 2.5", "2.5", "whole number"),
        ("limit risk_per_trade 2 BTC/USDT", "2", "a part such as"),
        ("limit risk_per_trade 1% BTC/USDT", "BTC/USDT", "every symbol"),
        ("limits now", "now", "expected nothing more"),
        ("unlock a b", "b", "expected nothing more"),
    ],
)
def test_an_error_marks_the_word(text: str, marked: str, says: str) -> None:
    with pytest.raises(GrammarError) as caught:
        read(text)
    assert text[caught.value.start : caught.value.end] == marked
    assert says in caught.value.message


def test_tab_offers_names_then_values() -> None:
    assert complete("limit ", symbols=SYMBOLS) == list(NAMES)
    assert complete("limit daily_loss ", symbols=SYMBOLS)[0] == "2%"
    assert complete("limit max_position 5 E", symbols=SYMBOLS) == ["ETH/USDT"]


@pytest.mark.parametrize(
    ("text", "kind", "unit"),
    [
        ("2000 day_end", RuleKind.MAX_LOSS_DAY_END, Unit.MONEY),
        ("2500 USDT peak", RuleKind.MAX_LOSS_PEAK, Unit.MONEY),
        ("10% of start", RuleKind.MAX_LOSS_STATIC, Unit.START),
        ("10%start day_end", RuleKind.MAX_LOSS_DAY_END, Unit.START),
        ("10% start", RuleKind.MAX_LOSS_STATIC, Unit.START),
    ],
)
def test_a_maximum_loss_says_what_it_follows(text: str, kind: RuleKind, unit: Unit) -> None:
    rule = read_rule("max_loss", text)
    assert (rule.kind, rule.unit) == (kind, unit)


def test_what_a_value_does_not_say_stays_as_it_was() -> None:
    before = read_rule("stop_guard", "2 in 10min for 5min")
    assert read_rule("stop_guard", "4", base=before).lookback_s == 600


@pytest.mark.parametrize(("text", "seconds"), [("15", 900), ("90s", 90), ("2h", 7200), ("5 min", 300)])
def test_a_time_without_a_unit_counts_minutes(text: str, seconds: int) -> None:
    assert read_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "-5", "0%", "150%", "nan", "1e3", "5 usdt usdt"])
def test_no_amount_is_guessed(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        read_rule("daily_loss", text)
