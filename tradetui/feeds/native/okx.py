"""OKX v5: books whose messages name their predecessor, trades, tickers, marks, indices, funding.

Source: OKX's websocket documentation. `prevSeqId` of a message is the `seqId` of the one before; a
message without changes repeats it, and after maintenance a smaller `seqId` begins a new count. The
checksum is zero since 2026; where one is sent all the same, it is held against the book.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from tradetui.domain.instrument import Instrument, InstrumentStatus
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
from tradetui.feeds.native.figures import Figures, readable
from tradetui.feeds.native.okx_book import Checked, OkxBook
from tradetui.feeds.native.sequence import Numbered
from tradetui.feeds.native.venue import (
    AsideError,
    FrameError,
    Item,
    LiveBook,
    PrintsHeard,
    PrintsJoined,
    Refused,
    Restated,
    Said,
)
from tradetui.feeds.native.wire import MS, Millis, Price, Quantity, TradedQuantity

_URL: Final = "wss://ws.okx.com:8443/ws/v5/public"
_EXTRAS: Final = ("open-interest", "funding-rate", "index-tickers", "instruments", "liquidation-orders")
_STATES: Final = {"live": InstrumentStatus.TRADING, "expired": InstrumentStatus.DELISTED}
"""Any other one is a halt."""
_A_FRAME: Final = 100
"""Channels in one frame: a frame must stay below 64 KiB."""
_SWAP: Final = "-SWAP"
_INDEX: Final = "index"
_INDEX_HOLDS_NS: Final = 120_000_000_000
"""So long an index that was told holds beside the mark: it is told at least every minute."""


class _Arg(msgspec.Struct, frozen=True):
    channel: str = ""
    instId: str = ""  # noqa: N815  (the venue's names)


class _Frame(msgspec.Struct):
    arg: _Arg = _Arg()
    action: str = ""
    data: msgspec.Raw = msgspec.Raw(b"[]")
    event: str = ""
    msg: str = ""


class _Book(msgspec.Struct):
    bids: list[tuple[Price, Quantity, msgspec.Raw, msgspec.Raw]]
    asks: list[tuple[Price, Quantity, msgspec.Raw, msgspec.Raw]]
    ts: Millis
    checksum: int = 0
    seqId: int | None = None  # noqa: N815
    prevSeqId: int | None = None  # noqa: N815


class _Texts(msgspec.Struct):
    bids: tuple[tuple[str, ...], ...]
    asks: tuple[tuple[str, ...], ...]


class _Trade(msgspec.Struct, gc=False):
    instId: str  # noqa: N815
    tradeId: str  # noqa: N815
    px: Price
    sz: TradedQuantity
    side: Side
    ts: Millis
    count: int = 1
    """How many prints it stands for; its number is the last one's."""


class _Quote(msgspec.Struct, gc=False):
    instId: str  # noqa: N815
    bidPx: Price  # noqa: N815
    bidSz: Quantity  # noqa: N815
    askPx: Price  # noqa: N815
    askSz: Quantity  # noqa: N815
    ts: Millis


class _Mark(msgspec.Struct, gc=False):
    instId: str  # noqa: N815
    markPx: Price  # noqa: N815
    ts: Millis


class _Index(msgspec.Struct, gc=False):
    instId: str  # noqa: N815
    idxPx: Price  # noqa: N815
    ts: Millis


class _Figures(msgspec.Struct, gc=False):
    instId: str  # noqa: N815
    last: Price
    open24h: Quantity = 0.0
    volCcy24h: Quantity = 0.0  # noqa: N815
    """Of spot in the quote currency, of a contract in coins."""


class _Interest(msgspec.Struct, gc=False):
    instId: str  # noqa: N815
    oi: Quantity
    ts: Millis


class _Funding(msgspec.Struct, gc=False):
    instId: str  # noqa: N815
    fundingRate: float  # noqa: N815
    fundingTime: int = 0  # noqa: N815
    ts: int = 0


class _Detail(msgspec.Struct, gc=False):
    side: Side
    bkPx: Price  # noqa: N815
    sz: TradedQuantity
    ts: Millis


class _Liquidated(msgspec.Struct):
    instId: str  # noqa: N815
    details: list[_Detail]


class _Listed(msgspec.Struct, gc=False):
    instId: str  # noqa: N815
    state: str = "live"


def _instrument_in(words: str) -> str:
    """The instrument that a refusal names, which brings no argument of its own."""
    return words.partition("instId:")[2].partition(" ")[0].rstrip(",.")


_ASIDE: Final = ("tickers", "mark-price", *_EXTRAS)
"""What is of no book and no print."""
_frame: Final = msgspec.json.Decoder(_Frame).decode
_books: Final = msgspec.json.Decoder(list[_Book], strict=False).decode
_texts: Final = msgspec.json.Decoder(list[_Texts]).decode
_trades: Final = msgspec.json.Decoder(list[_Trade], strict=False).decode
_quotes: Final = msgspec.json.Decoder(list[_Quote], strict=False).decode
_figures: Final = msgspec.json.Decoder(list[_Figures], strict=False).decode
_indices: Final = msgspec.json.Decoder(list[_Index], strict=False).decode
_marks: Final = msgspec.json.Decoder(list[_Mark], strict=False).decode
_interests: Final = msgspec.json.Decoder(list[_Interest], strict=False).decode
_fundings: Final = msgspec.json.Decoder(list[_Funding], strict=False).decode
_liquidated: Final = msgspec.json.Decoder(list[_Liquidated], strict=False).decode
_listed: Final = msgspec.json.Decoder(list[_Listed]).decode


class OkxVenue(OneAddress):
    """Spot and perpetual swaps."""

    ping = "ping"

    def __init__(self, *, address: Address = str) -> None:
        """`address` rewrites an address, for a loopback endpoint."""
        super().__init__(_URL, address=address)
        self._told: dict[str, dict[str, tuple[float, int]]] = {}
        """By symbol: its index with the time at which it came."""
        self._figures = Figures()

    def name(self, instrument: Instrument) -> str:
        """BTC-USDT, or BTC-USDT-SWAP."""
        base, quote = code_of("okx", instrument.base), code_of("okx", instrument.quote)
        return f"{base}-{quote}{'' if instrument.is_spot else _SWAP}"

    def asks(self, verb: str, names: Sequence[str], *, book_only: bool = False) -> Iterable[str]:
        """Frames of at most a hundred channels."""
        args = [
            {"channel": channel, "instId": name} for name in names for channel in _channels(name, book_only)
        ]
        for start in range(0, len(args), _A_FRAME):
            yield json.dumps({"op": verb, "args": args[start : start + _A_FRAME]})
        extras = [] if book_only else _extras(names)
        for start in range(0, len(extras), _A_FRAME):
            yield json.dumps({"op": verb, "args": extras[start : start + _A_FRAME]})

    def subscribe(self, line: Line) -> Iterable[str]:
        """Theirs, and what is asked for all instruments of a type at once."""
        yield from self.join(line)
        yield json.dumps({"op": "subscribe", "args": _of_types(self._names(line))})

    def join(self, line: Line) -> Iterable[str]:
        """What was said of them once may hold no more."""
        for symbol in line.symbols:
            self._told.pop(symbol, None)
        return super().join(line)

    def memory(self, symbol: str) -> dict[str, tuple[float, int]] | None:
        """The index as it was said last, with its time."""
        return self._told.get(symbol)

    def remember(self, symbol: str, memory: Mapping[str, Sequence[float]] | None) -> None:
        """Go on from there."""
        if memory:
            self._told[symbol] = {kind: (price, int(ts)) for kind, (price, ts) in memory.items()}

    def book(self, symbol: str) -> LiveBook:
        """A fresh book rule."""
        del symbol
        return OkxBook()

    def decode(self, frame: bytes, ts_received: int) -> Sequence[Item]:
        """A frame as items; raises FrameError."""
        if frame == b"pong":
            return ()
        wrong = FrameError
        try:
            outer = _frame(frame)
            wrong = AsideError if outer.arg.channel in _ASIDE else FrameError
            if outer.event:
                return self._words(outer)
            return self._read(outer, ts_received)
        except (msgspec.MsgspecError, KeyError, ValueError) as error:
            shown = frame[:80].decode("utf-8", "replace")
            raise wrong(f"expected a frame of OKX: {error}: {shown}") from None

    def _read(self, outer: _Frame, ts_received: int) -> Sequence[Item]:
        match outer.arg.channel:
            case "books":
                return self._read_books(outer, ts_received)
            case "trades":
                return [item for t in _trades(outer.data) for item in self._printed(t, ts_received)]
            case "tickers":
                return self._quoted(outer.data, ts_received)
            case "mark-price":
                return [self._marked(each, ts_received) for each in _marks(outer.data)]
            case "index-tickers":
                return self._note_index(outer.data, ts_received)
            case _:
                return self._read_others(outer, ts_received)

    def _quoted(self, raw: msgspec.Raw, ts_received: int) -> Sequence[Item]:
        """Best bid and ask, and now and then the figures of 24 hours."""
        found = [
            BestQuote(self.symbol(q.instId), q.ts * MS, ts_received, q.bidPx, q.bidSz, q.askPx, q.askSz)
            for q in _quotes(raw)
        ]
        if not found or not self._figures.are_due(found[0].symbol, ts_received):
            return found
        return [*found, *(self._ticker(each, ts_received) for each in readable(_figures, raw))]

    def _ticker(self, f: _Figures, ts_received: int) -> Ticker:
        change = (f.last / f.open24h - 1) * 100 if f.open24h else 0.0
        volume = f.volCcy24h * f.last if f.instId.endswith(_SWAP) else f.volCcy24h
        return Ticker(self.symbol(f.instId), ts_received, f.last, change, volume)

    def _note_index(self, raw: msgspec.Raw, ts_received: int) -> Sequence[Item]:
        """It is told with the next mark: by itself it would make an old mark look new."""
        for each in _indices(raw):
            self._told[self.symbol(each.instId + _SWAP)] = {_INDEX: (each.idxPx, ts_received)}
        return ()

    def _marked(self, m: _Mark, ts_received: int) -> MarkPrice:
        """The mark with the index that came before it, where that still holds."""
        symbol = self.symbol(m.instId)
        index, told_at = self._told.get(symbol, {}).get(_INDEX, (None, 0))
        holds = ts_received - told_at <= _INDEX_HOLDS_NS
        return MarkPrice(symbol, m.ts * MS, ts_received, m.markPx, index if holds else None)

    def _printed(self, t: _Trade, ts_received: int) -> Iterable[Item]:
        """What an order met at a price comes as one print, which REST tells one by one."""
        symbol = self.symbol(t.instId)
        if t.count > 1 and t.tradeId.isdecimal():
            last = int(t.tradeId)
            yield PrintsJoined(symbol, last - t.count + 1, last - 1)
        yield Trade(symbol, t.ts * MS, ts_received, t.px, t.sz, t.side, t.tradeId)

    def _read_others(self, outer: _Frame, ts_received: int) -> Sequence[Item]:
        """Open interest and funding of a contract; liquidations and states of all of a type, ours or not."""
        ours = self._symbols
        match outer.arg.channel:
            case "open-interest":
                found = _interests(outer.data)
                return [OpenInterest(self.symbol(i.instId), i.ts * MS, ts_received, i.oi) for i in found]
            case "funding-rate":
                return [self._funded(each, ts_received) for each in _fundings(outer.data)]
            case "liquidation-orders":
                return [
                    Liquidation(ours[each.instId], d.ts * MS, ts_received, d.bkPx, d.sz, d.side)
                    for each in _liquidated(outer.data)
                    if each.instId in ours
                    for d in each.details
                ]
            case "instruments":
                return [
                    Restated(ours[each.instId], _STATES.get(each.state, InstrumentStatus.HALTED))
                    for each in _listed(outer.data)
                    if each.instId in ours
                ]
            case _:
                return ()

    def _funded(self, funding: _Funding, ts_received: int) -> FundingRate:
        symbol, next_ts = self.symbol(funding.instId), funding.fundingTime * MS
        return FundingRate(symbol, funding.ts * MS, ts_received, funding.fundingRate, next_ts)

    def _read_books(self, outer: _Frame, ts_received: int) -> Sequence[Item]:
        symbol = self.symbol(outer.arg.instId)
        kind = BookSnapshot if outer.action == "snapshot" else BookDelta
        return [_numbered(book, kind, symbol, ts_received, outer.data) for book in _books(outer.data)]

    def _words(self, frame: _Frame) -> Sequence[Item]:
        name = frame.arg.instId or _instrument_in(frame.msg)
        symbol = self._symbols.get(name, "")
        if frame.event == "error" and any(channel in frame.msg for channel in _EXTRAS):
            return (Said(f"the exchange says: {frame.msg}"),)
        if frame.event == "error":
            return (Refused(frame.msg or "no reason given", symbol),)
        if frame.event == "notice":
            return (Said(frame.msg or "the exchange restarts this connection", reconnects=True),)
        is_heard = frame.event == "subscribe" and frame.arg.channel == "trades" and symbol
        return (PrintsHeard(symbol),) if is_heard else ()


def _channels(name: str, book_only: bool) -> Sequence[str]:
    if book_only:
        return ("books",)
    extra = ("mark-price",) if name.endswith(_SWAP) else ()
    return ("books", "trades", "tickers", *extra)


def _extras(names: Sequence[str]) -> list[dict[str, str]]:
    """What may be missing without harm."""
    swaps = [name for name in names if name.endswith(_SWAP)]
    return [
        {"channel": channel, "instId": told_as}
        for name in swaps
        for channel, told_as in (
            ("open-interest", name),
            ("funding-rate", name),
            ("index-tickers", name.removesuffix(_SWAP)),
        )
    ]


def _of_types(names: Sequence[str]) -> list[dict[str, str]]:
    """What is asked for all instruments of a type at once: one that goes must not take it from the others."""
    types = sorted({"SWAP" if name.endswith(_SWAP) else "SPOT" for name in names})
    asked = [{"channel": "instruments", "instType": each} for each in types]
    return asked + [{"channel": "liquidation-orders", "instType": "SWAP"}] * ("SWAP" in types)


def _numbered(
    book: _Book, kind: type[BookSnapshot | BookDelta], symbol: str, ts_received: int, raw: msgspec.Raw
) -> Numbered:
    bids, asks = [level[:2] for level in book.bids], [level[:2] for level in book.asks]
    message = kind(symbol, book.ts * MS, ts_received, bids, asks)
    number = book.seqId or 0
    is_untied = book.seqId is None
    if not book.checksum:
        return Numbered(symbol, message, number, book.prevSeqId, is_untied)
    (texts,) = _texts(raw)
    return Checked(symbol, message, number, book.prevSeqId, is_untied, book.checksum, texts.bids, texts.asks)
