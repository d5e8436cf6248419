"""Liquidation on the mark price: its procedure, its order, its receipt, and the warnings before it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.engine.market import INVERSE, PERP, SECOND, Table, inverse_perp, perp, spot, wide_limits
from tradetui.domain.command import CancelAll, CancelOrder, Flatten, MarginMode
from tradetui.domain.event import FeeShortfall, Liquidated, LiquidationStarted, MarginCalled, Noted
from tradetui.domain.fill import Evidence
from tradetui.domain.instrument import Instrument, LeverageTier, TierRule
from tradetui.domain.market_data import (
    BookSnapshot,
    Candle,
    CandleHistory,
    FeedState,
    FeedStatus,
    FundingSettled,
    InstrumentListed,
    MarkPrice,
    Timeframe,
)
from tradetui.domain.order import OrderRole, OrderState
from tradetui.domain.reply import Reason
from tradetui.state import State
from tradetui.trading import ledger
from tradetui.trading.settings import Borrowing

D = Decimal
ETH = "ETH/USDT:USDT"
FREE = perp(maker_fee=D(0), taker_fee=D(0), tick_size=D(1))
OPENED = [(20_000.0, 9.0)]


def bodies(table: Table, kind: type[Any]) -> list[Any]:
    return [event.body for event in table.journal if isinstance(event.body, kind)]


def table(instrument: Instrument = FREE, **settings: Any) -> Table:
    changes = {"balance": D(400), "leverage": D(50), "close_fee_in_maintenance": False, **settings}
    market = Table(instrument, settings=wide_limits(**changes))
    market.open(OPENED, OPENED)
    market.mark(20_000.0)
    return market


def long_of_one(**settings: Any) -> Table:
    """Long 1 at 20,000 with 50 times: a margin of 400, bankrupt at 19,600, liquidated at 19,698.49."""
    market = table(balance=D(1_000), **settings)
    assert market.buy("1", stop="19750").accepted
    assert market.state.margin(PERP) == 400
    return market


def test_w36a_the_book_takes_all_and_the_fee_takes_what_is_left() -> None:
    market = long_of_one()
    cash = market.state.cash("USDT")
    market.snapshot([(19_680.0, 0.4), (19_650.0, 0.6)], [(20_001.0, 1.0)])
    market.mark(19_698.0)
    (receipt,) = bodies(market, Liquidated)
    assert receipt.result == -338
    assert (receipt.fee, receipt.taken_over, receipt.insurance) == (D(62), D(0), D(0))
    assert receipt.fee_due > 62
    assert market.state.cash("USDT") == cash
    assert not market.state.positions
    assert not market.state.live


def test_w36b_the_insurance_takes_the_rest_at_the_bankruptcy_price() -> None:
    market = long_of_one()
    cash = market.state.cash("USDT")
    market.snapshot([(19_680.0, 0.4), (19_590.0, 9.0)], [(20_001.0, 1.0)])
    market.mark(19_698.0)
    (receipt,) = bodies(market, Liquidated)
    assert (receipt.result, receipt.fee, receipt.taken_over) == (D(-368), D(32), D("0.6"))
    assert receipt.bankruptcy_price == 19_600
    assert market.state.cash("USDT") == cash
    last = market.fills[-1]
    assert (last.price, last.qty, last.receipt.evidence) == (D(19_600), D("0.6"), Evidence.INSURANCE)
    assert market.state.orders[last.order_id].state is OrderState.FILLED
    assert State.fold(market.journal) == market.state


def test_w36_a_wallet_that_is_spent_ends_at_zero() -> None:
    market = table(margin_mode=MarginMode.CROSS, balance=D(500))
    market.buy("1", stop="19750")
    market.snapshot([(19_400.0, 9.0)], [(20_001.0, 1.0)])
    market.mark(19_400.0)
    (receipt,) = bodies(market, Liquidated)
    assert receipt.taken_over == 1
    assert receipt.bankruptcy_price == 19_500
    assert market.state.cash("USDT") == receipt.balance == 0
    assert receipt.fee == 0


def test_the_start_names_both_sides_of_the_inequality() -> None:
    market = long_of_one()
    market.snapshot([(19_680.0, 9.0)], [(20_001.0, 1.0)])
    market.mark(19_699.0)
    assert not bodies(market, LiquidationStarted)
    market.mark(19_698.0)
    (started,) = bodies(market, LiquidationStarted)
    assert started.there == 400 - 302
    assert started.needed == D("98.49")
    assert started.marks == {PERP: D(19_698)}
    assert started.unpriced == ()


def test_orders_of_the_symbol_are_canceled_first() -> None:
    market = long_of_one()
    entry = market.buy("0.01", limit="19760", stop="19750")
    market.snapshot([(19_680.0, 9.0)], [(20_001.0, 1.0)])
    market.mark(19_698.0)
    order = market.state.orders[entry.order_ids[0]]
    assert (order.state, order.reason) == (OrderState.CANCELED, Reason.LIQUIDATION)


def test_e_14_a_price_that_crosses_both_liquidates_and_fires_no_stop() -> None:
    market = long_of_one()
    stop_id = market.stop.order_id
    market.snapshot([(19_680.0, 9.0)], [(20_001.0, 1.0)])
    market.mark(19_600.0)
    market.trade(19_600.0, 0.1)
    assert market.state.orders[stop_id].state is OrderState.CANCELED
    assert [market.state.orders[fill.order_id].role for fill in market.fills[1:]] == [OrderRole.LIQUIDATION]


def test_without_mark_prices_the_touch_decides_before_resting_orders_fill() -> None:
    market = Table(
        FREE, settings=wide_limits(balance=D(1_000), leverage=D(50), close_fee_in_maintenance=False)
    )
    market.open(OPENED, OPENED)
    market.buy("1", stop="19750")
    market.sell("1", limit="20400", reduce_only=True)
    market.snapshot([(19_690.0, 9.0)], [(19_700.0, 1.0)])
    assert [fill.price for fill in market.fills[1:]] == [19_690]
    assert market.fills[-1].receipt.displayed == 9
    assert not market.state.live


def test_a_book_that_can_not_be_filled_against_is_waited_for() -> None:
    market = long_of_one()
    market.snapshot([(19_990.0, 9.0)], [(19_980.0, 1.0)])
    market.mark(19_690.0)
    assert bodies(market, LiquidationStarted)
    assert not bodies(market, Liquidated)
    assert market.stop.state is OrderState.ARMED
    waiting = next(o for o in market.state.live.values() if o.role is OrderRole.LIQUIDATION)
    refused = market.do(CancelOrder(order_id=waiting.order_id))
    assert refused.refusal is not None
    assert refused.refusal.reason is Reason.LIQUIDATION
    market.do(CancelAll())
    market.restart()
    market.status(FeedState.STREAMING)
    market.mark(19_900.0)
    market.snapshot([(19_670.0, 9.0)], [(19_680.0, 1.0)])
    assert market.fills[-1].price == 19_670
    assert market.fills[-1].order_id == waiting.order_id
    assert bodies(market, Liquidated)
    assert not market.state.live


@pytest.mark.parametrize("state", [FeedState.STALE, FeedState.DOWN, FeedState.GAP])
def test_while_data_is_lost_the_last_mark_decides_nothing_and_its_return_everything(state: FeedState) -> None:
    market = long_of_one()
    market.status(state)
    market.mark(19_600.0)
    assert not bodies(market, LiquidationStarted)
    market.status(FeedState.STREAMING)
    market.snapshot([(19_650.0, 9.0)], [(19_660.0, 9.0)])
    assert bodies(market, Liquidated)
    assert [market.state.orders[fill.order_id].role for fill in market.fills[1:]] == [OrderRole.LIQUIDATION]


@pytest.mark.parametrize(("first", "result"), [(19_900.0, D(-312)), (19_690.0, D(-320)), (19_500.0, D(-400))])
def test_in_a_gap_liquidation_comes_before_the_stop(first: float, result: Decimal) -> None:
    market = long_of_one()
    market.status(FeedState.DOWN)
    minute = 60 * SECOND
    opened = market.now // minute * minute + minute
    candle = Candle(opened, first, 19_950.0, 19_480.0, 19_900.0, 5.0)
    market.feed(CandleHistory(PERP, Timeframe.M1, [candle], opened + minute))
    market.now = opened + 2 * minute
    market.status(FeedState.STREAMING)
    market.snapshot([(19_900.0, 9.0)], [(19_901.0, 9.0)])
    assert not market.state.positions
    (receipt,) = bodies(market, Liquidated)
    assert [market.state.orders[fill.order_id].role for fill in market.fills[1:]] == [OrderRole.LIQUIDATION]
    assert receipt.result == result
    assert receipt.result + 400 >= receipt.fee
    assert receipt.taken_over == (1 if first == 19_500.0 else 0)
    assert not market.state.live


def test_a_halted_market_is_judged_by_its_mark() -> None:
    market = long_of_one()
    market.status(FeedState.HALTED)
    market.mark(19_600.0)
    assert bodies(market, LiquidationStarted)
    assert any("waits" in note.text for note in bodies(market, Noted))


def test_margin_calls_come_before_and_once_for_each_part() -> None:
    market = long_of_one()
    for price in (19_780.0, 19_778.0, 19_730.0, 19_720.0, 19_778.0, 19_990.0, 19_780.0):
        market.mark(price)
    called = [(call.name, call.threshold) for call in bodies(market, MarginCalled)]
    assert called == [(PERP, D("0.5")), (PERP, D("0.8")), (PERP, D(0)), (PERP, D("0.5"))]
    assert market.state.funds.margin_calls == {PERP: D("0.5")}
    market.snapshot([(19_680.0, 9.0)], [(20_001.0, 1.0)])
    market.mark(19_600.0)
    assert market.state.funds.margin_calls == {}


def test_e_20_higher_tiers_hold_at_once_and_are_told() -> None:
    market = long_of_one()
    market.snapshot([(19_980.0, 9.0)], [(20_001.0, 1.0)])
    before = market.engine.liquidation_price(PERP)
    raised = msgspec.structs.replace(FREE, tiers=(LeverageTier(None, D("0.01"), D(50)),))
    market.feed(InstrumentListed(raised, market.tick()))
    after = market.engine.liquidation_price(PERP)
    assert before is not None
    assert after is not None
    assert after > before
    assert any("margin rules changed" in note.text for note in bodies(market, Noted))
    assert market.state.positions
    raised = msgspec.structs.replace(FREE, tiers=(LeverageTier(None, D("0.03"), D(30)),))
    market.feed(InstrumentListed(raised, market.tick()))
    assert not market.state.positions
    assert market.fills[-1].price == 19_980


def test_e_20_a_listing_that_says_nothing_of_tiers_leaves_those_that_are_known() -> None:
    market = long_of_one()
    market.snapshot([(19_980.0, 9.0)], [(20_001.0, 1.0)])
    tiers = (LeverageTier(None, D("0.01"), D(50)),)
    raised = msgspec.structs.replace(FREE, tiers=tiers, tier_rule=TierRule.WHOLE, max_leverage=D(50))
    market.feed(InstrumentListed(raised, market.tick()))
    before = market.engine.liquidation_price(PERP)
    noted = len(bodies(market, Noted))
    market.feed(InstrumentListed(FREE, market.tick()))
    assert market.state.instruments[PERP] == raised
    assert market.engine.liquidation_price(PERP) == before
    assert len(bodies(market, Noted)) == noted
    again = msgspec.structs.replace(FREE, venue="another")
    market.feed(InstrumentListed(again, market.tick()))
    assert market.state.instruments[PERP] == again


def test_inverse_contracts_are_liquidated_in_base() -> None:
    instrument = inverse_perp(maker_fee=D(0), taker_fee=D(0), contract_size=D(1))
    market = Table(
        instrument,
        settings=wide_limits(balance=D("0.05"), currency="BTC", close_fee_in_maintenance=False),
    )
    market.open([(8_000.0, 9_000.0)], [(8_000.0, 9_000.0)])
    market.mark(8_000.0)
    market.buy("1000", stop="7900")
    margin, cash = market.state.margin(INVERSE), market.state.cash("BTC")
    assert margin == D("0.0125")
    market.snapshot([(7_300.0, 400.0)], [(8_000.0, 9_000.0)])
    market.mark(7_309.0)
    (receipt,) = bodies(market, Liquidated)
    assert abs(receipt.bankruptcy_price - D(1_000) / D("0.1375")) <= D("0.1")
    assert receipt.taken_over == 600
    assert receipt.fee == margin + receipt.result
    assert market.state.cash("BTC") == cash
    assert abs(receipt.fee - 400 * (1 / receipt.bankruptcy_price - 1 / D(7_300))) < D("2e-6")


# --- cross


def eth(**changes: Any) -> Instrument:
    return msgspec.structs.replace(FREE, symbol=ETH, base="ETH", tick_size=D("0.1"), **changes)


class Two:
    """A cross account with two symbols, each at its mark."""

    def __init__(self, balance: str = "1000", **settings: Any) -> None:
        self.table = table(margin_mode=MarginMode.CROSS, balance=D(balance), leverage=D(20), **settings)
        self.table.feed(InstrumentListed(eth(), self.table.tick()))
        self.table.feed(FeedStatus(ETH, self.table.tick(), FeedState.STREAMING))
        self.quote(ETH, 1_000.0)
        self.quote(PERP, 20_000.0)

    def quote(self, symbol: str, price: float) -> None:
        ts = self.table.tick()
        self.table.feed(BookSnapshot(symbol, ts, ts, [(price, 99.0)], [(price, 99.0)]))
        self.mark(symbol, price)

    def mark(self, symbol: str, price: float) -> None:
        ts = self.table.tick()
        self.table.feed(MarkPrice(symbol, ts, ts, price))

    def buy(self, symbol: str, size: str, stop: str) -> None:
        self.table.symbol = symbol
        assert self.table.buy(size, stop=stop).accepted
        self.table.symbol = PERP


def test_in_cross_the_largest_loss_goes_first_and_may_be_enough() -> None:
    two = Two()
    two.buy(PERP, "0.5", "19500")
    two.buy(ETH, "5", "960")
    two.quote(PERP, 19_600.0)
    two.quote(ETH, 880.0)
    assert two.table.state.positions.keys() == {PERP, ETH}
    two.mark(ETH, 850.0)
    (receipt,) = bodies(two.table, Liquidated)
    assert receipt.symbol == ETH
    assert two.table.state.positions.keys() == {PERP}
    assert two.table.state.cash("USDT") == 1_000 - 600 - receipt.fee
    assert receipt.fee == receipt.fee_due == 22


def losing_beside_a_profit() -> Two:
    """With 2,000 paid in, a loss of 2,900 is liquidated beside an open profit of 1,000."""
    two = Two("2000", liquidation_fee=D(0))
    two.buy(PERP, "0.5", "19500")
    two.buy(ETH, "20", "960")
    two.quote(PERP, 22_000.0)
    two.quote(ETH, 855.0)
    (receipt,) = bodies(two.table, Liquidated)
    assert (receipt.symbol, receipt.result) == (ETH, D(-2_900))
    return two


def test_in_cross_a_loss_is_carried_by_the_profit_of_another_position_before_the_insurance() -> None:
    two = losing_beside_a_profit()
    (receipt,) = bodies(two.table, Liquidated)
    state = two.table.state
    assert (receipt.insurance, receipt.balance) == (D(0), D(100))
    assert state.positions.keys() == {PERP}
    assert state.cash("USDT") == -900
    assert two.table.engine.equity() == 100
    no = two.table.buy("0.01", stop="21950")
    assert no.refusal is not None
    assert no.refusal.reason is Reason.INSUFFICIENT_BALANCE
    two.table.do(Flatten())
    assert state.cash("USDT") == two.table.engine.equity() == 100
    assert state.ledger.balance(ledger.INSURANCE, "USDT") == 0
    assert State.fold(two.table.journal) == state


def test_in_cross_the_insurance_takes_over_what_no_profit_carries_any_more() -> None:
    two = losing_beside_a_profit()
    two.quote(PERP, 21_700.0)
    last = bodies(two.table, Liquidated)[-1]
    assert (last.symbol, last.taken_over, last.bankruptcy_price) == (PERP, D("0.5"), D(21_800))
    assert last.balance == 0
    assert not two.table.state.positions
    assert two.table.state.cash("USDT") == two.table.engine.equity() == 0


def test_in_cross_funding_and_fees_are_carried_by_open_profits_too() -> None:
    two = losing_beside_a_profit()
    due = two.table.now + 1
    two.table.feed(FundingSettled(PERP, due, two.table.tick(), 0.001, 22_000.0))
    assert two.table.state.cash("USDT") == -911
    assert two.table.state.ledger.balance(ledger.INSURANCE, "USDT") == 0


def test_in_cross_orders_of_the_whole_account_are_canceled() -> None:
    two = Two()
    two.buy(PERP, "0.5", "19500")
    two.buy(ETH, "5", "960")
    two.table.symbol = PERP
    resting = two.table.buy("0.01", limit="19500", stop="19400")
    two.quote(ETH, 880.0)
    two.quote(PERP, 19_550.0)
    two.mark(ETH, 850.0)
    assert two.table.state.orders[resting.order_ids[0]].reason == Reason.LIQUIDATION


def test_a_position_without_a_price_is_valued_at_its_last_and_told() -> None:
    two = Two()
    two.buy(PERP, "0.5", "19500")
    two.buy(ETH, "5", "960")
    two.table.restart()
    two.table.feed(FeedStatus(ETH, two.table.tick(), FeedState.STREAMING))
    two.quote(ETH, 810.0)
    (started,) = bodies(two.table, LiquidationStarted)
    assert started.unpriced == (PERP,)
    assert started.marks[PERP] == 20_000
    assert any("no price" in note.text for note in bodies(two.table, Noted))


def test_r_trg_4_a_liquidation_price_that_passes_a_stop_is_told_once() -> None:
    two = Two("2000")
    two.buy(PERP, "1", "18500")
    two.buy(ETH, "5", "960")
    assert not any("before the stop" in note.text for note in bodies(two.table, Noted))
    two.table.tick(2 * SECOND)
    two.mark(ETH, 850.0)
    two.table.tick(2 * SECOND)
    two.mark(ETH, 849.0)
    told = [note.text for note in bodies(two.table, Noted) if "before the stop" in note.text]
    assert len(told) == 1
    assert told[0].startswith(f"{PERP}: liquidation at 1")
    assert told[0].endswith("comes before the stop at 18500")


def test_a_cross_wallet_is_warned_as_one() -> None:
    two = Two()
    two.buy(PERP, "0.5", "19500")
    two.buy(ETH, "5", "960")
    two.mark(ETH, 826.0)
    called = bodies(two.table, MarginCalled)
    assert [(call.name, call.threshold) for call in called] == [("", D("0.5"))]


# --- fees that can not be paid (E-11)


def test_e_11_w97_a_fee_above_what_is_left_is_paid_by_the_insurance() -> None:
    instrument = perp(maker_fee=D(0), taker_fee=D("0.00055"), tick_size=D("0.001"), lot_size=D(1))
    market = Table(instrument, settings=wide_limits(balance=D("40.89"), leverage=D(20)))
    market.open([(8.0, 500.0)], [(8.0, 500.0)])
    market.mark(8.0)
    market.buy("100", limit="8", stop="7.8")
    assert market.state.cash("USDT") == D("0.45")
    market.snapshot([(7.599, 500.0)], [(8.1, 500.0)])
    market.do(Flatten())
    assert market.fills[-1].realized_pnl == D("-40.1")
    (short,) = bodies(market, FeeShortfall)
    assert (short.due, short.paid) == (D("0.417945"), D("0.35"))
    assert market.fills[-1].fee == D("0.35")
    assert market.state.cash("USDT") == 0
    assert market.state.balances[ledger.INSURANCE, "USDT"] == short.paid - short.due
    assert State.fold(market.journal) == market.state


def test_i_05_the_fee_takes_nothing_of_what_a_margin_position_on_spot_has_won() -> None:
    """The wallet is not behind an isolated contract, and neither is the open profit that backs the wallet."""
    market = table(balance=D(5_000), borrowing=Borrowing(enabled=True), liquidation_fee=D("0.05"))
    pair = msgspec.structs.replace(spot(), symbol="ETH/USDT", base="ETH")
    market.feed(InstrumentListed(pair, market.tick()))
    market.feed(FeedStatus("ETH/USDT", market.tick(), FeedState.STREAMING))
    for price in (1_000.0, 1_200.0):
        ts = market.tick()
        market.feed(BookSnapshot("ETH/USDT", ts, ts, [(price, 9.0)], [(price, 9.0)]))
        if price == 1_000.0:
            market.symbol = "ETH/USDT"
            assert market.buy("1", stop="900").accepted
            market.symbol = PERP
    assert market.buy("1", stop="19750").accepted
    cash = market.state.cash("USDT")
    market.mark(19_650.0)
    assert PERP not in market.state.positions
    assert market.state.cash("USDT") == cash
    (liquidated,) = [event.body for event in market.journal if isinstance(event.body, Liquidated)]
    assert liquidated.fee == 400 + liquidated.result, "all that was left of the margin"
