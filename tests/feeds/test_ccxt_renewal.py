"""A socket of ccxt is put in the place of an old one while data flows, and nothing shows but a new socket."""

from __future__ import annotations

from typing import Any

import pytest

from tests.exchanges.rig import Rig, rigged
from tests.exchanges.unshaken import busy, check_nothing_shows, nothing
from tests.exchanges.venues.every import VENUES
from tradetui.domain.market_data import BookSnapshot, FeedState
from tradetui.feeds.ccxt import renewal

USUAL = ("binance", "kraken", "coinbase")
"""A book by REST, one by a socket for all, and one whose socket counts what comes on it."""

SOON, SILENT = {"first_book_s": 0.5}, {"stale_after_s": 0.4}


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewal, "OVERLAP_S", 0.1)
    monkeypatch.setattr(renewal, "_LOOK_S", 0.01)
    monkeypatch.setattr(renewal, "_STEP_S", 0.005)


def sockets(rig: Rig) -> list[Any]:
    return list(rig.feed.exchange.clients.values())


def grow_old(rig: Rig) -> list[Any]:
    """The sockets will be cut soon."""
    old = sockets(rig)
    for each in old:
        each.renew_at = 0.0
    return old


WAYS = [
    pytest.param(each, marks=[] if each in USUAL else [pytest.mark.long])
    for each in (*VENUES, "bitget-numbered")
]


@pytest.mark.parametrize("venue", WAYS)
async def test_a_renewal_in_the_middle_of_a_stream_loses_nothing_and_shows_nothing(
    request: pytest.FixtureRequest, venue: str
) -> None:
    if venue not in USUAL and "long" not in request.config.option.markexpr:
        pytest.skip("the long profile: run with -m long")
    async with rigged(venue, None, through="ccxt", prepare=nothing) as rig:
        await rig.live()
        count, dials = len(rig.exchange.sockets), rig.dials
        async with busy(rig):
            old = grow_old(rig)
            await rig.eventually(lambda: len(sockets(rig)) == count and not set(old) & set(sockets(rig)))
            await rig.eventually(lambda: len(rig.exchange.sockets) == count)
            before = len(rig.collector.messages)
            await rig.eventually(lambda: len(rig.collector.messages) > before + 20)
        await check_nothing_shows(rig, count)
        assert rig.dials == dials + count


async def test_a_new_socket_that_is_refused_is_given_up_and_the_old_one_goes_on() -> None:
    async with rigged("kraken", None, through="ccxt", prepare=nothing) as rig:
        await rig.live()
        dials = rig.dials
        rig.exchange.handshake_fault = (503, {})
        async with busy(rig):
            old = grow_old(rig)
            await rig.eventually(lambda: rig.dials > dials)
            await rig.eventually(lambda: sockets(rig) == old)
            before = len(rig.collector.messages)
            await rig.eventually(lambda: len(rig.collector.messages) > before + 20)
        rig.exchange.handshake_fault = None
        await check_nothing_shows(rig, 1)


async def test_a_new_socket_that_brings_no_book_is_given_up_and_the_old_one_goes_on() -> None:
    async with rigged("coinbase", None, through="ccxt", prepare=nothing, settings=SOON) as rig:
        await rig.live()
        rig.exchange.sends_snapshots = False
        async with busy(rig):
            old = grow_old(rig)
            await rig.eventually(lambda: sockets(rig) not in ([], old))
            await rig.eventually(lambda: sockets(rig) == old)
        await check_nothing_shows(rig, 1)


async def test_an_old_socket_that_is_cut_before_the_new_one_has_its_book_is_an_outage() -> None:
    async with rigged("kraken", None, through="ccxt", prepare=nothing) as rig:
        await rig.live()
        (first,) = rig.exchange.sockets
        rig.exchange.sends_snapshots = False
        old = grow_old(rig)
        await rig.eventually(lambda: len(rig.exchange.sockets) == 2 and sockets(rig) not in ([], old))
        await first.close(code=1001)
        await rig.told(FeedState.DOWN)
        rig.exchange.sends_snapshots = True
        await rig.healed()
        await rig.eventually(lambda: len(rig.exchange.sockets) == 1)


async def test_an_old_socket_that_is_cut_when_the_new_one_has_its_book_is_no_outage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(renewal, "OVERLAP_S", 30.0)
    async with rigged("kraken", None, through="ccxt", prepare=nothing) as rig:
        await rig.live()
        (first,), books = rig.exchange.sockets, len(rig.collector.of(BookSnapshot))
        async with busy(rig):
            grow_old(rig)
            await rig.eventually(lambda: len(rig.collector.of(BookSnapshot)) > books)
            await first.close(code=1001)
            await rig.eventually(lambda: len(rig.exchange.sockets) == 1)
        await check_nothing_shows(rig, 1)


async def test_a_silence_while_a_socket_is_renewed_is_an_outage() -> None:
    async with rigged("kraken", None, through="ccxt", prepare=nothing, settings=SILENT) as rig:
        await rig.live()
        rig.exchange.sends_snapshots = False
        old = grow_old(rig)
        await rig.eventually(lambda: sockets(rig) not in ([], old))
        await rig.told(FeedState.STALE)
        rig.exchange.sends_snapshots = True
        await rig.healed()
        await rig.eventually(lambda: len(rig.exchange.sockets) == 1)


async def test_an_exchange_that_says_that_it_restarts_a_connection_gets_another_one() -> None:
    async with rigged("okx", None, through="ccxt", prepare=nothing) as rig:
        await rig.live()
        old, words = sockets(rig), rig.exchange.wording.maintenance()
        assert words is not None
        async with busy(rig):
            await rig.exchange.announce(words)
            await rig.eventually(lambda: any("service upgrade" in s.text for s in rig.statuses()))
            await rig.eventually(lambda: bool(sockets(rig)) and not set(old) & set(sockets(rig)))
            await rig.eventually(lambda: rig.statuses()[-1].text == "")
        await check_nothing_shows(rig, 1)
