"""A damaged journal is set aside whole, and a new one goes on from its last good event (R-JRN-7).

Only a person asks for this. What can not be trusted is never folded, and nothing is deleted.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec

from tradetui.domain.event import Event, Noted
from tradetui.errors import InvalidTransition, JournalError
from tradetui.journal.lock import JournalLock
from tradetui.journal.reader import Head, JournalReader
from tradetui.journal.schema import JournalDamaged, create_or_check
from tradetui.journal.writer import JournalWriter, RunStamp
from tradetui.runtime.recovery import verify_journal
from tradetui.state import State

_BATCH: Final = 1_000
RESUMED: Final = "resumed"
"""What the note of a resumption is called in the journal."""


class Resumed(msgspec.Struct, frozen=True):
    """What became of a damaged journal."""

    copy: Path
    """Where the damaged file lies now."""
    last_good: int
    """The last event that was taken over."""
    found: str
    """What is damaged."""


async def resume(path: Path, stamp: RunStamp) -> Resumed:
    """Set a damaged journal aside and begin a new one with its good events.

    Raises JournalError where it is not damaged, in use, or can not be written.
    """
    lock = JournalLock.acquire(path)
    try:
        found = verify_journal(path).fault
        if not found:
            raise JournalError(f"{path}: the journal holds, there is nothing to resume from")
        copy = _set_aside(path)
        events = list(_good_events(copy))
        create_or_check(path)
        await _write(path, [*events, _note(events, copy, found)], stamp)
    finally:
        lock.release()
    return Resumed(copy, len(events), found)


def _set_aside(path: Path) -> Path:
    """Rename the file and what belongs to it; its runs are marked where that can still be written."""
    with contextlib.suppress(sqlite3.Error), closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE run SET status='QUARANTINED' WHERE run_id=(SELECT max(run_id) FROM run)")
        connection.commit()
    moment = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    copy = path.with_name(f"{path.stem}.quarantined-{moment}{path.suffix}")
    for ending in ("-wal", "-shm", ""):
        part = path.with_name(path.name + ending)
        if part.exists():
            part.rename(copy.with_name(copy.name + ending))
    return copy


def _good_events(path: Path) -> Iterator[Event]:
    """The events before the damage that also follow from each other."""
    state = State()
    with contextlib.suppress(JournalDamaged), closing(JournalReader(path)) as reader:
        for event in reader.events():
            try:
                state.apply(event)
            except (InvalidTransition, ValueError, LookupError, ArithmeticError, TypeError):
                return
            yield event


def _note(events: list[Event], copy: Path, found: str) -> Event:
    """What the new journal says of its beginning."""
    last = events[-1] if events else None
    text = f"resumed behind event {len(events)} of a damaged journal, kept as {copy.name}: {found}"
    return Event(
        seq=len(events) + 1,
        ts=last.ts if last is not None else 0,
        account=last.account if last is not None else "",
        body=Noted(what=RESUMED, text=text),
    )


async def _write(path: Path, events: list[Event], stamp: RunStamp) -> None:
    writer = await JournalWriter.open(path, head=Head(), stamp=stamp)
    try:
        for start in range(0, len(events), _BATCH):
            await writer.append(events[start : start + _BATCH])
    finally:
        await writer.close(stamp.started_ns)
