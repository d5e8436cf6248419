"""The trading day: its roll, its limit, its lock, and the clock."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from tests.engine.market import PERP, SECOND, START, Table, perp, risk, wide_limits
from tradetui.domain.command import Flatten, SetRiskLimits, SetStop, Stop
from tradetui.domain.event import ClockJumped, LimitBreached, Locked, SessionRolled, Unlocked
from tradetui.domain.market_data import ClockTick, FeedState, Side
from tradetui.domain.order import OrderRole
from tradetui.domain.reply import Reason
from tradetui.domain.rule import HOLD, Unit
from tradetui.domain.view import TradingState
from tradetui.trading.limits import RiskLimits
from tradetui.trading.settings import EngineSettings

D = Decimal
BIDS = [(60_000.0, 50.0)]
ASKS = [(60_000.1, 50.0)]
HOUR = 3600 * SECOND
FREE = perp(maker_fee=D(0), taker_fee=D(0), tick_size=D(1))


def bodies(table: Table, kind: type) -> list[object]:
    return [event.body for event in table.journal if isinstance(event.body, kind)]


def with_day_loss(amount: str, **changes: object) -> EngineSettings:
    settings = wide_limits(balance=D(100_000))
    limits = settings.limits.with_daily_loss(D(amount))
    rule = msgspec.structs.replace(limits.rules[0], **changes)
    return msgspec.structs.replace(settings, limits=limits.with_rule(rule))


def gapped() -> Table:
    """Lose 180, then 620 through a gap, against a limit of 500."""
    table = Table(FREE, settings=with_day_loss("500")).open([(60_000.0, 9.0)], [(60_000.0, 9.0)])
    table.buy("1", stop="59820")
    table.snapshot([(59_820.0, 9.0)], [(60_000.0, 9.0)])
    table.trade(59_820.0, 0.1)
    table.snapshot([(60_000.0, 9.0)], [(60_000.0, 8.0)])
    table.buy("0.5", stop="59500")
    table.snapshot([(58_760.0, 9.0)], [(58_770.0, 9.0)])
    table.trade(58_760.0, 0.1)
    return table


def test_w78_a_gap_overshoots_the_limit_and_locks_the_day() -> None:
    table = gapped()
    assert table.engine.day_pnl() == -800
    breach = bodies(table, LimitBreached)[-1]
    assert isinstance(breach, LimitBreached)
    assert breach.numbers["overshoot"] == 300
    assert table.engine.trading_state() is TradingState.LOCKED
    assert not table.state.positions
    assert not table.state.live


def test_a_locked_day_takes_no_entry_until_the_next_session() -> None:
    table = gapped()
    refused = table.buy("0.01", stop="58000")
    assert refused.refusal is not None
    assert refused.refusal.reason is Reason.LOCKED
    assert table.state.session is not None
    table.now = table.state.session.end_ts
    table.feed(ClockTick(table.now, table.now))
    assert bodies(table, Unlocked)
    assert table.state.lock is None
    assert table.buy("0.01", stop="58000").accepted


def test_the_lock_survives_a_restart_and_looser_settings() -> None:
    table = gapped()
    table.restart(with_day_loss("50000"))
    table.status(FeedState.STREAMING)
    table.snapshot(BIDS, ASKS)
    refused = table.buy("0.01", stop="59000")
    assert refused.refusal is not None
    assert refused.refusal.reason is Reason.LOCKED
    assert table.engine.daily_limit() == 500
    assert table.state.session is not None
    table.now = table.state.session.end_ts
    table.feed(ClockTick(table.now, table.now))
    assert table.engine.daily_limit() == 50_000


def test_an_open_loss_breaches_cancels_entries_and_flattens() -> None:
    table = Table(FREE, settings=with_day_loss("600")).open([(60_000.0, 9.0)], [(60_000.0, 9.0)])
    table.buy("1", stop="59600")
    resting = table.buy("0.01", limit="59000", stop="58900")
    table.snapshot([(59_390.0, 9.0)], [(59_400.0, 9.0)])
    assert table.state.lock is not None
    assert table.state.orders[resting.order_ids[0]].reason == Reason.LOCKED
    assert not table.state.positions
    assert table.fills[-1].price == 59_390
    assert table.state.orders[table.fills[-1].order_id].role is OrderRole.FLATTEN


def test_warnings_come_once_at_each_part_of_the_limit() -> None:
    table = Table(FREE, settings=with_day_loss("1000")).open([(60_000.0, 9.0)], [(60_000.0, 9.0)])
    table.buy("1", stop="59200")
    for price in (59_600.0, 59_500.0, 59_400.0, 59_240.0, 59_600.0, 59_400.0, 59_240.0):
        table.snapshot([(price, 9.0)], [(price + 1, 9.0)])
    parts = [b.numbers["warned_at"] for b in bodies(table, LimitBreached) if isinstance(b, LimitBreached)]
    assert parts == [D("0.5"), D("0.75")]
    table.restart()
    table.status(FeedState.STREAMING)
    table.snapshot([(59_240.0, 9.0)], [(59_241.0, 9.0)])
    assert len(bodies(table, LimitBreached)) == 2


def test_w89_the_anchor_survives_a_restart() -> None:
    limits = msgspec.structs.replace(wide_limits().limits, risk_per_trade=D("0.05"))
    limits = limits.with_daily_loss(D("0.1"), Unit.ANCHOR)
    settings = EngineSettings(balance=D(100), limits=limits, leverage=D(2))
    instrument = perp(maker_fee=D(0), taker_fee=D(0), tick_size=D("0.01"), lot_size=D("0.01"))
    table = Table(instrument, settings=settings).open([(100.0, 9.0)], [(100.0, 9.0)])
    table.buy("1", stop="91")
    table.snapshot([(80.0, 9.0)], [(80.1, 9.0)])
    table.trade(80.0, 0.1)
    assert table.engine.equity() == 80
    table.restart()
    assert table.engine.daily_limit() == 10
    assert table.engine.day_pnl() == -20
    assert table.state.lock is not None


def test_r_rsk_5_a_day_of_small_losses_ends_in_a_lock() -> None:
    instrument = perp(maker_fee=D(0), taker_fee=D("0.0005"), min_qty=D("0.1"), tick_size=D(1))
    table = Table(instrument, settings=with_day_loss("100")).open([(60_000.0, 9.0)], [(60_000.0, 9.0)])
    for _ in range(30):
        if table.state.lock is not None:
            break
        table.buy("0.1", stop="59999")
        table.do(Flatten())
    assert table.state.lock is not None
    assert -100 < table.engine.day_pnl() < 0


def test_limits_tighten_at_once_and_loosen_with_the_next_day() -> None:
    table = Table(settings=EngineSettings()).open(BIDS, ASKS)
    table.do(SetRiskLimits(daily_loss=D("0.01")))
    assert table.engine.daily_limit() == 100
    table.do(SetRiskLimits(daily_loss=D("0.05")))
    assert table.engine.daily_limit() == 100
    assert table.state.session is not None
    table.now = table.state.session.end_ts + 5
    table.feed(ClockTick(table.now, table.now))
    assert table.engine.daily_limit() == 500


def test_a_zone_change_waits_for_the_old_boundary() -> None:
    table = Table(settings=EngineSettings()).open(BIDS, ASKS)
    assert table.state.session is not None
    end, session_id = table.state.session.end_ts, table.state.session.session_id
    moved = msgspec.structs.replace(EngineSettings(), zone="Pacific/Auckland")
    table.restart(moved)
    table.feed(ClockTick(table.tick(), 0))
    assert table.state.session.end_ts == end
    table.now = end
    table.feed(ClockTick(end, 0))
    assert table.state.session.session_id > session_id
    assert table.state.session.start_ts == end
    assert table.state.limits["zone"] == "Pacific/Auckland"


def test_missed_sessions_roll_in_order() -> None:
    table = Table().open(BIDS, ASKS)
    table.now += 72 * HOUR
    table.feed(ClockTick(table.now, table.now))
    ids = [body.session_id for body in bodies(table, SessionRolled) if isinstance(body, SessionRolled)]
    assert len(ids) == 4
    assert ids == sorted(set(ids))


def test_w90_a_clock_set_back_stands_still() -> None:
    table = Table()
    seen = []
    for second in (100, 105, 98, 106):
        table.feed(ClockTick(START + second * SECOND, 0))
        seen.append((table.engine.ts - START) // SECOND)
    assert seen == [100, 105, 105, 106]
    assert [event.seq for event in table.journal] == list(range(1, len(table.journal) + 1))
    assert len(table.journal) >= 4


def test_a_clock_set_back_is_told_once() -> None:
    table = Table()
    for second in (100, 105, 98, 99, 106):
        table.feed(ClockTick(START + second * SECOND, 0))
    assert [b.delta_ns for b in bodies(table, ClockJumped) if isinstance(b, ClockJumped)] == [-7 * SECOND]


def test_a_restart_keeps_position_stop_target_and_resting_orders() -> None:
    table = Table(settings=wide_limits()).open(BIDS, ASKS)
    table.buy("1", stop="59000", target="62000")
    table.buy("0.5", limit="59500", stop="58000")
    before = table.state
    table.restart()
    assert table.state == before
    refused = table.buy("0.1", stop="59000")
    assert refused.refusal is not None
    assert refused.refusal.reason is Reason.RECOVERING
    assert table.engine.recovering(PERP)
    table.status(FeedState.STREAMING)
    table.snapshot(BIDS, [(60_000.1, 50.0), (62_000.0, 3.0)])
    assert not table.engine.recovering(PERP)
    assert table.engine.queue_ahead(table.target.order_id) == 3
    table.trade(58_900.0, 0.1)
    assert not [o for o in table.state.live.values() if o.role is OrderRole.PROTECTIVE and o.leaves == 1]


def test_after_a_restart_a_stop_that_was_passed_executes_at_the_first_fresh_price() -> None:
    table = Table(settings=wide_limits()).open(BIDS, ASKS)
    table.buy("1", stop="59000")
    table.restart()
    table.status(FeedState.STREAMING)
    table.snapshot([(58_500.0, 9.0)], [(58_501.0, 9.0)])
    assert not table.state.positions
    assert table.fills[-1].price == 58_500


def test_a_kill_between_trigger_and_execution_is_taken_up_again() -> None:
    table = Table(settings=wide_limits(), latency_ns=100_000_000).open(BIDS, ASKS)
    table.buy("1", stop="59000")
    table.tick(200_000_000)
    table.trade(60_000.0, 0.1)
    table.trade(58_990.0, 0.1)
    triggered = table.stop.order_id
    table.restart()
    table.status(FeedState.STREAMING)
    table.snapshot([(58_980.0, 9.0)], [(58_990.0, 9.0)])
    assert table.fills[-1].order_id == triggered
    assert not table.state.positions


def test_while_locked_a_stop_moves_only_toward_the_market() -> None:
    settings = with_day_loss("600", actions=HOLD)
    table = Table(FREE, settings=settings).open([(60_000.0, 9.0)], [(60_000.0, 9.0)])
    table.buy("1", stop="59600")
    table.snapshot([(59_390.0, 9.0)], [(59_400.0, 9.0)])
    assert table.state.lock is not None
    assert table.state.positions
    refused = table.do(SetStop(symbol=PERP, stop=Stop(price=D(59_000))))
    assert refused.refusal is not None
    assert refused.refusal.reason is Reason.LOCKED
    table.snapshot([(59_270.0, 9.0)], [(59_280.0, 9.0)])
    assert not table.state.positions


def test_a_size_in_r_risks_its_part_of_equity() -> None:
    table = Table().open(BIDS, ASKS)
    table.order(Side.BUY, risk("1"), stop="59000")
    order = table.state.orders[table.fills[0].order_id]
    assert order.planned_risk <= 50
    assert order.planned_risk + order.planned_risk / order.qty * D("0.001") > 50


def test_the_default_limits_are_those_of_the_rules() -> None:
    limits = RiskLimits()
    assert limits.risk_per_trade == D("0.005")
    assert [(rule.name, rule.amount, rule.unit) for rule in limits.rules] == [
        ("daily_loss", D("0.02"), Unit.ANCHOR)
    ]
    assert (limits.max_risk_per_trade, limits.max_open_risk) == (D(2), D(2))
    assert limits.require_stop
    assert bodies(gapped(), Locked)
