"""What a replay without a screen says to people: prices on the tick, sizes on the lot, money to the cent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from tradetui.domain.instrument import Instrument
from tradetui.domain.number import money_scale
from tradetui.domain.realism import is_marked


def text_lines(summary: Mapping[str, Any], instruments: Mapping[str, Instrument]) -> Iterator[str]:
    """The lines of a summary; its numbers are those of the JSON, rounded for the eye."""
    yield (
        f"{summary['messages']:,} messages, {summary['bad_messages']} bad, {summary['gaps']} gaps, "
        f"{summary['resyncs']} resyncs, {summary['events']:,} events"
    )
    for symbol, row in summary["instruments"].items():
        yield market_line(row, instruments[symbol])
    for order in summary["orders"]:
        yield order_line(order, instruments[order["symbol"]])
    for note in summary["notes"]:
        yield f"note: {note}"
    if summary["orders"] and is_marked(summary.get("realism", "")):
        yield f"note: orders were matched {summary['realism']}, not as realistic or harsh would"
    yield account_line(summary["account"])


def market_line(row: Mapping[str, Any], instrument: Instrument) -> str:
    """What was traded of one instrument."""
    prices = f"vwap {_price(row['vwap'], instrument)}, last {_price(row['last'], instrument)}"
    volume = f"{_qty(row['volume'], instrument)} {instrument.qty_unit}"
    return f"{instrument.symbol}: {row['trades']:,} trades, volume {volume}, {prices}"


def order_line(order: Mapping[str, Any], instrument: Instrument) -> str:
    """One order, and what became of it."""
    name = " ".join(part for part in (order["id"], order["client_id"]) if part)
    what = f"{order['side']} {_qty(order['qty'], instrument)} {order['symbol']} {order['type']}"
    price = order["price"] or order["trigger"]
    at = f" {_price(price, instrument)}" if price is not None else ""
    why = f" ({order['reason']})" if order["reason"] else ""
    return f"{name} {what}{at}: {order['state']}, filled {_qty(order['filled'], instrument)}{why}"


def account_line(account: Mapping[str, Any]) -> str:
    """How the account ended."""
    scale, currency = money_scale(account["currency"]), account["currency"]
    equity, fees = (f"{Decimal(account[key]):,.{scale}f}" for key in ("equity", "fees"))
    day = Decimal(account["day_pnl"])
    sign = "+" if day > 0 else ""
    return f"equity {equity} {currency}, day {sign}{day:,.{scale}f}, fees {fees}"


def _price(text: str | None, instrument: Instrument) -> str:
    return "none" if text is None else f"{Decimal(text):,.{instrument.price_scale}f}"


def _qty(text: str, instrument: Instrument) -> str:
    return f"{Decimal(text):,.{instrument.qty_scale}f}"
