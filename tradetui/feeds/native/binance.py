"""Binance's streams, spot and USD-M: combined subscriptions, books by diff and REST snapshot.

Source: Binance's web-socket-streams documentation. A message of a bare `/ws` connection names its event
and its symbol, except bookTicker on spot, which names only the symbol. USD-M splits its streams: depth,
bookTicker and single trades under `/public`, mark price, liquidations and aggregated trades under `/market`.
A stream that is asked for at the other one is confirmed and never told.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Sequence
from time import time_ns
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from tradetui.domain.instrument import Instrument, InstrumentStatus
from tradetui.domain.market_data import BookDelta, BookSnapshot, FundingRate, MarkPrice, Trade
from tradetui.feeds.binance import NAMED, BinanceCodec, DepthUpdate
from tradetui.feeds.book_sync import BookSync
from tradetui.feeds.native.connection import Line
from tradetui.feeds.native.figures import Signed
from tradetui.feeds.native.sequence import PrintCount
from tradetui.feeds.native.venue import (
    AsideError,
    BookPart,
    FrameError,
    Item,
    LiveBook,
    PrintsHeard,
    PrintsMissing,
    Refused,
    Restated,
    ResyncBy,
    Said,
    Subscribed,
)

_SPOT: Final = "wss://stream.binance.com:9443/ws"
_PUBLIC: Final = "wss://fstream.binance.com/public/ws"
_MARKET: Final = "wss://fstream.binance.com/market/ws"
_MARKET_PATH: Final = "/market/"
_MOST_STREAMS: Final = 200
"""On one connection; the venue allows 1,024, and a lost one should not take all symbols along."""
_A_FRAME: Final = 100
"""Streams in one subscribing frame."""
_MS: Final = 1_000_000
_ASIDE: Final = (b'{"u":', b'{"e":"bookTicker"', b'{"e":"markPriceUpdate"', b'{"e":"forceOrder"')
"""How frames begin that are of no book and no print; a spot quote names no event."""


class Depth(BookPart, frozen=True):
    """A diff, or a whole book by REST."""

    update: DepthUpdate | BookSnapshot


class _Reply(msgspec.Struct):
    """An answer to a subscription, or an event that is no market data."""

    e: str = ""
    id: int | str | None = None
    error: dict[str, Any] | None = None
    code: int | None = None
    msg: str = ""
    s: str = ""
    cs: str = ""
    """What a contract's status became."""


_STATUSES: Final = {
    "TRADING": InstrumentStatus.TRADING,
    "PRE_SETTLE": InstrumentStatus.CLOSE_ONLY,
    "SETTLING": InstrumentStatus.SETTLING,
    "PRE_DELIVERING": InstrumentStatus.SETTLING,
    "DELIVERING": InstrumentStatus.SETTLING,
    "DELIVERED": InstrumentStatus.DELISTED,
    "CLOSE": InstrumentStatus.DELISTED,
}
"""Any other one is a halt."""


class _Unprinted(msgspec.Struct):
    """What a frame of a print says beside its price."""

    s: str
    t: int
    X: str = "MARKET"


class _Funding(msgspec.Struct, gc=False):
    """What a frame of a mark says beside it: the rate that is to come, and when."""

    r: Signed
    T: int = 0


_funding: Final = msgspec.json.Decoder(_Funding, strict=False).decode
_PRINT: Final = b'{"e":"trade"'
_reply: Final = msgspec.json.Decoder(_Reply).decode
_unprinted: Final = msgspec.json.Decoder(_Unprinted).decode


class DepthBook(BookSync):
    """Binance's rule behind the common words: buffer, snapshot, drop, apply."""

    def take(self, part: BookPart) -> Sequence[BookSnapshot | BookDelta]:
        """What may be delivered after a part of the book came."""
        assert type(part) is Depth  # noqa: S101 - a venue's book gets its own parts only
        update = part.update
        if type(update) is BookSnapshot:
            return self.snapshot(update)
        return (update.delta,) if self.update(update) else ()


class BinanceVenue:
    """The streams of the spot market, or of USD-M futures."""

    resync: ResyncBy = ResyncBy.REST
    counts_prints = True
    most_joined = _MOST_STREAMS // 3

    def __init__(self, *, futures: bool, address: Any = str) -> None:
        """`address` rewrites an address, for a loopback endpoint."""
        self.futures = futures
        self._address = address
        self._names: dict[str, str] = {}
        self._codec = BinanceCodec({})
        self._read_named = self._codec.by_opening
        self._ids = itertools.count(1)
        self._asked: dict[int | str, tuple[tuple[str, ...], bool]] = {}
        """By request: for whom, and whether of their books and prints."""
        self._singles: set[str] = set()
        self._prints = PrintCount()
        self._expected = self._prints.expected

    @property
    def hosts(self) -> frozenset[str]:
        """Where its streams are."""
        return frozenset(urlsplit(self._address(url)).netloc for url in self._urls)

    def lines(self, instruments: Sequence[Instrument]) -> Sequence[Line]:
        """Several symbols on each connection; USD-M has a second kind for marks."""
        self._names = {venue_name(each): each.symbol for each in instruments}
        self._singles = set() if self.futures else set(self._names.values())
        self._codec = BinanceCodec(self._names, single_trades=self._singles, any_time=True)
        self._read_named = self._codec.by_opening
        symbols, size = [each.symbol for each in instruments], _MOST_STREAMS // 3
        return [
            self._line(url, symbols[start : start + size])
            for url in self._urls
            for start in range(0, len(symbols), size)
        ]

    @property
    def _urls(self) -> Sequence[str]:
        return (_PUBLIC, _MARKET) if self.futures else (_SPOT,)

    def _line(self, url: str, symbols: Sequence[str]) -> Line:
        return Line(url=self._address(url), symbols=tuple(symbols), ping_s=60.0)

    def add(self, instrument: Instrument) -> Sequence[Line]:
        """Know one more symbol; the connections that it would have by itself."""
        name, symbol = venue_name(instrument), instrument.symbol
        self._names[name] = symbol
        self._codec.learn(name, symbol)
        if not self.futures:
            self._singles.add(symbol)
        return [self._line(url, [symbol]) for url in self._urls]

    def subscribe(self, line: Line) -> Iterable[str]:
        """Frames of at most a hundred streams."""
        more = ("!contractInfo",) if _MARKET_PATH in line.url else ()
        return self._asking("SUBSCRIBE", line, more)

    def join(self, line: Line) -> Iterable[str]:
        """The same; what contracts become is told to the connection already."""
        return self._asking("SUBSCRIBE", line)

    def leave(self, line: Line) -> Iterable[str]:
        """The same streams."""
        return self._asking("UNSUBSCRIBE", line)

    def _asking(self, method: str, line: Line, more: Sequence[str] = ()) -> Iterable[str]:
        venue_names = {symbol: name for name, symbol in self._names.items()}
        channels = self._channels(line.url)
        size, is_market = _A_FRAME // len(channels), _MARKET_PATH in line.url
        for start in range(0, len(line.symbols), size):
            symbols, number = line.symbols[start : start + size], next(self._ids)
            params = [
                f"{venue_names[symbol].lower()}@{channel}" for symbol in symbols for channel in channels
            ]
            params += more if not start else ()
            if method == "SUBSCRIBE":
                self._asked[number] = symbols, not is_market
            for symbol in symbols if not is_market else ():
                self._prints.forget(symbol)
            yield json.dumps({"method": method, "params": params, "id": number})

    def _channels(self, url: str) -> Sequence[str]:
        if not self.futures:
            return ("depth@100ms", "trade", "bookTicker")
        return (
            ("markPrice@1s", "forceOrder") if _MARKET_PATH in url else ("depth@100ms", "trade", "bookTicker")
        )

    def resubscribe(self, symbol: str) -> Iterable[str]:
        """Nothing: the snapshot comes by REST while the diffs go on."""
        del symbol
        return ()

    def revive(self, symbol: str) -> Iterable[str]:
        """Its streams again, which changes nothing where they go on."""
        name = next(name for name, known in self._names.items() if known == symbol).lower()
        number = next(self._ids)
        self._asked[number] = (symbol,), True
        params = [f"{name}@{channel}" for channel in self._channels(_PUBLIC)]
        yield json.dumps({"method": "SUBSCRIBE", "params": params, "id": number})

    def decode(self, frame: bytes, ts_received: int) -> Sequence[Item]:
        """A frame as items; raises FrameError."""
        read = self._read_named.get(frame[:NAMED])
        try:
            message = read(frame, ts_received) if read else self._codec.decode_other(frame, ts_received)
        except (msgspec.MsgspecError, KeyError, ValueError) as error:
            if frame.startswith(_PRINT) and self._is_no_print(frame):
                return ()
            wrong = AsideError if frame.startswith(_ASIDE) else FrameError
            raise wrong(str(self._codec.refusal(frame, error))) from None
        if type(message) is Trade:
            symbol, number = message.symbol, message.trade_id
            if number == self._expected.get(symbol):
                self._expected[symbol] += 1
                return (message,)
            return (PrintsMissing(symbol), message) if self._prints.misses(symbol, number) else (message,)
        if type(message) is DepthUpdate:
            return (Depth(message.delta.symbol, message),)
        if message is not None:
            return (message, *_funded(frame, message)) if type(message) is MarkPrice else (message,)
        return () if frame.startswith(_PRINT) and self._is_no_print(frame) else self._answer(frame)

    def _is_no_print(self, frame: bytes) -> bool:
        """Whether a frame is of the insurance fund or the like, which is counted as prints are."""
        try:
            aside = _unprinted(frame)
        except msgspec.MsgspecError:
            return False
        if aside.X == "MARKET" or aside.s not in self._names:
            return False
        self._prints.misses(self._names[aside.s], aside.t)
        return True

    def prints(self, frames: Sequence[bytes], ts_received: int) -> Sequence[Trade] | None:
        """One symbol's prints where the frames are nothing else and miss none; None for any others."""
        try:
            prints = self._codec.prints(frames, ts_received)
        except (msgspec.MsgspecError, KeyError, ValueError, RecursionError):
            return None  # decoded one by one, the bad one is told apart
        if not prints:
            return None
        symbol, first = prints[0].symbol, prints[0].trade_id
        begun = first if isinstance(first, int) else 0  # on a new connection they begin anywhere
        number = self._expected.get(symbol, begun)
        for each in prints:
            if each.trade_id != number:
                return None
            number += 1
        self._expected[symbol] = number
        return prints

    def _answer(self, frame: bytes) -> Sequence[Item]:
        try:
            reply = _reply(frame)
        except msgspec.MsgspecError as error:
            raise FrameError(f"expected an answer of Binance: {error}") from None
        if reply.e == "serverShutdown":
            return (Said("the exchange restarts this connection", reconnects=True),)
        if reply.e == "contractInfo":
            symbol = self._names.get(reply.s)
            status = _STATUSES.get(reply.cs, InstrumentStatus.HALTED)
            return (Restated(symbol, status),) if symbol is not None else ()
        words = reply.msg or str((reply.error or {}).get("msg", ""))
        asked, is_of_books = self._asked.pop(reply.id or 0, ((), False))
        if words:
            return (Refused(words, asked[0] if len(asked) == 1 else ""),)
        return [word(symbol) for symbol in asked if is_of_books for word in (Subscribed, PrintsHeard)]

    def book(self, symbol: str) -> LiveBook:
        """A fresh book rule."""
        del symbol
        return DepthBook(futures=self.futures)

    async def snapshot(self, exchange: Any, symbol: str) -> BookPart:
        """The whole book by REST."""
        name = next(name for name, known in self._names.items() if known == symbol)
        read = exchange.fapiPublicGetDepth if self.futures else exchange.publicGetDepth
        reply = await read({"symbol": name, "limit": 1000})
        book = self._codec.decode(msgspec.json.encode(reply), time_ns())
        if not isinstance(book, BookSnapshot):
            raise FrameError("expected a whole book")
        return Depth(symbol, msgspec.structs.replace(book, symbol=symbol))


def venue_name(instrument: Instrument) -> str:
    """BTCUSDT of BTC/USDT and of BTC/USDT:USDT."""
    return f"{instrument.base}{instrument.quote}"


def _funded(frame: bytes, mark: MarkPrice) -> Iterable[FundingRate]:
    """The rate to come of a perpetual, which comes with its mark."""
    try:
        funding = _funding(frame)
    except msgspec.MsgspecError:
        return  # a contract without one has an empty text there
    yield FundingRate(mark.symbol, mark.ts_exchange, mark.ts_received, funding.r, funding.T * _MS)
