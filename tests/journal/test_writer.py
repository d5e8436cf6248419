from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from tests.journal.events import STAMP, deposit, deposits
from tradetui.domain.event import Noted
from tradetui.errors import JournalError
from tradetui.journal.reader import Head, JournalReader, read_events, verify
from tradetui.journal.schema import create_or_check
from tradetui.journal.writer import JournalWriter


@pytest.fixture
def path(tmp_path: Path) -> Path:
    journal = tmp_path / "paper.sqlite"
    create_or_check(journal)
    return journal


def run_rows(path: Path) -> list[tuple[str, int, int | None]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT status, first_seq, last_seq FROM run ORDER BY run_id").fetchall()


async def test_events_come_back_as_they_were_written(path: Path) -> None:
    writer = await JournalWriter.open(path, head=Head(), stamp=STAMP)
    await writer.append(deposits(1, 4))
    await writer.close(9)
    assert list(read_events(path)) == deposits(1, 4)
    assert run_rows(path) == [("ENDED", 1, 4)]


async def test_what_gathers_during_a_commit_becomes_one_transaction(path: Path) -> None:
    writer = await JournalWriter.open(path, head=Head(), stamp=STAMP)
    commits: list[str] = []
    await writer._connection.set_trace_callback(commits.append)
    futures = [writer.append([deposit(seq)]) for seq in range(1, 201)]
    await asyncio.gather(*futures)
    assert sum(statement.startswith("COMMIT") for statement in commits) <= 2
    await writer.close(9)
    assert verify(path).events == 200


async def test_an_append_is_done_only_when_another_connection_can_read_it(path: Path) -> None:
    writer = await JournalWriter.open(path, head=Head(), stamp=STAMP)
    future = writer.append([deposit(1)])
    assert not future.done()
    await future
    assert [event.seq for event in read_events(path)] == [1]
    await writer.close(9)


async def test_no_events_are_committed_too(path: Path) -> None:
    writer = await JournalWriter.open(path, head=Head(), stamp=STAMP)
    await writer.append([])
    await writer.append(deposits(1, 2))
    await writer.append([])
    await writer.close(9)
    assert verify(path).events == 2


async def test_an_event_that_has_no_text_fails_its_append_and_all_later_ones(path: Path) -> None:
    writer = await JournalWriter.open(path, head=Head(), stamp=STAMP)
    await writer.append(deposits(1, 2))
    wrong = msgspec.structs.replace(deposit(3), body=Noted(what="note", text=1.5))  # type: ignore[arg-type]
    for events in ([wrong], [deposit(4)]):
        with pytest.raises(JournalError, match="a float may not stand in an event"):
            await writer.append(events)
    assert writer.failure is not None
    await writer.close(9)
    assert [event.seq for event in read_events(path)] == [1, 2]


async def test_a_second_run_goes_on_with_the_chain_and_marks_the_crashed_one(path: Path) -> None:
    first = await JournalWriter.open(path, head=Head(), stamp=STAMP)
    await first.append(deposits(1, 2))
    await first._connection.close()
    with closing(JournalReader(path)) as reader:
        assert len(list(reader.events())) == 2
        head = reader.head
    second = await JournalWriter.open(path, head=head, stamp=STAMP)
    await second.append([deposit(3)])
    await second.close(9)
    assert verify(path).fault == ""
    assert run_rows(path) == [("CRASHED_RECOVERED", 1, None), ("ENDED", 3, 3)]
    first._task.cancel()


async def test_an_event_out_of_order_is_a_bug_and_raises(path: Path) -> None:
    writer = await JournalWriter.open(path, head=Head(), stamp=STAMP)
    with pytest.raises(JournalError, match="expected event 1 for the journal, was 2"):
        writer.append([deposit(2)])
    await writer.close(9)


async def test_one_key_may_stand_on_several_events(path: Path) -> None:
    writer = await JournalWriter.open(path, head=Head(), stamp=STAMP)
    await writer.append([deposit(1, key="k"), deposit(2, key="k")])
    await writer.close(9)
    assert [event.key for event in read_events(path)] == ["k", "k"]


async def test_a_full_disk_fails_this_and_every_later_append_and_keeps_what_was_there(path: Path) -> None:
    writer = await JournalWriter.open(path, head=Head(), stamp=STAMP)
    await writer.append([deposit(1)])
    await writer._connection.execute("PRAGMA max_page_count=1")
    full = writer.append(deposits(2, 500))
    with pytest.raises(JournalError, match=r"can not be written .*full"):
        await full
    with pytest.raises(JournalError, match="can not be written"):
        await writer.append([deposit(502)])
    await writer.close(9)
    assert [event.seq for event in read_events(path)] == [1]


async def test_events_can_neither_be_changed_nor_deleted(path: Path) -> None:
    writer = await JournalWriter.open(path, head=Head(), stamp=STAMP)
    await writer.append([deposit(1)])
    await writer.close(9)
    with closing(sqlite3.connect(path)) as connection:
        for statement in ("UPDATE event SET type='x'", "DELETE FROM event", "DELETE FROM posting"):
            with pytest.raises(sqlite3.IntegrityError, match="append only"):
                connection.execute(statement)
