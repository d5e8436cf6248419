"""The recording that a key begins in the middle of a session."""

from __future__ import annotations

from pathlib import Path

from tests.engine.market import PERP, SECOND, START
from tests.runtime.scripted import Session
from tradetui.domain.market_data import BookSnapshot, FeedState, FeedStatus, InstrumentListed, Side, Trade
from tradetui.feeds.replay import ReplayFeed
from tradetui.runtime.tape import Tape


async def test_a_recording_begun_late_opens_with_the_book_and_holds_what_follows(tmp_path: Path) -> None:
    async with Session() as session:
        host = session.host
        host.tape = Tape(tmp_path / "recordings", "sim")
        session.open()
        session.feed.trade(60100.0, 0.5)
        host.record()
        assert host.tape.words == "REC 0:00"
        session.feed.trade(60101.0, 0.25)
        host.record()
        assert host.tape.words == ""
        book = host.engine.markets[PERP].book
        (path,) = only(tmp_path / "recordings")
        messages = list(ReplayFeed([path]).messages())
        assert [m.price for m in messages if isinstance(m, Trade)] == [60101.0]
        listed, snapshot, status = messages[:3]
        assert isinstance(listed, InstrumentListed)
        assert isinstance(snapshot, BookSnapshot)
        assert isinstance(status, FeedStatus)
        assert status.state is FeedState.STREAMING
        assert (len(snapshot.bids), len(snapshot.asks)) == (
            sum(1 for _ in book.levels(Side.BUY)),
            sum(1 for _ in book.levels(Side.SELL)),
        )
        assert any(str(path) in text for text in session.texts)


async def test_a_recording_left_running_is_whole_after_the_host_has_stopped(tmp_path: Path) -> None:
    async with Session() as session:
        session.host.tape = Tape(tmp_path, "sim")
        session.open()
        session.host.record()
        session.feed.trade(60100.0, 0.5)
        assert session.host.is_needed
    assert any(isinstance(m, Trade) for m in ReplayFeed(only(tmp_path)).messages())


def only(folder: Path) -> list[Path]:
    (path,) = folder.iterdir()
    return [path]


async def test_where_nothing_can_be_recorded_it_is_said(tmp_path: Path) -> None:
    async with Session() as session:
        session.open()
        session.host.record()
        assert any("can not be recorded again" in text for text in session.texts)
        (tmp_path / "file").write_text("in the way")
        session.host.tape = Tape(tmp_path / "file", "sim")
        session.host.record()
        assert any("can not be written" in text for text in session.texts)
        assert not session.host.tape.is_running


def test_the_disk_gets_every_few_seconds_what_was_taken(tmp_path: Path) -> None:
    tape = Tape(tmp_path, "sim")
    tape.begin([], START)
    (path,) = tmp_path.iterdir()
    before = path.stat().st_size
    tape.take(Trade(PERP, START, START + SECOND, 1.0, 1.0, None))
    assert path.stat().st_size == before
    tape.take(Trade(PERP, START, START + 5 * SECOND, 1.0, 1.0, None))
    assert path.stat().st_size > before
    tape.end()
