"""Looks moments up in the program's own recordings, by the labels of their gzip members."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

import msgspec

from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import Candle, InstrumentListed, MarketMessage, Timeframe
from tradetui.errors import RecordingError
from tradetui.feeds.recording import CANDLES, KEYFRAME, MESSAGES, RecordingHeader, header_of
from tradetui.feeds.recording_lines import LineBlock, Stamped
from tradetui.feeds.recording_members import Holds, Member, labels_of, text_of
from tradetui.feeds.standing import Rows, Standing

_BESIDE: Final = Holds.KEYFRAME | Holds.CANDLES
_LISTED: Final = b'{"type":"instrument"'
_listed: Final = msgspec.json.Decoder(InstrumentListed).decode


class _Candles(msgspec.Struct):
    rows: Rows
    forming: dict[str, dict[Timeframe, Candle]]


_candles: Final = msgspec.json.Decoder(_Candles).decode
_messages: Final = msgspec.json.Decoder(list[MarketMessage]).decode


class IndexedFile:
    """One file whose members are all labeled and in order."""

    def __init__(self, path: Path, header: RecordingHeader, members: Sequence[Member]) -> None:
        self.path = path
        self.header = header
        self.blocks = [member for member in members if not member.holds & _BESIDE]
        self.keyframes = [member for member in members if member.holds & Holds.KEYFRAME]
        self.candles = [member for member in members if member.holds & Holds.CANDLES]
        self.first_ts = self.blocks[0].first_ts
        self.last_ts = self.blocks[-1].last_ts
        self.lines = sum(member.lines for member in self.blocks)

    def instruments(self) -> Iterator[Instrument]:
        """Every instrument as it was listed, the newest rules last."""
        for member in self.blocks:
            if member.holds & Holds.LISTINGS:
                for line in text_of(self.path, member).split(b"\n"):
                    content = line.partition(b" ")[2]
                    if content.startswith(_LISTED):
                        yield _listed(content).instrument

    def before(self, ts: int) -> Member | None:
        """The last keyframe before a moment; None where there is none."""
        found = bisect_right([member.last_ts for member in self.keyframes], ts)
        return self.keyframes[found - 1] if found else None

    def read(self, offset: int = 0) -> Iterator[Iterable[Stamped]]:
        """The lines from a place on."""
        for member in self.blocks:
            if member.offset >= offset:
                yield LineBlock(text_of(self.path, member).rstrip(b"\n")).stamped()

    def candles_until(self, ts: int) -> Iterator[_Candles]:
        """What closed up to the keyframe before a moment."""
        for member in self.candles:
            if member.last_ts > ts:
                return
            content = _content(text_of(self.path, member))
            yield _candles(b'{"rows":' + content[len(CANDLES) :])


class RecordingIndex:
    """Files that follow one another in time."""

    def __init__(self, files: Sequence[IndexedFile]) -> None:
        self.files = sorted(files, key=lambda file: file.first_ts)

    def blocks(self, ts: int = 0) -> Iterator[Iterable[Stamped]]:
        """All lines from the last keyframe before a moment on."""
        number, keyframe = self._place(ts)
        for file in self.files[number:]:
            yield from file.read(keyframe.offset if keyframe is not None else 0)
            keyframe = None

    def lines_before(self, ts: int) -> int:
        """How many lines stand before the place where `blocks` begins."""
        number, keyframe = self._place(ts)
        lines = sum(file.lines for file in self.files[:number])
        if keyframe is None:
            return lines
        return lines + sum(m.lines for m in self.files[number].blocks if m.offset < keyframe.offset)

    def standing(self, ts: int) -> tuple[Standing, Rows]:
        """How everything stood at that place, and all candles that had closed by then."""
        number, keyframe = self._place(ts)
        standing, rows, forming = Standing(), Rows(), {}
        for file in self.files[: number + 1]:
            for candles in file.candles_until(keyframe.last_ts if keyframe is not None else 0):
                forming = candles.forming
                for symbol, candles_of in candles.rows.items():
                    for timeframe, found in candles_of.items():
                        rows.setdefault(symbol, {}).setdefault(timeframe, []).extend(found)
        if keyframe is not None:
            content = _content(text_of(self.files[number].path, keyframe))
            for message in _messages(content[len(KEYFRAME) : -1]):
                standing.take(message)
            standing.resume(forming)
        return standing, rows

    def _place(self, ts: int) -> tuple[int, Member | None]:
        """The file and the keyframe to begin with."""
        number = max(0, bisect_right([file.first_ts for file in self.files], ts) - 1)
        return number, self.files[number].before(ts)


def _content(text: bytes) -> bytes:
    return text.rstrip(b"\n").partition(b" ")[2]


def index_of(paths: Sequence[Path]) -> RecordingIndex | None:
    """The index of a recording; None where a file has none, or it has to be looked at more closely."""
    files = []
    for path in paths:
        labels = labels_of(path)
        if labels is None or not labels.is_whole:
            return None
        file = _file(path, labels.members)
        if file is None:
            return None
        files.append(file)
    index = RecordingIndex(files)
    follows = all(early.last_ts <= late.first_ts for early, late in pairwise(index.files))
    return index if follows else None


def _file(path: Path, members: Sequence[Member]) -> IndexedFile | None:
    try:
        header = header_of(path, text_of(path, members[0]).partition(b"\n")[0])
    except RecordingError:
        return None
    timed = members[1:]
    in_order = all(early.last_ts <= late.first_ts for early, late in pairwise(timed))
    has_lines = any(not member.holds & _BESIDE for member in timed)
    if header is None or header.payload != MESSAGES or members[0].lines or not in_order or not has_lines:
        return None
    return IndexedFile(path, header, timed)
