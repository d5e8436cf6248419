"""Tickers of many symbols by REST, now and then: for exchanges whose own streams are not read here."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from time import time_ns
from typing import Any, Final

import msgspec

from tradetui.domain.profile import Profile
from tradetui.feeds.health import Backoff
from tradetui.feeds.native.connection import Connection
from tradetui.feeds.native.venues import has_native
from tradetui.feeds.scan.scanner import chosen, scale_of, scanner_of
from tradetui.feeds.scan.table import ScanTable

_EVERY_S: Final = 30.0
"""One answer may hold thousands of tickers, and a row is called old after two minutes."""
_CAP_S: Final = 600.0
_ABSENT: Final = float("nan")


class PolledScan:
    """Asks an exchange for all tickers at once, and writes those of its symbols."""

    connections: Sequence[Connection] = ()
    """It has none of its own."""

    def __init__(self, exchange: Any, symbols: dict[str, int], *, every_s: float = _EVERY_S) -> None:
        """`symbols` come with the digits of their prices."""
        self.table = ScanTable(symbols)
        self._exchange = exchange
        self._every_s = every_s

    async def run(self) -> None:
        """Ask until canceled, less often after a failure."""
        backoff = Backoff(self._every_s, cap_s=_CAP_S)
        while True:
            try:
                rows = await self._exchange.fetch_tickers(list(self.table.symbols))
                self._take(rows)
                await asyncio.sleep(self._every_s)
            except Exception:  # noqa: BLE001 - rows grow old by themselves
                await asyncio.sleep(backoff.next_wait(0.0))

    def _take(self, rows: dict[str, dict[str, Any]]) -> None:
        now = time_ns()
        for row in rows.values():
            place = self.table.place.get(row.get("symbol", ""))
            last = _number(row.get("last"))
            if place is None or not last > 0:
                continue
            volume = row.get("quoteVolume")
            turnover = _number(volume) if volume is not None else _number(row.get("baseVolume")) * last
            names = ("bid", "bidVolume", "ask", "askVolume")
            bid, bid_qty, ask, ask_qty = (_number(row.get(name)) for name in names)
            touch = (bid, bid_qty, ask, ask_qty) if bid > 0 and ask > 0 else (0.0, 0.0, 0.0, 0.0)
            change = _number(row.get("percentage"))
            self.table.ticker(place, now, touch=touch, last=last, change_pct=change, quote_volume=turnover)


def scan_of(profile: Profile, exchange: Any) -> Any:
    """What scans the symbols that a profile of ccxt asks for; None where it asks for none, or can not be.

    The streams that scan are the exchange's own ones, so they do it for such a profile too.
    """
    if not profile.scan:
        return None
    if has_native(msgspec.structs.replace(profile, stream="native")):
        return scanner_of(profile, exchange)
    if not exchange.has.get("fetchTickers"):
        return None
    scales = {str(market["symbol"]): scale_of(market) for market in chosen(profile, exchange)}
    return PolledScan(exchange, scales) if scales else None


def _number(value: object) -> float:
    """A number of ccxt's; NaN for none."""
    return float(value) if isinstance(value, int | float) else _ABSENT
