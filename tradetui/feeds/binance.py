"""Binance's wire format: frames of its public streams, bare or combined, into market messages.

Spot, USD-M and COIN-M share the shapes; `pu` in a depth update marks a futures stream. Numbers
arrive as strings and are read straight into floats by the decoder, which also refuses NaN,
infinities, prices that are not above zero and negative sizes, so nothing is checked twice.
Source: Binance's web-socket-streams documentation and captured frames.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Final

import msgspec

from tradetui.domain.market_data import BestQuote, BookDelta, BookSnapshot, MarkPrice, Side, Trade

_MS: Final = 1_000_000
_STREAM: Final = b'{"stream":"'
_STREAM_AT: Final = len(_STREAM)

Price = Annotated[float, msgspec.Meta(gt=0, lt=1e300)]
Quantity = Annotated[float, msgspec.Meta(ge=0, lt=1e300)]
TradedQuantity = Annotated[float, msgspec.Meta(gt=0, lt=1e300)]
Millis = Annotated[int, msgspec.Meta(gt=0, lt=10**14)]
Levels = list[tuple[Price, Quantity]]


class FrameError(ValueError):
    """A frame that is not what its stream promises; says what was expected."""


class DepthUpdate(msgspec.Struct, frozen=True):
    """A book delta with the update ids that its sequence rule needs; `delta.update_id` is the last."""

    first_id: int
    previous_id: int | None
    """`pu`: the last id of the update before it; None on spot."""
    delta: BookDelta


VenueMessage = Trade | DepthUpdate | BookSnapshot | BestQuote | MarkPrice
Reader = Callable[[bytes, int], VenueMessage | None]


class _Ticker(msgspec.Struct, gc=False):
    s: str
    b: Price
    B: Quantity
    a: Price
    A: Quantity
    T: int = 0


class _Trade(msgspec.Struct, gc=False):
    s: str
    t: int
    p: Price
    q: TradedQuantity
    T: Millis
    m: bool
    X: str = "MARKET"


class _AggTrade(msgspec.Struct, gc=False):
    s: str
    a: int
    p: Price
    q: TradedQuantity
    T: Millis
    m: bool


class _Depth(msgspec.Struct):
    E: Millis
    s: str
    U: int
    u: int
    b: Levels
    a: Levels
    pu: int | None = None
    T: Millis | None = None


class _Mark(msgspec.Struct, gc=False):
    E: Millis
    s: str
    p: Price
    i: Price | None = None


class _Snapshot(msgspec.Struct):
    lastUpdateId: int  # noqa: N815  (the venue's name)
    bids: Levels
    asks: Levels
    T: int = 0


class _TickerFrame(msgspec.Struct, gc=False):
    data: _Ticker


class _TradeFrame(msgspec.Struct, gc=False):
    data: _Trade


class _AggTradeFrame(msgspec.Struct, gc=False):
    data: _AggTrade


class _DepthFrame(msgspec.Struct):
    data: _Depth


class _MarkFrame(msgspec.Struct, gc=False):
    data: _Mark


class _SnapshotFrame(msgspec.Struct):
    data: _Snapshot


class _Probe(msgspec.Struct):
    """The few keys that tell what a frame is."""

    e: str = ""
    s: str = ""
    stream: str = ""
    data: msgspec.Raw = msgspec.Raw()
    lastUpdateId: int | None = None  # noqa: N815
    B: msgspec.Raw = msgspec.Raw()


_probe: Final = msgspec.json.Decoder(_Probe).decode
_ticker: Final = msgspec.json.Decoder(_TickerFrame, strict=False).decode
_trade: Final = msgspec.json.Decoder(_TradeFrame, strict=False).decode
_agg_trade: Final = msgspec.json.Decoder(_AggTradeFrame, strict=False).decode
_depth: Final = msgspec.json.Decoder(_DepthFrame, strict=False).decode
_mark: Final = msgspec.json.Decoder(_MarkFrame, strict=False).decode
_snapshot: Final = msgspec.json.Decoder(_SnapshotFrame, strict=False).decode


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
        raise FrameError(f"expected a frame of Binance, was {_shown(frame)}: {error}") from None
    if probe.lastUpdateId is not None:
        return "snapshot", probe.s
    return probe.e or ("bookTicker" if bytes(probe.B) else ""), probe.s


class BinanceCodec:
    """Reads frames of the given symbols: venue name (BTCUSDT) to the name used here (BTC/USDT)."""

    def __init__(self, symbols: Mapping[str, str]) -> None:
        self._symbols = dict(symbols)
        self._readers: dict[bytes, Reader] = {}
        self._by_kind: dict[str, Reader] = {
            "bookTicker": self._read_ticker,
            "trade": self._read_trade,
            "aggTrade": self._read_agg_trade,
            "depthUpdate": self._read_depth,
            "markPriceUpdate": self._read_mark,
        }

    def decode(self, frame: bytes, ts_received: int) -> VenueMessage | None:
        """One frame as a message; None for what is no market data (acknowledgements, other streams).

        Raises:
            FrameError: The frame is broken, misses a field, or holds a number that can not be.
        """
        try:
            stream = frame[_STREAM_AT : frame.index(b'"', _STREAM_AT)]
            reader = self._readers.get(stream)
            if reader is not None:
                return reader(frame, ts_received)
            return self._first_of_stream(frame, ts_received, stream)
        except msgspec.MsgspecError as error:
            raise FrameError(f"{error}, in {_shown(frame)}") from None
        except ValueError as error:
            raise FrameError(f"expected a frame of Binance, was {_shown(frame)}: {error}") from None
        except KeyError as error:
            raise FrameError(f"expected one of {sorted(self._symbols)}, was {error}") from None

    def _first_of_stream(self, frame: bytes, ts_received: int, stream: bytes) -> VenueMessage | None:
        if not frame.startswith(_STREAM):
            return self._read_bare(frame, ts_received)
        kind = stream_kind(stream.decode())
        reader = self._by_kind.get(kind)
        if kind == "snapshot":
            reader = self._snapshot_reader(stream.decode().partition("@")[0].upper())
        if reader is None:
            frame_kind(frame)  # a stream that is not used must still be JSON
            return None
        self._readers[stream] = reader
        return reader(frame, ts_received)

    def _read_bare(self, frame: bytes, ts_received: int) -> VenueMessage | None:
        kind, symbol = frame_kind(frame)
        wrapped = b'{"data":' + frame + b"}"
        if kind == "snapshot":
            return self._snapshot_reader(symbol)(wrapped, ts_received)
        reader = self._by_kind.get(kind)
        return reader(wrapped, ts_received) if reader else None

    def _read_ticker(self, frame: bytes, ts_received: int) -> BestQuote:
        body = _ticker(frame).data
        return BestQuote(self._symbols[body.s], body.T * _MS, ts_received, body.b, body.B, body.a, body.A)

    def _read_trade(self, frame: bytes, ts_received: int) -> Trade | None:
        body = _trade(frame).data
        if body.X != "MARKET":  # insurance fund and deleveraging are no public prints
            return None
        side = Side.SELL if body.m else Side.BUY
        return Trade(self._symbols[body.s], body.T * _MS, ts_received, body.p, body.q, side, body.t)

    def _read_agg_trade(self, frame: bytes, ts_received: int) -> Trade:
        body = _agg_trade(frame).data
        side = Side.SELL if body.m else Side.BUY
        return Trade(self._symbols[body.s], body.T * _MS, ts_received, body.p, body.q, side, body.a)

    def _read_depth(self, frame: bytes, ts_received: int) -> DepthUpdate:
        body = _depth(frame).data
        if body.U > body.u:
            raise FrameError(f"expected first update id U ≤ last u, was {body.U} > {body.u}")
        ts = (body.T or body.E) * _MS
        delta = BookDelta(self._symbols[body.s], ts, ts_received, body.b, body.a, body.u)
        return DepthUpdate(body.U, body.pu, delta)

    def _read_mark(self, frame: bytes, ts_received: int) -> MarkPrice:
        body = _mark(frame).data
        return MarkPrice(self._symbols[body.s], body.E * _MS, ts_received, body.p, body.i)

    def _snapshot_reader(self, venue_symbol: str) -> Reader:
        """A reader of books that do not name their symbol; of "" the message's symbol is "" too."""
        symbol = self._symbols[venue_symbol] if venue_symbol else ""

        def read(frame: bytes, ts_received: int) -> BookSnapshot:
            body = _snapshot(frame).data
            return BookSnapshot(symbol, body.T * _MS, ts_received, body.bids, body.asks, body.lastUpdateId)

        return read


def _shown(frame: bytes) -> str:
    text = frame[:80].decode("utf-8", "replace")
    return text + ("…" if len(frame) > len(text) else "")
