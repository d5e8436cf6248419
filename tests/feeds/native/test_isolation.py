"""One symbol's trouble is its own: the others on its connection go on."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.exchanges.collector import Collector, fed
from tests.exchanges.exchange import Exchange
from tests.exchanges.rig import CALM, Rig
from tests.exchanges.venues.every import exchange_of
from tradetui.domain.market_data import FeedState, FeedStatus
from tradetui.domain.profile import Profile
from tradetui.feeds.health import Backoff, SymbolHealth
from tradetui.feeds.native import channel as channel_module
from tradetui.feeds.native.channel import Channel
from tradetui.feeds.native.feed import NativeFeed
from tradetui.feeds.native.venues import venue_of


def other(text: str) -> str:
    """What is said of one symbol, of the other one."""
    return text.replace("BTC", "ETH")


class Pair:
    """A feed of two symbols at an exchange that has a market for the first one only."""

    def __init__(self, exchange: Exchange, feed: NativeFeed, collector: Collector) -> None:
        self.rig = Rig(exchange, feed, collector)
        self.exchange, self.feed, self.collector = exchange, feed, collector
        self.other = other(exchange.wording.symbol)

    async def live(self) -> None:
        await self.rig.live()

    def told(self, symbol: str) -> list[FeedStatus]:
        return [status for status in self.rig.statuses() if status.symbol == symbol]

    def troubles(self) -> list[FeedStatus]:
        """What the first symbol had to suffer."""
        return [s for s in self.told(self.rig.symbol) if s.state is not FeedState.STREAMING]

    async def other_goes_live(self) -> None:
        wording, exchange = self.exchange.wording, self.exchange
        for text in wording.snapshot(exchange.book, exchange.clock()):
            await exchange.announce(other(text))
        await self.rig.eventually(lambda: self.feed._channels[self.other].is_live)
        self.rig.mark()


def nothing(_exchange: Exchange) -> None:
    """Plant no fault."""


@asynccontextmanager
async def paired(
    venue: str, prepare: Callable[[Exchange], None] = nothing, **settings: float
) -> AsyncIterator[Pair]:
    exchange = exchange_of(venue, None)
    prepare(exchange)

    def both(listing: dict[str, Any]) -> list[dict[str, Any]]:
        return [listing, json.loads(other(json.dumps(listing)))]

    exchange.listed = both  # type: ignore[method-assign]
    async with exchange.running():
        wording = exchange.wording
        symbols = (wording.symbol, other(wording.symbol))
        profile = Profile(name="x", exchange=wording.exchange, symbols=symbols, endpoint=exchange.address)
        feed = NativeFeed(profile, venue_of(profile), **{**CALM, **settings})  # type: ignore[arg-type]
        collector = Collector()
        async with fed(feed, collector):
            pair = Pair(exchange, feed, collector)
            await pair.live()
            yield pair


VENUES = ["okx", "coinbase", "bybit", "bitget"]


@pytest.mark.parametrize("venue", VENUES)
async def test_a_symbol_whose_book_never_comes_is_asked_for_less_and_less_and_disturbs_nobody(
    venue: str,
) -> None:
    async with paired(venue, first_book_s=0.15, retry_s=0.05) as pair:
        await pair.rig.while_playing(lambda: len(told_waits(pair)) >= 3)
        first, second, third = told_waits(pair)[:3]
        assert first < second < third
        assert pair.troubles() == []
        assert pair.rig.dials == 1
        await pair.rig.synced()


def told_waits(pair: Pair) -> list[float]:
    return [s.retry_s for s in pair.told(pair.other) if s.state is FeedState.DOWN]


@pytest.mark.parametrize("venue", VENUES)
async def test_a_symbol_that_falls_silent_for_good_disturbs_nobody(venue: str) -> None:
    async with paired(venue, first_book_s=0.3, stale_after_s=1.0) as pair:
        await pair.other_goes_live()
        await pair.rig.while_playing(lambda: FeedState.STALE in [s.state for s in pair.told(pair.other)])
        await pair.rig.while_playing(lambda: FeedState.DOWN in [s.state for s in pair.told(pair.other)])
        assert pair.troubles() == []
        assert pair.rig.dials == 1
        await pair.other_goes_live()
        assert pair.told(pair.other) == []


async def test_a_symbol_that_is_delisted_while_it_is_followed_is_halted_alone() -> None:
    async with paired("okx", first_book_s=0.3, stale_after_s=1.0) as pair:
        await pair.other_goes_live()
        asked = pair.exchange.received

        async def received(socket: Any, frame: dict[str, Any]) -> None:
            if "ETH" in json.dumps(frame) and frame["op"] == "subscribe":
                error = {"event": "error", "code": "60018", "msg": "books,instId:ETH-USDT doesn't exist."}
                arg = {"channel": "books", "instId": "ETH-USDT"}
                await pair.exchange.send(socket, json.dumps({**error, "arg": arg}))
            else:
                await asked(socket, frame)

        pair.exchange.received = received  # type: ignore[method-assign]
        await pair.rig.while_playing(lambda: FeedState.HALTED in [s.state for s in pair.told(pair.other)])
        assert "doesn't exist" in pair.told(pair.other)[-1].text
        assert pair.troubles() == []
        assert pair.rig.dials == 1


def refuse_the_other(exchange: Exchange) -> None:
    """As the venues word it: OKX one argument of a frame, without saying it again; Bybit all of a frame."""
    asked, send = exchange.received, exchange.send

    async def received(socket: Any, frame: dict[str, Any]) -> None:
        others = [arg for arg in frame.get("args", ()) if "ETH" in json.dumps(arg)]
        if not others:
            await asked(socket, frame)
        elif exchange.wording.exchange == "okx":
            words = "Wrong URL or channel:books,instId:ETH-USDT doesn't exist. Please use the correct URL."
            error = {"event": "error", "msg": words, "code": "60018", "connId": "2b5dc6ac"}
            await send(socket, json.dumps(error))
            await asked(socket, {**frame, "args": [arg for arg in frame["args"] if arg not in others]})
        else:
            words = f"error:handler not found,topic:{others[0]}"
            refusal = {"success": False, "ret_msg": words, "conn_id": "x", "req_id": frame["req_id"]}
            await send(socket, json.dumps({**refusal, "op": "subscribe"}))

    exchange.received = received  # type: ignore[method-assign]


@pytest.mark.parametrize("venue", ["okx", "bybit"])
async def test_of_several_that_are_asked_for_at_once_only_the_refused_one_is_halted(venue: str) -> None:
    async with paired(venue, refuse_the_other) as pair:
        assert FeedState.HALTED not in pair.collector.states(pair.rig.symbol)
        assert pair.collector.states(pair.other)[-1] is FeedState.HALTED
        assert pair.rig.dials == 1


def test_a_book_that_lived_long_is_asked_for_at_once_and_then_less_and_less(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [100.0]
    monkeypatch.setattr(channel_module, "monotonic", lambda: clock[0])
    health = SymbolHealth("A/B", lagging_after_s=2.0)
    channel = Channel(health, stale_after_s=5.0, backoff=Backoff(1.0, chance=lambda: 0.0))
    channel.went_live()
    clock[0] += 3600.0
    channel.lose()
    assert [channel.wait_before_resync() for _ in range(4)] == [0.0, 1.0, 2.0, 4.0]
    channel.went_live()
    clock[0] += 3.0
    channel.lose()
    assert channel.wait_before_resync() == 8.0, "three seconds are no stable time"
