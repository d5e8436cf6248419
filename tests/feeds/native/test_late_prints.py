"""Prints that are told later than the book is: what was made meanwhile is asked for, however late."""

from __future__ import annotations

import pytest

from tests.exchanges.exchange import BOOK, TRADES, Exchange
from tests.exchanges.rig import Rig, rigged
from tests.exchanges.venues.every import CONTRACTS, VENUES
from tradetui.domain.market_data import FeedState
from tradetui.feeds import backfill


def nothing(_exchange: Exchange) -> None:
    """Plant no fault."""


async def lose_then_hear(rig: Rig, *, asks: int) -> None:
    """The book is back, `asks` questions were asked, prints are made, and only then they are told."""
    await rig.live()
    rig.exchange.lies_on_prints, asked = True, asked_prints(rig)
    await rig.exchange.close_sockets()
    await rig.told(FeedState.DOWN)
    await rig.eventually(lambda: rig.state is FeedState.STREAMING and rig.exchange.listening(BOOK))
    await rig.eventually(lambda: asked_prints(rig) >= asked + asks)
    lost = [rig.new_print() for _ in range(3)]
    for each in lost:
        await rig.exchange.tell(each)
    await rig.exchange.tell_prints()
    await rig.eventually(lambda: rig.exchange.listening(TRADES))
    await rig.exchange.tell(rig.new_print())
    await rig.healed()
    assert {each.number for each in lost} <= set(rig.missed())


def asked_prints(rig: Rig) -> int:
    return sum("trade" in path.lower() or "fills" in path or "ticker" in path for path in rig.exchange.asked)


@pytest.mark.parametrize("venue", ["okx", "bybit", "kraken"])
async def test_where_nobody_waits_any_more_it_is_asked_again_when_they_are_told(
    venue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill, "_HEARD_S", 0.05)
    async with rigged(venue, None, prepare=nothing) as rig:
        await lose_then_hear(rig, asks=1)


@pytest.mark.parametrize("venue", CONTRACTS)
async def test_contracts_wait_for_it_like_spot(venue: str) -> None:
    async with rigged(venue, None, prepare=nothing) as rig:
        await lose_then_hear(rig, asks=0)


def lying(exchange: Exchange) -> None:
    exchange.lies_on_prints = True


@pytest.mark.parametrize("venue", [venue for venue in VENUES if "binance" not in venue])
async def test_a_subscription_of_prints_that_is_lost_without_a_word_is_made_again(venue: str) -> None:
    """The book lives, so only the confirmation that never came tells it; Binance's is the book's, too."""
    async with rigged(venue, None, prepare=lying, settings={"first_book_s": 0.15}) as rig:
        await rig.told(FeedState.STREAMING, text="never confirmed its trades")
        rig.exchange.lies_on_prints, rig.exchange._lying = False, []
        await rig.while_playing(lambda: rig.exchange.listening(TRADES))
        rig.from_print = len(rig.exchange.prints)
        await rig.exchange.tell(rig.new_print())
        await rig.healed()
        assert FeedState.DOWN not in [status.state for status in rig.statuses()]
        await rig.eventually(lambda: not rig.statuses()[-1].text)
