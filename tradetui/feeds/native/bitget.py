"""Bitget v2: books whose updates name their predecessor, trades, tickers with mark and funding.

Source: Bitget's websocket documentation and what clients saw. A snapshot replaces the book. Until the middle
of 2026 each update carried a CRC32; since then it is zero or left out, and `pseq` is the `seq` of the message
before. Whatever is there is held against the book. Sizes are in coins, also of contracts that settle in coins
(frames that clients kept: 0.0107 of BTCUSD in a print, 2.469 at its best bid).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from tradetui.domain.instrument import Instrument, InstrumentKind
from tradetui.domain.market_data import (
    BestQuote,
    BookDelta,
    BookSnapshot,
    FundingRate,
    MarkPrice,
    OpenInterest,
    Side,
    Ticker,
    Trade,
)
from tradetui.feeds.book_sync import Rule, Sync
from tradetui.feeds.native.base import Address, OneAddress
from tradetui.feeds.native.codes import code_of
from tradetui.feeds.native.figures import Figures, Signed, readable
from tradetui.feeds.native.text_book import TextBook
from tradetui.feeds.native.venue import AsideError, BookPart, FrameError, Item, LiveBook, PrintsHeard, Refused
from tradetui.feeds.native.wire import MS, Levels, Millis, Price, Quantity, TradedQuantity

_URL: Final = "wss://ws.bitget.com/v2/ws/public"
_A_FRAME: Final = 50


class Texts(BookPart, frozen=True):
    """A book message with its checksum, None for a snapshot, and the texts that it runs over."""

    message: BookSnapshot | BookDelta
    checksum: int | None
    bids: list[list[str]]
    asks: list[list[str]]
    number: int = 0
    previous: int = 0
    """The number of the message before it; 0 where it is not told."""


class BitgetBook:
    """Holds what each update tells of the book against it: the number before, and a checksum."""

    def __init__(self) -> None:
        self.state = Sync.WAITING
        self.reason = ""
        self._texts = TextBook()
        self._last = self._newest = 0

    def restart(self) -> None:
        """Only a snapshot helps."""
        self.state = Sync.WAITING

    def rule(self) -> Rule:
        """Where it stands, the last number, and the texts that the checksum runs over."""
        return Rule(state=self.state, number=self._last, ts=self._newest, texts=self._texts.texts())

    def resume(self, rule: Rule) -> None:
        """Go on from there."""
        self.state, self._last, self._newest = rule.state, rule.number, rule.ts
        self._texts.resume(rule.texts)

    def take(self, part: BookPart) -> Sequence[BookSnapshot | BookDelta]:
        """What may be delivered after a part of the book came."""
        assert isinstance(part, Texts)  # noqa: S101 - a venue's book gets its own parts only
        if type(part.message) is BookSnapshot:
            self.state, self._last, self._newest = Sync.STREAMING, part.number, part.message.ts_exchange
            self._texts.replace(part.bids, part.asks)
            return (part.message,)
        if self.state is not Sync.STREAMING or not self._continues(part):
            return ()
        self._texts.update(part.bids, part.asks)
        if part.checksum is not None and self._texts.checksum() != part.checksum:
            self.state, self.reason = Sync.GAP, "its checksum does not match"
            return ()
        return (part.message,)

    def _continues(self, part: Texts) -> bool:
        """Whether nothing is missing before an update, as far as it tells, and it is new."""
        last, previous = self._last, part.previous
        is_newer = 0 < self._newest < part.message.ts_exchange
        if previous and last and previous != last and part.number <= last and not is_newer:
            return False  # known
        if last and (previous > last or 0 < previous < last >= part.number):
            self.state, self.reason = Sync.GAP, f"expected the update after {last}, was {part.previous}"
            return False
        self._last, self._newest = part.number, part.message.ts_exchange
        return True


class _Arg(msgspec.Struct, frozen=True):
    instType: str = ""  # noqa: N815  (the venue's names)
    channel: str = ""
    instId: str = ""  # noqa: N815


class _Frame(msgspec.Struct):
    arg: _Arg = _Arg()
    action: str = ""
    data: msgspec.Raw = msgspec.Raw(b"[]")
    event: str = ""
    msg: str = ""


class _Book(msgspec.Struct):
    bids: Levels
    asks: Levels
    ts: Millis
    checksum: int | None = None
    seq: int = 0
    pseq: int = 0


class _Raw(msgspec.Struct):
    bids: list[list[str]]
    asks: list[list[str]]


class _Trade(msgspec.Struct, gc=False):
    ts: Millis
    price: Price
    size: TradedQuantity
    side: Side
    tradeId: str  # noqa: N815


class _Ticker(msgspec.Struct, gc=False):
    ts: Millis
    bidPr: Price  # noqa: N815
    bidSz: Quantity  # noqa: N815
    askPr: Price  # noqa: N815
    askSz: Quantity  # noqa: N815
    markPrice: Price | None = None  # noqa: N815
    indexPrice: Price | None = None  # noqa: N815


class _Figures(msgspec.Struct, gc=False):
    ts: Millis
    lastPr: Price  # noqa: N815
    change24h: Signed = 0.0
    """As a fraction."""
    quoteVolume: Quantity = 0.0  # noqa: N815
    fundingRate: Signed | None = None  # noqa: N815
    nextFundingTime: Millis = 0  # noqa: N815
    holdingAmount: Quantity | None = None  # noqa: N815


_ASIDE: Final = ("ticker",)
"""What is of no book and no print."""
_frame: Final = msgspec.json.Decoder(_Frame).decode
_books: Final = msgspec.json.Decoder(list[_Book], strict=False).decode
_raw: Final = msgspec.json.Decoder(list[_Raw]).decode
_trades: Final = msgspec.json.Decoder(list[_Trade], strict=False).decode
_figures: Final = msgspec.json.Decoder(list[_Figures], strict=False).decode
_tickers: Final = msgspec.json.Decoder(list[_Ticker], strict=False).decode


class BitgetVenue(OneAddress):
    """Spot and USDT perpetuals."""

    ping = "ping"
    ping_s = 25.0

    def __init__(self, *, address: Address = str) -> None:
        """`address` rewrites an address, for a loopback endpoint."""
        super().__init__(_URL, address=address)
        self._types: dict[str, str] = {}
        self._figures = Figures()

    def name(self, instrument: Instrument) -> str:
        """BTCUSDT, spot and perpetual alike: the type tells them apart; those in USDC are called BTCPERP."""
        base = code_of("bitget", instrument.base)
        kind, quote = "SPOT", code_of("bitget", instrument.quote)
        if instrument.kind is InstrumentKind.PERP_INVERSE:
            kind = "COIN-FUTURES"
        elif not instrument.is_spot:
            kind = f"{instrument.settle}-FUTURES"
            quote = "PERP" if instrument.settle == "USDC" else quote
        self._types[f"{base}{quote}"] = kind
        return f"{base}{quote}"

    def asks(self, verb: str, names: Sequence[str], *, book_only: bool = False) -> Iterable[str]:
        """Frames of at most fifty channels."""
        channels = ("books",) if book_only else ("books", "trade", "ticker")
        args = [
            {"instType": self._types[name], "channel": channel, "instId": name}
            for name in names
            for channel in channels
        ]
        for start in range(0, len(args), _A_FRAME):
            yield json.dumps({"op": verb, "args": args[start : start + _A_FRAME]})

    def book(self, symbol: str) -> LiveBook:
        """A fresh book rule."""
        del symbol
        return BitgetBook()

    def decode(self, frame: bytes, ts_received: int) -> Sequence[Item]:
        """A frame as items; raises FrameError."""
        if frame == b"pong":
            return ()
        wrong = FrameError
        try:
            outer = _frame(frame)
            wrong = AsideError if outer.arg.channel in _ASIDE else FrameError
            if self._is_elsewhere(outer.arg):
                return ()
            symbol = self._symbols.get(outer.arg.instId, "")
            if outer.event == "error":
                return (Refused(outer.msg or "no reason given", symbol),)
            if outer.event:
                is_heard = outer.event == "subscribe" and outer.arg.channel == "trade" and symbol
                return (PrintsHeard(symbol),) if is_heard else ()
            return self._read(outer, self.symbol(outer.arg.instId), ts_received)
        except (msgspec.MsgspecError, KeyError, ValueError) as error:
            shown = frame[:80].decode("utf-8", "replace")
            raise wrong(f"expected a frame of Bitget: {error}: {shown}") from None

    def _is_elsewhere(self, arg: _Arg) -> bool:
        """Whether it is of another market, whose instruments have the same names."""
        return bool(arg.instType) and self._types.get(arg.instId, arg.instType) != arg.instType

    def _read(self, outer: _Frame, symbol: str, ts_received: int) -> Sequence[Item]:
        match outer.arg.channel:
            case "books":
                kind = BookSnapshot if outer.action == "snapshot" else BookDelta
                return _parts(outer.data, kind, symbol, ts_received)
            case "trade" if outer.action == "update":
                return [
                    Trade(symbol, t.ts * MS, ts_received, t.price, t.size, t.side, t.tradeId)
                    for t in reversed(_trades(outer.data))
                ]
            case "ticker":
                found = [item for t in _tickers(outer.data) for item in _quoted(t, symbol, ts_received)]
                if self._figures.are_due(symbol, ts_received):
                    for each in readable(_figures, outer.data):
                        found += _figured(each, symbol, ts_received)
                return found
            case _:
                return ()


def _parts(
    raw: msgspec.Raw, kind: type[BookSnapshot | BookDelta], symbol: str, ts_received: int
) -> Sequence[Item]:
    found = []
    for book, texts in zip(_books(raw), _raw(raw), strict=True):
        message = kind(symbol, book.ts * MS, ts_received, book.bids, book.asks)
        checksum = book.checksum or None if kind is BookDelta else None
        found.append(Texts(symbol, message, checksum, texts.bids, texts.asks, book.seq, book.pseq))
    return found


def _quoted(ticker: _Ticker, symbol: str, ts_received: int) -> Iterable[Item]:
    ts = ticker.ts * MS
    yield BestQuote(symbol, ts, ts_received, ticker.bidPr, ticker.bidSz, ticker.askPr, ticker.askSz)
    if ticker.markPrice is not None:
        yield MarkPrice(symbol, ts, ts_received, ticker.markPrice, ticker.indexPrice)


def _figured(f: _Figures, symbol: str, ts_received: int) -> Iterable[Item]:
    """The figures of 24 hours; of a contract its funding and what is open of it, too."""
    yield Ticker(symbol, ts_received, f.lastPr, f.change24h * 100, f.quoteVolume)
    if f.fundingRate is not None:
        yield FundingRate(symbol, f.ts * MS, ts_received, f.fundingRate, f.nextFundingTime * MS)
    if f.holdingAmount is not None:
        yield OpenInterest(symbol, f.ts * MS, ts_received, f.holdingAmount)
