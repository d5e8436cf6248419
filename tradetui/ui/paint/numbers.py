"""Numbers as a trader reads them: fixed width, aligned on the point, one sign convention."""

from __future__ import annotations

import math
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Final

NONE: Final = "–"
"""What stands where there is no number."""

Number = float | int | Decimal

SUFFIXES: Final = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))


def fixed(value: Number | None, scale: int) -> str:
    """Thousands separated, `scale` digits after the point; no negative zero, a dash for nothing."""
    if value is None or not math.isfinite(value):
        return NONE
    text = f"{value:,.{scale}f}"
    return _without_minus_zero(text)


def signed(value: Number | None, scale: int) -> str:
    """Like `fixed`, with a plus sign above zero."""
    text = fixed(value, scale)
    if text == NONE or text[0] == "-":
        return text
    return text if _is_zero(text) else f"+{text}"


def sign_ink(value: Number | None) -> str:
    """The ink of a gain or a loss."""
    if value is None or value == 0:
        return "dim"
    return "up" if value > 0 else "down"


def compact(value: Number | None, digits: int = 3) -> str:
    """About three digits and a suffix: 950, 1.23k, 34.5k, 3.40M, 0.052."""
    if value is None or not math.isfinite(value):
        return NONE
    number = float(value)
    size = abs(number)
    for unit, suffix in SUFFIXES:
        if size >= unit * (1 - 0.5 * 10.0**-digits):
            return f"{_short(number / unit, digits)}{suffix}"
    return _short(number, digits)


def _short(number: float, digits: int) -> str:
    size = abs(number)
    whole = 1 if size < 10 else 2 if size < 100 else 3
    return _without_minus_zero(f"{number:.{max(0, digits - whole)}f}")


def _is_zero(text: str) -> bool:
    return not text.strip("-0.,")


def _without_minus_zero(text: str) -> str:
    return text[1:] if text[0] == "-" and _is_zero(text) else text


def age_text(age_ms: float) -> str:
    """A short duration: 38 ms, 7 s, 4 m, 2 h, 3 d."""
    if age_ms < 1000:
        return f"{age_ms:.0f} ms"
    seconds = int(age_ms // 1000)
    for unit, name in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= unit:
            return f"{seconds // unit} {name}"
    return f"{seconds} s"


def held_text(seconds: int) -> str:
    """How long something lasts, in two units: 4 m 12 s, 2 h 05 m."""
    seconds = max(0, seconds)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} m {seconds % 60:02d} s"
    if seconds < 86400:
        return f"{seconds // 3600} h {seconds % 3600 // 60:02d} m"
    return f"{seconds // 86400} d {seconds % 86400 // 3600:02d} h"


def clock_text(ts: int, zone: str = "UTC", *, pattern: str = "%H:%M:%S") -> str:
    """The time of day of nanoseconds UTC in a zone."""
    return _clock(ts // 1_000_000_000, zone, pattern)


def _zone(zone: str) -> tzinfo:
    from zoneinfo import ZoneInfo  # the first paint shows no time, and must not wait for it

    return ZoneInfo(zone)


@lru_cache(maxsize=512)  # the seconds that a tape, the fills and a time axis show together
def _clock(seconds: int, zone: str, pattern: str) -> str:
    tz = UTC if zone == "UTC" else _zone(zone)
    try:
        return datetime.fromtimestamp(seconds, tz).strftime(pattern)
    except (ValueError, OverflowError, OSError):
        return NONE
