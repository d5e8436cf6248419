"""The smallest decimal steps of prices and quantities in captured frames, found on the raw bytes.

Decoding every number a second time would cost more than playing the recording. Numbers stand in
quotes (`"61837.63000000"`), so their dots are found in one pass over the bytes; most are settled by
the eight bytes behind the digits that are known to matter, and only the rest is looked at closely:
how many decimals count, and by what stands before the number, whether it is a price (`["1.5"`,
`"p":"1.5"`) or a quantity (`,"1.5"]`, `"q":"1.5"`).
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

_DOT: Final = ord(".")
_QUOTE: Final = ord('"')
_ZERO: Final = ord("0")
_MOST_DECIMALS: Final = 18
_MOST_DIGITS: Final = 18
_IS_PRICE: Final = np.isin(np.arange(256), list(b"[pba"))
"""By the byte before a number's quote, or that of the key where this is a colon."""
_IS_QTY: Final = np.isin(np.arange(256), list(b",qBA"))

Bytes = NDArray[np.uint8]
Positions = NDArray[np.intp]
Windows = NDArray[np.uint64]


class DecimalSteps:
    """Grows with the text it is shown; tick and lot are what was seen so far."""

    def __init__(self) -> None:
        self._price_scale = 0
        self._qty_scale = 0
        self._ends = _Endings(b'"')
        self._level_ends = _Endings(b'"]')
        self._price_ends = _Endings(b'"')
        self._qty_ends = _Endings(b'"')

    @property
    def tick_size(self) -> Decimal:
        """The smallest step of a price."""
        return Decimal(1).scaleb(-self._price_scale)

    @property
    def lot_size(self) -> Decimal:
        """The smallest step of a quantity."""
        return Decimal(1).scaleb(-self._qty_scale)

    def add(self, text: bytes, is_sound: Callable[[bytes], bool]) -> None:
        """Take padded lines of one symbol in; one counts only if it is sound, which few are asked."""
        buffer = np.frombuffer(text, dtype=np.uint8)
        windows = np.ndarray((len(text) - 8,), dtype="<u8", buffer=text, strides=(1,))
        dots = np.flatnonzero(buffer == _DOT)
        dots = self._ends.drop(windows, dots, min(self._price_scale, self._qty_scale))
        dots = self._level_ends.drop(windows, dots, self._qty_scale)
        prices, quantities = _classify(buffer, dots)
        prices = self._price_ends.drop(windows, prices, self._price_scale)
        quantities = self._qty_ends.drop(windows, quantities, self._qty_scale)
        self._price_scale = _deepest(text, prices, self._price_scale, is_sound)
        self._qty_scale = _deepest(text, quantities, self._qty_scale, is_sound)


class _Endings:
    """Drops numbers that end in zeros and these bytes right behind a given count of decimals."""

    def __init__(self, end: bytes) -> None:
        self._zeros = list(range(9 - len(end)))
        """How many zeros stand before the end: at first any, then what did occur, the most frequent first."""
        self._end = end

    def drop(self, windows: Windows, dots: Positions, scale: int) -> Positions:
        """The dots of the other numbers: all whose decimals may reach beyond `scale`, and some more."""
        tails = windows[dots + (scale + 1)]
        dropped: dict[int, int] = {}
        for zeros in self._zeros:
            size = zeros + len(self._end)
            harmless = int.from_bytes(b"0" * zeros + self._end, "little")
            rest = (tails & np.uint64((1 << 8 * size) - 1)) != np.uint64(harmless)
            dropped[zeros] = len(dots) - int(np.count_nonzero(rest))
            if dropped[zeros]:
                dots = dots[rest]
                tails = tails[rest] if zeros != self._zeros[-1] else tails  # the last ones are not read again
        if any(dropped.values()):
            self._zeros = sorted((zeros for zeros in dropped if dropped[zeros]), key=lambda z: -dropped[z])
        return dots


def _classify(buffer: Bytes, dots: Positions) -> tuple[Positions, Positions]:
    """The dots of prices and those of quantities, by what stands before the opening quote."""
    prices: list[Positions] = []
    quantities: list[Positions] = []
    for digits in range(1, _MOST_DIGITS):
        if not len(dots):
            break
        opened = buffer[dots - (digits + 1)] == _QUOTE
        numbers, dots = dots[opened], dots[~opened]
        before = buffer[numbers - (digits + 2)]
        keys = np.where(before == ord(":"), buffer[numbers - (digits + 4)], before)
        prices.append(numbers[_IS_PRICE[keys]])
        quantities.append(numbers[_IS_QTY[keys]])
    empty = np.empty(0, dtype=np.intp)
    return np.concatenate([empty, *prices]), np.concatenate([empty, *quantities])


def _deepest(text: bytes, dots: Positions, scale: int, is_sound: Callable[[bytes], bool]) -> int:
    """The most decimals that count among these numbers and `scale`, lines that are broken left out."""
    depths = _depths(np.frombuffer(text, dtype=np.uint8), dots)
    while len(dots) and int(depths.max()) > scale:
        at = int(dots[depths.argmax()])
        start = text.rfind(b"\n", 0, at) + 1
        line = text[start : text.find(b"\n", at)]
        if is_sound(line):
            return int(depths.max())
        elsewhere = (dots < start) | (dots >= start + len(line))
        dots, depths = dots[elsewhere], depths[elsewhere]
    return scale


def _depths(buffer: Bytes, dots: Positions) -> NDArray[np.int8]:
    """For each dot the place of the last decimal that is not zero."""
    depths = np.zeros(len(dots), dtype=np.int8)
    alive = np.ones(len(dots), dtype=bool)
    for place in range(1, _MOST_DECIMALS + 1):
        digit = buffer[np.minimum(dots + place, len(buffer) - 1)] - np.uint8(_ZERO)
        alive &= digit < 10
        if not alive.any():
            break
        depths[alive & (digit > 0)] = place
    return depths
