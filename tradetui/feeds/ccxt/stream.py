"""One subscription of one symbol: whether it is live, why it broke, and when to try again."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from enum import StrEnum

from tradetui.domain.market_data import FeedState
from tradetui.feeds.health import Backoff


class Part(StrEnum):
    """What a symbol's state is made of, beside its lag."""

    MARKET = "market"
    BOOK = "book"
    TRADES = "trades"
    NOTICE = "notice"
    """Words of the exchange that change no state."""
    PAUSE = "pause"
    """Whether REST may be asked."""
    MARKS = "marks"
    """Whether mark prices come that have a connection of their own."""
    LISTING = "listing"
    """Whether the markets are today's."""
    TIERS = "tiers"
    """Whether the leverage tiers are known."""


@dataclass(frozen=True, slots=True)
class Outage:
    """Why a stream can not be trusted."""

    state: FeedState
    text: str


class Stream:
    """The book or the trades of a symbol, as one subscription on some socket."""

    def __init__(self, symbol: str, part: Part, backoff: Backoff) -> None:
        self.symbol = symbol
        self.part = part
        self.url = ""
        self.wait_s = 0.0
        self.connections = 0
        self.was_live = False
        """Whether it ever delivered."""
        self.waits_for: Stream | None = None
        """What must deliver before this is subscribed again."""
        self.lost_at = math.inf
        """When it was last cut off while it delivered, monotonic seconds."""
        self._backoff = backoff
        self._broken = asyncio.Event()
        self._live = asyncio.Event()
        self._live_since: float | None = None
        self._failed_before = False

    @property
    def is_book(self) -> bool:
        """Whether it carries a book."""
        return self.part is Part.BOOK

    @property
    def is_broken(self) -> bool:
        """Whether it waits to be subscribed again."""
        return self._broken.is_set()

    @property
    def is_live(self) -> bool:
        """Whether it has delivered since it was subscribed."""
        return self._live_since is not None and not self.is_broken

    def restart(self) -> None:
        """Forget the outage: it is about to be subscribed."""
        self._broken.clear()
        self._live.clear()
        self._live_since = None

    def went_live(self, now: float) -> bool:
        """Note the first delivery; whether that ends an outage."""
        if self._live_since is not None:
            return False
        self._live_since = now
        self.was_live = True
        self._live.set()
        ended, self._failed_before = self._failed_before, False
        return ended

    def break_off(self, now: float, least_wait_s: float) -> None:
        """Stop trusting it and put off the next try."""
        lived = 0.0 if self._live_since is None else now - self._live_since
        if self._live_since is not None:
            self.lost_at = now
        self.wait_s = max(self._backoff.next_wait(lived), least_wait_s)
        self._failed_before = True
        self._broken.set()

    async def until_live(self) -> None:
        """Wait for its first delivery."""
        await self._live.wait()

    async def until_broken(self) -> None:
        """Wait for the next outage."""
        await self._broken.wait()
