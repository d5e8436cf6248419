"""Bybit before v5 as cryptofeed captured it: inverse contracts at `/realtime`, linear at `/realtime_public`.

Source: Bybit's documentation of its inverse and USDT perpetuals of 2021, and captured frames. Levels come
with their side, in three lists of what goes, changes and comes; their `cross_seq` is of the whole venue and
tells no losses. Numbers and times are written as text on one of the two addresses.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import partial
from typing import Final
from urllib.parse import urlsplit

import msgspec

from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import BookDelta, BookSnapshot, Side, Trade
from tradetui.feeds.formats.captured import ByStream, Names, Rule
from tradetui.feeds.formats.listing import named
from tradetui.feeds.formats.reader import Plain, PlainBook
from tradetui.feeds.native.venue import BookSequence, Item
from tradetui.feeds.native.wire import MS, Price, Quantity, TradedQuantity

_US: Final = 1_000
_SIDES: Final = {"Buy": Side.BUY, "Sell": Side.SELL}


class _Level(msgspec.Struct, gc=False):
    price: Price
    side: str
    size: Quantity = 0.0
    """What goes names none."""


class _Whole(msgspec.Struct):
    order_book: list[_Level]


class _Changes(msgspec.Struct):
    delete: list[_Level]
    update: list[_Level]
    insert: list[_Level]


class _Print(msgspec.Struct, gc=False):
    symbol: str
    side: str
    size: TradedQuantity
    price: Price
    trade_time_ms: int
    trade_id: str


class _Frame(msgspec.Struct):
    topic: str = ""
    type: str = ""
    data: msgspec.Raw = msgspec.Raw(b"[]")
    timestamp_e6: int = 0


class _Grain(msgspec.Struct):
    tick_size: Decimal = Decimal(0)
    qty_step: Decimal = Decimal(0)


class _Listed(msgspec.Struct):
    name: str
    price_filter: _Grain
    lot_size_filter: _Grain


class _Listing(msgspec.Struct):
    result: list[_Listed]


_frame: Final = msgspec.json.Decoder(_Frame, strict=False).decode
_levels: Final = msgspec.json.Decoder(list[_Level] | _Whole, strict=False).decode
_changes: Final = msgspec.json.Decoder(_Changes, strict=False).decode
_prints: Final = msgspec.json.Decoder(list[_Print], strict=False).decode
_listing: Final = msgspec.json.Decoder(_Listing, strict=False).decode


class CapturedBybitBefore(ByStream):
    """Perpetuals, inverse ones counted in contracts of a dollar."""

    venue = "bybit"

    def __init__(self) -> None:
        self.names = Names(partial(named, contracts=True))

    def decode(self, frame: bytes, ts_received: int) -> Sequence[Item]:
        """A frame as items; raises ValueError or KeyError."""
        outer = _frame(frame)
        channel, _, name = outer.topic.partition(".")
        if channel == "trade":
            return [self._printed(each, ts_received) for each in _prints(outer.data)]
        if not channel.startswith("orderBook"):
            return ()
        symbol, ts = self.names[name], outer.timestamp_e6 * _US
        kind, levels = _read(outer)
        bids, asks = _of(levels, Side.BUY), _of(levels, Side.SELL)
        return (Plain(symbol, kind(symbol, ts, ts_received, bids, asks)),)

    def _printed(self, each: _Print, ts_received: int) -> Trade:
        symbol, ts = self.names[each.symbol], each.trade_time_ms * MS
        return Trade(symbol, ts, ts_received, each.price, each.size, _SIDES[each.side], each.trade_id)

    def rules(self, url: str, body: bytes) -> dict[str, Rule]:
        """What the symbols' listing says."""
        if not urlsplit(url).path.endswith("/symbols"):
            return {}
        listed = _listing(body).result
        return {
            each.name: Rule(each.price_filter.tick_size, each.lot_size_filter.qty_step) for each in listed
        }

    def book(self, instrument: Instrument) -> BookSequence:
        """Nothing is numbered."""
        del instrument
        return PlainBook()


def _read(frame: _Frame) -> tuple[type[BookSnapshot | BookDelta], list[_Level]]:
    """Whether a frame is a whole book, and its levels; what goes has a size of zero."""
    if frame.type == "snapshot":
        whole = _levels(frame.data)
        return BookSnapshot, whole.order_book if isinstance(whole, _Whole) else whole
    changes = _changes(frame.data)
    return BookDelta, [*changes.delete, *changes.update, *changes.insert]


def _of(levels: Iterable[_Level], side: Side) -> list[tuple[float, float]]:
    return [(each.price, each.size) for each in levels if _SIDES[each.side] is side]
