"""What every indicator is, and how its parameters are checked.

The convention is Skender's: exponential averages are seeded with a simple one, RSI, ATR and ADX
are Wilder's, Bollinger uses the population deviation. An output is NaN until its periods are full.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import nan
from typing import ClassVar, Final

import numpy as np

from tradetui.domain.market_data import Candle
from tradetui.market.bars import Bars
from tradetui.market.ring import FloatArray

Values = tuple[float, ...]
LONGEST_PERIOD: Final = 5_000
_LARGEST_FACTOR: Final = 100.0


@dataclass(frozen=True, slots=True)
class Output:
    """One line that an indicator draws."""

    name: str
    """As in recordings: rsi14, macd12_26_9.signal."""
    style: str
    """line, histogram, band or dots."""


class Indicator(ABC):
    """Numbers that follow from closed candles, and provisionally from the open one."""

    __slots__ = ("name", "values", "warmup")

    parts: ClassVar[tuple[tuple[str, str], ...]] = (("", "line"),)
    """Name and style of each output; a single output has no name of its own."""
    overlay: ClassVar[bool] = False

    def __init__(self, name: str, warmup: int) -> None:
        self.name = name
        self.warmup = warmup
        """How many candles it takes until every output is there."""
        self.values: Values = (nan,) * len(self.parts)
        self.reset()

    @property
    def pane(self) -> str:
        """The word price for overlays, else the indicator's name: a lower pane."""
        return "price" if self.overlay else self.name

    @property
    def outputs(self) -> tuple[Output, ...]:
        """Its lines, in the order of its values."""
        return tuple(
            Output(f"{self.name}.{part}" if part else self.name, style) for part, style in self.parts
        )

    @property
    def ready(self) -> bool:
        """Whether every output of the newest closed candle is a number."""
        return all(value == value for value in self.values)  # noqa: PLR0124  # NaN differs from itself

    def seed(self, bars: Bars) -> FloatArray:
        """Start from history; the outputs at each of its candles, shape (outputs, n)."""
        self.values = (nan,) * len(self.parts)
        self.reset()
        if len(bars) <= self.warmup:
            lines = np.array([self.update(candle) for candle in bars.candles()], dtype=np.float64)
            return lines.reshape(-1, len(self.parts)).T
        lines = np.empty((len(self.parts), len(bars)))
        self.scan(bars, lines)
        self.values = tuple(lines[:, -1].tolist())
        return lines

    @abstractmethod
    def reset(self) -> None:
        """Forget everything but the parameters."""

    @abstractmethod
    def update(self, candle: Candle) -> Values:
        """Commit a closed candle; the outputs after it."""

    @abstractmethod
    def peek(self, candle: Candle) -> Values:
        """The outputs that the open candle would give, without committing it."""

    @abstractmethod
    def scan(self, bars: Bars, lines: FloatArray) -> None:
        """Fill in the outputs over more than `warmup` candles, shape (outputs, n), and keep their end."""


def period(value: float, what: str = "period", least: int = 1) -> int:
    """A whole number of candles; raises ValueError outside its bounds."""
    if value != int(value) or not least <= value <= LONGEST_PERIOD:
        raise ValueError(f"expected a {what} of {least} to {LONGEST_PERIOD} whole candles, was {value:g}")
    return int(value)


def factor(value: float, what: str = "multiple") -> float:
    """A factor above zero; raises ValueError outside its bounds."""
    if not 0.0 < value <= _LARGEST_FACTOR:
        raise ValueError(f"expected a {what} above 0 and up to {_LARGEST_FACTOR:g}, was {value:g}")
    return float(value)


def ascending(fast: int, slow: int) -> None:
    """Raises ValueError unless the fast period is shorter than the slow one."""
    if fast >= slow:
        raise ValueError(f"expected a fast period below the slow one, was {fast} and {slow}")
