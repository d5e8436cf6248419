"""Bars and sparklines in eighths of a cell, and sizes with a bar behind the figure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from tradetui.ui.paint.rows import Row, Run

ACROSS: Final = " ▏▎▍▌▋▊▉█"
UP: Final = " ▁▂▃▄▅▆▇█"


def gauge(share: float, width: int) -> Row:
    """A thin bar of what is used: calm below one half, then accented, warning from 75 %, red at 90 %."""
    if not math.isfinite(share):
        share = 1.0
    share = min(1.0, max(0.0, share))
    full = round(share * width)
    if share > 0 and full == 0:
        full = 1
    ink = "down" if share >= 0.9 else "warn" if share >= 0.75 else "up"
    runs: list[Run] = []
    if full:
        runs.append(("━" * full, ink))
    if width > full:
        runs.append(("─" * (width - full), "hairline"))
    return tuple(runs)


def level(share: float) -> str:
    """One cell filled from below by a share of 0 to 1."""
    return UP[max(0, min(8, round(share * 8)))] if math.isfinite(share) else " "


def sparkline(values: Sequence[float], width: int) -> str:
    """The last `width` values as eighth blocks between their lowest and highest."""
    shown = [value for value in values[-width:] if math.isfinite(value)] if width > 0 else []
    if not shown:
        return " " * max(0, width)
    low, high = min(shown), max(shown)
    span = high - low
    text = "".join(UP[1 + round((value - low) / span * 7)] if span > 0 else UP[4] for value in shown)
    return text.rjust(width)


def round_up(value: float) -> float:
    """The next of 1, 1.5, 2, 3, 5, 7 times a power of ten: a maximum that does not change at each tick."""
    if value <= 0 or not math.isfinite(value):
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    for factor in (1.0, 1.5, 2.0, 3.0, 5.0, 7.0):
        if value <= power * factor:
            return power * factor
    return power * 10


def behind(text: str, share: float, *, ink: str, ground: str, from_right: bool) -> Row:
    """A figure with a bar of `share` of its cells behind it."""
    width = len(text)
    filled = max(0, min(width, math.ceil(share * width - 0.25)))
    if from_right:
        cut = width - filled
        parts = ((text[:cut], ink), (text[cut:], f"{ink}@{ground}"))
    else:
        parts = ((text[:filled], f"{ink}@{ground}"), (text[filled:], ink))
    return tuple(part for part in parts if part[0])
