"""Writes what a feed delivers to a recording, so that it can be replayed like the market it was.

A recording stands by itself: whoever begins one in the middle of a session first writes the
instruments and each book as a snapshot. Line times never run backwards: a wall clock that is set
back, or a print that was fetched late, is written at the time of the line before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from tradetui.domain.market_data import BookSnapshot, ClockTick, MarketMessage
from tradetui.errors import RecordingError
from tradetui.feeds.protocol import Stands
from tradetui.feeds.recording import ASKED, FRAME, OPENED, RENEWED, RecordingWriter


class UnwritableError(RecordingError):
    """The disk does not take a recording; whole blocks that were written before stay readable."""


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """What the disk refuses, in words that name the file."""
    try:
        yield
    except OSError as error:
        raise UnwritableError(f"{path}: can not be written: {error.strerror or error}") from None


def in_bytes(size: int) -> str:
    """A size on the disk in the unit that suits it."""
    return f"{size / 1e6:.1f} MB" if size >= 1_000_000 else f"{size // 1000} kB"


def _writer(path: Path, profile: str, venue: tuple[str, bool], *, renewals: bool) -> RecordingWriter:
    """A new file; one that does not even take its first line is not left behind."""
    try:
        return RecordingWriter(path, profile=profile, venue=venue, tells_renewals=renewals)
    except FileExistsError:
        raise
    except OSError:
        path.unlink(missing_ok=True)
        raise


class Recorder:
    """A sink that keeps every message; a block goes to the disk when it is full or `flush` is called."""

    def __init__(
        self,
        path: Path,
        *,
        profile: str,
        venue: tuple[str, bool] = ("", False),
        tells_renewals: bool = True,
    ) -> None:
        """Begin a new file; raises RecordingError where it exists or can not be written.

        `venue` names the exchange whose raw frames are kept too, and whether its symbols are contracts;
        `tells_renewals` says whether it will be told where another connection goes on with books.
        """
        self.path = path
        self.messages = 0
        self.frames = 0
        if path.exists():
            raise RecordingError(f"{path}: is there already; a recording is never written over")
        with _told(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = _writer(path, profile, venue, renewals=tells_renewals)

    @property
    def size(self) -> int:
        """Bytes on the disk."""
        return self.path.stat().st_size if self.path.exists() else 0

    @property
    def words(self) -> str:
        """What it holds and how large it is."""
        frames = f" and {self.frames:,} raw frames" if self.frames else ""
        return f"{self.messages:,} messages{frames}, {in_bytes(self.size)}"

    def take(self, message: MarketMessage) -> None:
        """Append one message; the ticks of a clock are no market data."""
        if isinstance(message, ClockTick):
            return
        self.messages += 1
        with _told(self.path):
            self._writer.write(message)

    def frame(self, connection: int, frame: bytes, ts_received: int) -> None:
        """Keep what a venue sent, before the messages that are made of it."""
        self.frames += 1
        self._beside(FRAME, b'%d,"frame":%b' % (connection, frame), ts_received)

    def opened(self, connection: int, symbols: Sequence[str], ts_received: int) -> None:
        """Note that a connection was opened."""
        content = b'%d,"symbols":%b' % (connection, msgspec.json.encode(symbols))
        self._beside(OPENED, content, ts_received)

    def renewed(self, connection: int, symbols: Sequence[str], ts_received: int) -> None:
        """Note that another connection goes on with the books of one."""
        content = b'%d,"symbols":%b' % (connection, msgspec.json.encode(symbols))
        self._beside(RENEWED, content, ts_received)

    def asked(self, book: BookSnapshot) -> None:
        """Keep a whole book that was asked for by REST."""
        self._beside(ASKED, msgspec.json.encode(book), book.ts_received)

    def stands(self, stands: Stands, ts_received: int) -> None:
        """Keep how a symbol stands where its frames begin."""
        self._beside(msgspec.json.encode(stands)[:-1], b"", ts_received)

    def copy(self, line: bytes, ts_received: int) -> None:
        """Keep what stands beside the messages of another recording."""
        self.frames += line.startswith(FRAME)
        self._beside(line[:-1], b"", ts_received)

    def _beside(self, kind: bytes, content: bytes, ts_received: int) -> None:
        with _told(self.path):
            self._writer.write_beside(kind, content, ts_received)

    def discard(self) -> None:
        """Leave nothing behind."""
        with suppress(UnwritableError):
            self.close()
        self.path.unlink(missing_ok=True)

    def flush(self) -> None:
        """Hand what has gathered to the disk; raises RecordingError where that fails."""
        with _told(self.path):
            self._writer.flush()

    def close(self) -> None:
        """Write the last block; a second call does nothing."""
        with _told(self.path):
            self._writer.close()
