"""Bybit v5: books counted by one, trades, best bid and ask, and tickers of perpetuals with mark and funding.

Source: Bybit's websocket documentation. `u` of a topic rises by one; `u` of 1 is a snapshot after a
restart of the service.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypedDict

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
from tradetui.feeds.native.connection import Line
from tradetui.feeds.native.figures import Figures, Signed
from tradetui.feeds.native.sequence import Numbered
from tradetui.feeds.native.venue import AsideError, FrameError, Item, PrintsHeard, Refused, Said
from tradetui.feeds.native.wire import MS, Levels, Millis, Price, Quantity, TradedQuantity

_SPOT: Final = "wss://stream.bybit.com/v5/public/spot"
_LINEAR: Final = "wss://stream.bybit.com/v5/public/linear"
_DEPTH: Final = 200
_A_FRAME: Final = 10
"""Topics in one frame: spot takes no more."""
_PRINTS: Final = "publicTrade."
_TOP: Final = "orderbook.1."
"""Best bid and ask by themselves, sooner than the book: of spot, whose tickers do not tell them."""
_EXTRA: Final = "allLiquidation"
"""What may be missing without harm."""
_SIDES: Final = {"Buy": Side.BUY, "Sell": Side.SELL}


class _Frame(msgspec.Struct):
    topic: str = ""
    type: str = ""
    ts: int = 0
    data: msgspec.Raw = msgspec.Raw(b"null")
    op: str = ""
    success: bool = True
    ret_msg: str = ""
    req_id: str = ""


class _Book(msgspec.Struct):
    s: str
    b: Levels
    a: Levels
    u: int


class _Trade(msgspec.Struct, gc=False):
    T: Millis
    s: str
    S: str
    v: TradedQuantity
    p: Price
    i: str
    BT: bool = False
    """Whether it was agreed beside the book: then it fills nobody there, and moves no last price."""


class _Marks(TypedDict, total=False):
    """Of a ticker what must not be lost with the rest of it."""

    symbol: str
    markPrice: Price
    indexPrice: Price
    openInterest: Quantity


class _Ticker(_Marks, total=False):
    bid1Price: Price
    bid1Size: Quantity
    ask1Price: Price
    ask1Size: Quantity
    lastPrice: Price
    price24hPcnt: Signed
    turnover24h: Quantity
    fundingRate: Signed
    nextFundingTime: Millis


class _Closed(msgspec.Struct, gc=False):
    """A liquidated position; `S` is its own side: Buy for a long one."""

    T: Millis
    s: str
    S: str
    v: TradedQuantity
    p: Price


_ASIDE: Final = ("tickers.", f"{_EXTRA}.", _TOP)
"""What is of no book and no print."""
_frame: Final = msgspec.json.Decoder(_Frame).decode
_book: Final = msgspec.json.Decoder(_Book, strict=False).decode
_trades: Final = msgspec.json.Decoder(list[_Trade], strict=False).decode
_closed: Final = msgspec.json.Decoder(list[_Closed], strict=False).decode
_marks: Final = msgspec.json.Decoder(_Marks, strict=False).decode
_ticker: Final = msgspec.json.Decoder(_Ticker, strict=False).decode
_QUOTE: Final = frozenset(("bid1Price", "bid1Size", "ask1Price", "ask1Size"))
_FUNDING: Final = frozenset(("fundingRate", "nextFundingTime"))
_FIGURES: Final = frozenset(("lastPrice", "price24hPcnt", "turnover24h"))


class BybitVenue(OneAddress):
    """Spot, or linear perpetuals: each has an address of its own."""

    ping = '{"op":"ping"}'

    def __init__(self, *, linear: bool, address: Address = str) -> None:
        """`address` rewrites an address, for a loopback endpoint."""
        super().__init__(_LINEAR if linear else _SPOT, address=address)
        self._linear = linear
        self._known: dict[str, dict[str, Any]] = {}
        """By symbol: its ticker, or its best bid and ask, as far as it was told."""
        self._figures = Figures()
        self._ids = itertools.count(1)
        self._asked: dict[str, list[str]] = {}
        """Names whose prints a request is for, until it is answered."""

    def name(self, instrument: Instrument) -> str:
        """BTCUSDT; a perpetual in USDC is called BTCPERP."""
        is_usdc = not instrument.is_spot and instrument.settle == "USDC"
        return f"{instrument.base}{'PERP' if is_usdc else instrument.quote}"

    def asks(self, verb: str, names: Sequence[str], *, book_only: bool = False) -> Iterable[str]:
        """A frame for each name: the venue refuses a whole one for one topic in it."""
        kinds = [f"orderbook.{_DEPTH}"]
        if not book_only:
            kinds += ["publicTrade", "tickers" if self._linear else _TOP.rstrip(".")]
        for name in names:
            args, number = [f"{kind}.{name}" for kind in kinds], str(next(self._ids))
            if verb == "subscribe":
                self._asked[number] = [_named(topic) for topic in args if topic.startswith(_PRINTS)]
            yield json.dumps({"op": verb, "args": args, "req_id": number})
        extras = [f"{_EXTRA}.{name}" for name in names if self._linear and not book_only]
        for start in range(0, len(extras), _A_FRAME):
            yield json.dumps({"op": verb, "args": extras[start : start + _A_FRAME]})

    def join(self, line: Line) -> Iterable[str]:
        """What was said of them once may hold no more."""
        for symbol in line.symbols:
            self._known.pop(symbol, None)
        return super().join(line)

    def memory(self, symbol: str) -> dict[str, Any] | None:
        """What of its ticker was said last."""
        return self._known.get(symbol)

    def remember(self, symbol: str, memory: Mapping[str, Any] | Sequence[float | None] | None) -> None:
        """Complete tickers with these from now on; once only mark and index were kept."""
        if isinstance(memory, Mapping):
            self._known[symbol] = dict(memory)
        elif memory is not None:
            named = zip(("markPrice", "indexPrice"), memory, strict=True)
            self._known[symbol] = {name: price for name, price in named if price is not None}

    def decode(self, frame: bytes, ts_received: int) -> Sequence[Item]:
        """A frame as items; raises FrameError."""
        wrong = FrameError
        try:
            outer = _frame(frame)
            if outer.topic.startswith(_ASIDE):
                wrong = AsideError
            if not outer.topic:
                refused = not outer.success and outer.op != "unsubscribe"
                if refused and _EXTRA in outer.ret_msg:
                    return (Said(f"the exchange says: {outer.ret_msg}"),)
                if refused:
                    return (Refused(outer.ret_msg, self._named(outer.ret_msg)),)
                heard = self._asked.pop(outer.req_id, ()) if outer.op == "subscribe" else ()
                return [PrintsHeard(self._symbols[name]) for name in heard if name in self._symbols]
            return self._read(outer, ts_received)
        except (msgspec.MsgspecError, KeyError, ValueError) as error:
            shown = frame[:80].decode("utf-8", "replace")
            raise wrong(f"expected a frame of Bybit: {error}: {shown}") from None

    def _named(self, words: str) -> str:
        """The symbol that a refusal names, if one."""
        return next((symbol for name, symbol in self._symbols.items() if words.endswith(f".{name}")), "")

    def _read(self, outer: _Frame, ts_received: int) -> Sequence[Item]:
        kind = outer.topic.partition(".")[0]
        if kind == "orderbook":
            book = _book(outer.data)
            symbol = self.symbol(book.s)
            whole = outer.type == "snapshot" or book.u == 1
            if outer.topic.startswith(_TOP):
                if whole:
                    self._known.pop(symbol, None)
                return self._read_top(symbol, book, outer.ts, ts_received)
            made = BookSnapshot if whole else BookDelta
            message = made(symbol, outer.ts * MS, ts_received, book.b, book.a, book.u)
            return (Numbered(symbol, message, book.u),)
        if kind == "publicTrade":
            return [
                Trade(self.symbol(t.s), t.T * MS, ts_received, t.p, t.v, _SIDES.get(t.S), t.i)
                for t in _trades(outer.data)
                if not t.BT
            ]
        if kind == "allLiquidation":
            return [
                Liquidation(self.symbol(c.s), c.T * MS, ts_received, c.p, c.v, _SIDES[c.S].opposite)
                for c in _closed(outer.data)
            ]
        return self._read_ticker(outer, ts_received) if kind == "tickers" else ()

    def _read_top(self, symbol: str, book: _Book, ms: int, ts_received: int) -> Sequence[Item]:
        """The best level of each side; a change may tell only one of them, or that a side is empty."""
        known = self._known.setdefault(symbol, {})
        for side, levels in (("bid1", book.b), ("ask1", book.a)):
            price_key, size_key = f"{side}Price", f"{side}Size"
            if any(not qty and price == known.get(price_key) for price, qty in levels):
                del known[price_key], known[size_key]
            for price, qty in levels:
                if qty:
                    known |= {price_key: price, size_key: qty}
        is_told = bool(book.b or book.a)
        return _quoted(symbol, known, ms * MS, ts_received) if is_told else ()

    def _read_ticker(self, outer: _Frame, ts_received: int) -> Sequence[Item]:
        """A ticker says only what changed: the rest is as it was."""
        try:
            said: Mapping[str, Any] = _ticker(outer.data)
        except msgspec.MsgspecError:
            said = _marks(outer.data)
        symbol, ts = self.symbol(said["symbol"]), outer.ts * MS
        if outer.type == "snapshot":
            self._known.pop(symbol, None)
        known = self._known.setdefault(symbol, {})
        known.update(said)
        found: list[Item] = []
        if not _QUOTE.isdisjoint(said):
            found += _quoted(symbol, known, ts, ts_received)
        if "openInterest" in said:
            found.append(OpenInterest(symbol, ts, ts_received, said["openInterest"]))
        if "markPrice" in known:
            mark, index = known["markPrice"], known.get("indexPrice")
            found.append(MarkPrice(symbol, ts, ts_received, mark, index))
        if not _FUNDING.isdisjoint(said) and "fundingRate" in known:
            rate, next_ms = known["fundingRate"], known.get("nextFundingTime", 0)
            found.append(FundingRate(symbol, ts, ts_received, rate, next_ms * MS))
        if known.keys() >= _FIGURES and self._figures.are_due(symbol, ts_received):
            change, volume = known["price24hPcnt"] * 100, known["turnover24h"]
            found.append(Ticker(symbol, ts_received, known["lastPrice"], change, volume))
        return found


def _quoted(symbol: str, known: Mapping[str, float], ts: int, ts_received: int) -> Sequence[BestQuote]:
    """Best bid and ask, once all of it is known."""
    if not known.keys() >= _QUOTE:
        return ()
    bid, ask = known["bid1Price"], known["ask1Price"]
    return (BestQuote(symbol, ts, ts_received, bid, known["bid1Size"], ask, known["ask1Size"]),)


def _named(topic: str) -> str:
    """The name in a topic of prints."""
    return topic.removeprefix(_PRINTS)
