"""How each venue tells tickers of many symbols on few connections, written straight into the table.

Sources: the venues' websocket documentation and captured frames. A venue that has one stream of all
symbols is asked for that one, the others for each symbol. What a ticker leaves out is left as it was.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Protocol

import msgspec

from tradetui.feeds.native.connection import Line
from tradetui.feeds.native.wire import Price, Quantity
from tradetui.feeds.scan.table import ScanTable

Address = Callable[[str], str]
Names = Mapping[str, int]
"""What the venue calls a symbol, and its row in the table."""
_BINANCE: Final = "wss://stream.binance.com:9443/ws"
_BINANCE_MARKET: Final = "wss://fstream.binance.com/market/ws"
_BINANCE_PUBLIC: Final = "wss://fstream.binance.com/public/ws"
_BYBIT: Final = "wss://stream.bybit.com/v5/public/"
_OKX: Final = "wss://ws.okx.com:8443/ws/v5/public"
_KRAKEN: Final = "wss://ws.kraken.com/v2"


class ScanVenue(Protocol):
    """One venue's tickers."""

    def lines(self, names: Sequence[str]) -> Sequence[Line]:
        """The connections that carry them."""
        ...

    def subscribe(self, line: Line) -> Iterable[str]:
        """What to send when a connection is open."""
        ...

    def read(self, frame: bytes, ts_received: int, names: Names, table: ScanTable) -> None:
        """Write what a frame says; raises MsgspecError for one that can not be."""
        ...


def groups(names: Sequence[str], most: int) -> list[tuple[str, ...]]:
    """The names in groups of at most so many."""
    return [tuple(names[start : start + most]) for start in range(0, len(names), most)]


def spread(
    url: str, names: Sequence[str], *, most: int = 250, ping: str = "", ping_s: float = 15.0
) -> list[Line]:
    """As many connections to one address as the names need."""
    return [Line(url=url, symbols=group, ping=ping, ping_s=ping_s) for group in groups(names, most)]


# --- Binance


class _Ticker(msgspec.Struct, gc=False):
    s: str
    c: Price | None = None
    P: float = 0.0
    q: Quantity = 0.0
    b: Quantity | None = None
    B: Quantity = 0.0
    a: Quantity | None = None
    A: Quantity = 0.0


_ticker: Final = msgspec.json.Decoder(_Ticker, strict=False).decode
_tickers: Final = msgspec.json.Decoder(list[_Ticker], strict=False).decode


class BinanceScan:
    """Spot: a ticker of each symbol, a second apart; USD-M: the two streams of all symbols."""

    def __init__(self, *, futures: bool, address: Address) -> None:
        self._futures = futures
        self._address = address

    def lines(self, names: Sequence[str]) -> Sequence[Line]:
        """Spot takes a thousand streams on a connection."""
        if not self._futures:
            return spread(self._address(_BINANCE), names, most=500, ping_s=60.0)
        urls = (_BINANCE_MARKET, _BINANCE_PUBLIC)
        return [Line(url=self._address(url), symbols=tuple(names), ping_s=60.0) for url in urls]

    def subscribe(self, line: Line) -> Iterable[str]:
        """Frames of at most a hundred streams."""
        if self._futures:
            stream = "!ticker@arr" if "/market/" in line.url else "!bookTicker"
            return [json.dumps({"method": "SUBSCRIBE", "params": [stream], "id": 1})]
        streams = [f"{name.lower()}@ticker" for name in line.symbols]
        return [
            json.dumps({"method": "SUBSCRIBE", "params": group, "id": number})
            for number, group in enumerate(groups(streams, 100), 1)
        ]

    def read(self, frame: bytes, ts_received: int, names: Names, table: ScanTable) -> None:
        """One ticker, or an array of them; answers to subscriptions name no symbol."""
        if frame[:1] == b"[":
            for ticker in _tickers(frame):
                self._write(ticker, ts_received, names, table)
        elif b'"s":' in frame:
            self._write(_ticker(frame), ts_received, names, table)

    def _write(self, ticker: _Ticker, ts_received: int, names: Names, table: ScanTable) -> None:
        row = names.get(ticker.s)
        if row is None:
            return
        if ticker.b and ticker.a:
            table.quote(row, ticker.b, ticker.B, ticker.a, ticker.A)
        if ticker.c is not None:
            table.figures(row, ticker.c, ticker.P, ticker.q)
        table.told(row, ts_received)


# --- Bybit


class _BybitTicker(msgspec.Struct, gc=False):
    symbol: str = ""
    lastPrice: Price | None = None  # noqa: N815  (the venue's names)
    price24hPcnt: float | None = None  # noqa: N815
    turnover24h: Quantity | None = None
    bid1Price: Price | None = None  # noqa: N815
    bid1Size: Quantity | None = None  # noqa: N815
    ask1Price: Price | None = None  # noqa: N815
    ask1Size: Quantity | None = None  # noqa: N815


class _BybitFrame(msgspec.Struct):
    data: _BybitTicker | None = None
    topic: str = ""


_bybit: Final = msgspec.json.Decoder(_BybitFrame, strict=False).decode


class BybitScan:
    """Tickers say what changed; those of spot bring no best bid and ask."""

    def __init__(self, *, linear: bool, address: Address) -> None:
        self._url = address(_BYBIT + ("linear" if linear else "spot"))

    def lines(self, names: Sequence[str]) -> Sequence[Line]:
        """Some hundreds on a connection."""
        return spread(self._url, names, ping='{"op":"ping"}')

    def subscribe(self, line: Line) -> Iterable[str]:
        """Ten topics a frame: spot takes no more."""
        topics = [f"tickers.{name}" for name in line.symbols]
        return [json.dumps({"op": "subscribe", "args": group}) for group in groups(topics, 10)]

    def read(self, frame: bytes, ts_received: int, names: Names, table: ScanTable) -> None:
        """One ticker."""
        if not frame.startswith(b'{"topic"') and b'"topic"' not in frame:
            return
        ticker = _bybit(frame).data
        row = names.get(ticker.symbol) if ticker is not None else None
        if ticker is None or row is None:
            return
        changed = (
            (table.last, ticker.lastPrice),
            (table.change_pct, None if ticker.price24hPcnt is None else ticker.price24hPcnt * 100),
            (table.quote_volume, ticker.turnover24h),
            (table.bid, ticker.bid1Price),
            (table.bid_qty, ticker.bid1Size),
            (table.ask, ticker.ask1Price),
            (table.ask_qty, ticker.ask1Size),
        )
        for column, value in changed:
            if value is not None:
                column[row] = value
        table.told(row, ts_received)


# --- OKX


class _OkxTicker(msgspec.Struct, gc=False):
    instId: str  # noqa: N815
    last: Price
    bidPx: Quantity = 0.0  # noqa: N815
    bidSz: Quantity = 0.0  # noqa: N815
    askPx: Quantity = 0.0  # noqa: N815
    askSz: Quantity = 0.0  # noqa: N815
    open24h: Quantity = 0.0
    volCcy24h: Quantity = 0.0  # noqa: N815


class _OkxFrame(msgspec.Struct):
    data: list[_OkxTicker] = []


_okx: Final = msgspec.json.Decoder(_OkxFrame, strict=False).decode


class OkxScan:
    """Tickers, as often as ten times a second where something changed."""

    def __init__(self, *, address: Address) -> None:
        self._url = address(_OKX)

    def lines(self, names: Sequence[str]) -> Sequence[Line]:
        """Some hundreds on a connection."""
        return spread(self._url, names, ping="ping")

    def subscribe(self, line: Line) -> Iterable[str]:
        """A hundred channels a frame."""
        for group in groups(line.symbols, 100):
            args = [{"channel": "tickers", "instId": name} for name in group]
            yield json.dumps({"op": "subscribe", "args": args})

    def read(self, frame: bytes, ts_received: int, names: Names, table: ScanTable) -> None:
        """Some tickers; a contract's volume is told in coins."""
        if frame == b"pong" or b'"data"' not in frame:
            return
        for ticker in _okx(frame).data:
            row = names.get(ticker.instId)
            if row is None:
                continue
            in_coins = ticker.instId.count("-") > 1
            table.ticker(
                row,
                ts_received,
                touch=(ticker.bidPx, ticker.bidSz, ticker.askPx, ticker.askSz),
                last=ticker.last,
                change_pct=(ticker.last / ticker.open24h - 1) * 100 if ticker.open24h else 0.0,
                quote_volume=ticker.volCcy24h * ticker.last if in_coins else ticker.volCcy24h,
            )


# --- Kraken


class _KrakenTicker(msgspec.Struct, gc=False):
    symbol: str
    bid: Price
    bid_qty: Quantity
    ask: Price
    ask_qty: Quantity
    last: Price
    volume: Quantity = 0.0
    vwap: Quantity = 0.0
    change_pct: float = 0.0


class _KrakenFrame(msgspec.Struct):
    channel: str = ""
    data: msgspec.Raw = msgspec.Raw(b"[]")


_kraken: Final = msgspec.json.Decoder(_KrakenFrame).decode
_kraken_tickers: Final = msgspec.json.Decoder(list[_KrakenTicker]).decode


class KrakenScan:
    """Tickers with each trade."""

    def __init__(self, *, address: Address) -> None:
        self._url = address(_KRAKEN)

    def lines(self, names: Sequence[str]) -> Sequence[Line]:
        """Some hundreds on a connection."""
        return spread(self._url, names, ping='{"method":"ping"}')

    def subscribe(self, line: Line) -> Iterable[str]:
        """A hundred symbols a frame."""
        return [
            json.dumps({"method": "subscribe", "params": {"channel": "ticker", "symbol": list(group)}})
            for group in groups(line.symbols, 100)
        ]

    def read(self, frame: bytes, ts_received: int, names: Names, table: ScanTable) -> None:
        """Some tickers; volume is told in the base currency."""
        outer = _kraken(frame)
        if outer.channel != "ticker":
            return
        for ticker in _kraken_tickers(outer.data):
            row = names.get(ticker.symbol)
            if row is not None:
                table.ticker(
                    row,
                    ts_received,
                    touch=(ticker.bid, ticker.bid_qty, ticker.ask, ticker.ask_qty),
                    last=ticker.last,
                    change_pct=ticker.change_pct,
                    quote_volume=ticker.volume * (ticker.vwap or ticker.last),
                )
