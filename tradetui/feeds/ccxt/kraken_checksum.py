"""Kraken's book checksum (websocket v2), recomputed from the raw text of every frame.

CRC32 over the ten best asks, then the ten best bids: each price and quantity written at the pair's
precision without its point and leading zeros. ccxt parses numbers to floats and its own check does
not run, so the digits are read here from the frame before ccxt sees it.
"""

from __future__ import annotations

from typing import Final
from zlib import crc32

import msgspec

from tradetui.feeds.ccxt.closures import closing_words

_CHECKED_LEVELS: Final = 10


class _Level(msgspec.Struct, frozen=True):
    price: msgspec.Raw
    qty: msgspec.Raw


class _Book(msgspec.Struct, frozen=True):
    symbol: str
    checksum: int
    bids: list[_Level] = []
    asks: list[_Level] = []


class _Frame(msgspec.Struct, frozen=True):
    channel: str = ""
    type: str = ""
    data: msgspec.Raw = msgspec.Raw(b"[]")


_frame: Final = msgspec.json.Decoder(_Frame)
_books: Final = msgspec.json.Decoder(list[_Book])


def digits(number: bytes, scale: int) -> int:
    """A decimal number's digits at a scale as one integer: 0.0310 at scale 8 is 3100000."""
    whole, _, fraction = number.partition(b".")
    return int(whole + fraction[:scale].ljust(scale, b"0"))


class _Status(msgspec.Struct, frozen=True):
    system: str = "online"


_statuses: Final = msgspec.json.Decoder(list[_Status])


def closed_by(raw: bytes) -> str | None:
    """Why nothing is traded, as a frame says of the whole system; empty where that is over, else None."""
    frame = _frame.decode(raw)
    if frame.channel != "status":
        return None
    words = [closing_words(status.system) for status in _statuses.decode(frame.data)]
    return words[-1] if words else None


class KrakenBooks:
    """The top of each pair's book in exact digits, and whether each frame leaves it as Kraken has it."""

    def __init__(self, scales: dict[str, tuple[int, int]], *, depth: int = _CHECKED_LEVELS) -> None:
        self._scales = scales
        self._depth = depth
        self._bids: dict[str, dict[int, int]] = {}
        self._asks: dict[str, dict[int, int]] = {}

    def forget(self, symbol: str) -> None:
        """Wait for the pair's next snapshot."""
        self._bids.pop(symbol, None)
        self._asks.pop(symbol, None)

    def wrong_symbols(self, raw: bytes) -> list[str]:
        """Apply a frame; the symbols whose checksum it breaks. Raises msgspec errors for no Kraken frame."""
        frame = _frame.decode(raw)
        if frame.channel != "book":
            return []
        books = _books.decode(frame.data)
        return [book.symbol for book in books if not self._agrees(book, frame.type == "snapshot")]

    def _agrees(self, book: _Book, is_snapshot: bool) -> bool:
        scales = self._scales.get(book.symbol)
        if scales is None:
            return True
        if is_snapshot:
            self._bids[book.symbol], self._asks[book.symbol] = {}, {}
        elif book.symbol not in self._bids:
            return False
        bids = self._applied(self._bids, book.symbol, book.bids, best_is_high=True)
        asks = self._applied(self._asks, book.symbol, book.asks, best_is_high=False)
        text = "".join(f"{price}{qty}" for price, qty in asks[:_CHECKED_LEVELS] + bids[:_CHECKED_LEVELS])
        return crc32(text.encode()) == book.checksum

    def _applied(
        self, sides: dict[str, dict[int, int]], symbol: str, levels: list[_Level], *, best_is_high: bool
    ) -> list[tuple[int, int]]:
        side = sides[symbol]
        price_scale, qty_scale = self._scales[symbol]
        for level in levels:
            price, qty = digits(bytes(level.price), price_scale), digits(bytes(level.qty), qty_scale)
            if qty:
                side[price] = qty
            else:
                side.pop(price, None)
        best = sorted(side.items(), reverse=best_is_high)
        if len(best) > self._depth:
            best = best[: self._depth]
            sides[symbol] = dict(best)
        return best
