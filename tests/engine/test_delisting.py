"""E-08: closing only half an hour before, then settled; what is held of spot is frozen."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.engine.market import PERP, SECOND, SPOT, Table, perp, spot, wide_limits
from tradetui.domain.command import Flatten, Follow
from tradetui.domain.event import FundingPaid, Noted
from tradetui.domain.fill import Evidence
from tradetui.domain.instrument import Instrument, InstrumentStatus
from tradetui.domain.market_data import ClockTick, FundingSettled, InstrumentListed, MarkPrice, Side
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


ENTRIES: list[tuple[dict[str, Any], OrderState]] = [
    ({"limit": "59900"}, OrderState.WORKING),
    ({"trigger": "60100"}, OrderState.ARMED),
    ({"trigger": "59900", "take_profit": True}, OrderState.ARMED),
    ({"chase": Follow()}, OrderState.WORKING),
]


@pytest.mark.parametrize("status", [InstrumentStatus.CLOSE_ONLY, InstrumentStatus.SETTLING])
@pytest.mark.parametrize(("how", "state"), ENTRIES)
def test_an_entry_that_rests_is_canceled_where_the_venue_only_closes(
    how: dict[str, Any], state: OrderState, status: InstrumentStatus
) -> None:
    market = table()
    market.snapshot(BIDS, [(60_001.0, 50.0)])
    market.trade(60_000.0, 0.1)
    market.buy("1", stop="59000", target="61000")
    entry = market.buy("1", stop="59000", **how)
    assert market.last_order(entry).state is state
    listed(market, status=status)
    order = market.last_order(entry)
    assert (order.state, order.reason) == (OrderState.CANCELED, Reason.INSTRUMENT_HALTED)
    notes = [event.body.text for event in market.journal if isinstance(event.body, Noted)]
    assert notes[-1] == f"{PERP}: the venue takes only orders that close, 1 entry is canceled"
    market.trade(59_800.0, 5.0)
    market.trade(60_200.0, 5.0, Side.BUY)
    assert market.state.positions[PERP].qty == D(1)
    market.trade(61_001.0, 5.0, Side.BUY)
    assert not market.state.positions, "what closes goes on"
    assert State.fold(market.journal) == market.state


def test_exits_of_every_kind_stay_where_the_venue_only_closes() -> None:
    market = table()
    market.trade(60_000.0, 0.1)
    market.buy("1", stop="59000", target="61000")
    market.sell("0.4", limit="60500", reduce_only=True)
    before = dict(market.state.live)
    listed(market, status=InstrumentStatus.CLOSE_ONLY)
    assert market.state.live == before
    market.trade(60_501.0, 5.0, Side.BUY)
    assert market.state.positions[PERP].qty == D("0.6")
    market.snapshot([(58_990.0, 50.0)], [(58_991.0, 50.0)])
    market.trade(58_990.0, 0.1)
    assert not market.state.positions


def test_the_notice_of_a_delisting_takes_entries_out_as_well() -> None:
    market = table()
    entry = market.buy("1", limit="59900", stop="59000")
    listed(market, delist_ts=market.now + 60 * MINUTE)
    pass_time(market, 30 * MINUTE + SECOND)
    assert market.last_order(entry).state is OrderState.CANCELED
    assert not market.state.live


def test_a_venue_that_began_to_only_close_while_the_program_was_off_fills_no_entry() -> None:
    market = table()
    entry = market.buy("1", limit="59900", stop="59000")
    market.restart()
    listed(market, status=InstrumentStatus.CLOSE_ONLY)
    assert market.last_order(entry).state is OrderState.CANCELED


def test_a_halt_takes_no_entry_out() -> None:
    """It ends: what rests is kept, as venues keep it."""
    market = table()
    entry = market.buy("1", limit="59900", stop="59000")
    listed(market, status=InstrumentStatus.HALTED)
    assert market.last_order(entry).state is OrderState.WORKING


def test_e_08_a_contract_is_settled_at_the_mean_of_the_last_half_hour_s_index() -> None:
    market = table()
    market.buy("1", stop="57000")
    exit_ = market.sell("0.1", limit="70000", reduce_only=True)
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
    order = market.last_order(exit_)
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
