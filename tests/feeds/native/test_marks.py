"""Mark prices of Binance USD-M come on a connection of their own: what becomes of it is said."""

from __future__ import annotations

import json
from time import time_ns

import pytest
from aiohttp import web

from tests.exchanges.rig import Rig, rigged
from tests.feeds.test_statuses import nothing
from tradetui.domain.market_data import FeedState, MarkPrice
from tradetui.feeds.native import books


def for_marks(rig: Rig) -> list[web.WebSocketResponse]:
    return [each for each in rig.exchange.sockets if "/market/" in rig.exchange._requests[each].path]


async def mark(rig: Rig) -> None:
    now = time_ns() // 1_000_000
    event = {"e": "markPriceUpdate", "E": now, "s": rig.exchange.wording.name, "p": "2681.5", "i": "2681.7"}
    (socket,) = for_marks(rig)
    told = len(rig.collector.of(MarkPrice))
    await rig.exchange.send(socket, json.dumps(event))
    await rig.eventually(lambda: len(rig.collector.of(MarkPrice)) > told)


async def test_marks_that_are_lost_are_said_to_be_until_one_comes_again() -> None:
    async with rigged("binance-usdm", None, prepare=nothing) as rig:
        await rig.live()
        await mark(rig)
        rig.exchange.handshake_fault = (503, {})
        (socket,) = for_marks(rig)
        await socket.close()
        status = await rig.told(FeedState.STREAMING, text="no mark prices")
        rig.exchange.handshake_fault = None
        await rig.eventually(lambda: for_marks(rig))
        await mark(rig)
        assert rig.statuses()[-1].text == ""
        assert status.text.startswith("no mark prices: ")
        assert [s for s in rig.statuses() if s.state is not FeedState.STREAMING] == []
        await rig.healed()


async def test_a_connection_that_answers_and_brings_no_marks_is_dialed_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(books, "_MARKS_S", 0.3)
    async with rigged("binance-usdm", None, prepare=nothing, settings={"crossed_s": 0.1}) as rig:
        await rig.live()
        await mark(rig)
        (before,) = for_marks(rig)
        await rig.told(FeedState.STREAMING, text="no mark prices: silent for")
        await rig.eventually(lambda: for_marks(rig) and before not in for_marks(rig))
        await mark(rig)
        assert rig.statuses()[-1].text == ""
