"""What every indicator is, and how its parameters are checked.

The convention is Skender's: exponential averages are seeded with a simple one, RSI, ATR and ADX
are Wilder's, Bollinger uses the population deviation. An output is NaN until its periods are full.

An indicator is written twice, and no more. `scan` computes a whole history at once, and the first
few candles of a market as well. From where it ends, a generator takes one candle after the other:
its running state are its local variables, which Python reads and writes faster than anything else,
and `update` is its own `send`. Whoever wants to know what an open candle would give asks it for a
twin, and sends the candle there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from dataclasses import dataclass
from math import nan
from typing import Any, ClassVar, Final

import numpy as np

from tradetui.domain.market_data import Candle
from tradetui.market.bars import COLUMNS, Bars, row_of
from tradetui.market.ring import FloatArray
from tradetui.market.stretches import lines_of

Values = tuple[float, ...]
Steps = Generator[Any, Candle | None, None]
"""Yields the outputs of the last candle; sent a candle, those after it; sent None, a twin of itself."""

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

    __slots__ = ("_first", "_steps", "name", "update", "warmup")

    parts: ClassVar[tuple[tuple[str, str], ...]] = (("", "line"),)
    """Name and style of each output; a single output has no name of its own."""
    overlay: ClassVar[bool] = False

    def __init__(self, name: str, warmup: int) -> None:
        self.name = name
        self.warmup = warmup
        """How many candles it takes until every output is there."""
        self.update: Callable[[Candle], Values]
        """Commit a closed candle; the outputs after it."""
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
    def values(self) -> Values:
        """The outputs on the newest closed candle, NaN where not ready."""
        if self._steps is None:
            return self._newest(self._first)
        values: Values = next(next(self._steps))
        return values

    @property
    def ready(self) -> bool:
        """Whether every output of the newest closed candle is a number."""
        return all(value == value for value in self.values)  # noqa: PLR0124  # NaN differs from itself

    def reset(self) -> None:
        """Forget everything but the parameters."""
        self._first: FloatArray = np.empty((COLUMNS, 0))
        self._steps: Steps | None = None
        self.update = self._gather

    def seed(self, bars: Bars) -> FloatArray:
        """Start from history; the outputs at each of its candles, shape (outputs, n)."""
        self.reset()
        lines = lines_of(len(self.parts), len(bars))
        if not len(bars):
            return lines
        steps = self.scan(bars, lines)
        if len(bars) > self.warmup:
            next(steps)
            self._steps = steps
            self.update = steps.send
        else:
            self._first = bars.rows()
        return lines

    def peek(self, candle: Candle) -> Values:
        """The outputs that the open candle would give, without committing it."""
        if self._steps is None:
            return self._newest(self._with(candle))
        twin: Steps = next(self._steps)
        next(twin)
        values: Values = twin.send(candle)
        return values

    @abstractmethod
    def scan(self, bars: Bars, lines: FloatArray) -> Steps:
        """Fill in the outputs over at least one candle, shape (outputs, n).

        What it returns goes on from there; it is only started after more than `warmup` candles.
        """

    def _gather(self, candle: Candle) -> Values:
        """Commit one of the first candles; once they are enough, `update` goes its short way."""
        if self._steps is not None:  # somebody kept this `update`
            return self.update(candle)
        lines = self.seed(Bars.from_rows(self._with(candle)))
        return tuple(lines[:, -1].tolist())

    def _with(self, candle: Candle) -> FloatArray:
        """The first candles and one more."""
        return np.column_stack((self._first, row_of(candle)))

    def _newest(self, rows: FloatArray) -> Values:
        """The outputs at the last of some candles, shape (8, n)."""
        if not rows.shape[1]:
            return (nan,) * len(self.parts)
        lines = lines_of(len(self.parts), rows.shape[1])
        self.scan(Bars.from_rows(rows), lines)
        return tuple(lines[:, -1].tolist())


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
