"""What a restart finds: the fold of what was committed, or a refusal that touches nothing."""

from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from tests.engine.market import PERP, SECOND, D
from tests.journal.events import STAMP, deposit
from tests.runtime.scripted import SETTINGS, Session, buy
from tradetui.domain.event import Event
from tradetui.domain.rule import Unit
from tradetui.errors import JournalError, JournalLocked
from tradetui.journal.reader import Head, read_events
from tradetui.journal.schema import JournalDamaged, create_or_check
from tradetui.journal.writer import JournalWriter
from tradetui.runtime.locked_journal import LockedJournal, open_journal
from tradetui.runtime.recovery import Recovered, recover, verify_journal
from tradetui.state import State
from tradetui.trading.settings import EngineSettings

ROOT = Path(__file__).parents[2]


def silent(_words: str) -> None:
    pass


async def begin(path: Path) -> tuple[Recovered, LockedJournal]:
    recovered = await recover(path, silent)
    return recovered, await open_journal(recovered, STAMP)


async def trade(path: Path, settings: EngineSettings = SETTINGS) -> State:
    recovered, journal = await begin(path)
    async with Session(journal, settings=settings, state=recovered.state) as session:
        session.open()
        await session.host.submit(buy())
        await session.host.submit(buy("0.01", limit="59900"))
    return session.host.published


async def test_a_session_continues_where_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    left = await trade(path)
    recovered = await recover(path, silent)
    recovered.lock.release()
    assert recovered.state == left
    assert recovered.state.positions[PERP].qty == D("0.1")
    assert recovered.state.stop_of(PERP) is not None
    assert recovered.words == "continued: 1 position, 1 stop, 1 order"


async def test_a_new_journal_has_nothing_to_tell(tmp_path: Path) -> None:
    recovered = await recover(tmp_path / "deep" / "paper.db", silent)
    recovered.lock.release()
    assert recovered.is_new
    assert recovered.words == ""
    assert recovered.state == State()


async def test_progress_is_told_in_words(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    await trade(path)
    said: list[str] = []
    (await recover(path, said.append)).lock.release()
    assert said == ["opening the journal", "reading the journal 100 %"]


def test_killed_in_the_middle_of_trading_everything_it_said_is_there(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.runtime.trading_child", str(path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    with child, child.stdout:
        said = [child.stdout.readline() for _ in range(12)]
        os.kill(child.pid, signal.SIGKILL)
        said += child.stdout.readlines()
    seq, qty, _ = [line for line in said if line.endswith("\n")][-1].split()
    events = list(read_events(path))
    assert len(events) >= int(seq)
    shown = State.fold(events[: int(seq)])
    assert shown.positions[PERP].qty == D(qty)
    state = State.fold(events)
    stop = state.stop_of(PERP)
    assert stop is not None
    assert stop.qty == state.positions[PERP].qty
    assert not verify_journal(path).fault


async def test_after_a_kill_it_goes_on_and_the_stop_fires_at_the_first_fresh_price(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    test_killed_in_the_middle_of_trading_everything_it_said_is_there(tmp_path)
    recovered, journal = await begin(path)
    assert recovered.crashed
    assert recovered.words.startswith("recovered: 1 position, 1 stop, ")
    assert recovered.words.endswith(" after a crash")
    async with Session(journal, state=recovered.state) as session:
        session.feed.now = recovered.state.last_ts + SECOND
        session.feed.open([(59500.0, 50.0)], [(59500.1, 50.0)])
    assert not session.host.published.positions
    assert State.fold(read_events(path)) == session.host.published
    with closing(sqlite3.connect(path)) as connection:
        runs = connection.execute("SELECT status FROM run ORDER BY run_id").fetchall()
    assert runs == [("CRASHED_RECOVERED",), ("ENDED",)]


async def test_a_locked_day_is_locked_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    tight = SETTINGS.limits.with_daily_loss(D("0.001"), Unit.ANCHOR)
    settings = msgspec.structs.replace(SETTINGS, limits=tight)
    recovered, journal = await begin(path)
    async with Session(journal, settings=settings, state=recovered.state) as session:
        session.open()
        await session.host.submit(buy("0.01", stop="59500"))
        session.feed.snapshot([(58000.0, 50.0)], [(58000.1, 50.0)])
        session.feed.trade(58000.0, 1.0)
    assert session.host.published.lock is not None
    recovered, journal = await begin(path)
    async with Session(journal, settings=SETTINGS, state=recovered.state) as session:
        session.feed.now = recovered.state.last_ts + SECOND
        session.open()
        reply = await session.host.submit(buy("0.001"))
    assert reply.refusal is not None
    assert reply.refusal.reason == "LOCKED"


async def test_a_second_start_is_refused_and_names_the_first(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    _, journal = await begin(path)
    with pytest.raises(JournalLocked, match=str(os.getpid())):
        await recover(path, silent)
    await journal.close(1)
    _, journal = await begin(path)
    await journal.close(2)


async def test_a_damaged_journal_is_refused_with_the_mend_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    await trade(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER event_no_update")
        connection.execute(
            "UPDATE event SET payload = replace(payload, '60000', '60001') WHERE type = 'filled'"
        )
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = hashlib.sha256(path.read_bytes()).digest()
    with pytest.raises(JournalDamaged, match=r"QUARANTINED.*put a backup in its place"):
        await recover(path, silent)
    assert hashlib.sha256(path.read_bytes()).digest() == before
    with pytest.raises(JournalDamaged):
        await recover(path, silent)
    assert verify_journal(path).fault


def filled_from_nothing(events: list[Event], seq: int) -> Event:
    """A fill of an order that was never placed, with a true hash."""
    fill = next(event for event in events if event.body.__struct_config__.tag == "filled")
    return msgspec.structs.replace(
        fill,
        seq=seq,
        body=msgspec.convert({"type": "filled", "fill": stray(fill)}, type(fill.body)),
        postings=(),
    )


def stray(event: Event) -> dict[str, object]:
    plain: dict[str, object] = msgspec.to_builtins(event)["body"]["fill"]
    return {**plain, "order_id": "O-999"}


async def test_a_journal_whose_events_contradict_each_other_is_damaged_too(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.db", tmp_path / "bad.db"
    await trade(good)
    events = list(read_events(good))
    create_or_check(bad)
    writer = await JournalWriter.open(bad, head=Head(), stamp=STAMP)
    await writer.append([*events, filled_from_nothing(events, len(events) + 1)])
    await writer.close(1)
    with pytest.raises(JournalDamaged, match="can not follow those before it"):
        await recover(bad, silent)
    found = verify_journal(bad)
    assert "can not follow" in found.fault
    assert found.last_seq == len(events)


async def test_a_good_journal_verifies_with_its_head(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    left = await trade(path)
    found = verify_journal(path)
    assert (found.fault, found.events, found.last_seq) == ("", left.seq, left.seq)


async def test_a_folder_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(JournalError, match="--data-dir"):
        await recover(blocked / "paper.db", silent)


async def test_a_start_that_fails_after_the_lock_lets_go_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "paper.db"
    recovered = await recover(path, silent)

    async def refuse(*_: object, **__: object) -> JournalWriter:
        raise JournalError("no")

    with monkeypatch.context() as patch:
        patch.setattr(JournalWriter, "open", refuse)
        with pytest.raises(JournalError):
            await open_journal(recovered, STAMP)
    _, journal = await begin(path)
    await journal.append([deposit(1)])
    await journal.close(1)


async def test_a_real_journal_that_failed_is_written_again(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    recovered, journal = await begin(path)
    async with Session(journal, state=recovered.state, buffer_s=0) as session:
        session.open()
        await session.host.submit(buy("0.01"))
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute(
                "CREATE TRIGGER full BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'disk full'); END"
            )
            reply = await session.host.submit(buy("0.02"))
            assert reply.refusal is not None
            assert "disk full" in reply.refusal.text
            session.feed.running.clear()
            other.execute("DROP TRIGGER full")
        await session.feed.running.wait()
        session.open()
        assert (await session.host.submit(buy("0.03"))).accepted
    assert session.host.published.positions[PERP].qty == D("0.04")
    assert State.fold(read_events(path)) == session.host.published
    assert not verify_journal(path).fault


async def test_an_account_without_anything_open_has_nothing_to_tell_unless_it_crashed(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    recovered, journal = await begin(path)
    async with Session(journal, state=recovered.state) as session:
        session.open()
    recovered, journal = await begin(path)
    assert recovered.words == ""
    await journal.writer.close(1)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE run SET status = 'RUNNING' WHERE run_id = 1")
    recovered.lock.release()
    recovered = await recover(path, silent)
    recovered.lock.release()
    assert recovered.words == "recovered: nothing was open after a crash"
