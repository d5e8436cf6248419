"""Short passes of the garbage collector, in memory that does not creep.

What the start has loaded lives to the end: about 80,000 objects, through which a full pass would walk
for tens of milliseconds in which no stop acts and nothing is painted. They are set aside once the start
is over, and a pass over the rest takes one or two. It is made each minute, because it also empties
CPython's lists of freed tuples, which otherwise fill up for a quarter of an hour like a leak.
"""

from __future__ import annotations

import asyncio
import gc
from typing import Final

SETTLED_S: Final = 10.0
"""When the start is over."""
SWEEP_S: Final = 60.0


class Collector:
    """Runs on the event loop from `start` to `stop`."""

    def __init__(self, *, settled_s: float = SETTLED_S, sweep_s: float = SWEEP_S) -> None:
        self._settled_s, self._sweep_s = settled_s, sweep_s
        self._next: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin when the start has settled."""
        self._next = asyncio.get_running_loop().call_later(self._settled_s, self._set_aside)

    def stop(self) -> None:
        """Leave the collector alone from here on."""
        if self._next is not None:
            self._next.cancel()

    def _set_aside(self) -> None:
        gc.freeze()
        self._sweep()

    def _sweep(self) -> None:
        gc.collect()
        self._next = asyncio.get_running_loop().call_later(self._sweep_s, self._sweep)
