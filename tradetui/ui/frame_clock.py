"""One clock for everything that moves on the screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from textual.app import App

LATELY_TICKS: Final = 45
"""For how many frames after the last one dropped a run of them is told: about three seconds."""
RUN: Final = 3
"""Fewer frames in a run than this are no slow terminal."""


class FrameClock:
    """Paints at each tick, unless the screen is covered or the terminal has not taken the last frames yet."""

    def __init__(
        self,
        *,
        is_current: Callable[[], bool],
        writes_queued: Callable[[], int],
        paint: Callable[[], None],
    ) -> None:
        self._is_current, self._writes_queued, self._paint = is_current, writes_queued, paint
        self.dropped = 0
        """Frames that were skipped because the terminal was slow, since the start."""
        self._run = self._quiet_ticks = 0

    @property
    def dropped_lately(self) -> int:
        """Frames that were skipped in the run that lasts; 0 where it is over, or too short to be felt."""
        return self._run if self._run >= RUN else 0

    def tick(self) -> None:
        """Paint, or leave this frame out: a queue of writes would hold up every key behind it."""
        if not self._is_current():
            return
        if self._writes_queued() > 1:
            self.dropped += 1
            self._run += 1
            self._quiet_ticks = 0
            return
        self._quiet_ticks += 1
        if self._quiet_ticks >= LATELY_TICKS:
            self._run = 0
        self._paint()


def writes_queued(app: App[None]) -> int:
    """How many writes wait for the terminal; 0 where Textual does not tell.

    Textual has no public name for its writer's queue; this is the one place that reads the private one.
    """
    writer = getattr(getattr(app, "_driver", None), "_writer_thread", None)
    count = getattr(getattr(writer, "_queue", None), "qsize", None)
    return int(count()) if callable(count) else 0
