"""A host is dialed so often and no more, by the connections of a feed and of its scanner together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import pairwise
from time import monotonic
from typing import Any

import pytest

from tests.exchanges.collector import Collector
from tests.exchanges.exchange import Exchange
from tests.exchanges.venues.every import exchange_of
from tradetui.domain.market_data import FeedState
from tradetui.domain.profile import Profile
from tradetui.feeds import health
from tradetui.feeds.native.dialing import MOST, MOST_ASIDE, DialBudget
from tradetui.feeds.native.feed import NativeFeed
from tradetui.feeds.native.venues import venue_of

HOST = "stream.example:443"


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def budget(clock: Clock) -> DialBudget:
    return DialBudget(clock=clock)


def windows(moments: list[float], size: int) -> Iterator[float]:
    """How long each run of so many took."""
    return (last - first for first, last in zip(moments, moments[size - 1 :], strict=False))


def test_a_host_is_dialed_five_times_in_three_seconds_and_no_more(budget: DialBudget, clock: Clock) -> None:
    moments = []
    for _ in range(40):
        clock.now += budget.wait_s(HOST)
        moments.append(budget.note(HOST))
        clock.now += 0.01
    assert min(windows(moments, MOST + 1)) > 3.0
    assert moments[MOST - 1] - moments[0] < 0.1
    assert max(later - before for before, later in pairwise(moments)) < 3.3


def test_what_carries_no_book_leaves_dials_to_what_does(budget: DialBudget) -> None:
    for _ in range(MOST_ASIDE):
        assert budget.wait_s(HOST, MOST_ASIDE) == 0.0
        budget.note(HOST)
    assert budget.wait_s(HOST, MOST_ASIDE) > 3.0
    assert budget.wait_s(HOST) == 0.0


def test_hosts_do_not_wait_for_each_other(budget: DialBudget) -> None:
    for _ in range(MOST):
        budget.note(HOST)
    assert budget.wait_s(HOST) > 0.0
    assert budget.wait_s("other.example:443") == 0.0


async def test_a_dial_that_led_to_something_is_given_back_to_those_who_wait() -> None:
    budget = DialBudget()
    moments = [budget.note(HOST) for _ in range(MOST)]
    waiting = asyncio.create_task(budget.turn(HOST))
    await asyncio.sleep(0)
    assert not waiting.done()
    budget.give_back(HOST, moments[2])
    async with asyncio.timeout(1.0):
        await waiting


@asynccontextmanager
async def scanning(venue: str, scan: tuple[str, ...]) -> AsyncIterator[tuple[Exchange, NativeFeed]]:
    """A feed with its scanner, whose connections are all open."""
    exchange = exchange_of(venue, None)
    async with exchange.running():
        wording = exchange.wording
        profile = Profile(
            name="x",
            exchange=wording.exchange,
            symbols=(wording.symbol,),
            endpoint=exchange.address,
            scan=scan,
        )
        feed, collector = NativeFeed(profile, venue_of(profile), stale_after_s=60.0), Collector()
        task = asyncio.create_task(feed.run(collector))
        try:
            await collector.until_state(wording.symbol, FeedState.STREAMING)
            async with asyncio.timeout(10):
                while not all(wire.is_open for wire in feed.wires()) or not feed.scan:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            yield exchange, feed
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def stormed(venue: str, scan: tuple[str, ...]) -> tuple[int, list[float]]:
    """How many sockets there were, and the dials of three seconds of a storm that hit them all at once."""
    async with scanning(venue, scan) as (exchange, feed):
        sockets = len(feed.wires())
        async with asyncio.timeout(10):  # so long that each may be dialed again at once
            while not all(_is_proven(each) for each in (*feed._connections, *feed._scanner.connections)):  # type: ignore[union-attr]  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        exchange.is_storming = True
        before = len(exchange.dials)
        await exchange.close_sockets()
        due = monotonic() + 3.2
        while monotonic() < due:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        return sockets, exchange.dials[before:]


def _is_proven(connection: Any) -> bool:
    return bool(connection.age_s > 1.5)


async def test_a_storm_meets_five_dials_in_three_seconds_however_many_sockets_there_were(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At the real first wait of a second; a connection counts as stable after one, not after ten."""
    monkeypatch.setattr(health, "_STABLE_S", 1.0)
    storms = {"binance-usdm": ("*",), "okx": ("*",), "coinbase": ("*",)}
    found = await asyncio.gather(*(stormed(venue, scan) for venue, scan in storms.items()))
    assert max(sockets for sockets, _ in found) == 4
    for sockets, dials in found:
        assert len(dials) >= min(2, sockets)
        assert len([each for each in dials if each - dials[0] <= 3.0]) <= 5


async def test_a_start_of_many_sockets_waits_for_none_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """First dials are counted and do not wait: with a budget of none all are open."""
    monkeypatch.setattr(DialBudget, "wait_s", lambda *_: 60.0)
    async with scanning("binance-usdm", ("*",)) as (exchange, feed):
        assert len(feed.wires()) == len(exchange.dials) == 4
