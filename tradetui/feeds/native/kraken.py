"""Kraken's websocket v2: books whose every frame carries a CRC32, trades, best bid and ask.

Source: Kraken's websocket v2 documentation and captured frames. The checksum runs over the ten best
asks, then the ten best bids: price and quantity at the pair's precision without point and leading zeros.
Levels that fall out of the subscribed depth are to be forgotten, so they are delivered as removed.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from tradetui.domain.instrument import Instrument, InstrumentStatus
from tradetui.domain.market_data import BestQuote, BookDelta, BookSnapshot, Side, Ticker, Trade
from tradetui.feeds.ccxt.closures import closing_words, system_words
from tradetui.feeds.native.codes import code_of
from tradetui.feeds.native.connection import Line
from tradetui.feeds.native.figures import Figures, Signed, readable
from tradetui.feeds.native.kraken_book import INEXACT, KrakenBook, Part
from tradetui.feeds.native.sequence import PrintCount
from tradetui.feeds.native.venue import (
    AsideError,
    BookPart,
    Closed,
    FrameError,
    Item,
    LiveBook,
    PrintsHeard,
    PrintsMissing,
    Refused,
    Restated,
    ResyncBy,
    Said,
)
from tradetui.feeds.native.wire import Price, Quantity, TradedQuantity, moment_ns

_URL: Final = "wss://ws.kraken.com/v2"
DEPTH: Final = 100
_PING: Final = '{"method":"ping"}'
_MOST_SYMBOLS: Final = 100
_INSTRUMENTS_ID: Final = 1_000_001
"""Of the request that may be refused without harm; the others are counted from one."""


class _Level(msgspec.Struct, gc=False):
    price: Price
    qty: Quantity


class _ExactLevel(msgspec.Struct, gc=False):
    price: float
    qty: Decimal


class _ExactBook(msgspec.Struct):
    bids: list[_ExactLevel] = []
    asks: list[_ExactLevel] = []


class _Book(msgspec.Struct):
    symbol: str
    checksum: int
    bids: list[_Level] = []
    asks: list[_Level] = []
    timestamp: datetime | None = None


class _Trade(msgspec.Struct, gc=False):
    symbol: str
    side: Side
    price: Price
    qty: TradedQuantity
    trade_id: int
    timestamp: datetime


class _Ticker(msgspec.Struct, gc=False):
    symbol: str
    bid: Price
    bid_qty: Quantity
    ask: Price
    ask_qty: Quantity
    timestamp: datetime | None = None


class _Figures(msgspec.Struct, gc=False):
    symbol: str
    last: Price
    volume: Quantity = 0.0
    """In the base currency."""
    vwap: Quantity = 0.0
    change_pct: Signed = 0.0


class _Result(msgspec.Struct, frozen=True):
    """What a subscription was for."""

    channel: str = ""
    symbol: str | list[str] = ""


class _Frame(msgspec.Struct):
    channel: str = ""
    type: str = ""
    data: msgspec.Raw = msgspec.Raw(b"[]")
    method: str = ""
    success: bool = True
    error: str = ""
    symbol: str = ""
    req_id: int | None = None
    result: _Result | None = None


class _Pair(msgspec.Struct, gc=False):
    symbol: str
    status: str = "online"


class _Instruments(msgspec.Struct):
    pairs: list[_Pair] = []


_STATUSES: Final = {
    "online": InstrumentStatus.TRADING,
    "reduce_only": InstrumentStatus.CLOSE_ONLY,
    "delisted": InstrumentStatus.DELISTED,
}
"""Any other one (cancel_only, post_only, limit_only, maintenance …) is a halt."""


class _Status(msgspec.Struct):
    system: str = "online"


_ASIDE: Final = ("ticker", "instrument", "status")
"""What is of no book and no print."""
_frame: Final = msgspec.json.Decoder(_Frame).decode
_books: Final = msgspec.json.Decoder(list[_Book]).decode
_exact_books: Final = msgspec.json.Decoder(list[_ExactBook]).decode
_trades: Final = msgspec.json.Decoder(list[_Trade]).decode
_figures: Final = msgspec.json.Decoder(list[_Figures]).decode
_tickers: Final = msgspec.json.Decoder(list[_Ticker]).decode
_instruments: Final = msgspec.json.Decoder(_Instruments).decode
_statuses: Final = msgspec.json.Decoder(list[_Status]).decode


class KrakenVenue:
    """The spot market."""

    resync: ResyncBy = ResyncBy.RESUBSCRIBE
    counts_prints = True
    most_joined = _MOST_SYMBOLS

    def __init__(self, *, address: Any = str, depth: int = DEPTH) -> None:
        """`address` rewrites an address, for a loopback endpoint."""
        self._url = address(_URL)
        self._depth = depth
        self._instruments: dict[str, Instrument] = {}
        self._symbols: dict[str, str] = {}
        """By the venue's name."""
        self._ids = itertools.count(1)
        self._prints = PrintCount()
        self._figures = Figures()

    @property
    def hosts(self) -> frozenset[str]:
        """Where its streams are."""
        return frozenset({urlsplit(self._url).netloc})

    def read_by(self, symbols: dict[str, str]) -> None:
        """Read frames by names that somebody else learns as they come."""
        self._symbols = symbols

    def lines(self, instruments: Sequence[Instrument]) -> Sequence[Line]:
        """A hundred symbols on each connection."""
        self._instruments = {each.symbol: each for each in instruments}
        self._symbols = {_name(each): each.symbol for each in instruments}
        symbols = [each.symbol for each in instruments]
        return [
            Line(url=self._url, symbols=tuple(symbols[start : start + _MOST_SYMBOLS]), ping=_PING)
            for start in range(0, len(symbols), _MOST_SYMBOLS)
        ]

    def subscribe(self, line: Line) -> Iterable[str]:
        """One frame a channel."""
        yield from self.join(line)
        params = {"channel": "instrument", "snapshot": False}
        yield json.dumps({"method": "subscribe", "params": params, "req_id": _INSTRUMENTS_ID})

    def add(self, instrument: Instrument) -> Sequence[Line]:
        """Know one more symbol; the connection that it would have by itself."""
        self._instruments[instrument.symbol] = instrument
        self._symbols[_name(instrument)] = instrument.symbol
        return [Line(url=self._url, symbols=(instrument.symbol,), ping=_PING)]

    def join(self, line: Line) -> Iterable[str]:
        """One frame a channel; what is listed is told to the connection already."""
        for symbol in line.symbols:
            self._prints.forget(symbol)
        return self._asking_all("subscribe", line.symbols)

    def leave(self, line: Line) -> Iterable[str]:
        """One frame a channel."""
        return self._asking_all("unsubscribe", line.symbols)

    def _asking_all(self, method: str, symbols: Sequence[str]) -> Iterable[str]:
        yield self._asking(method, "book", symbols, depth=self._depth)
        yield self._asking(method, "trade", symbols, snapshot=False)
        yield self._asking(method, "ticker", symbols, event_trigger="bbo")

    def resubscribe(self, symbol: str) -> Iterable[str]:
        """The book again."""
        yield self._asking("unsubscribe", "book", (symbol,), depth=self._depth)
        yield self._asking("subscribe", "book", (symbol,), depth=self._depth)

    def revive(self, symbol: str) -> Iterable[str]:
        """Book, prints and quotes again."""
        yield from self.resubscribe(symbol)
        for method in ("unsubscribe", "subscribe"):
            yield self._asking(method, "trade", (symbol,), snapshot=False)
            yield self._asking(method, "ticker", (symbol,), event_trigger="bbo")

    def _asking(self, method: str, channel: str, symbols: Sequence[str], **more: Any) -> str:
        names = [_name(self._instruments[symbol]) for symbol in symbols]
        params = {"channel": channel, "symbol": names, **more}
        return json.dumps({"method": method, "params": params, "req_id": next(self._ids)})

    def decode(self, frame: bytes, ts_received: int) -> Sequence[Item]:
        """A frame as items; raises FrameError."""
        wrong = FrameError
        try:
            outer = _frame(frame)
            wrong = AsideError if outer.channel in _ASIDE else FrameError
            if outer.channel == "book":
                return self._read_books(outer, ts_received)
            if outer.channel == "trade":
                return list(self._printed(_trades(outer.data), ts_received))
            if outer.channel == "ticker":
                return self._quoted(outer.data, ts_received)
            if outer.channel == "instrument":
                return self._restated(_instruments(outer.data))
            return self._words(outer)
        except (msgspec.MsgspecError, KeyError, ValueError) as error:
            shown = frame[:80].decode("utf-8", "replace")
            raise wrong(f"expected a frame of Kraken: {error}: {shown}") from None

    def _quoted(self, raw: msgspec.Raw, ts_received: int) -> Sequence[Item]:
        """Best bid and ask, and now and then the figures of 24 hours."""
        found: list[BestQuote] = [_quote(t, self._symbols[t.symbol], ts_received) for t in _tickers(raw)]
        if not found or not self._figures.are_due(found[0].symbol, ts_received):
            return found
        return [*found, *(self._ticker(each, ts_received) for each in readable(_figures, raw))]

    def _ticker(self, f: _Figures, ts_received: int) -> Ticker:
        volume = f.volume * (f.vwap or f.last)
        return Ticker(self._symbols[f.symbol], ts_received, f.last, f.change_pct, volume)

    def _read_books(self, outer: _Frame, ts_received: int) -> Sequence[Item]:
        kind, books = BookSnapshot if outer.type == "snapshot" else BookDelta, _books(outer.data)
        if any(level.qty > INEXACT for book in books for side in (book.bids, book.asks) for level in side):
            exact = [_sizes(book) for book in _exact_books(outer.data)]
        else:
            exact = [{}] * len(books)
        return [
            _part(book, kind, self._symbols[book.symbol], ts_received, sizes)
            for book, sizes in zip(books, exact, strict=True)
        ]

    def _restated(self, listed: _Instruments) -> Sequence[Item]:
        return [
            Restated(self._symbols[pair.symbol], _STATUSES.get(pair.status, InstrumentStatus.HALTED))
            for pair in listed.pairs
            if pair.symbol in self._symbols
        ]

    def _words(self, frame: _Frame) -> Sequence[Item]:
        if frame.channel == "status":
            return [word for state in _statuses(frame.data) for word in _of_all(state.system)]
        if not frame.success and frame.req_id == _INSTRUMENTS_ID:
            return [Said(f"the exchange says: {frame.error}")]
        if not frame.success and frame.method != "unsubscribe":
            return (Refused(frame.error or "no reason given", self._symbols.get(frame.symbol, frame.symbol)),)
        result = frame.result
        if result is None or result.channel != "trade" or frame.method != "subscribe":
            return ()
        names = [result.symbol] if isinstance(result.symbol, str) else result.symbol
        return [PrintsHeard(self._symbols[name]) for name in names if name in self._symbols]

    def _printed(self, trades: Sequence[_Trade], ts_received: int) -> Iterable[Item]:
        for trade in trades:
            symbol = self._symbols[trade.symbol]
            if self._prints.misses(symbol, trade.trade_id):
                yield PrintsMissing(symbol)
            yield _print(trade, symbol, ts_received)

    def book(self, symbol: str) -> LiveBook:
        """A fresh book rule."""
        return KrakenBook(self._instruments[symbol], self._depth)

    async def snapshot(self, exchange: Any, symbol: str) -> BookPart:
        """Not asked for: the subscription brings it."""
        raise NotImplementedError


def _name(instrument: Instrument) -> str:
    """BTC/USD, in the venue's own words."""
    return f"{code_of('kraken', instrument.base)}/{code_of('kraken', instrument.quote)}"


def _of_all(system: str) -> Sequence[Item]:
    """What a state of the whole system means; it is told to each new connection, too."""
    closed = closing_words(system)
    return Said("" if closed else system_words(system)), Closed(closed)


def _sizes(book: _ExactBook) -> dict[float, Decimal]:
    return {
        level.price: level.qty for side in (book.bids, book.asks) for level in side if level.qty > INEXACT
    }


def _part(
    book: _Book,
    kind: type[BookSnapshot | BookDelta],
    symbol: str,
    ts_received: int,
    sizes: dict[float, Decimal],
) -> Part:
    bids = [(level.price, level.qty) for level in book.bids]
    asks = [(level.price, level.qty) for level in book.asks]
    ts = moment_ns(book.timestamp) if book.timestamp is not None else 0
    return Part(symbol, kind(symbol, ts, ts_received, bids, asks), book.checksum, sizes)


def _print(trade: _Trade, symbol: str, ts_received: int) -> Trade:
    ts = moment_ns(trade.timestamp)
    return Trade(symbol, ts, ts_received, trade.price, trade.qty, trade.side, trade.trade_id)


def _quote(ticker: _Ticker, symbol: str, ts_received: int) -> BestQuote:
    ts = moment_ns(ticker.timestamp) if ticker.timestamp is not None else 0
    return BestQuote(symbol, ts, ts_received, ticker.bid, ticker.bid_qty, ticker.ask, ticker.ask_qty)
