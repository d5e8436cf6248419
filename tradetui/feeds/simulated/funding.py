"""Funding of the simulated perpetuals: every eight hours, a small rate that leans on the premium."""

from __future__ import annotations

from typing import Final

EVERY_NS: Final = 8 * 3_600 * 1_000_000_000
_BASE: Final = 0.0001
"""What a venue charges while perpetual and spot agree: 0.01 %."""
_LEAN: Final = 0.03
_MOST: Final = 0.0005
_DIGITS: Final = 6


def rate_of(premium: float) -> float:
    """The funding rate at a premium of the perpetual over its index, both as fractions."""
    leaning = max(-_MOST, min(_MOST, premium * _LEAN))
    return round(_BASE + leaning, _DIGITS)


def next_time(ts: int) -> int:
    """The first funding time after a moment, nanoseconds UTC."""
    return (ts // EVERY_NS + 1) * EVERY_NS
