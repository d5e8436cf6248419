"""One clock: idle behind another screen, and behind a terminal that does not keep up."""

from __future__ import annotations

import io
import threading

from textual.app import App
from textual.drivers._writer_thread import WriterThread
from textual.screen import Screen

from tests.ui.fake_link import FakeLink
from tradetui.ui.app import CockpitApp
from tradetui.ui.frame_clock import LATELY_TICKS, RUN, FrameClock, writes_queued
from tradetui.ui.panes.ladder import LadderPane


class Stage:
    """What a clock sees, set by a test."""

    def __init__(self) -> None:
        self.is_current, self.queued, self.painted = True, 0, 0
        self.clock = FrameClock(
            is_current=lambda: self.is_current, writes_queued=lambda: self.queued, paint=self.paint
        )

    def paint(self) -> None:
        self.painted += 1


def test_a_frame_is_skipped_while_more_than_one_write_waits() -> None:
    stage = Stage()
    for stage.queued in (0, 1, 2, 9, 1):
        stage.clock.tick()
    assert stage.painted == 3
    assert stage.clock.dropped == 2


def test_a_covered_screen_is_not_painted_and_drops_nothing() -> None:
    stage = Stage()
    stage.is_current, stage.queued = False, 5
    stage.clock.tick()
    assert (stage.painted, stage.clock.dropped) == (0, 0)


def test_a_run_of_dropped_frames_is_told_while_it_lasts() -> None:
    stage = Stage()
    for _ in range(2):
        stage.queued = 2
        for _ in range(RUN):
            assert stage.clock.dropped_lately == 0
            stage.clock.tick()
        assert stage.clock.dropped_lately == RUN
        stage.queued = 0
        for _ in range(LATELY_TICKS):
            stage.clock.tick()
    assert (stage.clock.dropped_lately, stage.clock.dropped) == (0, 2 * RUN)


def test_single_frames_that_are_dropped_now_and_then_are_not_told() -> None:
    stage = Stage()
    for tick in range(10 * LATELY_TICKS):
        stage.queued = 2 if tick % (LATELY_TICKS + 1) == 0 else 0
        stage.clock.tick()
        assert stage.clock.dropped_lately == 0
    assert stage.clock.dropped == 10


class Stuck(io.StringIO):
    """A terminal that takes nothing until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.is_writing, self.may_go = threading.Event(), threading.Event()

    def write(self, text: str) -> int:
        self.is_writing.set()
        self.may_go.wait(10)
        return super().write(text)


def test_the_writes_that_wait_are_those_of_textual_s_own_writer() -> None:
    terminal = Stuck()
    writer = WriterThread(terminal)
    app: App[None] = App()
    app._driver = type("Driver", (), {"_writer_thread": writer})()
    writer.start()
    writer.write("one")
    assert terminal.is_writing.wait(10)
    assert writes_queued(app) == 0
    writer.write("two")
    writer.write("three")
    assert writes_queued(app) == 2
    terminal.may_go.set()
    writer.stop()
    assert terminal.getvalue() == "onetwothree"


async def test_a_driver_without_a_writer_has_no_queue() -> None:
    app = CockpitApp(FakeLink())
    assert writes_queued(app) == 0
    async with app.run_test():
        assert writes_queued(app) == 0


async def test_panes_stand_still_behind_another_screen_and_catch_up_after_it() -> None:
    link = FakeLink()
    app = CockpitApp(link)
    async with app.run_test(size=(200, 60)) as pilot:
        await pilot.pause()
        app._tick()
        ladder = app.query_one(LadderPane)
        await app.push_screen(Screen())
        link.advance(20)
        before = ladder.rows_painted
        app._tick()
        assert ladder.rows_painted == before
        app.pop_screen()
        app._tick()
        frame = link.frame()
        assert frame is not None
        assert ladder.part is frame.ladder
