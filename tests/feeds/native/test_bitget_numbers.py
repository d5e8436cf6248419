"""Bitget's books without a checksum: what is missing shows by the number of the message before."""

from __future__ import annotations

import pytest

from tests.exchanges.exchange import BOOK, Exchange
from tests.exchanges.rig import Rig, rigged
from tests.feeds.native.test_codecs import SPOT, ready
from tradetui.domain.market_data import FeedState
from tradetui.feeds.book_sync import Sync
from tradetui.feeds.native.bitget import BitgetBook, BitgetVenue
from tradetui.feeds.native.venue import BookPart


def nothing(_exchange: Exchange) -> None:
    """Plant no fault."""


async def lose_one(rig: Rig) -> None:
    rig.exchange.drops[BOOK] = 1
    await rig.exchange.changes(2)


async def lose_ten(rig: Rig) -> None:
    rig.exchange.drops[BOOK] = 10
    await rig.exchange.changes(11)


async def turn_round(rig: Rig) -> None:
    rig.exchange.swaps = 1
    await rig.exchange.changes(2)


@pytest.mark.parametrize("hurt", [lose_one, lose_ten, turn_round])
async def test_an_update_that_is_missing_is_a_gap_at_once_and_the_book_comes_again(hurt: object) -> None:
    async with rigged("bitget-numbered", None, prepare=nothing) as rig:
        await rig.live()
        assert callable(hurt)
        await hurt(rig)
        status = await rig.told(FeedState.GAP)
        assert "expected the update after" in status.text
        await rig.healed()


async def test_an_update_that_comes_twice_is_ignored() -> None:
    async with rigged("bitget-numbered", None, prepare=nothing) as rig:
        await rig.live()
        rig.exchange.doubles[BOOK] = 3
        await rig.exchange.changes(5)
        await rig.synced()
        assert (rig.statuses(), rig.feed.stats(rig.symbol).gaps) == ([], 0)


def frame(action: str, more: str) -> bytes:
    arg = '{"instType":"SPOT","channel":"books","instId":"BTCUSDT"}'
    body = f'{{"bids":[["9","1"]],"asks":[["10","1"]],"ts":"5"{more}}}'
    return f'{{"action":"{action}","arg":{arg},"data":[{body}],"ts":5}}'.encode()


@pytest.mark.parametrize("number", ["7", '"7"'])
def test_numbers_come_as_texts_as_well_and_an_update_without_any_is_taken(number: str) -> None:
    venue, book = ready(BitgetVenue(), SPOT), BitgetBook()

    def take(action: str, more: str) -> int:
        (part,) = venue.decode(frame(action, more), 1)
        assert isinstance(part, BookPart)
        return len(book.take(part))

    assert take("snapshot", f',"checksum":0,"pseq":0,"seq":{number}') == 1
    assert take("update", ',"pseq":"7","seq":"12"') == 1
    assert take("update", "") == 1
    assert take("update", ',"pseq":13,"seq":14') == 1  # nothing is known of the one before
    assert take("update", ',"pseq":15,"seq":19') == 0
    assert book.state is Sync.GAP
