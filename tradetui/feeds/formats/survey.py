"""The first look at files of a foreign format: their order in time, their symbols, and their grids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import BestQuote, BookDelta, BookSnapshot, CandleHistory, Trade
from tradetui.errors import RecordingError
from tradetui.feeds.formats.detect import readers_of
from tradetui.feeds.formats.listing import Grid
from tradetui.feeds.formats.reader import Reader, Unreadable
from tradetui.feeds.formats.units import pack
from tradetui.feeds.native.venue import BookPart, Item
from tradetui.feeds.recording import read_blocks
from tradetui.feeds.recording_facts import Progress, Recording
from tradetui.feeds.recording_instruments import Metadata
from tradetui.feeds.recording_lines import Stamped, merged

_KEPT_BYTES: Final = 96 << 20
Units = list[Stamped]


class _File:
    """One file, its reader, and the check that its time runs forward."""

    def __init__(self, number: int, path: Path, reader: Reader) -> None:
        self.number = number
        self.path = path
        self.reader = reader
        self.first_ts = self.last_ts = 0
        self.lines = 0
        self.reason = ""
        """Why its first unreadable line is none."""

    def blocks(self) -> Iterator[Units]:
        """Its messages, each with its time, the place and the lines that say it."""
        self.last_ts = number = 0
        gathered: list[bytes] = []
        since = begun = 0
        for text in read_blocks(self.path):
            units: Units = []
            for number, line in enumerate(text.split(b"\n"), number + 1):  # noqa: B020  (goes on counting)
                line = line.rstrip(b"\r")  # noqa: PLW2901
                if not line:
                    continue
                ts, is_said = self._stamp(line, number)
                if not is_said:
                    continue
                if gathered and not (self.reader.groups and ts and ts == since):
                    units.append((since, pack(self.number, begun, gathered)))
                    gathered = []
                if not gathered:
                    since, begun = ts, number
                gathered.append(line)
            yield units
        if gathered:
            yield [(since, pack(self.number, begun, gathered))]

    def _stamp(self, line: bytes, number: int) -> tuple[int, bool]:
        """The time of a line, 0 for one that is not understood, and whether it is part of the market."""
        try:
            ts = self.reader.stamp(line)
        except Unreadable as error:
            self.reason = self.reason or f"{self.path}:{number}: {error}"
            return 0, True
        if not ts:
            return 0, False
        if ts < self.last_ts:
            raise RecordingError(
                f"{self.path}:{number}: time runs backwards: {ts} comes after {self.last_ts}"
            )
        self.first_ts, self.last_ts = self.first_ts or ts, ts
        return ts, True


class _Symbols:
    """What the messages of all files show of each symbol."""

    def __init__(self) -> None:
        self.grids: dict[str, Grid] = {}
        self.readers: dict[str, Reader] = {}
        self.with_book: set[str] = set()

    def see(self, item: Item, reader: Reader) -> None:
        """Take one item in."""
        message = _message_of(item)
        symbol = getattr(message, "symbol", "")
        match message:
            case BookSnapshot() | BookDelta():
                self.with_book.add(symbol)
                levels: Iterable[tuple[float, float]] = (*message.bids, *message.asks)
            case Trade():
                levels = ((message.price, message.qty),)
            case BestQuote():
                levels = ((message.bid, message.bid_qty), (message.ask, message.ask_qty))
            case CandleHistory():
                levels = [
                    pair
                    for c in message.candles
                    for pair in ((c.open, c.volume), (c.high, 0.0), (c.low, 0.0), (c.close, 0.0))
                ]
            case _:
                return
        grid = self.grids.get(symbol)
        if grid is None:
            grid = self.grids[symbol] = Grid()
            self.readers[symbol] = reader
        grid.see(levels)

    def instruments(self, metadata: Metadata | None) -> list[Instrument]:
        """Each symbol as an instrument."""
        derived = [self.readers[symbol].instrument(symbol, grid) for symbol, grid in self.grids.items()]
        return [metadata.refine(_venue_name(each), each) if metadata else each for each in derived]


def _message_of(item: Item) -> Item:
    """What a part of a book says of it; other items as they are."""
    if not isinstance(item, BookPart):
        return item
    part: Any = getattr(item, "message", None) or getattr(item, "update", item)
    message: Item = getattr(part, "delta", part)
    return message


def _venue_name(instrument: Instrument) -> str:
    return f"{instrument.base}{instrument.quote}"


def survey_files(
    paths: Sequence[Path],
    heads: Sequence[bytes],
    *,
    metadata: Metadata | None = None,
    progress: Progress | None = None,
) -> Recording:
    """Read every file once; raises RecordingError where nothing of it can be played."""
    readers = readers_of(paths, heads)
    files = [_File(number, *each) for number, each in enumerate(zip(paths, readers, strict=True))]
    symbols, kept, lines = _Symbols(), _Kept(len(files)), 0
    for file in files:
        for units in file.blocks():
            for ts, unit in units:
                lines += 1 + unit.count(b"\n")
                _see(unit, ts, file=file, symbols=symbols)
            kept.add(file.number, units)
            if progress is not None:
                progress(lines)
    return _result(files, kept, symbols=symbols, metadata=metadata, lines=lines)


def _see(unit: bytes, ts: int, *, file: _File, symbols: _Symbols) -> None:
    if not ts:
        return
    try:
        for item in file.reader.decode(unit[16:].split(b"\n"), ts):
            symbols.see(item, file.reader)
    except Unreadable as error:
        file.reason = file.reason or f"{file.path}:{int(unit[5:15])}: {error}"


class _Kept:
    """The messages of files that are small enough to be kept."""

    def __init__(self, files: int) -> None:
        self.blocks: list[list[Units]] | None = [[] for _ in range(files)]
        self._size = 0

    def add(self, number: int, units: Units) -> None:
        """Keep some of a file's, unless they are too many."""
        self._size += sum(len(unit) + 100 for _, unit in units)
        if self._size > _KEPT_BYTES:
            self.blocks = None
        if self.blocks is not None:
            self.blocks[number].append(units)


def _result(
    files: list[_File], kept: _Kept, *, symbols: _Symbols, metadata: Metadata | None, lines: int
) -> Recording:
    if not symbols.grids:
        reason = next((file.reason for file in files if file.reason), "")
        raise RecordingError(reason or f"{files[0].path}: expected market data, found none")
    played = [file for file in files if file.first_ts]
    instruments = symbols.instruments(metadata)

    def blocks() -> Iterable[Iterable[Stamped]]:
        sources = [
            kept.blocks[file.number]
            if kept.blocks is not None
            else _File(file.number, file.path, file.reader).blocks()
            for file in played
        ]
        return merged(sources, [(file.first_ts, file.last_ts) for file in played])

    return Recording(
        paths=tuple(file.path for file in files),
        payload=files[0].reader.format,
        first_ts=min(file.first_ts for file in played),
        last_ts=max(file.last_ts for file in played),
        lines=lines,
        instruments=tuple(instruments),
        names={},
        futures=frozenset(),
        single_trades=frozenset(),
        without_book=frozenset(each.symbol for each in instruments if each.symbol not in symbols.with_book),
        notes=(),
        blocks=blocks,
        readers=tuple(file.reader for file in files),
    )
