"""The first look at a recording: every file whole and in order, its span, its instruments.

All that can be wrong with a recording as such is found here, before anything is played.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final

import msgspec

from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import InstrumentListed
from tradetui.errors import RecordingError
from tradetui.feeds.binance import BinanceCodec, FrameError, frame_kind
from tradetui.feeds.recording import (
    BINANCE,
    MESSAGES,
    CutOffError,
    RecordingHeader,
    header_of,
    read_blocks,
)
from tradetui.feeds.recording_instruments import Metadata, VenueSymbol, derived_instrument
from tradetui.feeds.recording_steps import DecimalSteps

_KEPT_BYTES: Final = 96 << 20
_STAMP: Final = 19
_PREFIX: Final = slice(20, 55)
"""Of a line with a time of 19 digits: what tells its stream."""
_STREAM_MARK: Final = b'{"stream":"'
_BOOK_KINDS: Final = ("depthUpdate", "snapshot")
_USED_KINDS: Final = ("depthUpdate", "snapshot", "bookTicker", "trade", "aggTrade")
_LISTED: Final = b'"type":"instrument"'

Blocks = list[list[bytes]]
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What is known of a recording before it is played."""

    paths: tuple[Path, ...]
    payload: str
    first_ts: int
    last_ts: int
    lines: int
    instruments: tuple[Instrument, ...]
    names: dict[str, str]
    """Venue name to symbol; empty for recordings of messages."""
    futures: frozenset[str]
    """Symbols whose book follows the futures rule."""
    without_book: frozenset[str]
    """Symbols of which no depth was recorded."""
    notes: tuple[str, ...]
    """What is missing of it, in sentences."""
    blocks: Callable[[], Iterable[list[bytes]]]
    """The lines from the start, merged by receive time."""


@dataclass(slots=True)
class _Found:
    """What the frames of one venue symbol showed."""

    symbol: VenueSymbol
    steps: DecimalSteps = field(default_factory=DecimalSteps)
    has_book: bool = False


def scan(
    paths: Sequence[Path], *, instruments: Path | None = None, progress: Progress | None = None
) -> Recording:
    """Read every file once.

    Args:
        paths: The files of one recording.
        instruments: The exchange's metadata, in Binance's exchangeInfo form or as our own list.
        progress: Called with the number of lines read so far.

    Raises:
        RecordingError: A file is missing, empty, cut off, of another format, or runs backwards.
    """
    if not paths:
        raise RecordingError("expected at least one recording, was none")
    metadata = Metadata(instruments) if instruments else None
    files = [_File(path) for path in paths]
    survey = _Survey()
    kept: list[Blocks] | None = [[] for _ in files]
    size = lines = 0
    for number, file in enumerate(files):
        for text, block in file.blocks():
            survey.add(file, text, block)
            lines += len(block)
            size += len(text)
            if size > _KEPT_BYTES:
                kept = None
            if kept is not None:
                kept[number].append(block)
            if progress is not None:
                progress(lines)
    return survey.result(files, kept, metadata)


class _File:
    """One file: its header, its span, and the check that its time runs forward."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.header: RecordingHeader | None = None
        self.first_ts = 0
        self.last_ts = 0
        self.lines = 0
        self.note = ""
        """What a crash of the writer took away."""

    @property
    def payload(self) -> str:
        return self.header.payload if self.header else BINANCE

    def blocks(self) -> Iterator[tuple[bytes, list[bytes]]]:
        """Its text and the lines of it; after the first pass the span is known."""
        self.lines, self.last_ts = 0, 0
        for text in self._readable():
            lines = text.split(b"\n")
            if not self.lines and lines and (header := header_of(self.path, lines[0])):
                self.header = header
                self.lines = 1
                lines = lines[1:]
            self._check(lines)
            self.lines += len(lines)
            yield text, [line for line in lines if line] if b"" in lines else lines
        if not self.first_ts:
            raise RecordingError(f"{self.path}:1: expected lines `<receive ns> <json>`, found none")

    def _readable(self) -> Iterator[bytes]:
        """The text; of our own format a crash may have cut the last block off, which is only noted."""
        try:
            yield from read_blocks(self.path)
        except CutOffError as error:
            if self.header is None:
                raise
            self.note = str(error)

    def _check(self, lines: list[bytes]) -> None:
        """Check the order of times; the usual case is settled without looking at single lines."""
        stamps = [line[:_STAMP] for line in lines]
        usual = stamps and stamps == sorted(stamps) and b"".join(stamps).isdigit()
        if usual and len(stamps[0]) == len(stamps[-1]) == _STAMP and int(stamps[0]) >= self.last_ts:
            self.first_ts = self.first_ts or int(stamps[0])
            self.last_ts = int(stamps[-1])
            return
        for number, line in enumerate(lines, self.lines + 1):
            ts = stamp_of(line)
            if ts is None:
                continue
            if ts < self.last_ts:
                raise RecordingError(
                    f"{self.path}:{number}: time runs backwards: {ts} comes after {self.last_ts}"
                )
            self.first_ts, self.last_ts = self.first_ts or ts, ts


def stamp_of(line: bytes) -> int | None:
    """The receive time of a line; None where it has none."""
    head, _, frame = line.partition(b" ")
    return int(head) if head.isdigit() and frame.startswith(b"{") else None


class _Survey:
    """Gathers the instruments of a recording, block by block."""

    def __init__(self) -> None:
        self._found: dict[str, _Found] = {}
        self._listed: dict[str, Instrument] = {}
        self._kinds: dict[bytes, tuple[str, str]] = {}
        self._message = msgspec.json.Decoder(InstrumentListed)

    def add(self, file: _File, text: bytes, block: list[bytes]) -> None:
        """Take in one block of one file."""
        if file.payload == MESSAGES:
            self._add_listings(block)
            return
        prefixes = [line[_PREFIX] for line in block]
        samples = dict(zip(prefixes, block, strict=True))
        kinds = {prefix: self._kind(prefix, line) for prefix, line in samples.items()}
        symbols = {symbol for kind, symbol in kinds.values() if kind and symbol}
        only = next(iter(symbols)) if len(symbols) == 1 else ""
        for symbol in sorted(symbols):
            self._note(symbol, kinds, samples)
            wanted = {p for p, (kind, s) in kinds.items() if kind in _USED_KINDS and s in (symbol, "")}
            whole = only and len(wanted) == len(kinds)
            if not whole:
                text = b"\n".join(line for p, line in zip(prefixes, block, strict=True) if p in wanted)
            self._found[symbol].steps.add(text, self._soundness(symbol))

    def _kind(self, prefix: bytes, line: bytes) -> tuple[str, str]:
        known = self._kinds.get(prefix)
        if known is None:
            try:
                known = frame_kind(line.partition(b" ")[2])
            except FrameError:
                return "", ""
            if prefix.startswith(_STREAM_MARK):
                self._kinds[prefix] = known
        return known

    def _note(self, name: str, kinds: dict[bytes, tuple[str, str]], samples: dict[bytes, bytes]) -> None:
        """Learn from one sample of each stream which market a symbol belongs to."""
        mine = [(kind, samples[prefix]) for prefix, (kind, symbol) in kinds.items() if symbol == name]
        old = self._found.get(name) or _Found(VenueSymbol(name))
        old.symbol = VenueSymbol(
            name,
            futures=old.symbol.futures or any(b'"pu":' in line for _, line in mine),
            coin_margined=old.symbol.coin_margined
            or "_PERP" in name
            or any(b'"ps":' in line for _, line in mine),
        )
        old.has_book = old.has_book or any(kind in _BOOK_KINDS for kind, _ in mine)
        self._found[name] = old

    @staticmethod
    def _soundness(symbol: str) -> Callable[[bytes], bool]:
        codec = BinanceCodec({symbol: symbol})

        def is_sound(line: bytes) -> bool:
            ts = stamp_of(line)
            try:
                return ts is not None and codec.decode(line.partition(b" ")[2], ts) is not None
            except FrameError:
                return False

        return is_sound

    def _add_listings(self, block: list[bytes]) -> None:
        for line in block:
            if _LISTED in line:
                try:
                    listed = self._message.decode(line.partition(b" ")[2])
                except msgspec.MsgspecError:
                    continue
                self._listed[listed.symbol] = listed.instrument

    def result(self, files: list[_File], kept: list[Blocks] | None, metadata: Metadata | None) -> Recording:
        """The whole; raises RecordingError where nothing of it can be played."""
        payloads = {file.payload for file in files}
        if len(payloads) > 1:
            raise RecordingError(f"expected files of one format, was {' and '.join(sorted(payloads))}")
        names, instruments = self._instruments(metadata)
        if not instruments:
            raise RecordingError(f"{files[0].path}: expected market data of Binance or tradetui, found none")
        books = {found.symbol.name: found.has_book for found in self._found.values()}
        futures = {names[found.symbol.name] for found in self._found.values() if found.symbol.futures}
        return Recording(
            paths=tuple(file.path for file in files),
            payload=payloads.pop(),
            first_ts=min(file.first_ts for file in files),
            last_ts=max(file.last_ts for file in files),
            lines=sum(file.lines for file in files),
            instruments=instruments,
            names=names,
            futures=frozenset(futures),
            without_book=frozenset(names[name] for name, has_book in books.items() if not has_book),
            notes=tuple(file.note for file in files if file.note),
            blocks=lambda: _merged(files, kept),
        )

    def _instruments(self, metadata: Metadata | None) -> tuple[dict[str, str], tuple[Instrument, ...]]:
        instruments = dict(self._listed)
        names: dict[str, str] = {}
        for name, found in self._found.items():
            steps = found.steps
            made = derived_instrument(found.symbol, tick_size=steps.tick_size, lot_size=steps.lot_size)
            made = metadata.refine(name, made) if metadata else made
            names[name] = made.symbol
            instruments[made.symbol] = made
        return names, tuple(instruments.values())


def _merged(files: list[_File], kept: list[Blocks] | None) -> Iterator[list[bytes]]:
    """The lines of all files by receive time; files that do not overlap are played one after the other."""
    order = sorted(range(len(files)), key=lambda number: (files[number].first_ts, number))
    sources: list[Iterable[list[bytes]]] = [
        kept[number] if kept is not None else (lines for _, lines in _File(files[number].path).blocks())
        for number in order
    ]
    spans = [files[number] for number in order]
    if all(early.last_ts <= late.first_ts for early, late in pairwise(spans)):
        for source in sources:
            yield from source
        return
    streams = [_stamped(source) for source in sources]
    for _, line in heapq.merge(*streams, key=lambda stamped: stamped[0]):
        yield [line]


def _stamped(blocks: Iterable[list[bytes]]) -> Iterator[tuple[int, bytes]]:
    """Lines with their times; one that has none stays behind the line before it."""
    last = 0
    for block in blocks:
        for line in block:
            last = stamp_of(line) or last
            yield last, line
