"""Binance's wire format: frames of its public streams, bare or combined, into market messages.

Spot, USD-M and COIN-M share the shapes; `pu` in a depth update marks a futures stream. Numbers
arrive as strings and are read straight into floats by the decoder, which also refuses NaN,
infinities, prices that are not above zero and negative sizes, so nothing is checked twice.
Source: Binance's web-socket-streams documentation and captured frames.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from typing import Annotated, Final, final

import msgspec

from tradetui.domain.market_data import (
    BestQuote,
    BookDelta,
    BookSnapshot,
    Liquidation,
    MarkPrice,
    Side,
    Trade,
)

_MS: Final = 1_000_000
_LATEST_MS: Final = 10**14
_ANY_MS: Final = 2**64

Price = Annotated[float, msgspec.Meta(gt=0, lt=1e300)]
Quantity = Annotated[float, msgspec.Meta(ge=0, lt=1e300)]
TradedQuantity = Annotated[float, msgspec.Meta(gt=0, lt=1e300)]
Millis = Annotated[int, msgspec.Meta(ge=0)]
Levels = list[tuple[Price, Quantity]]


class FrameError(ValueError):
    """A frame that is not what its stream promises; says what was expected."""


@final
class DepthUpdate(msgspec.Struct, frozen=True):
    """A book delta with the update ids that its sequence rule needs; `delta.update_id` is the last."""

    first_id: int
    previous_id: int | None
    """`pu`: the last id of the update before it; None on spot."""
    delta: BookDelta


VenueMessage = Trade | DepthUpdate | BookSnapshot | BestQuote | MarkPrice | Liquidation
Reader = Callable[[bytes, int], VenueMessage | None]


class _Ticker(msgspec.Struct, gc=False):
    s: str
    b: Price
    B: Quantity
    a: Price
    A: Quantity
    T: int = 0


class _Trade(msgspec.Struct, gc=False, tag_field="e", tag="trade"):
    s: str
    t: int
    p: Price
    q: TradedQuantity
    T: Millis
    m: bool
    X: str = "MARKET"


class _AggTrade(msgspec.Struct, gc=False, tag_field="e", tag="aggTrade"):
    s: str
    t: int = msgspec.field(name="a")
    p: Price
    q: TradedQuantity
    T: Millis
    m: bool
    X: str = "MARKET"


class _Depth(msgspec.Struct, tag_field="e", tag="depthUpdate"):
    E: Millis
    s: str
    U: int
    u: int
    b: Levels
    a: Levels
    pu: int | None = None
    T: Millis | None = None


class _Mark(msgspec.Struct, gc=False, tag_field="e", tag="markPriceUpdate"):
    E: Millis
    s: str
    p: Price
    i: Price | None = None


class _Closing(msgspec.Struct, gc=False):
    """The order that liquidates: its average price and what was filled of it, where it says so."""

    s: str
    S: str
    p: Price
    q: TradedQuantity
    T: Millis
    ap: Quantity = 0.0
    z: Quantity = 0.0


class _Force(msgspec.Struct, tag_field="e", tag="forceOrder"):
    o: _Closing


class _Snapshot(msgspec.Struct):
    lastUpdateId: int  # noqa: N815  (the venue's name)
    bids: Levels
    asks: Levels
    T: int = 0


class _Probe(msgspec.Struct):
    """The few keys that tell what a frame is."""

    e: str = ""
    s: str = ""
    stream: str = ""
    data: msgspec.Raw = msgspec.Raw()
    lastUpdateId: int | None = None  # noqa: N815
    B: msgspec.Raw = msgspec.Raw()


_probe: Final = msgspec.json.Decoder(_Probe).decode
_ticker: Final = msgspec.json.Decoder(_Ticker, strict=False).decode
_trade: Final = msgspec.json.Decoder(_Trade, strict=False).decode
_agg_trade: Final = msgspec.json.Decoder(_AggTrade, strict=False).decode
_depth: Final = msgspec.json.Decoder(_Depth, strict=False).decode
_mark: Final = msgspec.json.Decoder(_Mark, strict=False).decode
_force: Final = msgspec.json.Decoder(_Force, strict=False).decode
_snapshot: Final = msgspec.json.Decoder(_Snapshot, strict=False).decode
_BODY: Final = b',"data":'
_SYMBOL: Final = b'"s":"'
_SPOT_QUOTE: Final = b'{"u":'
"""The one event that does not say its name."""
NAMED: Final = len(b'{"e":"trade"')
"""So many bytes of a bare frame tell its event from the others; its reader looks at the whole name."""
_LINES: Final[Mapping[bytes, Callable[[bytes], list[_Trade] | list[_AggTrade]]]] = {
    b'{"e":"trade"': msgspec.json.Decoder(_Trade, strict=False).decode_lines,
    b'{"e":"aggTra': msgspec.json.Decoder(_AggTrade, strict=False).decode_lines,
}
"""What reads many prints at once, by the first `NAMED` bytes of each."""
_MOST_ROUTES: Final = 2_000
_SIDES: Final = (Side.BUY, Side.SELL)
"""The aggressor, by whether the buyer was the maker."""


def stream_kind(stream: str) -> str:
    """What a stream carries: trade, aggTrade, bookTicker, depthUpdate, markPriceUpdate, snapshot or ""."""
    channel = stream.partition("@")[2]
    if channel.startswith("depth"):
        return "snapshot" if channel[5:6].isdigit() else "depthUpdate"
    if channel.startswith("markPrice"):
        return "markPriceUpdate"
    return channel if channel in ("trade", "aggTrade", "bookTicker") else ""


def frame_kind(frame: bytes) -> tuple[str, str]:
    """What a frame is and which venue symbol it names, "" where it does not say.

    Raises:
        FrameError: It is not a JSON object.
    """
    try:
        probe = _probe(frame)
        if probe.stream:
            named = _probe(bytes(probe.data)).s or probe.stream.partition("@")[0].upper()
            return stream_kind(probe.stream), named
    except msgspec.MsgspecError as error:
        shown = frame[:80].decode("utf-8", "replace")
        raise FrameError(f"expected a frame of Binance: {error}: {shown}") from None
    return _kind_of(probe)


def _kind_of(probe: _Probe) -> tuple[str, str]:
    """The kind and the symbol of a bare frame."""
    if probe.lastUpdateId is not None:
        return "snapshot", probe.s
    return probe.e or ("bookTicker" if bytes(probe.B) else ""), probe.s


class BinanceCodec:
    """Reads frames of the given symbols: venue name (BTCUSDT) to the name used here (BTC/USDT)."""

    def __init__(
        self,
        symbols: Mapping[str, str],
        *,
        single_trades: Container[str] = (),
        distinct_quotes: bool = False,
        any_time: bool = False,
    ) -> None:
        """Read everything, or leave out what says nothing new.

        Args:
            symbols: Venue name to symbol.
            single_trades: Symbols whose aggregated trades are left out, as the single ones come too.
            any_time: Read a time that can not be as well, where somebody behind judges it.
            distinct_quotes: Leave out a quote whose prices are those of the one before it, where no
                book message and no other symbol's quote came between them; it is checked all the same.
        """
        self._symbols = dict(symbols)
        self._single_trades = single_trades
        self._is_any_time = any_time
        self._latest_ms = _ANY_MS if any_time else _LATEST_MS
        self._earliest_ms = 0 if any_time else 1
        self._quoted: _Ticker | None = None
        self._by_kind: dict[str, Reader] = {
            "bookTicker": self._read_distinct_ticker if distinct_quotes else self._read_ticker,
            "trade": self._read_trade,
            "aggTrade": self._read_agg_trade,
            "depthUpdate": self._read_depth,
            "markPriceUpdate": self._read_mark,
            "forceOrder": self._read_force,
        }
        self.by_opening = {
            (b'{"e":"%b",' % kind.encode())[:NAMED]: read for kind, read in self._by_kind.items()
        }
        """What reads a bare frame, by its first `NAMED` bytes; such a reader raises what `reader`'s do."""
        self._routes: dict[bytes, tuple[Reader, int]] = {}

    def learn(self, name: str, symbol: str) -> None:
        """Read the frames of one more symbol."""
        self._symbols[name] = symbol

    def decode(self, frame: bytes, ts_received: int) -> VenueMessage | None:
        """One frame as a message; None for what is no market data (acknowledgements, other streams).

        Raises:
            FrameError: The frame is broken, misses a field, or holds a number that can not be.
        """
        try:
            read = self.by_opening.get(frame[:NAMED])
            return read(frame, ts_received) if read else self.decode_other(frame, ts_received)
        except (msgspec.MsgspecError, KeyError, ValueError) as error:
            raise self.refusal(frame, error) from None

    def decode_other(self, frame: bytes, ts_received: int) -> VenueMessage | None:
        """A frame that `by_opening` does not know: of a combined stream, or rare; raises as readers do."""
        if frame.startswith(_SPOT_QUOTE) and b',"B":' in frame:
            return self._by_kind["bookTicker"](frame, ts_received)
        opening = frame[: frame.find(b",")]
        route = self._routes.get(opening)
        if route is not None:
            read, start = route
            try:
                return read(frame[start:-1], ts_received)  # where the body is, as a rule
            except msgspec.MsgspecError:
                return self._find(frame, opening, ts_received)
        return self._find(frame, opening, ts_received)

    def _find(self, frame: bytes, opening: bytes, ts_received: int) -> VenueMessage | None:
        """Look into a frame for what it is, and remember how a stream's frames open."""
        probe = _probe(frame)
        if not probe.stream:
            kind, symbol = _kind_of(probe)
            return self._read(kind, symbol, frame, ts_received)
        kind, reader = stream_kind(probe.stream), self._by_kind.get(stream_kind(probe.stream))
        is_plain = opening == b'{"stream":"%b"' % probe.stream.encode()
        if reader is not None and is_plain and len(self._routes) < _MOST_ROUTES:
            self._routes[opening] = (reader, len(opening) + len(_BODY))
        symbol = probe.stream.partition("@")[0].upper()
        return self._read(kind, symbol, bytes(probe.data), ts_received)

    def reader(self, kind: str) -> Reader | None:
        """What reads the body (`data`) of a kind of frame, for callers that know the kind beforehand.

        A reader raises MsgspecError, KeyError or ValueError for a body that `decode` refuses.
        """
        return self._by_kind.get(kind)

    def _read(self, kind: str, symbol: str, body: bytes, ts_received: int) -> VenueMessage | None:
        if kind == "snapshot":
            return self._read_snapshot(symbol, body, ts_received)
        reader = self._by_kind.get(kind)
        return reader(body, ts_received) if reader else None

    def refusal(self, frame: bytes, error: Exception) -> FrameError:
        """What a reader raised over a frame, in words."""
        shown = frame[:80].decode("utf-8", "replace") + "…" * (len(frame) > 80)
        if isinstance(error, KeyError):
            return FrameError(f"expected a symbol of {sorted(self._symbols)}, was {error}: {shown}")
        return FrameError(f"expected a frame of Binance: {error}: {shown}")

    def _time(self, milliseconds: int) -> int:
        """Nanoseconds; what is read most looks at the bounds by itself, as a call costs more than they."""
        if not self._earliest_ms <= milliseconds < self._latest_ms:
            raise ValueError(f"expected a time in milliseconds, was {milliseconds}")
        return milliseconds * _MS

    def _read_ticker(self, body: bytes, ts_received: int) -> BestQuote:
        quote = _ticker(body)
        symbol = self._symbols[quote.s]
        return BestQuote(symbol, quote.T * _MS, ts_received, quote.b, quote.B, quote.a, quote.A)

    def _read_distinct_ticker(self, body: bytes, ts_received: int) -> BestQuote | None:
        quote = _ticker(body)
        last = self._quoted
        if last is not None and quote.b == last.b and quote.a == last.a and quote.s == last.s:
            return None
        self._quoted = quote
        symbol = self._symbols[quote.s]
        return BestQuote(symbol, quote.T * _MS, ts_received, quote.b, quote.B, quote.a, quote.A)

    def _read_trade(self, body: bytes, ts_received: int) -> Trade | None:
        trade = _trade(body)
        if trade.X != "MARKET":  # insurance fund and deleveraging are no public prints
            return None
        ms = trade.T
        if not self._earliest_ms <= ms < self._latest_ms:
            self._time(ms)
        symbol = self._symbols[trade.s]
        return Trade(symbol, ms * _MS, ts_received, trade.p, trade.q, _SIDES[trade.m], trade.t)

    def prints(self, frames: Sequence[bytes], ts_received: int) -> list[Trade] | None:
        """Bare frames of prints, all of a kind and of one symbol, decoded by one call; None for any others.

        Raises what a reader raises.
        """
        opening, count = frames[0][:NAMED], len(frames)
        read, text = _LINES.get(opening), b"\n" + b"\n".join(frames)
        at = text.find(_SYMBOL)
        name = text[at : text.find(b'"', at + len(_SYMBOL))]
        if read is None or text.count(b"\n" + opening) != count or text.count(name) != count:
            return None
        symbol, ts = self._symbols[name[len(_SYMBOL) :].decode()], ts_received
        found = read(text)
        for each in () if self._is_any_time else found:
            self._time(each.T)
        made = [
            Trade(symbol, each.T * _MS, ts, each.p, each.q, _SIDES[each.m], each.t)
            for each in found
            if each.X == "MARKET"
        ]
        return made if len(made) == count else None  # what is no print is counted, one by one

    def _read_agg_trade(self, body: bytes, ts_received: int) -> Trade | None:
        trade = _agg_trade(body)
        symbol, side = self._symbols[trade.s], _SIDES[trade.m]
        if symbol in self._single_trades:
            return None
        ms = trade.T
        if not self._earliest_ms <= ms < self._latest_ms:
            self._time(ms)
        return Trade(symbol, ms * _MS, ts_received, trade.p, trade.q, side, trade.t)

    def _read_depth(self, body: bytes, ts_received: int) -> DepthUpdate:
        depth = _depth(body)
        first, last = depth.U, depth.u
        if last < first:
            raise ValueError(f"expected first update id U ≤ last u, was {first} > {last}")
        self._quoted = None
        ms = depth.T or depth.E
        if not self._earliest_ms <= ms < self._latest_ms:
            self._time(ms)
        delta = BookDelta(self._symbols[depth.s], ms * _MS, ts_received, depth.b, depth.a, last)
        return DepthUpdate(first, depth.pu, delta)

    def _read_mark(self, body: bytes, ts_received: int) -> MarkPrice:
        mark = _mark(body)
        return MarkPrice(self._symbols[mark.s], self._time(mark.E), ts_received, mark.p, mark.i)

    def _read_force(self, body: bytes, ts_received: int) -> Liquidation | None:
        order = _force(body).o
        symbol = self._symbols.get(order.s)
        if symbol is None:
            return None
        price, qty = order.ap or order.p, order.z or order.q
        return Liquidation(symbol, order.T * _MS, ts_received, price, qty, Side(order.S.lower()))

    def _read_snapshot(self, venue_symbol: str, body: bytes, ts_received: int) -> BookSnapshot:
        """A book; a bare one names no symbol, and the message's is "" then."""
        symbol = self._symbols[venue_symbol] if venue_symbol else ""
        book = _snapshot(body)
        return BookSnapshot(symbol, book.T * _MS, ts_received, book.bids, book.asks, book.lastUpdateId)
