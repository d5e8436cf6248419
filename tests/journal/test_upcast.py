"""Events of older versions are translated when they are read, and never rewritten."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.journal.events import STAMP, deposit
from tradetui.journal import schema, upcast
from tradetui.journal.reader import Head, JournalReader, read_events, verify
from tradetui.journal.schema import JournalTooNew, create_or_check
from tradetui.journal.writer import JournalWriter


def renamed(content: dict[str, Any]) -> dict[str, Any]:
    """As if an older version had called a note's text its words."""
    return {**content, "body": {**content["body"], "text": f"was {content['body']['text']}"}}


async def write(path: Path, *seqs: int) -> None:
    create_or_check(path)
    head = Head()
    with closing(JournalReader(path)) as found:
        for _ in found.events():
            head = found.head
    writer = await JournalWriter.open(path, head=head, stamp=STAMP)
    await writer.append([deposit(seq) for seq in seqs])
    await writer.close(1)


def to_version(monkeypatch: pytest.MonkeyPatch, version: int) -> None:
    for module in (upcast, schema):
        monkeypatch.setattr(module, "PAYLOAD_VERSION", version)
    monkeypatch.setattr(upcast, "STEPS", {1: renamed})


async def test_older_events_are_read_as_of_today_and_stay_as_they_were_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "paper.db"
    await write(path, 1, 2)
    with closing(sqlite3.connect(path)) as connection:
        before = connection.execute("SELECT payload, hash FROM event").fetchall()
    to_version(monkeypatch, 2)
    await write(path, 3)
    texts = [event.body.text for event in read_events(path)]  # type: ignore[union-attr]
    assert texts == ["was number 1", "was number 2", "number 3"]
    assert not verify(path).fault
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT payload, hash FROM event LIMIT 2").fetchall() == before


async def test_a_journal_with_events_of_a_later_version_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "paper.db"
    with monkeypatch.context() as patch:
        to_version(patch, 2)
        await write(path, 1)
    with pytest.raises(JournalTooNew, match="events has version 2"):
        create_or_check(path)
