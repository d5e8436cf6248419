"""Which profiles have streams of their own here."""

from __future__ import annotations

from collections.abc import Callable

from tradetui.domain.profile import Profile
from tradetui.feeds.ccxt.endpoint import rewritten
from tradetui.feeds.native.binance import BinanceVenue
from tradetui.feeds.native.kraken import KrakenVenue
from tradetui.feeds.native.venue import Venue

Make = Callable[[Callable[[str], str]], Venue]
_VENUES: dict[str, Make] = {
    "binance": lambda address: BinanceVenue(futures=False, address=address),
    "binanceusdm": lambda address: BinanceVenue(futures=True, address=address),
    "kraken": lambda address: KrakenVenue(address=address),
}


_LINEAR = frozenset({"binanceusdm"})
"""Exchanges whose native symbols settle in a currency of their own."""


def has_native(profile: Profile) -> bool:
    """Whether the symbols of a profile can come through the exchange's own streams."""
    if profile.stream != "native" or profile.exchange not in _VENUES:
        return False
    is_linear = profile.exchange in _LINEAR
    return all((":" in symbol) is is_linear for symbol in profile.symbols)


def venue_of(profile: Profile) -> Venue:
    """The venue of a profile, behind its endpoint where it has one; raises KeyError without one."""

    def address(url: str) -> str:
        return rewritten(url, profile.endpoint) if profile.endpoint else url

    return _VENUES[profile.exchange](address)
