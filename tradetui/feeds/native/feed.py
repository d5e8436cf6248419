"""A profile's symbols through the venue's own streams; markets, candles and back-fill come by REST.

From a frame to the sink is one synchronous call. What is lost is said at once: while a book is not
whole, nothing of it is delivered; prints of an outage are fetched and marked before newer ones.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from time import time_ns
from typing import Any, Final

from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import (
    Candle,
    FeedState,
    Missing,
    Timeframe,
    Trade,
)
from tradetui.domain.profile import Profile
from tradetui.feeds import egress
from tradetui.feeds.audit import Audits
from tradetui.feeds.backfill import Backfill, nothing_missing
from tradetui.feeds.ccxt.exchange import open_exchange
from tradetui.feeds.ccxt.funding import FUNDING_EVERY_S, fetch_funding
from tradetui.feeds.ccxt.history import candles_before
from tradetui.feeds.ccxt.market_file import MarketFile
from tradetui.feeds.ccxt.prices import fetch_interest, fetch_tickers
from tradetui.feeds.ccxt.rest import RestSide
from tradetui.feeds.ccxt.stream import Part
from tradetui.feeds.clock import VenueClock
from tradetui.feeds.delivery import Delivery
from tradetui.feeds.health import Backoff, FeedStats, SymbolHealth
from tradetui.feeds.native.books import Books, Deadlines
from tradetui.feeds.native.channel import Channel
from tradetui.feeds.native.connection import HANDSHAKE_S, Connection, Line, Listener
from tradetui.feeds.native.hearing import Hearing
from tradetui.feeds.native.reading import Reading
from tradetui.feeds.native.renewal import Renewal, Renewals
from tradetui.feeds.native.venue import (
    ResyncBy,
    Venue,
)
from tradetui.feeds.native.venues import venue_of
from tradetui.feeds.native.wires import wire_of
from tradetui.feeds.network import proxy_of
from tradetui.feeds.protocol import FrameKeeper, Sink, Stands, Wire
from tradetui.feeds.scan.scanner import Scanner, scanner_of
from tradetui.feeds.scan.table import ScanTable

_TICKERS_EVERY_S: Final = 30.0


class NativeFeed:
    """Owns the connections of a profile; `crossed` says of a delivered book whether it is crossed.

    An error of a venue within `settle_s` of dialing answers a subscription; later it costs the connection.
    `ping_s` is how often to ping, where it is not as the venue wants it.
    """

    own_clock = False
    crossed: Callable[[str], bool]
    missing: Callable[[str], Missing | None]
    """Says what has to be known of a lost time."""
    markets_of: Callable[[], Any]
    """Gives a client whose markets are read already; None where there is none."""
    markets_file: MarketFile | None = None
    """Where the markets are kept; None for nowhere."""
    keeper: FrameKeeper | None = None
    """Whoever keeps the frames as they came; None for nobody."""
    _exchange: Any = None
    _scanner: Scanner | None = None
    _backfill: Backfill
    _books: Books
    _renewals: Renewals
    _hearing: Hearing
    _reading: Reading

    def __init__(
        self,
        profile: Profile,
        venue: Venue,
        *,
        stale_after_s: float = 5.0,
        lagging_after_s: float = 2.0,
        retry_s: float = 1.0,
        first_book_s: float = 15.0,
        reload_s: float = 3600.0,
        audits: Audits | None = None,
        crossed_s: float = 1.0,
        settle_s: float = 5.0,
        handshake_s: float = HANDSHAKE_S,
        ping_s: float | None = None,
    ) -> None:
        self._profile = profile
        self._venue = venue
        self._deadlines = Deadlines(stale_after_s, crossed_s, first_book_s)
        self._retry_s = retry_s
        self._first_book_s = first_book_s
        self._reload_s = reload_s
        self._settle_s = settle_s
        self._handshake_s, self._ping_s = handshake_s, ping_s
        self.crossed, self.markets_of = lambda _symbol: False, lambda: None
        self.missing = nothing_missing
        self._channels = {
            symbol: Channel(
                SymbolHealth(symbol, lagging_after_s=lagging_after_s),
                stale_after_s=stale_after_s,
                backoff=Backoff(retry_s),
            )
            for symbol in profile.symbols
        }
        self._connections: list[Connection] = []
        self._listed: list[Instrument] = []
        self.deliver = Delivery()
        """Hands a message to the sink."""
        self.clock = VenueClock()
        self.audits = audits or Audits(every_s=0.0)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols of the profile, the default one first."""
        return self._profile.symbols

    @property
    def exchange(self) -> Any:
        """The client that it asks by; None before it runs."""
        return self._exchange

    def stats(self, symbol: str) -> FeedStats:
        """What went wrong on a symbol so far; raises KeyError for one that is not the profile's."""
        return self._channels[symbol].stats

    @property
    def frames_of(self) -> tuple[str, bool]:
        """The exchange whose frames it reads, and whether its symbols are contracts."""
        return self._profile.exchange, ":" in self.symbols[0]

    def stands(self) -> Sequence[Stands]:
        """How each symbol stands now, without its book."""
        return [stands for channel in self._channels.values() if (stands := channel.stands()) is not None]

    def wires(self) -> Sequence[Wire]:
        """Its connections, those of the scanner behind them."""
        scanning = self._scanner.connections if self._scanner is not None else []
        return [wire_of(each) for each in (*self._connections, *scanning)]

    @property
    def busy_ns(self) -> int:
        """Nanoseconds that frames took so far, without what the sink took of them; by samples."""
        return self._reading.busy_ns if self._connections else 0

    @property
    def scan(self) -> ScanTable | None:
        """Tickers of the symbols that the profile only scans; None where it scans none."""
        return self._scanner.table if self._scanner is not None else None

    async def run(self, sink: Sink) -> None:
        """Deliver until canceled. Raises what the sink raised, and FeedError for an unknown exchange."""
        self._exchange = exchange = open_exchange(self._profile)
        exchange.markets_of = self.markets_of
        egress.allow(self._venue.hosts)
        self._connections.clear()
        for channel in self._channels.values():
            channel.connections.clear()
            channel.lose()
        await self.deliver.run(sink, self._work, close=exchange.close)

    async def _work(self) -> None:
        for symbol in self.symbols:
            self.say(symbol, Part.MARKET, FeedState.CONNECTING, text="loading markets")
        rest = self._rest_side()
        await rest.load_markets(self)
        listed = self._listed = [each for symbol in self.symbols if (each := rest.listed(self, symbol))]
        for each in listed:
            self.say(each.symbol, Part.BOOK, FeedState.CONNECTING, text="loading history")
            rest.say_trading(self, each)
        async with asyncio.TaskGroup() as group:
            self._backfill = Backfill(self, rest, group, missing=self._missing)
            self._books = self._book_keeping(group)
            self._renewals = self._renewing(group)
            self._hearing = Hearing(
                self,
                self._venue,
                self._channels,
                books=self._books,
                backfill=self._backfill,
                rest=rest,
                settle_s=self._settle_s,
            )
            self._reading = Reading(self, self._channels, books=self._books, hearing=self._hearing)
            group.create_task(rest.tell_pauses(self))
            group.create_task(rest.reload_markets(self, listed))
            await asyncio.gather(*(self._learn_past(rest, each.symbol) for each in listed))
            self._open(listed)
            group.create_task(self._books.watch())
            self._scanner = scanner_of(self._profile, self._exchange)
            if self._scanner is not None:
                group.create_task(self._scanner.run())
            group.create_task(self.clock.follow(self._exchange))
            symbols = [each.symbol for each in listed]
            group.create_task(self._audit([self._channels[symbol] for symbol in symbols]))
            group.create_task(self._deepen(rest, symbols))
            group.create_task(rest.poll(self, fetch_tickers, symbols, _TICKERS_EVERY_S))
            perpetuals = [each.symbol for each in listed if not each.is_spot]
            group.create_task(rest.poll(self, fetch_funding, perpetuals, FUNDING_EVERY_S))
            if not self._venue.tells_interest:
                group.create_task(rest.poll(self, fetch_interest, perpetuals, FUNDING_EVERY_S))

    def _missing(self, symbol: str) -> Missing | None:
        return self.missing(symbol)

    async def _learn_past(self, rest: RestSide, symbol: str) -> None:
        """Minutes of the past, and what the time was like in which nobody watched."""
        await rest.load_history(self, symbol)
        if (missing := self.missing(symbol)) is not None:
            await rest.tell_missed(self, symbol, missing)

    def _rest_side(self) -> RestSide:
        return RestSide(
            self._exchange,
            self._profile,
            retry_s=self._retry_s,
            reload_s=self._reload_s,
            file=self.markets_file,
        )

    def _book_keeping(self, group: asyncio.TaskGroup) -> Books:
        return Books(
            self,
            self._venue,
            self._exchange,
            channels=self._channels,
            backfill=self._backfill,
            group=group,
            deadlines=self._deadlines,
        )

    def _renewing(self, group: asyncio.TaskGroup) -> Renewals:
        return Renewals(
            self,
            self._connections,
            self._channels,
            books=self._books,
            backfill=self._backfill,
            group=group,
            first_book_s=self._first_book_s,
        )

    async def _audit(self, channels: list[Channel]) -> None:
        """Hold the books against snapshots; one that differs is taken anew."""

        def found(symbol: str, words: str) -> None:
            self._books.resync(self._channels[symbol], FeedState.GAP, words)

        numbered = self._venue.resync is ResyncBy.REST
        await self.audits.run(self._exchange, channels, numbered=numbered, found=found)

    async def _deepen(self, rest: RestSide, symbols: list[str]) -> None:
        """Longer timeframes come when the books stand: they share the exchange's request limit."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._first_book_s):
                for symbol in symbols:
                    await self._channels[symbol].live.wait()
        await asyncio.gather(rest.deepen_history(self, symbols), rest.follow_tiers(self, symbols))

    def _open(self, listed: list[Instrument]) -> None:
        for line in self._venue.lines(listed):
            connection = self._connect(line, self._venue, self)
            self._connections.append(connection)
            for symbol in line.symbols:
                self._channels[symbol].connections.append(connection)
            self._renewals.start(connection)
        for each in listed:
            channel = self._channels[each.symbol]
            channel.book = self._venue.book(each.symbol)
            self.say(each.symbol, Part.BOOK, FeedState.CONNECTING, text="waiting for the book")

    def successor(self, old: Connection, renewal: Renewal) -> Connection:
        """A connection for the same line, with a codec of its own: some count what comes on one."""
        venue = venue_of(self._profile)
        venue.lines(self._listed)
        return self._connect(old.line, venue, renewal)

    def _connect(self, line: Line, venue: Venue, listener: Listener) -> Connection:
        line = replace(line, ping_s=self._ping_s or line.ping_s)
        connection = Connection(
            line,
            listener,
            hosts=self._venue.hosts,
            backoff=Backoff(self._retry_s),
            ca_file=self._profile.network.ca_file,
            proxy=proxy_of(self._profile),
            silence_s=2.5 * line.ping_s if line.ping else 2.0 * line.ping_s,
            handshake_s=self._handshake_s,
        )
        connection.read_by(venue)
        return connection

    async def candles_before(self, symbol: str, timeframe: Timeframe, ts: int, count: int) -> list[Candle]:
        """Older candles by REST; raises FeedError."""
        return await candles_before(self._exchange, symbol, timeframe, ts, count)

    # --- what connections tell

    def opened(self, connection: Connection) -> None:
        """Ask for everything that the connection is for."""
        if self.keeper is not None:
            self.keeper.opened(self.number_of(connection), connection.line.symbols, time_ns())
        for frame in connection.codec.subscribe(connection.line):
            connection.send(frame)
        for channel in [self._channels[symbol] for symbol in connection.line.symbols]:
            if connection is channel.connections[0]:
                channel.stats.reconnects += connection.dials > 1
                self._books.begin(channel)

    def received(self, connection: Connection, frames: Sequence[bytes], ts_received: int) -> None:
        """Turn frames into messages."""
        self._reading.received(connection, frames, ts_received)

    def number_of(self, connection: Connection) -> int:
        """Which of its connections it is, from 0."""
        return self._connections.index(connection)

    def lost(self, connection: Connection, why: str, wait_s: float) -> None:
        """A connection is gone, and all of its symbols with it, unless another takes its place."""
        if self._renewals.ended(connection):
            return
        for symbol in connection.line.symbols:
            channel = self._channels[symbol]
            if connection is not channel.connections[0]:
                continue
            channel.lose()
            if channel.book is not None:
                channel.book.restart()
            self.say(symbol, Part.BOOK, FeedState.DOWN, text=why, retry_s=wait_s)
            self.say(symbol, Part.NOTICE, FeedState.STREAMING)

    def aged(self, connection: Connection) -> None:
        """Put another in its place."""
        self._renewals.begin(connection)

    def take_trade(self, trade: Trade) -> None:
        """Deliver a print, once."""
        self._reading.take_trade(trade)

    # --- what is told

    def say(self, symbol: str, part: Part, state: FeedState, *, text: str = "", retry_s: float = 0.0) -> None:
        """Deliver a symbol's state if a part of it changed it."""
        health = self._channels[symbol].health
        status = health.report(part, state, ts_received=time_ns(), text=text, retry_s=round(retry_s, 2))
        if status is not None:
            self.deliver(status)
