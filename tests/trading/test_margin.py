"""Isolated margin and liquidation: the worked examples that other people's numbers stand behind."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.engine.market import PERP, perp
from tradetui.domain.number import to_step
from tradetui.domain.position import Position
from tradetui.trading import guard, leverage, margin
from tradetui.trading.leverage import MarginRules

D = Decimal
CENT = D("0.01")


def cents(price: Decimal | None) -> Decimal:
    assert price is not None
    return to_step(price, CENT, "ROUND_HALF_EVEN")


def test_w01_the_liquidation_price_of_a_long_in_three_profiles() -> None:
    instrument = perp(taker_fee=D("0.00055"), maintenance_rate=D("0.005"))
    tied = leverage.initial_margin(instrument, D(1), D(20_000), D(50))
    assert tied == 400
    position = Position(symbol=PERP, signed_qty=D(1), entry_price=D(20_000), margin=tied)

    def price(rules: MarginRules) -> Decimal | None:
        return leverage.liquidation_price(instrument, position, mark=D(20_000), spare=tied, rules=rules)

    assert price(MarginRules(entry_based=True, close_fee=False)) == 19_700
    assert cents(price(MarginRules(close_fee=False))) == D("19698.49")
    assert cents(price(MarginRules())) == D("19709.39")


@pytest.mark.parametrize(("lots", "expected"), [(1, 9_800), (-1, 10_200)])
def test_w02_the_bankruptcy_price_is_where_the_margin_is_gone(lots: int, expected: int) -> None:
    position = Position(symbol=PERP, signed_qty=D(lots), entry_price=D(10_000), margin=D(200))
    assert leverage.bankruptcy_price(perp(), position, spare=D(200)) == expected


def test_w08_binance_isolated_with_a_maintenance_deduction() -> None:
    def price(sign: int) -> Decimal | None:
        return margin.liquidation_price(
            D(1), D(10), sign=sign, margin=D(2), rate=D("0.01"), deduction=D("0.01")
        )

    short, long = price(-1), price(1)
    assert short is not None
    assert long is not None
    assert abs(short - D("11.89108910891089")) < D("1e-13")
    assert abs(long - D("8.070707070707071")) < D("1e-13")


def test_w13_the_cost_of_an_order_has_three_parts() -> None:
    instrument = perp(taker_fee=D("0.00055"))
    parts = leverage.order_parts(instrument, D(1), D(50_000), sign=1, leverage=D(10))
    assert list(parts) == [5_000, D("27.5"), D("24.75")]


def test_w13d_the_cost_of_an_order_at_fifty_times() -> None:
    instrument = perp(taker_fee=D("0.00075"))
    parts = leverage.order_parts(instrument, D(1), D(8_000), sign=1, leverage=D(50))
    assert list(parts) == [160, 6, D("5.88")]
    position = Position(symbol=instrument.symbol, signed_qty=D(1), entry_price=D(8_000), margin=parts[0])
    assert leverage.bankruptcy_price(instrument, position, spare=parts[0]) == 7_840


def test_a_stop_must_fire_before_the_liquidation_with_room_for_fees() -> None:
    instrument = perp(taker_fee=D("0.001"), tick_size=D(1))
    edge = guard.safe_stop(instrument, D(50_000), sign=1)
    assert edge == D(50_000) * D("1.002") + 2
    assert not guard.is_inside_liquidation(instrument, edge, D(50_000), sign=1)
    assert guard.is_inside_liquidation(instrument, edge + 1, D(50_000), sign=1)
    assert guard.is_inside_liquidation(instrument, edge, None, sign=1)
