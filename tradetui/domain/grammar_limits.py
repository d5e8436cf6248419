"""The words about limits: `limit NAME VALUE [SYMBOL]`, `limits`, `unlock [NAME]`."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Final

from tradetui.domain.command import SetLimit, ShowLimits, Unlock
from tradetui.domain.limit_words import BUDGETS, NAMES, OFF, SETTABLE, read_budget, read_rule

VERBS: Final = ("limit", "limits", "unlock")
SHOWN_VALUES: Final = {
    "daily_loss": ("2%", "150", "3r", "5% of start"),
    "weekly_loss": ("5%", "400"),
    "max_loss": ("10% of start", "2000 day_end", "2500 peak"),
    "profit_giveback": ("50% after 200",),
    "max_trades": ("10",),
    "cooldown": ("5min",),
    "cooldown_after_loss": ("15min",),
    "trading_hours": ("mon-fri 08:00-16:30",),
    "news": ("2026-03-18 18:00-18:30",),
    "flatten_at": ("15:10",),
    "stop_guard": ("3 in 60min for 30min",),
    "drawdown_guard": ("2% in 60min for 1h",),
    "require_stop": ("on", "off"),
    "all_accounts": ("on", "off"),
}
"""Values that Tab offers after a name."""


class WrongWord(ValueError):
    """A word of the command that is wrong, counted from the one after the verb."""

    def __init__(self, index: int, message: str) -> None:
        super().__init__(message)
        self.index = index


def read_limits(verb: str, words: Sequence[str], *, symbols: Sequence[str]) -> SetLimit | ShowLimits | Unlock:
    """Read what stands after one of the verbs; raises WrongWord."""
    if verb == "unlock":
        if len(words) > 1:
            raise WrongWord(1, f"expected nothing more, was {words[1]!r}")
        return Unlock(rule=words[0] if words else "")
    if verb == "limits" or not words:
        if words:
            raise WrongWord(0, f"expected nothing more, was {words[0]!r}")
        return ShowLimits()
    return _change(words, symbols)


def _change(words: Sequence[str], symbols: Sequence[str]) -> SetLimit:
    name = _name(words[0].lower())
    values = list(words[1:])
    symbol = values.pop().upper() if len(values) > 1 and values[-1].upper() in symbols else ""
    if not values:
        raise WrongWord(1, f"expected a value, such as {' or '.join(SHOWN_VALUES.get(name, ('5', 'off')))}")
    value = " ".join(values)
    if value.lower() not in OFF or name in BUDGETS:
        try:
            read_budget(name, value) if name in BUDGETS else read_rule(name, value)
        except ValueError as error:
            raise WrongWord(1, str(error)) from None
    if symbol and name not in SETTABLE:
        raise WrongWord(len(words) - 1, f"{name} concerns every symbol")
    return SetLimit(name=name, value=value, symbol=symbol)


def _name(typed: str) -> str:
    if typed in NAMES:
        return typed
    found = [name for name in NAMES if name.startswith(typed)]
    if len(found) == 1:
        return found[0]
    if found:
        raise WrongWord(0, f"{typed!r} may mean {' or '.join(found)}")
    near = difflib.get_close_matches(typed, NAMES, n=1)
    hint = f"; did you mean {near[0]}?" if near else "; limits lists them"
    raise WrongWord(0, f"expected a limit, was {typed!r}{hint}")


def offered(words: Sequence[str], symbols: Sequence[str]) -> tuple[str, ...]:
    """The words that may stand next after `limit` and those given."""
    if not words:
        return NAMES
    if len(words) == 1:
        return (*SHOWN_VALUES.get(words[0], ()), *(() if words[0] in BUDGETS else ("off",)))
    return tuple(symbols)
