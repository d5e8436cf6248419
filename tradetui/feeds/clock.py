"""How far the exchange's clock is from ours, as far as its REST interface tells the time.

Of several questions the one answered fastest counts: the true moment lies somewhere between asking and
being answered, so half of that time is how far it can be wrong. A venue that tells whole seconds only
(Kraken) adds half a second to that.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from time import monotonic, time_ns
from typing import Any, Final

_EVERY_S: Final = 600.0
_FIRST_S: Final = 3.0
_TRIES: Final = 4
_ANSWER_S: Final = 10.0
_COARSE_MS: Final = 1000
Sample = tuple[int, int, int]
"""Nanoseconds before and after, and the venue's milliseconds."""


class VenueClock:
    """The newest measurement."""

    def __init__(self) -> None:
        self.offset_ms: float | None = None
        """Theirs less ours; None before the first answer."""
        self.error_ms = 0.0
        self.asked_at = 0.0
        """Monotonic seconds."""

    async def follow(self, exchange: Any, *, first_s: float = _FIRST_S, every_s: float = _EVERY_S) -> None:
        """Measure now and then; an exchange that does not tell its time is not asked."""
        if not exchange.has.get("fetchTime"):
            return
        await asyncio.sleep(first_s)
        while True:
            with suppress(Exception):
                await self.measure(exchange)
            await asyncio.sleep(every_s)

    async def measure(self, exchange: Any) -> None:
        """Ask a few times; raises what the client raises."""
        samples: list[Sample] = []
        for _ in range(_TRIES):
            before = time_ns()
            async with asyncio.timeout(_ANSWER_S):
                theirs = int(await exchange.fetch_time())
            samples.append((before, time_ns(), theirs))
        self.take(samples, now=monotonic())

    def take(self, samples: list[Sample], *, now: float) -> None:
        """Take the answer that came fastest."""
        coarse = all(theirs % _COARSE_MS == 0 for _, _, theirs in samples)
        rounding = _COARSE_MS / 2 if coarse else 0.5
        before, after, theirs = min(samples, key=lambda sample: sample[1] - sample[0])
        self.offset_ms = theirs + rounding - (before + after) / 2e6
        self.error_ms = (after - before) / 2e6 + rounding
        self.asked_at = now
