"""Which instruments a recording holds and on which grids, learned block by block while it is scanned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import msgspec

from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import InstrumentListed
from tradetui.feeds.binance import BinanceCodec, FrameError, frame_kind, stream_kind
from tradetui.feeds.recording_instruments import Metadata, VenueSymbol, derived_instrument
from tradetui.feeds.recording_steps import DecimalSteps

_PREFIX: Final = slice(20, 55)
"""Of a line with a time of 19 digits: what tells its stream."""
_STREAM: Final = b'{"stream":"'
_BOOK_KINDS: Final = ("depthUpdate", "snapshot")
_USED_KINDS: Final = ("depthUpdate", "snapshot", "bookTicker", "trade", "aggTrade")
_LISTED: Final = b'"type":"instrument"'

Kind = tuple[str, str]
"""What lines are and the venue symbol they name, "" where they do not say."""


def stamp_of(line: bytes) -> int | None:
    """The receive time of a line; None where it has none."""
    head, _, frame = line.partition(b" ")
    return int(head) if head.isdigit() and frame.startswith(b"{") else None


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
        self._kinds: dict[bytes, Kind] = {}
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

    def add_messages(self, block: list[bytes]) -> None:
        """Take in lines of the program's own messages."""
        for line in block:
            if _LISTED in line:
                try:
                    listed = self._message.decode(line.partition(b" ")[2])
                except msgspec.MsgspecError:
                    continue
                self._listed[listed.symbol] = listed.instrument

    def add_frames(self, text: bytes, block: list[bytes]) -> None:
        """Take in lines of raw frames, and the text that they stand in."""
        keys = _keys(block)
        samples = dict(zip(keys, block, strict=True))
        kinds = {key: self._kind(key, line) for key, line in samples.items()}
        symbols = sorted({symbol for kind, symbol in kinds.values() if kind and symbol})
        for symbol in symbols:
            is_sound = _soundness(symbol)
            for key, (kind, named) in kinds.items():
                if named == symbol:
                    sample = samples[key]
                    if not is_sound(sample):
                        mine = (line for k, line in zip(keys, block, strict=True) if k == key)
                        sample = next((line for line in mine if is_sound(line)), b"")
                    self._learn(symbol, kind, sample)
            wanted = {key for key, (kind, s) in kinds.items() if kind in _USED_KINDS and s in (symbol, "")}
            mixed = len(symbols) > 1 or len(wanted) < len(kinds)
            chosen = (line for key, line in zip(keys, block, strict=True) if key in wanted)
            if symbol in self._found:
                self._found[symbol].steps.add(b"\n".join(chosen) if mixed else text, is_sound)

    def _kind(self, key: bytes, line: bytes) -> Kind:
        if not key.startswith(_STREAM):
            try:
                return frame_kind(line.partition(b" ")[2])
            except FrameError:
                return "", ""
        known = self._kinds.get(key)
        if known is None:
            stream = line[_PREFIX.start + len(_STREAM) :].partition(b'"')[0].decode("utf-8", "replace")
            known = self._kinds[key] = stream_kind(stream), stream.partition("@")[0].upper()
        return known

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


def _keys(block: list[bytes]) -> list[bytes]:
    """For each line what tells its stream: a few bytes of combined frames, the whole of bare ones."""
    keys = [line[_PREFIX] for line in block]
    if all(key.startswith(_STREAM) for key in set(keys)):
        return keys
    return [key if key.startswith(_STREAM) else line for key, line in zip(keys, block, strict=True)]


def _soundness(symbol: str) -> Callable[[bytes], bool]:
    """Whether a line is market data of this symbol that can be read."""
    codec = BinanceCodec({symbol: symbol})

    def is_sound(line: bytes) -> bool:
        ts = stamp_of(line)
        try:
            return ts is not None and codec.decode(line.partition(b" ")[2], ts) is not None
        except FrameError:
            return False

    return is_sound
