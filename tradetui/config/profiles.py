"""The profiles that are shipped, and how a table of the config changes or adds one."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from tradetui.config.settings import Day, ProfileTable
from tradetui.domain.number import parse_decimal
from tradetui.domain.profile import Network, Profile

_USDT: Final = ("BTC/USDT", "ETH/USDT", "SOL/USDT", "ADA/USDT", "DOGE/USDT", "PEPE/USDT")
_USD: Final = ("BTC/USD", "ETH/USD", "SOL/USD", "ADA/USD", "DOGE/USD", "PEPE/USD")
_LINEAR: Final = tuple(f"{symbol}:USDT" for symbol in _USDT[:5])

SHIPPED: Final[dict[str, Profile]] = {
    profile.name: profile
    for profile in (
        Profile(
            name="sim",
            exchange="sim",
            symbols=(*_USDT[:4], "PEPE/USDT", "BTC/USDT:USDT", "ETH/USDT:USDT"),
            leverage=Decimal(10),
        ),
        Profile(name="binance", exchange="binance", symbols=_USDT),
        Profile(
            name="binanceusdm",
            exchange="binanceusdm",
            kind="perp_linear",
            symbols=_LINEAR,
            leverage=Decimal(10),
        ),
        Profile(name="coinbase", exchange="coinbase", symbols=_USD, currency="USD"),
        Profile(name="kraken", exchange="kraken", symbols=_USD, currency="USD"),
        Profile(name="bybit", exchange="bybit", symbols=_USDT),
        Profile(name="bitget", exchange="bitget", symbols=_USDT),
        Profile(name="okx", exchange="okx", symbols=_USDT),
    )
}
"""By name, in the order in which they are offered."""


def merged(
    tables: dict[str, dict[str, object]],
    typed: dict[str, ProfileTable],
    day: Day,
    network: Network,
) -> dict[str, Profile]:
    """The shipped profiles with the config's tables over them; only keys that were written count."""
    found = dict(SHIPPED)
    for name, table in typed.items():
        found[name] = _over(found.get(name), name, table, written=tables[name])
    return {
        name: msgspec.structs.replace(profile, zone=day.zone, roll=day.roll, network=network)
        for name, profile in found.items()
    }


def _over(shipped: Profile | None, name: str, table: ProfileTable, *, written: dict[str, object]) -> Profile:
    base = shipped or Profile(name=name, exchange=table.exchange, symbols=table.symbols)
    changes = {key: getattr(table, key) for key in written if key != "fees"}
    if table.fees is not None:
        changes["maker_fee"], changes["taker_fee"] = table.fees
    if "assumed_maintenance" in changes:
        changes["assumed_maintenance"] = assumed_rate(table.assumed_maintenance)
    return msgspec.structs.replace(base, **changes)


def assumed_rate(text: str) -> Decimal | None:
    """A rate, or None for deny and for nothing; raises ValueError for what is neither."""
    if text in ("", "deny"):
        return None
    rate = parse_decimal(text)
    if not 0 < rate < 1:
        raise ValueError(f"{text} is no rate")
    return rate
