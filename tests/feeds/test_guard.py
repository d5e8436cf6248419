"""Nothing but public reading leaves a guarded client, even when keys are planted in it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import ccxt.pro
import pytest
from aiohttp import web
from ccxt import NetworkError

from tests.exchanges.recorder import Recorder, recording_server
from tradetui.errors import FeedError
from tradetui.feeds.ccxt.endpoint import checked_endpoint, rewritten, send_to_endpoint
from tradetui.feeds.frame_guard import LiveTradingRefused, check_frame
from tradetui.feeds.guard import CREDENTIALS, guarded_class

IDS = ("binance", "binanceusdm", "coinbase", "kraken", "krakenfutures", "bybit", "bitget", "okx")
CALLS: dict[str, tuple[object, ...]] = {
    "create_order": ("BTC/USDT", "limit", "buy", 1, 1),
    "create_market_order": ("BTC/USDT", "buy", 1),
    "create_order_ws": ("BTC/USDT", "limit", "buy", 1, 1),
    "create_orders": ([{"symbol": "BTC/USDT", "type": "limit", "side": "buy", "amount": 1, "price": 1}],),
    "edit_order": ("1", "BTC/USDT", "limit", "buy", 1, 1),
    "cancel_order": ("1", "BTC/USDT"),
    "cancel_order_ws": ("1", "BTC/USDT"),
    "cancel_orders": (["1"], "BTC/USDT"),
    "cancel_all_orders": ("BTC/USDT",),
    "cancel_all_orders_after": (1000,),
    "withdraw": ("BTC", 1, "address"),
    "transfer": ("BTC", 1, "spot", "swap"),
    "set_leverage": (5, "BTC/USDT"),
    "set_margin_mode": ("isolated", "BTC/USDT"),
    "set_position_mode": (True, "BTC/USDT"),
    "fetch_balance": (),
    "fetch_open_orders": ("BTC/USDT",),
    "fetch_my_trades": ("BTC/USDT",),
    "fetch_deposit_address": ("BTC",),
    "watch_balance": (),
    "watch_orders": ("BTC/USDT",),
}
MARKET = {"id": "BTCUSDT", "lowercaseId": "btcusdt", "symbol": "BTC/USDT", "base": "BTC", "quote": "USDT"}


def planted(exchange_id: str, recorder: Recorder) -> Any:
    exchange = guarded_class(exchange_id)({"timeout": 2000, "enableRateLimit": False})
    send_to_endpoint(exchange, recorder.address)
    exchange.set_markets([{**MARKET, "type": "spot", "spot": True, "active": True}])
    for name in CREDENTIALS:
        setattr(exchange, name, "c2VjcmV0")
    exchange.timeout_on_exit = 0
    return exchange


@asynccontextmanager
async def pointing(status: int) -> AsyncIterator[tuple[str, list[str]]]:
    """An exchange that sends everybody to another service of this machine; what was asked there."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path.startswith("/elsewhere"):
            asked.append(request.path)
            return web.json_response({})
        return web.Response(status=status, headers={"Location": f"http://127.0.0.1:{port}/elsewhere"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    try:
        yield f"http://127.0.0.1:{port}", asked
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_answer_leads_a_client_to_another_address(status: int) -> None:
    async with pointing(status) as (address, asked):
        exchange = guarded_class("kraken")({"timeout": 2000, "enableRateLimit": False})
        send_to_endpoint(exchange, address)
        exchange.set_markets([{**MARKET, "type": "spot", "spot": True, "active": True}])
        exchange.timeout_on_exit = 0
        try:
            with pytest.raises(LiveTradingRefused, match="points to another address"):
                await exchange.fetch_time()
            with pytest.raises(NetworkError, match="points to another address"):
                await asyncio.wait_for(exchange.watch_trades("BTC/USDT"), 5)
        finally:
            await exchange.close()
    assert asked == []


@pytest.mark.parametrize("exchange_id", IDS)
async def test_no_writing_or_private_method_reaches_the_wire_with_planted_keys(exchange_id: str) -> None:
    assert len(CALLS) == 21
    async with recording_server() as recorder:
        exchange = planted(exchange_id, recorder)
        for name, arguments in CALLS.items():
            with pytest.raises(LiveTradingRefused):
                await getattr(exchange, name)(*arguments)
        await exchange.close()
    assert recorder.requests == []
    assert recorder.frames == []


async def test_the_recorder_would_have_seen_an_order_of_an_unguarded_client() -> None:
    async with recording_server() as recorder:
        exchange = ccxt.pro.kraken({"apiKey": "a2V5", "secret": "a2V5", "timeout": 2000})
        exchange.timeout_on_exit = 0
        send_to_endpoint(exchange, recorder.address)
        exchange.set_markets([{**MARKET, "type": "spot", "spot": True, "active": True}])
        await exchange.cancel_order("1", "BTC/USDT")
        await exchange.close()
    assert recorder.requests == ["POST /api.kraken.com/0/private/CancelOrder"]


@pytest.mark.parametrize("exchange_id", IDS)
async def test_no_private_or_writing_endpoint_reaches_the_wire(exchange_id: str) -> None:
    closed = re.compile(
        r"(private|sapi|papi)\w*_(get|post|put|delete|patch)_|_(put|delete|patch)_\w|public_post_"
    )
    async with recording_server() as recorder:
        exchange = planted(exchange_id, recorder)
        endpoints = [name for name in dir(type(exchange)) if closed.search(name)]
        assert len(endpoints) > 10
        for name in endpoints:
            with pytest.raises(LiveTradingRefused):
                await getattr(exchange, name)({})
        for method in ("POST", "PUT", "DELETE"):
            with pytest.raises(LiveTradingRefused):
                await exchange.request("order", "public", method)
            with pytest.raises(LiveTradingRefused):
                await exchange.fetch(f"{recorder.address}/order", method)
        await exchange.close()
    assert recorder.requests == []


async def test_a_request_to_another_host_or_with_a_key_in_its_header_is_refused() -> None:
    async with recording_server() as recorder:
        exchange = planted("kraken", recorder)
        with pytest.raises(LiveTradingRefused):
            await exchange.fetch("https://api.kraken.com/0/public/Time")
        with pytest.raises(LiveTradingRefused):
            await exchange.fetch(f"{recorder.address}/x", "GET", {"API-Key": "k"})
        await exchange.fetch(f"{recorder.address}/open")
        await exchange.close()
    assert recorder.requests == ["GET /open"]


@pytest.mark.parametrize("name", CREDENTIALS)
def test_a_credential_is_refused_when_a_client_is_made(name: str) -> None:
    with pytest.raises(LiveTradingRefused, match=name):
        guarded_class("binance")({name: "x"})


@pytest.mark.parametrize(
    "frame",
    [
        {"method": "order.place", "params": {}},
        {"op": "login", "args": [{"apiKey": "k"}]},
        {"event": "subscribe", "api_key": "k", "feed": "fills"},
        {"method": "subscribe", "params": {"channel": "executions", "token": "t"}},
        {"type": "subscribe", "channel": "level2", "jwt": "t"},
        {"id": 1},
        "[1]",
        "hello",
    ],
)
def test_a_frame_that_does_more_than_subscribe_is_held_back(frame: object) -> None:
    with pytest.raises(LiveTradingRefused):
        check_frame(frame)


@pytest.mark.parametrize(
    "frame", ["ping", {"op": "ping"}, {"method": "SUBSCRIBE", "params": ["x@depth"], "id": 1}]
)
def test_a_frame_that_subscribes_or_pings_passes(frame: object) -> None:
    check_frame(frame)


@pytest.mark.parametrize(
    ("exchange_id", "address"),
    [
        ("kraken", "wss://ws-auth.kraken.com/v2"),
        ("binance", "wss://ws-api.binance.com:443/ws-api/v3"),
        ("binance", "wss://stream.binance.com:9443/ws/pqia91ma19a5s61cv6a81va65sdf19v8a65a1a5s61cv"),
        ("bybit", "wss://stream.bybit.com/v5/private"),
        ("bybit", "wss://stream.bybit.com/v5/trade"),
        ("okx", "wss://ws.okx.com:8443/ws/v5/private"),
        ("bitget", "wss://ws.bitget.com/v2/ws/private"),
        ("kraken", "wss://example.com/v2"),
    ],
)
async def test_a_private_or_foreign_stream_is_never_opened(exchange_id: str, address: str) -> None:
    exchange = guarded_class(exchange_id)({})
    exchange.timeout_on_exit = 0
    with pytest.raises(LiveTradingRefused):
        exchange.client(address).create_connection(None)
    await exchange.close()


@pytest.mark.parametrize("exchange_id", IDS)
def test_an_endpoint_leaves_no_address_pointing_outside(exchange_id: str) -> None:
    exchange = guarded_class(exchange_id)({})
    send_to_endpoint(exchange, "http://127.0.0.1:9/")
    text = str(
        [exchange.urls[name] for name in ("api", "test", "demo", "demotrading") if name in exchange.urls]
    )
    assert set(re.findall(r"(?:https?|wss?)://[^/']+", text)) <= {"http://127.0.0.1:9", "ws://127.0.0.1:9"}
    assert exchange.hosts == {"127.0.0.1:9"}


def test_the_host_stays_in_the_path_so_that_ccxt_still_tells_spot_from_futures() -> None:
    base = "http://127.0.0.1:9"
    assert rewritten("wss://stream.binance.com:9443/ws", base) == "ws://127.0.0.1:9/stream.binance.com/ws"
    assert rewritten("https://api.kraken.com", base) == "http://127.0.0.1:9/api.kraken.com"


@pytest.mark.parametrize("endpoint", ["http://10.0.0.1:80", "https://127.0.0.1:1", "http://127.0.0.1", "x"])
def test_an_endpoint_that_is_no_loopback_address_is_refused(endpoint: str) -> None:
    with pytest.raises(FeedError, match=r"127\.0\.0\.1"):
        checked_endpoint(endpoint)


def test_words_of_live_trading_stand_only_in_the_guard() -> None:
    package = Path(__file__).parents[2] / "tradetui"
    words = re.compile(r"create_order|privatePost|apiKey")
    found = {path.name for path in package.rglob("*.py") if words.search(path.read_text(encoding="utf-8"))}
    assert found <= {"guard.py"}
    assert words.search((package / "feeds/guard.py").read_text(encoding="utf-8"))


async def test_no_task_is_left_by_a_guarded_client() -> None:
    exchange = guarded_class("okx")({})
    exchange.open()
    exchange.timeout_on_exit = 0
    await exchange.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}
