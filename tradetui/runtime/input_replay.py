"""Makes the events of a journal again from its recorded inputs, and holds the two against each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from tradetui.domain.event import Event, Noted
from tradetui.domain.event_text import canonical_bytes
from tradetui.engine import Engine
from tradetui.journal.reader import read_events
from tradetui.runtime.inputs import Chunk, inputs_folder, read_chunks
from tradetui.state import State

NOTED: Final = "inputs"
"""What the note of a chunk is called in the journal."""


class Reproduced(msgspec.Struct, frozen=True):
    """What came of replaying inputs."""

    inputs: int
    events: int
    """Events that were made again, each equal to the journal's."""
    fault: str = ""


def reproduce(journal: Path) -> Reproduced:
    """Replay every recorded segment; raises JournalError where journal or chunks can not be read."""
    events = list(read_events(journal))
    known = dict(_known(events))
    inputs = made = 0
    for chunks, next_begin in _segments(read_chunks(inputs_folder(journal), known)):
        end = len(events) if next_begin is None else next_begin
        count, done, fault = _replay(chunks, events, end)
        inputs, made = inputs + count, made + done
        if fault:
            return Reproduced(inputs, made, fault)
    return Reproduced(inputs, made)


def _known(events: Sequence[Event]) -> Iterator[tuple[str, str]]:
    for event in events:
        if isinstance(event.body, Noted) and event.body.what == NOTED:
            name, _, digest = event.body.text.split()
            yield name, digest


def _segments(chunks: Iterator[Chunk]) -> Iterator[tuple[list[Chunk], int | None]]:
    """Chunks by the engine that took them, with the event that the next engine began after.

    A gap in their numbers ends a segment.
    """
    segment: list[Chunk] = []
    for chunk in chunks:
        if segment and (chunk.number == 0 or chunk.segment != segment[0].segment):
            yield segment, chunk.segment.after_seq
            segment = []
        if chunk.number == len(segment):
            segment.append(chunk)
    if segment:
        yield segment, None


def _replay(chunks: list[Chunk], events: Sequence[Event], end: int) -> tuple[int, int, str]:
    """Run one segment: inputs taken, events equal, and the first difference in words.

    What it leads to after `end` was dropped, because the journal failed or the process was killed: another
    engine went on from there.
    """
    until, start = chunks[-1].until_seq, chunks[0].segment.after_seq
    end = end if until is None else min(end, until)
    engine = Engine(chunks[0].segment.settings, state=State.fold(events[:start]) if start else None)
    inputs, seq = 0, start
    for chunk in chunks:
        for message in chunk.inputs:
            inputs += 1
            for event in engine.process(message):
                if seq >= end:
                    return inputs, seq - start, ""  # the last transactions were never committed
                if canonical_bytes(event) != canonical_bytes(events[seq]):
                    return inputs, seq - start, f"event {seq + 1} comes out differently from its inputs"
                seq += 1
    return inputs, seq - start, ""
