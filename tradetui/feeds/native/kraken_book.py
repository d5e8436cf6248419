"""Kraken's rule of a book: each frame's checksum is held against what the frame leaves.

Source: Kraken's websocket v2 documentation. The checksum runs over the ten best asks, then the ten best bids:
price and quantity at the pair's precision without point and leading zeros. Levels that fall out of the
subscribed depth are to be forgotten, so they are delivered as removed.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final
from zlib import crc32

import msgspec

from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import BookDelta, BookSnapshot
from tradetui.feeds.book_sync import Rule, Sync
from tradetui.feeds.native.venue import BookPart

_CHECKED: Final = 10
INEXACT: Final = 2**53 / 10**8
"""From such a size on a float holds less than eight digits behind the point."""


class Part(BookPart, frozen=True):
    """A snapshot or an update with the checksum of the book after it."""

    message: BookSnapshot | BookDelta
    checksum: int
    exact: dict[float, Decimal] = msgspec.field(default_factory=dict)
    """Sizes by price, where one of them has more digits than a float."""


class KrakenBook:
    """Holds each frame's checksum against the book that it leaves."""

    def __init__(self, instrument: Instrument, depth: int) -> None:
        self.state = Sync.WAITING
        self.reason = ""
        self._scales = 10**instrument.price_scale, 10**instrument.qty_scale
        self._depth = depth
        self._bids: dict[float, float] = {}
        self._asks: dict[float, float] = {}
        self._exact: dict[float, Decimal] = {}

    def restart(self) -> None:
        """Only a snapshot helps."""
        self.state = Sync.WAITING

    def rule(self) -> Rule:
        """Where it stands, and the levels that the checksum runs over."""
        return Rule(state=self.state, levels=(list(self._bids.items()), list(self._asks.items())))

    def resume(self, rule: Rule) -> None:
        """Go on from there."""
        self.state = rule.state
        self._bids, self._asks = (dict(side) for side in rule.levels)

    def take(self, part: BookPart) -> Sequence[BookSnapshot | BookDelta]:
        """What may be delivered after a part of the book came."""
        assert isinstance(part, Part)  # noqa: S101 - a venue's book gets its own parts only
        message = part.message
        if part.exact:
            self._note(part.exact)
        if type(message) is BookSnapshot:
            self._exact = dict(part.exact)
            self._bids, self._asks = dict(message.bids), dict(message.asks)
            self.state = Sync.STREAMING
        elif self.state is not Sync.STREAMING:
            return ()
        else:
            message = self._applied(message)
        if self._checksum() != part.checksum:
            self.state, self.reason = Sync.GAP, "its checksum does not match"
            return ()
        return (message,)

    def _note(self, exact: dict[float, Decimal]) -> None:
        """Keep exact sizes, those of levels that are gone not forever."""
        if len(self._exact) > 8 * self._depth:
            known = self._bids.keys() | self._asks.keys()
            self._exact = {price: size for price, size in self._exact.items() if price in known}
        self._exact.update(exact)

    def _applied(self, delta: BookDelta) -> BookDelta:
        """Apply an update; what falls out of the depth is removed with it."""
        gone = [self._update(self._bids, delta.bids, min), self._update(self._asks, delta.asks, max)]
        if not any(gone):
            return delta
        return msgspec.structs.replace(delta, bids=delta.bids + gone[0], asks=delta.asks + gone[1])

    def _update(self, side: dict[float, float], levels: list[tuple[float, float]], worst: Any) -> list[Any]:
        for price, qty in levels:
            if qty:
                side[price] = qty
            else:
                side.pop(price, None)
        gone = []
        while len(side) > self._depth:
            price = worst(side)
            del side[price]
            gone.append((price, 0.0))
        return gone

    def _checksum(self) -> int:
        best_asks = heapq.nsmallest(_CHECKED, self._asks.items())
        best_bids = heapq.nlargest(_CHECKED, self._bids.items())
        prices, sizes = self._scales
        best = (*best_asks, *best_bids)
        if self._exact:
            text = "".join([f"{round(p * prices)}{self._digits(p, q)}" for p, q in best])
        else:
            text = "".join([f"{round(p * prices)}{round(q * sizes)}" for p, q in best])
        return crc32(text.encode())

    def _digits(self, price: float, qty: float) -> int:
        """A size without its point, from the venue's own digits where a float has fewer."""
        exact = self._exact.get(price) if qty > INEXACT else None
        return round(qty * self._scales[1]) if exact is None else int(exact * self._scales[1])
