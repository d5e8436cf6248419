"""Puts a new connection in the place of an old one, and nothing shows: no state, no print twice or never.

The new one is dialed and subscribed while the old one still delivers. What it brings is kept back until
its books are whole and both were listened to for a while; then it hands over what it knows: books as they
stand, or where an update's number holds on every connection, the updates; and its prints, of which those
that the old one brought are known. A new one that can not be opened, says less than the old one or breaks
is dialed again later, and the old one stays.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from time import monotonic, time_ns
from typing import Any, Final, Protocol

from tradetui.domain.market_data import FeedState, Trade
from tradetui.feeds.backfill import Backfill
from tradetui.feeds.ccxt.rest import Teller
from tradetui.feeds.ccxt.stream import Part
from tradetui.feeds.native.books import Books
from tradetui.feeds.native.channel import Channel
from tradetui.feeds.native.connection import Connection, Listener
from tradetui.feeds.native.hearing import Hearing
from tradetui.feeds.native.heirs import MOST, Heir, OwnBook, SameNumbers, heir_of
from tradetui.feeds.native.keeping import keeping
from tradetui.feeds.native.venue import (
    UNREADABLE,
    BookPart,
    Closed,
    Lost,
    PrintsJoined,
    Refused,
    Restated,
    Said,
    Subscribed,
)
from tradetui.feeds.protocol import FrameKeeper
from tradetui.feeds.tasks import begin_task
from tradetui.feeds.trades import identity

OVERLAP_S: Final = 2.0
"""For so long both are listened to: longer than one of them lags behind the other."""
_LOOK_S: Final = 0.05


class Renewal:
    """One new connection, from its first dial to its taking over."""

    connection: Connection

    def __init__(self, old: Connection, channels: list[Channel], *, keeps_frames: bool) -> None:
        """`channels` are those whose books the old one carries."""
        self.old = old
        self.prints: list[Trade] = []
        self.joined: list[PrintsJoined] = []
        self.words: list[Restated | Closed] = []
        """What was said of the market: the old one may have ended without saying it."""
        self.frames: list[tuple[bytes, int]] = []
        """What came, for whoever keeps frames."""
        self.heirs: dict[str, Heir] = {}
        self.counts_prints = False
        """Whether numbers of prints rise by one."""
        self._channels = {channel.symbol: channel for channel in channels}
        self._keeps_frames = keeps_frames
        self._opened_at: float | None = None
        self._whole_at: float | None = None
        self._printed: dict[str, int] = {}

    @property
    def is_whole(self) -> bool:
        """Whether it has every book that the old one has, and is open."""
        has_all = all(heir.is_whole or not self._channels[s].is_live for s, heir in self.heirs.items())
        return self._opened_at is not None and self.connection.is_open and has_all

    def age_s(self, now: float) -> float:
        """Seconds since it was opened; 0.0 while it is not."""
        return 0.0 if self._opened_at is None else now - self._opened_at

    def is_ready(self, now: float) -> bool:
        """Whether it may take over."""
        if not self.is_whole:
            self._whole_at = None
            return False
        if self._whole_at is None:
            self._whole_at = now
            self._printed = {symbol: each.trades.last_ts for symbol, each in self._channels.items()}
        waited = now - self._whole_at
        at_last = waited >= 2 * OVERLAP_S
        knows_all = all(
            heir.knows_all(at_last=at_last) for s, heir in self.heirs.items() if self._channels[s].is_live
        )
        return waited >= OVERLAP_S and knows_all and self._prints_too()

    def leave(self, symbol: str) -> None:
        """Nobody wants a symbol any more."""
        for known in (self._channels, self._printed, self.heirs):
            known.pop(symbol, None)
        line = self.connection.line
        self.connection.line = replace(line, symbols=tuple(s for s in line.symbols if s != symbol))
        if self._opened_at is not None:
            venue: Any = self.connection.codec
            for frame in venue.leave(replace(line, symbols=(symbol,))):
                self.connection.send(frame)

    def _prints_too(self) -> bool:
        """Whether prints came of each symbol of which the old one brought some."""
        came = {trade.symbol for trade in self.prints}
        return all(
            symbol in came or self._channels[symbol].trades.last_ts == before
            for symbol, before in self._printed.items()
        )

    # --- what its connection tells

    def opened(self, connection: Connection) -> None:
        """Ask for everything, and begin anew."""
        self._begin()
        self._opened_at = monotonic()
        venue: Any = connection.codec
        self.counts_prints = venue.counts_prints
        self.heirs = {symbol: heir_of(each, venue) for symbol, each in self._channels.items()}
        for frame in venue.subscribe(connection.line):
            connection.send(frame)

    def received(self, connection: Connection, frames: Sequence[bytes], ts_received: int) -> None:
        """Keep back what frames say."""
        for frame in frames:
            if not connection.is_dropped:
                self._read(connection, frame, ts_received)

    def _read(self, connection: Connection, frame: bytes, ts_received: int) -> None:
        decode = connection.codec.decode
        try:
            for item in (keeping(decode, self._keep) if self._keeps_frames else decode)(frame, ts_received):
                why = self._take(item)
                if why:
                    connection.drop(why)
        except UNREADABLE:
            connection.drop("a frame could not be read")

    def _keep(self, frame: bytes, ts_received: int) -> None:
        self.frames.append((frame, ts_received))

    def lost(self, connection: Connection, why: str, wait_s: float) -> None:
        """It will be dialed again: until then the old one is all there is."""
        del connection, why, wait_s
        self._begin()
        self.words = []

    def _begin(self) -> None:
        """Keep nothing back yet but words: some are told before anything is asked for."""
        self._opened_at = self._whole_at = None
        self.prints, self.joined, self.frames, self.heirs = [], [], [], {}

    def aged(self, connection: Connection) -> None:
        """Not before it has taken over."""

    def _take(self, item: object) -> str:
        """Keep an item; why the connection is of no use, empty where it is."""
        match item:
            case BookPart() if item.symbol in self.heirs:
                return self.heirs[item.symbol].take(item)
            case Trade():
                self.prints.append(item)
                return "more prints than can be kept back" if len(self.prints) > MOST else ""
            case PrintsJoined():
                self.joined.append(item)
            case Restated() | Closed():
                self.words.append(item)
            case Subscribed() if isinstance(heir := self.heirs.get(item.symbol), SameNumbers):
                heir.is_whole = True
            case Refused() if item.symbol not in self._channels or self._channels[item.symbol].is_live:
                return item.text
            case Lost():
                return item.text
            case Said() if item.reconnects:
                return item.text
        return ""


class Renewed(Teller, Listener, Protocol):
    """Whose connections they are."""

    keeper: FrameKeeper | None

    def successor(self, old: Connection, renewal: Renewal) -> Connection:
        """A connection for the same line, with a codec of its own."""
        ...

    def take_trade(self, trade: Trade) -> None:
        """Deliver a print, once."""
        ...


class Renewals:
    """Runs the connections of a feed, and puts new ones in the places of old ones."""

    def __init__(
        self,
        owner: Renewed,
        connections: list[Connection],
        channels: Mapping[str, Channel],
        *,
        books: Books,
        backfill: Backfill,
        hearing: Hearing,
        group: asyncio.TaskGroup,
        first_book_s: float,
    ) -> None:
        self._owner = owner
        self._connections = connections
        self._channels = channels
        self._books, self._backfill, self._hearing = books, backfill, hearing
        self._group = group
        self._first_book_s = first_book_s
        self._running: dict[Connection, asyncio.Task[None]] = {}
        self._renewals: dict[Connection, tuple[Renewal, asyncio.Task[None]]] = {}

    def start(self, connection: Connection) -> None:
        """Let a connection run."""
        if (task := begin_task(self._group, connection.run())) is not None:
            self._running[connection] = task

    def begin(self, old: Connection) -> None:
        """Dial another one beside it; nothing where that is done already."""
        if old in self._renewals:
            return
        channels = [self._channels[symbol] for symbol in old.line.symbols]
        carried = [channel for channel in channels if channel.connections[0] is old]
        renewal = Renewal(old, carried, keeps_frames=self._owner.keeper is not None)
        renewal.connection = self._owner.successor(old, renewal)
        self.start(renewal.connection)
        if (task := begin_task(self._group, self._see_through(renewal))) is not None:
            self._renewals[old] = renewal, task

    def renews(self, connection: Connection) -> bool:
        """Whether another one is about to take its place."""
        return connection in self._renewals

    def leave(self, connection: Connection, symbol: str) -> None:
        """A symbol is gone from a connection: from the one that takes its place as well."""
        if connection in self._renewals:
            self._renewals[connection][0].leave(symbol)

    def stop(self, connection: Connection) -> None:
        """A connection is needed no more."""
        renewal, task = self._renewals.pop(connection, (None, None))
        if renewal is not None and task is not None:
            task.cancel()
            self._running.pop(renewal.connection).cancel()
        self._running.pop(connection).cancel()
        self._connections.remove(connection)
        self._hearing.forget(connection)

    async def _see_through(self, renewal: Renewal) -> None:
        while not renewal.is_ready(monotonic()):
            if renewal.age_s(monotonic()) > self._first_book_s + 2 * OVERLAP_S:
                renewal.connection.drop("it does not bring what the old one brings")
            await asyncio.sleep(_LOOK_S)
        del self._renewals[renewal.old]
        self._take_over(renewal)

    def ended(self, old: Connection) -> bool:
        """A connection is gone: whether another took its place. One that is not whole is given up."""
        renewal, task = self._renewals.pop(old, (None, None))
        if renewal is None or task is None:
            return False
        task.cancel()
        if renewal.is_whole:
            self._take_over(renewal)
            return True
        self._running.pop(renewal.connection).cancel()
        return False

    def _take_over(self, renewal: Renewal) -> None:
        old, new = renewal.old, renewal.connection
        place = self._connections.index(old)
        self._connections[place] = new
        for symbol in new.line.symbols:
            carriers = self._channels[symbol].connections
            carriers[carriers.index(old)] = new
        new.take_over(old, self._owner)
        self._running.pop(old).cancel()
        self._keep(renewal, place)
        for word in renewal.words:
            self._hearing.hear(new, word)
        self._hearing.forget(old)
        for joined in renewal.joined:
            self._channels[joined.symbol].trades.join(joined.first, joined.last)
        self._fill_holes(renewal)
        for heir in renewal.heirs.values():
            heir.hand_over(self._books)
        for trade in renewal.prints:
            self._owner.take_trade(trade)
        for symbol in new.line.symbols:
            self._owner.say(symbol, Part.NOTICE, FeedState.STREAMING)

    def _keep(self, renewal: Renewal, place: int) -> None:
        """Give the frames to whoever keeps them: a book that came anew begins anew there, others go on."""
        keeper = self._owner.keeper
        if keeper is None:
            return
        if any(isinstance(heir, OwnBook) for heir in renewal.heirs.values()):
            keeper.opened(place, renewal.connection.line.symbols, time_ns())
        elif renewal.heirs:
            keeper.renewed(place, tuple(renewal.heirs), time_ns())
        for frame, ts_received in renewal.frames:
            keeper.frame(place, frame, ts_received)

    def _fill_holes(self, renewal: Renewal) -> None:
        """Where the old one lost something, or prints are counted and some lie between: ask for them."""
        first: dict[str, Trade] = {}
        for trade in renewal.prints:
            first.setdefault(trade.symbol, trade)
        for symbol in renewal.heirs:
            channel, number = self._channels[symbol], None
            if symbol in first:
                number = identity(first[symbol])
            last = channel.trades.last_number
            is_hole = isinstance(number, int) and last is not None and number > last + 1
            if channel.lost_at is not None:
                self._backfill.start(channel, monotonic() - channel.lost_at)
            elif is_hole and renewal.counts_prints:
                self._backfill.count_hole(channel)
