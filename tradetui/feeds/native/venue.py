"""What a venue has to know of itself: addresses, words to subscribe with, frames, and its book's rule.

A codec is pure: bytes in, items out. Items are market messages, parts of a book for the venue's own
sequence rule, or one of the small words below.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, Final, Protocol, runtime_checkable

import msgspec

from tradetui.domain.instrument import Instrument, InstrumentStatus
from tradetui.domain.market_data import BookDelta, BookSnapshot, MarketMessage
from tradetui.feeds.book_sync import Rule, Sync
from tradetui.feeds.native.connection import Line


class FrameError(ValueError):
    """A frame that is not what its stream promises; says what was expected."""


UNREADABLE: Final = (FrameError, KeyError, ValueError, RecursionError)
"""What decoding a frame may raise; the last one where it is nested deeper than anything that can be read."""


class AsideError(FrameError):
    """A frame that is of no book and no print: nothing is lost with it but itself."""


class Refused(msgspec.Struct, frozen=True):
    """The venue does not accept a subscription: its words, and whose it was where it says so."""

    text: str
    symbol: str = ""


class Said(msgspec.Struct, frozen=True):
    """Something the venue tells everybody: maintenance, a restart; without a text it is over."""

    text: str
    reconnects: bool = False
    """Whether the connection should be given up for another one."""


class Subscribed(msgspec.Struct, frozen=True):
    """A subscription of a symbol is confirmed."""

    symbol: str


class PrintsHeard(msgspec.Struct, frozen=True):
    """The venue confirms that it tells a symbol's prints from now on."""

    symbol: str


class Restated(msgspec.Struct, frozen=True):
    """The venue says what it allows on a symbol from now on."""

    symbol: str
    status: InstrumentStatus


class Closed(msgspec.Struct, frozen=True):
    """Why no orders meet, in one symbol or with none named in all, whatever is listed; no text ends it."""

    text: str
    symbol: str = ""


class Lost(msgspec.Struct, frozen=True):
    """Frames of the whole connection are missing: no book on it holds any more."""

    text: str


class PrintsMissing(msgspec.Struct, frozen=True):
    """The count of a symbol's prints has a hole before the next one."""

    symbol: str


class PrintsJoined(msgspec.Struct, frozen=True):
    """The next print stands for these as well: the venue tells what one order met at a price as one."""

    symbol: str
    first: int
    last: int


class BookPart(msgspec.Struct, frozen=True):
    """A piece of one symbol's book with what the venue's rule needs; each venue has its own kind."""

    symbol: str


class _Parts(dict[type, bool]):
    """Kinds of items by whether they are parts of a book."""

    def __missing__(self, kind: type) -> bool:
        self[kind] = issubclass(kind, BookPart)
        return self[kind]


IS_PART: Final = _Parts()
"""Asked for its kind: asking an item itself, by `isinstance`, costs seven times as much."""


def whole_book(part: BookPart) -> BookSnapshot | None:
    """The whole book that a part is; None for a change of one."""
    inner = getattr(part, "message", None) or getattr(part, "update", None)
    return inner if isinstance(inner, BookSnapshot) else None


Word = Refused | Said | Subscribed | PrintsHeard | Restated | Closed | Lost | PrintsMissing | PrintsJoined
Item = MarketMessage | BookPart | Word


class ResyncBy(StrEnum):
    """How a venue is asked for a whole book again."""

    REST = "rest"
    RESUBSCRIBE = "resubscribe"
    RECONNECT = "reconnect"


class BookSequence(Protocol):
    """Lets through what continues a book, in the right order; a loss shows in `state`."""

    @property
    def state(self) -> Sync:
        """Where the book stands."""
        ...

    @property
    def reason(self) -> str:
        """What was missing, of the last loss."""
        ...

    def take(self, part: BookPart) -> Sequence[BookSnapshot | BookDelta]:
        """What may be delivered after a part of the book came."""
        ...

    def restart(self) -> None:
        """Nothing is known any more: only a whole book helps."""
        ...


class LiveBook(BookSequence, Protocol):
    """One that can be gone on with by another."""

    def rule(self) -> Rule:
        """What it has to know to go on from here."""
        ...

    def resume(self, rule: Rule) -> None:
        """Go on from what another one of the same venue knew."""
        ...


class Venue(Protocol):
    """One exchange's streams for one profile."""

    resync: ResyncBy
    counts_prints: bool
    """Whether the loss of a print shows by itself."""
    most_joined: int
    """Symbols on one connection beside which another one may be subscribed later; 0 where none may."""

    @property
    def hosts(self) -> frozenset[str]:
        """Hosts with their ports that its streams may dial."""
        ...

    def lines(self, instruments: Sequence[Instrument]) -> Sequence[Line]:
        """The connections that carry the symbols, within the venue's limits."""
        ...

    def subscribe(self, line: Line) -> Iterable[str]:
        """What to send when a connection is open."""
        ...

    def add(self, instrument: Instrument) -> Sequence[Line]:
        """Know one more symbol; the connections that it would have by itself."""
        ...

    def join(self, line: Line) -> Iterable[str]:
        """What to send for symbols that come to a connection which goes on for others."""
        ...

    def leave(self, line: Line) -> Iterable[str]:
        """What to send for symbols that nobody wants any more, on one that goes on for others."""
        ...

    def resubscribe(self, symbol: str) -> Iterable[str]:
        """What to send for a whole book of one symbol, where `resync` says so."""
        ...

    def revive(self, symbol: str) -> Iterable[str]:
        """What to send for everything of one symbol, on a connection that goes on for others."""
        ...

    def decode(self, frame: bytes, ts_received: int) -> Sequence[Item]:
        """A frame as items; raises FrameError for one that can not be understood."""
        ...

    def book(self, symbol: str) -> LiveBook:
        """A fresh book rule for a symbol."""
        ...

    async def snapshot(self, exchange: Any, symbol: str) -> BookPart:
        """A whole book by REST, where `resync` says so; raises what the client raises."""
        ...


@runtime_checkable
class SharesBooks(Protocol):
    """A venue that keeps one book for several of its products."""

    def shared_words(self, symbol: str) -> str:
        """Whose book a symbol has, in words; empty where it has its own."""
        ...


@runtime_checkable
class Remembers(Protocol):
    """A venue whose frames say less than they mean: the rest was said before."""

    def memory(self, symbol: str) -> Any:
        """What was said of a symbol, as values that JSON holds."""
        ...

    def remember(self, symbol: str, memory: Any) -> None:
        """Take what another one remembered."""
        ...
