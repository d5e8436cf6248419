"""What venues with one address, one kind of frame and books by subscription have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from tradetui.domain.instrument import Instrument
from tradetui.feeds.native.connection import Line
from tradetui.feeds.native.sequence import NumberedBook
from tradetui.feeds.native.venue import BookPart, Item, LiveBook, ResyncBy

Address = Callable[[str], str]


class OneAddress:
    """A venue whose streams all come from one address, with the symbol's own name there."""

    resync: ResyncBy = ResyncBy.RESUBSCRIBE
    counts_prints = False
    most_symbols = 50
    """On one connection: a lost one should not take all symbols along."""
    most_joined = 50
    ping = ""
    ping_s = 15.0

    def __init__(self, url: str, *, address: Address = str) -> None:
        """`address` rewrites an address, for a loopback endpoint."""
        self._url = address(url)
        self._instruments: dict[str, Instrument] = {}
        self._symbols: dict[str, str] = {}

    @property
    def hosts(self) -> frozenset[str]:
        """Where its streams are."""
        return frozenset({urlsplit(self._url).netloc})

    def read_by(self, symbols: dict[str, str]) -> None:
        """Read frames by names that somebody else learns as they come."""
        self._symbols = symbols

    def name(self, instrument: Instrument) -> str:
        """What the venue calls an instrument."""
        raise NotImplementedError

    def asks(self, verb: str, names: Sequence[str], *, book_only: bool = False) -> Iterable[str]:
        """The frames that subscribe or unsubscribe."""
        raise NotImplementedError

    def decode(self, frame: bytes, ts_received: int) -> Sequence[Item]:
        """A frame as items; raises FrameError."""
        raise NotImplementedError

    def lines(self, instruments: Sequence[Instrument]) -> Sequence[Line]:
        """So many symbols on each connection."""
        self._instruments = {each.symbol: each for each in instruments}
        self._symbols = {self.name(each): each.symbol for each in instruments}
        symbols, most = [each.symbol for each in instruments], self.most_symbols
        return [self._line(symbols[start : start + most]) for start in range(0, len(symbols), most)]

    def _line(self, symbols: Sequence[str]) -> Line:
        return Line(url=self._url, symbols=tuple(symbols), ping=self.ping, ping_s=self.ping_s)

    def add(self, instrument: Instrument) -> Sequence[Line]:
        """Know one more symbol; the connection that it would have by itself."""
        self._instruments[instrument.symbol] = instrument
        self._symbols[self.name(instrument)] = instrument.symbol
        return [self._line([instrument.symbol])]

    def join(self, line: Line) -> Iterable[str]:
        """The same as for a new connection."""
        return self.asks("subscribe", self._names(line))

    def leave(self, line: Line) -> Iterable[str]:
        """Give up what they were."""
        return self.asks("unsubscribe", self._names(line))

    def _names(self, line: Line) -> list[str]:
        return [self.name(self._instruments[symbol]) for symbol in line.symbols]

    def subscribe(self, line: Line) -> Iterable[str]:
        """What to send when a connection is open."""
        return self.asks("subscribe", self._names(line))

    def resubscribe(self, symbol: str) -> Iterable[str]:
        """The book again: what it was is given up first."""
        names = [self.name(self._instruments[symbol])]
        yield from self.asks("unsubscribe", names, book_only=True)
        yield from self.asks("subscribe", names, book_only=True)

    def revive(self, symbol: str) -> Iterable[str]:
        """Everything again: what it was is given up first."""
        names = [self.name(self._instruments[symbol])]
        yield from self.asks("unsubscribe", names)
        yield from self.asks("subscribe", names)

    def book(self, symbol: str) -> LiveBook:
        """A fresh book rule: numbered messages."""
        del symbol
        return NumberedBook()

    async def snapshot(self, exchange: Any, symbol: str) -> BookPart:
        """Not asked for: the subscription brings it."""
        raise NotImplementedError

    def symbol(self, name: str) -> str:
        """The symbol of a name; raises KeyError for one that nobody asked for."""
        return self._symbols[name]
