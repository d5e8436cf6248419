"""Every exchange that ships as a profile: reached only at its endpoint, down in words, closed cleanly."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web

from tests.exchanges.collector import Collector, fed
from tests.exchanges.loopback import Loopback
from tradetui.domain.market_data import FeedState
from tradetui.domain.profile import Profile
from tradetui.errors import FeedError
from tradetui.feeds.ccxt.exchange import open_exchange
from tradetui.feeds.ccxt.feed import CcxtFeed
from tradetui.feeds.frame_guard import LiveTradingRefused

HOSTS = {
    "binance": "api.binance.com",
    "binanceusdm": "fapi.binance.com",
    "coinbase": "api.coinbase.com",
    "kraken": "api.kraken.com",
    "krakenfutures": "futures.kraken.com",
    "bybit": "api.bybit.com",
    "bitget": "api.bitget.com",
    "okx": "www.okx.com",
}
SYMBOLS = {"binanceusdm": "BTC/USDT:USDT", "krakenfutures": "BTC/USD:BTC"}


class Refusing(Loopback):
    async def rest(self, request: web.Request) -> web.StreamResponse:
        return web.Response(status=451, text="no")

    async def received(self, socket: web.WebSocketResponse, frame: dict[str, Any]) -> None:
        raise AssertionError

    def forgotten(self, socket: web.WebSocketResponse) -> None:
        raise AssertionError


@pytest.mark.parametrize("exchange_id", HOSTS)
async def test_a_blocked_exchange_is_down_in_words_and_only_the_endpoint_was_asked(exchange_id: str) -> None:
    server = Refusing()
    async with server.running():
        symbol = SYMBOLS.get(exchange_id, "BTC/USDT")
        profile = Profile(name="x", exchange=exchange_id, symbols=(symbol,), endpoint=server.address)
        collector = Collector()
        async with fed(CcxtFeed(profile, retry_s=0.05), collector):
            down = await collector.until_state(symbol, FeedState.DOWN)
            assert down.text == "blocked here (HTTP 451)"
            assert down.retry_s > 0
    assert {path.split("/")[1] for path in server.asked} == {HOSTS[exchange_id]}


@pytest.mark.parametrize("exchange_id", HOSTS)
async def test_a_feed_that_is_stopped_at_once_asks_nothing(exchange_id: str) -> None:
    server = Refusing()
    async with server.running():
        profile = Profile(name="x", exchange=exchange_id, symbols=(), endpoint=server.address)
        feed = CcxtFeed(profile)
        run = asyncio.create_task(feed.run(Collector()))
        await asyncio.sleep(0)
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)
    assert server.asked == []


async def test_an_unknown_exchange_is_refused() -> None:
    with pytest.raises(FeedError, match="mtgox"):
        open_exchange(Profile(name="x", exchange="mtgox", symbols=()))


async def test_an_endpoint_outside_loopback_is_refused() -> None:
    with pytest.raises(FeedError, match="endpoint"):
        open_exchange(Profile(name="x", exchange="kraken", symbols=(), endpoint="http://example.com:80"))


async def test_the_feeds_own_client_refuses_to_write_too() -> None:
    exchange = open_exchange(Profile(name="x", exchange="kraken", symbols=(), endpoint="http://127.0.0.1:9"))
    with pytest.raises(LiveTradingRefused):
        exchange.withdraw("BTC", 1, "address")
