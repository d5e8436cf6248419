"""Which instruments a recording holds and on which grids, learned block by block while it is scanned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import InstrumentListed
from tradetui.feeds.binance import BinanceCodec, FrameError, frame_kind, stream_kind
from tradetui.feeds.recording_instruments import Metadata, VenueSymbol, derived_instrument
from tradetui.feeds.recording_lines import PAD, STAMP, LineBlock, Words, stamp_of
from tradetui.feeds.recording_steps import DecimalSteps

_FRAME_AT: Final = STAMP + 1
_STREAM: Final = b'{"stream":"'
_BOOK_KINDS: Final = ("depthUpdate", "snapshot")
_USED_KINDS: Final = ("depthUpdate", "snapshot", "bookTicker", "trade", "aggTrade")
_LISTED: Final = b'"type":"instrument"'

Kind = tuple[str, str]
"""What lines are and the venue symbol they name, "" where they do not say."""
Row = tuple[str, str, NDArray[np.intp]]
"""The same with the numbers of the lines."""


@dataclass(slots=True)
class _Found:
    """What the frames of one venue symbol showed."""

    symbol: VenueSymbol
    steps: DecimalSteps = field(default_factory=DecimalSteps)
    has_book: bool = False
    has_trades: bool = False


class Survey:
    """Gathers the instruments of a recording."""

    def __init__(self) -> None:
        self._found: dict[str, _Found] = {}
        self._listed: dict[str, Instrument] = {}
        self._kinds: dict[int, Kind] = {}
        """By what the lines of a stream begin with, see `LineBlock.heads`."""
        self._message = msgspec.json.Decoder(InstrumentListed)

    def instruments(self, metadata: Metadata | None) -> list[tuple[VenueSymbol | None, Instrument, bool]]:
        """Each instrument, its venue symbol (recordings of messages have none), and whether it has a book."""
        rows: list[tuple[VenueSymbol | None, Instrument, bool]] = [
            (None, instrument, True) for instrument in self._listed.values()
        ]
        for name, found in self._found.items():
            steps = found.steps
            made = derived_instrument(found.symbol, tick_size=steps.tick_size, lot_size=steps.lot_size)
            rows.append((found.symbol, metadata.refine(name, made) if metadata else made, found.has_book))
        return rows

    @property
    def single_trades(self) -> frozenset[str]:
        """Venue symbols whose single trades were recorded."""
        return frozenset(name for name, found in self._found.items() if found.has_trades)

    def add_messages(self, block: list[bytes]) -> set[str]:
        """Take in lines of the program's own messages; returns the symbols that they list."""
        found: set[str] = set()
        for line in block:
            if _LISTED in line and line.partition(b" ")[2].startswith(b"{" + _LISTED):
                try:
                    listed = self._message.decode(line.partition(b" ")[2])
                except (msgspec.MsgspecError, RecursionError):
                    continue
                self._listed[listed.symbol] = listed.instrument
                found.add(listed.symbol)
        return found

    def add_frames(self, block: LineBlock) -> None:
        """Take in lines of raw frames."""
        rows = self._sorted(block)
        symbols = sorted({symbol for kind, symbol, _ in rows if kind and symbol})
        for symbol in symbols:
            is_sound = _soundness(symbol)
            for kind, named, numbers in rows:
                if named == symbol:
                    lines = (block.lines[number] for number in numbers)
                    self._learn(symbol, kind, next((line for line in lines if is_sound(line)), b""))
            if symbol not in self._found:
                continue
            text = block.padded
            wanted = [row for row in rows if row[0] in _USED_KINDS and row[1] in (symbol, "")]
            if len(wanted) < len(rows):
                text = b"".join(block.lines[number] for _, _, numbers in wanted for number in numbers) + PAD
            self._found[symbol].steps.add(text, is_sound)

    def _sorted(self, block: LineBlock) -> list[Row]:
        """The lines by kind and symbol: whole streams, and each line that is of none by itself."""
        heads = block.heads()
        rows: list[Row] = self._streams(heads)
        if sum(len(numbers) for _, _, numbers in rows) == len(block):
            return rows
        loose: list[Row] = []
        known = np.fromiter(self._kinds, dtype=np.uint64, count=len(self._kinds))
        for number in np.flatnonzero(~np.isin(heads, known)).tolist():
            head = int(heads[number])
            if head in self._kinds:
                continue
            line = block.lines[number]
            if line.startswith(_STREAM, _FRAME_AT):
                stream = line[_FRAME_AT + len(_STREAM) :].partition(b'"')[0].decode("utf-8", "replace")
                self._kinds[head] = stream_kind(stream), stream.partition("@")[0].upper()
            else:
                loose.append((*_kind_of_bare(line), np.array([number])))
        return [*self._streams(heads), *loose]

    def _streams(self, heads: Words) -> list[Row]:
        """The lines of each stream that is known."""
        found = ((kind, np.flatnonzero(heads == np.uint64(head))) for head, kind in self._kinds.items())
        return [(*kind, numbers) for kind, numbers in found if len(numbers)]

    def _learn(self, name: str, kind: str, sample: bytes) -> None:
        """Learn from a sound line of a stream which market its symbol belongs to."""
        if not sample:
            return
        found = self._found.setdefault(name, _Found(VenueSymbol(name)))
        known = found.symbol
        found.symbol = VenueSymbol(
            name,
            futures=known.futures or b'"pu":' in sample,
            coin_margined=known.coin_margined or "_PERP" in name or b'"ps":' in sample,
        )
        found.has_book = found.has_book or kind in _BOOK_KINDS
        found.has_trades = found.has_trades or kind == "trade"


def _kind_of_bare(line: bytes) -> Kind:
    try:
        return frame_kind(line.partition(b" ")[2])
    except (FrameError, RecursionError):
        return "", ""


def _soundness(symbol: str) -> Callable[[bytes], bool]:
    """Whether a line is market data of this symbol that can be read."""
    codec = BinanceCodec({symbol: symbol})

    def is_sound(line: bytes) -> bool:
        ts = stamp_of(line)
        try:
            return ts is not None and codec.decode(line.partition(b" ")[2], ts) is not None
        except (FrameError, RecursionError):
            return False

    return is_sound
