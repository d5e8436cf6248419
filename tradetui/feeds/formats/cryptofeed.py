"""Cryptofeed's raw captures: what connections and REST answers brought, a line each.

A `.ws` file holds `<seconds>: <frame>`, behind lines `wss://… <-> <seconds>` for an open connection and
`wss://… <- <seconds>: <frame>` for what was sent; an `.http` file holds `https://… -> <seconds>: <answer>`.
The `.0` file holds the venue's listings, fetched before anything else, and tells the rules of the symbols.
Files of one venue are one recording.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from tradetui.domain.instrument import Instrument
from tradetui.feeds.formats.captured import CapturedVenue, Rule
from tradetui.feeds.formats.captured_binance import CapturedBinance
from tradetui.feeds.formats.captured_bybit import CapturedBybitBefore
from tradetui.feeds.formats.captured_coinbase import CapturedCoinbase
from tradetui.feeds.formats.captured_kraken import CapturedKraken, CapturedKrakenFutures
from tradetui.feeds.formats.captured_numbered import CapturedGate, CapturedKucoin
from tradetui.feeds.formats.captured_okx import CapturedOkx
from tradetui.feeds.formats.captured_streams import (
    CapturedAdvanced,
    CapturedBitget,
    CapturedBybit,
    CapturedKrakenV2,
)
from tradetui.feeds.formats.listing import Grid, made
from tradetui.feeds.formats.reader import Unreadable, shown
from tradetui.feeds.native.venue import BookSequence, Item
from tradetui.feeds.recording import read_blocks

_RECEIVED: Final = re.compile(rb"(\d{9,11}\.\d{1,9}): ")
_ANSWERED: Final = re.compile(rb"(https?://\S+) -> (\d{9,11}\.\d{1,9}): ")
_ABOUT: Final = re.compile(rb"(?:wss?://\S+ <-|configuration: |https?://\S+ -> )")
_URL: Final = re.compile(rb"(?:wss?|https?)://\S+")
_VENUES: Final[dict[str, Callable[[], CapturedVenue]]] = {
    "advanced-trade-ws.coinbase.com": CapturedAdvanced,
    "ws.kraken.com/v2": CapturedKrakenV2,
    "stream.bybit.com/v5/public/spot": lambda: CapturedBybit(linear=False),
    "stream.bybit.com/v5/public/linear": lambda: CapturedBybit(linear=True),
    "stream.bybit.com/realtime": CapturedBybitBefore,
    "stream.bybit.com/realtime_public": CapturedBybitBefore,
    "ws.bitget.com/v2/ws/public": CapturedBitget,
    "stream.binance.com": lambda: CapturedBinance(futures=False),
    "api.binance.com": lambda: CapturedBinance(futures=False),
    "fstream.binance.com": lambda: CapturedBinance(futures=True),
    "fapi.binance.com": lambda: CapturedBinance(futures=True),
    "dstream.binance.com": lambda: CapturedBinance(futures=True),
    "dapi.binance.com": lambda: CapturedBinance(futures=True),
    "ws-feed.pro.coinbase.com": CapturedCoinbase,
    "ws-feed.exchange.coinbase.com": CapturedCoinbase,
    "api.pro.coinbase.com": CapturedCoinbase,
    "ws.kraken.com": CapturedKraken,
    "api.kraken.com": CapturedKraken,
    "futures.kraken.com": CapturedKrakenFutures,
    "api.gateio.ws": CapturedGate,
    "api.kucoin.com": CapturedKucoin,
    "push-private.kucoin.com": CapturedKucoin,
    "ws.okx.com": CapturedOkx,
    "www.okx.com": CapturedOkx,
}
_LISTS_ONLY: Final = ("api.bybit.com", "api.bitget.com", "api.coinbase.com", "api.exchange.coinbase.com")
"""Hosts that list symbols, and belong to whichever streams stand beside them."""
_EITHER: Final = {"api.kraken.com": "kraken", "api.pro.coinbase.com": "coinbase"}
"""Hosts that list symbols for streams of two kinds."""
_OLD: Final = {
    "bitget.com": ": Bitget's streams before v2",
}
"""What other addresses of a venue are."""
_KNOWN: Final = "Binance, Bitget v2, Bybit, Coinbase, Gate.io, Kraken, Kraken Futures, KuCoin or OKX"


def claims(first_line: bytes) -> bool:
    """Whether a file is a capture of cryptofeed."""
    return bool(_ABOUT.match(first_line) or _RECEIVED.match(first_line))


def open_readers(files: Sequence[tuple[Path, bytes]]) -> list[CryptofeedReader]:
    """A reader for each file and its first line, all with one codec.

    Raises:
        Unreadable: The venue is unknown, not told, or not one and the same.
    """
    kinds = _kinds([place for _, line in files if (place := _place(line))])
    names = sorted({_VENUES[kind]().venue for kind in kinds})
    if len(names) > 1:
        raise Unreadable(f"expected captures of one venue, was {' and '.join(names)}")
    make = _VENUES[kinds[0]]
    rules = _rules(make(), [path for path, line in files if _ANSWERED.match(line)])
    return [CryptofeedReader(make(), rules) for _ in files]


def _kinds(places: Sequence[str]) -> list[str]:
    """Which streams the addresses are of, those that only list symbols left out."""
    streams = [place for place in places if place.partition("/")[0] not in _LISTS_ONLY]
    found = [_kind(place) for place in streams]
    unknown = [place for place, kind in zip(streams, found, strict=True) if not kind]
    if unknown or not found:
        was = f"a capture of {_called(unknown[0])}" if unknown else "none that tells its venue"
        raise Unreadable(f"expected a capture of {_KNOWN}, was {was}")
    sure = [kind for kind in found if kind not in _EITHER]
    venues = {_VENUES[kind]().venue for kind in sure}
    return sure + [kind for kind in found if kind in _EITHER and _EITHER[kind] not in venues]


def _called(place: str) -> str:
    """An address that is not read, and what it was where it is an old one of a venue that is."""
    host = place.partition("/")[0]
    old = next((words for end, words in _OLD.items() if host.endswith(end)), "")
    return f"{place.rstrip('/')}{old}"


def _kind(place: str) -> str:
    """The key of an address: its host with its path, or its host."""
    host, _, path = place.partition("/")
    exact = f"{host}/{path.rstrip('/')}"
    if exact in _VENUES:
        return exact
    return host if host in _VENUES else ""


def _place(first_line: bytes) -> str:
    """Host and path of the address that a file begins with; empty where it tells none."""
    found = _URL.match(first_line)
    if not found:
        return ""
    try:
        url = urlsplit(found.group().decode("utf-8", "replace"))
    except ValueError:  # an address that is none
        return ""
    return f"{url.hostname or ''}{url.path}"


def _rules(venue: CapturedVenue, paths: list[Path]) -> dict[str, Rule]:
    """What the listings among the answers say, by the venue's name."""
    rules: dict[str, Rule] = {}
    for path in paths:
        for block in read_blocks(path):
            for line in block.split(b"\n"):
                found = _ANSWERED.match(line)
                if found is not None:
                    rules |= venue.rules(found.group(1).decode(), line[found.end() :])
    return rules


class CryptofeedReader:
    """One file of a venue's capture."""

    groups = False

    def __init__(self, venue: CapturedVenue, rules: dict[str, Rule]) -> None:
        self.format = f"cryptofeed {venue.venue}"
        self._venue = venue
        self._rules = rules

    def stamp(self, line: bytes) -> int:
        """When a frame or an answer came; 0 for what was sent and said about the capture."""
        found = _RECEIVED.match(line)
        if found is not None:
            return _nanoseconds(found.group(1))
        answered = _ANSWERED.match(line)
        if answered is not None:
            url = answered.group(1).decode()
            return _nanoseconds(answered.group(2)) if self._venue.is_book(url) else 0
        if _ABOUT.match(line):
            return 0
        raise Unreadable(f"expected `<seconds>: <frame>`, was {shown(line)}")

    def decode(self, lines: Sequence[bytes], ts: int) -> Sequence[Item]:
        """A frame or an answer as items."""
        line = lines[0]
        try:
            found = _RECEIVED.match(line)
            if found is not None:
                return self._venue.decode(line[found.end() :], ts)
            answered = _ANSWERED.match(line)
            assert answered is not None  # noqa: S101 - only lines with a stamp come here
            return self._venue.answer(answered.group(1).decode(), line[answered.end() :], ts)
        except (ValueError, KeyError, RecursionError) as error:
            raise Unreadable(f"expected a frame of {self._venue.venue}: {error}: {shown(line)}") from None

    def instrument(self, symbol: str, grid: Grid) -> Instrument:
        """The symbol under the venue's rules, where the capture holds them."""
        venue_name, name = self._venue.names.of(symbol)
        rule = self._rules.get(venue_name) or Rule(grid.tick_size, grid.lot_size)
        return made(
            self._venue.venue,
            name,
            tick_size=rule.tick_size,
            lot_size=rule.lot_size,
            contract_size=rule.contract_size,
        )

    def book(self, instrument: Instrument) -> BookSequence:
        """The venue's own rule."""
        return self._venue.book(instrument)


def _nanoseconds(seconds: bytes) -> int:
    whole, _, part = seconds.partition(b".")
    return int(whole) * 1_000_000_000 + int(part.ljust(9, b"0"))
