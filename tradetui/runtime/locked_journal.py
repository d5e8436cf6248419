"""The journal of a running program: its writer, its snapshots and its lock, and what a failure takes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path

from tradetui.domain.event import Event
from tradetui.errors import JournalError
from tradetui.journal.lock import JournalLock
from tradetui.journal.schema import JournalDamaged
from tradetui.journal.writer import JournalWriter, RunStamp
from tradetui.runtime.recovery import Recovered, fold_file
from tradetui.runtime.snapshots import EVERY, picture
from tradetui.runtime.whole_check import check_whole
from tradetui.state import State


class LockedJournal:
    """A run of a journal and the lock on it; closing gives both back."""

    keeps = True

    def __init__(
        self, writer: JournalWriter, lock: JournalLock, stamp: RunStamp, *, unchecked: int = 0
    ) -> None:
        self.writer = writer
        self.unchecked = unchecked
        self._lock = lock
        self._stamp = stamp
        self._is_open = True
        self._kept_seq = writer.head.seq
        self._damage = ""

    @property
    def path(self) -> Path:
        """Its file."""
        return self.writer.path

    def append(self, events: Sequence[Event]) -> asyncio.Future[None]:
        """Queue events that follow each other; the future is done when they are on the disk."""
        return self.writer.append(events)

    def keep(self, state: State) -> None:
        """Now and then write the committed state beside its events, so that the next start is short."""
        if state.seq - self._kept_seq >= EVERY:
            self._keep(state)

    def _keep(self, state: State) -> None:
        self._kept_seq = state.seq
        self.writer.keep(state.seq, picture(state))

    async def check(self) -> str:
        """Read what the start has passed over; returns what is wrong with it, empty where all holds."""
        if self.unchecked:
            self._damage = await check_whole(self.writer.path)
        return self._damage

    async def reopen(self) -> State:
        """After a failure: begin another run behind what is committed, and return that.

        Raises JournalError while the file can not be read or written.
        """
        path = self.writer.path
        self._refuse_damage()
        with contextlib.suppress(JournalError):
            await self._end_run(0)
        found = await asyncio.to_thread(fold_file, path, self._lock, lambda _: None)
        self.writer = await JournalWriter.open(path, head=found.head, stamp=self._stamp)
        self._is_open = True
        self._refuse_damage()  # it may have been found meanwhile
        return found.state

    def _refuse_damage(self) -> None:
        if self._damage:
            raise JournalDamaged(self.writer.path, self._damage)

    async def close(self, now_ns: int, state: State | None = None) -> None:
        """End the run and let go of the lock; raises JournalError when that can not be written."""
        if state is not None and state.seq > self._kept_seq:
            self._keep(state)
        try:
            await self._end_run(now_ns)
        finally:
            self._lock.release()

    async def _end_run(self, now_ns: int) -> None:
        if self._is_open:
            self._is_open = False
            await self.writer.close(now_ns)


async def open_journal(recovered: Recovered, stamp: RunStamp) -> LockedJournal:
    """Begin a run behind what was recovered; raises JournalError where the file can not be written."""
    try:
        writer = await JournalWriter.open(recovered.path, head=recovered.head, stamp=stamp)
    except BaseException:
        recovered.lock.release()
        raise
    return LockedJournal(writer, recovered.lock, stamp, unchecked=recovered.unchecked)
