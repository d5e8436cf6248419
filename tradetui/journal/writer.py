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
from typing import Final

import aiosqlite
import msgspec

from tradetui.domain.event import Event
from tradetui.domain.event_text import canonical_bytes
from tradetui.domain.number import canonical
from tradetui.errors import JournalError
from tradetui.journal.reader import Head
from tradetui.journal.schema import PRAGMAS, not_writable
from tradetui.journal.upcast import MARK_SQL, mark

MAX_WAITING: Final = 50_000
"""Events that may wait for the disk; more means that it no longer answers."""

_EVENT_SQL: Final = """
INSERT INTO event VALUES(:seq, :run, :ts, :exch, :recv, :type, :account, :symbol, :order_id, :cause,
  (SELECT :key WHERE NOT EXISTS (SELECT 1 FROM event WHERE idem_key = :key)), :payload, :previous, :hash)
"""
_SNAPSHOT_SQL: Final = "INSERT OR REPLACE INTO snapshot VALUES(?, ?, ?)"
_KEPT_SNAPSHOTS: Final = 2
_POSTING_SQL: Final = "INSERT INTO posting VALUES(?, ?, ?, ?, ?)"


class RunStamp(msgspec.Struct, frozen=True, kw_only=True):
    """What a run is known by afterwards."""

    started_ns: int
    code_version: str
    config_hash: str
    tzdata: str


class _Waiting(msgspec.Struct, frozen=True):
    events: tuple[Event, ...]
    committed: asyncio.Future[None]


class JournalWriter:
    """Writes one run of a journal whose lock this process holds."""

    def __init__(self, path: Path, connection: aiosqlite.Connection, run_id: int, head: Head) -> None:
        self.path = path
        self.run_id = run_id
        self.head = head
        self.failure: JournalError | None = None
        self._connection = connection
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
        try:
            connection = await aiosqlite.connect(path, isolation_level=None)
        except sqlite3.Error as error:
            raise not_writable(path, error) from error
        try:
            run_id = await _begin_run(connection, head, stamp)
        except sqlite3.Error as error:
            await connection.close()
            raise not_writable(path, error) from error
        return cls(path, connection, run_id, head)

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
        except sqlite3.Error as error:
            with contextlib.suppress(sqlite3.Error):
                await self._connection.rollback()
            self._waiting = batch + self._waiting
            self._fail(not_writable(self.path, error))
            return
        self.head = head
        for waiting in batch:
            if not waiting.committed.done():
                waiting.committed.set_result(None)

    async def _insert(self, events: list[Event]) -> Head:
        rows, head = self._rows(events)
        await self._connection.execute("BEGIN IMMEDIATE")
        await self._connection.executemany(_EVENT_SQL, rows)
        postings = _posting_rows(events)
        if postings:
            await self._connection.executemany(_POSTING_SQL, postings)
        await self._insert_snapshot()
        await self._connection.commit()
        return head

    async def _insert_snapshot(self) -> None:
        """Write the snapshot that waits, in the transaction that is open, and let older ones go."""
        if self._snapshot is None:
            return
        (seq, payload), self._snapshot = self._snapshot, None
        await self._connection.execute(_SNAPSHOT_SQL, (seq, hashlib.sha256(payload).digest(), payload))
        await self._connection.execute(
            "DELETE FROM snapshot WHERE seq NOT IN (SELECT seq FROM snapshot ORDER BY seq DESC LIMIT ?)",
            (_KEPT_SNAPSHOTS,),
        )

    def _rows(self, events: list[Event]) -> tuple[list[dict[str, object]], Head]:
        rows, head = [], self.head
        for event in events:
            payload = canonical_bytes(event)
            digest = hashlib.sha256(head.hash + payload).digest()
            rows.append(_event_row(event, self.run_id, payload, head.hash) | {"hash": digest})
            head = Head(event.seq, digest)
        return rows, head

    def _fail(self, error: JournalError) -> None:
        self.failure = error
        failed, self._waiting = self._waiting, []
        for waiting in failed:
            if not waiting.committed.done():
                waiting.committed.set_exception(error)

    async def _end_run(self, now_ns: int) -> None:
        await self._connection.execute("BEGIN IMMEDIATE")
        await self._insert_snapshot()
        await self._connection.execute(
            "UPDATE run SET status='ENDED', ended_ns=?, last_seq=? WHERE run_id=?",
            (now_ns, self.head.seq, self.run_id),
        )
        await self._connection.commit()
        await self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def _begin_run(connection: aiosqlite.Connection, head: Head, stamp: RunStamp) -> int:
    for pragma in PRAGMAS:
        await connection.execute(pragma)
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


def _event_row(event: Event, run_id: int, payload: bytes, previous: bytes) -> dict[str, object]:
    return {
        "seq": event.seq,
        "run": run_id,
        "ts": event.ts,
        "exch": event.ts_exchange or None,
        "recv": event.ts_received or None,
        "type": str(event.body.__struct_config__.tag),
        "account": event.account or None,
        "symbol": event.symbol or None,
        "order_id": event.order_id or None,
        "cause": event.cause or None,
        "key": event.key or None,
        "payload": payload.decode(),
        "previous": previous,
    }


def _posting_rows(events: list[Event]) -> list[tuple[int, int, str, str, str]]:
    return [
        (event.seq, number, leg.ledger, leg.asset, canonical(leg.amount))
        for event in events
        for number, leg in enumerate(event.postings)
    ]
