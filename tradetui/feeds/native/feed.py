"""A profile's symbols through the venue's own streams; markets, candles and back-fill come by REST.

From a frame to the sink is one synchronous call. What is lost is said at once: while a book is not
whole, nothing of it is delivered; prints of an outage are fetched and marked before newer ones.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from time import time_ns
from typing import Any

from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import Candle, FeedState, Missing, Timeframe, Trade
from tradetui.domain.profile import Profile
from tradetui.feeds import egress
from tradetui.feeds.audit import Audits
from tradetui.feeds.backfill import Backfill, nothing_missing
from tradetui.feeds.ccxt.exchange import open_exchange
from tradetui.feeds.ccxt.history import candles_before
from tradetui.feeds.ccxt.market_file import MarketFile
from tradetui.feeds.ccxt.rest import RestSide
from tradetui.feeds.ccxt.stream import Part
from tradetui.feeds.clock import VenueClock
from tradetui.feeds.delivery import Delivery
from tradetui.feeds.health import USUAL, Backoff, FeedStats, Judgment, SymbolHealth
from tradetui.feeds.native.books import Books, Deadlines
from tradetui.feeds.native.channel import Channel
from tradetui.feeds.native.connection import HANDSHAKE_S, Connection, Line, Listener
from tradetui.feeds.native.dialing import DialBudget
from tradetui.feeds.native.following import Following
from tradetui.feeds.native.hearing import Hearing
from tradetui.feeds.native.joining import Joining
from tradetui.feeds.native.reading import Reading
from tradetui.feeds.native.renewal import Renewal, Renewals
from tradetui.feeds.native.venue import Venue
from tradetui.feeds.native.venues import fits, venue_of
from tradetui.feeds.native.wires import wire_of
from tradetui.feeds.network import proxy_of
from tradetui.feeds.protocol import FrameKeeper, Sink, Stands, Wire
from tradetui.feeds.scan.scanner import Scanner, scanner_of
from tradetui.feeds.scan.table import ScanTable


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
    _joining: Joining | None = None
    """While it runs and its connections are open."""

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
        judgment: Judgment = USUAL,
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
        self._handshake_s, self._ping_s, self._budget = handshake_s, ping_s, DialBudget(retry_s)
        self.crossed, self.markets_of = lambda _symbol: False, lambda: None
        self.missing = nothing_missing
        self._lagging_after, self._judgment = lagging_after_s, judgment
        self._symbols = list(profile.symbols)
        """The profile's, then those that came later."""
        self._channels = {symbol: self.new_channel(symbol) for symbol in profile.symbols}
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

    def new_channel(self, symbol: str) -> Channel:
        """A symbol of which nothing is known."""
        return Channel(
            SymbolHealth(symbol, lagging_after_s=self._lagging_after, judgment=self._judgment),
            stale_after_s=self._deadlines.stale_after_s,
            backoff=Backoff(self._retry_s),
        )

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
        self._channels = {symbol: self._channels[symbol] for symbol in self._symbols}
        for channel in self._channels.values():
            channel.connections.clear()
            channel.lose()
        await self.deliver.run(sink, self._work, close=exchange.close)

    async def _work(self) -> None:
        for symbol in self._symbols:
            self.say(symbol, Part.MARKET, FeedState.CONNECTING, text="loading markets")
        rest = self._rest_side()
        await rest.load_markets(self)
        asked = tuple(self._symbols)
        listed = [each for symbol in asked if (each := rest.listed(self, symbol))]
        for each in listed:
            self.say(each.symbol, Part.BOOK, FeedState.CONNECTING, text="loading history")
            rest.say_trading(self, each)
        try:
            async with asyncio.TaskGroup() as group:
                self._joining = await self._stream(rest, listed, group)
                for symbol in [each for each in self._symbols if each not in asked]:
                    self._joining.join(symbol)  # it came meanwhile
        finally:
            self._joining = None

    async def _stream(self, rest: RestSide, listed: list[Instrument], group: asyncio.TaskGroup) -> Joining:
        """Open the connections, and begin what goes on until the group ends."""
        self._backfill = Backfill(self, rest, group, missing=self._missing, single_trades=True)
        self._books = self._book_keeping(group)
        self._hearing = self._make_hearing(rest)
        self._renewals = self._renewing(group)
        self._reading = Reading(self, self._channels, books=self._books, hearing=self._hearing)
        following = self._make_following(rest)
        group.create_task(rest.tell_pauses(self))
        await asyncio.gather(*(following.learn_past(each.symbol) for each in listed))
        self._listed = [each for each in listed if each.symbol in self._symbols]
        self._open(self._listed)
        group.create_task(self._books.watch())
        following.start(group, self._listed)
        self._scanner = scanner_of(self._profile, self._exchange, self._budget)
        if self._scanner is not None:
            group.create_task(self._scanner.run())
        group.create_task(self.clock.follow(self._exchange))
        return self._make_joining(rest, following, group)

    def _missing(self, symbol: str) -> Missing | None:
        return self.missing(symbol)

    def _rest_side(self) -> RestSide:
        rest = RestSide(
            self._exchange,
            self._profile,
            retry_s=self._retry_s,
            reload_s=self._reload_s,
            file=self.markets_file,
        )
        rest.symbols = self._symbols
        return rest

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
            hearing=self._hearing,
            group=group,
            first_book_s=self._first_book_s,
        )

    def _make_hearing(self, rest: RestSide) -> Hearing:
        return Hearing(
            self,
            self._venue,
            self._channels,
            books=self._books,
            backfill=self._backfill,
            rest=rest,
            settle_s=self._settle_s,
        )

    def _make_following(self, rest: RestSide) -> Following:
        return Following(
            self,
            self._venue,
            self._exchange,
            self._channels,
            rest=rest,
            books=self._books,
            audits=self.audits,
            missing=self._missing,
            first_book_s=self._first_book_s,
        )

    def _make_joining(self, rest: RestSide, following: Following, group: asyncio.TaskGroup) -> Joining:
        return Joining(
            self,
            self._venue,
            self._connections,
            self._channels,
            self._listed,
            books=self._books,
            backfill=self._backfill,
            renewals=self._renewals,
            rest=rest,
            following=following,
            group=group,
        )

    def _open(self, listed: list[Instrument]) -> None:
        for line in self._venue.lines(listed):
            connection = self.open_line(line)
            for symbol in line.symbols:
                self._channels[symbol].connections.append(connection)
        for each in listed:
            channel = self._channels[each.symbol]
            channel.book = self._venue.book(each.symbol)
            self.say(each.symbol, Part.BOOK, FeedState.CONNECTING, text="waiting for the book")

    def open_line(self, line: Line) -> Connection:
        """A new connection, which runs."""
        connection = self._connect(line, self._venue, self)
        self._connections.append(connection)
        self._renewals.start(connection)
        return connection

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
            budget=self._budget,
        )
        connection.read_by(venue)
        return connection

    # --- symbols that come and go

    def takes(self, symbol: str) -> bool:
        """Whether a symbol can be delivered beside those that are."""
        return self._venue.most_joined > 0 and fits(self._profile, symbol)

    def join(self, symbol: str) -> None:
        """Deliver one more symbol, on a connection that is there if one has room."""
        self._symbols.append(symbol)
        self._channels[symbol] = self.new_channel(symbol)
        if self._joining is not None:
            self._joining.join(symbol)

    async def leave(self, symbol: str) -> None:
        """Deliver one no more that came by `join`."""
        self._symbols.remove(symbol)
        if self._joining is not None:
            await self._joining.leave(symbol)

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
            if connection is not channel.connections[0]:
                self._books.await_marks(channel)
                continue
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
        self._hearing.forget(connection)
        for symbol in connection.line.symbols:
            channel = self._channels[symbol]
            if connection is not channel.connections[0]:
                self._books.lose_marks(channel, why)
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
