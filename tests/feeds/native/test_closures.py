"""What a venue says of its whole system, or beside its list, keeps orders from acting until it is over."""

from __future__ import annotations

import json
from time import time_ns

import pytest

from tests.exchanges.exchange import Exchange
from tests.exchanges.rig import Rig, rigged
from tests.feeds.native.test_joining import scene
from tests.feeds.native.test_renewal import grow_old
from tradetui.domain.instrument import InstrumentStatus
from tradetui.domain.market_data import FeedState, InstrumentListed
from tradetui.feeds.native import renewal

AGAIN = {"reload_s": 0.05}
"""Seconds after which the list is read again: it calls everything traded."""


def nothing(_exchange: Exchange) -> None:
    """Plant no fault."""


def system(state: str) -> str:
    status = {"system": state, "api_version": "v2", "version": "2.0.10", "connection_id": 1}
    return json.dumps({"channel": "status", "type": "update", "data": [status]})


def listed(rig: Rig) -> InstrumentStatus:
    return rig.collector.of(InstrumentListed)[-1].instrument.status


async def reads_the_list_again(rig: Rig) -> None:
    def read() -> int:
        return sum("AssetPairs" in path or "instruments" in path for path in rig.exchange.asked)

    before = read()
    await rig.eventually(lambda: read() > before + 2)


@pytest.mark.parametrize(("state", "through"), [("cancel_only", "native"), ("post_only", "ccxt")])
async def test_a_system_of_kraken_that_matches_nothing_halts_every_pair_until_it_is_online(
    state: str, through: str
) -> None:
    async with rigged("kraken", None, through=through, prepare=nothing, settings=AGAIN) as rig:
        await rig.live()
        await rig.exchange.announce(system(state))
        await rig.told(FeedState.HALTED, text=f"the exchange says: {state.replace('_', ' ')}")
        await reads_the_list_again(rig)
        assert (rig.state, listed(rig)) == (FeedState.HALTED, InstrumentStatus.HALTED)
        await rig.exchange.announce(system("online"))
        await rig.healed()
        assert listed(rig) is InstrumentStatus.TRADING


async def test_an_unknown_state_of_the_system_is_only_shown() -> None:
    async with rigged("kraken", None, prepare=nothing) as rig:
        await rig.live()
        await rig.exchange.announce(system("limit_only"))
        status = await rig.told(FeedState.STREAMING, text="limit only")
        assert status.text == "the exchange says: limit only"
        assert listed(rig) is InstrumentStatus.TRADING


@pytest.mark.parametrize("through", ["native", "ccxt"])
async def test_what_a_connection_said_ends_with_it(through: str) -> None:
    async with rigged("kraken", None, through=through, prepare=nothing) as rig:
        await rig.live()
        await rig.exchange.announce(system("cancel_only"))
        await rig.told(FeedState.HALTED)
        await rig.exchange.close_sockets()
        await rig.told(FeedState.DOWN)
        await rig.healed()
        assert listed(rig) is InstrumentStatus.TRADING


async def test_what_was_said_to_a_new_connection_alone_holds_when_it_takes_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(renewal, "OVERLAP_S", 0.1)
    monkeypatch.setattr(renewal, "_LOOK_S", 0.01)
    async with rigged("kraken", None, prepare=nothing) as rig:
        await rig.live()
        grow_old(rig)
        await rig.eventually(lambda: len(rig.exchange.sockets) == 2)
        await rig.exchange.send(rig.exchange.sockets[1], system("cancel_only"))
        await rig.while_playing(lambda: len(rig.exchange.sockets) == 1)
        await rig.told(FeedState.HALTED, text="cancel only")
        await rig.exchange.announce(system("online"))
        await rig.healed()


async def test_a_pair_that_comes_while_the_system_is_closed_is_halted_too() -> None:
    async with scene("kraken") as at:
        (socket,) = at.server.sockets
        await at.server.send(socket, system("post_only"))
        await at.eventually(lambda: at.collector.states(at.first)[-1] is FeedState.HALTED)
        at.feed.join(at.second)
        await at.eventually(lambda: FeedState.HALTED in at.collector.states(at.second))
        await at.server.send(socket, system("online"))
        await at.has(at.server.second)


def ticker(name: str, **flags: bool) -> str:
    told = {"feed": "ticker", "product_id": name, "time": time_ns() // 1_000_000}
    return json.dumps({**told, "bid": 1.0, "ask": 2.0, "bid_size": 1, "ask_size": 1, **flags})


async def test_a_list_that_calls_a_suspended_product_of_kraken_futures_tradeable_lifts_nothing() -> None:
    async with rigged("kraken-futures", None, prepare=nothing, settings=AGAIN) as rig:
        await rig.live()
        await rig.exchange.announce(ticker(rig.exchange.wording.name, post_only=True))
        await rig.told(FeedState.HALTED, text="post only")
        await reads_the_list_again(rig)
        assert (rig.state, listed(rig)) == (FeedState.HALTED, InstrumentStatus.HALTED)
        await rig.exchange.announce(ticker(rig.exchange.wording.name))
        await rig.healed()
        assert listed(rig) is InstrumentStatus.TRADING
