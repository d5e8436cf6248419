"""History in numpy: a bounded ring whose columns are always one contiguous view.

Writing one row into numpy costs more than computing it. So single rows wait in a list, and are
written together when somebody looks.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

_MOST_WAITING: Final = 32
"""Enough to make a row cheap; where nobody looks, each row that waits takes five times its place."""
_SLACK: Final = 8
"""The part of the capacity that lies empty: moving the rows is cheap, and memory is not."""


class Ring:
    """The newest rows of float64 columns; the buffer has slack behind them, so a view never wraps."""

    __slots__ = ("_buffer", "_capacity", "_end", "_start", "_waiting", "appended")

    def __init__(self, columns: int, capacity: int) -> None:
        """Raises ValueError for a count below one."""
        if columns < 1 or capacity < 1:
            raise ValueError(f"expected at least one column and one row, was {columns} and {capacity}")
        self._buffer: FloatArray = np.empty((columns, capacity + capacity // _SLACK + 1))
        self._capacity = capacity
        self._start = 0
        self._end = 0
        self._waiting: list[tuple[float, ...]] = []
        self.appended = 0

    def __len__(self) -> int:
        return min(self._end - self._start + len(self._waiting), self._capacity)

    @property
    def capacity(self) -> int:
        """How many rows are kept at most."""
        return self._capacity

    def append(self, row: tuple[float, ...]) -> None:
        """Add one row; the oldest leaves when the ring is full."""
        self._waiting.append(row)
        self.appended += 1
        if len(self._waiting) == _MOST_WAITING:
            self._settle()

    def extend(self, rows: FloatArray) -> None:
        """Add many rows at once, shape (columns, rows)."""
        self._settle()
        self._write(rows)
        self.appended += rows.shape[1]

    def _settle(self) -> None:
        """Write the rows that wait."""
        if self._waiting:
            self._write(np.array(self._waiting, dtype=np.float64).T)
            self._waiting = []

    def _write(self, rows: FloatArray) -> None:
        kept = rows[:, -self._capacity :]
        count = kept.shape[1]
        if self._end + count > self._buffer.shape[1]:
            self._rewind(keep=self._capacity - count)
        self._buffer[:, self._end : self._end + count] = kept
        self._end += count
        self._start = max(self._start, self._end - self._capacity)

    def clear(self) -> None:
        """Forget every row; `appended` goes on counting."""
        self._waiting = []
        self._start = self._end = 0

    def column(self, index: int) -> FloatArray:
        """One column, oldest first: a contiguous read-only view, valid until the next append."""
        self._settle()
        view = self._buffer[index, self._start : self._end]
        view.flags.writeable = False
        return view

    def rows(self) -> FloatArray:
        """All columns, shape (columns, rows), oldest first; a view, valid until the next append."""
        self._settle()
        view = self._buffer[:, self._start : self._end]
        view.flags.writeable = False
        return view

    def _rewind(self, *, keep: int) -> None:
        """Move the newest rows to the front; a full ring does so once in an eighth of its capacity."""
        count = min(self._end - self._start, keep)
        self._buffer[:, :count] = self._buffer[:, self._end - count : self._end].copy()
        self._start, self._end = 0, count
