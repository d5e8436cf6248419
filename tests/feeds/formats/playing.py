"""Plays recordings to a list, and keeps their books as told."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from tests.exchanges.captures import DecimalBook
from tradetui.domain.market_data import BookDelta, BookSnapshot, FeedState, FeedStatus, MarketMessage, Trade
from tradetui.feeds.replay import ReplayFeed


class Played:
    def __init__(self, paths: Sequence[Path]) -> None:
        self.feed = ReplayFeed(paths)
        self.messages: list[MarketMessage] = []
        self.books: dict[str, DecimalBook] = {}
        self.feed.pump(self._take)

    def _take(self, message: MarketMessage) -> None:
        self.messages.append(message)
        if isinstance(message, BookSnapshot):
            self.books[message.symbol] = DecimalBook()
        if isinstance(message, BookSnapshot | BookDelta):
            book = self.books[message.symbol]
            for side, levels in ((book.bids, message.bids), (book.asks, message.asks)):
                for price, qty in levels:
                    side[Decimal(repr(price))] = Decimal(repr(qty))
                    if not qty:
                        del side[Decimal(repr(price))]

    def trades(self, symbol: str | None = None) -> list[Trade]:
        return [m for m in self.messages if isinstance(m, Trade) and symbol in (None, m.symbol)]

    def states(self) -> list[FeedState]:
        return [m.state for m in self.messages if isinstance(m, FeedStatus)]

    def count(self, kind: type[MarketMessage]) -> int:
        return sum(isinstance(message, kind) for message in self.messages)
