"""How often a host is dialed, by whatever part of a feed dials it: a storm of hang-ups meets few dials.

Assumptions. A connection that is dialed for the first time does not wait, but it counts. One that has been
open for a second is no part of a storm: its dial is given back, so a feed of many connections that were
cut all at once is soon whole again. Each connection keeps its own growing wait beside this.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Final

MOST: Final = 5
"""Dials of a host within the span."""
MOST_ASIDE: Final = 3
"""So many where no book is carried: the others are left to those that do."""
PROVEN_S: Final = 1.0
"""A socket that was open for so long is none of a storm."""
_SPAN: Final = 3.2
"""In first waits: a little more than three, as a dial arrives a moment after it began."""


class DialBudget:
    """The dials of one feed, its scanner's with them; hosts are named with their ports."""

    def __init__(self, first_wait_s: float = 1.0, *, clock: Callable[[], float] = monotonic) -> None:
        """`first_wait_s` is what a connection waits after it failed once."""
        self._span_s = _SPAN * first_wait_s
        self._clock = clock
        self._made: defaultdict[str, list[float]] = defaultdict(list)
        self._freed = asyncio.Event()

    def note(self, host: str) -> float:
        """A host is dialed now; the moment, by which it can be given back."""
        moment = self._clock()
        self._made[host].append(moment)
        return moment

    def give_back(self, host: str, moment: float) -> None:
        """That dial led to a connection that lasts."""
        if moment in self._made[host]:
            self._made[host].remove(moment)
            self._freed.set()

    def wait_s(self, host: str, most: int = MOST) -> float:
        """Seconds until a host may be dialed again, 0.0 for now."""
        now = self._clock()
        made = self._made[host] = [each for each in self._made[host] if now - each < self._span_s]
        return made[-most] + self._span_s - now if len(made) >= most else 0.0

    async def turn(self, host: str, most: int = MOST) -> None:
        """Wait until a host may be dialed."""
        while (wait := self.wait_s(host, most)) > 0:
            self._freed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._freed.wait()
