"""How late an event loop is that does nothing else: python -m tests.benchmarks.idle_loop.

It prints a line for each time it was late by more than a hundredth of a second: when, how late, and how
long of that it could have run but other programs had the cores.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

BEAT_S, WORTH_TELLING_S = 0.005, 0.01
SCHEDULED = Path("/proc/thread-self/schedstat")


class Late(NamedTuple):
    """An oversleeping, in seconds: its end, its length, and how long of it was a wait for a core."""

    at: float
    late: float
    waited: float


def waited_for_a_core() -> float:
    """Seconds that this thread was ready to run and did not, so far; 0.0 where the system does not say."""
    return int(SCHEDULED.read_text().split()[1]) / 1e9 if SCHEDULED.exists() else 0.0


async def beat(tell: Callable[[Late], None]) -> None:
    """Sleep over and over, and tell of each oversleeping."""
    while True:
        waited, due = waited_for_a_core(), time.monotonic() + BEAT_S
        await asyncio.sleep(BEAT_S)
        now = time.monotonic()
        if now - due > WORTH_TELLING_S:
            tell(Late(now, now - due, waited_for_a_core() - waited))


def main() -> None:
    """Watch until killed."""
    asyncio.run(beat(lambda each: print(*each, flush=True)))


if __name__ == "__main__":
    main()
