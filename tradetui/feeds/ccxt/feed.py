"""Any exchange that ccxt.pro knows, as a feed: markets, candles, books and trades, for one profile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from time import monotonic
from typing import Any, Final

from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import Candle, FeedState, Missing, Timeframe
from tradetui.domain.profile import Profile
from tradetui.feeds.audit import Audits
from tradetui.feeds.backfill import Backfill, nothing_missing
from tradetui.feeds.ccxt.channel import Channel
from tradetui.feeds.ccxt.exchange import open_exchange
from tradetui.feeds.ccxt.funding import FUNDING_EVERY_S, fetch_funding
from tradetui.feeds.ccxt.history import candles_before
from tradetui.feeds.ccxt.hub import NUMBERED, Hub
from tradetui.feeds.ccxt.market_file import MarketFile
from tradetui.feeds.ccxt.polled_scan import PolledScan, scan_of
from tradetui.feeds.ccxt.prices import fetch_interest, fetch_marks, fetch_tickers
from tradetui.feeds.ccxt.rest import RestSide
from tradetui.feeds.ccxt.stream import Outage, Part, Stream
from tradetui.feeds.ccxt.tap import Taps
from tradetui.feeds.ccxt.trades import reader_of
from tradetui.feeds.ccxt.words import words_for
from tradetui.feeds.clock import VenueClock
from tradetui.feeds.delivery import Delivery
from tradetui.feeds.health import USUAL, Backoff, FeedStats, Judgment, Pulse, SymbolHealth
from tradetui.feeds.native.wires import wire_of
from tradetui.feeds.protocol import Sink, Wire
from tradetui.feeds.scan.scanner import Scanner
from tradetui.feeds.scan.table import ScanTable

_HISTORY_AGAIN_S: Final = 60.0
"""After an outage as long as this the minutes that were missed are fetched before the book."""
_TICKERS_EVERY_S: Final = 30.0
_AUDIT_EVERY_S: Final = 30.0
_NEVER_ALIKE: Final = 3
"""A book that never once agreed with a snapshot is not taken anew for that more often."""
_MARKS_EVERY_S: Final = 3.0
_BOOK_DEPTH: Final = {"kraken": 10, "bybit": 200}
_dialing_stream: ContextVar[Stream | None] = ContextVar("dialing_stream", default=None)


def audit_every_s(exchange: str, usual_s: float) -> float:
    """How often books are held against snapshots (E-25): sooner where a loss does not show by itself."""
    return usual_s if exchange in NUMBERED else min(usual_s, _AUDIT_EVERY_S)


def _note_address(url: str) -> None:
    stream = _dialing_stream.get()
    if stream is not None:
        stream.url = url


@asynccontextmanager
async def _at_most(seconds: float) -> AsyncIterator[None]:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            yield


class CcxtFeed:
    """The symbols of a profile from its exchange, or from the loopback endpoint that stands in for it.

    `retry_s` is the first wait after a failure; it doubles up to 30 s. A book that does not come within
    `first_book_s` of its subscription is asked for anew. Markets are read again every `reload_s`. An
    error of an exchange within `settle_s` of dialing answers a subscription; later it costs the
    connection. `ping_s` is how often to ping, where it is not every ten seconds.
    """

    markets_file: MarketFile | None = None
    """Where the markets are kept; None for nowhere."""
    _exchange: Any = None
    _hub: Hub | None = None
    _scanner: Scanner | PolledScan | None = None

    def __init__(
        self,
        profile: Profile,
        *,
        stale_after_s: float = 5.0,
        lagging_after_s: float = 2.0,
        retry_s: float = 1.0,
        first_book_s: float = 15.0,
        reload_s: float = 3600.0,
        book_depth: int | None = None,
        audits: Audits | None = None,
        settle_s: float = 5.0,
        judgment: Judgment = USUAL,
        ping_s: float | None = None,
    ) -> None:
        self._settle_s, self._ping_s = settle_s, ping_s
        self._profile = profile
        self._retry_s = retry_s
        self._stale_after = stale_after_s
        self._first_book_s = first_book_s
        self._reload_s = reload_s
        self._depth = book_depth or _BOOK_DEPTH.get(profile.exchange)
        self._lagging_after, self._judgment = lagging_after_s, judgment
        self._channels = {symbol: self._new_channel(symbol) for symbol in profile.symbols}
        self.markets_of: Callable[[], Any] = lambda: None
        """Gives a client whose markets are read already; None where there is none."""
        self.missing: Callable[[str], Missing | None] = nothing_missing
        """Says what has to be known of a lost time."""
        self._deliver = Delivery()
        self.clock = VenueClock()
        self.audits = audits or Audits(every_s=0.0)

    def _new_channel(self, symbol: str) -> Channel:
        judgment = self._judgment
        return Channel(
            SymbolHealth(symbol, lagging_after_s=self._lagging_after, judgment=judgment),
            (Stream(symbol, Part.BOOK, self._backoff()), Stream(symbol, Part.TRADES, self._backoff())),
            Pulse(self._stale_after, intervals=judgment.stale_intervals),
            reader_of(self._profile.exchange, symbol),
        )

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols of the profile, the default one first."""
        return self._profile.symbols

    @property
    def own_clock(self) -> bool:
        """False: this is the outside world, its clock is the wall's."""
        return False

    @property
    def exchange(self) -> Any:
        """The client that it asks by; None before it runs."""
        return self._exchange

    def stats(self, symbol: str) -> FeedStats:
        """What went wrong on a symbol so far; raises KeyError for one that is not the profile's."""
        return self._channels[symbol].health.stats

    def wires(self) -> Sequence[Wire]:
        """Its connections, those of the scanner behind them; nothing is known of their round trips."""
        scanning = self._scanner.connections if self._scanner is not None else ()
        return [*(self._hub.wires() if self._hub is not None else ()), *map(wire_of, scanning)]

    @property
    def busy_ns(self) -> int:
        """Nanoseconds that frames took so far, without what the sink took of them; by samples."""
        return self._hub.busy_ns if self._hub is not None else 0

    @property
    def scan(self) -> ScanTable | None:
        """Tickers of the symbols that the profile only scans; None where it scans none."""
        return self._scanner.table if self._scanner is not None else None

    async def run(self, sink: Sink) -> None:
        """Deliver until canceled. Raises what the sink raised, and FeedError for an unknown exchange."""
        self._exchange = exchange = open_exchange(self._profile)
        exchange.markets_of = self.markets_of
        if self._ping_s is not None:
            exchange.streaming = {**exchange.streaming, "keepAlive": self._ping_s * 1000}
        hub = self._hub = Hub(exchange, self._channels, self._deliver, self.audits, settle_s=self._settle_s)
        exchange.harden(hub, dialing=_note_address, backoff=self._backoff)
        await self._deliver.run(sink, lambda: self._work(hub), close=exchange.shut)

    async def candles_before(self, symbol: str, timeframe: Timeframe, ts: int, count: int) -> list[Candle]:
        """Older candles by REST; raises FeedError."""
        return await candles_before(self._exchange, symbol, timeframe, ts, count)

    def _backoff(self) -> Backoff:
        return Backoff(self._retry_s)

    async def _work(self, hub: Hub) -> None:
        for symbol in self.symbols:
            hub.say(symbol, Part.MARKET, FeedState.CONNECTING, text="loading markets")
        rest = self._rest = hub.rest = RestSide(
            self._exchange,
            self._profile,
            retry_s=self._retry_s,
            reload_s=self._reload_s,
            file=self.markets_file,
        )
        await rest.load_markets(hub)
        listed = [each for symbol in self.symbols if (each := rest.listed(hub, symbol))]
        hub.read_with(Taps(self._profile.exchange, listed, depth=self._depth))
        async with asyncio.TaskGroup() as group:
            hub.backfill = Backfill(hub, rest, group, missing=self._missing, single_trades=True)
            group.create_task(self._watch_silence(hub))
            group.create_task(hub.watch_tapes([each.symbol for each in listed]))
            group.create_task(self._audit(hub, [self._channels[each.symbol] for each in listed]))
            group.create_task(self.clock.follow(self._exchange))
            group.create_task(rest.reload_markets(hub, listed))
            group.create_task(rest.tell_pauses(hub))
            group.create_task(rest.follow_statuses(hub, [each.symbol for each in listed]))
            for each in listed:
                group.create_task(self._follow(hub, each))
            symbols = [each.symbol for each in listed]
            group.create_task(self._deepen_history(hub, symbols))
            group.create_task(rest.poll(hub, fetch_tickers, symbols, _TICKERS_EVERY_S))
            perpetuals = [each.symbol for each in listed if not each.is_spot]
            group.create_task(rest.poll(hub, fetch_marks, perpetuals, _MARKS_EVERY_S))
            group.create_task(rest.poll(hub, fetch_funding, perpetuals, FUNDING_EVERY_S))
            group.create_task(rest.poll(hub, fetch_interest, perpetuals, FUNDING_EVERY_S))
            group.create_task(hub.renewals.run(self._ask, within_s=self._first_book_s))
            self._start_scan(hub, group)

    def _start_scan(self, hub: Hub, group: asyncio.TaskGroup) -> None:
        self._scanner = scan_of(self._profile, self._exchange)
        if self._scanner is not None:
            group.create_task(self._scanner.run())
        elif self._profile.scan:
            text = "nothing is scanned: no symbol fits, or the exchange tells no tickers of many"
            hub.say(self.symbols[0], Part.NOTICE, FeedState.STREAMING, text=text)

    def _missing(self, symbol: str) -> Missing | None:
        return self.missing(symbol)

    async def _follow(self, hub: Hub, instrument: Instrument) -> None:
        symbol = instrument.symbol
        hub.say(symbol, Part.BOOK, FeedState.CONNECTING, text="loading history")
        self._rest.say_trading(hub, instrument)
        await self._rest.load_history(hub, symbol)
        if (missing := self.missing(symbol)) is not None:
            await self._rest.tell_missed(hub, symbol, missing)
        hub.say(symbol, Part.BOOK, FeedState.CONNECTING, text="waiting for the book")
        channel = self._channels[symbol]
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pump(hub, channel.book))
            group.create_task(self._pump(hub, channel.trades))

    async def _audit(self, hub: Hub, channels: list[Channel]) -> None:
        """Hold the books against snapshots; one that differs is taken anew."""

        def found(symbol: str, words: str) -> None:
            channel = self._channels[symbol]
            if channel.stats.mismatches > _NEVER_ALIKE and channel.stats.audits == channel.stats.mismatches:
                text = "its snapshots are of another kind than its stream"
                hub.say(symbol, Part.NOTICE, FeedState.STREAMING, text=text)
            else:
                hub.kick(channel.book, Outage(FeedState.GAP, words))

        numbered = self._profile.exchange.startswith("binance")
        await self.audits.run(self._exchange, channels, numbered=numbered, found=found)

    async def _deepen_history(self, hub: Hub, symbols: list[str]) -> None:
        """Load the longer timeframes when the books stand: they share the exchange's request limit."""
        async with _at_most(self._first_book_s):
            for symbol in symbols:
                await self._channels[symbol].book.until_live()
        rest = self._rest
        await asyncio.gather(rest.deepen_history(hub, symbols), rest.follow_tiers(hub, symbols))

    async def _pump(self, hub: Hub, stream: Stream) -> None:
        """Keep one stream subscribed: subscribe, wait for its outage, wait, and again."""
        _dialing_stream.set(stream)
        while True:
            if stream.is_book and monotonic() - stream.lost_at > _HISTORY_AGAIN_S:
                await self._rest.load_history(hub, stream.symbol)  # what happened meanwhile
            if stream.waits_for is not None:
                await stream.waits_for.until_live()
                stream.waits_for = None
            stream.restart()
            try:
                await self._subscribe(stream)
                await stream.until_broken()
            except TimeoutError as error:
                if not stream.is_broken:
                    hub.kick(stream, Outage(FeedState.DOWN, words_for(error)))
                    self._try_trades_too(hub, stream.symbol)
            except Exception as error:  # noqa: BLE001 - the outside world becomes a state
                hub.break_off(stream, Outage(FeedState.DOWN, words_for(error)))
            await asyncio.sleep(stream.wait_s)

    def _try_trades_too(self, hub: Hub, symbol: str) -> None:
        """Where the book's subscription was ignored, that of the trades may have been too.

        Whether theirs is heard, nobody can tell while no print comes: they are asked for when the book's was.
        """
        channel = self._channels[symbol]
        trades = channel.trades
        if not trades.is_live:
            trades.waits_for = channel.book
            hub.kick(trades, Outage(FeedState.DOWN, "no data after subscribing"))

    async def _subscribe(self, stream: Stream) -> None:
        """Ask for it until it comes, or is broken off: what was refused never comes."""
        wait = self._first_book_s + self._exchange.ws_dial_delay(stream.url) if stream.is_book else None
        asking = asyncio.ensure_future(self._ask(stream))
        broken = asyncio.ensure_future(stream.until_broken())
        try:
            async with asyncio.timeout(wait):
                await asyncio.wait({asking, broken}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended = asking.done()
            for task in (asking, broken):
                task.cancel()
            await asyncio.gather(asking, broken, return_exceptions=True)
        if ended:
            asking.result()

    async def _ask(self, stream: Stream) -> None:
        if stream.is_book:
            await self._exchange.watch_order_book(stream.symbol, self._depth)
        else:
            await self._exchange.watch_trades(stream.symbol)

    async def _watch_silence(self, hub: Hub) -> None:
        while True:
            await asyncio.sleep(min(0.5, self._stale_after / 10))
            hub.break_silent()
