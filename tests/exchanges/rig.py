"""A feed at an exchange on loopback, with what every test of a fault asks of both."""

from __future__ import annotations

import asyncio
import math
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tests.exchanges.collector import Collector
from tests.exchanges.exchange import BOOK, TRADES, Exchange
from tests.exchanges.tape import Print
from tests.exchanges.venues.every import exchange_of
from tradetui.domain.market_data import BookDelta, BookSnapshot, FeedState, FeedStatus, MissedTrades, Trade
from tradetui.domain.profile import Network, Profile
from tradetui.feeds.ccxt.feed import CcxtFeed
from tradetui.feeds.native.feed import NativeFeed
from tradetui.feeds.native.venues import venue_of

CALM: dict[str, float] = {"stale_after_s": 30.0, "first_book_s": 30.0, "retry_s": 0.02}
"""Nothing is called late unless a test is about lateness."""
DEEP = 10
PATIENCE_S = 20.0
"""Until a test gives up where nothing is said of time."""
MARGIN_S = 1.0
"""What a fault may take longer than its own timers to be told."""
HEALING_S = 5.0
"""What it may take longer than its own timers until the book is back, where the exchange serves again."""
TICK_S = 0.002
LOST = (FeedState.GAP, FeedState.CROSSED)
"""After one of them only a whole book may come."""


class Rig:
    """One exchange, one feed at it, and what came out."""

    def __init__(
        self,
        exchange: Exchange,
        feed: NativeFeed | CcxtFeed,
        collector: Collector,
        *,
        within_s: float | None = None,
    ) -> None:
        """`within_s` is how long the timers of a fault take to tell it; None where time plays no part."""
        self.exchange, self.feed, self.collector = exchange, feed, collector
        self._told_s = PATIENCE_S if within_s is None else within_s + MARGIN_S
        self._healed_s = PATIENCE_S if within_s is None else within_s + HEALING_S
        self.symbol = exchange.wording.symbol
        self.is_native = isinstance(feed, NativeFeed)
        self.from_print = 0
        self.from_message = 0

    # --- waiting

    async def eventually(self, condition: Callable[[], object], seconds: float = PATIENCE_S) -> None:
        """Wait for so many ticks of a timer in the feed's own loop: a busy machine delays both alike."""
        for _ in range(int(seconds / TICK_S)):
            if condition():
                return
            await asyncio.sleep(TICK_S)
        raise TimeoutError(f"not within {seconds} s")

    async def soon(self, condition: Callable[[], object]) -> None:
        """Wait no longer than the fault's own timers and a margin."""
        await self.eventually(condition, self._told_s)

    async def live(self) -> None:
        """Streaming, with both streams listened to; from here on every print counts."""
        await self.eventually(lambda: self.state is FeedState.STREAMING, self._healed_s)
        await self.eventually(lambda: self.exchange.listening(BOOK, TRADES))
        self.from_print = len(self.exchange.prints)
        await self.exchange.tell(self.new_print())
        await self.exchange.play(3)
        await self.exchange.tell(self.new_print())  # when it is here, all of the book is
        await self.synced()
        self.mark()

    def new_print(self) -> Print:
        """One more print, that was not told yet."""
        price = self.exchange.top(1)[0][0][0]
        return self.exchange.market.printed(Print(price, Decimal(1), "sell"))

    def mark(self) -> None:
        """What is told from here on is judged."""
        self.from_message = len(self.collector.messages)

    async def told(self, *states: FeedState, text: str = "") -> FeedStatus:
        """The first status since the mark that has one of the states, and the words; in time."""
        found: list[FeedStatus] = []

        def is_told() -> bool:
            found[:] = [s for s in self.statuses() if s.state in states and text in s.text]
            return bool(found)

        await self.soon(is_told)
        return found[0]

    async def lost(self, state: FeedState = FeedState.GAP) -> FeedStatus:
        """The status of a loss that the next message of the book shows: nothing of the book comes before."""
        status = await self.told(state)
        before = self.collector.messages[self.from_message : self.collector.messages.index(status)]
        if self.is_native:
            assert [each for each in before if isinstance(each, BookSnapshot | BookDelta)] == []
        return status

    async def healed(self) -> None:
        """Streaming again, and the book and the prints are the exchange's."""

        await self.while_playing(
            lambda: self.state is FeedState.STREAMING and self.exchange.listening(BOOK, TRADES)
        )
        await self.exchange.changes(2)
        await self.synced()

    async def while_playing(self, condition: Callable[[], object]) -> None:
        """Let the market move on until something holds."""

        async def play() -> None:
            if self.exchange.listening(BOOK, TRADES):
                await self.exchange.changes(1)

        async with _repeated(play):
            await self.eventually(condition, self._healed_s)

    def printing(self) -> AbstractAsyncContextManager[None]:
        """Let it print meanwhile."""
        return _repeated(lambda: self.exchange.tell(self.new_print()))

    async def synced(self) -> None:
        """Book and prints arrive at what the exchange has."""
        try:
            await self.eventually(self.is_synced)
        except TimeoutError:
            assert self.book == self.exchange.top(DEEP)
            assert self.numbers() == self.expected_numbers()
            raise

    def is_synced(self) -> bool:
        return self.book == self.exchange.top(DEEP) and self.has_the_prints()

    def has_the_prints(self) -> bool:
        """Each came once."""
        return self.numbers() == self.expected_numbers()

    # --- what came out

    @property
    def state(self) -> FeedState:
        states = self.collector.states(self.symbol)
        return states[-1] if states else FeedState.CONNECTING

    @property
    def book(self) -> Any:
        book = self.collector.books.get(self.symbol)
        return book.top(DEEP) if book is not None else ([], [])

    def is_crossed(self, symbol: str) -> bool:
        bids, asks = self.collector.books[symbol].top(1)
        return bool(bids and asks) and bids[0][0] > asks[0][0]

    def statuses(self) -> list[FeedStatus]:
        return [m for m in self.collector.messages[self.from_message :] if isinstance(m, FeedStatus)]

    def books(self) -> list[BookSnapshot | BookDelta]:
        new = self.collector.messages[self.from_message :]
        return [m for m in new if isinstance(m, BookSnapshot | BookDelta)]

    def trades(self) -> Iterator[Trade]:
        for message in self.collector.messages:
            if isinstance(message, Trade):
                yield message
            elif isinstance(message, MissedTrades):
                yield from message.trades

    def numbers(self) -> list[int]:
        """The exchange's numbers of the prints that came, each as often as it came."""
        return sorted(number for each in self.trades() if (number := number_of(each)) > self._last_before)

    def expected_numbers(self) -> list[int]:
        return sorted(each.number for each in self.exchange.prints[self.from_print :])

    @property
    def _last_before(self) -> int:
        earlier = self.exchange.prints[: self.from_print]
        return earlier[-1].number if earlier else 1000

    def missed(self) -> list[int]:
        """The numbers of the prints that came marked as missed."""
        return [number_of(t) for each in self.collector.of(MissedTrades) for t in each.trades]

    @property
    def dials(self) -> int:
        return len(self.exchange.dials)

    # --- what holds whatever happens

    def check_values(self) -> None:
        """Nothing that can not be was delivered."""
        sides = {each.number: each.side for each in self.exchange.prints}
        for trade in self.trades():
            assert trade.aggressor == sides[number_of(trade)]
            assert math.isfinite(trade.price)
            assert math.isfinite(trade.qty)
            assert trade.price > 0
            assert trade.qty > 0
        is_lost = False
        for message in self.collector.messages:
            if isinstance(message, FeedStatus) and message.state in LOST:
                is_lost = True
            elif isinstance(message, BookSnapshot | BookDelta):
                assert not is_lost or isinstance(message, BookSnapshot), "a change came for a lost book"
                is_lost = False
                for price, qty in (*message.bids, *message.asks):
                    assert 0 < price < math.inf
                    assert 0 <= qty < math.inf


@asynccontextmanager
async def _repeated(act: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Do something again and again meanwhile."""

    async def repeat() -> None:
        while True:
            await act()
            await asyncio.sleep(0.02)

    task = asyncio.create_task(repeat())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def number_of(trade: Trade) -> int:
    """Every venue's trade ids end in the exchange's own number."""
    return int(str(trade.trade_id)[-4:])


@asynccontextmanager
async def rigged(
    venue: str,
    captures: Path | None,
    *,
    through: str = "native",
    prepare: Callable[[Exchange], None],
    tls: ssl.SSLContext | None = None,
    ca_file: str = "",
    settings: Mapping[str, Any] = MappingProxyType({}),
    within_s: float | None = None,
) -> AsyncIterator[Rig]:
    """A running feed at a running exchange; afterwards nothing of it may be left."""
    exchange = exchange_of(venue, captures)
    prepare(exchange)
    async with exchange.running(tls):
        wording = exchange.wording
        profile = Profile(
            name="x",
            exchange=wording.exchange,
            symbols=(wording.symbol,),
            endpoint=exchange.address,
            network=Network(ca_file=ca_file),
        )
        feed = _feed(profile, through, {**CALM, **settings})
        rig = Rig(exchange, feed, Collector(), within_s=within_s)
        if isinstance(feed, NativeFeed):
            feed.crossed = rig.is_crossed
        before = asyncio.all_tasks()
        task = asyncio.create_task(feed.run(rig.collector))
        try:
            yield rig
        finally:
            ended = task.done()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert not ended, "the feed ended by itself"
        rig.check_values()
        assert not {each for each in asyncio.all_tasks() - before if _is_ours(each)}
        exchange.go_deaf(deaf=False)
        await rig.eventually(lambda: not exchange.sockets)


def _is_ours(task: asyncio.Task[Any]) -> bool:
    words = repr(task.get_coro())
    return any(
        name in words for name in ("Connection", "NativeFeed", "CcxtFeed", "ccxt", "RestSide", "Delivery")
    )


def _feed(profile: Profile, through: str, settings: dict[str, Any]) -> NativeFeed | CcxtFeed:
    return (
        NativeFeed(profile, venue_of(profile), **settings)
        if through == "native"
        else CcxtFeed(profile, **settings)
    )
