"""Books are held against each venue's own REST: they agree while the market moves; a silent loss shows."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.exchanges.captures import Levels
from tests.exchanges.rig import Rig, rigged
from tests.exchanges.venues.every import CONTRACTS, VENUES
from tradetui.domain.market_data import FeedState
from tradetui.feeds.audit import KNOWN, Audits, Sides

QUICK = ("coinbase", "kraken", "kraken-futures", "bybit", "bitget", "okx")
"""Each with a REST of its own; contracts of the same exchange are asked otherwise only by name."""
OTHERS = sorted({*VENUES, *CONTRACTS} - {*QUICK, "bitget-numbered"})


def floats(sides: tuple[Levels, Levels]) -> Sides:
    """As the engine's book has them."""
    bids, asks = ([(float(price), float(qty)) for price, qty in side] for side in sides)
    return bids, asks


async def audited(venue: str) -> None:
    audits = Audits(every_s=0.02, window_s=0.02)
    async with rigged(venue, None, prepare=lambda _: None, settings={"audits": audits}) as rig:
        audits.top = lambda symbol: floats(rig.collector.books[symbol].top(KNOWN))
        await rig.live()
        stats = rig.feed.stats(rig.symbol)
        await rig.while_playing(lambda: stats.audits >= 3)
        assert (stats.mismatches, stats.gaps) == (0, 0)
        await finds_what_was_never_told(rig)


async def finds_what_was_never_told(rig: Rig) -> None:
    """A level changes at the exchange alone: nothing on the stream says so."""
    stats = rig.feed.stats(rig.symbol)
    best = rig.exchange.top(1)[0][0][0]
    rig.exchange.market.book.apply([(best, Decimal(77))], [])
    rig.mark()
    await rig.told(FeedState.GAP)
    assert stats.mismatches == 1
    await rig.eventually(lambda: rig.state is FeedState.STREAMING and rig.book == rig.exchange.top(10))


@pytest.mark.parametrize("venue", QUICK)
async def test_a_book_agrees_with_the_venues_own_and_a_silent_loss_is_found(venue: str) -> None:
    await audited(venue)


@pytest.mark.long
@pytest.mark.parametrize("venue", OTHERS)
async def test_so_it_is_of_their_other_markets(request: pytest.FixtureRequest, venue: str) -> None:
    if "long" not in request.config.option.markexpr:
        pytest.skip("the long profile: run with -m long")
    await audited(venue)
