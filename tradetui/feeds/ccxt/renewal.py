"""Puts a new socket of ccxt in the place of an old one before the exchange cuts that, and nothing shows.

ccxt knows one socket by an address and one book by a symbol. The old socket is taken out of its sight, still
read, and everything is asked for anew: that dials another one. With the whole book that it brings the old
one's updates of that book end; prints come from both for a while, each is delivered once. A new one that
does not get that far is given up, and the old one goes on. Where whole books come by REST (Binance), a book
rests for as long as the answer takes. Exchanges whose frames are not read here (`Tap`) are not renewed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any, Final, Protocol

from tradetui.domain.market_data import FeedState
from tradetui.feeds.ccxt.channel import Channel
from tradetui.feeds.ccxt.rest import RestSide, Teller
from tradetui.feeds.ccxt.socket import HardenedClient
from tradetui.feeds.ccxt.stream import Outage, Part, Stream

OVERLAP_S: Final = 2.0
"""For so long both are read when the new one has every book: longer than one lags behind the other."""
_LOOK_S: Final = 1.0
_STEP_S: Final = 0.05
_AGAIN_S: Final = 60.0


class Owner(Teller, Protocol):
    """Whose sockets they are."""

    rest: RestSide

    def streams_of(self, socket: HardenedClient) -> list[Stream]:
        """What comes on a socket."""
        ...

    def close(self, socket: HardenedClient, symbols: frozenset[str], outage: Outage) -> None:
        """Close a socket for the sake of some symbols."""
        ...


class Succession:
    """One old socket, and what its books were when another one was dialed."""

    def __init__(self, old: HardenedClient, streams: Sequence[Stream], books: Mapping[str, Any]) -> None:
        self.old = old
        self.streams = streams
        self.new: HardenedClient | None = None
        self.heard: set[str] = set()
        """Symbols whose prints the exchange tells on the new one, as far as it says so."""
        self._books = {each.symbol: books.get(each.symbol) for each in streams if each.is_book}

    @property
    def symbols(self) -> frozenset[str]:
        """Whose streams they are."""
        return frozenset(each.symbol for each in self.streams)

    @property
    def with_books(self) -> frozenset[str]:
        """Those whose books come on it."""
        return frozenset(self._books)

    @property
    def tells_prints(self) -> bool:
        """Whether the new one says that it tells the prints, where the exchange says such things."""
        wanted = {each.symbol for each in self.streams if not each.is_book}
        return not self.old.says_prints or self.heard >= wanted

    def has_replaced(self, symbol: str, books: Mapping[str, Any]) -> bool:
        """Whether a book is the new socket's already."""
        return symbol in self._books and books.get(symbol) is not self._books[symbol]

    def has_begun(self, books: Mapping[str, Any]) -> bool:
        """Whether any book is."""
        return any(self.has_replaced(symbol, books) for symbol in self._books)

    def is_whole(self, channels: Mapping[str, Channel]) -> bool:
        """Whether each book was delivered as the new socket has it."""
        readers = {symbol: channels[symbol].book_reader for symbol in self._books}
        return all(
            reader.book is not None and reader.book is not self._books[symbol]
            for symbol, reader in readers.items()
        )


class Renewals:
    """Renews the sockets of an exchange one after another."""

    def __init__(self, owner: Owner, exchange: Any, channels: Mapping[str, Channel]) -> None:
        self._owner, self._exchange, self._channels = owner, exchange, channels
        self._running: dict[str, Succession] = {}

    # --- what the hub asks

    def of(self, socket: HardenedClient) -> Succession | None:
        """The succession that a socket takes part in."""
        return self._running.get(socket.url)

    def is_old(self, socket: HardenedClient) -> bool:
        """Whether another one takes its place just now."""
        succession = self._running.get(socket.url)
        return succession is not None and succession.old is socket

    def is_muted(self, socket: HardenedClient, symbols: Sequence[str]) -> bool:
        """Whether books that an old socket tells of are the new one's already."""
        succession = self._running.get(socket.url)
        if succession is None or succession.old is not socket:
            return False
        return any(succession.has_replaced(symbol, self._exchange.orderbooks) for symbol in symbols)

    def hear(self, socket: HardenedClient) -> None:
        """A new socket tells something: where whole books come by REST, they are its own from here on."""
        succession = self._running.get(socket.url)
        if succession is None or succession.old is socket or socket.tap is None or not socket.tap.asks_rest:
            return
        books = self._exchange.orderbooks
        for symbol in succession.with_books:
            if symbol in books and not succession.has_replaced(symbol, books):
                del books[symbol]  # ccxt would empty it, and go on with it

    def give_up(self, url: str) -> None:
        """The streams of an address are broken off: whoever of the two is left ends too."""
        self._running.pop(url, None)

    def goes_on(self, lost: HardenedClient) -> bool:
        """Whether the loss of a socket costs nothing, as the other one has everything."""
        succession = self._running.pop(lost.url, None)
        if succession is None:
            return False
        clients = self._exchange.clients
        if lost is succession.old:
            new = succession.new = clients.get(lost.url)
            if new is not None and new.opened_at and succession.is_whole(self._channels):
                return True
            if new is not None:
                del clients[lost.url]
                new.is_lost = True
            return False
        if succession.has_begun(self._exchange.orderbooks):
            return False
        clients[lost.url] = succession.old
        return True

    # --- renewing

    async def run(self, ask: Callable[[Stream], Awaitable[None]], *, within_s: float) -> None:
        """Renew what grows old, until canceled."""
        while True:
            await asyncio.sleep(_LOOK_S)
            now = monotonic()
            due = [each for each in list(self._exchange.clients.values()) if self._is_due(each, now)]
            for socket in due:
                await self._renew(socket, ask, within_s=within_s)

    def _is_due(self, socket: HardenedClient, now: float) -> bool:
        if not socket.opened_at or now < socket.renew_at or socket.is_lost or socket.tap is None:
            return False
        streams = self._owner.streams_of(socket)
        is_well = all(each.is_live or not each.is_book for each in streams) and not any(
            each.is_broken for each in streams
        )
        return bool(streams) and is_well and not self._exchange.pause_s

    async def _renew(
        self, old: HardenedClient, ask: Callable[[Stream], Awaitable[None]], *, within_s: float
    ) -> None:
        if self._exchange.clients.get(old.url) is not old:
            return
        succession = Succession(old, self._owner.streams_of(old), self._exchange.orderbooks)
        old.renew_at = monotonic() + _AGAIN_S
        self._running[old.url] = succession
        del self._exchange.clients[old.url]
        asking = [asyncio.ensure_future(ask(stream)) for stream in succession.streams]
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(within_s):
                    await self._until_ready(succession)
            await self._settle(succession)
        finally:
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)

    async def _until_ready(self, succession: Succession) -> None:
        """Wait until the new socket has everything, or it is over."""
        whole_at = None
        while self.of(succession.old) is succession:
            new = succession.new = self._exchange.clients.get(succession.old.url)
            is_open = new is not None and bool(new.opened_at) and new.asked >= len(succession.streams)
            now = monotonic()
            whole_at = (whole_at or now) if is_open and succession.is_whole(self._channels) else None
            if whole_at is not None and now - whole_at >= OVERLAP_S and succession.tells_prints:
                return
            await asyncio.sleep(_STEP_S)

    async def _settle(self, succession: Succession) -> None:
        """Close what is not needed any more."""
        old, books = succession.old, self._exchange.orderbooks
        new = self._exchange.clients.get(old.url)
        if self._running.pop(old.url, None) is not succession:
            spent = [each for each in (old, succession.new) if each is not None and each is not new]
        elif new is not None and succession.is_whole(self._channels):
            self._end_words(succession)
            spent = [old]
        elif not succession.has_begun(books):
            self._exchange.clients[old.url] = old
            spent = [new] if new is not None else []
        else:
            spent = [old]
            self._owner.close(
                new or old, succession.symbols, Outage(FeedState.DOWN, "no book after renewing")
            )
        for socket in spent:
            await socket.shut()

    def _end_words(self, succession: Succession) -> None:
        """What the old socket said ends with it."""
        self._owner.rest.reopen(self._owner, succession.old)
        for symbol in succession.symbols:
            self._owner.say(symbol, Part.NOTICE, FeedState.STREAMING)
