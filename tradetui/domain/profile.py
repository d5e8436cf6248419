"""A profile: an exchange (or the simulator, or a recording) with its paper account."""

from __future__ import annotations

from decimal import Decimal

import msgspec


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """The way to an exchange."""

    ca_file: str = ""
    """An authority of the user's own, beside those that are known; empty for none."""
    proxy: str = ""
    """Every connection goes through it; empty for none."""


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What the trader switches between with a key; each has an account and a journal of its own."""

    name: str
    exchange: str
    """An exchange id as ccxt knows it, or sim, or replay."""
    kind: str = "spot"
    """spot, spot_margin, perp_linear or perp_inverse: what symbols are that do not say otherwise."""
    symbols: tuple[str, ...]
    """The watchlist, the default symbol first."""
    scan: tuple[str, ...] = ()
    """Patterns of symbols of which only tickers are read, for movers below the watchlist."""
    currency: str = "USDT"
    balance: Decimal = Decimal(10000)
    maker_fee: Decimal | None = None
    """None: what the exchange's metadata says."""
    taker_fee: Decimal | None = None
    leverage: Decimal = Decimal(1)
    """On perpetuals."""
    endpoint: str = ""
    """A loopback address that stands in for every host of the exchange; empty for the exchange itself."""
    stream: str = "native"
    """native: the venue's own streams where there are any; ccxt: always through ccxt."""
    zone: str = "UTC"
    """IANA name of the zone in which trading days begin."""
    roll: str = "00:00"
    """Local time at which a trading day begins."""
    minimum_balance: Decimal = Decimal(0)
    """Equity that a withdrawal has to leave."""
    margin_mode: str = "isolated"
    """isolated or cross: of a new account."""
    maintenance: str = "mark_mm"
    """mark_mm or entry_mm: at which price a venue takes maintenance."""
    assumed_maintenance: Decimal | None = Decimal("0.005")
    """Of contracts whose venue tells no leverage tiers; None: no entries in them."""
    margin_call_level: Decimal = Decimal("0.8")
    """On spot_margin: equity as a part of the margin used at which it is called."""
    margin_liquidation_level: Decimal = Decimal("0.4")
    margin_covered_level: Decimal = Decimal(1)
    """The level that is closed up to."""
    opening_fee: Decimal = Decimal("0.0002")
    """On spot_margin: of what is borrowed, once."""
    rollover_fee: Decimal = Decimal("0.0002")
    """The same for each period that a position stays open."""
    rollover_hours: int = 4
    fee_tiers: tuple[tuple[Decimal, Decimal, Decimal], ...] = ()
    """Rows of 30-day volume, maker fee and taker fee."""
    fee_asset: str = "received"
    """What fees of spot are paid in: received, quote, or the name of a third asset."""
    fee_multiplier: Decimal = Decimal(1)
    """Of the standard fee, where a third asset pays it."""
    network: Network = Network()
