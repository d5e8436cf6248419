"""Two clients of the same loopback market: our native feed, and ccxt.pro as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from decimal import Decimal
from typing import Any
from unittest.mock import patch

from tradetui.domain.market_data import BookDelta, BookSnapshot, MarketMessage, Trade
from tradetui.domain.profile import Profile
from tradetui.feeds.ccxt.endpoint import send_to_endpoint
from tradetui.feeds.native.feed import NativeFeed
from tradetui.feeds.native.venues import venue_of
from tradetui.market.book import OrderBook

SYMBOL = "BTC/USDT"


class Tally:
    """What reached the consumer, until the last number was there."""

    def __init__(self, last: int) -> None:
        self.last = last
        self.numbers: list[int] = []
        self.is_done = asyncio.Event()

    def take(self, number: int) -> None:
        """Something of this number has arrived."""
        self.numbers.append(number)
        if number >= self.last:
            self.is_done.set()


Client = Callable[[str, str, Tally], AbstractAsyncContextManager[None]]
"""Given an address, what to watch (trades or depth) and where to count: connected and ready inside."""


@asynccontextmanager
async def ours(address: str, kind: str, tally: Tally) -> AsyncIterator[None]:
    """The native feed; what it says of the book is applied to the engine's, which knows a crossed one."""
    profile = Profile(name="bench", exchange="binance", symbols=(SYMBOL,), endpoint=address)
    feed = NativeFeed(profile, venue_of(profile), stale_after_s=60.0)
    book, is_ready = OrderBook(Decimal("0.01")), asyncio.Event()
    came, last = tally.numbers.append, tally.last

    def sink(message: MarketMessage) -> None:
        if type(message) is Trade:
            number: Any = message.trade_id
            came(number)
            if number >= last:
                tally.is_done.set()
        elif type(message) is BookDelta:
            book.apply_delta(message.bids, message.asks)
            tally.take(message.update_id)
        elif isinstance(message, BookSnapshot):
            book.apply_snapshot(message.bids, message.asks)
            is_ready.set()

    feed.crossed = lambda _symbol: book.is_crossed
    task = asyncio.create_task(feed.run(sink))
    try:
        await asyncio.wait_for(is_ready.wait(), 30)
        yield
    finally:
        await _ended(task)


@asynccontextmanager
async def ccxt_pro(address: str, kind: str, tally: Tally, *, limit: int = 0) -> AsyncIterator[None]:
    """ccxt.pro as its manual says to use it; it keeps so many trades for its consumer, 1,000 by default."""
    from ccxt.pro.binance import binance

    options = {"fetchMarkets": {"types": ["spot"]}, **({"tradesLimit": limit} if limit else {})}
    exchange = binance({"enableRateLimit": False, "options": options})
    send_to_endpoint(exchange, address)
    await exchange.load_markets()
    if kind == "depth":
        await exchange.watch_order_book(SYMBOL)
    watch = _watch_book if kind == "depth" else _watch_trades
    task = asyncio.create_task(watch(exchange, tally))
    try:
        yield
    finally:
        await _ended(task)
        await exchange.close()


def ccxt_that_keeps_all(address: str, kind: str, tally: Tally) -> AbstractAsyncContextManager[None]:
    """ccxt.pro told to keep more trades than come while its consumer waits, so that it loses none."""
    return ccxt_pro(address, kind, tally, limit=1_000_000)


@asynccontextmanager
async def ccxt_that_hands_over_each(address: str, kind: str, tally: Tally) -> AsyncIterator[None]:
    """ccxt.pro that reads message by message, so that its consumer sees every book, as ours does.

    As it comes it applies all that a read of the socket brought before anybody is woken: of a flood of
    depth its consumer sees one book in some hundred.
    """
    from ccxt.async_support.base.ws.client import Client as Socket

    with patch.object(Socket, "buffer", property(lambda _socket: None)):
        async with ccxt_pro(address, kind, tally):
            yield


async def _watch_trades(exchange: Any, tally: Tally) -> None:
    came, last = tally.numbers.append, tally.last
    while True:
        for trade in await exchange.watch_trades(SYMBOL):
            number = int(trade["id"])
            came(number)
            if number >= last:
                tally.is_done.set()


async def _watch_book(exchange: Any, tally: Tally) -> None:
    while True:
        book = await exchange.watch_order_book(SYMBOL)
        tally.take(int(book["nonce"]))


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
