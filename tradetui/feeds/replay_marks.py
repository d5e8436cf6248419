"""What every run through a recording keeps: its place, what it could not read, and which prints came."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import deepcopy
from types import SimpleNamespace
from typing import TYPE_CHECKING, Final

import msgspec

from tradetui.domain.market_data import FeedState, FeedStatus, InstrumentListed
from tradetui.feeds.protocol import Sink
from tradetui.feeds.recording_lines import Stamped

if TYPE_CHECKING:
    from tradetui.feeds.recording_facts import Recording

Crossed = Callable[[str], bool]
Play = Callable[[Iterable[Stamped]], None]
_BAD_LINES_KEPT: Final = 20
_MOST_MISSING: Final = 10_000


class BadLine(msgspec.Struct, frozen=True):
    """A line that was skipped: its number in the merged recording and what was wrong."""

    number: int
    reason: str


class TradeIds:
    """Tells prints that come twice (R-MD-4), by ids that grow; late ones pass once."""

    def __init__(self) -> None:
        self._first = self._newest = -1
        self._missing: set[int] = set()

    def is_new(self, number: int) -> bool:
        """Whether this id was not seen before."""
        newest = self._newest
        if number == newest + 1 and newest >= 0:
            self._newest = number
            return True
        if number > newest:
            if newest >= 0:
                self._missing.update(range(max(newest + 1, number - _MOST_MISSING), number))
            self._newest = number
            self._first = number if self._first < 0 else self._first
            return True
        if number in self._missing:
            self._missing.remove(number)
            return True
        return number < self._first


class Marks:
    """The place of a run, and its words about instruments and lines."""

    play: Play
    """Delivers what lines say."""
    kept: tuple[str, ...] = ()
    """The names of what a run keeps beside its place."""

    def __init__(self, recording: Recording, sink: Sink) -> None:
        self.lines = 0
        self.bad_lines: list[BadLine] = []
        self.bad_messages = 0
        self.ts = recording.first_ts
        self.sink = sink
        self.recording = recording

    @property
    def gaps(self) -> int:
        """Losses found in the books, crossed ones included."""
        raise NotImplementedError

    @property
    def resyncs(self) -> int:
        """Snapshots taken after a loss."""
        raise NotImplementedError

    def save(self) -> object:
        """What a run has to know to go on from here, as a copy."""
        return deepcopy(self._kept())

    def restore(self, saved: object) -> None:
        """Go on from where it was saved."""
        for name, value in deepcopy(saved).__dict__.items():
            setattr(self, name, value)

    def _kept(self) -> SimpleNamespace:
        names = ("lines", "bad_lines", "bad_messages", "ts", *self.kept)
        return SimpleNamespace(**{name: getattr(self, name) for name in names})

    def announce(self) -> None:
        """List the instruments and say where their data stands."""
        for instrument in self.recording.instruments:
            symbol = instrument.symbol
            self.sink(InstrumentListed(instrument, self.ts))
            if symbol in self.recording.without_book:
                self.say(symbol, self.ts, FeedState.STREAMING, "recording without a book")
            else:
                self.say(symbol, self.ts, FeedState.CONNECTING, "waiting for the book's snapshot")

    def say(self, symbol: str, ts: int, state: FeedState, text: str = "") -> None:
        """Deliver a symbol's state."""
        self.sink(FeedStatus(symbol, ts, state, text))

    def note_bad(self, line: BadLine) -> None:
        """Count a line that was skipped, and keep the first ones."""
        self.bad_messages += 1
        if len(self.bad_lines) < _BAD_LINES_KEPT:
            self.bad_lines.append(line)
