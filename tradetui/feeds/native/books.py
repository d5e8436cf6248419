"""The books of a feed: asked for, delivered while they are whole, and taken anew when they are not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final, Protocol

from tradetui.domain.market_data import BookDelta, BookSnapshot, FeedState
from tradetui.feeds.audit import Audits
from tradetui.feeds.backfill import Backfill
from tradetui.feeds.book_sync import Sync
from tradetui.feeds.ccxt.rest import Teller
from tradetui.feeds.ccxt.stream import Part
from tradetui.feeds.ccxt.words import words_for
from tradetui.feeds.native.channel import Channel
from tradetui.feeds.native.venue import BookPart, LiveBook, ResyncBy, Venue, whole_book
from tradetui.feeds.protocol import FrameKeeper
from tradetui.feeds.tasks import begin_task

_MARKS_S: Final = 30.0
"""A connection that is for marks brings one of each symbol every second, or is given up."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds until a book is called stale, crossed, or not coming."""

    stale_after_s: float
    crossed_s: float
    first_book_s: float


class BookOwner(Teller, Protocol):
    """Where books go, and who looks at them."""

    crossed: Callable[[str], bool]
    keeper: FrameKeeper | None
    audits: Audits


class Books:
    """The books of one run of a feed."""

    def __init__(
        self,
        owner: BookOwner,
        venue: Venue,
        exchange: Any,
        *,
        channels: Mapping[str, Channel],
        backfill: Backfill,
        group: asyncio.TaskGroup,
        deadlines: Deadlines,
    ) -> None:
        self._owner = owner
        self._venue = venue
        self._exchange = exchange
        self._channels = channels
        self._backfill = backfill
        self._group = group
        self._stale_after, self._crossed_s = deadlines.stale_after_s, deadlines.crossed_s
        self._first_book_s = deadlines.first_book_s

    def begin(self, channel: Channel) -> None:
        """The connection is open: wait for the book, and fetch what was missed."""
        self._owner.say(channel.symbol, Part.BOOK, FeedState.CONNECTING, text="waiting for the book")
        channel.ask_prints(again=False)
        lost_at, channel.lost_at = channel.lost_at, None
        if lost_at is not None:
            self._backfill.start(channel, monotonic() - lost_at, heard=channel.heard)
        channel.asked_at = monotonic()

    def ask(self, channel: Channel, wait_s: float) -> None:
        """Ask for a whole book after a wait; where the subscription brings it, only wait for it."""
        channel.asked_at = monotonic() + wait_s
        if self._venue.resync is ResyncBy.REST:
            begin_task(self._group, self._fetch_book(channel, wait_s))

    async def _fetch_book(self, channel: Channel, wait_s: float) -> None:
        await asyncio.sleep(wait_s)
        asked = channel.asked_at
        try:
            part = await self._venue.snapshot(self._exchange, channel.symbol)
        except Exception as error:  # noqa: BLE001 - the outside world becomes a state
            if channel.asked_at == asked and not channel.is_live:
                wait = max(channel.wait_before_resync(), self._exchange.pause_s)
                self._owner.say(
                    channel.symbol, Part.BOOK, FeedState.DOWN, text=words_for(error), retry_s=wait
                )
                self.ask(channel, wait)
            return
        if channel.asked_at == asked:
            if self._owner.keeper is not None and (book := whole_book(part)) is not None:
                self._owner.keeper.asked(book)
            channel.asked_at = None
            self.take(part)
            self._ask_again(channel)

    def _ask_again(self, channel: Channel) -> None:
        """A whole book that was too old for its stream is none."""
        if not channel.is_live and channel.asked_at is None and channel.book is not None:
            self.resync(channel, FeedState.GAP, channel.book.reason)

    def take(self, part: BookPart) -> None:
        """A part of a book came: deliver what continues it."""
        channel = self._channels[part.symbol]
        book = channel.book
        if book is None:
            return
        was = book.state
        for message in book.take(part):
            self._deliver_book(channel, message)
        if book.state is not was and book.state in (Sync.GAP, Sync.CROSSED):
            self.resync(channel, FeedState(book.state.value), book.reason)

    def succeed(self, channel: Channel, book: LiveBook, whole: BookSnapshot) -> None:
        """Go on with the book that another connection brought."""
        channel.book = book
        self._deliver_book(channel, whole)

    def _deliver_book(self, channel: Channel, message: BookSnapshot | BookDelta) -> None:
        owner = self._owner
        is_usual = channel.time.is_usual(message.ts_exchange, message.ts_received)
        if not is_usual:
            message = channel.timely(owner, message)
        owner.deliver(message)
        channel.book_ts = message.ts_exchange
        owner.audits.saw(message)
        channel.pulse.beat(monotonic())
        if not channel.is_live:
            channel.went_live()
            channel.trades.begin(message.ts_exchange or message.ts_received)
            owner.say(channel.symbol, Part.BOOK, FeedState.STREAMING)
        channel.updates += 1
        if owner.crossed(message.symbol):
            self._take_crossing(channel)
        else:
            channel.crossed_updates = 0
        if not is_usual:
            channel.judge_delay(owner, message)

    def _take_crossing(self, channel: Channel) -> None:
        channel.crossed_at = channel.crossed_at if channel.crossed_updates else monotonic()
        channel.crossed_updates += 1
        if channel.crossed_updates >= channel.health.judgment.crossed_updates:
            words = f"best bid above best ask for {channel.crossed_updates} updates"
            self.resync(channel, FeedState.CROSSED, words)

    def resync(self, channel: Channel, state: FeedState, why: str) -> None:
        """The book can not be trusted: say so, and get a whole one."""
        if not channel.is_live and channel.asked_at is not None and state is not FeedState.STALE:
            return
        channel.stats.gaps += state in (FeedState.GAP, FeedState.CROSSED)
        channel.lose()
        if channel.book is not None and channel.book.state is Sync.STREAMING:
            channel.book.restart()
        wait = channel.wait_before_resync()
        self._owner.say(channel.symbol, Part.BOOK, state, text=why, retry_s=wait)
        match self._venue.resync:
            case _ if state is FeedState.STALE:
                self._ask_alone(channel, wait)
            case ResyncBy.REST:
                self.ask(channel, wait)
            case ResyncBy.RESUBSCRIBE:
                channel.asked_at = monotonic() + wait
                begin_task(self._group, self._resubscribe(channel, wait))
            case ResyncBy.RECONNECT:
                channel.connections[0].drop(why)

    def _ask_alone(self, channel: Channel, wait_s: float) -> None:
        """Subscribe one symbol again, while the connection goes on for the others."""
        self.ask(channel, wait_s)
        begin_task(self._group, self._revive(channel, wait_s))

    async def _resubscribe(self, channel: Channel, wait_s: float) -> None:
        await asyncio.sleep(wait_s)  # in a task: it ends with the feed
        if channel.is_left:
            return
        for frame in channel.connections[0].codec.resubscribe(channel.symbol):
            channel.connections[0].send(frame)

    async def _revive(self, channel: Channel, wait_s: float) -> None:
        await asyncio.sleep(wait_s)
        if channel.is_left:
            return
        channel.ask_prints(again=True)
        for frame in channel.connections[0].codec.revive(channel.symbol):
            channel.connections[0].send(frame)
        self._backfill.start(channel, heard=channel.heard)

    async def watch(self) -> None:
        """Notice silence, and books that were asked for and never came."""
        while True:
            await asyncio.sleep(min(0.5, self._stale_after / 10, self._crossed_s / 4))
            now = monotonic()
            for channel in self._channels.values():
                if channel.is_live and channel.pulse.is_overdue(now):
                    self._fell_silent(channel, now)
                elif channel.crossed_updates and now - channel.crossed_at > self._crossed_s:
                    words = f"best bid above best ask for {self._crossed_s:g} s"
                    self.resync(channel, FeedState.CROSSED, words)
                elif channel.asked_at is not None and now - channel.asked_at > self._first_book_s:
                    self._give_up(channel, FeedState.DOWN, "no book after subscribing")
                elif channel.unheard_for(now) > self._first_book_s:
                    self._ask_prints_again(channel)
                self._watch_marks(channel, now)

    def _ask_prints_again(self, channel: Channel) -> None:
        """A subscription of prints was lost without a word: nothing else would ever show it."""
        wait = channel.resync_backoff.next_wait(0.0)
        text = "the exchange never confirmed its trades: they are asked for again"
        state = FeedState.STALE if channel.is_tape_lost else FeedState.STREAMING
        self._owner.say(channel.symbol, Part.TRADES, state, text=text)
        channel.unheard = None
        begin_task(self._group, self._revive(channel, wait))

    def _watch_marks(self, channel: Channel, now: float) -> None:
        """Say that no mark comes; a connection that brings nobody's is given up, though it answers pings."""
        if channel.marked_at is None or now - channel.marked_at <= _MARKS_S:
            return
        words = f"silent for {now - channel.marked_at:.0f} s"
        self.lose_marks(channel, words)
        for connection in channel.connections[1:]:
            others = [self._channels[symbol].marked_at for symbol in connection.line.symbols]
            if all(at is None or now - at > _MARKS_S for at in others):
                connection.drop(words)

    def await_marks(self, channel: Channel) -> None:
        """The connection that is for marks is open."""
        channel.marked_at = monotonic()

    def lose_marks(self, channel: Channel, why: str) -> None:
        """It is gone: books and prints go on without it."""
        channel.marked_at = None
        self._owner.say(channel.symbol, Part.MARKS, FeedState.STREAMING, text=f"no mark prices: {why}")

    def take_mark(self, channel: Channel) -> None:
        """A mark price came."""
        if len(channel.connections) > 1:
            channel.marked_at = monotonic()
            self._owner.say(channel.symbol, Part.MARKS, FeedState.STREAMING)

    def lose_tape(self, symbol: str) -> None:
        """The exchange prints on and does not tell it: subscribe again, and fetch what was missed."""
        channel = self._channels[symbol]
        channel.is_tape_lost = True
        text = "the exchange has trades that do not come: they are asked for again"
        self._owner.say(symbol, Part.TRADES, FeedState.STALE, text=text)
        begin_task(self._group, self._revive(channel, 0.0))

    def find_tape(self, symbol: str) -> None:
        """Trades come again, whether that was confirmed or not."""
        channel = self._channels[symbol]
        if channel.is_tape_lost:
            channel.is_tape_lost = False
            self._owner.say(symbol, Part.TRADES, FeedState.STREAMING)

    def _fell_silent(self, channel: Channel, now: float) -> None:
        """Get the book again; by another connection, unless others of its symbols show that it lives."""
        silent = channel.pulse.silence(now)
        words = f"silent for {silent:.1f} s"
        if channel.updates <= 1:
            channel.pulse.allow(silent)  # nothing followed a fresh book: the market sleeps
        if self._others_live(channel, now):
            self.resync(channel, FeedState.STALE, words)
        else:
            self._give_up(channel, FeedState.STALE, words)

    def _others_live(self, channel: Channel, now: float) -> bool:
        """Whether the connection brings books of other symbols: then one symbol's trouble is its own."""
        others = [self._channels[s] for c in channel.connections[:1] for s in c.line.symbols]
        return any(each.is_live and not each.pulse.is_overdue(now) for each in others if each is not channel)

    def _give_up(self, channel: Channel, state: FeedState, why: str) -> None:
        """Only another connection helps, unless others of its symbols live on this one."""
        channel.lose()
        is_alone = not self._others_live(channel, monotonic())
        wait = 0.0 if is_alone else channel.wait_before_resync()
        self._owner.say(channel.symbol, Part.BOOK, state, text=why, retry_s=wait)
        if not is_alone:
            self._ask_alone(channel, wait)
        for connection in channel.connections[:1] if is_alone else ():
            connection.drop(why)
