"""A damaged journal: what can be read of it, and how a person goes on from its last good event."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.engine.market import PERP, D
from tests.journal.events import STAMP
from tests.runtime.scripted import Session, buy
from tests.runtime.test_recovery import begin, trade
from tradetui.domain.event import Noted
from tradetui.errors import JournalError
from tradetui.journal.reader import read_events
from tradetui.journal.schema import JournalDamaged
from tradetui.runtime.quarantine import resume
from tradetui.runtime.recovery import recover, verify_journal
from tradetui.state import State


def damage(path: Path, seq: int) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER event_no_update")
        connection.execute("UPDATE event SET ts_ns = ts_ns + 1 WHERE seq = ?", (seq,))


async def test_a_new_journal_goes_on_behind_the_last_good_event_and_the_old_file_is_kept(
    tmp_path: Path,
) -> None:
    path = tmp_path / "paper.db"
    await trade(path)
    before = list(read_events(path))
    bad = next(event.seq for event in before if event.body.__struct_config__.tag == "filled") + 3
    damage(path, bad)
    with pytest.raises(JournalDamaged, match="journal resume"):
        await recover(path, lambda _: None)
    done = await resume(path, STAMP)
    assert done.last_good == bad - 1
    assert done.copy.exists()
    assert verify_journal(done.copy).fault == done.found
    after = list(read_events(path))
    assert after[:-1] == before[: bad - 1]
    assert isinstance(after[-1].body, Noted)
    assert done.copy.name in after[-1].body.text
    assert not verify_journal(path).fault
    recovered, journal = await begin(path)
    async with Session(journal, state=recovered.state) as session:
        session.feed.now = recovered.state.last_ts + 1
        session.open()
        assert (await session.host.submit(buy("0.01"))).accepted
    assert session.host.published.positions[PERP].qty == State.fold(after).positions[PERP].qty + D("0.01")


async def test_a_journal_cut_in_half_gives_what_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    await trade(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2 // 4096 * 4096])
    done = await resume(path, STAMP)
    assert done.found
    assert not verify_journal(path).fault
    assert len(list(read_events(path))) == done.last_good + 1


async def test_a_sound_journal_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    await trade(path)
    with pytest.raises(JournalError, match="holds"):
        await resume(path, STAMP)
    (await recover(path, lambda _: None)).lock.release()
    assert not verify_journal(path).fault
