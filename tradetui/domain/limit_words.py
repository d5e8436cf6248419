"""Limits in words, for the config and the command line: a name and a value make a rule.

    daily_loss 150 · daily_loss 2% · max_loss 10% of start day_end · stop_guard 3 in 60min for 30min
    trading_hours mon-fri 08:00-16:30 · flatten_at 15:10 · max_position 0.5 · cooldown 5min

A number without a unit is money where money is meant, units or contracts where a size is, and minutes
where a time is. Nothing is rounded and nothing is guessed: what can not be read is refused in words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import msgspec

from tradetui.domain.hours import read_clock, read_hours, read_moment
from tradetui.domain.number import ONE, ZERO, parse_decimal
from tradetui.domain.rule import STANDARD, Rule, RuleKind, Unit

BUDGETS: Final = ("risk_per_trade", "max_risk_per_trade", "max_open_risk", "require_stop", "all_accounts")
"""Limits that are no rules: the unit of risk and what a trade, or all of them together, may take of it."""
SETTABLE: Final = tuple(name for name in STANDARD if name != "day_trades")
NAMES: Final = (*BUDGETS, *SETTABLE)
FOLLOWS: Final = {
    "start": RuleKind.MAX_LOSS_STATIC,
    "day_end": RuleKind.MAX_LOSS_DAY_END,
    "peak": RuleKind.MAX_LOSS_PEAK,
}
"""What the maximum loss is counted from."""
OFF: Final = ("off", "none")
_AMOUNT: Final = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*(%\s*(?:of\s+)?start|%|[A-Za-z]+|)", re.IGNORECASE)
_SPAN: Final = re.compile(r"(\d+)\s*(s|min|m|h|)")
_COUNTED: Final = re.compile(r"(?P<count>\S+)(?:\s+in\s+(?P<back>\S+))?(?:\s+for\s+(?P<lock>\S+))?")
_SECONDS: Final = {"s": 1, "min": 60, "m": 60, "h": 3600}
_HUNDRED: Final = Decimal(100)
_Changes = dict[str, Any]


def read_rule(name: str, text: str, *, base: Rule | None = None, bare: Unit = Unit.MONEY) -> Rule:
    """The rule that a name and a value make; what the value does not say comes from `base`.

    `bare` is what an amount without a unit means. Raises ValueError with what was expected.
    """
    if name not in SETTABLE:
        raise ValueError(f"expected a limit, was {name!r}")
    rule = base or STANDARD[name]
    changes = _READERS[rule.kind](" ".join(text.split()), bare)
    return msgspec.structs.replace(rule, **changes)


def read_share(text: str) -> Decimal:
    """Read 0.5 or 50%: above nothing and up to all of it."""
    number = text.strip().removesuffix("%").strip()
    value = parse_decimal(number) / (_HUNDRED if text.strip().endswith("%") else ONE)
    if not 0 < value <= 1:
        raise ValueError(f"expected a part such as 0.5 or 50%, was {text!r}")
    return value


def read_seconds(text: str, *, bare: str = "min") -> int:
    """Read 15min, 1h or 90s; a number alone counts minutes."""
    match = _SPAN.fullmatch(text.strip().lower())
    if match is None or int(match.group(1)) == 0:
        raise ValueError(f"expected a time such as 15min or 1h, was {text!r}")
    return int(match.group(1)) * _SECONDS[match.group(2) or bare]


def read_amount(text: str, bare: Unit) -> tuple[Decimal, Unit]:
    """Read 150, "150 USDT", 2%, "5% of start" or 3r."""
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        raise ValueError(f'expected an amount such as 150, 2%, "5% of start" or 3r, was {text!r}')
    value, unit = parse_decimal(match.group(1)), match.group(2).lower()
    if value == 0:
        raise ValueError("expected an amount above zero")
    if unit.startswith("%"):
        return read_share(f"{match.group(1)}%"), Unit.START if unit.endswith("start") else Unit.ANCHOR
    if unit == "r":
        return value, Unit.R
    if unit:
        return value, Unit.MONEY
    if bare is Unit.ANCHOR and value > 1:
        raise ValueError('expected a fraction of equity above 0 and up to 1, or an amount: "200 USDT"')
    return value, bare


def _money(text: str, bare: Unit) -> _Changes:
    amount, unit = read_amount(text, bare)
    return {"amount": amount, "unit": unit}


def _max_loss(text: str, bare: Unit) -> _Changes:
    """An amount, and what it follows as a last word."""
    words = text.split()
    follows: _Changes = {}
    if len(words) > 1 and words[-1].lower() in FOLLOWS and not _is_of_start(words):
        follows = {"kind": FOLLOWS[words.pop().lower()]}
    amount, unit = read_amount(" ".join(words), bare)
    return {"amount": amount, "unit": Unit.START if unit is Unit.ANCHOR else unit, **follows}


def _is_of_start(words: list[str]) -> bool:
    """Whether a last word start says what the fraction is of: 10% of start."""
    return words[-1].lower() == "start" and (words[-2].lower() == "of" or words[-2].endswith("%"))


def _least(text: str, _: Unit) -> _Changes:
    amount, unit = read_amount(text, Unit.MONEY)
    if unit not in (Unit.MONEY, Unit.START):
        raise ValueError(f"expected an amount such as 5000, was {text!r}")
    return {"amount": amount, "unit": unit}


def _giveback(text: str, bare: Unit) -> _Changes:
    """50%, or 50% after 200: the part given back, and the profit from which it counts."""
    part, found, after = text.partition(" after ")
    arm = {}
    if found:
        amount, unit = read_amount(after, bare)
        arm = {"arm": amount, "unit": unit}
    return {"amount": read_share(part), **arm}


def _share(text: str, _: Unit) -> _Changes:
    return {"amount": read_share(text)}


def _size(text: str, _: Unit) -> _Changes:
    amount, unit = read_amount(text, Unit.QTY)
    if unit not in (Unit.QTY, Unit.MONEY):
        raise ValueError(f'expected a size such as 0.5, or "20000 USDT", was {text!r}')
    return {"amount": amount, "unit": unit}


def _count(text: str, _: Unit) -> _Changes:
    if not text.isdigit() or int(text) == 0:
        raise ValueError(f"expected a whole number above zero, was {text!r}")
    return {"amount": Decimal(text)}


def _wait(text: str, _: Unit) -> _Changes:
    return {"lock_s": read_seconds(text)}


def _counted(text: str, bare: Unit) -> _Changes:
    """3, or 3 in 60min for 30min."""
    return _windowed(text, lambda count: _count(count, bare))


def _drawdown(text: str, bare: Unit) -> _Changes:
    """2%, or 2% in 60min for 1h."""
    return _windowed(text, lambda part: _share(part, bare))


def _windowed(text: str, read: Callable[[str], _Changes]) -> _Changes:
    match = _COUNTED.fullmatch(text)
    if match is None:
        raise ValueError(f"expected such as 3 in 60min for 30min, was {text!r}")
    changes = read(match["count"])
    if match["back"]:
        changes["lookback_s"] = read_seconds(match["back"])
    if match["lock"]:
        changes["lock_s"] = read_seconds(match["lock"])
    return changes


def _hours(text: str, _: Unit) -> _Changes:
    windows = tuple(part.strip().lower() for part in text.split(","))
    for window in windows:
        read_hours(window)
    return {"windows": windows}


def _news(text: str, _: Unit) -> _Changes:
    windows = tuple(part.strip() for part in text.split(","))
    for window in windows:
        read_moment(window)
    return {"windows": windows}


def _clock(text: str, _: Unit) -> _Changes:
    return {"windows": (read_clock(text),)}


_READERS: Final[dict[RuleKind, Callable[[str, Unit], _Changes]]] = {
    RuleKind.DAILY_LOSS: _money,
    RuleKind.WEEKLY_LOSS: _money,
    RuleKind.MAX_LOSS_STATIC: _max_loss,
    RuleKind.MAX_LOSS_DAY_END: _max_loss,
    RuleKind.MAX_LOSS_PEAK: _max_loss,
    RuleKind.PROFIT_STOP: _money,
    RuleKind.PROFIT_GIVEBACK: _giveback,
    RuleKind.CONSISTENCY: _share,
    RuleKind.MIN_EQUITY: _least,
    RuleKind.MAX_TRADES: _count,
    RuleKind.LOSING_STREAK: _count,
    RuleKind.MAX_POSITION: _size,
    RuleKind.MAX_ORDER_SIZE: _size,
    RuleKind.MAX_OPEN_ORDERS: _count,
    RuleKind.ORDER_RATE: _count,
    RuleKind.LOSS_COOLDOWN: _wait,
    RuleKind.COOLDOWN: _wait,
    RuleKind.TRADING_HOURS: _hours,
    RuleKind.NEWS: _news,
    RuleKind.FLATTEN_AT: _clock,
    RuleKind.STOP_GUARD: _counted,
    RuleKind.LOW_PROFIT: _counted,
    RuleKind.DRAWDOWN_GUARD: _drawdown,
}


def read_budget(name: str, text: str) -> Decimal | bool:
    """The value of a limit that is no rule: a part of equity, a number of R, or yes and no."""
    if name in ("require_stop", "all_accounts"):
        if text.lower() not in ("on", "off", "yes", "no"):
            raise ValueError(f"expected on or off, was {text!r}")
        return text.lower() in ("on", "yes")
    if name == "risk_per_trade":
        return read_share(text)
    value = parse_decimal(text.lower().removesuffix("r"))
    if value <= ZERO:
        raise ValueError(f"expected a number of R above zero, was {text!r}")
    return value
