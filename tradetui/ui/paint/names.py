"""Names of indicators as a trader writes them, and the inks of their lines."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

SHORT: Final = {"signal": "sig", "histogram": "hist", "upper": "up", "lower": "low", "middle": "mid"}
GUIDES: Final = {"rsi": (30.0, 70.0), "stoch": (20.0, 80.0), "macd": (0.0,), "pvo": (0.0,), "adx": (25.0,)}
INKS: Final = {"ema": "ema", "wma": "ema", "vwap": "vwap", "sma": "accent", "supertrend": "warn"}
LINE_INKS: Final = {"signal": "warn", "macd": "bright", "pvo": "bright", "k": "accent", "d": "warn"}


@lru_cache(maxsize=256)
def group_title(group: str) -> str:
    """`macd12_26_9` becomes `MACD 12,26,9`."""
    match = re.match(r"([a-z_]+?)_?([\d_.]*)$", group)
    if match is None:
        return group.upper()
    numbers = match[2].strip("_").replace("_", ",")
    return f"{match[1].upper().replace('_', ' ')} {numbers}".strip()


@lru_cache(maxsize=256)
def kind_of(group: str) -> str:
    """The letters a group's name begins with: `macd`."""
    match = re.match(r"[a-z]+", group)
    return match[0] if match else group


@lru_cache(maxsize=256)
def part_name(name: str) -> str:
    """What stands before a value: `sig` for `macd12_26_9.signal`, nothing for a lone line."""
    _, _, part = name.partition(".")
    return SHORT.get(part, part) if part else ""


@lru_cache(maxsize=256)
def line_ink(name: str, style: str) -> str:
    """The ink of a line."""
    kind = kind_of(name)
    part = name.partition(".")[2]
    if part in LINE_INKS:
        return LINE_INKS[part]
    if kind in INKS and style != "band":
        return INKS[kind]
    if kind in ("macd", "pvo"):
        return "bright"
    return "band" if style == "band" or part in ("upper", "lower", "middle") else "accent"


def guides_of(group: str) -> tuple[float, ...]:
    """The levels that matter in an indicator's pane."""
    return GUIDES.get(kind_of(group), ())
