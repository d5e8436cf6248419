"""Reads what comes through ccxt as an exchange's own streams are read, before ccxt sees it.

ccxt looks at no sequence number of Coinbase, Kraken Futures, Bybit and Bitget, checks no checksum of
Kraken's and OKX's, and keeps notices and most refusals to itself. The codecs and book rules that the
native streams have know all of that: each socket has its own, as some of them count what comes on one.
Binance's books are left to ccxt, which holds them against a snapshot by REST that is not seen here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from tradetui.domain.instrument import Instrument
from tradetui.feeds.book_sync import Sync
from tradetui.feeds.native.kraken_book import KrakenBook
from tradetui.feeds.native.venue import (
    IS_PART,
    UNREADABLE,
    BookPart,
    Closed,
    LiveBook,
    Lost,
    PrintsHeard,
    PrintsMissing,
    Refused,
    Restated,
    ResyncBy,
    Said,
    Venue,
    Word,
    whole_book,
)
from tradetui.feeds.native.venues import recorded_venue

_BY_ADDRESS: Final = ("binance", "bybit")
"""Exchanges whose markets have an address each, and call different instruments by one name."""
_BY_TYPE: Final = ("bitget",)
"""The same on one address: each frame says of which market it is."""
_SILENT_ON_PRINTS: Final = ("binance", "binanceusdm", "bybit")
"""Exchanges whose answer to a subscription does not say what it was for."""
_DEPTH: Final = 10
_WORDS: Final = frozenset({Refused, Said, PrintsHeard, PrintsMissing, Restated, Closed, Lost})
"""What is acted upon; the data is ccxt's to tell."""


class Heard(NamedTuple):
    """What a frame says."""

    words: Sequence[Word] = ()
    lost: Mapping[str, str] = {}
    """Symbols whose books miss something before it, and what."""
    whole: Sequence[str] = ()
    """Symbols whose whole books it brings."""
    books: Sequence[str] = ()
    """Symbols of whose books it tells."""
    is_wanted: bool = True
    """Whether it is for ccxt: not one that is known already, comes before its book, or breaks it."""


class Tap:
    """What reads one socket."""

    def __init__(self, codecs: Sequence[Venue], *, depth: int, instruments: Mapping[str, Instrument]) -> None:
        self._codecs = codecs
        self._depth, self._instruments = depth, instruments
        self._rules: dict[str, LiveBook] = {}
        self.asks_rest = codecs[0].resync is ResyncBy.REST
        """Whether whole books come by REST, and ccxt holds updates against them."""

    def forget(self, symbol: str) -> None:
        """Wait for the symbol's next whole book."""
        if symbol in self._rules:
            self._rules[symbol].restart()

    def read(self, frame: bytes, ts_received: int) -> Heard:
        """Read a frame; one that can not be read says nothing, and ccxt may tell what is wrong with it."""
        items = [item for codec in self._codecs for item in _decoded(codec, frame, ts_received)]
        if not items:
            return Heard()
        parts = [item for item in items if IS_PART[type(item)] and item.symbol in self._instruments]
        words = list(dict.fromkeys(item for item in items if type(item) in _WORDS))
        heard = self._judged(parts) if parts else Heard()
        is_refusal = any(isinstance(word, Refused | Lost) for word in words)
        return heard._replace(words=words, is_wanted=heard.is_wanted and not is_refusal)

    def _judged(self, parts: Sequence[Any]) -> Heard:
        """Which books go on with these."""
        lost: dict[str, str] = {}
        is_new = False
        for part in parts:
            rule = self._rule(part)
            if rule is None:
                return Heard(books=[part.symbol for part in parts])
            is_new = bool(rule.take(part)) or is_new
            if rule.state in (Sync.GAP, Sync.CROSSED):
                lost[part.symbol] = rule.reason
        whole = [part.symbol for part in parts if whole_book(part) is not None]
        return Heard((), lost, whole, [part.symbol for part in parts], is_new and not lost)

    def _rule(self, part: BookPart) -> LiveBook | None:
        """The rule of a part's book; None where ccxt has it."""
        symbol, codec = part.symbol, self._codecs[0]
        if self.asks_rest:
            return None
        if symbol not in self._rules:
            is_kraken = self._instruments[symbol].venue == "kraken"
            own = KrakenBook(self._instruments[symbol], self._depth) if is_kraken else codec.book(symbol)
            self._rules[symbol] = own
        return self._rules[symbol]


class Taps:
    """Makes what reads the sockets of one exchange."""

    def __init__(self, exchange: str, listed: Sequence[Instrument], *, depth: int | None) -> None:
        """`depth` is that of the subscribed books, where a checksum runs over no more."""
        self._exchange = exchange
        self._listed = listed
        self._depth = depth or _DEPTH
        self.tells_prints = exchange not in _SILENT_ON_PRINTS and self._codec(listed[:1]) is not None
        """Whether it says when it begins to tell prints."""

    def of(self, symbols: Sequence[str]) -> Tap | None:
        """What reads a socket that carries these among others; None where the exchange is not known."""
        kinds = {":" in symbol for symbol in symbols}
        known = [
            each for each in self._listed if self._exchange not in _BY_ADDRESS or (not each.is_spot) in kinds
        ]
        groups = [known]
        if self._exchange in _BY_TYPE:
            groups = [[each for each in known if each.is_spot is is_spot] for is_spot in (True, False)]
        codecs = [codec for group in groups if (codec := self._codec(group)) is not None]
        instruments = {each.symbol: each for each in known}
        return Tap(codecs, depth=self._depth, instruments=instruments) if codecs else None

    def _codec(self, instruments: Sequence[Instrument]) -> Venue | None:
        if not instruments:
            return None
        try:
            codec = recorded_venue(self._exchange, contracts=not instruments[0].is_spot)
        except KeyError:
            return None
        codec.lines(instruments)
        return codec


def _decoded(codec: Venue, frame: bytes, ts_received: int) -> Sequence[Any]:
    try:
        return codec.decode(frame, ts_received)
    except UNREADABLE:
        return ()
