"""Where all of a feed's sockets meet: frames become messages, and failures become states.

Everything here is called synchronously while a frame is handled, so a symbol's messages reach the
sink in the order of the wire, and nothing is delivered after the frame that broke a stream.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, perf_counter_ns, time_ns
from typing import Any, Final

from ccxt import NetworkError
from ccxt.async_support.base.ws.cache import ArrayCache
from ccxt.async_support.base.ws.order_book import OrderBook

from tradetui.domain.market_data import (
    BookSnapshot,
    FeedState,
    FeedStatus,
    MarketMessage,
    MissedTrades,
    Trade,
)
from tradetui.feeds.audit import Audits
from tradetui.feeds.backfill import Backfill
from tradetui.feeds.ccxt.book import BadBook, CrossedBook
from tradetui.feeds.ccxt.channel import COMPARED, Channel
from tradetui.feeds.ccxt.hearing import Hearing
from tradetui.feeds.ccxt.renewal import Renewals
from tradetui.feeds.ccxt.rest import RestSide
from tradetui.feeds.ccxt.socket import HardenedClient
from tradetui.feeds.ccxt.stream import Outage, Part, Stream
from tradetui.feeds.ccxt.tap import Tap, Taps
from tradetui.feeds.ccxt.trades import BadTrade, joined_in
from tradetui.feeds.ccxt.words import shortened, words_for
from tradetui.feeds.delivery import Delivery
from tradetui.feeds.protocol import Wire
from tradetui.feeds.tape_watch import TapeWatch
from tradetui.feeds.trades import TradeFlow

NUMBERED: Final = (
    *("binance", "binanceusdm", "binancecoinm"),
    *("bitget", "bybit", "coinbase", "kraken", "krakenfutures", "okx"),
)
"""Exchanges whose book shows the loss of a frame with the next one."""
_COUNTS_PRINTS: Final = ("binance", "binanceusdm", "coinbase", "kraken", "krakenfutures")
"""Exchanges whose prints do so too."""
_REFUSED_S: Final = 600.0
_TIMED_EVERY: Final = 16
"""Of so many messages one is timed."""


class Hub:
    """The owner of an exchange's sockets."""

    backfill: Backfill
    """Asks for missed prints; for whoever runs the feed to set."""
    rest: RestSide
    """Knows what is listed; set likewise."""

    def __init__(
        self,
        exchange: Any,
        channels: dict[str, Channel],
        sink: Delivery,
        audits: Audits,
        *,
        settle_s: float = 5.0,
    ) -> None:
        """An error within `settle_s` of dialing answers a subscription; later it costs the socket."""
        self._exchange = exchange
        self._audits = audits
        self._channels = channels
        self._sink = sink
        self._taps: Taps | None = None
        self.renewals = Renewals(self, exchange, channels)
        self.busy_ns = self._reads = 0
        self._hearing = Hearing(self, channels, settle_s=settle_s)
        self._kicked: tuple[frozenset[str], Outage] = frozenset(), Outage(FeedState.DOWN, "")

    def read_with(self, taps: Taps) -> None:
        """Read every frame before ccxt sees it."""
        self._taps = taps

    def say(self, symbol: str, part: Part, state: FeedState, *, text: str = "", retry_s: float = 0.0) -> None:
        """Deliver a symbol's state if a part of it changed it."""
        health = self._channels[symbol].health
        self._tell(health.report(part, state, ts_received=time_ns(), text=text, retry_s=round(retry_s, 2)))

    def break_off(self, stream: Stream, outage: Outage) -> None:
        """Stop trusting a stream; its pump subscribes it again after the wait."""
        if stream.is_broken:
            self._put_off(stream, outage)
            return
        least = _REFUSED_S if outage.state is FeedState.HALTED else 0.0
        stream.break_off(monotonic(), max(least, self._exchange.ws_dial_delay(stream.url)))
        channel = self._channels[stream.symbol]
        if stream.is_book:
            channel.health.stats.gaps += outage.state in (FeedState.GAP, FeedState.CROSSED)
            self._forget_book(channel)
        self.say(stream.symbol, stream.part, outage.state, text=outage.text, retry_s=stream.wait_s)

    def _put_off(self, stream: Stream, outage: Outage) -> None:
        """A stream that waits already: say so where its socket may not be dialed for longer than that."""
        delay = self._exchange.ws_dial_delay(stream.url)
        if delay > stream.wait_s:
            stream.wait_s = delay
            self.say(stream.symbol, stream.part, outage.state, text=outage.text, retry_s=delay)

    def kick(self, stream: Stream, outage: Outage) -> None:
        """Break a stream off and close its socket, so that the next try starts clean."""
        self.renewals.give_up(stream.url)
        socket = self._exchange.clients.get(stream.url)
        if socket is not None and not stream.is_broken:
            self.close(socket, frozenset({stream.symbol}), outage)
        self.break_off(stream, outage)

    def close(self, socket: HardenedClient, symbols: frozenset[str], outage: Outage) -> None:
        """Close a socket for the sake of some symbols; its others are only reconnected."""
        self._kicked = symbols, outage
        socket.on_error(NetworkError(f"reconnecting: {outage.text}"))
        self._kicked = frozenset(), outage

    def break_silent(self) -> None:
        """Mark the books that should have been heard of long ago as stale, and reconnect them."""
        now = monotonic()
        for channel in self._channels.values():
            if channel.book.is_live and channel.pulse.is_overdue(now):
                silence = channel.pulse.silence(now)
                channel.fell_silent = silence, self._top(channel.health.symbol)
                self.kick(channel.book, Outage(FeedState.STALE, f"silent for {silence:.1f} s"))

    async def watch_tapes(self, symbols: list[str]) -> None:
        """See that prints come while the exchange makes some."""

        def flow(symbol: str) -> TradeFlow | None:
            channel = self._channels[symbol]
            return channel.prints.trades if channel.is_live and not channel.trades.is_broken else None

        def lost(symbol: str) -> None:
            text = "the exchange has trades that do not come: they are asked for again"
            self.kick(self._channels[symbol].trades, Outage(FeedState.STALE, text))

        if self._exchange.has.get("fetchTrades"):
            await TapeWatch(self._exchange, flow=flow, lost=lost, single_trades=True).run(symbols)

    def _top(self, symbol: str) -> tuple[list[tuple[float, float]], ...]:
        book = self._exchange.orderbooks.get(symbol) or {"bids": [], "asks": []}
        return tuple([(level[0], level[1]) for level in book[side][:COMPARED]] for side in ("bids", "asks"))

    def read(self, handle: Callable[[Any], None], message: Any) -> None:
        """Have a message handled, and now and then look at the clock what that costs."""
        self._reads += 1
        if self._reads % _TIMED_EVERY:
            handle(message)
            return
        deliver = self._sink
        deliver.time(is_timed=True)
        begun, told = perf_counter_ns(), deliver.sink_ns
        try:
            handle(message)
        finally:
            self.busy_ns += (perf_counter_ns() - begun - deliver.sink_ns + told) * _TIMED_EVERY
            deliver.time(is_timed=False)

    def wires(self) -> list[Wire]:
        """The sockets as they are now."""
        return [
            Wire(
                address=socket.url.partition("://")[2],
                is_open=bool(socket.opened_at) and not socket.is_lost,
                symbols=len({stream.symbol for stream in self.streams_of(socket)}),
                opened_at=socket.opened_at,
                dials=self._exchange.dials[socket.url],
                frames=socket.frames,
                bytes_received=socket.bytes_received,
                rtt_ms=None,
            )
            for socket in self._exchange.clients.values()
        ]

    def tapped(self, socket: HardenedClient, text: str) -> bool:
        """Hear what ccxt passes over, and keep from it what breaks a book or is known already."""
        tap = self._tap_of(socket)
        if tap is None:
            return True
        if text.startswith("{") and not text.endswith("}"):
            self.bad_frame(socket, ValueError("a frame that was cut"))
            return False
        heard = tap.read(text.encode(), time_ns())
        self.renewals.hear(socket)
        if self.renewals.is_muted(socket, heard.books):
            return False
        for word in heard.words:
            self._hearing.hear(socket, word)
        for symbol in heard.whole:
            self._exchange.orderbooks.pop(symbol, None)  # ccxt may put a new book into the old one
        for symbol, why in heard.lost.items():
            self.kick(self._channels[symbol].book, Outage(FeedState.GAP, why))
        return heard.is_wanted and not socket.is_lost

    def _tap_of(self, socket: HardenedClient) -> Tap | None:
        if self._taps is not None and socket.tap is None:
            socket.tap = self._taps.of([stream.symbol for stream in self.streams_of(socket)])
            socket.says_prints = self._taps.tells_prints
        return socket.tap

    def resolved(self, result: Any) -> None:
        """Deliver what a frame was turned into: a book or a batch of trades."""
        if isinstance(result, OrderBook):
            self._take_book(result)
        elif isinstance(result, ArrayCache):
            rows = sorted(result, key=lambda row: row.get("timestamp") or 0)
            result.clear()
            self._take_trades(rows)

    def rejected(self, socket: HardenedClient, error: BaseException, message_hash: str) -> None:
        """A stream failed on a socket that lives: a gap that ccxt saw, or a refused subscription."""
        if self.renewals.is_old(socket):
            return
        streams = self.streams_of(socket)
        is_alone = len({stream.symbol for stream in streams}) == 1
        for stream in streams:
            if message_hash.endswith(stream.symbol) and stream.is_book == ("book" in message_hash.lower()):
                text = "a book update is missing" if stream.is_live else words_for(error)
                state = FeedState.GAP if stream.is_live else FeedState.DOWN
                self.break_off(stream, Outage(state, text))
            elif not stream.is_live and (is_alone or stream.symbol in str(error).replace('"', " ").split()):
                self.break_off(stream, Outage(FeedState.HALTED, f"refused: {shortened(str(error))}"))

    def bad_frame(self, socket: HardenedClient, error: Exception) -> None:
        """Count a frame that could not be handled; resync where the next one would not show the loss."""
        shows_loss = self._exchange.id in _COUNTS_PRINTS and isinstance(error, ValueError)
        streams = self.streams_of(socket)
        for symbol in {stream.symbol for stream in streams}:
            self._channels[symbol].health.stats.bad_messages += 1
        books = [stream for stream in streams if stream.is_book and stream.is_live]
        if books and not shows_loss:
            symbols = frozenset(stream.symbol for stream in books)
            self.close(socket, symbols, Outage(FeedState.GAP, "a frame could not be read"))

    def connected(self, socket: HardenedClient) -> None:
        """Count reconnects; trades are trusted again from here, as none may come for a long time."""
        streams = self.streams_of(socket)
        if self.renewals.of(socket) is not None:
            for stream in streams:
                stream.connections += 1
            return
        for symbol in {stream.symbol for stream in streams if stream.connections}:
            self._channels[symbol].health.stats.reconnects += 1
        for stream in streams:
            stream.connections += 1
            if not stream.is_book:
                self._begin_prints(stream)
                self.say(stream.symbol, stream.part, FeedState.STREAMING)

    def _begin_prints(self, stream: Stream) -> None:
        """Prints come again: fetch those that were missed, where the exchange tells them."""
        channel = self._channels[stream.symbol]
        channel.trade_reader.begin()
        if stream.connections > 1:
            says_so = self._taps is not None and self._taps.tells_prints
            if says_so or not channel.book.is_live:  # where that comes on another one, there is no sign
                channel.heard.clear()
            self.backfill.start(channel.prints, heard=channel.heard)

    def aged(self, socket: HardenedClient) -> None:
        """Put another in its place."""
        socket.renew_at = 0.0

    def lost(self, socket: HardenedClient, text: str) -> None:
        """Break off all streams of a socket that is gone."""
        opened = socket.connectionEstablished
        lived = self._exchange.milliseconds() - opened if opened else 0
        self._exchange.note_loss(socket, lived / 1000)
        if self.renewals.goes_on(socket):
            return
        self.rest.reopen(self, socket)
        for symbol in {stream.symbol for stream in self.streams_of(socket)}:
            self.say(symbol, Part.NOTICE, FeedState.STREAMING)
        for stream in self.streams_of(socket):
            kicked, outage = self._kicked
            self.break_off(stream, outage if stream.symbol in kicked else Outage(FeedState.DOWN, text))

    def streams_of(self, socket: HardenedClient) -> list[Stream]:
        """What comes on a socket."""
        streams = (each for one in self._channels.values() for each in (one.book, one.trades))
        return [stream for stream in streams if stream.url == socket.url]

    def _forget_book(self, channel: Channel) -> None:
        symbol = channel.health.symbol
        self._exchange.orderbooks.pop(symbol, None)
        channel.book_reader.forget()
        channel.pulse.pause()
        if (socket := self._exchange.clients.get(channel.book.url)) is not None and socket.tap is not None:
            socket.tap.forget(symbol)

    def _take_book(self, book: Any) -> None:
        channel = self._channels.get(book.get("symbol"))
        if channel is None or channel.book.is_broken:
            return
        try:
            message = channel.book_reader.read(book, time_ns())
        except CrossedBook as error:
            self.kick(channel.book, Outage(FeedState.CROSSED, str(error)))
            return
        except BadBook as error:
            channel.health.stats.bad_messages += 1
            self.kick(channel.book, Outage(FeedState.GAP, str(error)))
            return
        now = monotonic()
        channel.pulse.beat(now)
        if message is None:
            return
        self._hear_book(channel)
        self._sink(message)
        self._audits.saw(message)
        if isinstance(message, BookSnapshot):
            channel.learn_from(message)
        if not channel.book.is_live:
            channel.prints.trades.begin(message.ts_exchange or message.ts_received)
            channel.health.stats.resyncs += channel.book.went_live(now)
            self.say(channel.health.symbol, Part.BOOK, FeedState.STREAMING)
        self._judge_delay(channel, message.ts_exchange, message.ts_received)

    def _hear_book(self, channel: Channel) -> None:
        """It has heard of the book; of the prints too, where it says nothing of those."""
        if self._taps is None or not self._taps.tells_prints:
            channel.heard.set()

    def _take_trades(self, rows: list[dict[str, Any]]) -> None:
        channel = self._channels.get(rows[0].get("symbol", "")) if rows else None
        if channel is None:
            return
        self._hearing.hear_prints(channel)
        old, new = channel.trade_reader.split(rows)
        if channel.trades.connections > 1:
            self._take_old(channel, old)
        else:
            channel.trade_reader.know(old)
        for trade in self._read(channel, new):
            if channel.prints.trades.take(trade) is not None:
                self._sink(trade)
            self._note_trade(channel)
            self._judge_delay(channel, trade.ts_exchange, trade.ts_received)

    def _take_old(self, channel: Channel, rows: list[dict[str, Any]]) -> None:
        """What a stream opens with after an outage: those of it that were missed."""
        flow, fresh = channel.prints.trades, list[Trade]()
        for trade in self._read(channel, rows):
            if flow.is_holding:
                flow.take_late(trade)
            elif flow.take(trade) is not None:
                fresh.append(trade)
        if fresh:
            self._sink(MissedTrades(channel.symbol, time_ns(), fresh, is_whole=False))

    def _read(self, channel: Channel, rows: list[dict[str, Any]]) -> list[Trade]:
        """Rows that are trades and new; those that can not be are counted."""
        found, now_ns = list[Trade](), time_ns()
        for row in rows:
            try:
                trade = channel.trade_reader.read(row, now_ns)
            except BadTrade:
                channel.health.stats.bad_messages += 1
                continue
            if trade is not None:
                found.append(trade)
                if joined := joined_in(row):
                    channel.prints.trades.join(*joined)
        return found

    def _note_trade(self, channel: Channel) -> None:
        stream = channel.trades
        if not stream.is_live and not stream.is_broken:
            stream.went_live(monotonic())
            self.say(stream.symbol, stream.part, FeedState.STREAMING)

    def _judge_delay(self, channel: Channel, ts_exchange: int, ts_received: int) -> None:
        self._tell(channel.health.arrived(ts_exchange, ts_received))

    def _tell(self, status: FeedStatus | None) -> None:
        if status is not None:
            self.deliver(status)

    def deliver(self, message: MarketMessage) -> None:
        """Hand a message to the sink."""
        self._sink(message)
