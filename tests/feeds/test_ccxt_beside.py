"""What a feed through ccxt does beside its streams: scan, ask for open interest, and measure itself."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest

from tests.exchanges.collector import Collector, fed
from tests.exchanges.exchange import Exchange
from tests.exchanges.rig import rigged
from tests.exchanges.venues.every import exchange_of
from tradetui.domain.market_data import FeedStatus, OpenInterest
from tradetui.domain.profile import Profile
from tradetui.feeds.ccxt.feed import CcxtFeed
from tradetui.feeds.ccxt.polled_scan import PolledScan, scan_of
from tradetui.feeds.protocol import Measures
from tradetui.feeds.scan.scanner import Scanner

SCANNED = ("*/USDT",)


def nothing(_exchange: Exchange) -> None:
    """Plant no fault."""


async def test_connections_and_what_frames_cost_are_known() -> None:
    async with rigged("kraken", None, through="ccxt", prepare=nothing) as rig:
        await rig.live()
        await rig.exchange.changes(40)
        await rig.synced()
        assert isinstance(rig.feed, Measures)
        (wire,) = rig.feed.wires()
        assert (wire.is_open, wire.symbols, wire.dials, wire.rtt_ms) == (True, 1, 1, None)
        assert wire.frames > 40
        assert wire.bytes_received > 1000
        assert rig.feed.busy_ns > 0
        await rig.exchange.close_sockets()
        await rig.healed()
        assert [wire.dials for wire in rig.feed.wires()] == [2]


async def test_open_interest_is_asked_for_where_ccxt_can_ask() -> None:
    async with rigged("bybit-linear", None, through="ccxt", prepare=nothing) as rig:
        await rig.live()
        await rig.eventually(lambda: rig.collector.of(OpenInterest))
        assert rig.collector.of(OpenInterest)[0].qty == 49303.511


async def test_a_profile_of_ccxt_scans_by_the_streams_of_its_exchange() -> None:
    server = exchange_of("bybit", None)
    async with server.running():
        profile = Profile(
            name="x",
            exchange="bybit",
            symbols=("BTC/USDT",),
            stream="ccxt",
            scan=SCANNED,
            endpoint=server.address,
        )
        feed, collector = CcxtFeed(profile), Collector()
        async with fed(feed, collector):
            await collector.until(lambda: feed.scan is not None)
            await collector.until(lambda: any(wire.is_open for wire in feed.wires()[-1:]))
            assert feed.scan is not None
            assert feed.scan.symbols == ("BTC/USDT",)


async def test_what_can_not_be_scanned_is_said() -> None:
    server = exchange_of("bybit", None)
    async with server.running():
        profile = Profile(
            name="x", exchange="bybit", symbols=("BTC/USDT",), scan=("*/NONE",), endpoint=server.address
        )
        collector = Collector()
        async with fed(CcxtFeed(profile), collector):
            await collector.until(lambda: any("is scanned" in s.text for s in collector.of(FeedStatus)))


class Tickers:
    """An exchange whose own streams are not read here."""

    id = "kucoin"

    def __init__(self, *, tells: bool = True) -> None:
        self.has = {"fetchTickers": tells}
        self.symbols = ["A/USDT", "B/USDT", "C/EUR"]
        self.asked: list[list[str]] = []

    def market(self, symbol: str) -> dict[str, Any]:
        return {"symbol": symbol, "active": True, "precision": {"price": 0.01}}

    async def fetch_tickers(self, symbols: list[str]) -> dict[str, dict[str, Any]]:
        self.asked.append(symbols)
        known = {"symbol": "A/USDT", "last": 2.5, "bid": 2.4, "ask": 2.6, "percentage": 1.5, "baseVolume": 10}
        return {
            "A/USDT": known,
            "B/USDT": {"symbol": "B/USDT", "last": None},
            "D/USDT": {**known, "symbol": "D"},
        }


PROFILE = Profile(name="k", exchange="kucoin", symbols=("A/USDT",), scan=SCANNED)


async def test_an_exchange_without_streams_here_is_scanned_by_rest() -> None:
    exchange = Tickers()
    scan = scan_of(PROFILE, exchange)
    assert isinstance(scan, PolledScan)
    task = asyncio.create_task(scan.run())
    async with asyncio.timeout(5):
        while not scan.table.updates:  # noqa: ASYNC110 - a table tells nobody
            await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    table = scan.table
    assert exchange.asked == [["A/USDT", "B/USDT"]]
    assert (table.last[0], table.bid[0], table.change_pct[0], table.quote_volume[0]) == (2.5, 2.4, 1.5, 25.0)
    assert math.isnan(table.last[1])
    assert table.updates == 1


@pytest.mark.parametrize(
    ("profile", "tells"),
    [
        (Profile(name="k", exchange="kucoin", symbols=("A/USDT",)), True),
        (PROFILE, False),
        (Profile(name="k", exchange="kucoin", symbols=("A/USDT",), scan=("*/X",)), True),
    ],
)
def test_nothing_is_scanned_where_nothing_is_wanted_fits_or_is_told(profile: Profile, tells: bool) -> None:
    assert scan_of(profile, Tickers(tells=tells)) is None


def test_a_profile_of_ccxt_at_an_exchange_with_streams_here_is_scanned_by_them() -> None:
    profile = Profile(name="k", exchange="binance", symbols=("A/USDT",), scan=SCANNED, stream="ccxt")
    exchange: Any = Tickers()
    exchange.market = lambda symbol: {"symbol": symbol, "id": symbol.replace("/", ""), "active": True}
    assert isinstance(scan_of(profile, exchange), Scanner)
