"""A time that goes on while the wall clock is set back (R-TIM-1).

Engine time never goes back: it stands still until the wall has caught up. Latencies can not be counted
in it, or an exit sent meanwhile would wait as long. They are counted in steady time, which is engine
time as long as the wall clock behaves, and afterwards ahead of the wall by what was taken from it.
"""

from __future__ import annotations


class SteadyTime:
    """Nanoseconds that never go back and never stand still while messages come."""

    def __init__(self, ts: int, *, jump_ns: int) -> None:
        """A step back by more than `jump_ns` is a clock that was set, not messages out of order."""
        self._jump_ns = jump_ns
        self.now = ts
        self.is_shifted = False
        """Whether the wall clock was ever set back; asked at every message, and so no property."""
        self._ahead = 0

    def follow(self, received: int) -> None:
        """Take the receive time of the next input."""
        if received + self._ahead < self.now - self._jump_ns:
            self._ahead, self.is_shifted = self.now - received, True
        self.now = max(self.now, received + self._ahead)

    def on_wall(self, steady: int) -> int:
        """A moment of steady time as the wall clock tells it now."""
        return steady - self._ahead
