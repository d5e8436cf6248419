"""Decodes the raw frames of a recording again, by the codec of their venue as it is now.

Prints, books, quotes and marks come from the frames. What did not come by the stream, or not by it alone
(instruments, candles, missed prints, figures of 24 hours, funding, open interest), and liquidations are
taken as they were recorded. States are made anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, cast

import msgspec

from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import (
    BestQuote,
    BookDelta,
    BookSnapshot,
    FeedState,
    FeedStatus,
    FundingRate,
    InstrumentListed,
    Liquidation,
    MarketMessage,
    MarkPrice,
    OpenInterest,
    Ticker,
    Trade,
)
from tradetui.errors import RecordingError
from tradetui.feeds.book_sync import Sync
from tradetui.feeds.formats.player import ItemPlayer
from tradetui.feeds.native.binance import Depth, DepthBook
from tradetui.feeds.native.connection import Line
from tradetui.feeds.native.venue import LiveBook, Remembers, Venue
from tradetui.feeds.native.venues import recorded_venue
from tradetui.feeds.protocol import FEED_STEP, Sink, Stands
from tradetui.feeds.recording import ASKED, FRAME, OPENED, RENEWED, STANDS
from tradetui.feeds.recording_facts import Recording
from tradetui.feeds.recording_lines import Stamped
from tradetui.feeds.replay_marks import BadLine, Crossed

_MADE: Final = (Trade, BookSnapshot, BookDelta, BestQuote, MarkPrice, FeedStatus)
"""What is made of frames again."""
_RECORDED: Final = (Ticker, FundingRate, OpenInterest, Liquidation)
"""What is not, though frames tell it."""
_CONTENT: Final = b',"frame":'
_message: Final = msgspec.json.Decoder(MarketMessage).decode
_book: Final = msgspec.json.Decoder(BookSnapshot).decode
_stands: Final = msgspec.json.Decoder(Stands).decode


class _Opened(msgspec.Struct, tag="opened"):
    on: int
    symbols: list[str] | None = None


class _Renewed(_Opened, tag="renewed"):
    pass


_renewed: Final = msgspec.json.Decoder(_Renewed).decode
_opened: Final = msgspec.json.Decoder(_Opened).decode
_errors: Final[tuple[type[Exception], ...]] = (ValueError, KeyError, msgspec.MsgspecError, RecursionError)


def venue_of(recording: Recording) -> Venue:
    """The codec of a recording's frames; raises RecordingError where there is none."""
    if recording.venue is None:
        raise RecordingError(f"{recording.paths[0]}: holds no raw frames to decode again")
    exchange, contracts = recording.venue
    try:
        return recorded_venue(exchange, contracts=contracts)
    except KeyError:
        raise RecordingError(
            f"{recording.paths[0]}: holds raw frames of {exchange}, which this program does not read"
        ) from None


class FramePlayer(ItemPlayer):
    """Plays frames instead of the messages that were made of them."""

    def __init__(self, recording: Recording, sink: Sink, *, crossed: Crossed | None = None) -> None:
        super().__init__(recording, sink, crossed=crossed)
        self._venues: dict[int, Venue] = {}
        self._feeds: dict[str, int] = {}
        """By symbol: which of several feeds delivers it."""
        self._venue(0)  # says at once where there is none
        self.play = self._play_frames

    def _venue(self, feed: int) -> Venue:
        """The codec of one of several feeds: each has connections, and counts, of its own."""
        venue = self._venues.get(feed)
        if venue is None:
            venue = self._venues[feed] = venue_of(self.recording)
            venue.lines(self.recording.instruments)
        return venue

    def announce(self) -> None:
        """The instruments are recorded; what is known of their books at first is nothing."""
        for instrument in self.recording.instruments:
            self.sink(InstrumentListed(instrument, self.ts))
            self.say(instrument.symbol, self.ts, FeedState.CONNECTING, "waiting for the book")

    def _make_book(self, instrument: Instrument) -> LiveBook:
        book = self._venue(0).book(instrument.symbol)
        if isinstance(book, DepthBook):
            book.overlaps = book.always_overlaps = not self.recording.tells_renewals
        return book

    def _play_frames(self, stamped: Iterable[Stamped]) -> None:
        for known, line in stamped:
            self.lines += 1
            try:
                stamp, content = line.rstrip(b"\n").split(b" ", 1)
                self.ts = known or int(stamp)
                self._play_one(content)
            except _errors as error:
                self.note_bad(BadLine(self.lines, str(error)))

    def _begin(self, symbols: Sequence[str]) -> None:
        """What comes on a new connection is counted from its start."""
        venue = self._venue(self._feeds.get(symbols[0], 0)) if symbols else self._venue(0)
        for _ in venue.subscribe(Line(url="", symbols=tuple(symbols))):
            pass
        for symbol in symbols:
            self.channels[symbol].restart()

    def _play_one(self, content: bytes) -> None:
        if content.startswith(FRAME):
            number, _, raw = content[len(FRAME) :].partition(_CONTENT)
            for item in self._venue(int(number) // FEED_STEP).decode(raw[:-1], self.ts):
                if not isinstance(item, _RECORDED):
                    self.take(item, self._make_book)
        elif content.startswith(OPENED):
            self._begin(self._opened(content))
        elif content.startswith(RENEWED):
            self._go_on(_renewed(content).symbols or ())
        elif content.startswith(ASKED):
            book = _book(content[len(ASKED) : -1])
            self.take(Depth(book.symbol, book), self._make_book)
        elif content.startswith(STANDS):
            self._resume(_stands(content))
        else:
            message: Any = _message(content)
            if not isinstance(message, _MADE):
                self.sink(message)

    def _go_on(self, symbols: Sequence[str]) -> None:
        """Another connection may tell changes in other pieces."""
        for symbol in symbols:
            book = self._book_of(symbol)
            if isinstance(book, DepthBook):
                book.overlaps = True

    def _opened(self, content: bytes) -> Sequence[str]:
        """Whose connection was opened; in version 2 only its number was kept."""
        opened = _opened(content)
        if opened.symbols is None:
            return self._venue(0).lines(self.recording.instruments)[opened.on].symbols
        self._feeds.update(dict.fromkeys(opened.symbols, opened.on // FEED_STEP))
        return opened.symbols

    def _resume(self, stands: Stands) -> None:
        """The frames begin here: go on with what was known by then."""
        channel = self.channels[stands.symbol]
        self._book_of(stands.symbol).resume(stands.rule)
        self._feeds[stands.symbol] = stands.feed
        venue = self._venue(stands.feed)
        if isinstance(venue, Remembers):
            venue.remember(stands.symbol, stands.memory)
        if stands.rule.state is Sync.STREAMING:
            channel.went_live()
        if stands.book is not None:
            self._deliver(channel, stands.book)
        self.say(stands.symbol, self.ts, stands.state)

    def _book_of(self, symbol: str) -> LiveBook:
        return cast("LiveBook", self.channels[symbol].book_of(self._make_book))

    def stands(self, symbol: str) -> Stands:
        """How a symbol stands here, without its book and its state."""
        rule = self._book_of(symbol).rule()
        feed = self._feeds.get(symbol, 0)
        venue = self._venue(feed)
        memory = venue.memory(symbol) if isinstance(venue, Remembers) else None
        return Stands(symbol=symbol, rule=rule, memory=memory, feed=feed)
