"""What is out of the ordinary: how a scenario bends the market, as a function of the time since start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from math import cos, pi
from typing import Final

from tradetui.domain.market_data import FeedState


class Scenario(StrEnum):
    """The scenarios by name; NORMAL is none."""

    NORMAL = "normal"
    CALM = "calm"
    TREND = "trend"
    RANGE = "range"
    BREAKOUT = "breakout"
    FLASH_CRASH = "flash-crash"
    GAP = "gap"
    THIN = "thin"
    STALL = "stall"
    DISCONNECT = "disconnect"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """How the market is at one moment, as multiples of the usual."""

    shift: float = 0.0
    """Added to the logarithm of the fair price."""
    volatility: float = 1.0
    depth: float = 1.0
    spread: float = 1.0
    activity: float = 1.0
    feed: FeedState = FeedState.STREAMING
    text: str = ""
    retry_s: float = 0.0
    silent: bool = False
    """Whether nothing arrives."""
    jumps: bool = False
    """Whether a move now leaves no prints behind."""


_NORMAL: Final = Conditions()


def _calm(_: float) -> Conditions:
    return Conditions(volatility=0.2, activity=0.5, depth=1.5)


def _trend(elapsed: float) -> Conditions:
    """Up by half a percent a minute, with pauses."""
    pauses = 0.0012 * (1 - cos(2 * pi * elapsed / 45))
    return Conditions(shift=0.005 * elapsed / 60 - pauses, volatility=0.6, activity=1.5)


def _range(elapsed: float) -> Conditions:
    """To and fro within a third of a percent, once in forty seconds."""
    return Conditions(shift=0.0016 * (1 - cos(2 * pi * elapsed / 40)), volatility=0.15)


def _breakout(elapsed: float) -> Conditions:
    """Twenty tight seconds, then up by nearly two percent on high activity."""
    if elapsed < 20:
        return Conditions(volatility=0.1, activity=0.6, depth=1.3)
    gone = min((elapsed - 20) / 45, 1.0)
    return Conditions(shift=0.019 * gone**0.7, volatility=0.8, activity=5.0 if gone < 1 else 1.5)


def _flash_crash(elapsed: float) -> Conditions:
    """From the fifteenth second down seven percent in ten seconds, the book thin; most of it comes back."""
    if elapsed < 15:
        return _NORMAL
    if elapsed < 25:
        fallen = ((elapsed - 15) / 10) ** 2
        return Conditions(shift=-0.07 * fallen, depth=0.12, spread=6.0, activity=12.0)
    back = min((elapsed - 25) / 60, 1.0)
    return Conditions(
        shift=-0.07 + 0.042 * back**0.5,
        depth=0.2 + 0.8 * back,
        spread=4.0 - 3.0 * back,
        activity=6.0 - 5.0 * back,
    )


def _gap(elapsed: float) -> Conditions:
    """From the tenth second on a leap of two percent once a minute, up and down in turn, without prints."""
    leaps = int((elapsed + 50) // 60)
    at_once = leaps > 0 and (elapsed + 50) % 60 < 0.5
    return Conditions(shift=0.02 * (leaps % 2), jumps=at_once)


def _thin(_: float) -> Conditions:
    return Conditions(depth=0.08, spread=6.0, activity=0.4)


def _stall(elapsed: float) -> Conditions:
    """Data freezes for fifteen seconds in each minute, first at the tenth second."""
    frozen = (elapsed - 10) % 60 if elapsed >= 10 else 60.0
    if frozen < 5:
        return Conditions(silent=True)
    if frozen < 15:
        return Conditions(feed=FeedState.STALE, text="no data for 5 s", silent=True)
    return _NORMAL


def _disconnect(elapsed: float) -> Conditions:
    """The connection is lost for twelve seconds in each minute, first at the tenth; two retries fail."""
    lost = (elapsed - 10) % 60 if elapsed >= 10 else 60.0
    if lost < 3:
        return Conditions(
            feed=FeedState.DOWN, text="connection closed by the exchange", retry_s=3.0, silent=True
        )
    if lost < 9:
        return Conditions(feed=FeedState.DOWN, text="connection refused", retry_s=6.0, silent=True)
    if lost < 12:
        return Conditions(feed=FeedState.CONNECTING, text="connected, waiting for a snapshot", silent=True)
    return _NORMAL


_COURSES: Final[dict[Scenario, Callable[[float], Conditions]]] = {
    Scenario.NORMAL: lambda _: _NORMAL,
    Scenario.CALM: _calm,
    Scenario.TREND: _trend,
    Scenario.RANGE: _range,
    Scenario.BREAKOUT: _breakout,
    Scenario.FLASH_CRASH: _flash_crash,
    Scenario.GAP: _gap,
    Scenario.THIN: _thin,
    Scenario.STALL: _stall,
    Scenario.DISCONNECT: _disconnect,
}


def conditions(scenario: Scenario, elapsed_s: float) -> Conditions:
    """How the market is, so many seconds after the program's start."""
    return _COURSES[scenario](elapsed_s)
