"""The books of a new connection, until they go on in the place of the old one's."""

from __future__ import annotations

from typing import Final, Protocol

from tradetui.domain.market_data import BookDelta, BookSnapshot
from tradetui.feeds.book_sync import Sync
from tradetui.feeds.native.binance import Depth, DepthBook
from tradetui.feeds.native.books import Books
from tradetui.feeds.native.channel import Channel
from tradetui.feeds.native.venue import BookPart, LiveBook, ResyncBy, Venue

_BEHIND_NS: Final = 1_000_000_000
"""A book that is further behind is no successor."""
MOST: Final = 20_000
"""So many prints or updates are kept back at most."""


class Heir(Protocol):
    """The book of one symbol on the new connection."""

    @property
    def is_whole(self) -> bool:
        """Whether it may be handed over."""
        ...

    def take(self, part: BookPart) -> str:
        """Keep a part; why the book is lost, empty where it is not."""
        ...

    def knows_all(self, *, at_last: bool) -> bool:
        """Whether it is where the old one is; `at_last` allows it to be a little behind."""
        ...

    def hand_over(self, books: Books) -> None:
        """Go on in the place of the old one."""
        ...


class OwnBook:
    """A book that came whole on the new connection, by the venue's rule."""

    def __init__(self, channel: Channel, rule: LiveBook) -> None:
        self._channel, self._rule = channel, rule
        self._sides: tuple[dict[float, float], dict[float, float]] = ({}, {})
        self._newest: BookSnapshot | BookDelta | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it can be delivered."""
        return self._rule.state is Sync.STREAMING and self._newest is not None

    def take(self, part: BookPart) -> str:
        """Keep a part."""
        for message in self._rule.take(part):
            if isinstance(message, BookSnapshot):
                self._sides = ({}, {})
            for side, levels in zip(self._sides, (message.bids, message.asks), strict=True):
                side.update(levels)
            self._newest = message
        return self._rule.reason if self._rule.state in (Sync.GAP, Sync.CROSSED) else ""

    def knows_all(self, *, at_last: bool) -> bool:
        """By the exchange's time."""
        stamp = self._newest.ts_exchange if self._newest is not None else 0
        return not stamp or stamp >= self._channel.book_ts - (_BEHIND_NS if at_last else 0)

    def hand_over(self, books: Books) -> None:
        """Deliver it whole."""
        newest = self._newest
        if newest is None or not self.is_whole:
            return
        bids, asks = ([(p, q) for p, q in side.items() if q] for side in self._sides)
        whole = BookSnapshot(
            newest.symbol,
            newest.ts_exchange,
            newest.ts_received,
            sorted(bids, reverse=True),
            sorted(asks),
            newest.update_id,
        )
        books.succeed(self._channel, self._rule, whole)


class SameNumbers:
    """Updates that go on in the book that there is: their numbers are the same on every connection."""

    def __init__(self, channel: Channel) -> None:
        self.is_whole = False
        """Whether the subscription was confirmed."""
        self._book = channel.book
        self._parts: list[Depth] = []
        self._begun_at = self._last

    @property
    def _last(self) -> int:
        return self._book.last_id if isinstance(self._book, DepthBook) else 0

    def take(self, part: BookPart) -> str:
        """Keep an update."""
        if not isinstance(part, Depth) or len(self._parts) >= MOST:
            return "more updates than can be kept back"
        self._parts.append(part)
        return ""

    def knows_all(self, *, at_last: bool) -> bool:
        """Whether the old one has come to where the new one begins."""
        del at_last
        if not self._parts:
            return self._last == self._begun_at
        first = self._parts[0].update
        return not isinstance(first, BookSnapshot) and self._last >= first.delta.update_id

    def hand_over(self, books: Books) -> None:
        """Take the updates: those that are known fall out."""
        if isinstance(self._book, DepthBook):
            self._book.overlaps = True  # the new one may be told in other pieces
        for part in self._parts:
            books.take(part)


def heir_of(channel: Channel, venue: Venue) -> Heir:
    """What suits the venue."""
    if venue.resync is ResyncBy.REST:
        return SameNumbers(channel)
    return OwnBook(channel, venue.book(channel.symbol))
