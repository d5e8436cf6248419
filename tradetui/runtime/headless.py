"""Runs an engine over a recording as fast as it goes, with timed commands and without a screen.

A command at time t acts after every message received up to t and before the next one (R-LAT-2); one
that is timed after the last message acts at the end.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Sequence

import msgspec

from tradetui.domain.command import CommandIssued
from tradetui.domain.event import Event
from tradetui.domain.event_text import canonical_bytes
from tradetui.domain.market_data import ClockTick, MarketMessage
from tradetui.engine import Engine
from tradetui.feeds.protocol import Sink


class HeadlessResult(msgspec.Struct, frozen=True):
    """What came of a run."""

    events: Sequence[Event]
    events_hash: str
    """SHA-256 over the canonical text of every event, in hexadecimal."""


def run_headless(
    engine: Engine, pump: Callable[[Sink], None], *, commands: Sequence[CommandIssued] = ()
) -> HeadlessResult:
    """Give the engine everything that `pump` delivers, and each command at its time (they are in order)."""
    events: list[Event] = []
    process, extend = engine.process, events.extend
    waiting = deque(commands)

    def sink(message: MarketMessage) -> None:
        if found := process(message):
            extend(found)

    def timed(message: MarketMessage) -> None:
        while waiting and waiting[0].ts_received < message.ts_received:
            extend(process(waiting.popleft()))
        sink(message)

    pump(timed if commands else sink)
    for issued in waiting:
        extend(process(issued))
    if commands:
        extend(process(_end(engine, commands)))
    return HeadlessResult(events, events_hash(events))


def _end(engine: Engine, commands: Sequence[CommandIssued]) -> ClockTick:
    """A last tick at which whatever is still on its way to the venue arrives."""
    settings = engine.settings
    slowest = max(settings.entry_ns, settings.cancel_ns, settings.amend_ns, settings.stop_ns)
    last = max(engine.ts, commands[-1].ts_received)
    return ClockTick(ts_received=last + 2 * slowest + 1, mono=last + 2 * slowest + 1)


def events_hash(events: Iterable[Event]) -> str:
    """One number for a whole run: equal on any machine for equal inputs."""
    digest = hashlib.sha256()
    for event in events:
        digest.update(canonical_bytes(event))
    return digest.hexdigest()
