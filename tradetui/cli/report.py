"""The JSON of a replay without a screen: what the market did and what our orders became of."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from tradetui.domain.fill import Fill
from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import Candle, Timeframe
from tradetui.domain.number import canonical
from tradetui.domain.order import Order
from tradetui.market.book import Depth
from tradetui.market.market import Market

_NANOSECONDS_IN_MS = 1_000_000
_LEVELS = 20


def plain(value: object) -> dict[str, Any]:
    """A struct as a dictionary whose decimals are canonical strings."""
    found: dict[str, Any] = _canonical(msgspec.to_builtins(value, builtin_types=(Decimal,)))
    return found


def _canonical(value: Any) -> Any:
    if isinstance(value, Decimal):
        return canonical(value)
    if isinstance(value, dict):
        return {key: _canonical(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_canonical(item) for item in value]
    return value


def fill_row(fill: Fill, realism: str) -> dict[str, Any]:
    """One fill under the keys of the contract, and by what its order was matched."""
    row = plain(fill)
    return {"id": row.pop("fill_id"), **row, "realism": realism}


def order_row(order: Order) -> dict[str, Any]:
    """One order under the keys of the contract."""
    row = plain(order)
    keys = (
        "client_id",
        "ts",
        "symbol",
        "side",
        "type",
        "qty",
        "filled",
        "price",
        "trigger",
        "state",
        "reason",
        "trigger_by",
        "realism",
    )
    return {"id": row["order_id"], **{key: row[key] for key in keys}}


def market_row(market: Market) -> dict[str, Any]:
    """What was seen of one instrument: totals, the book at the end, candles and indicators."""
    tape, instrument = market.tape, market.instrument
    bids, asks = (_levels(instrument, depth) for depth in market.book.top(_LEVELS))
    return {
        "trades": tape.trades,
        "volume": _text(tape.volume),
        "buy_volume": _text(tape.buy_volume),
        "sell_volume": _text(tape.sell_volume),
        "quote_volume": _text(tape.quote_volume),
        "vwap": _text(tape.vwap),
        "low": _price(instrument, tape.low),
        "high": _price(instrument, tape.high),
        "last": _price(instrument, tape.last.price if tape.last else None),
        "book_updates": market.book_updates,
        "bids": bids,
        "asks": asks,
        "candles": {timeframe.value: _candles(market, timeframe) for timeframe in Timeframe},
        "indicators": {timeframe.value: market.indicator_values(timeframe) for timeframe in Timeframe},
    }


def _levels(instrument: Instrument, depth: Depth) -> list[list[str]]:
    rows = zip(depth.ticks, depth.sizes, strict=True)
    return [[canonical(instrument.to_price(tick)), _qty(instrument, qty)] for tick, qty in rows]


def _qty(instrument: Instrument, qty: float) -> str:
    return canonical(instrument.to_qty(instrument.to_lots(Decimal(repr(qty)))))


def _price(instrument: Instrument, price: float | None) -> str | None:
    return None if price is None else canonical(instrument.price_from_float(price))


def _text(value: float | None) -> str | None:
    return None if value is None else canonical(Decimal(repr(value)))


def _candles(market: Market, timeframe: Timeframe) -> list[list[float | int]]:
    series = market.candles(timeframe)
    rows = [_candle(candle) for candle in series.closed(len(series))]
    return rows if series.open is None else [*rows, _candle(series.open)]


def _candle(candle: Candle) -> list[float | int]:
    open_ms = candle.open_ts // _NANOSECONDS_IN_MS
    return [open_ms, candle.open, candle.high, candle.low, candle.close, candle.volume, candle.trades]
