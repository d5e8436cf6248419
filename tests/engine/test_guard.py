"""The guard of the stop: no position stands naked, and no stop quietly becomes worth less (section 12)."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from tests.engine.market import PERP, Table, perp, wide_limits
from tests.engine.rules_table import FREE
from tradetui.domain.command import CancelOrder, MarginMode, SetLimit, SetStop, Stop, Withdraw
from tradetui.domain.event import Noted, StopLoosened
from tradetui.domain.instrument import LeverageTier
from tradetui.domain.market_data import InstrumentListed
from tradetui.domain.order import OrderRole, OrderState
from tradetui.domain.reply import Reason
from tradetui.trading import guard
from tradetui.trading.settings import EngineSettings

D = Decimal
DEEP = [(20_000.0, 90.0)], [(20_000.0, 90.0)]


def settings(*, required: bool = False, **changes: object) -> EngineSettings:
    made = wide_limits(slip=D(0), **changes)
    limits = msgspec.structs.replace(made.limits, require_stop=required)
    return msgspec.structs.replace(made, limits=limits)


def quote(market: Table, price: float) -> None:
    market.snapshot([(price, 90.0)], [(price, 90.0)])


def alarms(market: Table) -> list[str]:
    notes = [event.body for event in market.journal if isinstance(event.body, Noted)]
    return [note.text for note in notes if note.what == "alarm"]


def require_stops(market: Table) -> None:
    assert market.do(SetLimit(name="require_stop", value="on")).accepted


def test_requiring_stops_sets_one_for_a_naked_position_in_the_same_transaction() -> None:
    market = Table(FREE, settings=settings()).open(*DEEP)
    market.buy("1")
    assert market.state.stop_of(PERP) is None
    require_stops(market)
    assert market.stop.trigger == 19_600, "2 % below the entry"
    names = [type(event.body).__name__ for event in market.transactions[-1]]
    assert names.index("LimitsChanged") < names.index("OrderChanged")


def test_a_stop_by_rule_stands_inside_the_liquidation_price() -> None:
    steep = perp(tick_size=D(1), max_leverage=D(100))
    for side in ("buy", "sell"):
        market = Table(steep, settings=settings(leverage=D(80))).open(*DEEP)
        getattr(market, side)("1")
        require_stops(market)
        position = market.state.positions[PERP]
        price, trigger = market.engine.liquidation_price(PERP), market.stop.trigger
        assert price is not None
        assert trigger is not None
        sign = position.side.sign
        assert sign * (trigger - (20_000 - sign * 400)) > 0, "nearer than 2 %"
        assert guard.is_inside_liquidation(steep, trigger, price, sign=sign)


def test_a_position_that_is_through_its_stop_by_rule_already_is_closed() -> None:
    market = Table(FREE, settings=settings()).open(*DEEP)
    market.buy("1")
    quote(market, 19_500.0)
    market.trade(19_500.0, 0.1)
    require_stops(market)
    assert not market.state.positions
    assert market.state.orders[market.fills[-1].order_id].role is OrderRole.PROTECTIVE


def test_requiring_stops_from_the_next_day_on_protects_at_the_roll() -> None:
    market = Table(FREE, settings=settings()).open(*DEEP)
    market.buy("1")
    market.engine._watch.state.day.next_texts = {}
    require_stops(market)
    assert market.stop.state is OrderState.ARMED


def beyond(market: Table) -> list[str]:
    return [text for text in alarms(market) if "comes before the stop" in text]


def test_a_liquidation_price_that_moves_past_the_stop_is_an_alarm_once() -> None:
    market = Table(perp(tick_size=D(1)), settings=settings(leverage=D(5))).open(*DEEP)
    market.buy("1", stop="16200")
    quote(market, 19_990.0)
    assert not beyond(market)
    market.feed(InstrumentListed(perp(tick_size=D(1), tiers=(LeverageTier(None, D("0.02")),)), market.tick()))
    quote(market, 19_980.0)
    quote(market, 19_970.0)
    assert len(beyond(market)) == 1
    assert "the stop at 16200" in beyond(market)[0]
    market.do(SetStop(symbol=PERP, stop=Stop(price=D(17_000))))
    assert len(beyond(market)) == 1


def test_in_cross_mode_the_wallet_moves_it() -> None:
    cross = settings(leverage=D(10), margin_mode=MarginMode.CROSS, balance=D(6_000))
    market = Table(perp(tick_size=D(1)), settings=cross).open(*DEEP)
    assert market.buy("1", stop="16000").accepted
    assert market.do(Withdraw(amount=D(2_500))).accepted
    market.now += 10**9
    quote(market, 19_990.0)
    assert len(beyond(market)) == 1


def loosened(market: Table) -> list[tuple[Decimal, Decimal | None, Decimal]]:
    bodies = [event.body for event in market.journal if isinstance(event.body, StopLoosened)]
    return [(body.before, body.after, body.added_risk) for body in bodies]


def test_r_stp_4_a_stop_that_moves_away_says_by_how_much_the_risk_grew() -> None:
    market = Table(FREE, settings=settings(required=True)).open(*DEEP)
    market.buy("1", stop="19900")
    market.do(SetStop(symbol=PERP, stop=Stop(price=D(19_950))))
    assert loosened(market) == []
    market.do(SetStop(symbol=PERP, stop=Stop(price=D(19_700))))
    assert loosened(market) == [(D(19_950), D(19_700), D(250))]
    assert market.stop.trigger == 19_700


def test_r_stp_4_a_stop_that_is_not_required_goes_only_where_the_budget_carries_it() -> None:
    market = Table(FREE, settings=settings(balance=D(100_000))).open(*DEEP)
    market.buy("1", stop="19900")
    stop = market.stop.order_id
    assert market.do(CancelOrder(order_id=stop)).accepted
    assert loosened(market) == [(D(19_900), None, D(1_900))], "10 % of the notional, by rule"
    tight = msgspec.structs.replace(settings(), limits=settings().limits.with_daily_loss(D(1_000)))
    market = Table(FREE, settings=tight).open(*DEEP)
    market.buy("1", stop="19900")
    refused = market.do(CancelOrder(order_id=market.stop.order_id)).refusal
    assert refused is not None
    assert refused.reason is Reason.DAILY_BUDGET
    assert "without its stop" in refused.text


def test_while_locked_a_stop_that_is_not_required_stays() -> None:
    market = Table(FREE, settings=settings()).open(*DEEP)
    market.buy("1", stop="19900")
    market.do(SetLimit(name="trading_hours", value="01:00-01:01"))
    assert market.state.lock is not None
    refused = market.do(CancelOrder(order_id=market.stop.order_id)).refusal
    assert refused is not None
    assert refused.reason is Reason.LOCKED


def gapped(stop: str, *, to: float) -> Table:
    """An entry waits for its trigger, and the market jumps over it."""
    market = Table(perp(tick_size=D(1)), settings=settings(leverage=D(10))).open(*DEEP)
    assert market.buy("1", trigger="20100", stop=stop).accepted
    quote(market, to)
    market.trade(to, 0.1)
    return market


def test_an_entry_that_gapped_gets_its_stop_before_its_liquidation() -> None:
    market = gapped("18300", to=21_000.0)
    position, trigger = market.state.positions[PERP], market.stop.trigger
    liquidation = market.engine.liquidation_price(PERP)
    assert position.entry_price == 21_000
    assert trigger is not None
    assert liquidation is not None
    assert guard.is_inside_liquidation(market.instrument, trigger, liquidation, sign=1)
    assert not guard.is_inside_liquidation(market.instrument, trigger - 2, liquidation, sign=1), "no nearer"
    assert alarms(market) == [f"{PERP}: liquidation came before the stop at 18300: it was moved to {trigger}"]
    quote(market, float(trigger))
    market.trade(float(trigger), 0.1)
    assert not market.state.positions
    assert market.state.orders[market.fills[-1].order_id].role is OrderRole.PROTECTIVE


def test_an_entry_that_filled_near_its_plan_keeps_its_stop() -> None:
    market = gapped("18300", to=20_110.0)
    assert market.stop.trigger == 18_300
    assert not alarms(market)


def test_a_second_entry_that_gapped_moves_the_stop_of_both() -> None:
    market = Table(perp(tick_size=D(1)), settings=settings(leverage=D(10))).open(*DEEP)
    assert market.buy("0.1", stop="18250").accepted
    assert market.buy("1", trigger="20100", stop="18250").accepted
    quote(market, 21_000.0)
    market.trade(21_000.0, 0.1)
    liquidation, trigger = market.engine.liquidation_price(PERP), market.stop.trigger
    assert trigger is not None
    assert guard.is_inside_liquidation(market.instrument, trigger, liquidation, sign=1)
    assert market.stop.qty == D("1.1")
    assert "was moved to" in alarms(market)[-1]
