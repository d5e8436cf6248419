"""Numbers as a trader reads them: few digits, exact where they are money."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from tradetui.domain.number import MONEY, ZERO, canonical, money_scale, scale_of

SECOND: Final = 1_000_000_000
MS: Final = 1_000_000
_SLOW_MS: Final = 10_000
_LISTED: Final = 4
_AGE_STEP_MS: Final = 100


def cents(amount: Decimal, currency: str = "") -> Decimal:
    """An amount with the digits of its currency: two of money, eight of coins."""
    return at_scale(amount, money_scale(currency))


def fine(amount: Decimal) -> Decimal:
    """A small amount, or a number of R, with four digits."""
    return at_scale(amount, 4)


def at_scale(value: Decimal, scale: int) -> Decimal:
    """A value with so many digits after the point, and no sign before zero."""
    return MONEY.add(value.quantize(Decimal(1).scaleb(-scale), context=MONEY), ZERO)


def price_text(price: Decimal, scale: int) -> str:
    """61,510.2 on a scale of 1."""
    return f"{at_scale(price, scale):,f}"


def mid_text(mid: Decimal, scale: int) -> str:
    """A price that may lie between two ticks: one digit more where it does."""
    return price_text(mid, scale if at_scale(mid, scale) == mid else scale + 1)


def listed_qtys(qtys: Sequence[Decimal]) -> str:
    """The first few quantities with equal digits, and a sign that there are more: .075 .030 .315."""
    digits = max((scale_of(qty) for qty in qtys[:_LISTED]), default=0)
    texts = (f"{qty:.{digits}f}" for qty in qtys[:_LISTED])
    shown = " ".join(text[1:] if text.startswith("0.") else text for text in texts)
    return f"{shown} …" if len(qtys) > _LISTED else shown


def fee_text(fee: Decimal, asset: str, currency: str) -> str:
    """A fee in the account's currency as a bare number, else with its asset."""
    digits = max(money_scale(currency), 2 if abs(fee) >= Decimal("0.1") else 4)
    if asset == currency:
        return f"{at_scale(fee, digits):,f}"
    return f"{canonical(at_scale(fee, 8))} {asset}"


def span_text(span_ns: int) -> str:
    """152 ms, 3.5 s, 41 s, 3 m 5 s, 2 h 7 m."""
    ms = max(0, span_ns) // MS
    seconds = ms // 1000
    if ms < _SLOW_MS:
        return f"{ms} ms" if ms < 1000 else f"{ms / 1000:.1f} s"
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} m {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} m"


def age_in_steps(now: int, then: int) -> int:
    """How many milliseconds ago a moment was, in steps of 100 so that time alone changes little."""
    return max(0, now - then) // (_AGE_STEP_MS * MS) * _AGE_STEP_MS


def second_of_day(ts: int, zone: str) -> str:
    """00:00:00 UTC, in the zone of the account's trading day."""
    return f"{datetime.fromtimestamp(ts // SECOND, UTC).astimezone(ZoneInfo(zone)):%H:%M:%S %Z}"


def time_of_day(ts: int, zone: str) -> str:
    """00:00 UTC, in the zone of the account's trading day."""
    return f"{datetime.fromtimestamp(ts // SECOND, UTC).astimezone(ZoneInfo(zone)):%H:%M %Z}"
