"""Funding comes by REST from each venue, and one contract that has gone takes it from nobody."""

from __future__ import annotations

from time import time_ns

import pytest
from aiohttp import web

from tests.exchanges.collector import Collector, fed
from tests.exchanges.exchange import Exchange, Funding
from tests.exchanges.rig import CALM, rigged
from tests.exchanges.two import TwoMarkets
from tests.feeds.native.frames_of_contracts import LINEAR_TICKER, OF_CONTRACTS
from tradetui.domain.market_data import FeedState, FundingRate, FundingSettled, MarkPrice, Ticker
from tradetui.domain.profile import Profile
from tradetui.feeds.native import following
from tradetui.feeds.native.feed import NativeFeed
from tradetui.feeds.native.venues import venue_of

HOUR_MS = 3_600_000
CONTRACTS = ["binance-usdm", "bybit-linear", "okx-swap", "bitget-usdt-m", "kraken-futures"]


def funding() -> Funding:
    now = time_ns() // 1_000_000
    return Funding(now - HOUR_MS, "-0.000125", now + HOUR_MS, "0.00025")


@pytest.mark.parametrize("venue", CONTRACTS)
async def test_the_official_rate_and_the_one_to_come_are_told(venue: str) -> None:
    told = funding()

    def prepare(exchange: Exchange) -> None:
        exchange.funding = told

    async with rigged(venue, None, prepare=prepare) as rig:
        collector = rig.collector
        await rig.live()
        await rig.eventually(lambda: collector.of(FundingSettled) and collector.of(FundingRate))
        settled, coming = collector.of(FundingSettled)[0], collector.of(FundingRate)[0]
        assert (settled.symbol, settled.rate) == (rig.symbol, -0.000125)
        assert settled.ts_exchange == told.settled_ms * 1_000_000
        assert coming.rate == pytest.approx(0.00025)
        assert coming.next_ts == (0 if venue == "kraken-futures" else told.next_ms * 1_000_000)


async def test_what_the_stream_tells_is_asked_for_by_rest_only_while_it_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At Bybit one request tells the rate to come, and the figures of 24 hours."""
    monkeypatch.setattr(following, "FUNDING_EVERY_S", 0.02)
    monkeypatch.setattr(following, "_TICKERS_EVERY_S", 0.02)

    def prepare(exchange: Exchange) -> None:
        exchange.funding = funding()

    def asked() -> int:
        return sum(path.endswith("/tickers") for path in rig.exchange.asked)

    def official() -> int:
        return sum(path.endswith("/funding/history") for path in rig.exchange.asked)

    async with rigged("bybit-linear", None, prepare=prepare) as rig:
        await rig.live()
        await rig.eventually(lambda: rig.collector.of(Ticker) and rig.collector.of(FundingRate))
        await rig.exchange.announce(LINEAR_TICKER)
        await rig.eventually(lambda: rig.collector.of(FundingRate)[-1].rate == -0.000212)
        was, went_on = asked(), official()
        await rig.eventually(lambda: official() > went_on + 3)
        assert asked() <= was + 2  # what was under way
        assert rig.collector.of(FundingRate)[-1].rate == -0.000212
        with monkeypatch.context() as patch:
            patch.setattr(following, "_HOLDS_NS", 0)  # as long ago as that
            await rig.eventually(lambda: rig.collector.of(FundingRate)[-1].rate == 0.00025)
        await rig.exchange.announce(LINEAR_TICKER)
        await rig.eventually(lambda: rig.collector.of(FundingRate)[-1].rate == -0.000212)
        was, went_on = asked(), official()
        await rig.eventually(lambda: official() > went_on + 3)
        assert asked() <= was + 2
        was = asked()
        rig.exchange.cut_sockets(reset=True)
        await rig.eventually(lambda: asked() > was + 2)


async def test_the_stream_of_okx_brings_index_figures_and_funding() -> None:
    async with rigged("okx-swap", None, prepare=lambda _: None) as rig:
        await rig.live()
        for channel in ("mark", "index", "ticker", "funding"):
            for frame in OF_CONTRACTS["okx-swap", channel][0]:
                await rig.exchange.announce(frame)
        await rig.eventually(lambda: rig.collector.of(FundingRate))
        mark, both = rig.collector.of(MarkPrice)
        assert (mark.mark, mark.index) == (42310.6, None)
        assert (both.mark, both.index) == (42310.6, 42300.1)
        assert [each.last for each in rig.collector.of(Ticker)] == [9999.99]


async def test_funding_goes_on_for_the_others_when_a_contract_is_no_longer_listed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(following, "FUNDING_EVERY_S", 0.02)
    two, collector = TwoMarkets("bybit-linear"), Collector()
    two.first.funding = two.second.funding = funding()
    stays, goes = two.first.wording.symbol, two.second.wording.symbol
    async with two.running():
        profile = Profile(name="x", exchange="bybit", symbols=(goes, stays), endpoint=two.address)
        feed = NativeFeed(profile, venue_of(profile), reload_s=0.02, **CALM)  # type: ignore[arg-type]

        def settled(symbol: str) -> int:
            return sum(each.symbol == symbol for each in collector.of(FundingSettled))

        async with fed(feed, collector):
            await collector.until(lambda: settled(stays) > 0 and settled(goes) > 0)
            whole = two.rest

            async def without(request: web.Request) -> web.StreamResponse:
                return await (two.first.rest if "instruments" in request.path else whole)(request)

            two.rest = without  # type: ignore[method-assign]
            await collector.until_state(goes, FeedState.HALTED)
            gone, told = settled(goes), settled(stays)
            await collector.until(lambda: settled(stays) > told + 2)
            assert settled(goes) <= gone + 1  # what was under way
