"""Two products with one book: both are delivered, and the user is told."""

from __future__ import annotations

import json
from typing import Any

from tests.exchanges.collector import Collector, fed
from tests.exchanges.rig import CALM, Rig
from tests.exchanges.venues.every import exchange_of
from tradetui.domain.market_data import FeedState, Trade
from tradetui.domain.profile import Profile
from tradetui.feeds.native.feed import NativeFeed
from tradetui.feeds.native.venues import venue_of

USD, USDC = "BTC/USD", "BTC/USDC"


def both(listing: dict[str, Any]) -> list[dict[str, Any]]:
    text = json.dumps(listing)
    return [listing, json.loads(text.replace("-USD", "-USDC").replace('_id": "USD"', '_id": "USDC"'))]


def words(collector: Collector, symbol: str) -> list[str]:
    return [each.text for _, each in collector.statuses if each.symbol == symbol]


async def test_coinbases_products_in_usd_and_usdc_are_both_live_and_it_is_said_that_they_are_one() -> None:
    exchange = exchange_of("coinbase", None)
    exchange.listed = both  # type: ignore[method-assign]
    async with exchange.running():
        profile = Profile(name="x", exchange="coinbase", symbols=(USD, USDC), endpoint=exchange.address)
        settings: dict[str, Any] = {**CALM}
        feed, collector = NativeFeed(profile, venue_of(profile), **settings), Collector()
        async with fed(feed, collector):
            rig = Rig(exchange, feed, collector)
            await collector.until_state(USDC, FeedState.STREAMING)
            await rig.eventually(lambda: exchange.listening("book", "trades"))
            await exchange.tell(rig.new_print())
            await exchange.play(3)
            await rig.eventually(lambda: collector.top(USDC, 10) == exchange.top(10) == rig.book)
            await rig.eventually(lambda: len(collector.of(Trade)) == 2 * len(exchange.prints))
            prints = {s: [t.trade_id for t in collector.of(Trade) if t.symbol == s] for s in (USD, USDC)}
            assert prints[USD] == prints[USDC] != []
            await rig.eventually(lambda: any("one for both" in text for text in words(collector, USDC)))
            assert not any("one for both" in text for text in words(collector, USD))
