"""Takes more symbols on the connections of a feed that runs, and lets them go again.

A symbol comes to a connection that has room and is not just being renewed; else it gets one of its own.
From then on it is a symbol of that connection like the others: a new socket asks for all of them. What is
asked for while a connection lives is spread: the strictest venue cuts those that say more than five things
a second. What still comes of a symbol that has gone is read as before, and nobody is told.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import replace
from time import monotonic, time_ns
from typing import Any, Final, Protocol

from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import FeedState
from tradetui.feeds.backfill import Backfill
from tradetui.feeds.ccxt.rest import RestSide, Teller
from tradetui.feeds.ccxt.stream import Part
from tradetui.feeds.ccxt.words import words_for
from tradetui.feeds.delivery import Delivery
from tradetui.feeds.native.books import Books
from tradetui.feeds.native.channel import Channel
from tradetui.feeds.native.connection import Connection, Line
from tradetui.feeds.native.following import Following
from tradetui.feeds.native.renewal import Renewals
from tradetui.feeds.native.venue import Venue
from tradetui.feeds.protocol import FrameKeeper
from tradetui.feeds.tasks import begin_task

_A_SECOND: Final = 3
"""Frames on one connection, beside its pings."""


class Joined(Teller, Protocol):
    """The feed."""

    keeper: FrameKeeper | None
    deliver: Delivery

    def open_line(self, line: Line) -> Connection:
        """A new connection, which runs."""
        ...

    def number_of(self, connection: Connection) -> int:
        """By which its frames are kept."""
        ...

    def new_channel(self, symbol: str) -> Channel:
        """A symbol of which nothing is known."""
        ...


class Joining:
    """The symbols that come and go while one run of a feed lasts."""

    def __init__(
        self,
        owner: Joined,
        venue: Venue,
        connections: list[Connection],
        channels: dict[str, Channel],
        listed: list[Instrument],
        *,
        books: Books,
        backfill: Backfill,
        renewals: Renewals,
        rest: RestSide,
        following: Following,
        group: asyncio.TaskGroup,
    ) -> None:
        self._owner = owner
        self._venue = venue
        self._connections = connections
        self._channels = channels
        self._listed = listed
        self._books, self._backfill, self._renewals = books, backfill, renewals
        self._rest, self._following = rest, following
        self._group = group
        self._outbox = _Outbox()
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def join(self, symbol: str) -> None:
        """Deliver a symbol from now on."""
        channel = self._channels[symbol] = self._owner.new_channel(symbol)
        channel.lose()
        self._owner.deliver.unmute(symbol)
        if (task := begin_task(self._group, self._follow(channel))) is not None:
            self._tasks[symbol] = task

    async def _follow(self, channel: Channel) -> None:
        """As a feed begins, for one symbol; what goes wrong with it is said of it alone."""
        symbol = channel.symbol
        try:
            instrument = self._rest.listed(self._owner, symbol)
            if instrument is None:
                return
            self._owner.say(symbol, Part.BOOK, FeedState.CONNECTING, text="loading history")
            self._rest.say_trading(self._owner, instrument)
            await self._following.learn_past(symbol)
            await self._subscribe(channel, instrument)
            await self._following.learn_more(instrument)
        except Exception as error:  # noqa: BLE001 - the others go on
            self._owner.say(symbol, Part.MARKET, FeedState.DOWN, text=words_for(error))

    async def _subscribe(self, channel: Channel, instrument: Instrument) -> None:
        venues = {id(v): v for v in (self._venue, *(each.codec for each in self._connections))}
        lines: Sequence[Line] = ()
        for venue in venues.values():
            lines = venue.add(instrument)  # type: ignore[attr-defined]  # every codec here is a venue
        self._listed.append(instrument)
        channel.book = self._venue.book(channel.symbol)
        for line in lines:
            connection = self._with_room(line)
            if connection is None:
                channel.connections.append(self._owner.open_line(line))
                continue
            symbols = (*connection.line.symbols, channel.symbol)
            connection.line = replace(connection.line, symbols=symbols)
            channel.connections.append(connection)
            if connection.is_open:
                await self._ask(channel, connection)

    def _with_room(self, line: Line) -> Connection | None:
        """A connection to the same address that may carry more."""
        for each in self._connections:
            has_room = len(each.line.symbols) < self._venue.most_joined
            if each.line.url == line.url and has_room and not self._renewals.renews(each):
                return each
        return None

    async def _ask(self, channel: Channel, connection: Connection) -> None:
        """Subscribe on a connection that is open: where it is lost before, it asks for all at once."""
        symbols = (channel.symbol,)

        def begin() -> None:
            if self._owner.keeper is not None:
                self._owner.keeper.opened(self._owner.number_of(connection), symbols, time_ns())
            if connection is channel.connections[0]:
                self._books.begin(channel)

        codec: Any = connection.codec
        await self._outbox.send(connection, channel.symbol, codec.join, before=begin)

    async def leave(self, symbol: str) -> None:
        """Deliver a symbol no more."""
        channel = self._channels[symbol]
        asked = [c for c in channel.connections if not self._outbox.holds(c, symbol)]
        if (task := self._tasks.pop(symbol, None)) is not None:
            task.cancel()
            await asyncio.wait((task,))
        self._listed[:] = [each for each in self._listed if each.symbol != symbol]
        self._owner.deliver.mute(symbol)
        channel.leave()
        self._channels[symbol] = self._owner.new_channel(symbol)  # for what is under way
        self._backfill.forget(symbol)
        self._following.forget(symbol)
        for connection in channel.connections:
            await self._take_off(connection, symbol, is_asked=connection in asked)

    async def _take_off(self, connection: Connection, symbol: str, *, is_asked: bool) -> None:
        symbols = tuple(each for each in connection.line.symbols if each != symbol)
        connection.line = replace(connection.line, symbols=symbols)
        self._renewals.leave(connection, symbol)
        if not symbols:
            self._renewals.stop(connection)
        elif is_asked and connection.is_open:
            codec: Any = connection.codec
            begin_task(self._group, self._outbox.send(connection, symbol, codec.leave))


class _Outbox:
    """Spreads what is said on connections that live, in the order in which it was meant."""

    def __init__(self) -> None:
        self._locks: defaultdict[Connection, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._sent: defaultdict[Connection, deque[float]] = defaultdict(lambda: deque(maxlen=_A_SECOND))
        self._held: set[tuple[Connection, str]] = set()

    def holds(self, connection: Connection, symbol: str) -> bool:
        """Whether something of a symbol waits to be said."""
        return (connection, symbol) in self._held

    async def send(self, connection: Connection, symbol: str, words: Any, *, before: Any = None) -> None:
        """Say what concerns a symbol, unless the socket is another one by then."""
        socket, place = connection.dials, (connection, symbol)
        self._held.add(place)
        try:
            async with self._locks[connection]:
                for number, frame in enumerate(words(replace(connection.line, symbols=(symbol,)))):
                    await self._wait(self._sent[connection])
                    if connection.dials != socket or not connection.is_open:
                        return
                    if not number and before is not None:
                        before()
                    self._held.discard(place)
                    connection.send(frame)
        finally:
            self._held.discard(place)

    async def _wait(self, sent: deque[float]) -> None:
        if len(sent) == _A_SECOND and (rest := sent[0] + 1.0 - monotonic()) > 0:
            await asyncio.sleep(rest)
        sent.append(monotonic())
