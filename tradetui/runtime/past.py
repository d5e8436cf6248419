"""Candles older than those that the engine keeps, loaded while the chart is scrolled back.

The engine never sees them: what it decides does not depend on where somebody has looked. They are kept
with the engine's own from the first load on, so that nothing is missing where its ring has dropped some;
where the two do not meet, the older ones are given up and loaded again.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from typing import Final, NamedTuple, Protocol

from tradetui.domain.market_data import Candle, Timeframe
from tradetui.errors import FeedError
from tradetui.feeds.protocol import Feed, KnowsPast
from tradetui.market.series import CandleSeries
from tradetui.runtime.candle_cache import Page

PAGE: Final = 500
LOADING: Final = "loading older candles"
NO_OLDER: Final = "no older candles"
_RETRY_S: Final = 10.0
_LONGEST_S: Final = 30.0
_MOST_CANDLES: Final = 50_000
FULL: Final = f"the chart goes no further than {_MOST_CANDLES:,} candles"
_MOST_STRETCHES: Final = 8
_SECOND: Final = 1_000_000_000
Key = tuple[str, Timeframe]


class Cache(Protocol):
    """Where candles that were loaded once are kept."""

    def before(self, symbol: str, timeframe: Timeframe, ts: int, count: int) -> Page | None:
        """Candles that are known without a hole up to a moment; None where the last one is not known."""
        ...

    def keep(self, symbol: str, timeframe: Timeframe, page: Page) -> None:
        """Remember a page."""
        ...


class Stretch:
    """Candles of one timeframe without a hole, from the oldest loaded to the newest closed."""

    def __init__(self, timeframe: Timeframe) -> None:
        self.candles: list[Candle] = []
        self.is_oldest = False
        """Whether nothing older exists."""
        self.words = ""
        """What is being done about older ones, or why there are none."""
        self.retry_at = 0.0
        self.version = 0
        self._length = timeframe.seconds * _SECOND
        self._seen: tuple[CandleSeries, int] | None = None

    def begin(self, series: CandleSeries) -> None:
        """Hold what the engine keeps."""
        self.candles, self._seen = series.closed(len(series)), (series, series.generation)

    def follow(self, series: CandleSeries) -> None:
        """Take in what has closed; where it does not meet what was loaded, that is given up."""
        last = series.closed(1)
        if not self.candles or not last:
            return
        missing = (last[0].open_ts - self.candles[-1].open_ts) // self._length
        seen = (series, series.generation)
        if seen != self._seen:
            self._seen, missing = seen, len(series)
            first = series.closed(missing)[0].open_ts
            self.candles = [candle for candle in self.candles if candle.open_ts < first]
        if missing <= 0:
            return
        fresh = series.closed(missing)
        if self.candles and fresh[0].open_ts > self.candles[-1].open_ts + self._length:
            self.candles, self.is_oldest, self.words = [], False, ""
        else:
            self.candles += fresh
        self.version += 1

    def add(self, older: Sequence[Candle], *, is_oldest: bool) -> None:
        """Put older ones in front; they end where those known begin."""
        until = self.candles[0].open_ts if self.candles else 0
        self.candles = [*carried(older, self._length, until), *self.candles]
        is_full = len(self.candles) >= _MOST_CANDLES
        self.is_oldest = is_oldest or is_full
        self.words = NO_OLDER if is_oldest else FULL if is_full else ""
        self.version += 1


def carried(candles: Sequence[Candle], length: int, until: int) -> Iterator[Candle]:
    """The same with the close carried through periods that had no trade, up to a moment."""
    for candle, following in zip_longest(candles, candles[1:]):
        yield candle
        close, end = candle.close, following.open_ts if following is not None else until
        for open_ts in range(candle.open_ts + length, end, length):
            yield Candle(open_ts, close, close, close, close, 0.0)


class _Wish(NamedTuple):
    key: Key
    before: int


class Past:
    """Loads, one page at a time, what the chart asks for."""

    def __init__(
        self,
        feed: Feed,
        *,
        cache: Cache | None = None,
        again_s: float = 1.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`cache` keeps what an exchange told; None for markets that can tell it again at once."""
        self._feed = feed
        self._cache = cache
        self._again_s = again_s
        self._monotonic = monotonic
        self._stretches: OrderedDict[Key, Stretch] = OrderedDict()
        self._wish: _Wish | None = None
        self._wished = asyncio.Event()
        self.version = 0
        """Changes with everything that a chart shows of it."""

    @property
    def is_loading(self) -> bool:
        """Whether a page is on its way."""
        return self._wish is not None

    def stretch(self, symbol: str, timeframe: Timeframe) -> Stretch | None:
        """What was loaded; None where nobody has scrolled back."""
        return self._stretches.get((symbol, timeframe))

    def want(self, symbol: str, series: CandleSeries) -> None:
        """Load a page of what is older than all that is known, unless that is under way or can not be."""
        key = (symbol, series.timeframe)
        if not len(series):
            return
        stretch = self._stretches.setdefault(key, Stretch(series.timeframe))
        self._stretches.move_to_end(key)
        while len(self._stretches) > _MOST_STRETCHES:
            self._stretches.popitem(last=False)
        if self.is_loading or stretch.is_oldest or self._monotonic() < stretch.retry_at:
            return
        if not stretch.candles:
            stretch.begin(series)
        self._tell(stretch, LOADING)
        self._wish = _Wish(key, stretch.candles[0].open_ts)
        self._wished.set()

    async def run(self) -> None:
        """Load whatever is wished for, until canceled."""
        while True:
            await self._wished.wait()
            self._wished.clear()
            wish = self._wish
            if wish is not None:
                await self._load(wish)
                self._wish = None

    async def _load(self, wish: _Wish) -> None:
        stretch = self._stretches.get(wish.key)
        if stretch is None:
            return
        try:
            async with asyncio.timeout(_LONGEST_S):
                page = await self._page(wish)
        except (FeedError, TimeoutError, OSError) as error:
            words = str(error) or "no answer in time"
            stretch.retry_at = self._monotonic() + _RETRY_S
            self._tell(stretch, f"older candles: {words}")
            return
        if stretch.candles and stretch.candles[0].open_ts == wish.before:
            stretch.add(page.candles, is_oldest=page.is_oldest)
        self._tell(stretch, stretch.words if stretch.words != LOADING else "")

    async def _page(self, wish: _Wish) -> Page:
        """From the cache, else from the feed."""
        symbol, timeframe = wish.key
        if self._cache is not None:
            cached = await asyncio.to_thread(self._cache.before, symbol, timeframe, wish.before, PAGE)
            if cached is not None:
                return cached
        if not isinstance(self._feed, KnowsPast):
            return Page((), wish.before, wish.before, is_oldest=True)
        candles = await self._feed.candles_before(symbol, timeframe, wish.before, PAGE)
        if not candles and self._cache is not None:
            # that there are no older ones is believed for a day: an exchange has to say it twice
            await asyncio.sleep(self._again_s)
            candles = await self._feed.candles_before(symbol, timeframe, wish.before, PAGE)
        begins = candles[0].open_ts if candles else wish.before
        page = Page(tuple(candles), begins, wish.before, is_oldest=not candles)
        if self._cache is not None:
            await asyncio.to_thread(self._cache.keep, symbol, timeframe, page)
        return page

    def _tell(self, stretch: Stretch, words: str) -> None:
        stretch.words = words
        stretch.version += 1
        self.version += 1
