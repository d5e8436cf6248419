"""Indicators by name: sma20, bb20_2, macd12_26_9."""

from __future__ import annotations

import re
from collections.abc import Callable
from difflib import get_close_matches
from typing import Final

from tradetui.domain.calendar import TradingCalendar
from tradetui.market.indicators.averages import Ema, Sma, Wma
from tradetui.market.indicators.bands import Bollinger, Donchian, Keltner
from tradetui.market.indicators.base import Indicator
from tradetui.market.indicators.flow import Cvd, Obv, SessionVwap, Vwap
from tradetui.market.indicators.oscillators import Macd, Pvo, Rsi, Stochastic
from tradetui.market.indicators.ranges import Adx, Atr, Supertrend

_NAME: Final = re.compile(r"([a-z]+)((?:\d+(?:\.\d+)?)(?:_\d+(?:\.\d+)?)*)?")
_MAKERS: Final[dict[str, tuple[Callable[..., Indicator], int]]] = {
    "sma": (Sma, 1),
    "ema": (Ema, 1),
    "wma": (Wma, 1),
    "vwap": (Vwap, 0),
    "vwapday": (SessionVwap, 1),
    "bb": (Bollinger, 2),
    "macd": (Macd, 3),
    "rsi": (Rsi, 1),
    "atr": (Atr, 1),
    "stoch": (Stochastic, 3),
    "pvo": (Pvo, 3),
    "obv": (Obv, 0),
    "cvd": (Cvd, 0),
    "donchian": (Donchian, 1),
    "keltner": (Keltner, 3),
    "adx": (Adx, 1),
    "supertrend": (Supertrend, 2),
}
"""How each is made, and how many numbers its name takes."""

INDICATOR_NAMES: Final = tuple(maker().name for maker, _ in _MAKERS.values())
"""Every indicator under its usual parameters."""


def parse_indicator(name: str, *, calendar: TradingCalendar | None = None) -> Indicator:
    """The indicator of a name; numbers that are left out take their usual values.

    `calendar` cuts the trading days of vwapday (UTC without one). Raises ValueError for an unknown
    name, with the nearest one, and for parameters out of bounds.
    """
    match = _NAME.fullmatch(name.strip().lower())
    if match is None or match[1] not in _MAKERS:
        raise ValueError(f"expected an indicator such as {_nearest(name)}, was {name!r}")
    maker, most = _MAKERS[match[1]]
    numbers = [float(text) for text in match[2].split("_")] if match[2] else []
    if len(numbers) > most:
        raise ValueError(f"{name}: expected at most {most} numbers after {match[1]}, was {len(numbers)}")
    try:
        return SessionVwap(*numbers, calendar=calendar) if maker is SessionVwap else maker(*numbers)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _nearest(name: str) -> str:
    """The known name that is most like the one written, with the numbers that were written."""
    lowered = name.strip().lower()
    stem = lowered.rstrip("0123456789._")
    near = get_close_matches(stem, _MAKERS, n=1, cutoff=0.5)
    if not near:
        return ", ".join(INDICATOR_NAMES[:6])
    numbers = lowered[len(stem) :]
    written = f"{near[0]}{numbers}"
    if numbers and _NAME.fullmatch(written) and len(numbers.split("_")) <= _MAKERS[near[0]][1]:
        return written
    return INDICATOR_NAMES[list(_MAKERS).index(near[0])]
