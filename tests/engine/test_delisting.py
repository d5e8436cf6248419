"""E-08: closing only half an hour before, then settled; what is held of spot is frozen."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.engine.market import PERP, SECOND, SPOT, Table, perp, spot, wide_limits
from tradetui.domain.command import Flatten
from tradetui.domain.event import FundingPaid, Noted
from tradetui.domain.fill import Evidence
from tradetui.domain.instrument import Instrument, InstrumentStatus
from tradetui.domain.market_data import ClockTick, FundingSettled, InstrumentListed, MarkPrice
from tradetui.domain.number import ceil_to
from tradetui.domain.order import OrderState
from tradetui.domain.reply import Reason
from tradetui.state import State

D = Decimal
MINUTE = 60 * SECOND
BIDS = [(60_000.0, 50.0)]
FREE = perp(maker_fee=D(0), taker_fee=D("0.0005"), tick_size=D(1))


def table(instrument: Instrument = FREE, **settings: Any) -> Table:
    return Table(instrument, settings=wide_limits(**settings)).open(BIDS, BIDS)


def listed(market: Table, **changes: Any) -> None:
    market.instrument = msgspec.structs.replace(market.instrument, **changes)
    market.feed(InstrumentListed(market.instrument, market.tick()))


def pass_time(market: Table, ns: int) -> None:
    market.now += ns
    market.feed(ClockTick(market.now, market.now))


def index(market: Table, price: float) -> None:
    ts = market.tick()
    market.feed(MarkPrice(market.symbol, ts, ts, 60_000.0, price))


def test_e_08_half_an_hour_before_only_closing_is_allowed() -> None:
    market = table()
    market.buy("1", stop="59000")
    listed(market, delist_ts=market.now + 60 * MINUTE)
    pass_time(market, 30 * MINUTE + SECOND)
    assert market.state.instruments[PERP].status is InstrumentStatus.CLOSE_ONLY
    refused = market.buy("1", stop="59000")
    assert refused.refusal is not None
    assert refused.refusal.reason is Reason.INSTRUMENT_HALTED
    market.snapshot(BIDS, BIDS)
    assert market.do(Flatten()).accepted


def test_e_08_a_contract_is_settled_at_the_mean_of_the_last_half_hour_s_index() -> None:
    market = table()
    market.buy("1", stop="57000")
    entry = market.buy("0.1", limit="58000", stop="57000")
    listed(market, delist_ts=market.now + 60 * MINUTE)
    index(market, 10_000.0)
    pass_time(market, 40 * MINUTE)
    for price in (61_000.0, 62_000.0, 64_000.0):
        index(market, 1.0)
        index(market, price)
        market.tick(SECOND)
    pass_time(market, 30 * MINUTE)
    last = market.fills[-1]
    assert abs(last.price - D(187_000) / 3) < D("1e-7")
    assert last.receipt.evidence is Evidence.SETTLEMENT
    assert last.fee == ceil_to(last.price * D("0.0005"), D("1e-8"))
    assert not market.state.positions
    assert not market.state.live
    order = market.state.orders[entry.order_ids[0]]
    assert (order.state, order.reason) == (OrderState.CANCELED, Reason.DELISTED)
    assert market.state.instruments[PERP].is_gone
    assert State.fold(market.journal) == market.state


def test_the_venue_s_settlement_price_goes_before_everything() -> None:
    market = table()
    market.buy("1", stop="57000")
    index(market, 50_000.0)
    listed(market, status=InstrumentStatus.DELISTED, settlement_price=D("60123.4567"))
    assert market.fills[-1].price == D("60123.4567")
    assert market.fills[-1].realized_pnl == D("123.4567")


def test_e_08_funding_stops_at_once() -> None:
    market = table()
    market.buy("1", stop="57000")
    due = market.now + MINUTE
    market.now = due + MINUTE
    listed(market, status=InstrumentStatus.DELISTED, settlement_price=D(60_000))
    market.feed(FundingSettled(PERP, due, market.tick(), 0.05, 60_000.0))
    assert not [event for event in market.journal if isinstance(event.body, FundingPaid)]


@pytest.mark.parametrize("restarts", [False, True])
def test_e_08_what_is_held_of_spot_is_frozen_and_counts_nothing(restarts: bool) -> None:
    market = table(spot(maker_fee=D(0), taker_fee=D(0)))
    market.buy("1", stop="57000")
    assert market.engine.equity() == 1_000_000
    listed(market, status=InstrumentStatus.DELISTED)
    if restarts:
        market.restart()
        listed(market)
    assert market.engine.equity() == 940_000
    assert market.engine.day_pnl() == -60_000
    assert market.engine.open_risk() == 0
    assert market.state.cash("BTC") == 1
    assert market.state.holding(SPOT) is None
    assert not market.state.live
    notes = [event.body.text for event in market.journal if isinstance(event.body, Noted)]
    assert any("counts nothing" in text for text in notes)
