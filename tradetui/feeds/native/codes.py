"""Currencies that a venue calls otherwise than they are called here.

ccxt gives a currency one name on all venues, so some symbols here are not made of the venue's own words:
Kraken's LUNA is the old coin, LUNC here, and Coinbase's CGLD is CELO. REST goes by ccxt's own tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

THEIRS: Final[Mapping[str, Mapping[str, str]]] = {
    "bitget": {
        "AstroPepeX": "APX",
        "DegenReborn": "DEGEN",
        "Evadore": "EVA",
        "Jade Protocol": "JADE",
        "omni": "OMNI",
    },
    "coinbase": {"CELO": "CGLD"},
    "kraken": {"LUNC": "LUNA", "LUNA": "LUNA2", "USTC": "UST"},
    "krakenfutures": {"BTC": "XBT"},
    "okx": {"AET": "AE"},
}
"""By exchange and the name here."""


def code_of(exchange: str, currency: str) -> str:
    """What an exchange calls a currency in its streams."""
    return THEIRS.get(exchange, {}).get(currency, currency)
