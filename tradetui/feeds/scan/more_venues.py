"""The other venues' tickers: Bitget, Coinbase and Kraken Futures."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from tradetui.feeds.native.connection import Line
from tradetui.feeds.native.wire import Price, Quantity
from tradetui.feeds.scan.table import ScanTable
from tradetui.feeds.scan.venues import Address, Names, groups, spread

_BITGET: Final = "wss://ws.bitget.com/v2/ws/public"
_COINBASE: Final = "wss://advanced-trade-ws.coinbase.com"
_KRAKEN_FUTURES: Final = "wss://futures.kraken.com/ws/v1"


class _BitgetTicker(msgspec.Struct, gc=False):
    instId: str  # noqa: N815  (the venue's names)
    lastPr: Price  # noqa: N815
    bidPr: Quantity = 0.0  # noqa: N815
    bidSz: Quantity = 0.0  # noqa: N815
    askPr: Quantity = 0.0  # noqa: N815
    askSz: Quantity = 0.0  # noqa: N815
    change24h: float = 0.0
    quoteVolume: Quantity = 0.0  # noqa: N815


class _BitgetFrame(msgspec.Struct):
    data: list[_BitgetTicker] = []


_bitget: Final = msgspec.json.Decoder(_BitgetFrame, strict=False).decode


class BitgetScan:
    """Tickers, as often as ten times a second."""

    def __init__(self, *, futures: bool, address: Address) -> None:
        self._type = "USDT-FUTURES" if futures else "SPOT"
        self._url = address(_BITGET)

    def lines(self, names: Sequence[str]) -> Sequence[Line]:
        """A hundred on a connection: the venue asks for few."""
        return spread(self._url, names, most=100, ping="ping", ping_s=25.0)

    def subscribe(self, line: Line) -> Iterable[str]:
        """Fifty channels a frame."""
        for group in groups(line.symbols, 50):
            args = [{"instType": self._type, "channel": "ticker", "instId": name} for name in group]
            yield json.dumps({"op": "subscribe", "args": args})

    def read(self, frame: bytes, ts_received: int, names: Names, table: ScanTable) -> None:
        """Some tickers; the change is told as a fraction."""
        if frame == b"pong" or b'"data"' not in frame:
            return
        for ticker in _bitget(frame).data:
            row = names.get(ticker.instId)
            if row is not None:
                table.ticker(
                    row,
                    ts_received,
                    touch=(ticker.bidPr, ticker.bidSz, ticker.askPr, ticker.askSz),
                    last=ticker.lastPr,
                    change_pct=ticker.change24h * 100,
                    quote_volume=ticker.quoteVolume,
                )


class _CoinbaseTicker(msgspec.Struct, gc=False):
    product_id: str
    price: Price
    volume_24_h: Quantity = 0.0
    price_percent_chg_24_h: float = 0.0
    best_bid: Quantity = 0.0
    best_bid_quantity: Quantity = 0.0
    best_ask: Quantity = 0.0
    best_ask_quantity: Quantity = 0.0


class _CoinbaseEvent(msgspec.Struct):
    tickers: list[_CoinbaseTicker] = []


class _CoinbaseFrame(msgspec.Struct):
    channel: str = ""
    events: msgspec.Raw = msgspec.Raw(b"[]")


_coinbase: Final = msgspec.json.Decoder(_CoinbaseFrame).decode
_coinbase_events: Final = msgspec.json.Decoder(list[_CoinbaseEvent], strict=False).decode


class CoinbaseScan:
    """Tickers in batches, five seconds apart."""

    def __init__(self, *, address: Address) -> None:
        self._url = address(_COINBASE)

    def lines(self, names: Sequence[str]) -> Sequence[Line]:
        """Some hundreds on a connection."""
        return spread(self._url, names)

    def subscribe(self, line: Line) -> Iterable[str]:
        """A hundred products a frame, and the heartbeat that keeps the connection."""
        for group in groups(line.symbols, 100):
            yield json.dumps({"type": "subscribe", "product_ids": list(group), "channel": "ticker_batch"})
        yield json.dumps({"type": "subscribe", "channel": "heartbeats"})

    def read(self, frame: bytes, ts_received: int, names: Names, table: ScanTable) -> None:
        """Some tickers; volume is told in the base currency."""
        outer = _coinbase(frame)
        if outer.channel not in ("ticker", "ticker_batch"):
            return
        for ticker in (each for event in _coinbase_events(outer.events) for each in event.tickers):
            row = names.get(ticker.product_id)
            if row is not None:
                bid, ask = ticker.best_bid, ticker.best_ask
                table.ticker(
                    row,
                    ts_received,
                    touch=(bid, ticker.best_bid_quantity, ask, ticker.best_ask_quantity),
                    last=ticker.price,
                    change_pct=ticker.price_percent_chg_24_h,
                    quote_volume=ticker.volume_24_h * ticker.price,
                )


class _FuturesTicker(msgspec.Struct, gc=False):
    feed: str = ""
    product_id: str = ""
    last: Price | None = None
    bid: Quantity = 0.0
    bid_size: Quantity = 0.0
    ask: Quantity = 0.0
    ask_size: Quantity = 0.0
    change: float = 0.0
    volumeQuote: Quantity = 0.0  # noqa: N815


_futures: Final = msgspec.json.Decoder(_FuturesTicker).decode


class KrakenFuturesScan:
    """Tickers, a second apart at most."""

    def __init__(self, *, address: Address) -> None:
        self._url = address(_KRAKEN_FUTURES)

    def lines(self, names: Sequence[str]) -> Sequence[Line]:
        """Some hundreds on a connection."""
        return spread(self._url, names)

    def subscribe(self, line: Line) -> Iterable[str]:
        """A hundred products a frame."""
        for group in groups(line.symbols, 100):
            yield json.dumps({"event": "subscribe", "feed": "ticker", "product_ids": list(group)})

    def read(self, frame: bytes, ts_received: int, names: Names, table: ScanTable) -> None:
        """One ticker."""
        ticker = _futures(frame)
        row = names.get(ticker.product_id)
        if ticker.feed == "ticker" and row is not None and ticker.last is not None:
            table.ticker(
                row,
                ts_received,
                touch=(ticker.bid, ticker.bid_size, ticker.ask, ticker.ask_size),
                last=ticker.last,
                change_pct=ticker.change,
                quote_volume=ticker.volumeQuote,
            )
