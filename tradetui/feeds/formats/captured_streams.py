"""Venues whose streams of today cryptofeed's captures may hold: frames that the native codecs read.

Kraken's websocket v2, Coinbase Advanced Trade, Bybit v5 and Bitget v2. The depth of a book of Kraken's is
told by its whole books; a hole in Coinbase's count takes the trust of every book of its file.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import BookDelta, BookSnapshot
from tradetui.feeds.book_sync import Sync
from tradetui.feeds.formats.captured import ByCodec, ByStream, Names, Rule
from tradetui.feeds.formats.captured_kraken import pair_rules
from tradetui.feeds.formats.listing import Named, named
from tradetui.feeds.native.bitget import BitgetBook, BitgetVenue
from tradetui.feeds.native.bybit import BybitVenue
from tradetui.feeds.native.coinbase import CoinbaseBook, CoinbaseVenue
from tradetui.feeds.native.kraken import KrakenVenue
from tradetui.feeds.native.kraken_book import KrakenBook, Part
from tradetui.feeds.native.sequence import NumberedBook
from tradetui.feeds.native.venue import BookPart, BookSequence, Item, Lost

_DEPTHS: Final = (10, 25, 100, 500, 1000)
"""Levels of a side that Kraken offers."""
_SPOT: Final = b'"instType":"SPOT"'


def _contract(venue_name: str) -> Named:
    """A perpetual: one on the dollar settles in its base."""
    return named(venue_name, contracts=True)


class CapturedKrakenV2(ByStream):
    """Kraken's spot market."""

    venue = "kraken"

    def __init__(self) -> None:
        self.names = Names(named)
        self._codec = KrakenVenue()
        self._codec.read_by(self.names)

    def decode(self, frame: bytes, ts_received: int) -> Sequence[Item]:
        """A frame as items; raises ValueError or KeyError."""
        return self._codec.decode(frame, ts_received)

    def rules(self, url: str, body: bytes) -> dict[str, Rule]:
        """What the listing of pairs says, by the names that these streams use."""
        rules = pair_rules(url, body)
        return {name.replace("XBT", "BTC").replace("XDG", "DOGE"): rule for name, rule in rules.items()}

    def book(self, instrument: Instrument) -> BookSequence:
        """Held against its checksum."""
        return _AnyDepth(instrument)


class _AnyDepth(KrakenBook):
    """A book as deep as its whole book was."""

    def __init__(self, instrument: Instrument) -> None:
        super().__init__(instrument, _DEPTHS[-1])

    def take(self, part: BookPart) -> Sequence[BookSnapshot | BookDelta]:
        """What may be delivered after a part of the book came."""
        assert isinstance(part, Part)  # noqa: S101 - a venue's book gets its own parts only
        if isinstance(part.message, BookSnapshot):
            count = max(len(part.message.bids), len(part.message.asks))
            self._depth = next((depth for depth in _DEPTHS if depth >= count), _DEPTHS[-1])
        return super().take(part)


class _Hole(BookPart, frozen=True):
    """Frames before this moment are missing."""

    reason: str


class _UntilHole(CoinbaseBook):
    """A book that is whole until the count of its connection has a hole."""

    def take(self, part: BookPart) -> Sequence[BookSnapshot | BookDelta]:
        """What may be delivered after a part of the book came."""
        if isinstance(part, _Hole):
            self.state, self.reason = Sync.GAP, part.reason
            return ()
        return super().take(part)


class _Numbered(msgspec.Struct):
    sequence_num: int | None = None


_number: Final = msgspec.json.Decoder(_Numbered).decode


class CapturedAdvanced(ByCodec):
    """Coinbase Advanced Trade."""

    venue = "coinbase"

    def __init__(self) -> None:
        self._coinbase = CoinbaseVenue()
        super().__init__(self._coinbase, named)

    def decode(self, frame: bytes, ts_received: int) -> Sequence[Item]:
        """A frame as items; raises ValueError or KeyError."""
        number, last = _number(frame).sequence_num, self._coinbase.memory("")
        if number is not None and last is not None and number <= last:
            self._coinbase.remember("", None)  # another connection, or the capture from its start again
        items = super().decode(frame, ts_received)
        lost = next((item for item in items if isinstance(item, Lost)), None)
        return items if lost is None else [_Hole(symbol, lost.text) for symbol in self.names.values()]

    def rules(self, url: str, body: bytes) -> dict[str, Rule]:
        """What the products' listing says."""
        if not urlsplit(url).path.endswith("/products"):
            return {}
        listed = msgspec.json.decode(body)
        rows = listed.get("products", []) if isinstance(listed, dict) else listed
        return {
            str(row.get("product_id") or row.get("id")): Rule(
                Decimal(row["quote_increment"]), Decimal(row["base_increment"])
            )
            for row in rows
        }

    def book(self, instrument: Instrument) -> BookSequence:
        """Whole as long as nothing of its connection is missing."""
        del instrument
        return _UntilHole()


class CapturedBybit(ByCodec):
    """Bybit v5, spot or linear contracts: each has an address of its own."""

    def __init__(self, *, linear: bool) -> None:
        self.venue = "bybit linear" if linear else "bybit"
        super().__init__(BybitVenue(linear=linear), _contract if linear else named)

    def rules(self, url: str, body: bytes) -> dict[str, Rule]:
        """What the instruments' listing says."""
        if not urlsplit(url).path.endswith("/instruments-info"):
            return {}
        rows = msgspec.json.decode(body).get("result", {}).get("list", [])
        return {row["symbol"]: Rule(*_steps(row)) for row in rows}

    def book(self, instrument: Instrument) -> BookSequence:
        """Counted by one."""
        del instrument
        return NumberedBook()


def _steps(row: dict[str, Any]) -> tuple[Decimal, Decimal]:
    lot = row["lotSizeFilter"]
    return Decimal(row["priceFilter"]["tickSize"]), Decimal(lot.get("qtyStep") or lot["basePrecision"])


class CapturedBitget(ByStream):
    """Bitget v2, spot and contracts from one address: they share names, and the type tells them apart."""

    venue = "bitget"

    def __init__(self) -> None:
        self._spot, self._contracts = (
            ByCodec(BitgetVenue(), named),
            ByCodec(BitgetVenue(), _contract),
        )
        self.names: Names = _TwoNames(self._spot.names, self._contracts.names)

    def decode(self, frame: bytes, ts_received: int) -> Sequence[Item]:
        """A frame as items; raises ValueError or KeyError."""
        is_spot = _SPOT in frame[:200].replace(b" ", b"")
        return (self._spot if is_spot else self._contracts).decode(frame, ts_received)

    def rules(self, url: str, body: bytes) -> dict[str, Rule]:
        """What the listing of spot symbols says; contracts are on the grid that they show."""
        if not urlsplit(url).path.endswith("/spot/public/symbols"):
            return {}
        rows = msgspec.json.decode(body).get("data", [])
        return {
            row["symbol"]: Rule(_step(row["pricePrecision"]), _step(row["quantityPrecision"])) for row in rows
        }

    def book(self, instrument: Instrument) -> BookSequence:
        """Held against its checksum."""
        del instrument
        return BitgetBook()


class _TwoNames(Names):
    """The names of two markets; those of contracts are marked, as their rules are others."""

    def __init__(self, spot: Names, contracts: Names) -> None:
        super().__init__(named)
        self._both = (spot, contracts)

    def of(self, symbol: str) -> tuple[str, Named]:
        """The venue's name of a symbol that came, and what it says."""
        spot, contracts = self._both
        if ":" not in symbol:
            return spot.of(symbol)
        name, meaning = contracts.of(symbol)
        return f"{name}:", meaning


def _step(places: str | int) -> Decimal:
    return Decimal(1).scaleb(-int(places))
