"""One symbol of a native feed: its health, its book's rule, its prints, and what it waits for."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TypeVar

import msgspec

from tradetui.domain.market_data import BestQuote, BookDelta, BookSnapshot, FeedState, MarkPrice, Trade
from tradetui.feeds.ccxt.rest import Teller
from tradetui.feeds.ccxt.stream import Part
from tradetui.feeds.health import Backoff, FeedStats, Pulse, SymbolHealth
from tradetui.feeds.native.connection import Connection
from tradetui.feeds.native.timing import VenueTime
from tradetui.feeds.native.venue import LiveBook, Remembers
from tradetui.feeds.protocol import Stands
from tradetui.feeds.trades import TradeFlow

Stamped = TypeVar("Stamped", bound=Trade | BookSnapshot | BookDelta | BestQuote | MarkPrice)


class Channel:
    """What the feed knows of one symbol; it decides nothing by itself."""

    marked_at: float | None = None
    """When its mark price came last, monotonic seconds; None while none is waited for."""
    is_tape_lost = False
    """Whether the exchange has prints that it does not tell."""

    def __init__(self, health: SymbolHealth, *, stale_after_s: float, backoff: Backoff) -> None:
        self.health = health
        self.trades = TradeFlow()
        self.time = VenueTime()
        self.pulse = Pulse(stale_after_s, intervals=health.judgment.stale_intervals)
        self.book: LiveBook | None = None
        self.book_ts = 0
        """The exchange's time of the newest book message, nanoseconds UTC; 0 for none."""
        self.connections: list[Connection] = []
        self.live = asyncio.Event()
        """Set while the book is there."""
        self.heard = asyncio.Event()
        """Set while the exchange is known to tell the prints: it said so, or told one."""
        self.unheard: tuple[float, int] | None = None
        """Since when nothing tells of its prints, monotonic seconds, and the newest one's time then."""
        self.is_revived = False
        """Whether prints may come that were asked for before the last time."""
        self.told: dict[type, int] = {}
        """Of what else REST would be asked: when the streams told it last, since data was lost."""
        self.is_live = False
        """Whether the book was delivered and nothing was lost since."""
        self.is_left = False
        """Whether nobody wants it any more: what is under way ends without it."""
        self.was_live = False
        self.updates = 0
        """Book messages since it was live last."""
        self.crossed_updates = 0
        self.crossed_at = 0.0
        """Since when the book is crossed, monotonic seconds."""
        self.asked_at: float | None = None
        """When a whole book was asked for, monotonic seconds."""
        self.lost_at: float | None = None
        """When data was lost, until trades and history were asked for."""
        self.resync_backoff = backoff
        self._untimed = 0
        """Prints and changes without a time, before the first that has one."""
        self._resynced_at = 0.0
        self._lived_s = 10.0
        """How long the book was live last, until it was asked for again; the first time is no failure."""

    @property
    def symbol(self) -> str:
        """The symbol."""
        return self.health.symbol

    @property
    def stats(self) -> FeedStats:
        """What went wrong so far."""
        return self.health.stats

    def lose(self) -> None:
        """Nothing known of the book holds any more."""
        if self.is_live:
            self._lived_s = monotonic() - self._resynced_at
        self.is_live = False
        self.live.clear()
        self.told.clear()
        self.crossed_updates = 0
        self.asked_at = None
        self.pulse.pause()
        if self.lost_at is None:
            self.lost_at = monotonic()

    def leave(self) -> None:
        """Nobody wants it any more."""
        self.is_left = True
        self.lose()
        self.book = None

    @property
    def waits_for_answer(self) -> bool:
        """Whether it was subscribed and nothing came yet."""
        return self.asked_at is not None and not self.was_live

    def unheard_for(self, now: float) -> float:
        """Seconds with a book in which the exchange neither said that it tells prints, nor told one."""
        if self.heard.is_set() or not self.is_live:
            self.unheard = None
            return 0.0
        if self.unheard is None or self.unheard[1] != self.trades.last_ts:
            self.unheard = now, self.trades.last_ts
        return now - self.unheard[0]

    def ask_prints(self, *, again: bool) -> None:
        """The prints are asked for: on a new connection, or `again` on one that has told some."""
        self.unheard = None
        self.heard.clear()
        self.is_revived = again

    def went_live(self) -> None:
        """A whole book was delivered."""
        self.stats.resyncs += self.was_live
        self.is_live = self.was_live = True
        self.updates = 0
        self.live.set()
        self.asked_at = self.lost_at = None
        self._resynced_at = monotonic()

    def stands(self) -> Stands | None:
        """How it stands now, without its book; None before its rule is known."""
        if self.book is None:
            return None
        codec = self.connections[0].codec
        memory = codec.memory(self.symbol) if isinstance(codec, Remembers) else None
        return Stands(symbol=self.symbol, rule=self.book.rule(), memory=memory)

    def follows(self, first: Trade, oldest: int, newest: int, count: int = 1) -> bool:
        """Whether prints are the next in number and in time, as nearly all are; then they are noted as taken.

        They are counted from the first one without a hole, came together, and their exchange times lie
        between the two. What `TradeFlow.take` and `VenueTime.is_usual` do, at once.
        """
        flow, time, received = self.trades, self.time, first.ts_received
        if (
            first.trade_id != flow.expected
            or oldest < time.newest
            or received - oldest > time.most
            or received - newest < time.least
            or received >= time.until
        ):
            return False
        flow.expected += count
        time.newest = newest
        flow.last_ts = max(flow.last_ts, newest)
        return True

    def wait_before_resync(self) -> float:
        """Seconds to wait before a whole book is asked for again: none after a stable time, once."""
        lived, self._lived_s = self._lived_s, 0.0
        return self.resync_backoff.next_wait(lived)

    def timely(self, teller: Teller, message: Stamped) -> Stamped:
        """The message, without its time where that can not be."""
        stamp, is_told = message.ts_exchange, isinstance(message, Trade | BookDelta)
        if self.time.believes(stamp, message.ts_received):
            if is_told and not stamp:
                self._untimed += 1
            elif stamp and self._untimed:  # it does say when: those before were wrong
                self._count_bad_times(teller, self._untimed)
                self._untimed = 0
            return message
        if not stamp and not is_told:
            return message  # some never say when
        self._count_bad_times(teller, 1)
        return msgspec.structs.replace(message, ts_exchange=0)

    def _count_bad_times(self, teller: Teller, count: int) -> None:
        self.stats.bad_times += count
        teller.say(self.symbol, Part.NOTICE, FeedState.STREAMING, text="the exchange's times can not be")

    def judge_delay(self, teller: Teller, message: Trade | BookSnapshot | BookDelta) -> None:
        """Say when data begins to come late, and when it ends."""
        status = self.health.arrived(message.ts_exchange, message.ts_received)
        self.time.expect(*self.health.usual)
        if status is not None:
            teller.deliver(status)
