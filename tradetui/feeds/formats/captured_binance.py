"""Binance as cryptofeed captured it: combined streams, and books by REST in files of their own."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from urllib.parse import parse_qs, urlsplit

import msgspec

from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import BookSnapshot
from tradetui.feeds.binance import BinanceCodec, DepthUpdate
from tradetui.feeds.formats.captured import Names, Rule
from tradetui.feeds.formats.listing import named
from tradetui.feeds.native.binance import Depth, DepthBook
from tradetui.feeds.native.venue import BookSequence, Item


class _Filter(msgspec.Struct):
    filterType: str  # noqa: N815  (the venue's names)
    tickSize: Decimal = Decimal(0)  # noqa: N815
    stepSize: Decimal = Decimal(0)  # noqa: N815


class _Listing(msgspec.Struct):
    symbol: str
    filters: list[_Filter] = []
    contractSize: Decimal = Decimal(1)  # noqa: N815


class _ExchangeInfo(msgspec.Struct):
    symbols: list[_Listing] = []


class _Codec(BinanceCodec):
    def __init__(self, names: Names) -> None:
        super().__init__({})
        self._symbols = names


class CapturedBinance:
    """Spot, or the futures of either kind."""

    def __init__(self, *, futures: bool) -> None:
        self.venue = "binance futures" if futures else "binance"
        self.names = Names(partial(named, contracts=futures))
        self._futures = futures
        self._codec = _Codec(self.names)

    def decode(self, frame: bytes, ts_received: int) -> Sequence[Item]:
        """A frame as items; raises ValueError or KeyError."""
        message = self._codec.decode(frame, ts_received)
        if message is None:
            return ()
        return (Depth(message.delta.symbol, message),) if isinstance(message, DepthUpdate) else (message,)

    def is_book(self, url: str) -> bool:
        """Whether an address answers with a book."""
        return urlsplit(url).path.endswith("/depth")

    def answer(self, url: str, body: bytes, ts_received: int) -> Sequence[Item]:
        """A whole book, of the symbol in the address."""
        symbol = self.names[parse_qs(urlsplit(url).query)["symbol"][0]]
        book = self._codec.decode(body, ts_received)
        if not isinstance(book, BookSnapshot):
            raise ValueError("expected a whole book")  # noqa: TRY004  (what came is wrong, not its type)
        return (Depth(symbol, msgspec.structs.replace(book, symbol=symbol)),)

    def rules(self, url: str, body: bytes) -> dict[str, Rule]:
        """What exchangeInfo says."""
        if not urlsplit(url).path.endswith("/exchangeInfo"):
            return {}
        listed = msgspec.json.decode(body, type=_ExchangeInfo, strict=False).symbols
        rules = {}
        for each in listed:
            steps = {rule.filterType: rule for rule in each.filters}
            price, lot = steps.get("PRICE_FILTER"), steps.get("LOT_SIZE")
            if price and lot and price.tickSize and lot.stepSize:
                rules[each.symbol] = Rule(
                    price.tickSize.normalize(), lot.stepSize.normalize(), each.contractSize
                )
        return rules

    def book(self, instrument: Instrument) -> BookSequence:
        """Buffer, snapshot, drop, apply."""
        del instrument
        return DepthBook(futures=self._futures)
