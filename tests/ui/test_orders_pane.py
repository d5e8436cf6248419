"""What a row of the orders pane says of each kind of order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.ui.fake_account import FakeAccount
from tests.ui.fake_market import FakeMarket
from tradetui.domain.market_data import Side
from tradetui.domain.order import Order, OrderRole, OrderState, OrderType, Trail
from tradetui.domain.view import FillView, OrderView
from tradetui.ui.paint.table import layout_for
from tradetui.ui.panes.fills import receipt_lines
from tradetui.ui.panes.orders import OrdersPane, columns_of, detail_row, values_of

D = Decimal
SCALES = {"BTC/USDT": 1}


def row(detail: str = "", **changes: Any) -> OrderView:
    plain: dict[str, Any] = {
        "order_id": "O-12",
        "ts": 1,
        "symbol": "BTC/USDT",
        "side": Side.SELL,
        "type": OrderType.STOP_MARKET,
        "qty": D(1),
        "role": OrderRole.PROTECTIVE,
        "state": OrderState.ARMED,
    }
    return OrderView(order=Order(**plain | changes), detail=detail)


@pytest.mark.parametrize(
    ("view", "kind", "price"),
    [
        (row(trigger=D(59_500)), "stop_market", "59,500.0"),
        (
            row(type=OrderType.STOP_LIMIT, trigger=D(59_500), price=D(59_490)),
            "stop_limit",
            "59,500.0/59,490.0",
        ),
        (
            row(type=OrderType.TRAILING_STOP, trail=Trail(rate=D("0.0033")), trigger=D("59800.12345")),
            "trailing",
            "59,800.1",
        ),
        (
            row(type=OrderType.TRAILING_STOP, trail=Trail(rate=D("0.01"), activation=D(1))),
            "trailing",
            "later",
        ),
    ],
)
def test_a_row_names_the_kind_and_its_prices(view: OrderView, kind: str, price: str) -> None:
    values = values_of(view, SCALES)
    assert (values["type"][0], values["price"][0]) == (kind, price)


def test_the_column_of_details_is_there_only_where_there_are_any() -> None:
    plain, trailing = row(), row("trail 1% high 60,200.0")
    assert "detail" not in {column.name for column in columns_of([plain], SCALES, with_detail=True)}
    columns = columns_of([plain, trailing], SCALES, with_detail=True)
    assert {column.name: column.width for column in columns}["detail"] == len("trail 1% high 60,200.0")
    assert values_of(trailing, SCALES)["detail"][0] == "trail 1% high 60,200.0"
    shown = layout_for(columns, 40).columns
    assert sum(column.width for column in shown) <= 40


def test_a_detail_stands_below_its_order_where_there_is_room_and_moves_no_column() -> None:
    def words(view: OrderView, height: int) -> list[str]:
        rows = OrdersPane().paint((view,), 78, height)
        return ["".join(text for text, _ in line).rstrip() for line in rows]

    calm, waiting = row(trigger=D(59_500)), row("no last price", trigger=D(59_500))
    assert words(waiting, 3) == [*words(calm, 3), "  no last price"]
    assert words(waiting, 2)[0].endswith("detail")
    assert words(waiting, 2)[1].endswith("no last price")


def test_an_order_that_is_matched_generously_says_so_beside_its_details() -> None:
    assert detail_row(row("oco O-9", realism="frictionless")) == (
        ("  ", "dim"),
        ("frictionless", "warn"),
        (" · oco O-9", "dim"),
    )
    assert values_of(row("oco O-9", realism="custom"), SCALES)["detail"] == ("oco O-9 · custom", "warn")
    assert values_of(row("oco O-9", realism="harsh"), SCALES)["detail"] == ("oco O-9", "text")


@pytest.mark.parametrize(
    ("realism", "last"),
    [("realistic", ("   fee 1 · realistic", "dim")), ("frictionless", ("   matched frictionless", "warn"))],
)
def test_a_receipt_ends_with_the_assumptions_that_it_rests_on(realism: str, last: tuple[str, str]) -> None:
    fill = FakeAccount().fills(FakeMarket())[0].fill
    rows = receipt_lines(FillView(fill=fill, lines=("1 level of 2", "fee 1"), realism=realism), 40)
    assert rows[-1] == (last,)
