"""What waits for a real journal: committed when it can be written, lost with the process, recorded."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest

from tests.engine.market import PERP, SECOND, D
from tests.journal.events import STAMP
from tests.runtime.scripted import BIDS, Session, buy
from tests.runtime.test_keeping import begin, cross_the_stop, fill_the_entry, fills, pages, until
from tradetui.domain.command import Flatten, Half
from tradetui.domain.event import GapEvaluated
from tradetui.journal.reader import read_events
from tradetui.runtime import recovery
from tradetui.runtime.input_replay import reproduce
from tradetui.runtime.inputs import InputRecorder, inputs_folder
from tradetui.runtime.locked_journal import LockedJournal, open_journal
from tradetui.runtime.recovery import recover, verify_journal
from tradetui.state import State

Trouble = Callable[[Path], AbstractContextManager[None]]
ROOT = Path(__file__).parents[2]


async def opened(path: Path) -> LockedJournal:
    return await open_journal(await recover(path, lambda _: None), STAMP)


@contextmanager
def disk_full(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(
            "CREATE TRIGGER full BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
        yield
        other.execute("DROP TRIGGER full")


@contextmanager
def busy(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@pytest.mark.parametrize(("trouble", "from_snapshot"), [(disk_full, True), (busy, False)])
async def test_a_real_journal_has_in_the_end_what_one_without_a_failure_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, trouble: Trouble, from_snapshot: bool
) -> None:
    if from_snapshot:
        monkeypatch.setattr(recovery, "_READ_WHOLE", 0)
        monkeypatch.setattr("tradetui.runtime.locked_journal.EVERY", 1)
    path = tmp_path / "paper.db"
    journal = await opened(path)
    async with Session(journal) as session, Session() as twin:
        for each in (session, twin):
            await begin(each)
        await journal.writer._connection.execute("PRAGMA busy_timeout = 1")
        with trouble(path):
            for each in (session, twin):
                fill_the_entry(each)
            await until(lambda: session.host.halt is not None)
            for each in (session, twin):
                cross_the_stop(each)
            assert session.host.published.positions[PERP].qty == D("0.1")
        await until(lambda: session.host.halt is None)
        await session.host.submit(buy("0.02"))
        await twin.host.submit(buy("0.02"))
        assert session.host.published == session.host.engine.state
        seq = session.host.published.seq
    assert pages(list(read_events(path))) == pages(twin.held.committed)
    assert not verify_journal(path).fault
    with closing(sqlite3.connect(path)) as connection:
        kept = connection.execute("SELECT count(*) FROM snapshot WHERE seq < ?", (seq,)).fetchone()
    assert bool(kept[0]) == from_snapshot


async def recorded(path: Path) -> tuple[InputRecorder, Session]:
    recorder = InputRecorder(inputs_folder(path))
    return recorder, Session(await opened(path), inputs=recorder)


async def written(recorder: InputRecorder, session: Session) -> bool:
    """Write a chunk, as is done every few seconds; False where there is none to write."""
    chunk = recorder.cut()
    if chunk is None:
        return False
    await session.host.submit(await asyncio.to_thread(recorder.write, chunk))
    return True


async def test_r_jrn_10_the_inputs_of_a_halt_make_the_same_events_again(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    recorder, session = await recorded(path)
    async with session:
        await begin(session)
        assert await written(recorder, session)
        with disk_full(path):
            fill_the_entry(session)
            await until(lambda: session.host.halt is not None)
            await session.host.submit(Half(symbol=PERP))
            assert not await written(recorder, session), "whether it counts is not known yet"
            cross_the_stop(session)
        await until(lambda: session.host.halt is None)
        assert await written(recorder, session)
        await session.host.submit(buy("0.02"))
        await session.host.submit(Flatten())
    found = reproduce(path)
    events = list(read_events(path))
    assert (found.fault, found.events) == ("", len(events))
    assert len(fills(events)) == 6


@pytest.mark.parametrize("is_written", [False, True])
async def test_r_jrn_10_the_inputs_before_and_after_a_gap_make_every_event_again(
    tmp_path: Path, *, is_written: bool
) -> None:
    path = tmp_path / "paper.db"
    recorder, session = await recorded(path)
    async with session:
        await begin(session)
        session.feed.running.clear()
        with disk_full(path):
            fill_the_entry(session)
            if is_written:
                chunk = recorder.cut()
                assert chunk is not None
                recorder.write(chunk)
            await until(lambda: session.host.halt is not None)
            cross_the_stop(session)
            session.feed.tick(31 * SECOND)
            session.feed.trade(60000.0, 0.1)
            assert session.host.engine.state == session.host.published
        await session.feed.running.wait()
        session.feed.tick(60 * SECOND)
        session.open()
        session.feed.trade(60000.0, 0.1)
        await session.host.submit(Flatten())
    found = reproduce(path)
    events = list(read_events(path))
    assert (found.fault, found.events) == ("", len(events))
    assert any(isinstance(event.body, GapEvaluated) for event in events)
    if is_written:  # killed before it could write where the first engine's last chunk ends
        last = max(path for path in inputs_folder(path).iterdir() if path.name.startswith("0000000000-"))
        last.unlink()
        assert reproduce(path).fault == ""


async def test_inputs_whose_events_were_dropped_as_the_program_ended_are_not_expected(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    _, session = await recorded(path)
    async with session:
        await begin(session)
        with disk_full(path):
            fill_the_entry(session)
            await until(lambda: session.host.halt is not None)
            session.host.stop()
            await session.task
    committed = session.host.published
    async with Session(await opened(path), state=State.fold(read_events(path))) as again:
        again.feed.now = committed.last_ts + SECOND
        again.open()
        again.feed.snapshot(BIDS, [(60000.1, 5.0)])
        await again.host.submit(Flatten())
    assert reproduce(path).fault == ""
    assert reproduce(path).events == committed.seq


def test_killed_in_a_halt_it_goes_on_from_what_was_committed(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.runtime.halted_child", str(path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    with child, child.stdout:
        shown, decided = map(int, child.stdout.readline().split())
        os.kill(child.pid, signal.SIGKILL)
    assert decided > shown
    events = list(read_events(path))
    assert len(events) == shown
    state = State.fold(events)
    stop = state.stop_of(PERP)
    assert stop is not None
    assert (state.positions[PERP].qty, stop.trigger) == (D("0.1"), D(59700))
    assert not verify_journal(path).fault
