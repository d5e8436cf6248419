"""One symbol of a feed through ccxt: its health, its two streams and what reads them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from tradetui.domain.market_data import BookSnapshot
from tradetui.feeds.ccxt.book import BookReader
from tradetui.feeds.ccxt.stream import Stream
from tradetui.feeds.ccxt.trades import TradeReader
from tradetui.feeds.health import FeedStats, Pulse, SymbolHealth
from tradetui.feeds.trades import TradeFlow

COMPARED: Final = 20
"""So many levels of a side are looked at to tell whether a book is the same."""


@dataclass(frozen=True, slots=True)
class Prints:
    """One symbol's prints."""

    symbol: str
    trades: TradeFlow


class Channel:
    """All of one symbol: its health, its two streams and what reads them."""

    def __init__(
        self, health: SymbolHealth, streams: tuple[Stream, Stream], pulse: Pulse, reader: TradeReader
    ) -> None:
        self.health = health
        self.book, self.trades = streams
        self.pulse = pulse
        self.book_reader = BookReader(health.symbol)
        self.trade_reader = reader
        self.prints = Prints(health.symbol, TradeFlow())
        self.heard = asyncio.Event()
        """Set when something came of a new connection: the exchange has heard of the subscriptions."""
        self.fell_silent: tuple[float, Any] | None = None
        """How long it was silent when it was called stale, and the top of its book then."""

    @property
    def symbol(self) -> str:
        """The symbol."""
        return self.health.symbol

    @property
    def stats(self) -> FeedStats:
        """What went wrong so far."""
        return self.health.stats

    @property
    def is_live(self) -> bool:
        """Whether the book was delivered and nothing was lost since."""
        return self.book.is_live

    def learn_from(self, fresh: BookSnapshot) -> None:
        """A fresh book equal to the one that was called stale means that the market only sleeps."""
        if self.fell_silent and self.fell_silent[1] == (fresh.bids[:COMPARED], fresh.asks[:COMPARED]):
            self.pulse.allow(self.fell_silent[0])
        self.fell_silent = None
