"""Which profiles have streams of their own here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from tradetui.domain.profile import Profile
from tradetui.feeds.ccxt.endpoint import rewritten
from tradetui.feeds.native.base import Address
from tradetui.feeds.native.binance import BinanceVenue
from tradetui.feeds.native.bitget import BitgetVenue
from tradetui.feeds.native.bybit import BybitVenue
from tradetui.feeds.native.coinbase import CoinbaseVenue
from tradetui.feeds.native.kraken import KrakenVenue
from tradetui.feeds.native.kraken_futures import KrakenFuturesVenue
from tradetui.feeds.native.okx import OkxVenue
from tradetui.feeds.native.venue import Venue

_VENUES: Final[dict[tuple[str, bool], Callable[[Address], Venue]]] = {
    ("binance", False): lambda address: BinanceVenue(futures=False, address=address),
    ("binance", True): lambda address: BinanceVenue(futures=True, address=address),
    ("binanceusdm", True): lambda address: BinanceVenue(futures=True, address=address),
    ("bitget", False): lambda address: BitgetVenue(address=address),
    ("bitget", True): lambda address: BitgetVenue(address=address),
    ("bybit", False): lambda address: BybitVenue(linear=False, address=address),
    ("bybit", True): lambda address: BybitVenue(linear=True, address=address),
    ("coinbase", False): lambda address: CoinbaseVenue(address=address),
    ("kraken", False): lambda address: KrakenVenue(address=address),
    ("krakenfutures", True): lambda address: KrakenFuturesVenue(address=address),
    ("okx", False): lambda address: OkxVenue(address=address),
    ("okx", True): lambda address: OkxVenue(address=address),
}
"""By exchange, and whether the symbols are contracts; a profile that has both comes through ccxt."""
_LINEAR_ONLY: Final = ("binance", "binanceusdm", "bybit")
"""Their inverse contracts are told at other addresses, which are read through ccxt."""


def has_native(profile: Profile) -> bool:
    """Whether the symbols of a profile can come through the exchange's own streams."""
    return profile.stream == "native" and _key(profile) in _VENUES


def fits(profile: Profile, symbol: str) -> bool:
    """Whether a symbol comes by the same streams as those of a profile."""
    one = msgspec.structs.replace(profile, symbols=(symbol,), scan=())
    return _key(profile) is not None and _key(one) == _key(profile)


def _key(profile: Profile) -> tuple[str, bool] | None:
    kinds = {":" in symbol for symbol in profile.symbols}
    if len(kinds) > 1 or (profile.exchange in _LINEAR_ONLY and any(map(_is_inverse, profile.symbols))):
        return None
    return profile.exchange, kinds.pop()


def _is_inverse(symbol: str) -> bool:
    """Whether a contract settles in its base: BTC/USD:BTC."""
    return symbol.partition("/")[0] == symbol.partition(":")[2]


def recorded_venue(exchange: str, *, contracts: bool) -> Venue:
    """The venue whose frames a recording holds; raises KeyError without one."""
    return _VENUES[exchange, contracts](str)


def venue_of(profile: Profile) -> Venue:
    """The venue of a profile, behind its endpoint where it has one; raises KeyError without one."""

    def address(url: str) -> str:
        return rewritten(url, profile.endpoint) if profile.endpoint else url

    key = _key(profile)
    if key is None:
        raise KeyError(profile.exchange)
    return _VENUES[key](address)
