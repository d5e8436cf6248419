"""Sample frames of the other exchanges, sent by a loopback server to the real ccxt client."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiohttp import web

from tests.exchanges.captures import Levels
from tests.exchanges.collector import Collector, fed
from tests.exchanges.loopback import Loopback
from tradetui.domain.market_data import BookDelta, BookSnapshot, Side, Trade
from tradetui.domain.profile import Profile
from tradetui.feeds.ccxt import feed as feed_module
from tradetui.feeds.ccxt.exchange import open_exchange
from tradetui.feeds.ccxt.feed import CcxtFeed

pytestmark = pytest.mark.captures


class Sample(NamedTuple):
    exchange: str
    symbol: str
    market_id: str
    book: tuple[str, ...]
    trades: str
    best: tuple[tuple[str, str], tuple[str, str]]
    trade: tuple[str, str, Side]


SAMPLES = [
    Sample(
        *("okx", "BTC/USDT", "BTC-USDT"),
        ("okx/ws_books_snapshot", "okx/ws_books_update"),
        "okx/ws_trades",
        (("8476.97", "256"), ("8476.98", "415")),
        ("42219.9", "0.12060306", Side.BUY),
    ),
    Sample(
        *("bybit", "BTC/USDT", "BTCUSDT"),
        ("bybit/ws_orderbook_snapshot", "bybit/ws_orderbook_delta"),
        "bybit/ws_public_trade",
        (("27450", "0.4"), ("27451.5", "0.9")),
        ("27451", "0.01", Side.BUY),
    ),
    Sample(
        *("coinbase", "BTC/USD", "BTC-USD"),
        ("coinbase/ws_l2_data_snapshot", "coinbase/ws_l2_data_update"),
        "coinbase/ws_market_trades",
        (("68900", "2"), ("68901.5", "1.2")),
        ("68900.5", "0.0015", Side.SELL),  # the frame says BUY, which is the maker's side
    ),
    Sample(
        *("krakenfutures", "BTC/USD:BTC", "PI_XBTUSD"),
        ("kraken/ws_futures_book_snapshot", "kraken/ws_futures_book_delta"),
        "kraken/ws_futures_trade",
        (("34892.5", "6385"), ("34911.5", "20598")),
        ("34969.5", "15000", Side.SELL),
    ),
]


FOLLOWING = {
    '"checksum": -855196043': '"checksum": 0',  # of a book of which the documentation shows a part
    '"seq": 326094134': '"seq": 326072250',
}
"""Frames of the documentation are of different moments: what ties them to each other is put right."""


class SampleServer(Loopback):
    """Answers every subscription with the sample frames of its channel."""

    def __init__(self, folder: Path, sample: Sample) -> None:
        super().__init__()
        self._sent = 0
        self._frames = [
            [self._read(folder, name) for name in sample.book],
            [self._read(folder, sample.trades)],
        ]

    def _read(self, folder: Path, name: str) -> str:
        text = json.dumps(json.loads((folder / f"{name}.json").read_text()))
        text = text.replace('"BTC-USD"', '"BTC-USDT"') if "okx" in name else text
        for told, following in FOLLOWING.items():
            text = text.replace(told, following)
        return text.replace("trade.linear.", "publicTrade.").replace("orderbook.1.", "orderbook.200.")

    async def rest(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({})

    async def received(self, socket: web.WebSocketResponse, frame: dict[str, Any]) -> None:
        text = json.dumps(frame)
        if "ping" not in text:
            for answer in self._frames["rade" in text]:
                self._sent += 1
                await self.send(
                    socket, re.sub('"sequence_num": [0-9]+', f'"sequence_num": {self._sent}', answer)
                )

    def forgotten(self, socket: web.WebSocketResponse) -> None:
        pass


def market_of(sample: Sample) -> dict[str, Any]:
    pair, _, settle = sample.symbol.partition(":")
    base, quote = pair.split("/")
    kind = {"type": "swap", "swap": True, "contract": True, "inverse": True, "linear": False}
    return {
        "id": sample.market_id,
        "symbol": sample.symbol,
        "base": base,
        "quote": quote,
        "active": True,
        "settle": settle or None,
        "spot": not settle,
        "type": "spot",
        "contract": False,
        **(kind if settle else {}),
        "precision": {"price": 0.01, "amount": 0.00000001},
        "limits": {},
        "contractSize": 1 if settle else None,
    }


def as_levels(side: tuple[str, str]) -> Levels:
    return [(Decimal(side[0]), Decimal(side[1]))]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.exchange)
async def test_sample_frames_become_a_book_and_trades(
    captures: Path, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = SampleServer(captures / "nautilus/ws_http_samples", sample)

    def with_markets(profile: Profile) -> Any:
        exchange = open_exchange(profile)
        exchange.set_markets([market_of(sample)])
        return exchange

    monkeypatch.setattr(feed_module, "open_exchange", with_markets)
    async with server.running():
        profile = Profile(
            name="x", exchange=sample.exchange, symbols=(sample.symbol,), endpoint=server.address
        )
        feed, collector = CcxtFeed(profile), Collector()
        async with fed(feed, collector):
            await collector.until(lambda: bool(collector.of(Trade)) and bool(collector.of(BookSnapshot)), 4)
            if sample.exchange != "krakenfutures":
                await collector.until(lambda: bool(collector.of(BookDelta)), 8)
    assert collector.states(sample.symbol)[-1].is_fresh
    assert collector.top(sample.symbol, 1) == tuple(as_levels(side) for side in sample.best)
    trade = collector.of(Trade)[0]
    assert (Decimal(repr(trade.price)), Decimal(repr(trade.qty)), trade.aggressor) == (
        Decimal(sample.trade[0]),
        Decimal(sample.trade[1]),
        sample.trade[2],
    )
    assert feed.stats(sample.symbol).bad_messages == 0
