"""Tickers of many symbols in one table: each venue's frames, movers, and a scanner on loopback."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import ccxt.pro
import numpy as np
import pytest
from aiohttp import web

from tests.exchanges.loopback import Loopback
from tradetui.domain.profile import Profile
from tradetui.feeds.frame_guard import check_frame
from tradetui.feeds.native.connection import Connection
from tradetui.feeds.scan import scanner as scanner_module
from tradetui.feeds.scan.more_venues import BitgetScan, CoinbaseScan, KrakenFuturesScan
from tradetui.feeds.scan.scanner import SCANS, Scanner, scanner_of, wanted
from tradetui.feeds.scan.table import ScanTable
from tradetui.feeds.scan.venues import BinanceScan, BybitScan, KrakenScan, OkxScan, ScanVenue

NOW = 1_763_992_980 * 10**9


def row_of(venue: ScanVenue, name: str, *frames: bytes) -> list[float]:
    """Bid, its size, ask, its size, last, change and volume after some frames, to a millionth."""
    table = ScanTable({"A": 2, "B": 2})
    for frame in frames:
        venue.read(frame, NOW, {name: 1}, table)
    assert np.isnan(table.last[0])
    columns = (table.bid, table.bid_qty, table.ask, table.ask_qty, table.last, table.change_pct)
    return [round(float(column[1]), 6) for column in (*columns, table.quote_volume)]


def sample(captures: Path, name: str) -> bytes:
    return (captures / "nautilus" / "ws_http_samples" / f"{name}.json").read_bytes()


@pytest.mark.captures
def test_captured_tickers_of_okx_and_kraken_fill_their_row(captures: Path) -> None:
    okx = row_of(OkxScan(address=str), "BTC-USDT", sample(captures, "okx/ws_tickers"))
    assert okx == [8888.88, 5.0, 9999.99, 11.0, 9999.99, round((9999.99 / 9000 - 1) * 100, 6), 2222.0]
    kraken = row_of(KrakenScan(address=str), "BTC/USD", sample(captures, "kraken/ws_ticker_snapshot"))
    volume = 163.28908096 * 105904.39279
    assert kraken == [105944.2, 2.5, 105944.3, 3.2, 105899.4, 0.24, round(volume, 6)]


@pytest.mark.captures
def test_binances_two_streams_fill_one_row_together(captures: Path) -> None:
    folder = "binance/futures/market_data_json"
    ticker = json.loads(sample(captures, f"{folder}/ticker_stream"))
    book = json.loads(sample(captures, f"{folder}/book_ticker_stream"))
    frames = [
        json.dumps([{**ticker, "s": "XUSDT"}, ticker]).encode(),
        json.dumps({**book, "s": "BTCUSDT"}).encode(),
    ]
    found = row_of(BinanceScan(futures=True, address=str), "BTCUSDT", *frames)
    assert found == [25.3519, 31.21, 25.3652, 40.66, 16584.6, -0.786, 2036102085.697464]


@pytest.mark.captures
def test_captured_tickers_of_coinbase_and_kraken_futures_fill_their_row(captures: Path) -> None:
    coinbase = row_of(CoinbaseScan(address=str), "BTC-USD", sample(captures, "coinbase/ws_ticker"))
    volume = round(15328.12345678 * 68900.5, 6)
    assert coinbase == [68900.0, 1.5, 68901.0, 0.5, 68900.5, 1.85, volume]
    kraken = row_of(KrakenFuturesScan(address=str), "PI_XBTUSD", sample(captures, "kraken/ws_futures_ticker"))
    assert kraken == [21978.5, 2536.0, 21987.0, 13948.0, 21983.5, 1.997402, 31403908.0]


def test_bitget_tells_the_change_as_a_fraction() -> None:
    row = {
        "instId": "BTCUSDT",
        "lastPr": "100",
        "bidPr": "99.9",
        "bidSz": "1",
        "askPr": "100.1",
        "askSz": "2",
    }
    frame = {"action": "snapshot", "arg": {}, "data": [{**row, "change24h": "0.0125", "quoteVolume": "7"}]}
    venue = BitgetScan(futures=False, address=str)
    assert row_of(venue, "BTCUSDT", json.dumps(frame).encode()) == [99.9, 1, 100.1, 2, 100, 1.25, 7]


@pytest.mark.parametrize(("exchange", "is_contract"), SCANS)
def test_every_venue_asks_for_five_hundred_symbols_with_frames_that_only_subscribe(
    exchange: str, is_contract: bool
) -> None:
    venue = SCANS[exchange, is_contract](str)
    names = [f"S{n}" for n in range(500)]
    lines = venue.lines(names)
    assert len(lines) <= 5
    assert {name for line in lines for name in line.symbols} == set(names)
    frames = [frame for line in lines for frame in venue.subscribe(line)]
    for frame in frames:
        check_frame(frame)
        assert len(frame) < 60_000


def test_bybit_says_only_what_changed_and_the_rest_stays() -> None:
    def frame(**data: str) -> bytes:
        return json.dumps({"topic": "tickers.BTCUSDT", "data": {"symbol": "BTCUSDT", **data}}).encode()

    whole = frame(
        lastPrice="100",
        price24hPcnt="0.02",
        turnover24h="5000",
        bid1Price="99.9",
        bid1Size="1",
        ask1Price="100.1",
        ask1Size="2",
    )
    venue = BybitScan(linear=True, address=str)
    assert row_of(venue, "BTCUSDT", whole, frame(bid1Price="99.8")) == [99.8, 1, 100.1, 2, 100, 2, 5000]


def test_answers_and_symbols_of_others_leave_the_table_alone() -> None:
    table = ScanTable({"A": 2})
    for venue, frames in (
        (
            BinanceScan(futures=False, address=str),
            [b'{"result":null,"id":1}', b'{"e":"24hrTicker","s":"XUSDT","c":"1"}'],
        ),
        (OkxScan(address=str), [b"pong", b'{"event":"subscribe","arg":{"channel":"tickers"}}']),
        (KrakenScan(address=str), [b'{"channel":"heartbeat"}', b'{"method":"subscribe","success":true}']),
        (BybitScan(linear=True, address=str), [b'{"success":true,"op":"subscribe"}']),
    ):
        for frame in frames:
            venue.read(frame, NOW, {"BTCUSDT": 0}, table)
    assert table.updates == 0


@pytest.mark.parametrize("seed", range(5))
def test_movers_are_the_largest_moves_of_the_busier_half(seed: int) -> None:
    chance = random.Random(seed)
    table = ScanTable({f"S{n}": 2 for n in range(101)})
    rows = {n: (chance.uniform(-30, 30), chance.expovariate(1e-6)) for n in range(100)}
    for n, (change, volume) in rows.items():
        table.figures(n, 1.0, change, volume)
        table.told(n, NOW)
    half = sorted(volume for _, volume in rows.values())[50]
    busy = [n for n, (_, volume) in rows.items() if volume >= half]
    wanted_rows = sorted(busy, key=lambda n: -abs(rows[n][0]))[:10]
    assert table.movers(10, now=NOW + 1) == wanted_rows
    assert table.movers(10, now=NOW + 200 * 10**9) == []


def test_patterns_mean_symbols() -> None:
    symbols = ["BTC/USDT", "ETH/USDT", "ETH/BTC", "BTC/USDT:USDT"]
    assert wanted(symbols, ["*/USDT"]) == ["BTC/USDT", "ETH/USDT"]
    assert wanted(symbols, ["ETH/*", "*:USDT"]) == ["BTC/USDT:USDT", "ETH/BTC", "ETH/USDT"]


class TickerServer(Loopback):
    """Answers each subscription to a ticker with one, and closes once."""

    def __init__(self) -> None:
        super().__init__()
        self.closes = 1

    async def rest(self, request: web.Request) -> web.StreamResponse:
        raise NotImplementedError

    def forgotten(self, socket: web.WebSocketResponse) -> None:
        """Nothing is kept."""

    async def received(self, socket: web.WebSocketResponse, frame: dict[str, Any]) -> None:
        if self.closes:
            self.closes -= 1
            await socket.close()
            return
        await self.send(socket, '{"s":"broken')
        for stream in frame["params"]:
            name = stream.partition("@")[0].upper()
            ticker = {
                "e": "24hrTicker",
                "s": name,
                "c": "2.5",
                "P": "1.5",
                "q": "10",
                "b": "2.4",
                "B": "1",
                "a": "2.6",
                "A": "1",
            }
            await self.send(socket, json.dumps(ticker))


@asynccontextmanager
async def scanning(count: int) -> AsyncIterator[tuple[TickerServer, Scanner]]:
    server = TickerServer()
    async with server.running():
        symbols = [f"S{n}/USDT" for n in range(count)]
        market = {"active": True, "precision": {"price": 0.01}, "spot": True, "type": "spot"}
        exchange = ccxt.pro.binance()
        exchange.set_markets(
            [
                {**market, "id": s.replace("/", ""), "symbol": s, "base": s[:-5], "quote": "USDT"}
                for s in symbols
            ]
        )
        profile = Profile(
            name="b", exchange="binance", symbols=("S0/USDT",), scan=("*/USDT",), endpoint=server.address
        )
        scanner = scanner_of(profile, exchange)
        assert scanner is not None
        scanner._retry_s = 0.02
        task = asyncio.create_task(scanner.run())
        try:
            yield server, scanner
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_six_hundred_symbols_come_on_two_connections_also_after_a_loss() -> None:
    async with scanning(600) as (server, scanner):
        async with asyncio.timeout(20):
            while (scanner.table.ts_received == 0).any():  # noqa: ASYNC110 - a table tells nobody
                await asyncio.sleep(0.02)
        assert len(server.sockets) == 2
        assert len(server.dials) == 3
        assert scanner.bad_frames >= 6
        assert scanner.table.bid.tolist() == [2.4] * 600
        assert scanner.table.scales[0] == 2


async def test_a_connection_that_answers_and_brings_no_tickers_is_dialed_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scanner_module, "_SILENT_S", 0.1)
    async with scanning(1) as (server, scanner):
        async with asyncio.timeout(20):
            while len(server.dials) < 4:  # noqa: ASYNC110 - the server tells nobody
                await asyncio.sleep(0.02)
        assert scanner.table.bid.tolist() == [2.4]


class Quiet:
    """A connection that is open and answers pings; dialed again at once, it brings one ticker and no more."""

    is_open, opened_at = True, 0.0

    def __init__(self) -> None:
        self.scanner = Scanner(KrakenScan(address=str), {"A": "A"}, {"A": 2})
        self.scanner.connections = [cast("Connection", self)]
        self.drops: list[float] = []
        self.now = 0.0

    def drop(self, _why: str) -> None:
        self.drops.append(self.now)
        self.opened_at = self.now
        self.tell()

    def tell(self) -> None:
        figures = {
            "bid": 2.4,
            "bid_qty": 1,
            "ask": 2.6,
            "ask_qty": 1,
            "last": 2.5,
            "change_pct": 1,
            "volume": 1,
        }
        frame = {"channel": "ticker", "data": [{"symbol": "A", **figures}]}
        self.scanner.received(cast("Connection", self), [json.dumps(frame).encode()], NOW)
        assert not self.scanner.bad_frames

    def wait(self, until: float, *, tells: bool = False) -> None:
        while self.now < until:
            self.now += 10.0
            if tells:
                self.tell()
            self.scanner.give_up_silent(self.now)


def test_a_market_that_hardly_trades_is_asked_for_again_more_and_more_seldom(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    quiet = Quiet()
    monkeypatch.setattr(scanner_module, "monotonic", lambda: quiet.now)
    quiet.wait(4_000)
    waits = [later - drop for drop, later in pairwise([0.0, *quiet.drops])]
    assert waits == [130, 250, 490, 970, 970, 970]


def test_after_tickers_came_for_long_a_silence_counts_as_soon_as_in_the_beginning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    quiet = Quiet()
    monkeypatch.setattr(scanner_module, "monotonic", lambda: quiet.now)
    quiet.wait(1_000)
    assert quiet.drops == [130, 380, 870]
    quiet.wait(2_000, tells=True)
    quiet.wait(2_200)
    assert quiet.drops[3:] == [2_130]


def test_a_profile_without_patterns_scans_nothing() -> None:
    assert scanner_of(Profile(name="b", exchange="binance", symbols=("BTC/USDT",)), None) is None


STEERING = ("\x1b[31mX", "\x1b]0;owned\x07", "\x9b31m", "A\nB", "A\u202eB", "A\u2066B", "A\u200bB", "\ud800")


@pytest.mark.parametrize("base", STEERING)
def test_a_name_that_steers_a_terminal_is_not_scanned(base: str) -> None:
    assert scanned(base) == ("BTC/USDT",)


@pytest.mark.parametrize("base", ["A" * 1_000, "A" + "\u0300" * 1_000])
def test_a_name_that_no_screen_holds_is_not_scanned(base: str) -> None:
    assert scanned(base) == ("BTC/USDT",)


def test_a_name_in_another_script_is_scanned() -> None:
    assert scanned("\u5e01\u5b89\u4eba\u751f") == ("BTC/USDT", "\u5e01\u5b89\u4eba\u751f/USDT")


def scanned(base: str) -> tuple[str, ...]:
    """What the scanner of an exchange shows that has BTC/USDT and one more."""
    exchange = ccxt.pro.binance()
    market = {"active": True, "precision": {"price": 0.01}, "spot": True, "type": "spot", "quote": "USDT"}
    listed = [{**market, "id": f"{b}USDT", "symbol": f"{b}/USDT", "base": b} for b in ("BTC", base)]
    exchange.set_markets(listed)
    scanner = scanner_of(Profile(name="b", exchange="binance", symbols=("BTC/USDT",), scan=("*",)), exchange)
    assert scanner is not None
    return scanner.table.symbols
