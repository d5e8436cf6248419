"""Start-up from a journal: lock, check, fold (engine rules R-JRN-1, R-JRN-6 to R-JRN-8).

A journal that does not hold is never repaired, emptied or written: the start is refused with the
mend, and the file stays as it is.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec

from tradetui.domain.order import OrderRole
from tradetui.errors import InvalidTransition
from tradetui.journal.lock import JournalLock
from tradetui.journal.reader import Head, JournalReader, Verification, verify
from tradetui.journal.reader import Progress as Counted
from tradetui.journal.schema import JournalDamaged, connect_to_read, create_or_check
from tradetui.runtime.snapshots import SnapshotCheck, newest
from tradetui.state import State

_READ_WHOLE: Final = 5_000
"""Up to so many events a journal is read whole at the start, snapshot or not: it is not noticed."""

Progress = Callable[[str], None]
"""Called with what is being done, in words."""
_FOLD_ERRORS = (ValueError, KeyError, ArithmeticError, AttributeError, TypeError)
"""What a fold raises beside InvalidTransition when events contradict each other."""


class Recovered(msgspec.Struct, frozen=True):
    """What a journal holds, with the lock that keeps others away from it."""

    path: Path
    state: State
    head: Head
    lock: JournalLock
    crashed: bool
    """Whether the last run did not end in good order."""
    unchecked: int = 0
    """Events before the snapshot that the state was taken from: nobody has read them yet."""

    @property
    def is_new(self) -> bool:
        """Whether nothing was in the journal."""
        return self.head.seq == 0

    @property
    def words(self) -> str:
        """What a trader finds again, in one sentence; empty where there is nothing to tell."""
        if self.is_new:
            return ""
        state = self.state
        stops = sum(order.role is OrderRole.PROTECTIVE for order in state.live.values())
        held = sum(state.holding(symbol) is not None for symbol in state.positions)
        counts = ((held, "position"), (stops, "stop"), (len(state.live) - stops, "order"))
        found = ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts if count)
        if self.crashed:
            return f"recovered: {found or 'nothing was open'} after a crash"
        return f"continued: {found}" if found else ""


async def recover(journal: Path, progress: Progress) -> Recovered:
    """Lock a journal and fold it; a new one where there is none.

    Raises JournalLocked, JournalDamaged (the file is untouched), JournalTooNew or JournalError.
    """
    progress("opening the journal")
    lock = JournalLock.acquire(journal)
    try:
        return await asyncio.to_thread(fold_file, journal, lock, progress)
    except BaseException:
        lock.release()
        raise


def verify_journal(path: Path, progress: Counted | None = None) -> Verification:
    """Check a whole journal: file, chain, numbering and sums, and that its events can be folded.

    Damage is told in the result; raises JournalError or JournalTooNew when it can not be opened.
    """
    checked = verify(path, progress)
    if checked.fault:
        return checked
    try:
        with closing(JournalReader(path)) as reader:
            _fold(reader, State(), Head(), check=SnapshotCheck(reader))
    except JournalDamaged as error:
        return msgspec.structs.replace(checked, fault=error.found, last_seq=error.last_good)
    return checked


def fold_file(path: Path, lock: JournalLock, progress: Progress) -> Recovered:
    """Check and fold a journal whose lock is held; raises what `recover` raises, but for the lock."""
    create_or_check(path)
    crashed = _has_crashed(path)
    with closing(JournalReader(path)) as reader:
        state, head = newest(reader)
        if head.seq <= _READ_WHOLE:
            state, head = State(), Head()
        report = _Percent(progress)
        state = _fold(reader, state, head, report)
        return Recovered(path, state, reader.head, lock, crashed, unchecked=head.seq)


class _Percent:
    """Says how far the reading of a journal is."""

    def __init__(self, say: Progress) -> None:
        self._say = say

    def __call__(self, done: int, total: int) -> None:
        self._say(f"reading the journal {100 * done // total} %")


def _fold(
    reader: JournalReader,
    state: State,
    head: Head,
    progress: Counted | None = None,
    *,
    check: SnapshotCheck | None = None,
) -> State:
    """A state after the events that follow it; raises JournalDamaged where they contradict each other."""
    for event in reader.events(progress, since=head):
        try:
            state.apply(event)
            if check is not None and (fault := check.fault(state)):
                raise JournalDamaged(reader.path, fault, last_good=event.seq)
        except (InvalidTransition, *_FOLD_ERRORS) as error:
            found = f"event {event.seq} can not follow those before it: {error}"
            raise JournalDamaged(reader.path, found, last_good=event.seq - 1) from error
    return state


def _has_crashed(path: Path) -> bool:
    with closing(connect_to_read(path)) as connection:
        try:
            row = connection.execute("SELECT count(*) FROM run WHERE status='RUNNING'").fetchone()
        except sqlite3.DatabaseError as error:
            raise JournalDamaged(path, str(error)) from error
    return bool(row[0])
