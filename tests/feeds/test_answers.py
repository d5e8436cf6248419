"""An answer by REST is read no further than a bound, compressed or not, and what was wrong is said."""

from __future__ import annotations

import tracemalloc
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from ccxt import BaseError

from tests.exchanges.loopback import Loopback
from tests.exchanges.rig import rigged
from tests.feeds.test_statuses import nothing
from tradetui.domain.market_data import FeedState
from tradetui.domain.profile import Profile
from tradetui.feeds import answers
from tradetui.feeds.answers import AnswerTooLarge
from tradetui.feeds.ccxt.exchange import open_exchange
from tradetui.feeds.ccxt.words import words_for

PIECE = b" " * 65_536
MIB = 1024 * 1024


class Server(Loopback):
    """Answers every request in one way, and counts what it could send."""

    def __init__(self, *, status: int = 200, compressed: bool = False, mib: int = 0, retry: str = "") -> None:
        super().__init__()
        self.status, self.compressed, self.mib, self.retry = status, compressed, mib, retry
        self.sent = 0

    async def rest(self, request: web.Request) -> web.StreamResponse:
        headers = {"Content-Encoding": "gzip"} if self.compressed else {}
        headers |= {"Retry-After": self.retry} if self.retry else {}
        answer = web.StreamResponse(status=self.status, headers=headers)
        await answer.prepare(request)
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        for _ in range(self.mib * MIB // len(PIECE)):
            piece = packer.compress(PIECE) if self.compressed else PIECE
            self.sent += len(PIECE)
            await answer.write(piece)
        await answer.write(
            b'{"a":1}' if not self.compressed else packer.compress(b'{"a":1}') + packer.flush()
        )
        await answer.write_eof()
        return answer

    def forgotten(self, socket: web.WebSocketResponse) -> None:
        """There are none."""


@asynccontextmanager
async def client(server: Server) -> AsyncIterator[Any]:
    async with server.running():
        profile = Profile(name="x", exchange="binance", symbols=("BTC/USDT",), endpoint=server.address)
        exchange = open_exchange(profile)
        try:
            yield exchange
        finally:
            await exchange.close()


@pytest.mark.parametrize("compressed", [False, True])
async def test_an_answer_without_end_is_given_up_at_the_bound(
    compressed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "MOST_BYTES", MIB)
    async with client(Server(compressed=compressed, mib=96)) as exchange:
        tracemalloc.start()
        try:
            with pytest.raises(AnswerTooLarge) as told:
                await exchange.publicGetTime()
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert words_for(told.value) == "an answer too large: more than 1 MiB"
    assert peak < 16 * MIB


@pytest.mark.parametrize("compressed", [False, True])
async def test_an_answer_below_the_bound_is_read_whole(
    compressed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "MOST_BYTES", 2 * MIB)
    async with client(Server(compressed=compressed, mib=1)) as exchange:
        assert await exchange.publicGetTime() == {"a": 1}


async def test_an_error_without_end_is_still_the_error_that_it_is() -> None:
    async with client(server := Server(status=429, mib=96, retry="40")) as exchange:
        with pytest.raises(BaseError) as told:
            await exchange.publicGetTime()
        assert words_for(told.value) == "asked too often (HTTP 429)"
        assert 39 < exchange.pause_s <= 40
    assert server.sent < 32 * MIB


async def test_a_feed_says_that_an_answer_was_too_large_and_goes_on_when_it_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(answers, "MOST_BYTES", 64)
    async with rigged("binance", None, prepare=nothing) as rig:
        status = await rig.told(FeedState.DOWN, text="too large")
        assert status.text == "an answer too large: more than 0 MiB"
        monkeypatch.setattr(answers, "MOST_BYTES", MIB)
        await rig.live()
