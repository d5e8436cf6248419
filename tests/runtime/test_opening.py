"""A scanned symbol is opened at each venue that has streams of its own: book, prints, and the way back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.exchanges.exchange import BOOK, TRADES, Exchange
from tests.exchanges.rig import number_of
from tests.exchanges.tape import Print
from tests.exchanges.two import TwoMarkets
from tests.exchanges.venues.every import CONTRACTS, VENUES
from tests.runtime.scripted import HeldJournal
from tests.runtime.test_watching import is_fresh, until
from tradetui.domain.profile import Profile
from tradetui.engine import Engine
from tradetui.feeds.native.feed import NativeFeed
from tradetui.feeds.native.venues import venue_of
from tradetui.market.market import Market
from tradetui.runtime.growing import GrowingNativeFeed
from tradetui.runtime.host import Host
from tradetui.runtime.tape import Tape
from tradetui.runtime.watching import unwatch, watch
from tradetui.trading.settings import EngineSettings


@asynccontextmanager
async def running(venue: str) -> AsyncIterator[tuple[TwoMarkets, Host]]:
    server = TwoMarkets(venue)
    async with server.running():
        wording = server.first.wording
        profile = Profile(
            name="x",
            exchange=wording.exchange,
            symbols=(wording.symbol,),
            endpoint=server.address,
            scan=("*",),
        )

        def make(symbol: str) -> Any:
            alone = msgspec.structs.replace(profile, symbols=(symbol,), scan=())
            return NativeFeed(alone, venue_of(alone), retry_s=0.02, first_book_s=10.0)

        host = Host(
            profile,
            feed=GrowingNativeFeed(NativeFeed(profile, venue_of(profile), retry_s=0.02), make),
            engine=Engine(EngineSettings().with_latency(0)),
            journal=HeldJournal(),
            now=time.time_ns,
            tape=Tape(None, "x"),
        )
        task = asyncio.create_task(host.run())
        try:
            await until(lambda: is_fresh(host, wording.symbol))
            yield server, host
        finally:
            host.stop()
            await task


async def check_follows(market: Market, exchange: Exchange) -> None:
    """Book and prints of a market are those of its exchange."""
    await until(lambda: exchange.listening(BOOK, TRADES))
    await exchange.changes(5)
    told = exchange.market.printed(Print(exchange.top(1)[0][0][0], Decimal(1), "sell"))
    await exchange.tell(told)
    await until(lambda: market.tape.last is not None and number_of(market.tape.last) == told.number)
    bids, asks = exchange.top(1)
    await until(lambda: market.best_bid == float(bids[0][0]) and market.best_ask == float(asks[0][0]))


@pytest.mark.parametrize("venue", [*VENUES, *CONTRACTS])
async def test_a_scanned_symbol_is_opened_beside_what_runs_and_goes_again(venue: str) -> None:
    async with running(venue) as (server, host):
        own, added = server.first.wording.symbol, server.second.wording.symbol
        await until(lambda: host.feed.scan is not None and added in host.feed.scan.symbols)  # type: ignore[attr-defined]
        reply = await watch(host, added)
        assert reply.refusal is None
        for symbol, exchange in ((own, server.first), (added, server.second)):
            await check_follows(host.engine.markets[symbol], exchange)
        assert (await unwatch(host, added)).accepted
        await until(lambda: not server.second.listening(BOOK))
        await check_follows(host.engine.markets[own], server.first)
