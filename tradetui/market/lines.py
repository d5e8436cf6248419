"""The lines of one indicator on one timeframe, kept beside the closed candles."""

from __future__ import annotations

from math import nan

from tradetui.market.indicators.base import Indicator, Output, Values
from tradetui.market.ring import FloatArray, Ring
from tradetui.market.series import CandleSeries


class IndicatorLines:
    """An indicator and its past outputs; brought up to date when somebody looks."""

    __slots__ = ("_generation", "_indicator", "_ring", "_seen", "_series", "_values")

    def __init__(self, indicator: Indicator, series: CandleSeries, capacity: int) -> None:
        self._indicator = indicator
        self._series = series
        self._ring = Ring(len(indicator.parts), capacity)
        self._generation = -1
        self._seen = 0
        self._values: Values = (nan,) * len(indicator.parts)

    @property
    def name(self) -> str:
        """The indicator's name."""
        return self._indicator.name

    @property
    def pane(self) -> str:
        """The word price, or the indicator's name."""
        return self._indicator.pane

    @property
    def outputs(self) -> tuple[Output, ...]:
        """Names and styles of the lines."""
        return self._indicator.outputs

    @property
    def ready(self) -> bool:
        """Whether every output of the newest closed candle is a number."""
        self._catch_up()
        return all(value == value for value in self._values)  # noqa: PLR0124  # NaN differs from itself

    @property
    def values(self) -> Values:
        """The outputs on the newest closed candle, NaN where not ready."""
        self._catch_up()
        return self._values

    def peek(self) -> Values:
        """The outputs on the open candle; those of the newest closed one where none is open."""
        self._catch_up()
        candle = self._series.open
        return self._values if candle is None else self._indicator.peek(candle)

    def history(self) -> FloatArray:
        """The outputs on the closed candles, shape (outputs, closed candles); a view, like `bars`."""
        self._catch_up()
        return self._ring.rows()

    def _catch_up(self) -> None:
        """Take in the candles that closed since the last look."""
        series = self._series
        missing = series.closed_count - self._seen
        if series.generation != self._generation or missing > len(series):
            self._ring.clear()
            self._ring.extend(self._indicator.seed(series.bars))
            self._generation = series.generation
            self._values = self._indicator.values
        elif missing:
            for candle in series.closed(missing):
                self._values = values = self._indicator.update(candle)
                self._ring.append(values)
        self._seen = series.closed_count
