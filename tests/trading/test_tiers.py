"""Leverage tiers and their deductions: the worked examples that exchanges and freqtrade publish."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.engine.market import inverse_perp, perp
from tradetui.domain.instrument import Instrument, LeverageTier, TierRule
from tradetui.domain.number import to_step
from tradetui.domain.position import Position
from tradetui.trading import leverage, margin
from tradetui.trading.leverage import MarginRules

D = Decimal
CENT = D("0.01")
PLAIN = MarginRules(close_fee=False)
TIERS = (
    LeverageTier(D(50_000), D("0.004"), D(125)),
    LeverageTier(D(250_000), D("0.005"), D(100)),
    LeverageTier(D(1_000_000), D("0.01"), D(50)),
    LeverageTier(D(10_000_000), D("0.025"), D(20)),
)
TIERED = perp(tiers=TIERS, max_leverage=D(125))


def cents(price: Decimal | None) -> Decimal:
    assert price is not None
    return to_step(price, CENT, "ROUND_HALF_EVEN")


def maintenance(worth: Decimal) -> Decimal:
    rate, deduction = TIERED.maintenance_of(worth)
    return worth * rate - deduction


def test_w06_binance_cross_with_two_symbols() -> None:
    wallet = D("1535443.01")
    btc = {"size": D("109.488"), "entry": D("32481.980"), "mark": D("31967.27")}
    eth = {"size": D("3683.979"), "entry": D("1456.84"), "mark": D("1335.18")}
    needed_btc = btc["size"] * btc["mark"] * D("0.025") - 16_300
    needed_eth = eth["size"] * eth["mark"] * D("0.1") - 135_365
    result_btc = btc["size"] * (btc["mark"] - btc["entry"])
    result_eth = eth["size"] * (eth["mark"] - eth["entry"])
    price = margin.liquidation_price(
        btc["size"],
        btc["entry"],
        sign=1,
        margin=wallet + result_eth - needed_eth,
        rate=D("0.025"),
        deduction=D(16_300),
    )
    assert cents(price) == D("26316.89")
    price = margin.liquidation_price(
        eth["size"],
        eth["entry"],
        sign=1,
        margin=wallet + result_btc - needed_btc,
        rate=D("0.1"),
        deduction=D(135_365),
    )
    assert cents(price) == D("1153.26")


def test_w07_the_same_position_isolated_on_the_whole_wallet() -> None:
    position = Position(
        symbol=TIERED.symbol, signed_qty=D("109.488"), entry_price=D("32481.980"), margin=D("1535443.01")
    )
    price = leverage.liquidation_price(
        TIERED, position, mark=D("31967.27"), spare=position.margin, rules=PLAIN
    )
    assert cents(price) == D("18778.73")


@pytest.mark.parametrize(("sign", "expected"), [(-1, "11.87413417771621"), (1, "8.085708510208207")])
def test_w09_with_the_taker_fee_to_close(sign: int, expected: str) -> None:
    instrument = perp(taker_fee=D("0.0006"), maintenance_rate=D("0.01"))
    position = Position(symbol=instrument.symbol, signed_qty=D(sign), entry_price=D(10), margin=D(2))
    price = leverage.liquidation_price(instrument, position, mark=D(10), spare=D(2), rules=MarginRules())
    assert price is not None
    assert abs(price - D(expected)) < D("1e-13")


@pytest.mark.parametrize(("sign", "expected"), [(1, "8.1"), (-1, "11.9")])
def test_w10_maintenance_at_the_entry(sign: int, expected: str) -> None:
    instrument = perp(maintenance_rate=D("0.01"))
    position = Position(symbol=instrument.symbol, signed_qty=D(sign), entry_price=D(10), margin=D(2))
    rules = MarginRules(entry_based=True, close_fee=False)
    price = leverage.liquidation_price(instrument, position, mark=D(10), spare=D(2), rules=rules)
    assert price == D(expected)


def test_w11_the_deduction_keeps_the_maintenance_continuous() -> None:
    deductions = [TIERED.maintenance_of(worth)[1] for worth in (D(1), D(60_000), D(300_000), D(2_000_000))]
    assert deductions == [0, 50, 1_300, 16_300]
    assert maintenance(D(50_000)) == 200
    assert maintenance(D(250_000)) == 1_200
    assert abs(maintenance(D("250000.01")) - 1_200) < CENT
    assert maintenance(D(264_000)) == 1_340


@pytest.mark.parametrize(("entry_based", "expected"), [(True, "95500"), (False, "95477.39")])
def test_w12_twenty_times_at_a_hundred_thousand(entry_based: bool, expected: str) -> None:
    instrument = perp(maintenance_rate=D("0.005"))
    position = Position(
        symbol=instrument.symbol, signed_qty=D(1), entry_price=D(100_000), margin=D(5_000), leverage=D(20)
    )
    rules = MarginRules(entry_based=entry_based, close_fee=False)
    price = leverage.liquidation_price(instrument, position, mark=D(100_000), spare=D(5_000), rules=rules)
    assert cents(price) == D(expected)


def test_w13b_the_cost_of_an_order_at_fifty_times() -> None:
    instrument = perp(taker_fee=D("0.00075"))
    parts = leverage.order_parts(instrument, D(1), D(10_000), sign=1, leverage=D(50))
    assert list(parts) == [200, D("7.5"), D("7.35")]


@given(
    st.sampled_from([1, -1]),
    st.integers(1, 3_000),
    st.integers(2, 120),
    st.integers(20_000, 90_000),
    st.integers(-20, 20),
)
def test_a_liquidation_price_in_another_tier_still_meets_its_own_maintenance(
    sign: int, lots: int, times: int, entry: int, away: int
) -> None:
    qty = D(lots) / 10
    mark = D(entry) * (1 + D(away) / 100)
    tied = qty * entry / times
    position = Position(
        symbol=TIERED.symbol, signed_qty=qty * sign, entry_price=D(entry), margin=tied, leverage=D(times)
    )
    price = leverage.liquidation_price(TIERED, position, mark=mark, spare=tied, rules=PLAIN)
    if price is None:
        return
    left = tied + TIERED.profit(position.signed_qty, D(entry), price)
    needed = leverage.maintenance(TIERED, position, price, spare=tied, rules=PLAIN)
    assert abs(left - needed) < D("1e-10")


def test_the_largest_position_for_a_leverage() -> None:
    assert TIERED.leverage_cap(D(50_000)) == 125
    assert TIERED.leverage_cap(D(50_001)) == 100
    assert TIERED.leverage_cap(D(99_000_000)) == 20
    assert TIERED.size_cap(D(50)) == 1_000_000
    assert TIERED.size_cap(D(126)) == 0
    assert perp().size_cap(D(50)) is None


# --- venues whose tier holds for the whole position

WHOLE = perp(tiers=TIERS, tier_rule=TierRule.WHOLE, max_leverage=D(125))
COINS = (
    LeverageTier(D(10), D("0.005"), D(100)),
    LeverageTier(D(20), D("0.01"), D(50)),
    LeverageTier(None, D("0.05"), D(10)),
)
COUNTED = (
    LeverageTier(D(1_000), D("0.004"), D(100)),
    LeverageTier(D(4_000), D("0.01"), D(50)),
    LeverageTier(D(9_000), D("0.02"), D(20)),
)


def test_a_tier_that_holds_for_the_whole_position_takes_nothing_off() -> None:
    """Bitget's article on tiered maintenance: position value times the rate of its tier."""
    assert WHOLE.maintenance_of(D(50_000)) == (D("0.004"), D(0))
    assert WHOLE.maintenance_of(D(264_000)) == (D("0.01"), D(0))


def test_a_tier_by_contracts_does_not_ask_what_they_are_worth() -> None:
    """OKX's table: 60,000 contracts are in the tier of 60,000 contracts at every price."""
    counted = perp(tiers=COUNTED, tier_rule=TierRule.CONTRACTS, contract_size=D("0.01"))
    for price in (D(1), D(100_000)):
        assert counted.maintenance_of(counted.tier_size(D(4_000), price)) == (D("0.01"), D(0))
        assert counted.leverage_cap(counted.tier_size(D(4_001), price)) == 20
    assert counted.size_cap(D(50)) == 4_000


def test_a_short_is_liquidated_at_the_edge_where_the_next_tier_is_too_much() -> None:
    """5 short at 49,000 is worth 245,000; from 250,000 on a whole percent is needed, not half of one."""
    position = Position(symbol=WHOLE.symbol, signed_qty=D(-5), entry_price=D(49_000), margin=D(7_000))
    price = leverage.liquidation_price(WHOLE, position, mark=D(49_000), spare=D(7_000), rules=PLAIN)
    assert price == 50_000
    assert 250_000 * D("0.005") < 7_000 - 5 * 1_000
    assert 250_000 * D("0.01") > 7_000 - 5 * 1_000


def whole_position_holds(instrument: Instrument, position: Position, mark: Decimal) -> None:
    """Up to its price a position is safe; just beyond it is not."""
    spare = position.margin
    price = leverage.liquidation_price(instrument, position, mark=mark, spare=spare, rules=PLAIN)

    def left_at(where: Decimal) -> Decimal:
        result = instrument.profit(position.signed_qty, position.entry_price, where)
        return spare + result - leverage.maintenance(instrument, position, where, spare=spare, rules=PLAIN)

    if price is None or left_at(mark) <= 0:
        return
    # at an edge of a tier the mark itself can be that price: it still holds there, and beyond it no more
    assert (price - mark) * position.side.sign <= 0
    for part in range(1, 40):
        assert left_at(mark + (price - mark) * part / 40) > D("-1e-10")
    assert left_at(price * (1 - position.side.sign * D("1e-9"))) < D("1e-10")


@given(
    st.sampled_from([1, -1]),
    st.integers(1, 3_000),
    st.integers(2, 120),
    st.integers(20_000, 90_000),
    st.integers(-20, 20),
)
def test_the_price_of_whole_tiers_is_the_first_that_is_too_much(
    sign: int, lots: int, times: int, entry: int, away: int
) -> None:
    qty, mark = D(lots) / 10, D(entry) * (1 + D(away) / 100)
    position = Position(
        symbol=WHOLE.symbol, signed_qty=qty * sign, entry_price=D(entry), margin=qty * entry / times
    )
    whole_position_holds(WHOLE, position, mark)


@given(st.sampled_from([1, -1]), st.integers(1, 40), st.integers(2, 90), st.integers(-20, 20))
@example(1, 20, 20, 0)
def test_the_price_of_whole_tiers_in_coins_is_the_first_that_is_too_much(
    sign: int, coins: int, times: int, away: int
) -> None:
    instrument = inverse_perp(tiers=COINS, tier_rule=TierRule.WHOLE, contract_size=D(1))
    entry, mark = D(50_000), D(50_000) * (1 + D(away) / 100)
    position = Position(
        symbol=instrument.symbol,
        signed_qty=D(coins) * entry * sign,
        entry_price=entry,
        margin=D(coins) / times,
    )
    whole_position_holds(instrument, position, mark)


@given(st.sampled_from([1, -1]), st.integers(1, 9_000), st.integers(2, 90), st.integers(-20, 20))
def test_the_price_of_tiers_by_contracts_is_the_first_that_is_too_much(
    sign: int, contracts: int, times: int, away: int
) -> None:
    for instrument in (
        perp(tiers=COUNTED, tier_rule=TierRule.CONTRACTS, contract_size=D("0.01")),
        inverse_perp(tiers=COUNTED, tier_rule=TierRule.CONTRACTS, contract_size=D(100)),
    ):
        entry, mark = D(50_000), D(50_000) * (1 + D(away) / 100)
        tied = instrument.notional(D(contracts), entry) / times
        position = Position(
            symbol=instrument.symbol, signed_qty=D(contracts) * sign, entry_price=entry, margin=tied
        )
        whole_position_holds(instrument, position, mark)


def test_a_tier_without_leverage_is_told_from_one_that_allows_none() -> None:
    single = perp(tiers=(LeverageTier(D(10), D("0.01"), D(5)), LeverageTier(None, D("0.6"), D(1))))
    assert single.leverage_cap(D(11)) == 1
    assert single.size_cap(D(2)) == 10
    silent = perp(tiers=(LeverageTier(D(10), D("0.01")), LeverageTier(None, D("0.6"))), max_leverage=D(33))
    assert silent.leverage_cap(D(11)) == 33
    assert silent.size_cap(D(2)) is None
