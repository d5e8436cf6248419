"""A recording as a feed: the same messages that a live venue would deliver, at any speed.

Receive time is the clock. Books follow Binance's sequence rule as they would live, so a recording
with a hole shows the same gap and waits for the same snapshot. Public prints that come twice are
dropped by their id (R-MD-4).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from math import inf
from pathlib import Path
from typing import Any, Final

import msgspec

from tradetui.domain.market_data import (
    BestQuote,
    BookSnapshot,
    FeedState,
    FeedStatus,
    InstrumentListed,
    MarketMessage,
    MarkPrice,
    Trade,
)
from tradetui.feeds.binance import BinanceCodec, DepthUpdate, FrameError
from tradetui.feeds.book_sync import BookSync, Sync
from tradetui.feeds.protocol import Sink
from tradetui.feeds.recording import MESSAGES
from tradetui.feeds.recording_scan import Progress, Recording, scan

SLOWEST: Final = 0.25
_SLICE_LINES: Final = 256
_NAP_S: Final = 0.05
_SECOND_NS: Final = 1_000_000_000
_REMEMBERED_IDS: Final = 20_000
_BAD_LINES_KEPT: Final = 20


class BadLine(msgspec.Struct, frozen=True):
    """A line that was skipped: its number in the merged recording and what was wrong."""

    number: int
    reason: str


class _Player:
    """Turns lines into messages; one is made for each run through the recording."""

    def __init__(self, recording: Recording, sink: Sink) -> None:
        self.lines = 0
        self.bad_lines: list[BadLine] = []
        self.bad_messages = 0
        self.ts = recording.first_ts
        self.syncs = {
            i.symbol: BookSync(futures=i.symbol in recording.futures) for i in recording.instruments
        }
        self._recording = recording
        self._sink = sink
        self._decode = BinanceCodec(recording.names).decode
        self._message = msgspec.json.Decoder(MarketMessage)
        self._seen: dict[str, dict[int | str, None]] = {symbol: {} for symbol in self.syncs}
        self._newest: dict[str, int] = dict.fromkeys(self.syncs, -1)
        self._handlers: dict[type, Callable[[Any], None]] = {
            BestQuote: sink,
            MarkPrice: sink,
            Trade: self._on_trade,
            DepthUpdate: self._on_depth,
            BookSnapshot: self._on_snapshot,
            type(None): lambda _: None,
        }

    def announce(self) -> None:
        """List the instruments and say where their data stands; recordings of messages do so themselves."""
        if self._recording.payload == MESSAGES:
            return
        for instrument in self._recording.instruments:
            self._sink(InstrumentListed(instrument, self.ts))
            if instrument.symbol in self._recording.without_book:
                text = "recording without a book"
                self._sink(FeedStatus(instrument.symbol, self.ts, FeedState.STREAMING, text))
            else:
                text = "waiting for the book's snapshot"
                self._sink(FeedStatus(instrument.symbol, self.ts, FeedState.CONNECTING, text))

    def play(self, line: bytes) -> None:
        """Deliver what one line says; a line that can not be understood is counted."""
        self.lines += 1
        try:
            stamp, frame = line.split(b" ", 1)
            self.ts = ts = int(stamp)
            message = self._decode(frame, ts)
        except ValueError as error:
            self._skip(line, error)
            return
        self._handlers[type(message)](message)

    def play_message(self, line: bytes) -> None:
        """The same for a line of the program's own messages."""
        self.lines += 1
        try:
            stamp, frame = line.split(b" ", 1)
            self.ts = int(stamp)
            message = self._message.decode(frame)
        except (ValueError, msgspec.MsgspecError) as error:
            self._skip(line, error)
            return
        self._sink(message)

    def _skip(self, line: bytes, error: Exception) -> None:
        self.bad_messages += 1
        if len(self.bad_lines) < _BAD_LINES_KEPT:
            reason = str(error) if isinstance(error, (FrameError, msgspec.MsgspecError)) else ""
            shown = line[:60].decode("utf-8", "replace")
            self.bad_lines.append(BadLine(self.lines, reason or f"expected `<ns> <json>`, was {shown}"))

    def _on_trade(self, trade: Trade) -> None:
        number = trade.trade_id
        seen = self._seen[trade.symbol]
        if isinstance(number, int) and number > self._newest[trade.symbol]:
            self._newest[trade.symbol] = number
        elif number in seen:
            return
        if number is not None:
            seen[number] = None
            if len(seen) > _REMEMBERED_IDS:
                del seen[next(iter(seen))]
        self._sink(trade)

    def _on_depth(self, update: DepthUpdate) -> None:
        delta = update.delta
        sync = self.syncs[delta.symbol]
        before = sync.state
        if sync.update(update):
            self._sink(delta)
        elif sync.state is not before:
            self._tell(delta.symbol, sync)

    def _on_snapshot(self, snapshot: BookSnapshot) -> None:
        if not snapshot.symbol:
            snapshot = msgspec.structs.replace(snapshot, symbol=self._owner_of(snapshot))
        sync = self.syncs[snapshot.symbol]
        before = sync.state
        for message in sync.snapshot(snapshot):
            self._sink(message)
            if message is snapshot and before is not Sync.STREAMING:
                self._sink(FeedStatus(snapshot.symbol, self.ts, FeedState.STREAMING))
        if sync.state is not Sync.STREAMING:
            self._tell(snapshot.symbol, sync)

    def _owner_of(self, snapshot: BookSnapshot) -> str:
        """A snapshot names no symbol: it belongs to the waiting book whose updates are nearest to it."""
        waiting = [symbol for symbol, sync in self.syncs.items() if sync.state is not Sync.STREAMING]
        if not waiting:
            return next(iter(self.syncs))
        return min(waiting, key=lambda symbol: self.syncs[symbol].distance(snapshot.update_id))

    def _tell(self, symbol: str, sync: BookSync) -> None:
        state = FeedState.CROSSED if sync.state is Sync.CROSSED else FeedState.GAP
        self._sink(FeedStatus(symbol, self.ts, state, sync.reason))


class ReplayFeed:
    """Plays a recording; steerable while it runs.

    Use `scan_files` first (it may take a moment, so it reports progress), then `pump` for headless
    speed or `run` for the screen. After a run the counts are those of the whole recording.
    """

    own_clock = True

    def __init__(
        self,
        paths: Sequence[Path | str],
        *,
        instruments: Path | None = None,
        speed: float = 1.0,
        progress: Progress | None = None,
        on_restart: Callable[[], None] | None = None,
    ) -> None:
        """Read the files once; raises RecordingError when they can not be replayed.

        Args:
            paths: The files of one recording.
            instruments: Metadata of the exchange, see `recording_instruments.Metadata`.
            speed: A multiple of real time from 0.25; infinity is as fast as possible.
            progress: Called with the number of lines scanned so far.
            on_restart: Called before the recording starts again, which a seek backwards does.
        """
        self.recording = scan([Path(path) for path in paths], instruments=instruments, progress=progress)
        self._on_restart = on_restart
        self._speed = max(SLOWEST, speed)
        self._paused = False
        self._steps = 0
        self._skip_to = 0
        self._restart = False
        self._anchor = (0.0, 0)
        self._changed = asyncio.Event()
        self._player = _Player(self.recording, lambda _: None)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The recorded symbols."""
        return tuple(instrument.symbol for instrument in self.recording.instruments)

    @property
    def first_ts(self) -> int:
        """Receive time of the first line, nanoseconds UTC."""
        return self.recording.first_ts

    @property
    def last_ts(self) -> int:
        """Receive time of the last line, nanoseconds UTC."""
        return self.recording.last_ts

    @property
    def lines(self) -> int:
        """Lines played, the broken ones included."""
        return self._player.lines

    @property
    def bad_messages(self) -> int:
        """Lines that could not be understood."""
        return self._player.bad_messages

    @property
    def bad_lines(self) -> tuple[BadLine, ...]:
        """The first of them, with their numbers and reasons."""
        return tuple(self._player.bad_lines)

    @property
    def gaps(self) -> int:
        """Losses found in the books, crossed ones included."""
        return sum(sync.gaps for sync in self._player.syncs.values())

    @property
    def resyncs(self) -> int:
        """Snapshots taken after a loss."""
        return sum(sync.resyncs for sync in self._player.syncs.values())

    def pump(self, sink: Sink, *, progress: Progress | None = None) -> None:
        """Deliver everything at once, without a clock."""
        play = self._start(sink)
        for block in self.recording.blocks():
            for line in block:
                play(line)
            if progress is not None:
                progress(self._player.lines)

    def messages(self) -> Iterator[MarketMessage]:
        """The same as an iterator; counts run ahead by up to a slice of lines."""
        delivered: list[MarketMessage] = []
        play = self._start(delivered.append)
        for block in self.recording.blocks():
            for start in range(0, len(block), _SLICE_LINES):
                for line in block[start : start + _SLICE_LINES]:
                    play(line)
                yield from delivered
                delivered.clear()
        yield from delivered

    def _start(self, sink: Sink) -> Callable[[bytes], None]:
        self._player = _Player(self.recording, sink)
        self._player.announce()
        return self._player.play_message if self.recording.payload == MESSAGES else self._player.play

    async def run(self, sink: Sink) -> None:
        """Deliver at the chosen speed until the recording ends."""
        while True:
            self._restart = False
            await self._play_through(self._start(sink))
            if not self._restart:
                return
            if self._on_restart is not None:
                self._on_restart()

    async def _play_through(self, play: Callable[[bytes], None]) -> None:
        self._settle()
        in_slice = 0
        for line in self._lines():
            ts = self._time_of(line)
            while self._wait_for(ts) > 0 and not self._restart:
                in_slice = 0
                await self._nap(self._wait_for(ts))
            if self._restart:
                return
            self._steps = max(0, self._steps - self._paused)
            play(line)
            in_slice += 1
            if in_slice >= _SLICE_LINES:
                in_slice = 0
                await asyncio.sleep(0)
                if self._restart:
                    return

    def _lines(self) -> Iterator[bytes]:
        for block in self.recording.blocks():
            yield from block

    def _time_of(self, line: bytes) -> int:
        head = line.partition(b" ")[0]
        return int(head) if head.isdigit() else self._player.ts

    def _wait_for(self, ts: int) -> float:
        """Seconds until a line is due; zero when it is."""
        if ts < self._skip_to:
            return 0.0
        if self._skip_to:
            self._skip_to = 0
            self._settle()
        if self._paused:
            return 0.0 if self._steps else inf
        if self._speed == inf:
            return 0.0
        wall, start = self._anchor
        return wall + (ts - start) / _SECOND_NS / self._speed - time.monotonic()

    async def _nap(self, seconds: float) -> None:
        """Sleep for a moment, or until the playback is steered."""
        self._changed.clear()
        try:
            async with asyncio.timeout(None if seconds == inf else min(seconds, _NAP_S)):
                await self._changed.wait()
        except TimeoutError:
            return

    def _settle(self) -> None:
        """Tie the recording's clock to the wall's from here on."""
        self._anchor = (time.monotonic(), self._player.ts)
        self._changed.set()

    def pause(self) -> None:
        """Stop the clock, or let it run again."""
        self._paused = not self._paused
        self._steps = 0
        self._settle()

    def step(self) -> None:
        """Deliver one more message while paused."""
        if self._paused:
            self._steps += 1
            self._changed.set()

    def seek(self, seconds: float) -> None:
        """Go forward by so much; a negative amount starts again and runs up to there."""
        target = self._player.ts + round(seconds * _SECOND_NS)
        self._skip_to = max(self.first_ts, min(target, self.last_ts))
        self._restart = seconds < 0
        self._changed.set()

    def set_speed(self, speed: float) -> None:
        """Play at a multiple of real time from 0.25; infinity is as fast as possible."""
        self._speed = max(SLOWEST, speed)
        self._settle()

    def describe(self) -> str:
        """Place, length and speed: `3:12 of 10:48 · 4× · paused`."""
        place = _minutes(self._player.ts - self.first_ts)
        speed = "max" if self._speed == inf else f"{self._speed:g}×"
        paused = " · paused" if self._paused else ""
        return f"{place} of {_minutes(self.last_ts - self.first_ts)} · {speed}{paused}"


def _minutes(duration_ns: int) -> str:
    minutes, seconds = divmod(duration_ns // _SECOND_NS, 60)
    return f"{minutes}:{seconds:02d}"
