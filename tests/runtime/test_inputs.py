"""Recorded inputs make the same events again, bit for bit, and a changed one is found (R-JRN-10)."""

from __future__ import annotations

import asyncio
import zlib
from pathlib import Path

import pytest

from tests.engine.market import SECOND
from tests.journal.events import STAMP
from tests.runtime.scripted import Session, buy
from tradetui.domain.command import Flatten
from tradetui.domain.market_data import FeedState
from tradetui.errors import JournalError
from tradetui.runtime import inputs
from tradetui.runtime.input_replay import reproduce
from tradetui.runtime.inputs import InputRecorder, inputs_folder
from tradetui.runtime.locked_journal import open_journal
from tradetui.runtime.recovery import recover


async def trade(path: Path) -> None:
    """One run with fills, a stop that fires, an outage and a restart's continuation."""
    recovered = await recover(path, lambda _: None)
    recorder = InputRecorder(inputs_folder(path))
    state = None if recovered.is_new else recovered.state
    journal = await open_journal(recovered, STAMP)
    async with Session(journal, state=state, inputs=recorder) as session:
        if state is not None:
            session.feed.now = state.last_ts + SECOND
        session.open()
        await session.host.submit(buy("0.01"))
        await cut(recorder, session)
        await session.host.submit(buy("0.02", limit="59900"))
        session.feed.status(FeedState.DOWN)
        session.feed.status(FeedState.STREAMING)
        session.feed.snapshot([(59400.0, 5.0)], [(59400.1, 5.0)])
        session.feed.trade(59400.0, 1.0)
        await session.host.submit(Flatten())


async def cut(recorder: InputRecorder, session: Session) -> None:
    chunk = recorder.cut()
    assert chunk is not None
    await session.host.submit(await asyncio.to_thread(recorder.write, chunk))


async def test_the_events_of_every_run_come_out_of_its_inputs(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    await trade(path)
    await trade(path)
    found = reproduce(path)
    assert found.fault == ""
    assert found.inputs > 20
    recovered = await recover(path, lambda _: None)
    recovered.lock.release()
    assert found.events == recovered.head.seq, "every event of both runs was made again"


async def test_inputs_that_were_changed_are_found_by_their_hash(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    await trade(path)
    first = min(inputs_folder(path).iterdir())
    content = zlib.decompress(first.read_bytes().removeprefix(inputs._MAGIC))
    changed = content.replace(b"paper", b"other", 1) if b"paper" in content else content[:-1] + b"\x00"
    first.write_bytes(inputs._MAGIC + zlib.compress(changed))
    with pytest.raises(JournalError, match="differ from the hash"):
        reproduce(path)


async def test_inputs_without_a_hash_that_lead_elsewhere_are_a_difference(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    await trade(path)
    last = max(inputs_folder(path).iterdir())
    (chunk,) = list(inputs.read_chunks(inputs_folder(path), {}))[-1:]
    del chunk.inputs[0]
    InputRecorder(inputs_folder(path)).write(chunk)
    assert last == max(inputs_folder(path).iterdir())
    assert "comes out differently" in reproduce(path).fault


async def test_a_folder_that_can_not_be_written_ends_the_recording_and_not_the_trading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "CHUNK_S", 0)
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    async with Session(inputs=InputRecorder(blocked / "inputs")) as session:
        session.open()
        while not any("can not be recorded" in notice.text for notice in session.host.notices()):
            await asyncio.to_thread(lambda: None)
        assert (await session.host.submit(buy("0.01"))).accepted


async def test_a_recording_that_has_ended_gathers_nothing_more_whatever_begins_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "CHUNK_S", 0)
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    recorder = InputRecorder(blocked / "inputs")
    async with Session(inputs=recorder) as session:
        session.open()
        while not any("can not be recorded" in notice.text for notice in session.host.notices()):
            await asyncio.to_thread(lambda: None)
        blocked.unlink()
        recorder.begin(session.host.engine.settings, session.host.published.seq)
        session.feed.trade(60000.0, 0.1)
        recorder.leave(session.host.published.seq + 1)
        assert recorder.cut() is None
        assert not recorder.is_full
    assert not blocked.exists()
