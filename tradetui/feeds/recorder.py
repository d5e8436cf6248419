"""Writes what a feed delivers to a recording, so that it can be replayed like the market it was.

A recording stands by itself: whoever begins one in the middle of a session first writes the
instruments and each book as a snapshot. Line times never run backwards: a wall clock that is set
back, or a print that was fetched late, is written at the time of the line before it.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from tradetui.domain.market_data import ClockTick, MarketMessage
from tradetui.errors import RecordingError
from tradetui.feeds.recording import RecordingWriter


class Recorder:
    """A sink that keeps every message; a block goes to the disk when it is full or `flush` is called."""

    def __init__(self, path: Path, *, profile: str) -> None:
        """Begin a new file; raises RecordingError where it exists or can not be written."""
        self.path = path
        self.messages = 0
        self._ts = 0
        self._encode = msgspec.json.Encoder().encode
        if path.exists():
            raise RecordingError(f"{path}: is there already; a recording is never written over")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = RecordingWriter(path, profile=profile)
        except OSError as error:
            raise RecordingError(f"{path}: can not be written: {error.strerror or error}") from None

    @property
    def size(self) -> int:
        """Bytes on the disk."""
        return self.path.stat().st_size if self.path.exists() else 0

    def take(self, message: MarketMessage) -> None:
        """Append one message; the ticks of a clock are no market data."""
        if isinstance(message, ClockTick):
            return
        self._ts = max(self._ts, message.ts_received)
        self.messages += 1
        try:
            self._writer.write_frame(self._ts, self._encode(message))
        except OSError as error:
            raise RecordingError(f"{self.path}: can not be written: {error.strerror or error}") from None

    def flush(self) -> None:
        """Hand what has gathered to the disk; raises RecordingError where that fails."""
        try:
            self._writer.flush()
        except OSError as error:
            raise RecordingError(f"{self.path}: can not be written: {error.strerror or error}") from None

    def close(self) -> None:
        """Write the last block; a second call does nothing."""
        try:
            self._writer.close()
        except OSError as error:
            raise RecordingError(f"{self.path}: can not be written: {error.strerror or error}") from None
