"""A start from a snapshot equals a start from all events, and a snapshot is never believed blindly (I-53)."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.engine.market import PERP, D
from tests.journal.events import STAMP
from tests.runtime.scripted import Session, buy
from tradetui.domain.view import TradingState
from tradetui.journal.reader import JournalReader, read_events
from tradetui.runtime import locked_journal, recovery, snapshots
from tradetui.runtime.locked_journal import open_journal
from tradetui.runtime.recovery import Recovered, recover, verify_journal
from tradetui.runtime.snapshots import picture
from tradetui.runtime.whole_check import check_whole
from tradetui.state import State


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Snapshots after every few events, and starts that believe them."""
    monkeypatch.setattr(locked_journal, "EVERY", 5)
    monkeypatch.setattr(recovery, "_READ_WHOLE", 0)


async def start(path: Path) -> Recovered:
    recovered = await recover(path, lambda _: None)
    recovered.lock.release()
    return recovered


async def trade(path: Path, *sizes: str) -> State:
    recovered = await recover(path, lambda _: None)
    async with Session(await open_journal(recovered, STAMP), state=recovered.state) as session:
        session.open()
        for size in sizes:
            await session.host.submit(buy(size))
    return session.host.published


def change(path: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER IF EXISTS event_no_update")
        connection.execute(statement, values)


async def test_i53_a_snapshot_and_its_tail_are_the_full_fold(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    left = await trade(path, "0.01", "0.02", "0.03")
    recovered = await start(path)
    assert recovered.unchecked > 0
    assert recovered.state == left == State.fold(read_events(path))
    change(path, "DELETE FROM snapshot WHERE seq = (SELECT max(seq) FROM snapshot)")
    older = await start(path)
    assert 0 < older.unchecked < recovered.unchecked
    assert (older.state, older.head) == (recovered.state, recovered.head)


async def test_only_the_newest_snapshots_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    await trade(path, *["0.01"] * 6)
    with closing(JournalReader(path)) as reader:
        assert len(list(reader.snapshots())) == 2


async def test_a_snapshot_with_a_flipped_byte_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    left = await trade(path, "0.01", "0.02")
    change(
        path,
        "UPDATE snapshot SET payload = CAST(substr(payload, 1, 40) || x'00' || substr(payload, 42) AS BLOB)",
    )
    recovered = await start(path)
    assert (recovered.unchecked, recovered.state) == (0, left)


async def test_a_snapshot_of_another_fold_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "paper.db"
    left = await trade(path, "0.01")
    monkeypatch.setattr(snapshots, "FOLD", "another")
    recovered = await start(path)
    assert (recovered.unchecked, recovered.state) == (0, left)
    assert not verify_journal(path).fault


async def test_a_snapshot_that_says_something_else_than_the_events_is_found(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    left = await trade(path, "0.01")
    left.fees += D(1)
    wrong = picture(left)
    change(path, "UPDATE snapshot SET payload = ?, state_hash = ?", wrong, hashlib.sha256(wrong).digest())
    change(path, "DELETE FROM snapshot WHERE seq <> ?", left.seq)
    assert "differs from the fold" in verify_journal(path).fault


async def test_damage_before_the_snapshot_is_found_after_the_start_and_stops_trading(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    await trade(path, "0.01", "0.02")
    change(path, "UPDATE event SET payload = replace(payload, '60000', '60001') WHERE type = 'filled'")
    recovered = await recover(path, lambda _: None)
    journal = await open_journal(recovered, STAMP)
    async with Session(journal, state=recovered.state) as session:
        session.open()
        assert "does not match" in await journal.check()
        await session.host._check_journal()
        assert session.host.trading_state is TradingState.HALTED_JOURNAL
        reply = await session.host.submit(buy("0.01"))
    assert reply.refusal is not None
    assert "damaged" in reply.refusal.text
    assert reply.refusal.mend.startswith("open tradetui again")
    assert session.host.published.positions[PERP].qty == D("0.03")


async def test_a_sound_journal_passes_the_check_behind_the_start(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    await trade(path, "0.01", "0.02")
    recovered = await recover(path, lambda _: None)
    journal = await open_journal(recovered, STAMP)
    try:
        assert recovered.unchecked
        assert await journal.check() == ""
    finally:
        await journal.close(1)


def test_a_check_that_is_cut_short_leaves_no_process_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[str] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda found: left.append(str(found.exc_value)))

    async def cut_short() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(check_whole(tmp_path / "none.db"), 0.05)

    # the program's loop ends right after; a pipe or process that is still open is told when it is collected
    asyncio.run(cut_short())
    gc.collect()
    assert left == []
