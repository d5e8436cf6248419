"""Kraken Futures: books whose messages are counted by one a product, trades, tickers with mark and funding.

Source: Kraken Futures' websocket documentation and captured frames. One message changes one level.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import (
    BestQuote,
    BookDelta,
    BookSnapshot,
    FundingRate,
    Liquidation,
    MarkPrice,
    OpenInterest,
    Side,
    Ticker,
    Trade,
)
from tradetui.feeds.native.base import Address, OneAddress
from tradetui.feeds.native.codes import code_of
from tradetui.feeds.native.connection import Line
from tradetui.feeds.native.figures import Figures, Signed
from tradetui.feeds.native.sequence import Numbered, PrintCount
from tradetui.feeds.native.venue import (
    AsideError,
    Closed,
    FrameError,
    Item,
    PrintsHeard,
    PrintsMissing,
    Refused,
    Said,
)
from tradetui.feeds.native.wire import MS, Millis, Price, Quantity, TradedQuantity

_URL: Final = "wss://futures.kraken.com/ws/v1"
_ON_THE_BOOK: Final = ("fill", "liquidation")
"""Prints that met the book; blocks, assignments and terminations are agreed or assigned beside it."""
_FEEDS: Final = ("book", "trade", "ticker")
_HARMLESS: Final = ("already subscribed", "not subscribed")
"""Said of what is asked for, or given up, a second time: it names no product, and nothing is wrong."""


class _Level(msgspec.Struct, gc=False):
    price: Price
    qty: Quantity


class _Frame(msgspec.Struct):
    feed: str = ""
    event: str = ""
    message: str = ""
    product_id: str = ""
    product_ids: list[str] = []


class _Snapshot(msgspec.Struct):
    product_id: str
    seq: int
    bids: list[_Level]
    asks: list[_Level]
    timestamp: int = 0


class _Change(msgspec.Struct, gc=False):
    product_id: str
    side: Side
    seq: int
    price: Price
    qty: Quantity
    timestamp: int = 0


class _Trade(msgspec.Struct, gc=False):
    product_id: str
    uid: str
    side: Side
    time: Millis
    qty: TradedQuantity
    price: Price
    type: str = "fill"
    seq: int = 0


class _Ticker(msgspec.Struct, gc=False):
    product_id: str
    time: Millis
    bid: Price | None = None
    ask: Price | None = None
    bid_size: Quantity = 0.0
    ask_size: Quantity = 0.0
    markPrice: Price | None = None  # noqa: N815  (the venue's names)
    index: Price | None = None
    openInterest: Quantity | None = None  # noqa: N815
    suspended: bool = False
    post_only: bool = False
    """Whether nothing meets: then no order can be filled."""


class _Figures(msgspec.Struct, gc=False):
    last: Price
    change: Signed = 0.0
    volume: Quantity = 0.0
    volumeQuote: Quantity | None = None  # noqa: N815
    relative_funding_rate: Signed | None = None
    """As a fraction of the notional; `funding_rate` is what a contract pays."""
    next_funding_rate_time: Millis = 0


_ASIDE: Final = ("ticker",)
"""What is of no book and no print."""
_frame: Final = msgspec.json.Decoder(_Frame).decode
_snapshot: Final = msgspec.json.Decoder(_Snapshot).decode
_change: Final = msgspec.json.Decoder(_Change).decode
_trade: Final = msgspec.json.Decoder(_Trade).decode
_figures: Final = msgspec.json.Decoder(_Figures, strict=False).decode
_ticker: Final = msgspec.json.Decoder(_Ticker).decode


class KrakenFuturesVenue(OneAddress):
    """Perpetuals, linear (PF) and inverse (PI)."""

    counts_prints = True

    def __init__(self, *, address: Address = str) -> None:
        """`address` rewrites an address, for a loopback endpoint."""
        super().__init__(_URL, address=address)
        self._closed: dict[str, str] = {}
        """Why nothing is traded, as its ticker told it last."""
        self._prints = PrintCount()
        self._figures = Figures()

    def name(self, instrument: Instrument) -> str:
        """PF_XBTUSD, or PI_XBTUSD for an inverse contract."""
        kind = "PI" if instrument.settle == instrument.base else "PF"
        return f"{kind}_{code_of('krakenfutures', instrument.base)}{instrument.quote}"

    def subscribe(self, line: Line) -> Iterable[str]:
        """Each connection begins somewhere in the count."""
        return self.join(line)

    def join(self, line: Line) -> Iterable[str]:
        """So does each subscription."""
        for symbol in line.symbols:
            self._prints.forget(symbol)
            self._closed.pop(symbol, None)
        return super().join(line)

    def asks(self, verb: str, names: Sequence[str], *, book_only: bool = False) -> Iterable[str]:
        """A frame a feed."""
        for feed in _FEEDS[:1] if book_only else _FEEDS:
            yield json.dumps({"event": verb, "feed": feed, "product_ids": list(names)})

    def decode(self, frame: bytes, ts_received: int) -> Sequence[Item]:
        """A frame as items; raises FrameError."""
        wrong = FrameError
        try:
            outer = _frame(frame)
            wrong = AsideError if outer.feed in _ASIDE else FrameError
            if outer.event:
                return self._words(outer)
            return self._read(outer.feed, frame, ts_received)
        except (msgspec.MsgspecError, KeyError, ValueError) as error:
            shown = frame[:80].decode("utf-8", "replace")
            raise wrong(f"expected a frame of Kraken Futures: {error}: {shown}") from None

    def _read(self, feed: str, frame: bytes, ts_received: int) -> Sequence[Item]:
        match feed:
            case "book":
                change = _change(frame)
                return (self._changed(change, ts_received),)
            case "book_snapshot":
                return (self._whole(_snapshot(frame), ts_received),)
            case "trade":
                return self._printed(_trade(frame), ts_received)
            case "ticker":
                ticker = _ticker(frame)
                symbol, found = self.symbol(ticker.product_id), self._quoted(ticker, ts_received)
                is_due = self._figures.are_due(symbol, ts_received)
                return [*found, *_figured(frame, ticker, symbol, ts_received)] if is_due else found
            case _:
                return ()

    def _printed(self, t: _Trade, ts_received: int) -> Sequence[Item]:
        symbol = self.symbol(t.product_id)
        ts = t.time * MS
        found: list[Item] = []
        if t.type in _ON_THE_BOOK:
            found.append(Trade(symbol, ts, ts_received, t.price, t.qty, t.side, t.uid))
        if t.type == "liquidation":
            found.append(Liquidation(symbol, ts, ts_received, t.price, t.qty, t.side))
        is_hole = bool(t.seq) and self._prints.misses(symbol, t.seq)
        return [PrintsMissing(symbol), *found] if is_hole else found

    def _whole(self, book: _Snapshot, ts_received: int) -> Numbered:
        symbol = self.symbol(book.product_id)
        bids = [(level.price, level.qty) for level in book.bids if level.qty]
        asks = [(level.price, level.qty) for level in book.asks if level.qty]
        whole = BookSnapshot(symbol, book.timestamp * MS, ts_received, bids, asks, book.seq)
        return Numbered(symbol, whole, book.seq)

    def _changed(self, change: _Change, ts_received: int) -> Numbered:
        symbol, level = self.symbol(change.product_id), [(change.price, change.qty)]
        bids, asks = (level, []) if change.side is Side.BUY else ([], level)
        delta = BookDelta(symbol, change.timestamp * MS, ts_received, bids, asks, change.seq)
        return Numbered(symbol, delta, change.seq)

    def _quoted(self, ticker: _Ticker, ts_received: int) -> Sequence[Item]:
        symbol, ts = self.symbol(ticker.product_id), ticker.time * MS
        found: list[Item] = []
        if ticker.bid is not None and ticker.ask is not None:
            found.append(
                BestQuote(symbol, ts, ts_received, ticker.bid, ticker.bid_size, ticker.ask, ticker.ask_size)
            )
        if ticker.markPrice is not None:
            found.append(MarkPrice(symbol, ts, ts_received, ticker.markPrice, ticker.index))
        if ticker.openInterest is not None:
            found.append(OpenInterest(symbol, ts, ts_received, ticker.openInterest))
        if (closed := _closed(ticker)) != self._closed.get(symbol):
            self._closed[symbol] = closed
            found.append(Closed(closed, symbol))
        return found

    def _words(self, frame: _Frame) -> Sequence[Item]:
        if any(words in frame.message.lower() for words in _HARMLESS):
            return ()
        if frame.event in ("error", "alert"):
            named = next((symbol for name, symbol in self._symbols.items() if name in frame.message), "")
            refused = "product" in frame.message.lower() or frame.event == "error"
            return (Refused(frame.message, named),) if refused else (Said(frame.message),)
        if frame.event == "subscribed_failed":
            words = frame.message or f"the subscription of {frame.feed} failed"
            return [Refused(words, self._symbols.get(name, name)) for name in frame.product_ids]
        is_heard = frame.event == "subscribed" and frame.feed == "trade"
        names = frame.product_ids if is_heard else []
        return [PrintsHeard(self._symbols[name]) for name in names if name in self._symbols]


def _figured(frame: bytes, ticker: _Ticker, symbol: str, ts_received: int) -> Iterable[Item]:
    """The figures of 24 hours, and the funding of a perpetual."""
    try:
        f = _figures(frame)
    except msgspec.MsgspecError:
        return  # the quote stands without them
    in_quote = f.volume if ticker.product_id.startswith("PI") else f.volume * f.last
    volume = f.volumeQuote if f.volumeQuote is not None else in_quote
    yield Ticker(symbol, ts_received, f.last, f.change, volume)
    if f.relative_funding_rate is not None:
        next_ts = f.next_funding_rate_time * MS
        yield FundingRate(symbol, ticker.time * MS, ts_received, f.relative_funding_rate, next_ts)


def _closed(ticker: _Ticker) -> str:
    """Why nothing is traded; the list of products has a word of its own for what may be traded at all."""
    if ticker.suspended:
        return "trading suspended by the exchange"
    return "the exchange says: post only" if ticker.post_only else ""
