"""Runs an engine over a recording as fast as it goes, with timed commands and without a screen.

A command at time t acts after every message received up to t and before the next one (R-LAT-2); one
that is timed after the last message acts at the end.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from tradetui.domain.command import CommandIssued
from tradetui.domain.event import Event, canonical_bytes
from tradetui.domain.market_data import ClockTick, MarketMessage
from tradetui.engine import Engine

Progress = Callable[[int], None]
_REPORT_EVERY: Final = 16_384


class HeadlessResult(msgspec.Struct, frozen=True):
    """What came of a run."""

    events: Sequence[Event]
    events_hash: str
    """SHA-256 over the canonical text of every event, in hexadecimal."""


def run_headless(
    engine: Engine,
    messages: Iterable[MarketMessage],
    *,
    commands: Sequence[CommandIssued] = (),
    progress: Progress | None = None,
) -> HeadlessResult:
    """Feed every message and command to the engine; commands are in the order of their times."""
    events: list[Event] = []
    waiting = iter(commands)
    pending = next(waiting, None)
    process, extend = engine.process, events.extend
    number = 0
    for message in messages:
        while pending is not None and pending.ts_received < message.ts_received:
            extend(process(pending))
            pending = next(waiting, None)
        if found := process(message):
            extend(found)
        number += 1
        if progress is not None and not number % _REPORT_EVERY:
            progress(number)
    while pending is not None:
        extend(process(pending))
        pending = next(waiting, None)
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
