"""Every venue with its market: a captured one where there is a capture, else the made-up one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path

from tests.exchanges import tape
from tests.exchanges.exchange import Exchange, Wording
from tests.exchanges.tape import Market, Step
from tests.exchanges.venues.binance import Binance, BinanceUsdM
from tests.exchanges.venues.bitget import Bitget, BitgetNumbered, BitgetUsdtM
from tests.exchanges.venues.bybit import Bybit, BybitLinear
from tests.exchanges.venues.coinbase import Coinbase
from tests.exchanges.venues.kraken import Kraken
from tests.exchanges.venues.kraken_futures import KrakenFutures
from tests.exchanges.venues.okx import Okx, OkxSwap

VENUES: dict[str, type[Wording]] = {
    "binance": Binance,
    "binance-usdm": BinanceUsdM,
    "coinbase": Coinbase,
    "kraken": Kraken,
    "kraken-futures": KrakenFutures,
    "bybit": Bybit,
    "bybit-linear": BybitLinear,
    "bitget": Bitget,
    "okx": Okx,
}
CONTRACTS: dict[str, type[Wording]] = {
    "bitget-usdt-m": BitgetUsdtM,
    "bitget-numbered": BitgetNumbered,
    "okx-swap": OkxSwap,
}
"""Other markets and forms of venues that are there already; no part of the plan of faults."""
WAYS = [(venue, "native") for venue in VENUES] + [(venue, "ccxt") for venue in (*VENUES, "bitget-numbered")]
"""Each venue by its own streams, and through ccxt."""
CAPTURED: dict[str, Callable[[Path], Iterable[Step]]] = {
    "binance": lambda captures: tape.binance(captures, futures=False),
    "binance-usdm": lambda captures: tape.binance(captures, futures=True),
    "kraken": tape.kraken,
    "kraken-futures": tape.kraken_futures,
    "okx": tape.okx,
}


def exchange_of(venue: str, captures: Path | None) -> Exchange:
    """A venue on loopback that has not begun to listen."""
    wording = (VENUES | CONTRACTS)[venue]()
    if captures is not None and venue in CAPTURED:
        steps = CAPTURED[venue](captures)
    else:
        lot = Decimal(1).scaleb(-min(3, wording.scales[1]))
        steps = tape.generated(tick=Decimal("0.1"), lot=lot)
    return Exchange(wording, Market(steps))
