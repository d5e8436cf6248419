"""What a reader of a foreign format is, and what its readers have in common.

A reader belongs to one file and knows nothing of the others: it tells when a line was received and
turns lines into items, as a venue's codec does. Books, losses and clocks are the player's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import BookDelta, BookSnapshot
from tradetui.feeds.book_sync import Sync
from tradetui.feeds.formats.listing import Grid
from tradetui.feeds.native.venue import BookPart, BookSequence, Item


class Unreadable(ValueError):
    """A line that can not be understood; says what was expected."""


class Reader(Protocol):
    """One file of a foreign format."""

    format: str
    """What all files of one recording have in common."""
    groups: bool
    """Whether neighboring lines of one time are one message."""

    def stamp(self, line: bytes) -> int:
        """When a line was received, nanoseconds UTC; 0 for one that says nothing of the market.

        Raises:
            Unreadable: It is no line of this format.
        """
        ...

    def decode(self, lines: Sequence[bytes], ts: int) -> Sequence[Item]:
        """Lines of one time as items, the symbols in ccxt's form; raises Unreadable."""
        ...

    def instrument(self, symbol: str, grid: Grid) -> Instrument:
        """What a symbol of this file is, on the grid that its data showed where nothing else is known."""
        ...

    def book(self, instrument: Instrument) -> BookSequence:
        """A fresh rule for a symbol's book."""
        ...


class Plain(BookPart, frozen=True):
    """A book message of a source that numbers nothing."""

    message: BookSnapshot | BookDelta
    in_parts: bool = False
    """Whether a whole book may come in several messages, one behind the other."""


class PlainBook:
    """Waits for a whole book, then takes what comes."""

    def __init__(self) -> None:
        self.state = Sync.WAITING
        self.reason = ""
        self._is_coming = False

    def restart(self) -> None:
        """Only a whole book helps."""
        self.state, self._is_coming = Sync.WAITING, False

    def take(self, part: BookPart) -> Sequence[BookSnapshot | BookDelta]:
        """What may be delivered after a part of the book came."""
        assert isinstance(part, Plain)  # noqa: S101 - a reader's book gets its own parts only
        message = part.message
        if not isinstance(message, BookSnapshot):
            self._is_coming = False
            return (message,) if self.state is Sync.STREAMING else ()
        continues, self._is_coming = self._is_coming, part.in_parts
        self.state = Sync.STREAMING
        if not continues:
            return (message,)
        at = message.ts_exchange, message.ts_received
        return (BookDelta(message.symbol, *at, message.bids, message.asks, message.update_id),)


def shown(line: bytes) -> str:
    """The beginning of a line, for a message."""
    return line[:60].decode("utf-8", "replace") + "…" * (len(line) > 60)
