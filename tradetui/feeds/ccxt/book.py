"""ccxt's order book made to remember what changed, and turned into snapshots and deltas.

ccxt hands out one mutable book; comparing it whole on every update would cost more than applying
the update. These sides note each level as it is stored, so an update stays an update.
"""

from __future__ import annotations

from typing import Any, Final

from ccxt.async_support.base.ws.order_book import OrderBook
from ccxt.async_support.base.ws.order_book_side import Asks, Bids, OrderBookSide

from tradetui.domain.market_data import BookDelta, BookSnapshot
from tradetui.errors import FeedError

Levels = list[tuple[float, float]]

_INF: Final = float("inf")
_YEAR_2000_MS: Final = 946_684_800_000
_DAY_MS: Final = 86_400_000


class BadBook(FeedError):
    """A book with a price or quantity that can not be."""


class CrossedBook(FeedError):
    """A book whose best bid is above its best ask."""


class _Remembering(OrderBookSide):  # type: ignore[misc]
    def __init__(self, deltas: Any = (), depth: int | None = None) -> None:
        self.changes: dict[float, float] = {}
        super().__init__(deltas, depth)

    def storeArray(self, delta: Any) -> None:  # noqa: N802 - ccxt's name
        """Store a level and remember it."""
        super().storeArray(delta)
        self.changes[delta[0]] = delta[1]

    def limit(self) -> None:
        """Cut to the depth and remember what fell off."""
        for level in self[self._depth :]:
            self.changes[level[0]] = 0.0
        super().limit()


class _RememberingAsks(_Remembering, Asks):  # type: ignore[misc]
    pass


class _RememberingBids(_Remembering, Bids):  # type: ignore[misc]
    pass


class RememberingBook(OrderBook):  # type: ignore[misc]
    """ccxt's book that knows whether it was replaced, and which levels changed since it was read."""

    def __init__(self, snapshot: Any = None, depth: int | None = None) -> None:
        self.replaced = True
        given = dict(snapshot or {})
        given["asks"] = _RememberingAsks(given.get("asks", ()), depth)
        given["bids"] = _RememberingBids(given.get("bids", ()), depth)
        super().__init__(given, depth)

    def reset(self, snapshot: Any = None) -> None:
        """Replace the whole book."""
        super().reset(snapshot or {})
        self.replaced = True


class BookReader:
    """Reads one symbol's book after each update: the changes, or the whole where it was replaced."""

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self._book: Any = None
        self._bids: dict[float, float] = {}
        self._asks: dict[float, float] = {}

    @property
    def book(self) -> Any:
        """The book that was read last; None where the next one is read whole."""
        return self._book

    def forget(self) -> None:
        """Read the next book whole."""
        self._book = None

    def read(self, book: Any, ts_received: int) -> BookSnapshot | BookDelta | None:
        """The next message; None where nothing changed. Raises BadBook or CrossedBook."""
        bids, asks = book["bids"], book["asks"]
        if bids and asks and bids[0][0] > asks[0][0]:
            raise CrossedBook(f"bid {bids[0][0]} above ask {asks[0][0]}")
        stamp = exchange_ns(book.get("timestamp"), ts_received)
        nonce = book.get("nonce") or 0
        whole = book is not self._book or getattr(book, "replaced", False)
        if whole:
            levels = _whole(bids), _whole(asks)
            self._keep(book, *levels)
            return BookSnapshot(self.symbol, stamp, ts_received, *levels, nonce)
        changed = self._changes(book)
        return BookDelta(self.symbol, stamp, ts_received, *changed, nonce) if any(changed) else None

    def _keep(self, book: Any, bids: Levels, asks: Levels) -> None:
        self._book = book
        if isinstance(book, RememberingBook):
            book.replaced = False
            book["bids"].changes, book["asks"].changes = {}, {}
        else:
            self._bids, self._asks = dict(bids), dict(asks)

    def _changes(self, book: Any) -> tuple[Levels, Levels]:
        if isinstance(book, RememberingBook):
            return _taken(book["bids"]), _taken(book["asks"])
        bids, asks = _whole(book["bids"]), _whole(book["asks"])
        changed = _difference(self._bids, bids), _difference(self._asks, asks)
        self._bids, self._asks = dict(bids), dict(asks)
        return changed


def _taken(side: Any) -> Levels:
    changes = side.changes
    if not changes:
        return []
    side.changes = {}
    levels = list(changes.items())
    for price, qty in levels:
        if not (0 < price < _INF and 0 <= qty < _INF):
            raise BadBook(f"a level of {qty} at {price}")
    return levels


def _whole(side: Any) -> Levels:
    levels = [(level[0], level[1]) for level in side]
    for price, qty in levels:
        if not (0 < price < _INF and 0 < qty < _INF):
            raise BadBook(f"a level of {qty} at {price}")
    return levels


def _difference(known: dict[float, float], levels: Levels) -> Levels:
    current = dict(levels)
    gone = [(price, 0.0) for price in known if price not in current]
    return gone + [(price, qty) for price, qty in levels if known.get(price) != qty]


def exchange_ns(milliseconds: object, ts_received: int) -> int:
    """A venue's time in nanoseconds; 0 for none, or one before 2000 or a day ahead of the receipt."""
    if not isinstance(milliseconds, int | float):
        return 0
    believable = _YEAR_2000_MS < milliseconds < ts_received / 1_000_000 + _DAY_MS
    return int(milliseconds) * 1_000_000 if believable else 0
