"""Inverse contracts: the worked examples that exchanges publish, and what they share with linear ones."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.market import inverse_perp
from tradetui.domain.number import ceil_to, to_step
from tradetui.domain.position import Position
from tradetui.trading import account, guard, inverse, leverage, risk
from tradetui.trading.leverage import MarginRules

D = Decimal
CENT = D("0.01")
FREE = inverse_perp(maker_fee=D(0), taker_fee=D(0))


def cents(price: Decimal | None) -> Decimal:
    assert price is not None
    return to_step(price, CENT, "ROUND_HALF_EVEN")


def held(qty: str, entry: str, margin: str = "0") -> Position:
    return Position(symbol=FREE.symbol, signed_qty=D(qty), entry_price=D(entry), margin=D(margin))


@pytest.mark.parametrize(("sign", "expected"), [(1, "45662.10"), (-1, "55248.62")])
def test_w03_bybit_takes_maintenance_at_the_entry(sign: int, expected: str) -> None:
    margin = D(60_000) / D(50_000) / 10
    needed = D("1.2") * D("0.005")
    price = inverse.entry_liquidation_price(
        D(60_000), D(50_000), sign=sign, margin=margin, maintenance=needed
    )
    assert cents(price) == D(expected)
    instrument = inverse_perp(contract_size=D(1), maintenance_rate=D("0.005"), taker_fee=D(0))
    position = held(str(60_000 * sign), "50000", "0.12")
    rules = MarginRules(entry_based=True, close_fee=False)
    price = leverage.liquidation_price(
        instrument, position, mark=D(50_000), spare=position.margin, rules=rules
    )
    assert cents(price) == D(expected)


def test_w04_a_cross_position_with_the_fee_to_close() -> None:
    fee, balance, worth = D("0.00075"), D("0.5"), D(10_000)
    bankrupt = inverse.bankruptcy_price(worth, D(8_000), sign=1, margin=balance, fee=fee)
    assert cents(bankrupt) == D("5718.57")
    assert bankrupt is not None
    needed = worth / D(8_000) * D("0.005") + worth / bankrupt * fee
    price = inverse.entry_liquidation_price(worth, D(8_000), sign=1, margin=balance, maintenance=needed)
    assert cents(price) == D("5739.08")
    shown = guard.shown_liquidation(inverse_perp(tick_size=D("0.5")), price or D(0), sign=1)
    assert shown == D("5739.5")
    assert ceil_to(price or D(0), D("0.5")) == shown


def test_w05_kraken_takes_maintenance_at_the_mark() -> None:
    price = inverse.liquidation_price(D(1_000), D(8_000), sign=1, margin=D("0.01"), rate=D("0.01"))
    assert cents(price) == D("7481.48")
    assert cents(inverse.bankruptcy_price(D(1_000), D(8_000), sign=1, margin=D("0.01"))) == D("7407.41")


def test_w13c_each_part_of_an_order_s_cost_is_rounded_on_its_own() -> None:
    instrument = inverse_perp(contract_size=D(1), taker_fee=D("0.00075"))
    margin, to_open, _ = leverage.order_parts(instrument, D(10_000), D(6_400), sign=1, leverage=D(25))
    to_close = D(10_000) / D(6_154) * D("0.00075")  # the source rounds the bankruptcy price
    rounded = [to_step(part, D("1e-8"), "ROUND_CEILING") for part in (margin, to_open, to_close)]
    assert rounded == [D("0.0625"), D("0.00117188"), D("0.00121872")]
    assert sum(rounded) == D("0.06489060")
    assert to_step(margin + to_open + to_close, D("1e-8"), "ROUND_HALF_EVEN") == D("0.06489059")


def test_the_fee_to_close_is_taken_at_the_bankruptcy_price() -> None:
    instrument = inverse_perp(contract_size=D(1), taker_fee=D("0.00075"))
    margin, _, to_close = leverage.order_parts(instrument, D(10_000), D(6_400), sign=1, leverage=D(25))
    price = inverse.bankruptcy_price(D(10_000), D(6_400), sign=1, margin=margin)
    assert cents(price) == D("6153.85")
    assert price is not None
    assert abs(D(10_000) / price * D("0.00075") - to_close) < D("1e-20")


def test_w77_profit_is_in_base_and_bent() -> None:
    position = held("1000", "8000")
    instrument = inverse_perp(contract_size=D(1))
    lost = account.unrealized(position, instrument, D(7_481))
    assert to_step(lost, D("1e-8"), "ROUND_HALF_EVEN") == D("-0.00867197")
    won = account.unrealized(position, instrument, D(8_519))
    assert won < -lost


def test_an_average_entry_keeps_the_profit_of_the_parts() -> None:
    entry = FREE.average_price(D(10), D(8_000), D(30), D(10_000))
    parts = FREE.profit(D(10), D(8_000), D(9_123)) + FREE.profit(D(30), D(10_000), D(9_123))
    assert abs(FREE.profit(D(40), entry, D(9_123)) - parts) < D("1e-28")


def test_a_short_without_leverage_can_not_be_liquidated() -> None:
    position = held("-10", "8000", str(D(1_000) / D(8_000)))
    rules = MarginRules()
    assert leverage.bankruptcy_price(FREE, position, spare=position.margin) is None
    assert (
        leverage.liquidation_price(FREE, position, mark=D(8_000), spare=position.margin, rules=rules) is None
    )


@given(
    sign=st.sampled_from([1, -1]),
    entry=st.integers(1_000, 90_000),
    distance=st.integers(1, 400),
    fee=st.integers(0, 10),
    slip=st.integers(0, 20),
)
def test_no_fill_inside_the_slippage_loses_more_than_was_planned(
    sign: int, entry: int, distance: int, fee: int, slip: int
) -> None:
    rate, part = D(fee) / 10_000, D(slip) / 10_000
    instrument = inverse_perp(taker_fee=rate)
    stop = D(entry) * (1 - sign * D(distance) / 1_000)
    planned = 7 * risk.unit_risk(instrument, D(entry), stop, fee_in=rate, slip=part)
    for share in (D(0), D("0.5"), D(1)):
        price = stop * (1 - sign * part * share)
        fees = (instrument.notional(D(7), D(entry)) + instrument.notional(D(7), price)) * rate
        lost = fees - instrument.profit(D(7 * sign), D(entry), price)
        assert lost <= planned + D("1e-20")
    at_risk = risk.stop_risk(instrument, D(7 * sign), mark=D(entry), stop=stop, slip=part)
    assert abs(planned - instrument.notional(D(7), D(entry)) * rate - at_risk) < D("1e-20")


@given(
    st.sampled_from([1, -1]), st.integers(2, 100), st.integers(1_000, 90_000), st.sampled_from([True, False])
)
def test_at_the_liquidation_price_margin_and_result_meet_the_maintenance(
    sign: int, times: int, entry: int, linear: bool
) -> None:
    instrument = inverse_perp() if not linear else inverse_perp(kind="perp_linear")
    margin = leverage.initial_margin(instrument, D(50), D(entry), D(times))
    position = Position(
        symbol=instrument.symbol, signed_qty=D(50 * sign), entry_price=D(entry), margin=margin
    )
    rules = MarginRules()
    price = leverage.liquidation_price(instrument, position, mark=D(entry), spare=margin, rules=rules)
    if price is None:
        return
    left = margin + instrument.profit(position.signed_qty, D(entry), price)
    needed = leverage.maintenance(instrument, position, price, spare=margin, rules=rules)
    assert abs(left - needed) < D("1e-15")


def test_break_even_of_contracts_gives_back_both_fees() -> None:
    instrument = inverse_perp(taker_fee=D("0.001"))
    for sign in (1, -1):
        position = Position(
            symbol=instrument.symbol, signed_qty=D(30 * sign), entry_price=D(60_000), fees=D("0.00005")
        )
        price = account.breakeven(position, instrument)
        gained = instrument.profit(position.signed_qty, D(60_000), price)
        paid = position.fees + instrument.notional(D(30), price) * D("0.001")
        assert abs(gained - paid) < D("1e-20")
