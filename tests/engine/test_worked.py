"""Worked examples of section 20 that a part alone does not show: played by the whole engine."""

from __future__ import annotations

from decimal import Decimal

from tests.engine.market import PERP, Levels, Table, perp, wide_limits
from tests.engine.test_gap import candle, lose
from tradetui.domain.command import MarginMode
from tradetui.domain.instrument import Instrument, LeverageTier
from tradetui.domain.market_data import (
    BookSnapshot,
    FeedState,
    FeedStatus,
    InstrumentListed,
    MarkPrice,
    MissedCandles,
    PriceKind,
)
from tradetui.domain.number import to_step
from tradetui.domain.reply import Reason
from tradetui.domain.rule import Unit

D = Decimal
ETH = "ETH/USDT:USDT"
NO_FEES = {"maker_fee": D(0), "taker_fee": D(0)}
BTC_TIERS = {"50000": "0.004", "250000": "0.005", "1000000": "0.01", "10000000": "0.025"}
ETH_TIERS = {
    "10000": "0.005",
    "100000": "0.0065",
    "500000": "0.01",
    "1000000": "0.02",
    "2000000": "0.05",
    "5000000": "0.1",
    "10000000": "0.125",
}


def tiers(rates: dict[str, str]) -> tuple[LeverageTier, ...]:
    """Binance's, of 2021: its example names the deductions that follow from them."""
    return tuple(LeverageTier(D(cap), D(rate)) for cap, rate in rates.items())


def second(table: Table, instrument: Instrument) -> None:
    """Another instrument at the same venue."""
    table.feed(InstrumentListed(instrument, table.tick()))
    table.feed(FeedStatus(instrument.symbol, table.tick(), FeedState.STREAMING))


def booked(table: Table, symbol: str, bids: Levels, asks: Levels) -> None:
    ts = table.tick()
    table.feed(BookSnapshot(symbol, ts, ts, bids, asks))


def test_w45_a_stop_that_the_book_jumps_over_gets_the_best_bid_that_is_there() -> None:
    market = Table(perp(tick_size=D("0.01")), settings=wide_limits(leverage=D(2))).open(
        [(105.0, 9.0)], [(105.01, 9.0)]
    )
    market.buy("1", stop="100")
    market.snapshot([(90.0, 9.0)], [(90.01, 9.0)])
    market.trade(90.0, 0.001)
    assert market.fills[-1].price == 90


def test_w45_where_only_bars_are_known_a_stop_inside_one_gets_its_own_price() -> None:
    settings = wide_limits(gap_slip=D(0), leverage=D(2))
    market = Table(perp(tick_size=D("0.01")), settings=settings).open([(105.0, 9.0)], [(105.01, 9.0)])
    market.trade(105.0, 0.001)
    market.buy("1", stop="100")
    minute = lose(market)
    bar = candle(minute, 102.0, 103.0, 98.0, 101.0)
    market.now = max(market.now, minute + 60 * 10**9)
    market.feed(MissedCandles(market.symbol, market.tick(), PriceKind.LAST, [bar]))
    market.status(FeedState.STREAMING)
    market.snapshot([(101.0, 9.0)], [(101.01, 9.0)])
    assert market.fills[-1].price == 100


def test_w75_what_is_sold_beyond_a_position_opens_the_other_side_at_the_same_price() -> None:
    market = Table(perp(**NO_FEES), settings=wide_limits(leverage=D(2))).open(
        [(50.0, 900.0)], [(50.0, 900.0)]
    )
    before = market.engine.equity()
    market.buy("100", stop="40")
    market.snapshot([(55.0, 900.0)], [(55.0, 900.0)])
    assert market.sell("150", stop="70").refusal is not None, "one order does not turn a position over"
    market.sell("100", reduce_only=True)
    market.sell("50", stop="70")
    market.snapshot([(52.0, 900.0)], [(52.0, 900.0)])
    market.buy("50", reduce_only=True)
    assert [fill.realized_pnl for fill in market.fills] == [0, 500, 0, 150]
    assert not market.state.positions
    assert market.engine.equity() == before + 650


def test_w59_an_order_beyond_the_budget_is_denied_with_the_largest_that_passes() -> None:
    """Lost 180 of 500 and 40 more open, 90 at risk in another position: 280 are left."""
    free = perp(symbol=ETH, base="ETH", tick_size=D("0.5"), **NO_FEES)
    settings = wide_limits()
    limits = settings.limits.with_daily_loss(D(500), Unit.MONEY)
    settings = wide_limits(limits=limits, slip=D("0.0005"))
    market = Table(perp(taker_fee=D("0.00055")), settings=settings)
    market.open([(60_000.0, 9.0)], [(60_000.1, 9.0)])
    second(market, free)
    booked(market, ETH, [(2005.5, 900.0)], [(2005.5, 900.0)])
    market.symbol = ETH
    market.buy("10", stop="1980")
    booked(market, ETH, [(1987.5, 900.0)], [(1987.5, 900.0)])
    market.sell("10", reduce_only=True)
    booked(market, ETH, [(2005.5, 900.0)], [(2005.5, 900.0)])
    market.buy("20", stop="2000")
    booked(market, ETH, [(2003.5, 900.0)], [(2003.5, 900.0)])
    assert (market.engine.head_room(), market.engine.open_risk()) == (D(280), D(90))
    market.symbol = PERP
    refusal = market.buy("0.3", limit="60000", stop="59400").refusal
    assert refusal is not None
    assert refusal.reason is Reason.DAILY_BUDGET
    assert (refusal.numbers["needed"], refusal.numbers["nearest"]) == (D("208.611"), D("0.273"))
    assert market.buy("0.273", limit="60000", stop="59400").accepted


def test_w06_in_a_cross_account_each_position_is_liquidated_with_what_the_other_leaves() -> None:
    btc = perp(tick_size=D("0.01"), tiers=tiers(BTC_TIERS), **NO_FEES)
    eth = perp(symbol=ETH, base="ETH", tick_size=D("0.01"), tiers=tiers(ETH_TIERS), **NO_FEES)
    assert btc.maintenance_of(D(3_500_000)) == (D("0.025"), D(16_300))
    assert eth.maintenance_of(D(4_900_000)) == (D("0.1"), D(135_365))
    settings = wide_limits(
        balance=D("1535443.01"), margin_mode=MarginMode.CROSS, leverage=D(10), close_fee_in_maintenance=False
    )
    market = Table(btc, settings=settings).open([(32_481.98, 900.0)], [(32_481.98, 900.0)])
    second(market, eth)
    booked(market, ETH, [(1456.84, 9_000.0)], [(1456.84, 9_000.0)])
    assert market.buy("109.488", stop="30000").accepted
    market.symbol = ETH
    assert market.buy("3683.979", stop="1300").accepted
    for symbol, price in ((PERP, 31_967.27), (ETH, 1335.18)):
        ts = market.tick()
        market.feed(MarkPrice(symbol, ts, ts, price))
    found = [market.engine.liquidation_price(symbol) for symbol in (PERP, ETH)]
    assert [to_step(each or D(0), D("0.01"), "ROUND_HALF_EVEN") for each in found] == [
        D("26316.89"),
        D("1153.26"),
    ]
