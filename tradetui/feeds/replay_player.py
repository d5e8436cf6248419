"""One run through a recording: lines become messages, books follow their sequence rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from tradetui.domain.market_data import (
    BestQuote,
    BookDelta,
    BookSnapshot,
    FeedState,
    FeedStatus,
    InstrumentListed,
    MarketMessage,
    MarkPrice,
    Trade,
)
from tradetui.feeds.binance import BinanceCodec, DepthUpdate, FrameError, Reader, stream_kind
from tradetui.feeds.book_sync import BookSync, Sync
from tradetui.feeds.protocol import Sink
from tradetui.feeds.recording import MESSAGES
from tradetui.feeds.recording_lines import STAMP, Stamped
from tradetui.feeds.recording_scan import Recording
from tradetui.feeds.touch import Touch

Crossed = Callable[[str], bool]
Play = Callable[[Iterable[Stamped]], None]

_BAD_LINES_KEPT: Final = 20
_HEAD: Final = slice(STAMP, 60)
"""Of a line of a combined stream: from the blank behind the time to the body's first keys."""
_STREAM: Final = b' {"stream":"'
_BODY: Final = b'","data":'
_BODY_END: Final = -len(b"}\n")
_MOST_ROUTES: Final = 256
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


class Player:
    """Turns lines into messages for one sink; made anew for each run."""

    def __init__(
        self,
        recording: Recording,
        sink: Sink,
        *,
        crossed: Crossed | None = None,
        distinct_quotes: bool = False,
    ) -> None:
        self.lines = 0
        self.bad_lines: list[BadLine] = []
        self.bad_messages = 0
        self.ts = recording.first_ts
        self.syncs = {
            instrument.symbol: BookSync(futures=instrument.symbol in recording.futures)
            for instrument in recording.instruments
        }
        self.play: Play = self._play_messages if recording.payload == MESSAGES else self._play_frames
        self._recording = recording
        self._sink = sink
        self._codec = BinanceCodec(
            recording.names, single_trades=recording.single_trades, distinct_quotes=distinct_quotes
        )
        self._message = msgspec.json.Decoder(MarketMessage)
        self._touches = {symbol: Touch() for symbol in self.syncs} if crossed is None else {}
        self._crossed = crossed or (lambda symbol: self._touches[symbol].crossed())
        self._ids = {symbol: TradeIds() for symbol in self.syncs}
        self._routes: dict[bytes, tuple[Reader, int, Callable[[Any], None]]] = {}
        self._handlers: dict[type, Callable[[Any], None]] = {
            BestQuote: sink,
            MarkPrice: sink,
            Trade: self._on_trade,
            DepthUpdate: self._on_depth,
            BookSnapshot: self._on_snapshot,
        }
        self._handlers_of_kind: dict[str, Callable[[Any], None]] = {
            "bookTicker": sink,
            "markPriceUpdate": sink,
            "trade": self._on_trade,
            "aggTrade": self._on_trade,
            "depthUpdate": self._on_depth,
        }

    def announce(self) -> None:
        """List the instruments and say where their data stands; recordings of messages do so themselves."""
        if self._recording.payload == MESSAGES:
            return
        for instrument in self._recording.instruments:
            symbol = instrument.symbol
            self._sink(InstrumentListed(instrument, self.ts))
            if symbol in self._recording.without_book:
                self._say(symbol, self.ts, FeedState.STREAMING, "recording without a book")
            else:
                self._say(symbol, self.ts, FeedState.CONNECTING, "waiting for the book's snapshot")

    def _play_frames(self, stamped: Iterable[Stamped]) -> None:
        """Deliver what lines of raw frames say; those of streams met before take the short way."""
        route_of = self._routes.get
        number, last = self.lines, self.ts
        for number, (ts, line) in enumerate(stamped, self.lines + 1):
            route = route_of(line[_HEAD])
            if route is None or not ts:
                last = self._play_any(line, number)
                continue
            reader, body, deliver = route
            try:
                message = reader(line[body:_BODY_END], ts)
            except (ValueError, KeyError, msgspec.MsgspecError):
                last = self._play_any(line, number)
                continue
            last = ts
            if message is not None:
                deliver(message)
        self.lines, self.ts = number, last

    def _play_any(self, line: bytes, number: int) -> int:
        """Deliver what one line says and return its time; one that can not be understood is counted."""
        try:
            stamp, frame = line.rstrip(b"\n").split(b" ", 1)
            ts = int(stamp)
            message = self._codec.decode(frame, ts)
        except ValueError as error:
            self._skip(line, number, error)
            return self.ts
        self.ts = ts
        if message is not None:
            self._remember_stream(line)
            self._handlers[type(message)](message)
        return ts

    def _remember_stream(self, line: bytes) -> None:
        """Keep the way for lines that begin alike: combined frames without blanks, times of 19 digits."""
        head = line[_HEAD]
        if not head.startswith(_STREAM) or len(self._routes) >= _MOST_ROUTES:
            return
        stream, found, _ = line[STAMP + len(_STREAM) :].partition(_BODY)
        reader = self._codec.reader(stream_kind(stream.decode()))
        if found and reader is not None and len(stream) + len(_STREAM) + len(_BODY) <= len(head):
            body = STAMP + len(_STREAM) + len(stream) + len(_BODY)
            deliver = self._handlers_of_kind[stream_kind(stream.decode())]
            self._routes[head] = (reader, body, deliver)

    def _play_messages(self, stamped: Iterable[Stamped]) -> None:
        """The same for lines of the program's own messages."""
        for known, line in stamped:
            self.lines += 1
            try:
                stamp, frame = line.rstrip(b"\n").split(b" ", 1)
                ts = known or int(stamp)
                message = self._message.decode(frame)
            except (ValueError, msgspec.MsgspecError) as error:
                self._skip(line, self.lines, error)
                continue
            self.ts = ts
            self._sink(message)

    def _skip(self, line: bytes, number: int, error: Exception) -> None:
        self.bad_messages += 1
        if len(self.bad_lines) < _BAD_LINES_KEPT:
            known = isinstance(error, FrameError | msgspec.MsgspecError)
            shown = line[:60].rstrip(b"\n").decode("utf-8", "replace")
            reason = str(error) if known else f"expected `<ns> <json>`, was {shown}"
            self.bad_lines.append(BadLine(number, reason))

    def _say(self, symbol: str, ts: int, state: FeedState, text: str = "") -> None:
        self._sink(FeedStatus(symbol, ts, state, text))

    def _on_trade(self, trade: Trade) -> None:
        number = trade.trade_id
        if not isinstance(number, int) or self._ids[trade.symbol].is_new(number):
            self._sink(trade)

    def _on_depth(self, update: DepthUpdate) -> None:
        delta = update.delta
        sync = self.syncs[delta.symbol]
        before = sync.state
        if sync.update(update):
            self._deliver_book(delta, sync)
        if sync.state is not before:
            self._say_lost(delta, sync)

    def _on_snapshot(self, snapshot: BookSnapshot) -> None:
        if not snapshot.symbol:
            snapshot = msgspec.structs.replace(snapshot, symbol=self._owner_of(snapshot))
        symbol = snapshot.symbol
        sync = self.syncs[symbol]
        resumes = sync.state is not Sync.STREAMING
        for message in sync.snapshot(snapshot):
            self._deliver_book(message, sync)
            if message is snapshot and resumes:
                self._say(symbol, snapshot.ts_received, FeedState.STREAMING)
            if sync.state is Sync.CROSSED:
                break
        if sync.state is not Sync.STREAMING:
            self._say_lost(snapshot, sync)

    def _deliver_book(self, message: BookDelta | BookSnapshot, sync: BookSync) -> None:
        symbol = message.symbol
        if self._touches:
            self._touches[symbol].take(message)
        self._sink(message)
        sync.note_crossed(crossed=self._crossed(symbol))

    def _owner_of(self, snapshot: BookSnapshot) -> str:
        """A snapshot names no symbol: it belongs to the waiting book whose updates are nearest to it."""
        waiting = [symbol for symbol, sync in self.syncs.items() if sync.state is not Sync.STREAMING]
        return min(waiting or self.syncs, key=lambda symbol: self.syncs[symbol].distance(snapshot.update_id))

    def _say_lost(self, message: BookDelta | BookSnapshot, sync: BookSync) -> None:
        state = FeedState.CROSSED if sync.state is Sync.CROSSED else FeedState.GAP
        self._say(message.symbol, message.ts_received, state, sync.reason)
