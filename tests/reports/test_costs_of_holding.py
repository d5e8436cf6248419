"""A trade's net result counts what holding it cost."""

from __future__ import annotations

from decimal import Decimal

from tests.engine.market import SECOND, Table, perp, spot, wide_limits
from tradetui.domain.command import Flatten
from tradetui.domain.market_data import ClockTick, FundingSettled
from tradetui.reports.trades import closed_trades
from tradetui.trading.settings import Borrowing

D = Decimal
BIDS = [(60_000.0, 50.0)]


def test_funding_while_it_was_open_is_part_of_it() -> None:
    free = perp(maker_fee=D(0), taker_fee=D(0))
    market = Table(free, settings=wide_limits()).open(BIDS, BIDS)
    market.buy("1", stop="59000")
    due = market.now + SECOND
    market.now = due
    market.feed(FundingSettled(market.symbol, due, market.tick(), 0.0002, 60_000.0))
    market.do(Flatten())
    (trade,) = closed_trades(market.journal)
    assert (trade.funding, trade.net_pnl) == (D(-12), D(-12))
    assert market.engine.day_pnl() == -12


def test_so_is_interest() -> None:
    settings = wide_limits(borrowing=Borrowing(enabled=True))
    market = Table(spot(maker_fee=D(0), taker_fee=D(0)), settings=settings).open(BIDS, BIDS)
    market.buy("1", stop="59000")
    market.now += 4 * 3600 * SECOND
    market.feed(ClockTick(market.now, market.now))
    market.snapshot(BIDS, BIDS)
    market.do(Flatten())
    (trade,) = closed_trades(market.journal)
    assert (trade.interest, trade.net_pnl) == (D(24), D(-24))


def test_a_liquidation_s_fee_is_in_its_trade() -> None:
    free = perp(maker_fee=D(0), taker_fee=D(0), tick_size=D(1))
    market = Table(free, settings=wide_limits(leverage=D(50), balance=D(10_000))).open(BIDS, BIDS)
    market.buy("1", stop="59500")
    market.snapshot([(59_000.0, 50.0)], [(59_001.0, 50.0)])
    (trade,) = closed_trades(market.journal)
    assert trade.net_pnl == market.state.cash("USDT") - 10_000 == -1_200
    assert trade.fees == 200
