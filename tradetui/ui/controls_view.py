"""What keys and words change in the view: symbol, timeframe, indicators, and names that resemble others."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Final

import msgspec

from tradetui.domain.command import How
from tradetui.domain.market_data import Timeframe
from tradetui.domain.view import Draft, ViewRequest

OVERLAYS: Final = (
    "ema20",
    "ema50",
    "ema200",
    "sma20",
    "sma50",
    "sma200",
    "wma20",
    "vwap",
    "vwapday",
    "bb20_2",
    "donchian20",
    "keltner20_2_10",
    "supertrend10_3",
)
"""Indicators drawn over the candles, under their usual numbers."""
LOWER_PANES: Final = (
    "rsi14",
    "macd12_26_9",
    "stoch14_3_3",
    "atr14",
    "pvo12_26_9",
    "adx14",
    "obv",
    "cvd",
)
"""Indicators with a pane of their own below the candles."""
_STEM: Final = re.compile(r"([a-z]+)(?:\d+(?:\.\d+)?(?:_\d+(?:\.\d+)?)*)?")


class UnknownName(ValueError):
    """A name that is none of those known; the words have the nearest one."""


def with_symbol(request: ViewRequest, symbol: str) -> ViewRequest:
    """Another symbol, at its newest candle; prices of the draft belong to the old one and are dropped."""
    draft = request.draft
    if symbol != request.symbol:
        stop = draft.stop if draft.stop.price is None else default_draft(request.timeframe).stop
        target = draft.target if draft.target is None or draft.target.price is None else None
        draft = msgspec.structs.replace(draft, limit=None, stop=stop, target=target, how=How())
    return msgspec.structs.replace(request, symbol=symbol, offset=0, ladder_center=None, draft=draft)


def default_draft(timeframe: Timeframe) -> Draft:
    """One R with a stop of 1 ATR of the timeframe."""
    stop = msgspec.structs.replace(Draft().stop, timeframe=timeframe.value)
    return Draft(stop=stop)


def with_timeframe(request: ViewRequest, timeframe: Timeframe) -> ViewRequest:
    """Another timeframe; a stop in ATR follows it, because the default stop is one of the shown timeframe."""
    draft = request.draft
    if draft.stop.atr is not None:
        stop = msgspec.structs.replace(draft.stop, timeframe=timeframe.value)
        draft = msgspec.structs.replace(draft, stop=stop)
    return msgspec.structs.replace(request, timeframe=timeframe, offset=0, draft=draft)


def stepped_timeframe(request: ViewRequest, step: int) -> ViewRequest:
    """The timeframe `step` places longer, staying inside the list."""
    frames = list(Timeframe)
    at = max(0, min(len(frames) - 1, frames.index(request.timeframe) + step))
    return with_timeframe(request, frames[at])


def with_indicator(request: ViewRequest, name: str) -> ViewRequest:
    """Switch an overlay or a lower pane on or off; raises UnknownName."""
    known = known_indicator(name, (*OVERLAYS, *LOWER_PANES))
    if _stem(known) in {_stem(pane) for pane in LOWER_PANES}:
        return msgspec.structs.replace(request, panes=_toggled(request.panes, known))
    return msgspec.structs.replace(request, overlays=_toggled(request.overlays, known))


def known_indicator(name: str, offered: Sequence[str]) -> str:
    """The indicator meant: one of those offered, or one of theirs with other numbers; raises UnknownName."""
    typed = name.lower()
    if typed in offered:
        return typed
    stem = _stem(typed)
    same = [each for each in offered if _stem(each) == stem]
    if not same:
        raise UnknownName(unlike("indicator", typed, offered))
    return typed if typed != stem else same[0]


def _stem(name: str) -> str:
    match = _STEM.fullmatch(name)
    return match[1] if match else name


def _toggled(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(each for each in names if each != name) if name in names else (*names, name)


def named(kind: str, typed: str, names: Sequence[str]) -> str:
    """The one name that is meant: itself, or a start that only one has; raises UnknownName."""
    lowered = typed.lower()
    exact = [name for name in names if name.lower() == lowered]
    found = exact or [name for name in names if name.lower().startswith(lowered)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UnknownName(f"{typed!r} may mean {', '.join(found)}")
    raise UnknownName(unlike(kind, typed, names))


def unlike(kind: str, typed: str, names: Sequence[str]) -> str:
    """Words for an unknown name, with the nearest known one."""
    lowered = {name.lower().partition("/")[0]: name for name in reversed(names)}
    lowered |= {name.lower(): name for name in names}
    near = difflib.get_close_matches(typed.lower(), lowered, n=1, cutoff=0.4)
    hint = f"did you mean {lowered[near[0]]}?" if near else f"there are {', '.join(names)}"
    return f"unknown {kind} {typed!r}; {hint}"
