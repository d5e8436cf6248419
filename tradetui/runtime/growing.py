"""A profile's feed that takes more symbols while it runs: on its own connections, or in feeds beside it.

What runs already is not touched: no stop waits while a symbol is added or taken away. A symbol that the
first feed can not take gets one of its own: of another market of the exchange, of one whose connections
stand and fall with each symbol (Coinbase), or through ccxt, which can not unsubscribe everywhere. Such
feeds share the markets that the first one has read, and the exchange's wish to be asked nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from time import time_ns
from typing import Any, Final, Protocol, runtime_checkable

import msgspec

from tradetui.domain.market_data import BookSnapshot, Candle, FeedState, FeedStatus, Timeframe
from tradetui.feeds.clock import VenueClock
from tradetui.feeds.health import FeedStats
from tradetui.feeds.protocol import FEED_STEP, Feed, FrameKeeper, GivesFrames, Measures, Sink, Stands, Wire
from tradetui.feeds.scan.table import ScanTable
from tradetui.runtime.feeding import run_feed

MOST_ADDED: Final = 20
"""Each may have connections of its own, of which an exchange allows only so many."""
_RETRY_S: Final = 1.0


class LiveFeed(Protocol):
    """A feed of an exchange."""

    clock: VenueClock
    markets_of: Callable[[], Any]
    """Gives the client of an exchange whose markets are read already; None where there is none yet."""

    @property
    def symbols(self) -> tuple[str, ...]:
        """Its symbols."""
        ...

    @property
    def own_clock(self) -> bool:
        """False: an exchange lives by the wall's."""
        ...

    @property
    def exchange(self) -> Any:
        """Its client; None before it runs."""
        ...

    async def run(self, sink: Sink) -> None:
        """Deliver until canceled."""
        ...

    def stats(self, symbol: str) -> FeedStats:
        """What went wrong on a symbol so far."""
        ...

    async def candles_before(self, symbol: str, timeframe: Timeframe, ts: int, count: int) -> list[Candle]:
        """Older candles by REST; raises FeedError."""
        ...


@runtime_checkable
class TakesMore(Protocol):
    """A feed that takes more symbols on its own connections."""

    def takes(self, symbol: str) -> bool:
        """Whether a symbol can be delivered beside those that are."""
        ...

    def join(self, symbol: str) -> None:
        """Deliver one more symbol."""
        ...

    async def leave(self, symbol: str) -> None:
        """Deliver one no more that came by `join`."""
        ...


MakeFeed = Callable[[str], LiveFeed]
"""Makes the feed of one symbol."""


class GrowingFeed:
    """The first feed, and one for each symbol that was added and did not join it."""

    own_clock = False

    def __init__(self, first: LiveFeed, make: MakeFeed) -> None:
        self.first = first
        self.clock = first.clock
        self._make = make
        self._added: dict[str, LiveFeed] = {}
        self._numbers = {id(first): 0}
        """By feed: which one it is."""
        self._next = count(1)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._sink: Sink | None = None
        self._introduce: Callable[[LiveFeed], None] = lambda _feed: None

    @property
    def symbols(self) -> tuple[str, ...]:
        """The profile's symbols, then the added ones."""
        return (*self.first.symbols, *self._added)

    @property
    def added(self) -> tuple[str, ...]:
        """The symbols that were added."""
        return tuple(self._added)

    @property
    def busy_ns(self) -> int:
        """Nanoseconds spent on frames so far, without the sink's."""
        return sum(feed.busy_ns for feed in self._measuring())

    def wires(self) -> Sequence[Wire]:
        """The connections of all of them."""
        return [wire for feed in self._measuring() for wire in feed.wires()]

    def _measuring(self) -> list[Measures]:
        return [feed for feed in self._feeds() if isinstance(feed, Measures)]

    @property
    def scan(self) -> ScanTable | None:
        """Tickers of symbols that are only scanned."""
        table = getattr(self.first, "scan", None)
        return table if isinstance(table, ScanTable) else None

    def introduce(self, to: Callable[[LiveFeed], None]) -> None:
        """Have each feed, now and later, shown to somebody before it runs."""
        self._introduce = to
        for feed in self._feeds():
            to(feed)

    def add(self, symbol: str) -> None:
        """Deliver one more symbol from now on; one that is there already changes nothing."""
        if symbol in self.symbols:
            return
        if isinstance(self.first, TakesMore) and self.first.takes(symbol):
            self._added[symbol] = self.first
            self.first.join(symbol)
            return
        feed = self._make(symbol)
        feed.markets_of = lambda: self.first.exchange
        self._added[symbol] = feed
        self._numbers[id(feed)] = next(self._next)
        self._introduce(feed)
        self.joined()
        if self._sink is not None:
            self._start(symbol, self._sink)

    def joined(self) -> None:
        """A feed was added."""

    async def remove(self, symbol: str) -> None:
        """Deliver an added symbol no more; raises KeyError for one that was not added."""
        feed = self._added.pop(symbol)
        if feed is self.first:
            await self.first.leave(symbol)  # type: ignore[attr-defined]  # it took it
        else:
            self._numbers.pop(id(feed))
        task = self._tasks.pop(symbol, None)
        if task is not None:
            task.cancel()
            await asyncio.wait((task,))
        if self._sink is not None:
            self._sink(FeedStatus(symbol, time_ns(), FeedState.CONNECTING, "not watched any more"))

    async def run(self, sink: Sink) -> None:
        """Deliver all of them until canceled; it ends with the first feed."""
        self._sink = sink
        for symbol, feed in self._added.items():
            if feed is not self.first:
                self._start(symbol, sink)
        try:
            await self.first.run(sink)
        finally:
            self._sink = None
            tasks, self._tasks = list(self._tasks.values()), {}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, symbol: str, sink: Sink) -> None:
        def lost(words: str) -> None:
            sink(FeedStatus(symbol, time_ns(), FeedState.DOWN, words))

        work = run_feed(self._added[symbol], sink, lost=lost, retry_s=_RETRY_S)
        self._tasks[symbol] = asyncio.create_task(work, name=f"feed {symbol}")

    def stats(self, symbol: str) -> FeedStats:
        """What went wrong on a symbol so far; raises KeyError for one that is not delivered."""
        return self._added.get(symbol, self.first).stats(symbol)

    async def candles_before(self, symbol: str, timeframe: Timeframe, ts: int, count: int) -> list[Candle]:
        """Older candles by REST; raises FeedError."""
        return await self._added.get(symbol, self.first).candles_before(symbol, timeframe, ts, count)

    def _feeds(self) -> Iterator[LiveFeed]:
        yield self.first
        yield from (feed for feed in self._added.values() if feed is not self.first)


def introduced(feed: Feed, to: Callable[[Feed], None]) -> None:
    """Show a feed, and all that join it, to somebody."""
    if isinstance(feed, GrowingFeed):
        feed.introduce(to)
    else:
        to(feed)


class GrowingNativeFeed(GrowingFeed):
    """The same where the first feed reads the venue's own streams: it has frames to show."""

    def __init__(self, first: LiveFeed, make: MakeFeed) -> None:
        super().__init__(first, make)
        self._keeper: FrameKeeper | None = None

    @property
    def frames_of(self) -> tuple[str, bool]:
        """The exchange whose frames are read, and whether its symbols are contracts."""
        return self._giving()[0][1].frames_of

    def stands(self) -> Sequence[Stands]:
        """How each symbol stands now."""
        return [
            msgspec.structs.replace(each, feed=number)
            for number, feed in self._giving()
            for each in feed.stands()
        ]

    @property
    def keeper(self) -> FrameKeeper | None:
        """Whoever keeps the frames as they came."""
        return self._keeper

    @keeper.setter
    def keeper(self, keeper: FrameKeeper | None) -> None:
        self._keeper = keeper
        for number, feed in self._giving():
            feed.keeper = keeper if keeper is None else _Numbered(keeper, number)

    def joined(self) -> None:
        """Keep the frames of a feed that was added, too."""
        self.keeper = self._keeper

    def _giving(self) -> list[tuple[int, GivesFrames]]:
        """Those that show frames of the first one's kind: a recording has one codec."""
        giving = [(self._numbers[id(feed)], feed) for feed in self._feeds() if isinstance(feed, GivesFrames)]
        return [(number, feed) for number, feed in giving if feed.frames_of == giving[0][1].frames_of]


class _Numbered:
    """A keeper that tells the connections of several feeds apart."""

    def __init__(self, keeper: FrameKeeper, number: int) -> None:
        self._keeper = keeper
        self._first = number * FEED_STEP

    def frame(self, connection: int, frame: bytes, ts_received: int) -> None:
        self._keeper.frame(self._first + connection, frame, ts_received)

    def opened(self, connection: int, symbols: Sequence[str], ts_received: int) -> None:
        self._keeper.opened(self._first + connection, symbols, ts_received)

    def renewed(self, connection: int, symbols: Sequence[str], ts_received: int) -> None:
        self._keeper.renewed(self._first + connection, symbols, ts_received)

    def asked(self, book: BookSnapshot) -> None:
        self._keeper.asked(book)
