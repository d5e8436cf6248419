"""The journal's lists as people read them."""

from __future__ import annotations

from tradetui.cli.journal import aligned


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
