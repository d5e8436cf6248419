"""Coinbase Exchange as cryptofeed captured it: the feed before Advanced Trade.

Source: Coinbase Exchange's websocket documentation and captured frames. `level2` numbers nothing; the
side of a match is the maker's; tickers name no sizes and are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final
from urllib.parse import urlsplit

import msgspec

from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import BookDelta, BookSnapshot, Side, Trade
from tradetui.feeds.formats.captured import ByStream, Names, Rule
from tradetui.feeds.formats.listing import named
from tradetui.feeds.formats.reader import Plain, PlainBook
from tradetui.feeds.native.venue import BookSequence, Item
from tradetui.feeds.native.wire import Levels, Price, Quantity, TradedQuantity, moment_ns


class _Kind(msgspec.Struct):
    type: str = ""


class _Snapshot(msgspec.Struct):
    product_id: str
    bids: Levels
    asks: Levels


class _Update(msgspec.Struct):
    product_id: str
    changes: list[tuple[Side, Price, Quantity]]
    time: datetime


class _Match(msgspec.Struct):
    product_id: str
    trade_id: int
    side: Side
    size: TradedQuantity
    price: Price
    time: datetime


class _Product(msgspec.Struct):
    id: str
    quote_increment: Decimal
    base_increment: Decimal


_kind: Final = msgspec.json.Decoder(_Kind).decode
_snapshot: Final = msgspec.json.Decoder(_Snapshot, strict=False).decode
_update: Final = msgspec.json.Decoder(_Update, strict=False).decode
_match: Final = msgspec.json.Decoder(_Match, strict=False).decode
_products: Final = msgspec.json.Decoder(list[_Product]).decode


class CapturedCoinbase(ByStream):
    """Spot."""

    venue = "coinbase"

    def __init__(self) -> None:
        self.names = Names(named)

    def decode(self, frame: bytes, ts_received: int) -> Sequence[Item]:
        """A frame as items; raises ValueError or KeyError."""
        match _kind(frame).type:
            case "snapshot":
                book = _snapshot(frame)
                symbol = self.names[book.product_id]
                bids, asks = ([level for level in side if level[1]] for side in (book.bids, book.asks))
                return (Plain(symbol, BookSnapshot(symbol, 0, ts_received, bids, asks)),)
            case "l2update":
                return (self._changed(_update(frame), ts_received),)
            case "match":
                m = _match(frame)
                symbol, ts = self.names[m.product_id], moment_ns(m.time)
                return (Trade(symbol, ts, ts_received, m.price, m.size, m.side.opposite, m.trade_id),)
            case _:
                return ()

    def _changed(self, update: _Update, ts_received: int) -> Plain:
        symbol = self.names[update.product_id]
        sides: dict[Side, list[tuple[float, float]]] = {Side.BUY: [], Side.SELL: []}
        for side, price, qty in update.changes:
            sides[side].append((price, qty))
        ts = moment_ns(update.time)
        return Plain(symbol, BookDelta(symbol, ts, ts_received, sides[Side.BUY], sides[Side.SELL]))

    def rules(self, url: str, body: bytes) -> dict[str, Rule]:
        """What the products' listing says."""
        if not urlsplit(url).path.endswith("/products"):
            return {}
        return {each.id: Rule(each.quote_increment, each.base_increment) for each in _products(body)}

    def book(self, instrument: Instrument) -> BookSequence:
        """Nothing is numbered."""
        del instrument
        return PlainBook()
