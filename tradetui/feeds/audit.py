"""Holds the book that streams have built against one asked for by REST, now and then.

A snapshot is of some moment around the question, so what counts is whether each of its best levels had
that size at some time between a little before and a little after; where the venue numbers both (Binance),
at that number. Only a level that differs twice in a row is a difference: a snapshot out of a cache is
older than the window, but not wrong twice in the same place.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final, Protocol

from ccxt import ExchangeError, NetworkError

from tradetui.domain.market_data import BookDelta, BookSnapshot
from tradetui.feeds.health import FeedStats

Level = tuple[float, float]
Sides = tuple[Sequence[Level], Sequence[Level]]
Place = tuple[int, float]
"""A side (0 for bids) and a price."""
KNOWN: Final = 50
"""So many levels of our own book are looked at."""
CHECKED: Final = 10
"""So many of the snapshot are held against them."""
_ASKED: Final = 50
_ANSWER_S: Final = 10.0
_NAMES: Final = ("bid", "ask")
_SPREAD: Final = random.Random()  # noqa: S311 - only spreads questions


class Audited(Protocol):
    """One symbol, as much of it as is needed here."""

    @property
    def is_live(self) -> bool:
        """Whether its book can be held against one."""
        ...

    @property
    def symbol(self) -> str:
        """The symbol."""
        ...

    @property
    def stats(self) -> FeedStats:
        """What was counted."""
        ...


class Evidence:
    """What sizes the best levels of our own book had, from a moment on."""

    def __init__(self) -> None:
        self.begun_at = 0
        """The number of the update that it begins behind; 0 where the venue has none."""
        self.is_begun = False
        self.is_broken = False
        """Whether a whole book came meanwhile: then nothing can be said."""
        self._sizes: tuple[dict[float, list[tuple[int, float]]], ...] = ({}, {})
        self._deepest: list[float | None] = [None, None]

    def begin(self, sides: Sides, number: int, *, is_cut: bool = False) -> None:
        """Take the book as it stands behind an update; one that is cut ends where it is known no further."""
        self.is_begun, self.begun_at = True, number
        for side, levels in enumerate(sides):
            self._sizes[side].update({price: [(0, qty)] for price, qty in levels})
            self._deepest[side] = levels[-1][0] if levels and (is_cut or len(levels) >= KNOWN) else None

    def take(self, message: BookSnapshot | BookDelta) -> None:
        """Remember what changed."""
        if isinstance(message, BookSnapshot):
            self.is_broken = True
            return
        for known, levels in zip(self._sizes, (message.bids, message.asks), strict=True):
            for price, qty in levels:
                known.setdefault(price, [(0, 0.0)]).append((message.update_id, qty))

    def differing(self, snapshot: Sides, number: int = 0) -> dict[Place, str]:
        """The levels that never were as the snapshot has them, in words."""
        found: dict[Place, str] = {}
        for side, levels in enumerate(snapshot):
            best = [level for level in levels[:CHECKED] if self._is_known(side, level[0])]
            for price, qty in best:
                self._hold(found, (side, price), qty, number)
            prices = {price for price, _ in best}
            for price in self._within(side, best):
                if price not in prices:
                    self._hold(found, (side, price), 0.0, number)
        return found

    def _hold(self, found: dict[Place, str], place: Place, qty: float, number: int) -> None:
        side, price = place
        sizes = self._sizes_of(side, price, number)
        if qty not in sizes:
            found[place] = f"{_NAMES[side]} {price:.12g} is {qty:.12g}, ours was {sizes[-1]:.12g}"

    def _sizes_of(self, side: int, price: float, number: int) -> list[float]:
        """The sizes that a level had: all of them, or those around a number."""
        known = self._sizes[side].get(price, [(0, 0.0)])
        if not number:
            return [qty for _, qty in known]
        before = [qty for at, qty in known if at <= number][-1:]
        return before + [qty for at, qty in known if at > number][:1]

    def _is_known(self, side: int, price: float) -> bool:
        deepest = self._deepest[side]
        return deepest is None or (price >= deepest if side == 0 else price <= deepest)

    def _within(self, side: int, best: Sequence[Level]) -> Iterable[float]:
        """Our own prices in the range of the snapshot's best levels."""
        if not best:
            return ()
        worst = best[-1][0]
        return [p for p in self._sizes[side] if (p >= worst if side == 0 else p <= worst)]


class Audits:
    """Asks for one book after the other, each about so often."""

    def __init__(self, *, every_s: float, window_s: float = 2.0, are_cut: bool = False) -> None:
        """`every_s` of 0 asks never; the window begins so long before the question, and ends half as late.

        `are_cut` says that the books may end where the exchange's do not.
        """
        self.top: Callable[[str], Sides | None] = lambda _symbol: None
        """The best levels of a book as it is kept; whoever keeps it sets this."""
        self._every_s = every_s
        self._window_s = window_s
        self._are_cut = are_cut
        self._asks_whole = False
        self._watched: dict[str, Evidence] = {}

    def saw(self, message: BookSnapshot | BookDelta) -> None:
        """A message was delivered, and the book that is kept has it."""
        if not self._watched or (evidence := self._watched.get(message.symbol)) is None:
            return
        if evidence.is_begun:
            evidence.take(message)
        elif (sides := self.top(message.symbol)) is not None:
            evidence.begin(sides, message.update_id, is_cut=self._are_cut)

    async def run(
        self, exchange: Any, channels: Sequence[Audited], *, numbered: bool, found: Callable[[str, str], None]
    ) -> None:
        """Go round for ever; `found` is told the symbol and what differs."""
        while self._every_s:
            if not channels:
                await asyncio.sleep(self._every_s)
            for channel in tuple(channels):  # others may come and go meanwhile
                await asyncio.sleep(
                    self._every_s / len(channels or (channel,)) * (0.75 + _SPREAD.random() / 2)
                )
                with suppress(Exception):  # a question that fails is asked again next time
                    words = await self.audit(exchange, channel, numbered=numbered)
                    if words:
                        found(channel.symbol, words)

    async def audit(self, exchange: Any, channel: Audited, *, numbered: bool) -> str:
        """Hold one book against snapshots; what differs, in words, empty where nothing does."""
        first = await self._compare(exchange, channel, numbered=numbered)
        if first is None:
            return ""
        again = await self._compare(exchange, channel, numbered=numbered) if first else {}
        if again is None:
            return ""
        channel.stats.audits += 1
        both = [words for place, words in again.items() if place in first]
        channel.stats.mismatches += bool(both)
        more = f" and {len(both) - 1} more" if len(both) > 1 else ""
        return f"differs from a snapshot: {both[0]}{more}" if both else ""

    async def _compare(self, exchange: Any, channel: Audited, *, numbered: bool) -> dict[Place, str] | None:
        """What differs from one snapshot; None where nothing can be said."""
        symbol = channel.symbol
        if not channel.is_live:
            return None
        evidence = self._watched[symbol] = Evidence()
        try:
            await asyncio.sleep(self._window_s)
            if not evidence.is_begun and (sides := self.top(symbol)) is not None:
                evidence.begin(sides, 0, is_cut=self._are_cut)
            async with asyncio.timeout(_ANSWER_S):
                book = await self._asked(exchange, symbol)
            await asyncio.sleep(self._window_s / 2)
        finally:
            self._watched.pop(symbol, None)
        if not evidence.is_begun or evidence.is_broken or not channel.is_live:
            return None
        number = int(book.get("nonce") or 0) if numbered and evidence.begun_at else 0
        if number and number < evidence.begun_at:
            return None
        return evidence.differing((_levels(book["bids"]), _levels(book["asks"])), number)

    async def _asked(self, exchange: Any, symbol: str) -> Any:
        """A snapshot; some exchanges know other numbers of levels only, and are asked for none."""
        if not self._asks_whole:
            try:
                return await exchange.fetch_order_book(symbol, _ASKED)
            except NetworkError:
                raise
            except ExchangeError:
                self._asks_whole = True
        return await exchange.fetch_order_book(symbol)


def _levels(rows: Sequence[Sequence[float]]) -> list[Level]:
    return [(float(row[0]), float(row[1])) for row in rows]
