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
    MarketMessage,
    MarkPrice,
    Trade,
)
from tradetui.feeds.binance import BinanceCodec, DepthUpdate, FrameError, Reader, stream_kind
from tradetui.feeds.book_sync import BookSync, Sync
from tradetui.feeds.protocol import Sink
from tradetui.feeds.recording import BESIDE, MESSAGES
from tradetui.feeds.recording_facts import Recording
from tradetui.feeds.recording_lines import STAMP, Stamped
from tradetui.feeds.replay_marks import BadLine, Crossed, Marks, Play, TradeIds
from tradetui.feeds.touch import Touch

_HEAD: Final = slice(STAMP, 60)
"""Of a line of a combined stream: from the blank behind the time to the body's first keys."""
_STREAM: Final = b' {"stream":"'
_BODY: Final = b'","data":'
_BODY_END: Final = -len(b"}\n")
_MOST_ROUTES: Final = 256


class Player(Marks):
    """Turns lines into messages for one sink; made anew for each run."""

    kept = ("syncs", "_ids", "_touches")

    def __init__(
        self,
        recording: Recording,
        sink: Sink,
        *,
        crossed: Crossed | None = None,
        distinct_quotes: bool = False,
    ) -> None:
        super().__init__(recording, sink)
        self.syncs = {
            instrument.symbol: BookSync(futures=instrument.symbol in recording.futures)
            for instrument in recording.instruments
        }
        self.play: Play = self._play_messages if recording.payload == MESSAGES else self._play_frames
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

    @property
    def gaps(self) -> int:
        """Losses found in the books, crossed ones included."""
        return sum(sync.gaps for sync in self.syncs.values())

    @property
    def resyncs(self) -> int:
        """Snapshots taken after a loss."""
        return sum(sync.resyncs for sync in self.syncs.values())

    def announce(self) -> None:
        """The same; recordings of messages do so themselves."""
        if self.recording.payload != MESSAGES:
            super().announce()

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
            except (ValueError, KeyError, msgspec.MsgspecError, RecursionError):
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
        except (ValueError, RecursionError) as error:
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
                if frame.startswith(BESIDE):
                    self.ts = ts
                    continue
                message = self._message.decode(frame)
            except (ValueError, msgspec.MsgspecError, RecursionError) as error:
                self._skip(line, self.lines, error)
                continue
            self.ts = ts
            self.sink(message)

    def _skip(self, line: bytes, number: int, error: Exception) -> None:
        known = isinstance(error, FrameError | msgspec.MsgspecError)
        shown = line[:60].rstrip(b"\n").decode("utf-8", "replace")
        self.note_bad(BadLine(number, str(error) if known else f"expected `<ns> <json>`, was {shown}"))

    def _on_trade(self, trade: Trade) -> None:
        number = trade.trade_id
        if not isinstance(number, int) or self._ids[trade.symbol].is_new(number):
            self.sink(trade)

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
                self.say(symbol, snapshot.ts_received, FeedState.STREAMING)
            if sync.state is Sync.CROSSED:
                break
        if sync.state is not Sync.STREAMING:
            self._say_lost(snapshot, sync)

    def _deliver_book(self, message: BookDelta | BookSnapshot, sync: BookSync) -> None:
        symbol = message.symbol
        if self._touches:
            self._touches[symbol].take(message)
        self.sink(message)
        sync.note_crossed(crossed=self._crossed(symbol))

    def _owner_of(self, snapshot: BookSnapshot) -> str:
        """A snapshot names no symbol: it belongs to the waiting book whose updates are nearest to it."""
        waiting = [symbol for symbol, sync in self.syncs.items() if sync.state is not Sync.STREAMING]
        return min(waiting or self.syncs, key=lambda symbol: self.syncs[symbol].distance(snapshot.update_id))

    def _say_lost(self, message: BookDelta | BookSnapshot, sync: BookSync) -> None:
        state = FeedState.CROSSED if sync.state is Sync.CROSSED else FeedState.GAP
        self.say(message.symbol, message.ts_received, state, sync.reason)
