"""What venues of raw captures have in common: names that are learned as they come, and listed rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Protocol

import msgspec

from tradetui.domain.instrument import Instrument
from tradetui.domain.number import ONE
from tradetui.feeds.formats.listing import Named
from tradetui.feeds.native.base import OneAddress
from tradetui.feeds.native.venue import BookSequence, Item


class Rule(msgspec.Struct, frozen=True):
    """What a venue lists of a symbol."""

    tick_size: Decimal
    lot_size: Decimal
    contract_size: Decimal = ONE


class Names(dict[str, str]):
    """Venue name to symbol; a name that comes for the first time is read and remembered."""

    def __init__(self, read: Callable[[str], Named]) -> None:
        super().__init__()
        self._read = read
        self._found: dict[str, tuple[str, Named]] = {}

    def __missing__(self, venue_name: str) -> str:
        name = self._read(venue_name)
        self[venue_name] = name.symbol
        self._found[name.symbol] = venue_name, name
        return name.symbol

    def of(self, symbol: str) -> tuple[str, Named]:
        """The venue's name of a symbol that came, and what it says."""
        return self._found[symbol]


class CapturedVenue(Protocol):
    """A venue's frames and answers as a capture holds them."""

    venue: str
    names: Names

    def decode(self, frame: bytes, ts_received: int) -> Sequence[Item]:
        """A frame as items; raises ValueError or KeyError."""
        ...

    def is_book(self, url: str) -> bool:
        """Whether what a REST address answers is a book."""
        ...

    def answer(self, url: str, body: bytes, ts_received: int) -> Sequence[Item]:
        """A book that was asked for as items; raises ValueError or KeyError."""
        ...

    def rules(self, url: str, body: bytes) -> dict[str, Rule]:
        """What a listing says, by the venue's name; empty for another answer."""
        ...

    def book(self, instrument: Instrument) -> BookSequence:
        """A fresh book rule."""
        ...


class ByStream:
    """A venue whose books come by the stream alone."""

    def is_book(self, url: str) -> bool:
        """None is asked for."""
        del url
        return False

    def answer(self, url: str, body: bytes, ts_received: int) -> Sequence[Item]:
        """Nothing."""
        del url, body, ts_received
        return ()


class ByCodec(ByStream):
    """A venue whose frames the native codec reads, with names that are learned as they come."""

    def __init__(self, codec: OneAddress, read: Callable[[str], Named]) -> None:
        self.names = Names(read)
        codec.read_by(self.names)
        self._codec = codec

    def decode(self, frame: bytes, ts_received: int) -> Sequence[Item]:
        """A frame as items; raises ValueError or KeyError."""
        return self._codec.decode(frame, ts_received)
