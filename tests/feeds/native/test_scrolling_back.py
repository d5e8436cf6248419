"""Older candles by each venue's REST, page for page as a chart asks: none twice and none left out."""

from __future__ import annotations

from itertools import pairwise
from time import time_ns
from typing import Any

import pytest

from tests.exchanges.exchange import Exchange, Minute
from tests.exchanges.rig import rigged
from tests.exchanges.venues.every import VENUES
from tradetui.domain.market_data import Candle, Timeframe
from tradetui.domain.profile import Profile
from tradetui.feeds.ccxt.exchange import open_exchange
from tradetui.feeds.native import feed as native_feed

MINUTE = 60_000_000_000
KNOWN = 1100
"""Minutes that the venue knows."""
REACH = {"kraken": 720}
"""Its interface tells no older ones."""


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client without the waits that an exchange's limits ask for."""

    def opened(profile: Profile) -> Any:
        exchange = open_exchange(profile)
        exchange.enableRateLimit = False
        return exchange

    monkeypatch.setattr(native_feed, "open_exchange", opened)


def minute(at: int) -> Minute:
    number = at // MINUTE
    low, high = 90 - number % 7, 130 + number % 5
    return Minute(at // 1_000_000, str(100 + number % 9), str(high), str(low), str(101 + number % 3))


def told(candle: Candle) -> Minute:
    prices = (f"{value:.0f}" for value in (candle.open, candle.high, candle.low, candle.close))
    return Minute(candle.open_ts // 1_000_000, *prices)


@pytest.mark.parametrize("venue", VENUES)
async def test_a_chart_scrolls_back_to_where_the_venue_s_candles_begin(venue: str) -> None:
    now = time_ns() // MINUTE * MINUTE
    known = [minute(now - number * MINUTE) for number in range(KNOWN, 0, -1)]

    def prepare(exchange: Exchange) -> None:
        exchange.minutes["last"] = known

    async with rigged(venue, None, prepare=prepare) as rig:
        await rig.live()
        found, before = list[Candle](), now
        for _ in range(12):
            page = await rig.feed.candles_before(rig.symbol, Timeframe.M1, before, 300)
            if not page:
                break
            assert len(page) <= 300
            assert page[-1].open_ts == before - MINUTE
            found, before = page + found, page[0].open_ts
    assert {later.open_ts - earlier.open_ts for earlier, later in pairwise(found)} == {MINUTE}
    assert [told(each) for each in found] == known[-REACH.get(venue, KNOWN) :]
