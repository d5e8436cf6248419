"""Check 13 of section 9: nothing is entered beyond the venue's tiers, a missing table is said (R-CHK-1)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.market import PERP, SPOT, Table, inverse_perp, perp, spot, wide_limits
from tests.trading.test_tiers import COINS, COUNTED, TIERS
from tradetui.domain.command import Flatten, SetLeverage, SetStop, Stop
from tradetui.domain.event import InstrumentRegistered, Noted
from tradetui.domain.instrument import Instrument, LeverageTier, TierRule
from tradetui.domain.market_data import BookSnapshot, FeedState, FeedStatus, InstrumentListed, Side
from tradetui.domain.order import OrderRole, OrderState
from tradetui.domain.reply import Reason, Refusal, Reply
from tradetui.domain.view import Draft
from tradetui.runtime.notices import describe
from tradetui.state import State

D = Decimal
LEVELS = [(60_000.0, 1_000_000.0)]
FREE = {"maker_fee": D(0), "taker_fee": D(0), "max_leverage": D(125)}
W11 = perp(tiers=TIERS, **FREE)
"""Up to 50,000 a hundred and twenty-five times, up to 10,000,000 twenty times, and no more."""
CAPPED_COINS = (*COINS[:2], LeverageTier(D(40), D("0.05"), D(10)))
WHOLE, CONTRACTS = {"tier_rule": TierRule.WHOLE}, {"tier_rule": TierRule.CONTRACTS}
MADE: list[tuple[str, Instrument, str, int]] = [
    ("linear-parts", W11, "166.666", 10_000_000),
    ("linear-whole", perp(tiers=TIERS, **FREE, **WHOLE), "166.666", 10_000_000),
    ("linear-contracts", perp(tiers=COUNTED, contract_size=D("0.01"), **FREE, **CONTRACTS), "9000", 9_000),
    ("inverse-parts", inverse_perp(tiers=CAPPED_COINS, **FREE), "24000", 40),
    ("inverse-whole", inverse_perp(tiers=CAPPED_COINS, **FREE, **WHOLE), "24000", 40),
    ("inverse-contracts", inverse_perp(tiers=COUNTED, **FREE, **CONTRACTS), "9000", 9_000),
]
TABLES = [pytest.param(instrument, most, cap, id=name) for name, instrument, most, cap in MADE]


def table(instrument: Instrument = W11, **settings: Any) -> Table:
    currency = instrument.settle
    wide = {"balance": D(10_000_000), "currency": currency, "leverage": D(10), **settings}
    return Table(instrument, settings=wide_limits(**wide)).open(LEVELS, LEVELS)


def no(reply: Reply) -> Refusal:
    assert reply.refusal is not None, "expected a refusal"
    return reply.refusal


def lots_above(instrument: Instrument, qty: str) -> str:
    return str(D(qty) + instrument.lot_size)


@pytest.mark.parametrize(("instrument", "most", "cap"), TABLES)
@pytest.mark.parametrize("side", Side)
def test_a_position_beyond_the_last_tier_is_refused_and_what_would_pass_passes(
    instrument: Instrument, most: str, cap: int, side: Side
) -> None:
    market, stop = table(instrument), "59990" if side is Side.BUY else "60010"
    refusal = no(market.order(side, lots_above(instrument, most), stop=stop))
    assert refusal.reason is Reason.MAX_POSITION
    assert "beyond the venue's last leverage tier" in refusal.text
    assert refusal.numbers["limit"] == cap < refusal.numbers["needed"]
    assert refusal.numbers["nearest"] == D(most)
    assert f"{most} contracts would pass" in refusal.mend
    assert market.order(side, most, stop=stop).accepted


@pytest.mark.parametrize(("instrument", "most", "cap"), TABLES)
def test_open_entries_of_the_side_count_for_the_last_tier(
    instrument: Instrument, most: str, cap: int
) -> None:
    market, part = table(instrument), "100" if instrument.lot_size < 1 else "5000"
    assert market.buy(part, limit="59990", stop="59900").accepted
    assert market.sell(part, limit="60010", stop="60100").accepted
    refusal = no(market.buy(most, limit="60000", stop="59900"))
    assert "open entries included" in refusal.text
    assert refusal.numbers["limit"] == cap
    assert refusal.numbers["nearest"] == D(most) - D(part)
    assert market.buy(str(D(most) - D(part)), limit="60000", stop="59900").accepted
    assert no(market.buy("5", limit="60000", stop="59900")).mend == "cancel an entry first"


def test_a_leverage_above_that_of_the_tier_names_both_ways_out() -> None:
    refusal = no(table(leverage=D(100)).buy("5", stop="59990"))
    assert refusal.reason is Reason.LEVERAGE
    assert refusal.numbers == {"needed": 100, "limit": 50, "nearest": D("4.166")}
    assert refusal.mend == "leverage 50, or 4.166 contracts"
    refusal = no(table(leverage=D(30)).buy("170", stop="59990"))
    assert refusal.reason is Reason.MAX_POSITION
    assert refusal.numbers["nearest"] == D("16.666")


def tightened(instrument: Instrument, cap: int) -> Instrument:
    single = LeverageTier(D(cap), instrument.tiers[0].rate, D(125))
    return msgspec.structs.replace(instrument, tiers=(single,))


@pytest.mark.parametrize(("instrument", "most", "cap"), TABLES)
def test_e_20_a_position_that_new_tiers_leave_beyond_them_may_only_be_reduced(
    instrument: Instrument, most: str, cap: int
) -> None:
    market = table(instrument)
    held = D(most) / 2 // instrument.lot_size * instrument.lot_size
    market.buy(str(held), stop="59000")
    entry = market.last_order(market.buy("5", limit="59990", stop="59000"))
    short = market.last_order(market.sell(str(held), limit="60100", reduce_only=True))
    market.feed(InstrumentListed(tightened(instrument, cap // 10), market.tick()))
    ended = market.state.orders[entry.order_id]
    assert (ended.state, ended.reason) == (OrderState.CANCELED, Reason.MAX_POSITION)
    assert short.order_id in market.state.live
    refusal = no(market.buy("5", limit="60000", stop="59000"))
    assert refusal.mend == "it lies beyond already: it may only be reduced"
    assert market.do(SetStop(symbol=market.symbol, stop=Stop(price=D(59_500)))).accepted
    assert market.sell("5", limit="60100", reduce_only=True).accepted
    assert market.sell("5").accepted
    assert market.do(Flatten()).accepted
    assert not market.state.positions


def test_e_20_new_tiers_take_out_the_newest_entries_that_they_have_no_room_for() -> None:
    market = table()
    kept = market.last_order(market.buy("10", limit="59000", stop="58000"))
    gone = market.last_order(market.buy("10", limit="59500", stop="58000"))
    other = market.last_order(market.sell("10", limit="61000", stop="61100"))
    market.feed(InstrumentListed(tightened(W11, 1_000_000), market.tick()))
    assert set(market.state.live) == {kept.order_id, other.order_id}
    assert market.state.orders[gone.order_id].reason == Reason.MAX_POSITION


def test_a_leverage_is_held_against_what_is_held_and_ordered_together() -> None:
    market = table()
    market.buy("4", stop="59990")
    assert market.do(SetLeverage(symbol=PERP, leverage=D(100))).accepted
    assert market.do(SetLeverage(symbol=PERP, leverage=D(10))).accepted
    market.buy("1", limit="59900", stop="59890")
    assert no(market.do(SetLeverage(symbol=PERP, leverage=D(100)))).numbers["limit"] == 50


@given(
    st.sampled_from([instrument for _, instrument, _, _ in MADE]),
    st.integers(1, 400),
    st.integers(1, 400),
    st.integers(40_000, 90_000),
)
def test_no_accepted_entry_leads_beyond_the_tiers_and_the_size_that_is_named_is_the_largest(
    instrument: Instrument, resting: int, wanted: int, price: int
) -> None:
    unit = D(1) if instrument.lot_size < 1 else D(100)
    market, limit, stop = table(instrument, balance=D(10**9)), str(price), str(price - 100)
    market.snapshot([(39_000.0, 1.0)], [(95_000.0, 1.0)])
    for lots in (resting, wanted):
        reply = market.buy(str(lots * unit), limit=limit, stop=stop)
        ordered = sum((o.leaves for o in market.state.live.values() if o.role is OrderRole.ENTRY), D(0))
        last = instrument.tiers[-1].cap
        assert last is not None
        assert instrument.tier_size(ordered, D(price)) <= last
        if reply.refusal is not None and (fits := reply.refusal.numbers["nearest"]):
            assert not market.buy(str(fits + instrument.lot_size), limit=limit, stop=stop).accepted
            assert market.buy(str(fits), limit=limit, stop=stop).accepted


# --- no table (R-CHK-1)


@pytest.mark.parametrize("instrument", [perp(**FREE), inverse_perp(**FREE)], ids=["linear", "inverse"])
def test_r_chk_1_without_a_table_a_profile_that_assumes_nothing_takes_no_entry(
    instrument: Instrument,
) -> None:
    market = table(instrument)
    market.buy("5", stop="59000")
    market.restart(msgspec.structs.replace(market.settings, assumed_maintenance=None))
    market.open(LEVELS, LEVELS)
    refusal = no(market.buy("5", stop="59000"))
    assert refusal.reason is Reason.NO_TIERS
    assert "tells no leverage tiers" in refusal.text
    assert "0.005" in refusal.mend
    shown = market.engine.preview(market.symbol, Side.BUY, Draft(stop=Stop(price=D(59_000))))
    assert not shown.allowed
    assert "assumed_maintenance" in shown.refusal
    assert market.do(SetStop(symbol=market.symbol, stop=Stop(price=D(59_500)))).accepted
    assert market.sell("1").accepted
    assert market.do(Flatten()).accepted
    assert not market.state.positions
    market.feed(InstrumentListed(msgspec.structs.replace(instrument, tiers=TIERS), market.tick()))
    assert market.buy("5", stop="59000").accepted


def test_r_chk_1_spot_needs_no_table() -> None:
    market = Table(spot(), settings=wide_limits(assumed_maintenance=None)).open(LEVELS, LEVELS)
    assert market.buy("1", stop="59000").accepted


@pytest.mark.parametrize("made", [perp, inverse_perp], ids=["linear", "inverse"])
def test_r_chk_1_the_assumed_rate_is_the_profiles_and_is_said_once_for_each_contract(made: Any) -> None:
    instrument = made(**FREE)
    market = table(instrument, assumed_maintenance=D("0.02"))
    listed = [event.body for event in market.journal if isinstance(event.body, InstrumentRegistered)]
    assert [body.instrument.maintenance_rate for body in listed] == [D("0.02")]
    assert market.engine.preview(market.symbol, Side.BUY, Draft(stop=Stop(price=D(59_000)))).assumes
    for _ in range(3):
        assert market.buy("5", stop="59000").accepted
    noted = [event for event in market.journal if isinstance(event.body, Noted)]
    (notice,) = describe(noted, market.state)
    words = "no leverage tiers are told, 2 % maintenance is assumed for every size"
    assert notice.text == f"{market.symbol}: {words}"


def test_an_assumption_is_said_once_for_a_journal_and_again_where_it_is_another() -> None:
    market = table(perp(**FREE), assumed_maintenance=D("0.02"))
    rates = ("0.02", "0.02", "0.01", "0.02")
    for rate in rates:
        market.restart(msgspec.structs.replace(market.settings, assumed_maintenance=D(rate)))
        market.open(LEVELS, LEVELS)
        assert market.buy("1", stop="59000").accepted
    said = [
        event.body.text
        for event in market.journal
        if isinstance(event.body, Noted) and event.body.what == "assumed"
    ]
    assert [text.partition(", ")[2].partition(" %")[0] for text in said] == ["2", "1"]
    assert State.fold(market.journal) == market.state


def test_what_the_venue_tells_is_not_said_to_be_assumed() -> None:
    market = table()
    assert market.buy("1", stop="59000").accepted
    assert not [event for event in market.journal if isinstance(event.body, Noted)]
    assert not market.engine.preview(PERP, Side.BUY, Draft(stop=Stop(price=D(59_000)))).assumes


def test_r_chk_1_without_any_known_maximum_only_a_leverage_of_one_passes() -> None:
    market = table(perp(max_leverage=D(1)))
    refusal = no(market.buy("1", stop="59000"))
    assert refusal.reason is Reason.LEVERAGE
    assert refusal.numbers["limit"] == 1
    assert refusal.mend == "leverage 1"
    assert no(market.do(SetLeverage(symbol=PERP, leverage=D(2)))).numbers["nearest"] == 1
    assert market.do(SetLeverage(symbol=PERP, leverage=D(1))).accepted
    assert market.buy("1", stop="59000").accepted


# --- other inputs that may be missing (R-CHK-1)


def test_r_chk_1_while_a_position_has_no_price_since_the_start_nothing_else_is_entered() -> None:
    market = table()
    market.buy("1", stop="59000")
    market.restart()
    other = spot()
    market.feed(InstrumentListed(other, market.tick()))
    market.feed(FeedStatus(SPOT, market.tick(), FeedState.STREAMING))
    market.feed(BookSnapshot(SPOT, market.tick(), market.now, LEVELS, LEVELS))
    market.symbol = SPOT
    refusal = no(market.buy("1", stop="59000"))
    assert refusal.reason is Reason.RECOVERING
    assert refusal.text.startswith(PERP)
    market.symbol = PERP
    market.status(FeedState.STREAMING)
    market.snapshot(LEVELS, LEVELS)
    market.symbol = SPOT
    assert market.buy("1", stop="59000").accepted
