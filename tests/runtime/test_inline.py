"""The link inside one process: starting, switching, steering, stopping."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Self

import pytest

from tests.engine.market import PERP, D
from tests.journal.events import STAMP
from tests.runtime.scripted import Session, buy, settle
from tradetui.domain.command import Flatten
from tradetui.domain.reply import Reason
from tradetui.domain.view import ProfileBadge, TradingState, ViewRequest
from tradetui.errors import FeedError, JournalError, JournalLocked
from tradetui.feeds.protocol import Sink
from tradetui.runtime.host import Host
from tradetui.runtime.inline import InlineLink
from tradetui.runtime.locked_journal import open_journal
from tradetui.runtime.recovery import recover

PROFILES = ("venue", "other")


class Stage:
    """Makes hosts for a link and keeps them for the test."""

    def __init__(self) -> None:
        self.sessions: dict[str, Session] = {}
        self.said: list[str] = []
        self.fault: Exception | None = None
        self.link = InlineLink(self.make_host, profile="venue", profiles=PROFILES)

    async def make_host(self, profile: str, progress: Callable[[str], None]) -> Host:
        progress("reading the journal 40 %")
        self.said.append(self.link.progress())
        if self.fault is not None:
            raise self.fault
        self.sessions[profile] = Session(name=profile)
        return self.sessions[profile].host

    async def __aenter__(self) -> Self:
        await self.link.start()
        await self.opened("venue")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.link.stop()

    async def opened(self, name: str) -> Session:
        session = self.sessions[name]
        await session.feed.running.wait()
        session.open()
        return session


async def test_it_starts_and_shows_a_frame() -> None:
    stage = Stage()
    assert stage.link.frame() is None
    assert stage.link.progress() == "starting"
    reply = await stage.link.submit(buy())
    assert reply.refusal is not None
    assert "starting" in reply.refusal.text
    async with stage:
        assert stage.said == ["reading the journal 40 %"]
        assert stage.link.progress() == ""
        frame = stage.link.frame()
        assert frame is not None
        assert frame.status.profile == "venue"
        assert frame.status.profiles == (ProfileBadge("venue", 0, True),)
        assert frame.profiles == PROFILES


async def test_a_quiet_market_gives_the_same_frame() -> None:
    async with Stage() as stage:
        assert stage.link.frame() is stage.link.frame()


async def test_a_command_is_answered_and_seen_in_the_next_frame() -> None:
    async with Stage() as stage:
        assert (await stage.link.submit(buy())).accepted
        frame = stage.link.frame()
        assert frame is not None
        assert frame.positions[0].qty == D("0.1")
        assert frame.positions[0].stop == D(59700)
        assert any("bought 0.1" in notice.text for notice in stage.link.notices())
        assert stage.link.notices() == ()


async def test_a_frame_shows_no_position_before_its_commit() -> None:
    async with Stage() as stage:
        held = stage.sessions["venue"].held
        held.holds = True
        answer = asyncio.create_task(stage.link.submit(buy()))
        await settle()
        frame = stage.link.frame()
        assert frame is not None
        assert frame.positions == ()
        assert frame.fills == ()
        held.commit()
        assert (await answer).accepted


async def test_a_start_that_fails_says_why_and_leaves_nothing() -> None:
    for fault in (JournalLocked("in use by 7"), FeedError("no such symbol")):
        stage = Stage()
        stage.fault = fault
        with pytest.raises(type(fault), match=str(fault)):
            await stage.link.start()
        assert stage.link.frame() is None
        await stage.link.stop()


async def test_switching_leaves_a_position_watched() -> None:
    async with Stage() as stage:
        await stage.link.submit(buy())
        assert (await stage.link.switch("other")).text == "profile other"
        left = stage.sessions["venue"]
        await stage.opened("other")
        frame = stage.link.frame()
        assert frame is not None
        assert frame.status.profile == "other"
        assert frame.status.profiles == (ProfileBadge("venue", 1, False), ProfileBadge("other", 0, True))
        assert not left.feed.closed
        stage.link.notices()
        left.feed.delta(bids=[(60000.0, 0.0), (59990.0, 0.0), (59600.0, 9.0)])
        left.feed.trade(59600.0, 1.0)
        assert not left.host.published.positions
        assert any(notice.text.startswith("venue: stop fired at 59,700.0") for notice in stage.link.notices())


async def test_a_command_goes_to_the_profile_that_it_was_meant_for() -> None:
    async with Stage() as stage:
        await stage.link.submit(buy())
        await stage.link.switch("other")
        await stage.opened("other")
        assert (await stage.link.submit(Flatten(), profile="venue")).accepted
        assert not stage.sessions["venue"].host.published.positions
        await stage.link.switch("venue")
        refusal = (await stage.link.submit(buy(), profile="other")).refusal
        assert refusal is not None
        assert refusal.text == "other has been left, with nothing open in it: nothing was done"
        assert not stage.sessions["venue"].host.published.positions


async def test_switching_stops_a_profile_that_watches_nothing() -> None:
    async with Stage() as stage:
        await stage.link.switch("other")
        left = stage.sessions["venue"]
        assert left.feed.closed
        assert left.held.closed


async def test_a_warm_profile_is_shown_again_as_it_is() -> None:
    async with Stage() as stage:
        await stage.link.submit(buy())
        left = stage.sessions["venue"]
        await stage.link.switch("other")
        await stage.opened("other")
        await stage.link.switch("venue")
        assert stage.sessions["venue"] is left
        frame = stage.link.frame()
        assert frame is not None
        assert frame.positions[0].symbol == PERP
        assert stage.sessions["other"].feed.closed, "it watches nothing"


async def test_a_switch_that_fails_is_refused_and_changes_nothing() -> None:
    async with Stage() as stage:
        stage.fault = JournalLocked("other.db: in use by the tradetui process 7")
        reply = await stage.link.switch("other")
        assert reply.refusal is not None
        assert "process 7" in reply.refusal.text
        reply = await stage.link.switch("nowhere")
        assert reply.refusal is not None
        assert reply.refusal.reason is Reason.BAD_INPUT
        assert "venue, other" in reply.refusal.mend
        frame = stage.link.frame()
        assert frame is not None
        assert frame.status.profile == "venue"
        assert stage.link.progress() == ""


async def test_a_halt_is_on_the_screen_while_the_market_moves() -> None:
    async with Stage() as stage:
        session = stage.sessions["venue"]
        await stage.link.submit(buy())
        session.held.failure = JournalError("disk full")
        await stage.link.submit(Flatten())
        frame = stage.link.frame()
        assert frame is not None
        assert frame.status.trading_state is TradingState.HALTED_JOURNAL
        assert "disk full" in frame.status.lock_text
        assert frame.positions[0].qty == D("0.1")
        assert stage.link.frame() is frame
        session.feed.delta(bids=[(60000.0, 0.0)])
        moved = stage.link.frame()
        assert moved is not None
        assert moved.ladder is not None
        assert moved.ladder.best_bid == 599900


async def test_what_is_looked_at_changes_with_the_request() -> None:
    async with Stage() as stage:
        stage.link.show(ViewRequest(symbol=PERP, ladder_rows=10))
        frame = stage.link.frame()
        assert frame is not None
        assert frame.ladder is not None
        assert len(frame.ladder.rows) == 10


async def test_stopping_stops_every_profile_and_leaves_no_task() -> None:
    async with Stage() as stage:
        await stage.link.submit(buy())
        await stage.link.switch("other")
    assert all(session.feed.closed and session.held.closed for session in stage.sessions.values())
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert stage.link.frame() is None


async def test_a_recording_is_steered_and_says_where_it_is() -> None:
    async with Stage() as stage:
        feed = Steered()
        stage.sessions["venue"].host.feed = feed
        for action, amount in (
            ("pause", 0.0),
            ("step", 0.0),
            ("seek", -30.0),
            ("speed", 4.0),
            ("eject", 1.0),
        ):
            stage.link.playback(action, amount)
        assert feed.done == ["pause", "step", "seek -30.0", "speed 4.0"]
        frame = stage.link.frame()
        assert frame is not None
        assert frame.status.playback == "0:10 of 1:00"


async def test_steering_a_market_that_is_no_recording_does_nothing() -> None:
    async with Stage() as stage:
        for action in ("pause", "step", "seek", "speed"):
            stage.link.playback(action, 1.0)


async def test_a_killed_link_finds_its_account_again(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"

    async def make_host(_profile: str, progress: Callable[[str], None]) -> Host:
        recovered = await recover(path, progress)
        session = Session(await open_journal(recovered, STAMP), state=recovered.state)
        sessions.append(session)
        return session.host

    sessions: list[Session] = []
    for expected in (0, 1):
        link = InlineLink(make_host, profile="venue", profiles=("venue",))
        await link.start()
        frame = link.frame()
        assert frame is not None
        assert len(frame.positions) == expected
        await sessions[-1].feed.running.wait()
        sessions[-1].feed.now += expected * 10**9
        sessions[-1].open()
        if not expected:
            await link.submit(buy())
        await link.stop()


class Steered:
    """A recording that notes how it is steered."""

    symbols = (PERP,)
    own_clock = True

    def __init__(self) -> None:
        self.done: list[str] = []

    async def run(self, sink: Sink) -> None:
        del sink

    def pause(self) -> None:
        self.done.append("pause")

    def step(self) -> None:
        self.done.append("step")

    def seek(self, seconds: float) -> None:
        self.done.append(f"seek {seconds}")

    def set_speed(self, speed: float) -> None:
        self.done.append(f"speed {speed}")

    def describe(self) -> str:
        return "0:10 of 1:00"


async def test_a_symbol_of_another_profile_shows_the_first_of_this_one() -> None:
    async with Stage() as stage:
        stage.link.show(ViewRequest(symbol="ADA/EUR", ladder_center=7))
        frame = stage.link.frame()
        assert frame is not None
        assert frame.status.symbol == PERP
        assert frame.ladder is not None


async def test_a_host_that_ends_by_a_bug_says_so_and_the_screen_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Stage() as stage:
        session = stage.sessions["venue"]
        session.held.holds = True

        def broken(_waiting: object) -> None:
            monkeypatch.undo()
            raise RuntimeError("a bug")

        monkeypatch.setattr(session.host._publisher, "_settle", broken)
        answer = asyncio.create_task(stage.link.submit(buy()))
        await settle()
        session.held.commit()
        await settle()
        assert any("the engine stopped" in notice.text for notice in stage.link.notices())
        assert stage.link.frame() is not None
        reply = await stage.link.submit(Flatten())
        assert reply.refusal is not None
        answer.cancel()
