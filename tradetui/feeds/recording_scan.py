"""The first look at a recording: every file whole and in order, its span, its instruments.

All that can be wrong with a recording as such is found here, before anything is played.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

from tradetui.errors import RecordingError
from tradetui.feeds.formats.detect import first_line, is_foreign
from tradetui.feeds.recording import (
    BINANCE,
    FORMAT,
    MESSAGES,
    CutOffError,
    RecordingHeader,
    header_of,
    read_blocks,
)
from tradetui.feeds.recording_facts import Progress, Recording
from tradetui.feeds.recording_index import RecordingIndex, index_of
from tradetui.feeds.recording_instruments import Metadata
from tradetui.feeds.recording_lines import LineBlock, Stamped, StampedLines, merged, stamp_of
from tradetui.feeds.recording_members import Holds
from tradetui.feeds.recording_survey import Survey
from tradetui.feeds.unknown import begins, unknown

_KEPT_BYTES: Final = 96 << 20
_SECOND_NS: Final = 1_000_000_000

Blocks = list[StampedLines]


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
    _check_once(paths)
    metadata = Metadata(instruments) if instruments else None
    index = index_of(paths)
    if index is not None:
        return _indexed(index, paths, metadata)
    heads = [first_line(path) for path in paths]
    if is_foreign(paths, heads):
        from tradetui.feeds.formats.survey import (
            survey_files,  # the exchanges' codecs; few recordings need them
        )

        return survey_files(paths, heads, metadata=metadata, progress=progress)
    files = [_File(path) for path in paths]
    survey = Survey()
    kept = _read(files, survey, progress)
    return _result(files, kept, survey=survey, metadata=metadata)


def _read(files: list[_File], survey: Survey, progress: Progress | None) -> list[Blocks] | None:
    """Survey every block; the blocks themselves, or None where they are too many to be kept."""
    kept: list[Blocks] | None = [[] for _ in files]
    size = lines = 0
    for number, file in enumerate(files):
        for block in file.blocks():
            if file.payload == MESSAGES:
                file.symbols |= survey.add_messages(block.lines)
            else:
                survey.add_frames(block)
            lines += len(block)
            size += len(block.padded)
            if size > _KEPT_BYTES:
                kept = None
            if kept is not None:
                kept[number].append(block.stamped())
            if progress is not None:
                progress(lines)
    return kept


def _check_once(paths: Sequence[Path]) -> None:
    """Nothing is played twice; raises RecordingError."""
    seen: set[Path] = set()
    for path in paths:
        if path.resolve() in seen:
            raise RecordingError(f"{path}: is named twice; each file of a recording is played once")
        seen.add(path.resolve())


def _indexed(index: RecordingIndex, paths: Sequence[Path], metadata: Metadata | None) -> Recording:
    """What labels and listings tell; nothing else is read."""
    listed = {each.symbol: each for file in index.files for each in file.instruments()}
    if not listed:
        raise RecordingError(f"{paths[0]}: expected market data of Binance or tradetui, found none")
    del metadata  # what the exchange said then is recorded
    has_books = any(member.holds & Holds.BOOKS for file in index.files for member in file.blocks)
    venues = {(file.header.venue, file.header.contracts) for file in index.files}
    venue = venues.pop()
    return Recording(
        paths=tuple(paths),
        payload=MESSAGES,
        first_ts=index.files[0].first_ts,
        last_ts=index.files[-1].last_ts,
        lines=sum(file.lines for file in index.files),
        instruments=tuple(listed.values()),
        names={},
        futures=frozenset(),
        single_trades=frozenset(),
        without_book=frozenset() if has_books else frozenset(listed),
        notes=(),
        blocks=index.blocks,
        venue=venue if not venues and venue[0] else None,
        tells_renewals=all(file.header.tells_renewals for file in index.files),
        index=index,
    )


def _result(
    files: list[_File], kept: list[Blocks] | None, *, survey: Survey, metadata: Metadata | None
) -> Recording:
    """The whole; raises RecordingError where nothing of it can be played."""
    payloads = {file.payload for file in files}
    if len(payloads) > 1:
        raise RecordingError(f"expected files of one format, was {' and '.join(sorted(payloads))}")
    instruments = survey.instruments(metadata)
    if not instruments:
        _, _, frame = first_line(files[0].path).partition(b" ")
        words = f"was {begins(frame)}" if files[0].payload == BINANCE else "found none"
        raise RecordingError(f"{files[0].path}: expected market data of Binance or tradetui, {words}")
    return Recording(
        paths=tuple(file.path for file in files),
        payload=payloads.pop(),
        first_ts=min(file.first_ts for file in files),
        last_ts=max(file.last_ts for file in files),
        lines=sum(file.lines for file in files),
        instruments=tuple(instrument for _, instrument, _ in instruments),
        names={found.name: instrument.symbol for found, instrument, _ in instruments if found},
        futures=frozenset(listed.symbol for found, listed, _ in instruments if found and found.futures),
        single_trades=frozenset(
            listed.symbol for found, listed, _ in instruments if found and found.name in survey.single_trades
        ),
        without_book=frozenset(listed.symbol for found, listed, has_book in instruments if not has_book),
        notes=(*(file.note for file in files if file.note), *_overlaps(files)),
        venue=_venue(files),
        tells_renewals=all(file.header is not None and file.header.tells_renewals for file in files),
        blocks=lambda: _merged(files, kept),
    )


def _overlaps(files: list[_File]) -> Iterator[str]:
    """Files that recorded one symbol at the same time: what both hold comes twice."""
    for early, late in pairwise(sorted(files, key=lambda file: file.first_ts)):
        both = sorted(early.symbols & late.symbols)
        seconds = (early.last_ts - late.first_ts) / _SECOND_NS
        if both and seconds > 0:
            words = f"{early.path.name} and {late.path.name} overlap by {seconds:,.1f} s"
            yield f"{words}: {', '.join(both)} comes twice there"


def _venue(files: list[_File]) -> tuple[str, bool] | None:
    """Whose frames can be decoded again: those of one venue."""
    named = {(file.header.venue, file.header.contracts) if file.header else ("", False) for file in files}
    found = named.pop()
    return found if not named and found[0] else None


class _File:
    """One file: its header, its span, and the check that its time runs forward."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.header: RecordingHeader | None = None
        self.first_ts = 0
        self.last_ts = 0
        self.lines = 0
        self.symbols: set[str] = set()
        """Those that it lists."""
        self.note = ""
        """What a crash of the writer took away."""

    @property
    def payload(self) -> str:
        return self.header.payload if self.header else BINANCE

    def blocks(self) -> Iterator[LineBlock]:
        """Its lines without a header; after the first pass the span is known."""
        self.lines, self.last_ts = 0, 0
        for whole in self._readable():
            text = whole
            if not self.lines and (header := header_of(self.path, text.partition(b"\n")[0])):
                self.header = header
                self.lines = 1
                text = text.partition(b"\n")[2]
            if text:
                block = LineBlock(text)
                self._check(block)
                self.lines += len(block)
                yield block
        if not self.first_ts and FORMAT.encode() in first_line(self.path):
            raise RecordingError(f"{self.path}: is a recording in which nothing was recorded")
        if not self.first_ts:
            raise unknown(self.path, first_line(self.path))

    def _readable(self) -> Iterator[bytes]:
        """The text; of our own format a crash may have cut the last block off, which is only noted."""
        try:
            yield from read_blocks(self.path)
        except CutOffError as error:
            if self.header is None:
                raise
            self.note = str(error)

    def _check(self, block: LineBlock) -> None:
        """Check the order of times; the usual case is settled without looking at single lines."""
        times = block.times
        if times is not None and int(times[0]) >= self.last_ts:
            self.first_ts = self.first_ts or int(times[0])
            self.last_ts = int(times[-1])
            return
        for number, line in enumerate(block.lines, self.lines + 1):
            ts = stamp_of(line)
            if ts is None:
                continue
            if ts < self.last_ts:
                raise RecordingError(
                    f"{self.path}:{number}: time runs backwards: {ts} comes after {self.last_ts}"
                )
            self.first_ts, self.last_ts = self.first_ts or ts, ts


def _merged(files: list[_File], kept: list[Blocks] | None) -> Iterator[Iterable[Stamped]]:
    """The lines of all files by receive time, kept or read again."""
    sources: list[Iterable[Iterable[Stamped]]] = [
        kept[number] if kept is not None else (b.stamped() for b in _File(file.path).blocks())
        for number, file in enumerate(files)
    ]
    return merged(sources, [(file.first_ts, file.last_ts) for file in files])
