"""Records in: events are committed in groups, and what has been awaited is on the disk.

One task writes. It takes everything that was appended while its last commit ran and commits that
as one transaction, so a burst costs few syncs and nobody waits for more than two of them. After a
failed commit nothing more is written: the events stay unconfirmed, and the host folds the journal
again to drop them (engine rules R-JRN-3, R-JRN-9).
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import aiosqlite
import msgspec

from tradetui.domain.event import Event
from tradetui.domain.event_text import canonical_bytes
from tradetui.domain.number import canonical
from tradetui.errors import JournalError
from tradetui.journal.logroom import make_room
from tradetui.journal.reader import Head
from tradetui.journal.schema import PRAGMAS, not_writable
from tradetui.journal.upcast import MARK_SQL, mark

MAX_WAITING: Final = 50_000
"""Events that may wait for the disk; more means that it no longer answers."""

_EVENT_SQL: Final = """
INSERT INTO event VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
  (SELECT ? WHERE NOT EXISTS (SELECT 1 FROM event WHERE idem_key = ?)), ?, ?, ?)
"""
_SNAPSHOT_SQL: Final = "INSERT OR REPLACE INTO snapshot VALUES(?, ?, ?)"
_LET_GO_SQL: Final = (
    "DELETE FROM snapshot WHERE seq NOT IN (SELECT seq FROM snapshot ORDER BY seq DESC LIMIT ?)"
)
_KEPT_SNAPSHOTS: Final = 2
_END_SQL: Final = "UPDATE run SET status='ENDED', ended_ns=?, last_seq=? WHERE run_id=?"
_POSTING_SQL: Final = "INSERT INTO posting VALUES(?, ?, ?, ?, ?)"


class RunStamp(msgspec.Struct, frozen=True, kw_only=True):
    """What a run is known by afterwards."""

    started_ns: int
    code_version: str
    config_hash: str
    tzdata: str


class _Connection(sqlite3.Connection):
    """Begins, writes and commits what it is handed in one call.

    Each call of its thread costs two wake-ups, which together last longer than what it then does.
    """

    handed: Sequence[tuple[str, Sequence[tuple[Any, ...]]]] = ()
    """Statements, each with the rows that it is carried out for."""

    def commit(self) -> None:
        """Write what was handed over as one transaction, and commit it."""
        handed, self.handed = self.handed, ()
        if handed:
            self.execute("BEGIN IMMEDIATE")
        for statement, rows in handed:
            self.executemany(statement, rows)
        super().commit()


class _Waiting(msgspec.Struct, frozen=True):
    events: tuple[Event, ...]
    committed: asyncio.Future[None]


class JournalWriter:
    """Writes one run of a journal whose lock this process holds."""

    def __init__(
        self, path: Path, connection: aiosqlite.Connection, own: _Connection, *, run_id: int, head: Head
    ) -> None:
        self.path = path
        self.run_id = run_id
        self.head = head
        self.failure: JournalError | None = None
        self._connection = connection
        self._own = own
        """The same connection, as its thread sees it."""
        self._waiting: list[_Waiting] = []
        self._waiting_events = 0
        self._next_seq = head.seq + 1
        self._wake = asyncio.Event()
        self._closing = False
        self._snapshot: tuple[int, bytes] | None = None
        self._task = asyncio.create_task(self._write(), name=f"journal {path.name}")

    @classmethod
    async def open(cls, path: Path, *, head: Head, stamp: RunStamp) -> JournalWriter:
        """Begin a run after the given end of the chain; a run that never ended is marked as crashed.

        Raises JournalError when the file can not be written.
        """
        made: list[_Connection] = []

        def make(*args: Any, **options: Any) -> _Connection:
            made.append(_Connection(*args, **options))
            return made[-1]

        try:
            connection = await aiosqlite.connect(path, isolation_level=None, factory=make)
        except sqlite3.Error as error:
            raise not_writable(path, error) from error
        try:
            run_id = await _begin_run(connection, head, stamp)
        except BaseException as error:  # also where the program ends meanwhile
            await connection.close()
            if isinstance(error, sqlite3.Error):
                raise not_writable(path, error) from error
            raise
        return cls(path, connection, made[-1], run_id=run_id, head=head)

    def append(self, events: Sequence[Event]) -> asyncio.Future[None]:
        """Queue events that follow each other; the future is done when they are on the disk.

        The future raises JournalError when they could not be written; so does every later one.
        """
        committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        failure = self.failure or self._accept(events)
        if failure is not None:
            committed.set_exception(failure)
            return committed
        self._waiting.append(_Waiting(tuple(events), committed))
        self._wake.set()
        return committed

    def keep(self, seq: int, payload: bytes) -> None:
        """Let the state after a committed event be written with the next commit, or when the run ends."""
        self._snapshot = (seq, payload)

    async def close(self, now_ns: int) -> None:
        """Commit what waits, end the run and close the file; after a failure only close."""
        self._closing = True
        self._wake.set()
        await self._task
        try:
            if self.failure is None:
                await self._end_run(now_ns)
        except sqlite3.Error as error:
            raise not_writable(self.path, error) from error
        finally:
            await self._connection.close()

    def _accept(self, events: Sequence[Event]) -> JournalError | None:
        for event in events:
            if event.seq != self._next_seq:
                raise JournalError(f"expected event {self._next_seq} for the journal, was {event.seq}")
            self._next_seq += 1
        self._waiting_events += len(events)
        if self._waiting_events > MAX_WAITING:
            self._fail(JournalError(f"{self.path}: {self._waiting_events} events wait for the disk"))
        return self.failure

    async def _write(self) -> None:
        while self.failure is None:
            await self._wake.wait()
            self._wake.clear()
            batch, self._waiting, self._waiting_events = self._waiting, [], 0
            if batch:
                await self._commit(batch)
            if self._closing and not self._waiting:
                return

    async def _commit(self, batch: list[_Waiting]) -> None:
        events = [event for waiting in batch for event in waiting.events]
        try:
            head = await self._insert(events)
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody may wait for this commit for ever
            with contextlib.suppress(sqlite3.Error):
                await self._connection.rollback()
            self._waiting = batch + self._waiting
            self._fail(self._words_for(error))
            return
        self.head = head
        for waiting in batch:
            if not waiting.committed.done():
                waiting.committed.set_result(None)

    def _words_for(self, error: Exception) -> JournalError:
        if isinstance(error, sqlite3.Error):
            return not_writable(self.path, error)
        return JournalError(f"{self.path}: events that can not be written: {error}")

    async def _insert(self, events: list[Event]) -> Head:
        rows, head = self._rows(events)
        self._own.handed = ((_EVENT_SQL, rows), (_POSTING_SQL, _posting_rows(events)), *self._snapshot_rows())
        await self._connection.commit()
        return head

    def _snapshot_rows(self) -> tuple[tuple[str, Sequence[tuple[Any, ...]]], ...]:
        """The snapshot that waits, for the transaction that comes, and that older ones go."""
        if self._snapshot is None:
            return ()
        (seq, payload), self._snapshot = self._snapshot, None
        snapshot = (seq, hashlib.sha256(payload).digest(), payload)
        return (_SNAPSHOT_SQL, [snapshot]), (_LET_GO_SQL, [(_KEPT_SNAPSHOTS,)])

    def _rows(self, events: list[Event]) -> tuple[list[tuple[Any, ...]], Head]:
        rows, seq, last = [], self.head.seq, self.head.hash
        for event in events:
            payload = canonical_bytes(event)
            digest = hashlib.sha256(last + payload).digest()
            rows.append((*_columns(event, self.run_id), payload.decode(), last, digest))
            seq, last = event.seq, digest
        return rows, Head(seq, last)

    def _fail(self, error: JournalError) -> None:
        self.failure = error
        failed, self._waiting = self._waiting, []
        for waiting in failed:
            if not waiting.committed.done():
                waiting.committed.set_exception(error)

    async def _end_run(self, now_ns: int) -> None:
        ended = (now_ns, self.head.seq, self.run_id)
        self._own.handed = (*self._snapshot_rows(), (_END_SQL, [ended]))
        await self._connection.commit()
        await self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def _begin_run(connection: aiosqlite.Connection, head: Head, stamp: RunStamp) -> int:
    for pragma in PRAGMAS:
        await connection.execute(pragma)
    await make_room(connection)
    await connection.execute("BEGIN IMMEDIATE")
    await connection.execute("UPDATE run SET status='CRASHED_RECOVERED' WHERE status='RUNNING'")
    await connection.execute(MARK_SQL, mark(head.seq + 1))
    cursor = await connection.execute(
        "INSERT INTO run(started_ns, first_seq, code_version, config_hash, tzdata, status) "
        "VALUES(?, ?, ?, ?, ?, 'RUNNING')",
        (stamp.started_ns, head.seq + 1, stamp.code_version, stamp.config_hash, stamp.tzdata),
    )
    await connection.commit()
    return int(cursor.lastrowid or 0)


def _columns(event: Event, run_id: int) -> tuple[object, ...]:
    """An event as the columns of `_EVENT_SQL` have it, its key twice, without its text and its hashes."""
    return (
        event.seq,
        run_id,
        event.ts,
        event.ts_exchange or None,
        event.ts_received or None,
        str(event.body.__struct_config__.tag),
        event.account or None,
        event.symbol or None,
        event.order_id or None,
        event.cause or None,
        *[event.key or None] * 2,
    )


def _posting_rows(events: list[Event]) -> list[tuple[int, int, str, str, str]]:
    return [
        (event.seq, number, leg.ledger, leg.asset, canonical(leg.amount))
        for event in events
        for number, leg in enumerate(event.postings)
    ]
