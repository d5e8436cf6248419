"""Writes a part of a recording as a recording of its own, with the raw frames where it holds some.

Messages begin with how everything stood by then. So do the frames: those before the part are decoded for
what their venue's codec has to know to go on.
"""

from __future__ import annotations

from collections.abc import Callable

from tradetui.feeds.formats.frames import FramePlayer
from tradetui.feeds.recorder import Recorder
from tradetui.feeds.recording import RAW
from tradetui.feeds.recording_facts import Recording
from tradetui.feeds.recording_lines import Stamped
from tradetui.feeds.replay import ReplayFeed
from tradetui.feeds.replay_places import Outlet
from tradetui.feeds.replay_player import Player
from tradetui.runtime.excerpt import Standing, excerpt, filled, follow, opening

_TOLD_EVERY = 4096
Told = Callable[[int], None]


def cut(feed: ReplayFeed, span: tuple[int, int], recorder: Recorder, *, progress: Told) -> None:
    """Write what was received in `span` (first and last nanosecond UTC); tells the lines that were read.

    Raises:
        RecordingError: The part can not be written.
    """
    if feed.recording.venue is not None:
        _FramesCut(feed.recording, span, recorder).run(progress)
        return
    for count, message in enumerate(excerpt(feed.messages(), span)):
        recorder.take(message)
        if not count % _TOLD_EVERY:
            progress(feed.lines)


class _FramesCut:
    """One way through a recording that has frames."""

    def __init__(self, recording: Recording, span: tuple[int, int], recorder: Recorder) -> None:
        self._recording = recording
        self._start, self._end = span
        self._recorder = recorder
        self._standings: dict[str, Standing] = {}
        self._decoded: dict[str, Standing] = {}
        """The same as the frames say it."""
        self._outlet = Outlet(lambda message: follow(message, self._standings))
        self._messages = Player(recording, self._outlet, crossed=lambda _: False)
        self._frames = FramePlayer(recording, lambda message: follow(message, self._decoded))

    def run(self, progress: Told) -> None:
        """Follow what came before, and copy the part."""
        self._frames.announce()
        lines = (stamped for block in self._recording.blocks() for stamped in block)
        begun = False
        for count, stamped in enumerate(lines):
            ts = stamped[0] or self._messages.ts
            if ts > self._end:
                return
            if ts < self._start:
                self._messages.play((stamped,))
                self._frames.play((stamped,))
            else:
                if not begun:
                    begun, self._outlet.to = True, self._recorder.take
                    self._begin(has_past=count > 0)
                self._copy(stamped)
            if not count % _TOLD_EVERY:
                progress(count)

    def _begin(self, *, has_past: bool) -> None:
        if not has_past:
            return
        for message in opening(self._standings.values(), self._start):
            self._recorder.take(message)
        for symbol in self._frames.channels:
            stands = filled(self._frames.stands(symbol), self._decoded[symbol], self._start)
            self._recorder.stands(stands, self._start)

    def _copy(self, stamped: Stamped) -> None:
        content = stamped[1].rstrip(b"\n").partition(b" ")[2]
        if content.startswith(RAW):
            self._recorder.copy(content, stamped[0])
        self._messages.play((stamped,))
