"""A symbol that is added while a feed runs comes on a connection that is there, and goes from it again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.exchanges.collector import Collector, fed
from tests.exchanges.exchange import BOOK, TRADES, Exchange
from tests.exchanges.rig import CALM, number_of
from tests.exchanges.two import TwoMarkets
from tests.exchanges.venues.every import VENUES
from tests.feeds.native.test_codecs import instrument
from tradetui.domain.market_data import BookDelta, BookSnapshot, FeedState, Trade
from tradetui.domain.profile import Profile
from tradetui.feeds.native import joining, renewal
from tradetui.feeds.native.feed import NativeFeed
from tradetui.feeds.native.venues import venue_of


@pytest.fixture(autouse=True)
def _no_wait(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "limit" not in request.node.name:
        monkeypatch.setattr(joining, "_A_SECOND", 1000)


JOINING = [name for name in VENUES if name != "coinbase"]


class Scene:
    """A feed of the first market, at an exchange that has two."""

    def __init__(self, server: TwoMarkets, feed: NativeFeed, collector: Collector) -> None:
        self.server, self.feed, self.collector = server, feed, collector
        self.first, self.second = server.first.wording.symbol, server.second.wording.symbol
        self.mark = 0

    async def eventually(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(20):
            while not condition():  # noqa: ASYNC110 - it may be on either side of the socket
                await asyncio.sleep(0.002)

    def is_live(self, symbol: str) -> bool:
        states = self.collector.states(symbol)
        return bool(states) and states[-1] is FeedState.STREAMING

    async def has(self, market: Exchange) -> None:
        """What a market goes on with arrives: the book as it is there, and each print once."""
        symbol = market.wording.symbol
        await self.eventually(lambda: self.is_live(symbol) and market.listening(BOOK, TRADES))
        told = len(market.prints)
        while len(market.prints) < told + 3:
            await market.play()
        await market.changes(2)
        printed = [each.number for each in market.prints[told:]]
        await self.eventually(lambda: self.collector.top(symbol, 10) == market.top(10))
        await self.eventually(lambda: len(self.numbers(symbol, printed[0])) >= len(printed))
        assert self.numbers(symbol, printed[0]) == printed

    def numbers(self, symbol: str, first: int) -> list[int]:
        """The prints of a symbol that came, from one on."""
        trades = [number_of(each) for each in self.collector.of(Trade) if each.symbol == symbol]
        return [number for number in trades if number >= first]

    def since(self, kind: Any) -> list[Any]:
        return [each for each in self.collector.messages[self.mark :] if isinstance(each, kind)]

    def troubles(self) -> list[FeedState]:
        """What the first symbol had to suffer after it was live."""
        states = self.collector.states(self.first)
        return [each for each in states[states.index(FeedState.STREAMING) :] if each.is_fresh is False]


def calm(profile: Profile) -> NativeFeed:
    """Nothing is called late."""
    settings: dict[str, Any] = {**CALM}
    return NativeFeed(profile, venue_of(profile), **settings)


@asynccontextmanager
async def scene(venue: str) -> AsyncIterator[Scene]:
    server = TwoMarkets(venue)
    async with server.running():
        wording = server.first.wording
        profile = Profile(
            name="x", exchange=wording.exchange, symbols=(wording.symbol,), endpoint=server.address
        )
        feed, collector = calm(profile), Collector()
        async with fed(feed, collector):
            found = Scene(server, feed, collector)
            await found.eventually(lambda: found.is_live(found.first))
            yield found


@pytest.mark.parametrize("venue", JOINING)
async def test_a_symbol_joins_an_open_connection_survives_its_loss_and_goes(venue: str) -> None:
    async with scene(venue) as at:
        server, feed, dials = at.server, at.feed, len(at.server.dials)
        assert feed.takes(at.second)
        feed.join(at.second)
        await at.has(server.second)
        await at.has(server.first)
        assert (len(server.dials), at.troubles()) == (dials, [])
        assert {each.symbols for each in feed.wires()} == {2}
        server.cut_sockets(reset=True)
        await at.eventually(lambda: len(server.dials) == 2 * dials)
        await at.has(server.second)
        await at.has(server.first)
        states = len(at.collector.states(at.first))
        await feed.leave(at.second)
        await at.eventually(lambda: not server.second.listening(BOOK) and not server.second.listening(TRADES))
        at.mark = len(at.collector.messages)
        await server.second.play(5)
        await at.has(server.first)
        assert [m for m in at.collector.messages[at.mark :] if getattr(m, "symbol", "") == at.second] == []
        assert (len(server.dials), len(at.collector.states(at.first))) == (2 * dials, states)


@pytest.mark.parametrize("venue", ["binance", "binance-usdm", "kraken"])
async def test_what_is_under_way_of_a_symbol_that_has_gone_costs_the_others_nothing(venue: str) -> None:
    async with scene(venue) as at:
        at.feed.join(at.second)
        await at.has(at.server.second)
        at.server.second.acknowledges = False  # it goes on telling it
        await at.feed.leave(at.second)
        at.mark = len(at.collector.messages)
        await at.server.second.play(10)
        await at.has(at.server.first)
        told = [each for each in at.since(BookDelta | BookSnapshot | Trade) if each.symbol == at.second]
        assert (told, at.troubles(), at.feed.stats(at.first).bad_messages) == ([], [], 0)
        at.server.second.acknowledges = True
        at.feed.join(at.second)
        await at.has(at.server.second)


@pytest.mark.parametrize("venue", JOINING)
async def test_where_a_symbol_that_joins_is_refused_the_others_never_notice(venue: str) -> None:
    async with scene(venue) as at:
        dials = len(at.server.dials)
        at.server.second.refuses = True
        at.feed.join(at.second)
        await at.eventually(lambda: FeedState.HALTED in at.collector.states(at.second))
        await at.feed.leave(at.second)
        await at.has(at.server.first)
        assert (at.troubles(), len(at.server.dials)) == ([], dials)


@pytest.mark.parametrize("venue", ["binance", "okx"])
async def test_a_symbol_comes_and_goes_while_its_connection_is_being_renewed(
    venue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewal, "OVERLAP_S", 60.0)
    async with scene(venue) as at:
        at.feed.join(at.second)
        await at.has(at.server.second)
        old = list(at.feed._connections)
        at.feed.aged(old[0])
        renewed = at.feed._renewals._renewals[old[0]][0]
        await at.eventually(lambda: renewed.is_whole)
        await at.feed.leave(at.second)
        at.feed.join(at.second)  # the old one is just being renewed: it gets one of its own
        await at.has(at.server.second)
        assert [each.symbols for each in at.feed.wires()] == [1, 1]
        monkeypatch.setattr(renewal, "OVERLAP_S", 0.0)
        await at.eventually(lambda: at.feed._connections[0] is not old[0])
        await at.has(at.server.first)
        await at.has(at.server.second)
        assert at.troubles() == []
        await at.feed.leave(at.second)
        await at.eventually(lambda: len(at.server.sockets) == 1)
        assert [each.symbols for each in at.feed.wires()] == [1]


async def test_symbols_that_come_at_once_do_not_break_the_limit_of_words_in_a_second() -> None:
    async with scene("kraken") as at:
        heard: list[float] = []
        received, loop = at.server.second.received, asyncio.get_running_loop()

        async def timed(socket: Any, frame: dict[str, Any]) -> None:
            heard.append(loop.time())
            await received(socket, frame)

        at.server.second.received = timed  # type: ignore[method-assign]
        at.feed.join(at.second)
        await at.has(at.server.second)
        await at.feed.leave(at.second)
        await at.eventually(lambda: len(heard) == 6)
        assert max(heard[n + 3] - heard[n] for n in range(3)) > 0.9


async def test_a_symbol_that_comes_before_the_feed_runs_is_asked_for_with_the_others() -> None:
    server = TwoMarkets("binance")
    async with server.running():
        first, second = server.first.wording.symbol, server.second.wording.symbol
        profile = Profile(name="x", exchange="binance", symbols=(first,), endpoint=server.address)
        feed, collector = calm(profile), Collector()
        feed.join(second)
        async with fed(feed, collector):
            await collector.until_state(second, FeedState.STREAMING)
            await collector.until_state(first, FeedState.STREAMING)
        assert len(server.dials) == 1


@pytest.mark.parametrize(
    ("exchange", "own", "other", "takes"),
    [
        ("bybit", "BTC/USDT", "ETH/USDT", True),
        ("bybit", "BTC/USDT", "ETH/USDT:USDT", False),
        ("bybit", "BTC/USDT:USDT", "ETH/USD:ETH", False),
        ("okx", "BTC/USDT:USDT", "ETH/USD:ETH", True),
        ("coinbase", "BTC/USD", "ETH/USD", False),
    ],
)
def test_only_what_comes_by_the_same_streams_joins(exchange: str, own: str, other: str, takes: bool) -> None:
    profile = Profile(name="x", exchange=exchange, symbols=(own,))
    assert NativeFeed(profile, venue_of(profile)).takes(other) is takes


def test_what_okx_tells_of_all_instruments_stays_when_a_symbol_goes() -> None:
    profile = Profile(name="x", exchange="okx", symbols=("BTC/USDT:USDT",))
    venue = venue_of(profile)
    (line,) = venue.lines([instrument("BTC/USDT:USDT")])
    told = [arg for text in venue.subscribe(line) for arg in json.loads(text)["args"]]
    gone = [arg for text in venue.leave(line) for arg in json.loads(text)["args"]]
    assert [arg for arg in told if arg not in gone] == [
        {"channel": "instruments", "instType": "SWAP"},
        {"channel": "liquidation-orders", "instType": "SWAP"},
    ]
