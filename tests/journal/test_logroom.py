from __future__ import annotations

from pathlib import Path

import aiosqlite
import pytest

from tests.journal.events import STAMP, deposit
from tradetui.journal.logroom import make_room
from tradetui.journal.reader import Head, verify
from tradetui.journal.schema import PRAGMAS, create_or_check
from tradetui.journal.writer import JournalWriter


@pytest.fixture
def path(tmp_path: Path) -> Path:
    journal = tmp_path / "paper.sqlite"
    create_or_check(journal)
    return journal


def sizes(path: Path) -> tuple[int, int]:
    """Of the log and of the journal, in bytes."""
    return path.with_name(path.name + "-wal").stat().st_size, path.stat().st_size


def bytes_of(path: Path) -> bytes:
    return path.read_bytes()


async def test_no_commit_has_to_lengthen_the_log(path: Path) -> None:
    writer = await JournalWriter.open(path, head=Head(), stamp=STAMP)
    log, journal = sizes(path)
    for seq in range(1, 161):
        await writer.append([deposit(seq)])
    log_after, journal_after = sizes(path)
    assert log_after == log
    assert journal_after > journal, "the log was copied into the journal and begun anew"
    await writer.close(9)
    assert verify(path).events == 160


async def test_what_lengthened_the_log_is_nowhere_in_the_journal(path: Path) -> None:
    before = bytes_of(path)
    async with aiosqlite.connect(path, isolation_level=None) as connection:
        await make_room(connection)
        assert sizes(path)[0] > 1_000_000
        tables = await connection.execute_fetchall("SELECT name FROM sqlite_master WHERE name='room'")
        assert not list(tables)
    assert bytes_of(path) == before


async def test_a_journal_without_room_for_a_longer_log_is_written_all_the_same(path: Path) -> None:
    async with aiosqlite.connect(path, isolation_level=None) as connection:
        for pragma in (*PRAGMAS, "PRAGMA max_page_count=20"):
            await connection.execute(pragma)
        await make_room(connection)
        await connection.execute("INSERT INTO meta VALUES('k', 'v')")
    async with aiosqlite.connect(path) as connection:
        assert list(await connection.execute_fetchall("SELECT v FROM meta WHERE k='k'")) == [("v",)]
