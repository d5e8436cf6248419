"""Bybit v5: books counted by one, trades, and tickers that bring mark, index and funding on perpetuals.

Source: Bybit's websocket documentation. `u` of a topic rises by one; `u` of 1 is a snapshot after a
restart of the service.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import (
    BookDelta,
    BookSnapshot,
    Liquidation,
    MarkPrice,
    OpenInterest,
    Side,
    Trade,
)
from tradetui.feeds.native.base import Address, OneAddress
from tradetui.feeds.native.connection import Line
from tradetui.feeds.native.sequence import Numbered
from tradetui.feeds.native.venue import AsideError, FrameError, Item, PrintsHeard, Refused, Said
from tradetui.feeds.native.wire import MS, Levels, Millis, Price, Quantity, TradedQuantity

_SPOT: Final = "wss://stream.bybit.com/v5/public/spot"
_LINEAR: Final = "wss://stream.bybit.com/v5/public/linear"
_DEPTH: Final = 200
_A_FRAME: Final = 10
"""Topics in one frame: spot takes no more."""
_PRINTS: Final = "publicTrade."
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


class _Ticker(msgspec.Struct, gc=False):
    symbol: str
    markPrice: Price | None = None  # noqa: N815  (the venue's names)
    indexPrice: Price | None = None  # noqa: N815
    openInterest: Quantity | None = None  # noqa: N815


class _Closed(msgspec.Struct, gc=False):
    """A liquidated position; `S` is its own side: Buy for a long one."""

    T: Millis
    s: str
    S: str
    v: TradedQuantity
    p: Price


_ASIDE: Final = ("tickers", "allLiquidation")
"""What is of no book and no print."""
_frame: Final = msgspec.json.Decoder(_Frame).decode
_book: Final = msgspec.json.Decoder(_Book, strict=False).decode
_trades: Final = msgspec.json.Decoder(list[_Trade], strict=False).decode
_closed: Final = msgspec.json.Decoder(list[_Closed], strict=False).decode
_ticker: Final = msgspec.json.Decoder(_Ticker, strict=False).decode


class BybitVenue(OneAddress):
    """Spot, or linear perpetuals: each has an address of its own."""

    tells_interest = True

    ping = '{"op":"ping"}'

    def __init__(self, *, linear: bool, address: Address = str) -> None:
        """`address` rewrites an address, for a loopback endpoint."""
        super().__init__(_LINEAR if linear else _SPOT, address=address)
        self._linear = linear
        self._marks: dict[str, tuple[float, float | None]] = {}
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
            kinds += ["publicTrade", *(["tickers"] if self._linear else [])]
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
            self._marks.pop(symbol, None)
        return super().join(line)

    def memory(self, symbol: str) -> tuple[float, float | None] | None:
        """Mark and index as they were said last."""
        return self._marks.get(symbol)

    def remember(self, symbol: str, memory: Sequence[float] | None) -> None:
        """Complete tickers with these from now on."""
        if memory is not None:
            mark, index = memory
            self._marks[symbol] = (mark, index)

    def decode(self, frame: bytes, ts_received: int) -> Sequence[Item]:
        """A frame as items; raises FrameError."""
        wrong = FrameError
        try:
            outer = _frame(frame)
            wrong = AsideError if outer.topic.partition(".")[0] in _ASIDE else FrameError
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

    def _read_ticker(self, outer: _Frame, ts_received: int) -> Sequence[Item]:
        """A ticker says only what changed: the rest is as it was."""
        ticker = _ticker(outer.data)
        symbol = self.symbol(ticker.symbol)
        found: list[Item] = []
        if ticker.openInterest is not None:
            found.append(OpenInterest(symbol, outer.ts * MS, ts_received, ticker.openInterest))
        mark, index = self._marks.get(symbol, (0.0, None))
        mark, index = ticker.markPrice or mark, ticker.indexPrice or index
        if mark:
            self._marks[symbol] = (mark, index)
            found.append(MarkPrice(symbol, outer.ts * MS, ts_received, mark, index))
        return found


def _named(topic: str) -> str:
    """The name in a topic of prints."""
    return topic.removeprefix(_PRINTS)
