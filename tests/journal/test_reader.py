from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.journal.events import STAMP, deposits
from tradetui.errors import JournalError
from tradetui.journal.reader import Head, read_events, verify
from tradetui.journal.schema import (
    SCHEMA_VERSION,
    JournalDamaged,
    JournalTooNew,
    create_or_check,
)
from tradetui.journal.writer import JournalWriter


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    journal = tmp_path / "paper.sqlite"
    create_or_check(journal)
    writer = await JournalWriter.open(journal, head=Head(), stamp=STAMP)
    await writer.append(deposits(1, 40))
    await writer.close(9)
    return journal


def tamper(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for name in ("event_no_update", "event_no_delete", "posting_no_update", "posting_no_delete"):
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def test_a_sound_journal_verifies_and_tells_its_progress(path: Path) -> None:
    told: list[tuple[int, int]] = []
    verification = verify(path, lambda done, total: told.append((done, total)))
    assert (verification.events, verification.fault) == (40, "")
    assert told == [(40, 40)]


def test_i55_the_chain_is_sha256_over_the_previous_hash_and_the_text(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT payload, hash FROM event ORDER BY seq").fetchall()
    digest = bytes(32)
    for payload, stored in rows:
        digest = hashlib.sha256(digest + payload.encode()).digest()
        assert digest == stored


def test_i55_one_flipped_byte_of_the_file_is_found(path: Path) -> None:
    content = path.read_bytes()
    place = content.index(b"number 17")
    path.write_bytes(content[:place] + b"N" + content[place + 1 :])
    verification = verify(path)
    assert (verification.last_seq, verification.fault) == (
        16,
        "the hash of event 17 does not match its content",
    )


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("DELETE FROM posting WHERE seq=9", "the postings of event 9 differ from its content"),
        ("UPDATE posting SET amount='99' WHERE seq=9 AND n=0", "the postings of event 9 differ"),
        ("UPDATE event SET ts_ns=1 WHERE seq=9", "the columns of event 9 differ from its content"),
        ("UPDATE event SET type='filled' WHERE seq=9", "the columns of event 9 differ from its content"),
        ("UPDATE event SET payload='{}' WHERE seq=9", "the hash of event 9 does not match its content"),
        ("INSERT INTO posting VALUES(40, 7, 'external', 'USDT', '1')", "postings that belong to no event"),
    ],
)
def test_every_kind_of_tampering_is_named(path: Path, statement: str, fault: str) -> None:
    tamper(path, statement)
    assert fault in verify(path).fault


def test_an_event_that_is_missing_is_named(path: Path) -> None:
    tamper(path, "DELETE FROM posting WHERE seq=9", "DELETE FROM event WHERE seq=9")
    assert verify(path).fault == "expected event 9, was 10"


def test_a_tail_that_was_cut_off_is_noticed(path: Path) -> None:
    tamper(path, "DELETE FROM posting WHERE seq>30", "DELETE FROM event WHERE seq>30")
    assert verify(path).fault == "expected events up to 40, the last is 30"


def test_postings_that_do_not_sum_to_zero_are_named(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        row = connection.execute("SELECT payload, prev_hash FROM event WHERE seq=40").fetchone()
    payload = row[0].replace('"-10.5"', '"-10"')
    digest = hashlib.sha256(row[1] + payload.encode()).hexdigest()
    tamper(
        path,
        f"UPDATE event SET payload='{payload}', hash=x'{digest}' WHERE seq=40",  # noqa: S608
        "UPDATE posting SET amount='-10' WHERE seq=40 AND n=1",
    )
    assert verify(path).fault == "the postings of event 40 do not sum to zero: 0.5 USDT"


def test_a_newer_version_is_refused_with_the_mend(path: Path) -> None:
    assert SCHEMA_VERSION == 1
    tamper(path, "UPDATE meta SET v='2' WHERE k='schema_version'")
    with pytest.raises(JournalTooNew, match="install the newer tradetui"):
        create_or_check(path)
    with pytest.raises(JournalTooNew, match="has version 2, this program reads up to 1"):
        verify(path)


def test_a_file_that_is_no_database_is_damaged_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "paper.sqlite"
    path.write_bytes(b"not a database at all " * 100)
    before = path.read_bytes()
    with pytest.raises(JournalDamaged, match="QUARANTINED"):
        create_or_check(path)
    assert verify(path).fault != ""
    assert path.read_bytes() == before


def test_a_truncated_file_is_damaged(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:20_000])
    assert verify(path).fault != ""
    with pytest.raises(JournalDamaged, match="QUARANTINED"):
        create_or_check(path)


def test_reading_where_there_is_no_journal_says_so(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="there is no journal here"):
        list(read_events(tmp_path / "none.sqlite"))


def test_an_empty_journal_is_sound(tmp_path: Path) -> None:
    create_or_check(tmp_path / "new.sqlite")
    assert verify(tmp_path / "new.sqlite").fault == ""
