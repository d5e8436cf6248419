"""Whether a symbol is traded, asked for by itself: where no stream tells it, the whole list comes hourly.

Binance's spot market, Bybit and Bitget have no public stream for it, and Coinbase's tells only a part. One
row costs little: 20 of Binance's 6,000 a minute, one of some hundred requests a second elsewhere.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

CLOSED: Final = ("cancel_only", "post_only", "limit_only", "auction_mode", "view_only", "is_disabled")
"""Flags of a product of Coinbase."""
_DISABLED: Final = "trading_disabled"
_WORDS: Final = ("status", "symbolStatus")
_TRADED: Final = ("TRADING", "Trading", "online", "normal")
Rows = Sequence[dict[str, Any]]


async def _binance(exchange: Any, market: dict[str, Any]) -> Rows:
    reply: dict[str, Rows] = await exchange.publicGetExchangeInfo({"symbol": market["id"]})
    return reply["symbols"]


async def _bybit(exchange: Any, market: dict[str, Any]) -> Rows:
    category = "spot" if market["spot"] else "inverse" if market["inverse"] else "linear"
    asked = {"category": category, "symbol": market["id"]}
    reply: dict[str, dict[str, Rows]] = await exchange.publicGetV5MarketInstrumentsInfo(asked)
    return reply["result"]["list"]


async def _bitget(exchange: Any, market: dict[str, Any]) -> Rows:
    asked = {"symbol": market["id"]}
    if market["spot"]:
        reply: dict[str, Rows] = await exchange.publicSpotGetV2SpotPublicSymbols(asked)
    else:
        kind = "COIN" if market["inverse"] else market["settle"]
        asked["productType"] = f"{kind}-FUTURES"
        reply = await exchange.publicMixGetV2MixMarketContracts(asked)
    return reply["data"]


async def _coinbase(exchange: Any, market: dict[str, Any]) -> Rows:
    return [await exchange.v3PublicGetBrokerageMarketProductsProductId({"product_id": market["id"]})]


ASKED: Final[dict[str, Callable[[Any, dict[str, Any]], Awaitable[Rows]]]] = {
    "binance": _binance,
    "bybit": _bybit,
    "bitget": _bitget,
    "coinbase": _coinbase,
}
"""How each exchange is asked for the row of one symbol."""


async def learn_status(exchange: Any, symbol: str) -> bool:
    """Put on a market of ccxt what its exchange says now; whether that is new. Raises what ccxt raises."""
    market = exchange.market(symbol)
    rows = await ASKED[exchange.id](exchange, market)
    row = next((row for row in rows if market["id"] in (row.get("symbol"), row.get("product_id"))), {})
    told = {name: row[name] for name in (*_WORDS, _DISABLED, *CLOSED) if name in row}
    known = market["info"]
    if all(known.get(name) == value for name, value in told.items()):
        return False
    known.update(told)
    if exchange.id == "coinbase":
        market["active"] = told.get(_DISABLED) is not True
    else:
        market["active"] = any(told.get(name) in _TRADED for name in _WORDS)
    return True
