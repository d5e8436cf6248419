"""Hands messages to a feed's sink; what the sink raises ends the run of the feed, not a frame of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from time import perf_counter_ns
from typing import Any

from tradetui.domain.market_data import MarketMessage
from tradetui.feeds.protocol import Sink

Work = Callable[[], Coroutine[Any, Any, None]]


def _nowhere(_message: MarketMessage) -> None:
    """Before and after a run."""


class Delivery:
    """One run's way to the sink."""

    def __init__(self) -> None:
        self.sink: Sink = _nowhere
        """Where messages go now; what it raises is for `fail`, and to be asked for anew afterwards."""
        self._sink: Sink = _nowhere
        self._heard: Sink = _nowhere
        """Where they go in the end."""
        self._crash: asyncio.Future[None] | None = None
        self.muted: set[str] = set()
        """Symbols of which nothing is delivered any more."""
        self.sink_ns = 0
        """Nanoseconds that the sink took so far, where it was timed."""

    def mute(self, symbol: str) -> None:
        """Deliver nothing of a symbol: what is under way yet nobody wants."""
        self.muted.add(symbol)
        self._lead_to(self._heard)

    def unmute(self, symbol: str) -> None:
        """Deliver it again."""
        self.muted.discard(symbol)
        self._lead_to(self._heard)

    def __call__(self, message: MarketMessage) -> None:
        """Give a message to the sink."""
        try:
            self.sink(message)
        except Exception as error:  # noqa: BLE001 - raised again by run
            self.fail(error)

    def time(self, *, is_timed: bool) -> None:
        """Look at the clock before and after each message, or do so no more."""
        self.sink = self._give_timed if is_timed else self._sink

    def _give_timed(self, message: MarketMessage) -> None:
        begun = perf_counter_ns()
        self._sink(message)
        self.sink_ns += perf_counter_ns() - begun

    def _lead_to(self, sink: Sink) -> None:
        self._heard = sink
        self.sink = self._sink = self._give_wanted if self.muted else sink

    def _give_wanted(self, message: MarketMessage) -> None:
        if getattr(message, "symbol", "") not in self.muted:
            self._heard(message)

    def fail(self, error: Exception) -> None:
        """End the run with an error; the first one counts, and nothing is delivered after it."""
        self._lead_to(_nowhere)
        if self._crash is not None and not self._crash.done():
            self._crash.set_exception(error)

    async def run(self, sink: Sink, work: Work, *, close: Work) -> None:
        """Deliver to a sink while `work` goes on; then `close`, and raise what failed first.

        It ends with the work, when the sink fails, or when it is canceled.
        """
        self._lead_to(sink)
        self._crash = crash = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(work())
        try:
            await asyncio.wait({task, crash}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await close()
            self._lead_to(_nowhere)
            if crash.done():
                crash.result()
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error.exceptions[0] if isinstance(error, BaseExceptionGroup) else error
