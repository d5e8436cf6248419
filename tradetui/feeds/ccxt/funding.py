"""Funding of perpetuals by REST: the rate to come, and the official ones of the past (section 10.6).

The past is asked for again and again and told whole: whoever books it knows what is booked already, and
so a start after days off catches up by itself.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from time import time_ns
from typing import Any, Final

from tradetui.domain.market_data import FundingRate, FundingSettled
from tradetui.feeds.ccxt.asking import of_each

_MS: Final = 1_000_000
_PAST: Final = 100
"""So many funding times of the past are asked for: a month of them at eight hours."""
FUNDING_EVERY_S: Final = 60.0
"""How often it is asked for: official rates come within minutes of their time."""
Funding = FundingRate | FundingSettled
Ask = Callable[[Any, str], Awaitable[list[Funding]]]


async def fetch_funding(exchange: Any, symbols: list[str]) -> list[Funding]:
    """What the exchange says of each perpetual's funding; raises ccxt errors where it says nothing."""
    return await _told(exchange, symbols, _ASKS)


async def fetch_settled(exchange: Any, symbols: list[str]) -> list[Funding]:
    """The official rates of the past; raises as `fetch_funding` does."""
    return await _told(exchange, symbols, _ASKS[:1])


async def fetch_predicted(exchange: Any, symbols: list[str]) -> list[Funding]:
    """The rate to come; raises as `fetch_funding` does."""
    return await _told(exchange, symbols, _ASKS[1:])


async def _told(exchange: Any, symbols: list[str], asks: Sequence[tuple[str, Ask]]) -> list[Funding]:
    wanted = [(ask, symbol) for symbol in symbols for has, ask in asks if exchange.has.get(has)]
    return await of_each(wanted, lambda each: each[0](exchange, each[1]))


async def _past(exchange: Any, symbol: str) -> list[Funding]:
    rows = await exchange.fetch_funding_rate_history(symbol, None, _PAST)
    return [each for row in rows if (each := settled_of(row, symbol, time_ns())) is not None]


async def _predicted(exchange: Any, symbol: str) -> list[Funding]:
    predicted = predicted_of(await exchange.fetch_funding_rate(symbol), symbol, time_ns())
    return [predicted] if predicted is not None else []


_ASKS: Final[Sequence[tuple[str, Ask]]] = (
    ("fetchFundingRateHistory", _past),
    ("fetchFundingRate", _predicted),
)


def settled_of(row: dict[str, Any], symbol: str, ts_received: int) -> FundingSettled | None:
    """An official rate of ccxt's history; None without rate or time, or where it is still to come."""
    rate, stamp = _number(row.get("fundingRate")), row.get("timestamp")
    if rate is None or not stamp or stamp * _MS > ts_received:
        return None
    mark = _number((row.get("info") or {}).get("markPrice"))
    return FundingSettled(symbol, round(stamp) * _MS, ts_received, rate, mark if mark and mark > 0 else None)


def predicted_of(row: dict[str, Any], symbol: str, ts_received: int) -> FundingRate | None:
    """The rate to come as ccxt tells it; None without one.

    Some exchanges give the time at which the present rate is settled, some only the one after it.
    """
    rate = _number(row.get("fundingRate"))
    stamps = (row.get("fundingTimestamp"), row.get("nextFundingTimestamp"))
    ahead = [round(stamp) * _MS for stamp in stamps if stamp and stamp * _MS > ts_received]
    if rate is None:
        return None
    stamp = row.get("timestamp")
    return FundingRate(symbol, round(stamp) * _MS if stamp else 0, ts_received, rate, min(ahead, default=0))


def _number(value: object) -> float | None:
    try:
        number = float(value)  # type: ignore[arg-type]  # whatever the exchange sent
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
