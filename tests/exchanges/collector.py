"""A sink that remembers what a feed delivered, keeps the book as told, and can be waited on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import TypeVar

from tests.exchanges.captures import DecimalBook, Levels
from tradetui.domain.market_data import BookDelta, BookSnapshot, FeedState, FeedStatus, MarketMessage, Trade
from tradetui.feeds.protocol import Feed

Kind = TypeVar("Kind")


class Collector:
    def __init__(self) -> None:
        self.messages: list[MarketMessage] = []
        self.statuses: list[tuple[int, FeedStatus]] = []
        """Each with its place among the messages."""
        self.books: dict[str, DecimalBook] = {}
        self.also: Callable[[MarketMessage], None] = lambda _: None
        self._changed = asyncio.Event()

    def __call__(self, message: MarketMessage) -> None:
        if isinstance(message, FeedStatus):
            self.statuses.append((len(self.messages), message))
        self.messages.append(message)
        self.also(message)
        if isinstance(message, BookSnapshot):
            self.books[message.symbol] = DecimalBook()
        if isinstance(message, BookSnapshot | BookDelta):
            self.books[message.symbol].apply(message.bids, message.asks, message.update_id)
        self._changed.set()

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [each for each in self.messages if isinstance(each, kind)]

    def states(self, symbol: str) -> list[FeedState]:
        return [each.state for _, each in self.statuses if each.symbol == symbol]

    def top(self, symbol: str, count: int) -> tuple[Levels, Levels]:
        return self.books[symbol].top(count)

    async def until(self, condition: Callable[[], bool], seconds: float = 20.0) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def until_state(self, symbol: str, state: FeedState, *, after: int = 0) -> FeedStatus:
        """The first status of that state among the messages from a place on."""

        def found() -> list[FeedStatus]:
            later = (each for place, each in self.statuses if place >= after)
            return [each for each in later if each.symbol == symbol and each.state is state]

        await self.until(lambda: bool(found()))
        return found()[0]


def volume(trades: list[Trade]) -> Decimal:
    return sum((Decimal(repr(trade.qty)) for trade in trades), Decimal(0))


@asynccontextmanager
async def fed(feed: Feed, collector: Collector) -> AsyncIterator[asyncio.Task[None]]:
    """Run a feed, and see that nothing of it is left afterwards."""
    before = asyncio.all_tasks()
    task = asyncio.create_task(feed.run(collector))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        left = {each for each in asyncio.all_tasks() - before if "ccxt" in repr(each.get_coro())}
        assert not left
