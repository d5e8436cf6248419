"""One run through a foreign recording: items become messages, books follow their venue's rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import BookDelta, BookSnapshot, FeedState, Trade
from tradetui.feeds.book_sync import Sync
from tradetui.feeds.formats.reader import Reader, Unreadable
from tradetui.feeds.formats.units import Unit, unpack
from tradetui.feeds.native.venue import (
    BookPart,
    BookSequence,
    Closed,
    Item,
    Lost,
    PrintsHeard,
    PrintsJoined,
    PrintsMissing,
    Refused,
    Restated,
    Said,
    Subscribed,
)
from tradetui.feeds.protocol import Sink
from tradetui.feeds.recording_facts import Recording
from tradetui.feeds.recording_lines import Stamped
from tradetui.feeds.replay_marks import BadLine, Crossed, Marks
from tradetui.feeds.touch import Touch
from tradetui.feeds.trades import TradeFlow

_CROSSED_UPDATES: Final = 2
_LOST: Final = (Sync.GAP, Sync.CROSSED)
_WORDS: Final = (Refused, Said, Subscribed, PrintsHeard, PrintsJoined, Restated, Closed, Lost, PrintsMissing)
MakeBook = Callable[[Instrument], BookSequence]


class ItemPlayer(Marks):
    """Turns units into messages for one sink; made anew for each run."""

    kept = ("channels", "_touches")

    def __init__(self, recording: Recording, sink: Sink, *, crossed: Crossed | None = None) -> None:
        super().__init__(recording, sink)
        self._readers: tuple[Reader, ...] = recording.readers
        self._paths: tuple[Path, ...] = recording.paths
        self.channels = {each.symbol: Channel(each) for each in recording.instruments}
        self._touches = {symbol: Touch() for symbol in self.channels} if crossed is None else {}
        self._crossed = crossed or (lambda symbol: self._touches[symbol].crossed())
        self.play = self._play

    @property
    def gaps(self) -> int:
        """Losses found in the books, crossed ones included."""
        return sum(channel.gaps for channel in self.channels.values())

    @property
    def resyncs(self) -> int:
        """Snapshots taken after a loss."""
        return sum(channel.resyncs for channel in self.channels.values())

    def _play(self, stamped: Iterable[Stamped]) -> None:
        for ts, packed in stamped:
            unit = unpack(packed)
            self.lines += len(unit.lines)
            reader = self._readers[unit.file]
            try:
                if not ts:
                    reader.stamp(unit.lines[0])
                items = reader.decode(unit.lines, ts)
            except Unreadable as error:
                self._skip(unit, error)
                continue
            self.ts = ts
            for item in items:
                self.take(item, reader.book)

    def _skip(self, unit: Unit, error: Unreadable) -> None:
        for number in range(unit.line, unit.line + len(unit.lines)):
            place = f"{self._paths[unit.file].name}:{number}"
            self.note_bad(BadLine(number, f"{place}: {error}"))

    def take(self, item: Item, make_book: MakeBook) -> None:
        """Deliver what an item says; `make_book` makes the rule of a book that is met for the first time."""
        if isinstance(item, BookPart):
            self._take_book(item, make_book)
        elif isinstance(item, Trade):
            if self.channels[item.symbol].trades.take(item) is not None:
                self.sink(item)
        elif not isinstance(item, _WORDS):
            self.sink(item)

    def _take_book(self, part: BookPart, make_book: MakeBook) -> None:
        channel = self.channels[part.symbol]
        book = channel.book_of(make_book)
        was = channel.is_live
        for message in book.take(part):
            resumes = not channel.is_live
            channel.went_live()
            self._deliver(channel, message)
            if resumes:
                self.say(part.symbol, message.ts_received, FeedState.STREAMING)
            if channel.crossed_updates >= _CROSSED_UPDATES:
                book.restart()
                channel.lose()
                reason = f"best bid above best ask for {_CROSSED_UPDATES} updates"
                self.say(part.symbol, message.ts_received, FeedState.CROSSED, reason)
                return
        if was and book.state in _LOST:
            channel.lose()
            self.say(part.symbol, self.ts, FeedState(book.state.value), book.reason)

    def _deliver(self, channel: Channel, message: BookSnapshot | BookDelta) -> None:
        symbol = message.symbol
        if self._touches:
            self._touches[symbol].take(message)
        self.sink(message)
        channel.crossed_updates = channel.crossed_updates + 1 if self._crossed(symbol) else 0


class Channel:
    """One symbol: its book's rule, its prints, and what was lost."""

    def __init__(self, instrument: Instrument) -> None:
        self.trades = TradeFlow()
        self.is_live = False
        self.crossed_updates = 0
        self.gaps = self.resyncs = 0
        self._instrument = instrument
        self._book: BookSequence | None = None
        self._was_live = False

    def book_of(self, make: MakeBook) -> BookSequence:
        """The rule of the book."""
        if self._book is None:
            self._book = make(self._instrument)
        return self._book

    def restart(self) -> None:
        """The stream begins anew: only a whole book helps."""
        if self._book is not None:
            self._book.restart()
        self.is_live = False
        self.crossed_updates = 0

    def went_live(self) -> None:
        """A whole book came, or goes on."""
        if not self.is_live:
            self.resyncs += self._was_live
            self.is_live = self._was_live = True

    def lose(self) -> None:
        """What is known of the book does not hold any more."""
        self.is_live = False
        self.crossed_updates = 0
        self.gaps += 1
