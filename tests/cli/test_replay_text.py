"""What a replay says to people: every number on its tick, its lot or to the cent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.engine.market import spot
from tradetui.cli.replay_text import account_line, text_lines

INSTRUMENT = spot(lot_size=Decimal("0.00001"))


def order(**changes: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": "O-1",
        "client_id": "mine",
        "side": "buy",
        "qty": "0.01",
        "symbol": "BTC/USDT",
        "type": "market",
        "price": None,
        "trigger": None,
        "state": "filled",
        "filled": "0.01",
    }
    return row | {"reason": ""} | changes


def test_prices_stand_on_the_tick_sizes_on_the_lot_and_money_to_the_cent() -> None:
    summary = {
        "messages": 41249,
        "bad_messages": 0,
        "gaps": 0,
        "resyncs": 0,
        "events": 1016,
        "instruments": {
            "BTC/USDT": {
                "trades": 9757,
                "volume": "212.0331500000044",
                "vwap": "61707.68161671105",
                "last": "61685.9",
            }
        },
        "orders": [
            order(),
            order(id="O-2", client_id="", type="stop_market", trigger="60000", filled="0", reason="USER"),
        ],
        "notes": ["no marks"],
        "account": {
            "currency": "USDT",
            "equity": "9998.78485648",
            "day_pnl": "-1.21514352",
            "fees": "1.23592272",
        },
    }
    assert list(text_lines(summary, {"BTC/USDT": INSTRUMENT})) == [
        "41,249 messages, 0 bad, 0 gaps, 0 resyncs, 1,016 events",
        "BTC/USDT: 9,757 trades, volume 212.03315 BTC, vwap 61,707.68, last 61,685.90",
        "O-1 mine buy 0.01000 BTC/USDT market: filled, filled 0.01000",
        "O-2 buy 0.01000 BTC/USDT stop_market 60,000.00: filled, filled 0.00000 (USER)",
        "note: no marks",
        "equity 9,998.78 USDT, day -1.22, fees 1.24",
    ]


@pytest.mark.parametrize(
    ("pnl", "currency", "said"),
    [("0", "USDT", "day 0.00,"), ("2.5", "USDT", "day +2.50,"), ("0.001", "BTC", "day +0.00100000,")],
)
def test_the_day_has_a_sign_unless_it_is_nothing_and_coins_have_their_digits(
    pnl: str, currency: str, said: str
) -> None:
    assert said in account_line({"currency": currency, "equity": "1", "day_pnl": pnl, "fees": "0"})
