"""Records the market of a running profile, begun and ended with a key."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tradetui.domain.market_data import MarketMessage
from tradetui.errors import RecordingError
from tradetui.feeds.recorder import Recorder
from tradetui.runtime.excerpt import Standing, opening

RECORDINGS: Final = "recordings"
"""Their folder in the data folder."""
_SECOND_NS: Final = 1_000_000_000
_FLUSH_NS: Final = 5 * _SECOND_NS
"""What a crash can cost a recording at most."""


def recording_path(folder: Path, profile: str, now: int) -> Path:
    """Where a recording begun at `now` (nanoseconds UTC) lies: by profile and second."""
    at = datetime.fromtimestamp(now / _SECOND_NS, UTC)
    return folder / f"{profile}-{at:%Y%m%dT%H%M%SZ}.jsonl.gz"


def in_bytes(size: int) -> str:
    """A size on the disk in the unit that suits it."""
    return f"{size / 1e6:.1f} MB" if size >= 1_000_000 else f"{size // 1000} kB"


class Tape:
    """At most one recording at a time."""

    def __init__(self, folder: Path | None, profile: str) -> None:
        """`folder` is where recordings go; None where nothing can be recorded."""
        self._folder = folder
        self._profile = profile
        self._recorder: Recorder | None = None
        self._begun = self._now = self._flushed = 0

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

    def begin(self, standings: Iterable[Standing], now: int) -> str:
        """Begin a recording with how each symbol stands; returns what to say of it."""
        if self._folder is None:
            raise RecordingError("a recording that is replayed can not be recorded again; see recording cut")
        self._begun = self._now = self._flushed = now
        self._recorder = Recorder(recording_path(self._folder, self._profile, now), profile=self._profile)
        for message in opening(standings, now):
            self.take(message)
        return f"recording to {self._recorder.path}"

    def take(self, message: MarketMessage) -> None:
        """Keep one message; raises RecordingError where the disk does not take it, and ends."""
        recorder = self._recorder
        if recorder is None:
            return
        self._now = message.ts_received
        try:
            recorder.take(message)
            if self._now - self._flushed >= _FLUSH_NS:
                self._flushed = self._now
                recorder.flush()
        except RecordingError:
            self._recorder = None
            raise

    def end(self) -> str:
        """End the recording; returns what to say of it, empty where there is none."""
        recorder, self._recorder = self._recorder, None
        if recorder is None:
            return ""
        recorder.close()
        return f"recorded {recorder.messages:,} messages, {in_bytes(recorder.size)}: {recorder.path}"
