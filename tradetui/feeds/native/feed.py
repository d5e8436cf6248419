"""A profile's symbols through the venue's own streams; markets, candles and back-fill come by REST.

From a frame to the sink is one synchronous call. What is lost is said at once: while a book is not
whole, nothing of it is delivered; prints of an outage are fetched and marked before newer ones.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic, perf_counter_ns, time_ns
from typing import Any, Final

from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import (
    BookDelta,
    BookSnapshot,
    Candle,
    FeedState,
    MissedTrades,
    Timeframe,
    Trade,
)
from tradetui.domain.profile import Profile
from tradetui.feeds import egress
from tradetui.feeds.book_sync import Sync
from tradetui.feeds.ccxt.exchange import open_exchange
from tradetui.feeds.ccxt.funding import FUNDING_EVERY_S, fetch_funding
from tradetui.feeds.ccxt.history import candles_before
from tradetui.feeds.ccxt.prices import fetch_interest, fetch_tickers
from tradetui.feeds.ccxt.rest import RestSide
from tradetui.feeds.ccxt.stream import Part
from tradetui.feeds.ccxt.trades import fetch_since
from tradetui.feeds.ccxt.words import shortened, words_for
from tradetui.feeds.clock import VenueClock
from tradetui.feeds.delivery import Delivery
from tradetui.feeds.health import Backoff, FeedStats, SymbolHealth
from tradetui.feeds.native.audit import Audits
from tradetui.feeds.native.channel import Channel
from tradetui.feeds.native.connection import Connection, Line
from tradetui.feeds.native.venue import (
    BookPart,
    FrameError,
    Item,
    Refused,
    Restated,
    ResyncBy,
    Said,
    Subscribed,
    Venue,
    whole_book,
)
from tradetui.feeds.native.wires import wire_of
from tradetui.feeds.network import proxy_of
from tradetui.feeds.protocol import FrameKeeper, Sink, Wire
from tradetui.feeds.scan.scanner import Scanner, scanner_of
from tradetui.feeds.scan.table import ScanTable

_CROSSED_UPDATES: Final = 2
"""After so many a crossed book has lost something unseen."""
_TICKERS_EVERY_S: Final = 30.0
_BACKFILL_S: Final = 5.0
_HISTORY_AGAIN_S: Final = 60.0


class NativeFeed:
    """Owns the connections of a profile; `crossed` says of a delivered book whether it is crossed."""

    own_clock = False

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
    ) -> None:
        self._profile = profile
        self._venue = venue
        self._stale_after = stale_after_s
        self._retry_s = retry_s
        self._first_book_s = first_book_s
        self._reload_s = reload_s
        self.crossed: Callable[[str], bool] = lambda _symbol: False
        self._channels = {
            symbol: Channel(
                SymbolHealth(symbol, lagging_after_s=lagging_after_s),
                stale_after_s=stale_after_s,
                backoff=Backoff(retry_s),
            )
            for symbol in profile.symbols
        }
        self._connections: list[Connection] = []
        self._group: asyncio.TaskGroup | None = None
        self._exchange: Any = None
        self._rest: RestSide | None = None
        self.keeper: FrameKeeper | None = None
        """Whoever keeps the frames as they came; None for nobody."""
        self.deliver = Delivery()
        """Hands a message to the sink."""
        self.clock = VenueClock()
        self.audits = audits or Audits(every_s=0.0)
        self.busy_ns = 0
        self._scanner: Scanner | None = None

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols of the profile, the default one first."""
        return self._profile.symbols

    def stats(self, symbol: str) -> FeedStats:
        """What went wrong on a symbol so far; raises KeyError for one that is not the profile's."""
        return self._channels[symbol].stats

    def wires(self) -> Sequence[Wire]:
        """Its connections, those of the scanner behind them."""
        scanning = self._scanner.connections if self._scanner is not None else []
        return [wire_of(each) for each in (*self._connections, *scanning)]

    @property
    def scan(self) -> ScanTable | None:
        """Tickers of the symbols that the profile only scans; None where it scans none."""
        return self._scanner.table if self._scanner is not None else None

    async def run(self, sink: Sink) -> None:
        """Deliver until canceled. Raises what the sink raised, and FeedError for an unknown exchange."""
        self._exchange = exchange = open_exchange(self._profile)
        egress.allow(self._venue.hosts)
        self._connections.clear()
        for channel in self._channels.values():
            channel.connections.clear()
            channel.lose()
        await self.deliver.run(sink, self._work, close=exchange.close)

    async def _work(self) -> None:
        for symbol in self.symbols:
            self.say(symbol, Part.MARKET, FeedState.CONNECTING, text="loading markets")
        self._rest = rest = RestSide(
            self._exchange, self._profile, retry_s=self._retry_s, reload_s=self._reload_s
        )
        await rest.load_markets(self)
        listed = [each for symbol in self.symbols if (each := rest.listed(self, symbol))]
        for each in listed:
            self.say(each.symbol, Part.BOOK, FeedState.CONNECTING, text="loading history")
            rest.say_trading(self, each)
        async with asyncio.TaskGroup() as group:
            self._group = group
            group.create_task(rest.reload_markets(self, listed))
            await asyncio.gather(*(rest.load_history(self, each.symbol) for each in listed))
            self._open(group, listed)
            group.create_task(self._watch())
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

    async def _audit(self, channels: list[Channel]) -> None:
        """Hold the books against snapshots; one that differs is taken anew."""

        def found(symbol: str, words: str) -> None:
            self._resync(self._channels[symbol], FeedState.GAP, words)

        numbered = self._venue.resync is ResyncBy.REST
        await self.audits.run(self._exchange, channels, numbered=numbered, found=found)

    async def _deepen(self, rest: RestSide, symbols: list[str]) -> None:
        """Longer timeframes come when the books stand: they share the exchange's request limit."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._first_book_s):
                for symbol in symbols:
                    await self._channels[symbol].live.wait()
        await rest.deepen_history(self, symbols)

    def _open(self, group: asyncio.TaskGroup, listed: list[Instrument]) -> None:
        for line in self._venue.lines(listed):
            connection = self._connect(line)
            self._connections.append(connection)
            for symbol in line.symbols:
                self._channels[symbol].connections.append(connection)
            group.create_task(connection.run())
        for each in listed:
            channel = self._channels[each.symbol]
            channel.book = self._venue.book(each.symbol)
            self.say(each.symbol, Part.BOOK, FeedState.CONNECTING, text="waiting for the book")

    def _connect(self, line: Line) -> Connection:
        return Connection(
            line,
            self,
            hosts=self._venue.hosts,
            backoff=Backoff(self._retry_s),
            ca_file=self._profile.network.ca_file,
            proxy=proxy_of(self._profile),
            silence_s=max(self._stale_after, 2.0 * line.ping_s) if not line.ping else 2.5 * line.ping_s,
        )

    async def candles_before(self, symbol: str, timeframe: Timeframe, ts: int, count: int) -> list[Candle]:
        """Older candles by REST; raises FeedError."""
        return await candles_before(self._exchange, symbol, timeframe, ts, count)

    # --- what connections tell

    def opened(self, connection: Connection) -> None:
        """Ask for everything that the connection is for."""
        if self.keeper is not None:
            self.keeper.opened(self._connections.index(connection), time_ns())
        for frame in self._venue.subscribe(connection.line):
            connection.send(frame)
        for symbol in connection.line.symbols:
            channel = self._channels[symbol]
            if connection is channel.connections[0]:
                channel.stats.reconnects += connection.dials > 1
                self._begin(channel)

    def received(self, connection: Connection, frame: bytes, ts_received: int) -> None:
        """Turn a frame into messages; one that can not be read is counted and costs the books their trust."""
        begun, told = perf_counter_ns(), self.deliver.sink_ns
        try:
            if self.keeper is not None:
                self.keeper.frame(self._connections.index(connection), frame, ts_received)
            for item in self._venue.decode(frame, ts_received):
                self._take(connection, item)
        except (FrameError, KeyError, ValueError) as error:
            self._distrust(connection, error)
        except Exception as error:  # noqa: BLE001 - raised again by run
            self.deliver.fail(error)
        self.busy_ns += perf_counter_ns() - begun - (self.deliver.sink_ns - told)

    def lost(self, connection: Connection, why: str, wait_s: float) -> None:
        """A connection is gone, and all of its symbols with it."""
        for symbol in connection.line.symbols:
            channel = self._channels[symbol]
            if connection is not channel.connections[0]:
                continue
            channel.lose()
            if channel.book is not None:
                channel.book.restart()
            self.say(symbol, Part.BOOK, FeedState.DOWN, text=why, retry_s=wait_s)

    def _distrust(self, connection: Connection, error: Exception) -> None:
        for symbol in connection.line.symbols:
            self._channels[symbol].stats.bad_messages += 1
        for symbol in connection.line.symbols:
            channel = self._channels[symbol]
            if channel.is_live and connection is channel.connections[0]:
                self._resync(channel, FeedState.GAP, f"a frame could not be read: {shortened(str(error))}")

    def _take(self, connection: Connection, item: Item) -> None:
        match item:
            case Trade():
                self._take_trade(item)
            case BookPart():
                self._take_book(item)
            case Refused():
                self._refuse(connection, item)
            case Said():
                for symbol in connection.line.symbols:
                    self.say(symbol, Part.MARKET, FeedState.STREAMING, text=item.text)
                if item.reconnects:
                    connection.drop(item.text)
            case Subscribed():
                return
            case Restated():
                if self._rest is not None:
                    self._rest.restate(self, item.symbol, item.status)
            case _:
                self.deliver(item)

    def _refuse(self, connection: Connection, refused: Refused) -> None:
        """The venue will not send something: it is said in its words, and not asked for again."""
        for symbol in [refused.symbol] if refused.symbol in self._channels else connection.line.symbols:
            channel = self._channels[symbol]
            if not channel.is_live:
                self.say(symbol, Part.BOOK, FeedState.HALTED, text=f"refused: {shortened(refused.text)}")

    # --- trades

    def _take_trade(self, trade: Trade) -> None:
        channel = self._channels[trade.symbol]
        fresh = channel.trades.take(trade)
        if fresh is not None:
            self.deliver(fresh)
        self._judge_delay(channel, trade.ts_exchange, trade.ts_received)

    async def _backfill(self, channel: Channel, lost_for_s: float) -> None:
        """Ask for the prints, and after a long time the candles of every length, that were missed."""
        again = self._rest if lost_for_s > _HISTORY_AGAIN_S else None
        if again is not None:
            await again.load_history(self, channel.symbol)
        missed: list[Trade] = []
        with suppress(Exception):
            async with asyncio.timeout(_BACKFILL_S):
                missed = await fetch_since(self._exchange, channel.symbol, channel.trades.last_ts)
        lost, held = channel.trades.release(missed)
        if lost:
            self.deliver(MissedTrades(channel.symbol, time_ns(), lost))
        for trade in held:
            self.deliver(trade)
        if again is not None:
            await again.deepen_history(self, [channel.symbol])

    # --- books

    def _begin(self, channel: Channel) -> None:
        """The stream flows: wait for its book, and fetch what was missed."""
        self.say(channel.symbol, Part.BOOK, FeedState.CONNECTING, text="waiting for the book")
        lost_at, channel.lost_at = channel.lost_at, None
        if lost_at is not None and channel.trades.last_ts and self._group is not None:
            channel.trades.hold()
            self._group.create_task(self._backfill(channel, monotonic() - lost_at))
        self._ask(channel, 0.0)

    def _ask(self, channel: Channel, wait_s: float) -> None:
        """Ask for a whole book after a wait; where the subscription brings it, only wait for it."""
        channel.asked_at = monotonic() + wait_s
        if self._venue.resync is ResyncBy.REST and self._group is not None:
            self._group.create_task(self._fetch_book(channel, wait_s))

    async def _fetch_book(self, channel: Channel, wait_s: float) -> None:
        await asyncio.sleep(wait_s)
        asked = channel.asked_at
        try:
            part = await self._venue.snapshot(self._exchange, channel.symbol)
        except Exception as error:  # noqa: BLE001 - the outside world becomes a state
            if channel.asked_at == asked and not channel.is_live:
                wait = channel.wait_before_resync()
                self.say(channel.symbol, Part.BOOK, FeedState.DOWN, text=words_for(error), retry_s=wait)
                self._ask(channel, wait)
            return
        if channel.asked_at == asked:
            if self.keeper is not None and (book := whole_book(part)) is not None:
                self.keeper.asked(book)
            self._take_book(part)

    def _take_book(self, part: BookPart) -> None:
        channel = self._channels[part.symbol]
        book = channel.book
        if book is None:
            return
        was = book.state
        for message in book.take(part):
            self._deliver_book(channel, message)
        if book.state is not was and book.state in (Sync.GAP, Sync.CROSSED):
            self._resync(channel, FeedState(book.state.value), book.reason)

    def _deliver_book(self, channel: Channel, message: BookSnapshot | BookDelta) -> None:
        self.deliver(message)
        self.audits.saw(message)
        channel.pulse.beat(monotonic())
        if not channel.is_live:
            channel.went_live()
            self.say(channel.symbol, Part.BOOK, FeedState.STREAMING)
        channel.crossed_updates = channel.crossed_updates + 1 if self.crossed(channel.symbol) else 0
        if channel.crossed_updates >= _CROSSED_UPDATES:
            words = f"best bid above best ask for {_CROSSED_UPDATES} updates"
            self._resync(channel, FeedState.CROSSED, words)
        self._judge_delay(channel, message.ts_exchange, message.ts_received)

    def _resync(self, channel: Channel, state: FeedState, why: str) -> None:
        """The book can not be trusted: say so, and get a whole one."""
        if not channel.is_live and channel.asked_at is not None and state is not FeedState.STALE:
            return
        channel.stats.gaps += state in (FeedState.GAP, FeedState.CROSSED)
        channel.lose()
        if channel.book is not None and channel.book.state is Sync.STREAMING:
            channel.book.restart()
        wait = channel.wait_before_resync()
        self.say(channel.symbol, Part.BOOK, state, text=why, retry_s=wait)
        match self._venue.resync:
            case ResyncBy.REST:
                self._ask(channel, wait)
            case ResyncBy.RESUBSCRIBE:
                channel.asked_at = monotonic() + wait
                asyncio.get_running_loop().call_later(wait, self._resubscribe, channel)
            case ResyncBy.RECONNECT:
                channel.connections[0].drop(why)

    def _resubscribe(self, channel: Channel) -> None:
        for frame in self._venue.resubscribe(channel.symbol):
            channel.connections[0].send(frame)

    # --- health

    async def _watch(self) -> None:
        """Notice silence, and books that were asked for and never came."""
        while True:
            await asyncio.sleep(min(0.5, self._stale_after / 10))
            now = monotonic()
            for channel in self._channels.values():
                if channel.is_live and channel.pulse.is_overdue(now):
                    silent = channel.pulse.silence(now)
                    self._give_up(channel, FeedState.STALE, f"silent for {silent:.1f} s")
                elif channel.asked_at is not None and now - channel.asked_at > self._first_book_s:
                    self._give_up(channel, FeedState.DOWN, "no book after subscribing")

    def _give_up(self, channel: Channel, state: FeedState, why: str) -> None:
        """Only another connection helps; the others of its symbols come back with it."""
        channel.lose()
        self.say(channel.symbol, Part.BOOK, state, text=why)
        for connection in channel.connections[:1]:
            connection.drop(why)

    def _judge_delay(self, channel: Channel, ts_exchange: int, ts_received: int) -> None:
        status = channel.health.arrived(ts_exchange, ts_received=ts_received, now=monotonic())
        if status is not None:
            self.deliver(status)

    # --- what is told

    def say(self, symbol: str, part: Part, state: FeedState, *, text: str = "", retry_s: float = 0.0) -> None:
        """Deliver a symbol's state if a part of it changed it."""
        health = self._channels[symbol].health
        status = health.report(part, state, ts_received=time_ns(), text=text, retry_s=round(retry_s, 2))
        if status is not None:
            self.deliver(status)
