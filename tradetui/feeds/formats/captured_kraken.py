"""Kraken's websocket v1 and Kraken Futures as cryptofeed captured them.

Source: Kraken's websocket v1 documentation and captured frames. A frame is a list: channel, one or two
parts, kind, pair. The checksum runs over the digits of the ten best asks, then bids, as they were sent,
without point and leading zeros. Levels beyond the subscribed depth are to be forgotten.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit
from zlib import crc32

import msgspec

from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import BestQuote, BookDelta, BookSnapshot, Side, Trade
from tradetui.feeds.book_sync import Sync
from tradetui.feeds.formats.captured import ByCodec, ByStream, Names, Rule
from tradetui.feeds.formats.listing import Named, named
from tradetui.feeds.native.kraken_futures import KrakenFuturesVenue
from tradetui.feeds.native.sequence import NumberedBook
from tradetui.feeds.native.venue import BookPart, BookSequence, Item
from tradetui.feeds.native.wire import Levels

_CHECKED: Final = 10
_END_OF_TIME: Final = 10**10
"""Seconds since 1970."""
_SIDES: Final = {"b": Side.BUY, "s": Side.SELL}
_levels: Final = partial(msgspec.convert, type=Levels, strict=False)
Texts = list[list[str]]


class Part(BookPart, frozen=True):
    """A snapshot or an update, the texts of its levels, and the checksum of the book after it."""

    message: BookSnapshot | BookDelta
    bids: Texts
    asks: Texts
    checksum: int | None
    depth: int


class CheckedBook:
    """Holds each update's checksum against the book that it leaves."""

    def __init__(self) -> None:
        self.state = Sync.WAITING
        self.reason = ""
        self._sides: tuple[dict[float, str], dict[float, str]] = ({}, {})

    def restart(self) -> None:
        """Only a snapshot helps."""
        self.state = Sync.WAITING

    def take(self, part: BookPart) -> Sequence[BookSnapshot | BookDelta]:
        """What may be delivered after a part of the book came."""
        assert isinstance(part, Part)  # noqa: S101 - a venue's book gets its own parts only
        if isinstance(part.message, BookSnapshot):
            self.state, self._sides = Sync.STREAMING, ({}, {})
        elif self.state is not Sync.STREAMING:
            return ()
        gone = [
            self._update(side, texts, part.depth, worst)
            for side, texts, worst in zip(self._sides, (part.bids, part.asks), (min, max), strict=True)
        ]
        if part.checksum is not None and self._checksum() != part.checksum:
            self.state, self.reason = Sync.GAP, "its checksum does not match"
            return ()
        message = part.message
        return (msgspec.structs.replace(message, bids=message.bids + gone[0], asks=message.asks + gone[1]),)

    def _update(
        self, side: dict[float, str], texts: Texts, depth: int, worst: Any
    ) -> list[tuple[float, float]]:
        for price, qty, *_ in texts:
            if float(qty):
                side[float(price)] = _digits(price) + _digits(qty)
            else:
                side.pop(float(price), None)
        gone = []
        while len(side) > depth:
            dropped = worst(side)
            del side[dropped]
            gone.append((dropped, 0.0))
        return gone

    def _checksum(self) -> int:
        bids, asks = self._sides
        best = [asks[price] for price in heapq.nsmallest(_CHECKED, asks)]
        best += [bids[price] for price in heapq.nlargest(_CHECKED, bids)]
        return crc32("".join(best).encode())


def _digits(text: str) -> str:
    return text.replace(".", "").lstrip("0")


class CapturedKraken(ByStream):
    """Spot."""

    venue = "kraken"

    def __init__(self) -> None:
        self.names = Names(named)

    def decode(self, frame: bytes, ts_received: int) -> Sequence[Item]:
        """A frame as items; raises ValueError or KeyError."""
        content = msgspec.json.decode(frame)
        if not isinstance(content, list):
            return ()
        try:
            _, *parts, kind, pair = content
            return self._read(kind, self.names[pair], parts, ts_received)
        except (TypeError, IndexError, AttributeError, ArithmeticError) as error:
            raise ValueError(f"expected a frame of Kraken: {error}") from None

    def _read(self, kind: str, symbol: str, parts: list[Any], ts: int) -> Sequence[Item]:
        if kind.startswith("book-"):
            merged = {key: value for part in parts for key, value in part.items()}
            return (_part(symbol, merged, int(kind.removeprefix("book-")), ts),)
        if kind == "trade":
            return [_print(symbol, row, ts) for row in parts[0]]
        if kind == "ticker":
            (bid, bid_qty), (ask, ask_qty) = _levels([parts[0][side][::2] for side in ("b", "a")])
            return (BestQuote(symbol, 0, ts, bid, bid_qty, ask, ask_qty),)
        return ()

    def rules(self, url: str, body: bytes) -> dict[str, Rule]:
        """What the listing of pairs says."""
        return pair_rules(url, body)

    def book(self, instrument: Instrument) -> BookSequence:
        """Held against its checksum."""
        del instrument
        return CheckedBook()


def pair_rules(url: str, body: bytes) -> dict[str, Rule]:
    """What the listing of pairs says, by the names of websocket v1; empty for another answer."""
    if not urlsplit(url).path.endswith("/AssetPairs"):
        return {}
    pairs = msgspec.json.decode(body)["result"].values()
    return {
        pair["wsname"]: Rule(
            Decimal(1).scaleb(-pair["pair_decimals"]), Decimal(1).scaleb(-pair["lot_decimals"])
        )
        for pair in pairs
        if "wsname" in pair
    }


def _part(symbol: str, content: dict[str, Any], depth: int, ts: int) -> Part:
    whole = "as" in content or "bs" in content
    bids: Texts = content.get("bs" if whole else "b", [])
    asks: Texts = content.get("as" if whole else "a", [])
    levels = [_levels([level[:2] for level in side]) for side in (bids, asks)]
    at = max((_time(level[2]) for level in (*bids, *asks)), default=0)
    kind = BookSnapshot if whole else BookDelta
    checksum = int(content["c"]) if "c" in content else None
    return Part(symbol, kind(symbol, at, ts, *levels), bids, asks, checksum, depth)


def _print(symbol: str, row: list[str], ts: int) -> Trade:
    ((price, qty),) = _levels([row[:2]])
    if not qty:
        raise ValueError("expected a quantity above zero")
    return Trade(symbol, _time(row[2]), ts, price, qty, _SIDES[row[3]])


def _time(text: str) -> int:
    seconds = Decimal(text)
    if not 0 <= seconds < _END_OF_TIME:
        raise ValueError(f"{text} is no time")
    return int(seconds.scaleb(9))


class CapturedKrakenFutures(ByCodec):
    """Perpetuals and dated futures, linear (PF, FF) and inverse (PI, FI)."""

    venue = "kraken futures"

    def __init__(self) -> None:
        super().__init__(KrakenFuturesVenue(), _contract)

    def rules(self, url: str, body: bytes) -> dict[str, Rule]:
        """What the instruments' listing says."""
        if not urlsplit(url).path.endswith("/instruments"):
            return {}
        listed = msgspec.json.decode(body)["instruments"]
        return {
            each["symbol"].upper(): Rule(
                Decimal(str(each["tickSize"])),
                Decimal(1).scaleb(-int(each.get("contractValueTradePrecision", 0))),
                Decimal(str(each.get("contractSize", 1))),
            )
            for each in listed
            if "tickSize" in each
        }

    def book(self, instrument: Instrument) -> BookSequence:
        """Counted by one."""
        del instrument
        return NumberedBook()


def _contract(venue_name: str) -> Named:
    kind, _, rest = venue_name.partition("_")
    name = named(rest, contracts=True)
    return name if kind in ("PI", "FI") else msgspec.structs.replace(name, settle=name.quote)
