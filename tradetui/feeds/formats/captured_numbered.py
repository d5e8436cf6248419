"""Gate.io and KuCoin as cryptofeed captured them: numbered changes, and books by REST, as Binance has them.

Source: the venues' websocket documentation and captured frames. Each change names its first and its last
number; the book that was asked for drops those it contains. KuCoin's changes of price zero change nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import msgspec

from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import BestQuote, BookDelta, BookSnapshot, Side, Trade
from tradetui.feeds.binance import DepthUpdate
from tradetui.feeds.formats.captured import Names, Rule
from tradetui.feeds.formats.listing import named
from tradetui.feeds.native.binance import Depth, DepthBook
from tradetui.feeds.native.venue import BookSequence, Item
from tradetui.feeds.native.wire import MS, Levels, Millis, Price, Quantity, TradedQuantity

_levels: Final = msgspec.json.Decoder(Levels, strict=False).decode


class _Numbered:
    """What both venues have in common."""

    book_path: str
    """What the address of a book ends with."""

    def __init__(self) -> None:
        self.names = Names(named)

    def is_book(self, url: str) -> bool:
        """Whether an address answers with a book."""
        return urlsplit(url).path.endswith(self.book_path)

    def book(self, instrument: Instrument) -> BookSequence:
        """Buffer, snapshot, drop, apply."""
        del instrument
        return DepthBook(futures=False)


def _changed(
    symbol: str, span: tuple[int, int], ts: tuple[int, int], bids: Levels, asks: Levels
) -> Sequence[Item]:
    first, last = span
    if last < first:
        raise ValueError(f"expected a first number up to the last, was {first} > {last}")
    return (Depth(symbol, DepthUpdate(first, None, BookDelta(symbol, *ts, bids, asks, last))),)


class _GateFrame(msgspec.Struct):
    channel: str = ""
    event: str = ""
    result: msgspec.Raw = msgspec.Raw(b"{}")


class _GateDepth(msgspec.Struct):
    t: Millis
    s: str
    U: int
    u: int
    b: Levels
    a: Levels


class _GateTrade(msgspec.Struct):
    id: int
    create_time: int
    side: Side
    currency_pair: str
    amount: TradedQuantity
    price: Price
    create_time_ms: float = 0.0


class _GateBook(msgspec.Struct):
    id: int
    bids: Levels
    asks: Levels


class _GatePair(msgspec.Struct):
    id: str
    precision: int
    amount_precision: int


_gate_frame: Final = msgspec.json.Decoder(_GateFrame).decode
_gate_depth: Final = msgspec.json.Decoder(_GateDepth, strict=False).decode
_gate_trade: Final = msgspec.json.Decoder(_GateTrade, strict=False).decode
_gate_book: Final = msgspec.json.Decoder(_GateBook, strict=False).decode
_gate_pairs: Final = msgspec.json.Decoder(list[_GatePair]).decode


class CapturedGate(_Numbered):
    """Gate.io, spot."""

    venue = "gate.io"
    book_path = "/order_book"

    def decode(self, frame: bytes, ts_received: int) -> Sequence[Item]:
        """A frame as items; raises ValueError or KeyError."""
        outer = _gate_frame(frame)
        if outer.event != "update":
            return ()
        if outer.channel == "spot.order_book_update":
            d = _gate_depth(outer.result)
            return _changed(self.names[d.s], (d.U, d.u), (d.t * MS, ts_received), d.b, d.a)
        if outer.channel == "spot.trades":
            t = _gate_trade(outer.result)
            ts = round(t.create_time_ms * MS) or t.create_time * 1000 * MS
            symbol = self.names[t.currency_pair]
            return (Trade(symbol, ts, ts_received, t.price, t.amount, t.side, t.id),)
        return ()

    def answer(self, url: str, body: bytes, ts_received: int) -> Sequence[Item]:
        """A whole book, of the pair in the address."""
        symbol = self.names[parse_qs(urlsplit(url).query)["currency_pair"][0]]
        book = _gate_book(body)
        return (Depth(symbol, BookSnapshot(symbol, 0, ts_received, book.bids, book.asks, book.id)),)

    def rules(self, url: str, body: bytes) -> dict[str, Rule]:
        """What the listing of pairs says."""
        if not urlsplit(url).path.endswith("/currency_pairs"):
            return {}
        one = Decimal(1)
        return {
            pair.id: Rule(one.scaleb(-pair.precision), one.scaleb(-pair.amount_precision))
            for pair in _gate_pairs(body)
        }


class _KucoinFrame(msgspec.Struct):
    subject: str = ""
    topic: str = ""
    data: msgspec.Raw = msgspec.Raw(b"{}")


class _KucoinChanges(msgspec.Struct):
    bids: list[tuple[msgspec.Raw, msgspec.Raw, Any]]
    asks: list[tuple[msgspec.Raw, msgspec.Raw, Any]]


class _KucoinDepth(msgspec.Struct):
    symbol: str
    sequenceStart: int  # noqa: N815  (the venue's names)
    sequenceEnd: int  # noqa: N815
    changes: _KucoinChanges


class _KucoinMatch(msgspec.Struct):
    symbol: str
    side: Side
    price: Price
    size: TradedQuantity
    tradeId: str  # noqa: N815
    time: int


class _KucoinTicker(msgspec.Struct):
    bestBid: Price  # noqa: N815
    bestBidSize: Quantity  # noqa: N815
    bestAsk: Price  # noqa: N815
    bestAskSize: Quantity  # noqa: N815
    time: Millis


class _KucoinBook(msgspec.Struct):
    sequence: int
    bids: Levels
    asks: Levels
    time: int = 0


class _KucoinAnswer(msgspec.Struct):
    data: msgspec.Raw


class _KucoinSymbol(msgspec.Struct):
    symbol: str
    priceIncrement: Decimal  # noqa: N815
    baseIncrement: Decimal  # noqa: N815


_kucoin_frame: Final = msgspec.json.Decoder(_KucoinFrame).decode
_kucoin_depth: Final = msgspec.json.Decoder(_KucoinDepth, strict=False).decode
_kucoin_match: Final = msgspec.json.Decoder(_KucoinMatch, strict=False).decode
_kucoin_ticker: Final = msgspec.json.Decoder(_KucoinTicker, strict=False).decode
_kucoin_answer: Final = msgspec.json.Decoder(_KucoinAnswer).decode
_kucoin_book: Final = msgspec.json.Decoder(_KucoinBook, strict=False).decode
_kucoin_symbols: Final = msgspec.json.Decoder(list[_KucoinSymbol]).decode


class CapturedKucoin(_Numbered):
    """KuCoin, spot."""

    venue = "kucoin"
    book_path = "/orderbook/level2"

    def decode(self, frame: bytes, ts_received: int) -> Sequence[Item]:
        """A frame as items; raises ValueError or KeyError."""
        outer = _kucoin_frame(frame)
        match outer.subject:
            case "trade.l2update":
                d = _kucoin_depth(outer.data)
                bids, asks = _real(d.changes.bids), _real(d.changes.asks)
                span = d.sequenceStart, d.sequenceEnd
                return _changed(self.names[d.symbol], span, (0, ts_received), bids, asks)
            case "trade.l3match":
                t = _kucoin_match(outer.data)
                symbol = self.names[t.symbol]
                return (Trade(symbol, t.time, ts_received, t.price, t.size, t.side, t.tradeId),)
            case "trade.ticker":
                q, symbol = _kucoin_ticker(outer.data), self.names[outer.topic.rpartition(":")[2]]
                sides = (q.bestBid, q.bestBidSize, q.bestAsk, q.bestAskSize)
                return (BestQuote(symbol, q.time * MS, ts_received, *sides),)
            case _:
                return ()

    def answer(self, url: str, body: bytes, ts_received: int) -> Sequence[Item]:
        """A whole book, of the symbol in the address."""
        symbol = self.names[parse_qs(urlsplit(url).query)["symbol"][0]]
        book = _kucoin_book(_kucoin_answer(body).data)
        whole = BookSnapshot(symbol, book.time * MS, ts_received, book.bids, book.asks, book.sequence)
        return (Depth(symbol, whole),)

    def rules(self, url: str, body: bytes) -> dict[str, Rule]:
        """What the listing of symbols says."""
        if not urlsplit(url).path.endswith("/symbols"):
            return {}
        listed = _kucoin_symbols(_kucoin_answer(body).data)
        return {each.symbol: Rule(each.priceIncrement, each.baseIncrement) for each in listed}


def _real(changes: Sequence[tuple[msgspec.Raw, msgspec.Raw, Any]]) -> Levels:
    """The levels that do change."""
    rows = [(bytes(price), bytes(size)) for price, size, _ in changes]
    kept = [b"[%b,%b]" % row for row in rows if row[0].strip(b'"') not in (b"0", b"0.0")]
    return _levels(b"[" + b",".join(kept) + b"]")
