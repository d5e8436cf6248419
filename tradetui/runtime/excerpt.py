"""A part of a recording that stands by itself: instruments, books as they stood, then what followed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import (
    BookDelta,
    BookSnapshot,
    FeedState,
    FeedStatus,
    InstrumentListed,
    MarketMessage,
    Side,
)
from tradetui.feeds.protocol import Stands
from tradetui.market.book import OrderBook
from tradetui.market.market import Market

EVERYTHING: Final = (0, 1 << 63)
"""The span of a whole recording."""


class Standing(msgspec.Struct):
    """How one symbol stands: what a recording that begins now has to know of it."""

    instrument: Instrument
    book: OrderBook
    state: FeedState = FeedState.CONNECTING


def standings_of(markets: Mapping[str, Market], latest: Mapping[str, FeedStatus]) -> list[Standing]:
    """How every market stands, with the newest status of its data."""
    return [
        Standing(market.instrument, market.book, latest[symbol].state if symbol in latest else FeedState.DOWN)
        for symbol, market in markets.items()
    ]


def filled(stands: Stands, standing: Standing | None, ts: int) -> Stands:
    """The same with the book and the state of its symbol at `ts`."""
    if standing is None:
        return stands
    return msgspec.structs.replace(stands, book=_whole_book(standing, ts), state=standing.state)


def _whole_book(standing: Standing, ts: int) -> BookSnapshot | None:
    """The book as it stands; None while nothing of it is known."""
    return _snapshot(standing, ts) if len(standing.book) else None


def opening(standings: Iterable[Standing], ts: int) -> Iterator[MarketMessage]:
    """What a recording that begins at `ts` (nanoseconds UTC) has to say before its first message."""
    for standing in standings:
        symbol = standing.instrument.symbol
        yield InstrumentListed(standing.instrument, ts)
        if (book := _whole_book(standing, ts)) is not None:
            yield book
        yield FeedStatus(symbol, ts, standing.state)


def excerpt(messages: Iterable[MarketMessage], span: tuple[int, int]) -> Iterator[MarketMessage]:
    """The messages received in `span` (first and last nanosecond UTC), behind their opening."""
    standings: dict[str, Standing] = {}
    start, end = span
    begun = False
    for message in messages:
        if message.ts_received > end:
            return
        if message.ts_received < start:
            follow(message, standings)
            continue
        if not begun:
            begun = True
            yield from opening(standings.values(), start)
        yield message


def _snapshot(standing: Standing, ts: int) -> BookSnapshot:
    to_price, book = standing.instrument.to_price, standing.book
    bids, asks = (
        [(float(to_price(tick)), qty) for tick, qty in book.levels(side)] for side in (Side.BUY, Side.SELL)
    )
    return BookSnapshot(standing.instrument.symbol, ts, ts, bids, asks)


def follow(message: MarketMessage, standings: dict[str, Standing]) -> None:
    """Keep what an opening will have to say."""
    if isinstance(message, InstrumentListed):
        fresh = Standing(message.instrument, OrderBook(message.instrument.tick_size))
        standings.setdefault(message.symbol, fresh).instrument = message.instrument
        return
    standing = standings.get(getattr(message, "symbol", ""))
    if standing is None:
        return
    if isinstance(message, FeedStatus):
        standing.state = message.state
    elif isinstance(message, BookSnapshot):
        standing.book.apply_snapshot(message.bids, message.asks)
    elif isinstance(message, BookDelta):
        standing.book.apply_delta(message.bids, message.asks)
