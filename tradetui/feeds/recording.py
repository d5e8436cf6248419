"""Recordings on disk: the lines of captures, and the program's own format with its writer.

Both formats are text lines, plain or gzip. A line is `<receive time in ns> <json>`. A Binance
capture has nothing else. The program's own format begins with one line of JSON without a time,

    {"format":"tradetui-recording","version":4,"profile":"sim","payload":"messages","venue":"","contracts":false,
     "tells_renewals":true}

and its lines hold the domain's market messages (payload "messages", tagged by `type`) or raw frames
of Binance ("binance"). Beside the messages stand lines of other types, which replay leaves out:

* `keyframe` (from version 2): after every two megabytes or so, how every symbol stands: instrument, book,
  state and the newest of everything else. `candles` before it holds those that have closed since the last
  one. Each is a gzip member of its own; labels find them (`recording_members`), so that a moment can be
  looked up without reading all that came before.
* `frame` (from version 2): what the venue sent, before the messages that were made of it; `on` numbers the
  connection. Data is kept to the byte; of words (answers, notices, errors, and what could not be read)
  addresses, keys and names of connections are taken out. `opened` says that a connection was opened and for
  which symbols, `asked` holds a book that was asked for by REST. `renewed` (from version 4, where the
  header's `tells_renewals` says so) stands where another connection goes on with the books of the one before:
  its first change of each may reach back. Where frames begin in the middle of a stream, a `stands` (from
  version 3) for each symbol holds what its venue's rule of the book knew by then, and the book. The header's
  `venue` and `contracts` name the codec that reads the frames again. Nothing that the program sends is kept.

The writer closes a gzip member with each block and hands it to the system
in one write: after a crash every block but the last is readable, and the reader says what is missing.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import suppress
from io import BufferedReader
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from tradetui.domain.market_data import BookDelta, BookSnapshot, InstrumentListed, MarketMessage, Timeframe
from tradetui.errors import RecordingError
from tradetui.feeds.recording_members import Holds, packed
from tradetui.feeds.standing import Standing
from tradetui.feeds.unknown import unknown

FORMAT: Final = "tradetui-recording"
VERSION: Final = 4
MESSAGES: Final = "messages"
BINANCE: Final = "binance"
FRAME: Final = b'{"type":"frame","on":'
OPENED: Final = b'{"type":"opened","on":'
RENEWED: Final = b'{"type":"renewed","on":'
ASKED: Final = b'{"type":"asked","book":'
STANDS: Final = b'{"type":"stands",'
KEYFRAME: Final = b'{"type":"keyframe","messages":'
CANDLES: Final = b'{"type":"candles","rows":'
FORMING: Final = b',"forming":'
RAW: Final = (FRAME, OPENED, RENEWED, ASKED, STANDS)
"""What lines begin with that raw frames are read by."""
BESIDE: Final = (*RAW, KEYFRAME, CANDLES)
"""What lines begin with that are no messages."""

KEYFRAME_EVERY: Final = 2 << 20
"""Bytes of text between two keyframes: what has to be read at most to know how a moment stood."""
_BLOCK: Final = 1 << 20
_PACKED: Final = 1 << 17
_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = b"PK\x03\x04"


class RecordingHeader(msgspec.Struct, frozen=True, omit_defaults=False):
    """The first line of the program's own format."""

    format: str = FORMAT
    version: int = VERSION
    profile: str = ""
    payload: str = MESSAGES
    """messages: the domain's own; binance: raw frames of the venue."""
    venue: str = ""
    """The exchange whose raw frames stand beside the messages; empty where none do."""
    contracts: bool = False
    """Whether its symbols are contracts."""
    tells_renewals: bool = False
    """Whether it is told where another connection goes on with books."""


class RecordingWriter:
    """Appends lines to one recording; a context manager that leaves a whole file."""

    def __init__(
        self,
        path: Path,
        *,
        profile: str,
        payload: str = MESSAGES,
        block_bytes: int = 1 << 18,
        venue: tuple[str, bool] = ("", False),
        tells_renewals: bool = True,
    ) -> None:
        """Begin a new file; raises FileExistsError rather than write over a recording.

        Args:
            path: The file.
            profile: Whose market it is.
            payload: What most lines are.
            block_bytes: How much text is kept in memory at most.
            venue: The exchange whose raw frames stand beside the messages, and whether they are of contracts.
            tells_renewals: Whether it will be told where another connection goes on with books.
        """
        self._file = path.open("xb", buffering=0)
        self._size = 0
        """Bytes of whole members on the disk."""
        self._encode = msgspec.json.Encoder().encode
        self._block_bytes = block_bytes
        self._newest = self._first = 0
        self._count = self._since_keyframe = 0
        self._holds = Holds.LINES
        self._standing = Standing()
        self._marks: dict[tuple[str, Timeframe], int] = {}
        exchange, contracts = venue
        header = RecordingHeader(
            profile=profile,
            payload=payload,
            venue=exchange,
            contracts=contracts,
            tells_renewals=tells_renewals,
        )
        self._lines = bytearray(self._encode(header) + b"\n")
        self.flush()

    def write(self, message: MarketMessage) -> None:
        """Append a message of the domain at its receive time, or the newest before it."""
        self._newest = max(self._newest, message.ts_received)
        if isinstance(message, InstrumentListed):
            self._holds |= Holds.LISTINGS
        elif isinstance(message, BookSnapshot | BookDelta):
            self._holds |= Holds.BOOKS
        self._standing.take(message)
        self.write_frame(self._newest, self._encode(message))

    def write_beside(self, kind: bytes, content: bytes, ts_received: int) -> None:
        """Append what is no message, at its receive time or the newest before it."""
        self._newest = max(self._newest, ts_received)
        self.write_frame(self._newest, kind + content + b"}")

    def write_frame(self, ts_received: int, frame: bytes) -> None:
        """Append a raw frame; line breaks in it become blanks, which JSON allows."""
        self._first = self._first or ts_received
        self._newest = max(self._newest, ts_received)
        self._count += 1
        self._lines += b"%d %s\n" % (ts_received, frame.replace(b"\n", b" "))
        if len(self._lines) >= self._block_bytes:
            self.flush()

    def flush(self) -> None:
        """Hand what has gathered to the system as one whole gzip member."""
        if not self._lines:
            return
        self._since_keyframe += len(self._lines)
        self._put(self._member(bytes(self._lines), self._holds, first=self._first, lines=self._count))
        self._lines.clear()
        self._first = self._count = 0
        self._holds = Holds.LINES
        if self._since_keyframe >= KEYFRAME_EVERY:
            self._since_keyframe = 0
            self._write_keyframe()

    def _member(self, text: bytes, holds: Holds, *, first: int, lines: int) -> bytes:
        return packed(text, holds, span=(first or self._newest, self._newest), lines=lines)

    def _write_keyframe(self) -> None:
        """How everything stands, for those who begin here."""
        now = self._newest
        closed, forming = self._standing.closed_since(self._marks), self._standing.forming()
        candles = self._encode(closed) + FORMING + self._encode(forming)
        stands = self._encode(list(self._standing.state(now)))
        for kind, begins, content in (
            (Holds.CANDLES, CANDLES, candles),
            (Holds.KEYFRAME, KEYFRAME, stands),
        ):
            text = b"%d %b%b}\n" % (now, begins, content)
            self._put(self._member(text, kind, first=now, lines=1))

    def _put(self, member: bytes) -> None:
        """Write a member whole; where the disk takes only a part, that part is taken back and it ends."""
        rest = memoryview(member)
        try:
            while rest:
                rest = rest[self._file.write(rest) or 0 :]
        except OSError:
            with suppress(OSError):
                self._file.truncate(self._size)
            self._file.close()
            raise
        self._size += len(member)

    def close(self) -> None:
        """Write the last block; a second call does nothing."""
        if not self._file.closed:
            self.flush()
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class CutOffError(RecordingError):
    """A recording whose gzip ends in the middle; what could be read of it was delivered before."""


def read_blocks(path: Path) -> Iterator[bytes]:
    """The text of a recording, about a megabyte of whole lines at a time, the last line end left out.

    Raises:
        CutOffError: Its gzip ends in the middle; raised after the lines that are whole.
        RecordingError: The file is missing, empty, not readable, or its gzip is damaged.
    """
    rest = b""
    try:
        for chunk in _chunks(path):
            end = chunk.rfind(b"\n")
            if end < 0:
                rest += chunk
                continue
            yield rest + memoryview(chunk)[:end]
            rest = chunk[end + 1 :]
    except EOFError:
        raise CutOffError(
            f"{path}: the gzip ends in the middle, after line {_readable_lines(path)}"
        ) from None
    except zlib.error as error:
        place = f"{path}: the gzip is damaged after line {_readable_lines(path)}"
        raise RecordingError(f"{place}: {error}") from None
    except OSError as error:
        raise RecordingError(f"{path}: can not be read: {error.strerror or error}") from None
    if rest:
        yield rest


def _readable_lines(path: Path) -> int:
    """How many lines stand before the place where the reading fails; counted when it has failed only."""
    lines = 0
    try:
        for chunk in _chunks(path):
            lines += chunk.count(b"\n")
    except (EOFError, zlib.error):
        pass
    return lines


def _chunks(path: Path) -> Iterator[bytes]:
    """The decompressed bytes of a file, plain or gzip by its content."""
    if not path.exists():
        raise RecordingError(f"{path}: no such recording")
    if path.is_dir():
        raise RecordingError(f"{path}: expected a recording, was a folder: name the files in it")
    if path.stat().st_size == 0:
        raise RecordingError(f"{path}: the recording is empty")
    with path.open("rb") as file:
        magic = file.read(len(_ZIP))
        file.seek(0)
        if magic == _ZIP:
            yield from _unzipped(path)
        elif magic.startswith(_GZIP):
            yield from _inflated(file)
        else:
            while chunk := file.read(_BLOCK):
                yield chunk


def _unzipped(path: Path) -> Iterator[bytes]:
    """The one file in a zip, as exchanges publish them."""
    import zipfile  # few recordings are one

    try:
        with zipfile.ZipFile(path) as archive:
            members = [each for each in archive.infolist() if not each.is_dir()]
            if len(members) != 1:
                raise RecordingError(f"{path}: expected a zip of one file, was one of {len(members)}")
            with archive.open(members[0]) as file:
                while chunk := file.read(_BLOCK):
                    yield chunk
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise RecordingError(f"{path}: the zip is damaged: {error}") from None


def _inflated(file: BufferedReader) -> Iterator[bytes]:
    """All members of a gzip, one after the other; raises EOFError where the last one is not whole."""
    member, begun = zlib.decompressobj(wbits=31), False
    while packed := file.read(_PACKED):
        while packed:
            begun = True
            if text := member.decompress(packed):
                yield text
            packed = b""
            if member.eof:
                packed = member.unused_data.lstrip(b"\0")
                member, begun = zlib.decompressobj(wbits=31), False
    if begun:
        raise EOFError


def header_of(path: Path, first_line: bytes) -> RecordingHeader | None:
    """The header of the program's own format, None for a capture without one.

    Raises:
        RecordingError: The header is of a newer version or of another program.
    """
    if not first_line.startswith(b"{"):
        return None
    try:
        header = msgspec.json.decode(first_line, type=RecordingHeader)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise unknown(path, first_line) from error
    if header.format != FORMAT or header.payload not in (MESSAGES, BINANCE):
        raise RecordingError(f"{path}:1: expected format {FORMAT}, was {header.format} {header.payload}")
    if header.version > VERSION:
        raise RecordingError(
            f"{path}:1: the recording has version {header.version}, this program reads up to {VERSION}"
        )
    return header
