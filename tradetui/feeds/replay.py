"""A recording as a feed: the same messages that a live venue would deliver, at any speed.

Receive time is the clock. Books follow Binance's sequence rule as they would live, so a recording
with a hole shows the same gap and waits for the same snapshot. Public prints that come twice are
dropped by their id (R-MD-4).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tradetui.domain.market_data import Candle, MarketMessage, Timeframe
from tradetui.errors import RecordingError
from tradetui.feeds.protocol import Sink
from tradetui.feeds.recording_facts import Progress
from tradetui.feeds.recording_lines import Stamped
from tradetui.feeds.recording_scan import scan
from tradetui.feeds.replay_marks import BadLine, Crossed, Marks, Play
from tradetui.feeds.replay_player import Player

if TYPE_CHECKING:
    from tradetui.feeds.replay_places import Arrival, Places

SLOWEST: Final = 0.25
_SLICE_LINES: Final = 256
_RUN_S: Final = 30.0
"""A seek ahead by no more than this runs there."""
_NAP_S: Final = 0.05
_SECOND_NS: Final = 1_000_000_000
_OPENING_NS: Final = 120 * _SECOND_NS
"""In the first minutes of a recording an exchange's own candles come."""
_LATE_NS: Final = 10 * _SECOND_NS
"""So much later a print may be received than it was made."""


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
        decode: bool = False,
        speed: float = 1.0,
        progress: Progress | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Read the files once; raises RecordingError when they can not be replayed.

        Args:
            paths: The files of one recording.
            instruments: Metadata of the exchange, see `recording_instruments.Metadata`.
            decode: Read the raw frames of a recording again instead of what was made of them then.
            speed: A multiple of real time from 0.25; infinity is as fast as possible.
            progress: Called with the number of lines scanned so far.
            monotonic: The clock that paces it, in seconds.
        """
        self.recording = scan([Path(path) for path in paths], instruments=instruments, progress=progress)
        self._decode = decode
        self._monotonic = monotonic
        self._speed = max(SLOWEST, speed)
        self._paused = self._restart = self._is_seeking = False
        self._steps = self._skip_to = self._begin_at = 0
        self._anchor = (0.0, 0)
        self._changed = asyncio.Event()
        self.crossed: Crossed | None = None
        """Says whether a symbol's book is crossed: by whoever keeps the books that this feed delivers.

        Asked after each book message. None lets the feed watch by itself, which costs about as much
        as decoding does.
        """
        self._player: Marks = self._make_player(lambda _: None)
        self._places: Places | None = None
        self.may_jump: Callable[[], bool] = lambda: False
        """Says whether nothing would be missed by leaving out what lies between here and a later moment."""
        self.on_jump: Callable[[int], None] = lambda _ts: None
        """Called with the moment before a jump arrives there."""

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
        return self._player.gaps

    @property
    def resyncs(self) -> int:
        """Snapshots taken after a loss."""
        return self._player.resyncs

    def pump(self, sink: Sink, *, progress: Progress | None = None) -> None:
        """Deliver everything at once, without a clock; quotes only where they say something new.

        Five in six tickers repeat both prices and change a size, which is neither matched nor shown
        without a screen; what they would touch is the same with and without them.
        """
        if self._begin_at:
            play, blocks = self._arrive(sink, self._places_of().reach(self._begin_at))
        else:
            play, blocks = self._start(sink, distinct_quotes=True), iter(self.recording.blocks())
        for block in blocks:
            play(block)
            if progress is not None:
                progress(self._player.lines)

    def messages(self) -> Iterator[MarketMessage]:
        """Everything as an iterator, every quote included; counts run ahead by up to a slice of lines."""
        delivered: list[MarketMessage] = []
        play = self._start(delivered.append)
        for slice_of in _slices(self._lines()):
            play(slice_of)
            yield from delivered
            delivered.clear()
        yield from delivered

    def _start(self, sink: Sink, *, distinct_quotes: bool = False) -> Play:
        self._player = self._make_player(sink, distinct_quotes=distinct_quotes)
        self._player.announce()
        return self._player.play

    def decode_again(self) -> None:
        """From the next run on, read the raw frames instead of what was made of them."""
        self._decode = True

    def _make_player(self, sink: Sink, *, distinct_quotes: bool = False, jumps: bool = False) -> Marks:
        crossed = None if jumps else self.crossed  # whoever keeps the books does not see those on the way
        if self._decode:
            from tradetui.feeds.formats.frames import FramePlayer  # the exchanges' codecs

            return FramePlayer(self.recording, sink, crossed=crossed)
        if self.recording.readers:
            from tradetui.feeds.formats.player import (
                ItemPlayer,  # the exchanges' codecs; few recordings need them
            )

            return ItemPlayer(self.recording, sink, crossed=crossed)
        return Player(self.recording, sink, crossed=crossed, distinct_quotes=distinct_quotes)

    def begin_at(self, ts: int) -> None:
        """Let the next run begin at a moment (nanoseconds UTC): how everything stood there comes first."""
        self._begin_at = max(self.first_ts, min(ts, self.last_ts))

    def _places_of(self) -> Places:
        """The places of this recording, which take an import that a plain run does without."""
        if self._places is None:
            from tradetui.feeds.replay_places import Places

            self._places = Places(
                self.recording, lambda sink: self._make_player(sink, jumps=True), by_index=not self._decode
            )
        return self._places

    def _arrive(self, sink: Sink, arrival: Arrival) -> tuple[Play, Iterator[Iterable[Stamped]]]:
        """Say how everything stands at a moment, and go on from there."""
        self._player = arrival.player
        for message in arrival.standing.opening(arrival.player.ts):
            sink(message)
        arrival.outlet.to = sink
        return arrival.player.play, arrival.rest

    async def run(self, sink: Sink) -> None:
        """Deliver at the chosen speed until the recording ends; a jump begins another run."""
        while True:
            self._restart = False
            target, self._begin_at = self._begin_at, 0
            if target:
                play, blocks = await self._jump(sink, target)
            else:
                play, blocks = self._start(sink), iter(self.recording.blocks())
            await self._play_through(play, chain.from_iterable(blocks))
            if not self._restart:
                return

    async def _jump(self, sink: Sink, target: int) -> tuple[Play, Iterator[Iterable[Stamped]]]:
        """Find a moment without holding up the screen."""
        self._is_seeking = True
        try:
            arrival = await asyncio.to_thread(self._places_of().reach, target)
        finally:
            self._is_seeking = False
        self.on_jump(target)
        return self._arrive(sink, arrival)

    async def _play_through(self, play: Play, lines: Iterator[Stamped]) -> None:
        self._settle()
        in_slice = 0
        for stamped in lines:
            ts = stamped[0] or self._player.ts
            while not self._restart and (wait := self._wait_for(ts)) > 0:
                in_slice = 0
                await self._nap(wait)
            if self._restart:
                return
            self._steps = max(0, self._steps - self._paused)
            play((stamped,))
            in_slice += 1
            if in_slice >= _SLICE_LINES:
                in_slice = 0
                await asyncio.sleep(0)

    def _lines(self) -> Iterator[Stamped]:
        return chain.from_iterable(self.recording.blocks())

    def _wait_for(self, ts: int) -> float:
        """Seconds until a line is due; zero when it is."""
        if ts < self._skip_to:
            return 0.0
        if self._skip_to:
            self._anchor = (self._monotonic(), self._skip_to)
            self._skip_to = 0
        if self._paused:
            return 0.0 if self._steps else inf
        if self._speed == inf:
            return 0.0
        wall, start = self._anchor
        return wall + (ts - start) / _SECOND_NS / self._speed - self._monotonic()

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
        self._anchor = (self._monotonic(), self._player.ts)
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
        """Go to a moment by a jump; ahead only where nothing would be missed, else by running there."""
        target = self._player.ts + round(seconds * _SECOND_NS)
        target = max(self.first_ts, min(target, self.last_ts))
        if seconds < 0 or (seconds > _RUN_S and self.may_jump()):
            self._begin_at, self._restart = target, True
        else:
            self._skip_to = target
        self._changed.set()

    def set_speed(self, speed: float) -> None:
        """Play at a multiple of real time from 0.25; infinity is as fast as possible."""
        self._speed = max(SLOWEST, speed)
        self._settle()

    async def candles_before(self, symbol: str, timeframe: Timeframe, ts: int, count: int) -> list[Candle]:
        """Older candles, as far as prints or candles were recorded."""
        moment = min(self.last_ts, max(ts + _LATE_NS, self.first_ts + _OPENING_NS))
        arrival = await asyncio.to_thread(self._places_of().reach, moment)
        return arrival.standing.candles(symbol, timeframe, ts)[-count:]

    def describe(self) -> str:
        """Place, length and speed: `3:12 of 10:48 · 4× · paused`."""
        place = _minutes(self._player.ts - self.first_ts)
        speed = "max" if self._speed == inf else f"{self._speed:g}×"
        paused = " · seeking" if self._is_seeking else " · paused" if self._paused else ""
        return f"{place} of {_minutes(self.last_ts - self.first_ts)} · {speed}{paused}"


def _slices(lines: Iterator[Stamped]) -> Iterator[list[Stamped]]:
    """Lines in slices; what was read before a damaged place comes before that is raised."""
    gathered: list[Stamped] = []
    try:
        for stamped in lines:
            gathered.append(stamped)
            if len(gathered) >= _SLICE_LINES:
                yield gathered
                gathered = []
    except RecordingError:
        yield gathered
        raise
    yield gathered


def _minutes(duration_ns: int) -> str:
    minutes, seconds = divmod(duration_ns // _SECOND_NS, 60)
    return f"{minutes}:{seconds:02d}"
