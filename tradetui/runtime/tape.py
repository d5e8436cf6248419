"""Records the market of a running profile, begun and ended with a key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tradetui.domain.market_data import BookSnapshot, MarketMessage
from tradetui.errors import RecordingError
from tradetui.feeds.protocol import Feed, GivesFrames
from tradetui.feeds.recorder import Recorder
from tradetui.runtime.excerpt import Standing, filled, opening

RECORDINGS: Final = "recordings"
"""Their folder in the data folder."""
_SECOND_NS: Final = 1_000_000_000
_FLUSH_NS: Final = 5 * _SECOND_NS
"""What a crash can cost a recording at most."""


def recording_path(folder: Path, profile: str, now: int) -> Path:
    """Where a recording begun at `now` (nanoseconds UTC) lies: by profile and second."""
    at = datetime.fromtimestamp(now / _SECOND_NS, UTC)
    return folder / f"{profile}-{at:%Y%m%dT%H%M%SZ}.jsonl.gz"


class Tape:
    """At most one recording at a time; where the feed shows its frames, it keeps them too."""

    def __init__(self, folder: Path | None, profile: str) -> None:
        """`folder` is where recordings go; None where nothing can be recorded."""
        self._folder = folder
        self._profile = profile
        self._recorder: Recorder | None = None
        self._source: GivesFrames | None = None
        self._begun = self._now = self._flushed = 0
        self.on_failure: Callable[[str], None] = lambda _words: None
        """Told in words when the disk takes no more; what was written before stays."""

    @property
    def is_running(self) -> bool:
        """Whether something is being recorded."""
        return self._recorder is not None

    @property
    def words(self) -> str:
        """How long it has been recorded; empty while nothing is."""
        if self._recorder is None:
            return ""
        minutes, seconds = divmod(max(0, self._now - self._begun) // _SECOND_NS, 60)
        return f"REC {minutes}:{seconds:02d}"

    def toggle(self, standings: Iterable[Standing], now: int, feed: Feed) -> str:
        """Begin to record what a feed tells, or end it; returns what to say, raises what `begin` raises."""
        if self.is_running:
            return self.end()
        return self.begin(standings, now, source=feed if isinstance(feed, GivesFrames) else None)

    def begin(self, standings: Iterable[Standing], now: int, *, source: GivesFrames | None = None) -> str:
        """Begin a recording with how each symbol stands; returns what to say of it.

        Args:
            standings: Of each symbol.
            now: Nanoseconds UTC.
            source: Who shows raw frames; None where there are none.

        Raises:
            RecordingError: Nothing can be recorded here, or the disk does not take it.
        """
        if self._folder is None:
            raise RecordingError("a recording that is replayed can not be recorded again; see recording cut")
        self._begun = self._now = self._flushed = now
        path = recording_path(self._folder, self._profile, now)
        venue = source.frames_of if source is not None else ("", False)
        recorder = Recorder(path, profile=self._profile, venue=venue)
        try:
            _open(recorder, list(standings), now, source)
        except RecordingError:
            recorder.discard()
            raise
        self._recorder, self._source = recorder, source
        if source is not None:
            source.keeper = self
        return f"recording to {path}"

    def take(self, message: MarketMessage) -> None:
        """Keep one message; nothing while no recording runs."""
        self._keep(message.ts_received, lambda recorder: recorder.take(message))

    def frame(self, connection: int, frame: bytes, ts_received: int) -> None:
        """Keep what a venue sent."""
        self._keep(ts_received, lambda recorder: recorder.frame(connection, frame, ts_received))

    def opened(self, connection: int, symbols: Sequence[str], ts_received: int) -> None:
        """Note that a connection was opened."""
        self._keep(ts_received, lambda recorder: recorder.opened(connection, symbols, ts_received))

    def renewed(self, connection: int, symbols: Sequence[str], ts_received: int) -> None:
        """Note that another connection goes on with the books of one."""
        self._keep(ts_received, lambda recorder: recorder.renewed(connection, symbols, ts_received))

    def asked(self, book: BookSnapshot) -> None:
        """Keep a book that was asked for."""
        self._keep(book.ts_received, lambda recorder: recorder.asked(book))

    def _keep(self, now: int, write: Callable[[Recorder], None]) -> None:
        """Write; where the disk does not take it, the recording ends and it is said."""
        recorder = self._recorder
        if recorder is None:
            return
        self._now = now
        try:
            write(recorder)
            if now - self._flushed >= _FLUSH_NS:
                self._flushed = now
                recorder.flush()
        except RecordingError as error:
            self._let_go()
            self.on_failure(f"{error}; the recording has ended, what was written by then is kept")

    def _let_go(self) -> Recorder | None:
        recorder, self._recorder = self._recorder, None
        if self._source is not None:
            self._source.keeper = None
        self._source = None
        return recorder

    def end(self) -> str:
        """End the recording; returns what to say of it, empty where there is none."""
        recorder = self._let_go()
        if recorder is None:
            return ""
        recorder.close()
        return f"recorded {recorder.words}: {recorder.path}"


def _open(recorder: Recorder, known: list[Standing], now: int, source: GivesFrames | None) -> None:
    """Write how everything stands, and hand it to the disk."""
    for message in opening(known, now):
        recorder.take(message)
    of = {each.instrument.symbol: each for each in known}
    for stands in source.stands() if source is not None else ():
        recorder.stands(filled(stands, of.get(stands.symbol), now), now)
    recorder.flush()
