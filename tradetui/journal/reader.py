"""Records out: events in their order, each checked against the chain that ties it to all before it."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Final

import msgspec

from tradetui.domain.event import Body, Event, Posting
from tradetui.domain.number import MONEY, canonical
from tradetui.errors import JournalError
from tradetui.journal.schema import JournalDamaged, connect_to_read
from tradetui.journal.upcast import PayloadVersions, upcast

GENESIS: Final = bytes(32)
"""What the hash of the first event is chained to."""

Progress = Callable[[int, int], None]
"""Called now and then with events done and events in all."""

_DECODER: Final = msgspec.json.Decoder(Event)
_EVERY: Final = 500


class Head(msgspec.Struct, frozen=True):
    """The end of the chain: the last event's number and hash."""

    seq: int = 0
    hash: bytes = GENESIS


class Snapshot(msgspec.Struct, frozen=True):
    """The state after an event as it was written beside it: a cache, never a source of truth (R-JRN-5)."""

    head: Head
    """The event that it follows."""
    state_hash: bytes
    payload: bytes


class Verification(msgspec.Struct, frozen=True):
    """What checking a journal gave; `fault` is empty when all of it holds."""

    events: int
    last_seq: int
    last_hash: str
    fault: str = ""


class _Row(msgspec.Struct, frozen=True):
    seq: int
    ts: int
    type: str
    payload: str
    previous: bytes
    hash: bytes


class JournalReader:
    """Reads one journal while nobody or another process writes it."""

    def __init__(self, path: Path) -> None:
        """Raises JournalError, JournalDamaged or JournalTooNew when it can not be read."""
        self.path = path
        self.head = Head()
        self._connection = connect_to_read(path)
        self._versions = PayloadVersions(self._connection)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def events(self, progress: Progress | None = None, *, since: Head | None = None) -> Iterator[Event]:
        """The events after `since`, or all; raises JournalDamaged at the first that does not hold."""
        self.head = since or Head()
        try:
            yield from self._checked(progress or _silent)
            self._check_runs()
        except sqlite3.DatabaseError as error:
            raise self._unreadable(error) from error

    def listed(self, bodies: Sequence[type[Body]], *, since: int = 0) -> Iterator[Event]:
        """The events with some bodies behind a number, as they stand: for lists, also while it is written.

        One statement sees one moment of the file; nothing is checked. Raises JournalDamaged or JournalError.
        """
        tags = [str(body.__struct_config__.tag) for body in bodies]
        marks = ",".join("?" * len(tags))
        statement = f"SELECT seq, payload FROM event WHERE seq > ? AND type IN ({marks}) ORDER BY seq"  # noqa: S608
        try:
            for seq, payload in self._connection.execute(statement, (since, *tags)):
                yield _DECODER.decode(upcast(payload.encode(), self._versions.of(seq)))
        except sqlite3.DatabaseError as error:
            raise self._unreadable(error) from error
        except msgspec.MsgspecError as error:
            raise self._damaged(f"an event can not be understood: {error}") from error

    def snapshots(self) -> Iterator[Snapshot]:
        """The snapshots whose content matches their hash and whose event is there, the newest first."""
        rows = self._connection.execute(
            "SELECT seq, event.hash, state_hash, snapshot.payload FROM snapshot JOIN event USING(seq)"
            " ORDER BY seq DESC"
        )
        for seq, event_hash, state_hash, payload in rows:
            if hashlib.sha256(payload).digest() == state_hash:
                yield Snapshot(Head(seq, event_hash), state_hash, payload)

    def check_file(self) -> None:
        """Check the database's own structure; raises JournalDamaged."""
        try:
            found = str(self._connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
        except sqlite3.DatabaseError as error:
            raise self._unreadable(error) from error
        if found != "ok":
            raise self._damaged(found)

    def _checked(self, progress: Progress) -> Iterator[Event]:
        since = self.head.seq
        total = int(self._connection.execute("SELECT ifnull(max(seq), 0) FROM event").fetchone()[0]) - since
        postings = self._postings(since)
        rows = self._connection.execute(
            "SELECT seq, ts_ns, type, payload, prev_hash, hash FROM event WHERE seq > ? ORDER BY seq",
            (since,),
        )
        for count, row in enumerate(rows, 1):
            event = self._check(_Row(*row), postings)
            self.head = Head(event.seq, row[5])
            yield event
            if count % _EVERY == 0 or count == total:
                progress(count, total)
        if next(postings, None) is not None:
            raise self._damaged("there are postings that belong to no event")

    def _check(self, row: _Row, postings: Iterator[tuple[int, Posting]]) -> Event:
        if row.seq != self.head.seq + 1:
            raise self._damaged(f"expected event {self.head.seq + 1}, was {row.seq}")
        payload = row.payload.encode()
        if row.previous != self.head.hash or hashlib.sha256(row.previous + payload).digest() != row.hash:
            raise self._damaged(f"the hash of event {row.seq} does not match its content")
        try:
            event = _DECODER.decode(upcast(payload, self._versions.of(row.seq)))
        except msgspec.MsgspecError as error:
            raise self._damaged(f"event {row.seq} can not be understood: {error}") from error
        if (event.seq, event.ts, _tag(event)) != (row.seq, row.ts, row.type):
            raise self._damaged(f"the columns of event {row.seq} differ from its content")
        self._check_postings(event, postings)
        return event

    def _check_postings(self, event: Event, stored: Iterator[tuple[int, Posting]]) -> None:
        for expected in event.postings:
            if next(stored, None) != (event.seq, expected):
                raise self._damaged(f"the postings of event {event.seq} differ from its content")
        for asset, total in _sums(event.postings).items():
            if total:
                raise self._damaged(
                    f"the postings of event {event.seq} do not sum to zero: {canonical(total)} {asset}"
                )

    def _postings(self, since: int) -> Iterator[tuple[int, Posting]]:
        rows = self._connection.execute(
            "SELECT seq, ledger, asset, amount FROM posting WHERE seq > ? ORDER BY seq, n", (since,)
        )
        for seq, ledger, asset, amount in rows:
            yield seq, Posting(ledger, asset, Decimal(amount))

    def _check_runs(self) -> None:
        """The end of a run tells how many events there must be, so a cut tail is noticed."""
        row = self._connection.execute("SELECT max(last_seq) FROM run").fetchone()
        if row[0] is not None and row[0] > self.head.seq:
            raise self._damaged(f"expected events up to {row[0]}, the last is {self.head.seq}")

    def _unreadable(self, error: sqlite3.DatabaseError) -> JournalError:
        """A file that is busy or out of reach is not damaged: it can be read another time."""
        if isinstance(error, sqlite3.OperationalError):
            return JournalError(f"{self.path}: the journal can not be read now ({error}); try again")
        return self._damaged(str(error))

    def _damaged(self, found: str) -> JournalDamaged:
        return JournalDamaged(self.path, found, last_good=self.head.seq)


def verify(path: Path, progress: Progress | None = None) -> Verification:
    """Check file, chain, numbering and sums of a whole journal.

    Damage is told in the result; raises JournalError or JournalTooNew when it can not be opened.
    """
    try:
        reader = JournalReader(path)
    except JournalDamaged as error:
        return Verification(0, 0, GENESIS.hex(), error.found)
    with closing(reader):
        fault = ""
        try:
            for _ in reader.events(progress):
                pass
            reader.check_file()
        except JournalDamaged as error:
            fault = error.found
        return Verification(reader.head.seq, reader.head.seq, reader.head.hash.hex(), fault)


def read_events(path: Path, progress: Progress | None = None) -> Iterator[Event]:
    """The checked events of a journal; raises JournalError, JournalDamaged or JournalTooNew."""
    with closing(JournalReader(path)) as reader:
        yield from reader.events(progress)


def _tag(event: Event) -> str:
    return str(event.body.__struct_config__.tag)


def _sums(postings: tuple[Posting, ...]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for posting in postings:
        sums[posting.asset] = MONEY.add(sums[posting.asset], posting.amount)
    return sums


def _silent(_done: int, _total: int) -> None:
    """Tell nobody."""
