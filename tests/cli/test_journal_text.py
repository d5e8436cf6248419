"""The journal's lists as people read them."""

from __future__ import annotations

from tests.engine.market import Table
from tradetui.cli.journal import aligned, order_rows
from tradetui.domain.command import CancelAll


def test_prices_of_a_symbol_have_the_same_digits() -> None:
    rows = [
        {"symbol": "BTC/USDT", "price": "52199.5", "qty": "0.1"},
        {"symbol": "BTC/USDT", "price": "52278", "qty": "0.02"},
        {"symbol": "PEPE/USDT", "price": "0.0000146", "qty": "5"},
        {"symbol": "SOL/USDT", "price": "1234567.89012", "qty": "5"},
    ]
    assert [cells[1] for cells in aligned(rows, ("symbol", "price", "qty"))] == [
        "52199.5",
        "52278.0",
        "0.0000146",
        "1234567.89012",
    ]
    open_trade = {"symbol": "BTC/USDT", "entry_price": "52199.5", "exit_price": None}
    assert aligned([open_trade], ("symbol", "entry_price", "exit_price")) == [["BTC/USDT", "52199.5", "—"]]
    assert aligned([], ("symbol", "price")) == []


def test_the_list_of_orders_says_why_each_filled_or_did_not() -> None:
    table = Table()
    table.open([(60000.0, 5.0)], [(60000.2, 5.0)])
    table.buy("0.1", stop="59900", target="60200")
    table.buy("0.1", limit="59000.05", stop="58900")
    table.buy("0.1", limit="59000", stop="58900")
    table.do(CancelAll())
    rows = list(order_rows(table.journal))
    assert [(row["type"], row["state"], row["why"]) for row in rows] == [
        ("market", "filled", "filled"),
        ("stop_market", "armed", "open"),
        ("limit", "canceled", "canceled: you asked for it"),
        ("limit", "denied", "denied: limit 59000.05 is no multiple of the tick 0.1; 59000 would pass"),
        ("limit", "canceled", "canceled: you asked for it"),
    ]
    assert {(row["realism"], row["filled"]) for row in rows[:1]} == {("custom", "0.1")}
