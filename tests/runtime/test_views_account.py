"""What a frame says of the account: positions, orders, fills with receipts, limits, the ticket."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.engine.market import MS, SECOND, SPOT, D, spot
from tests.runtime.views_scene import ASKS, BIDS, PROFILE, Scene
from tradetui.domain.command import How, Size, SizeUnit, Stop
from tradetui.domain.event import AnyBody, Event, GapEvaluated, GapsAcknowledged
from tradetui.domain.market_data import FeedState, Side
from tradetui.domain.view import Draft, Frame, LimitGauge, ProfileBadge, TradingState
from tradetui.domain.view_market import OwnMark
from tradetui.runtime.views.builder import FrameBuilder

PAID = D("25200.342")
"""0.075 at 60,000.2, 0.030 at 60,000.4 and 0.315 at 60,001.0."""
FEE = D("12.600171")
RISEN = [(60100.0, 1.0)], [(60100.2, 1.0)]


@pytest.fixture
def scene() -> Scene:
    return Scene().begin()


def entered(scene: Scene) -> Frame:
    scene.enter()
    scene.publish()
    return scene.frame()


def test_a_position_is_valued_where_it_could_be_sold(scene: Scene) -> None:
    entered(scene)
    scene.snapshot(*RISEN)
    scene.trade(60100.1, 0.1)
    view = scene.frame(later_ms=350).positions[0]
    profit = D("0.42") * D(60100) - PAID
    assert view.side is Side.BUY
    assert (view.qty, view.entry_price, view.mark_price) == (D("0.42"), D("60000.8"), D(60100))
    assert view.unrealized_pnl == D("41.66") == round(profit, 2)
    assert view.unrealized_pct == 0.17
    assert view.r == 0.98  # of 0.075 x 100.2 + 0.030 x 100.4 + 0.315 x 101.0 = 42.342
    assert (view.stop, view.stop_distance, view.target) == (D(59900), D("200.0"), D("60202.4"))
    assert (view.stop_by, view.stop_state, view.stop_age_ms) == ("last", "armed", 300)


def test_the_liquidation_price_is_where_the_margin_covers_maintenance_and_the_closing_fee(
    scene: Scene,
) -> None:
    view = entered(scene).positions[0]
    margin = PAID / 10
    assert view.liquidation_price == round((PAID - margin) / (D("0.42") * D("0.9945")), 1)


def test_a_position_remembers_its_worst_and_its_best_moment(scene: Scene) -> None:
    entered(scene)
    scene.snapshot(*RISEN)
    scene.frames.observe()
    scene.snapshot([(59990.0, 1.0)], ASKS)
    scene.frames.observe()
    scene.snapshot(BIDS, ASKS)
    view = scene.frame().positions[0]
    assert view.mfe == D("41.66")
    assert view.mae == round(D("0.42") * 59990 - PAID, 2) == D("-4.54")


def test_a_stop_that_no_price_reaches_is_not_called_armed(scene: Scene) -> None:
    entered(scene)
    scene.status(FeedState.STALE)
    assert scene.frame().positions[0].stop_state == "waiting"


def test_a_stop_that_has_fired_and_finds_nobody_says_since_when(scene: Scene) -> None:
    entered(scene)
    scene.now += 30 * SECOND
    scene.snapshot([], ASKS)
    scene.trade(59900.0, 0.1)
    scene.publish()
    words = "WORKING, no liquidity since 22:13:50 UTC"
    frame = scene.frame(later_ms=90_000)
    assert (frame.positions[0].stop_state, frame.orders[0].detail) == (words, words)
    scene.now += 60 * SECOND
    scene.snapshot([(59800.0, 0.02)], ASKS)
    scene.snapshot([], ASKS)
    scene.publish()
    assert scene.frame().orders[0].detail == "WORKING, no liquidity since 22:14:50 UTC", "since the last fill"
    scene.status(FeedState.DOWN)
    frame = scene.frame()
    assert frame.positions[0].stop_state == "fired, waits: data is down"
    assert frame.orders[0].detail == "waits: data is down"
    scene.now += 60 * SECOND
    scene.status(FeedState.STREAMING)
    scene.snapshot([], ASKS)
    scene.publish()
    assert scene.frame().orders[0].detail == "WORKING, no liquidity since 22:15:50 UTC", "since it is back"


def test_an_entry_that_waits_for_its_data_says_so(scene: Scene) -> None:
    scene.settings = scene.settings.with_latency(100 * MS)
    scene.restart()
    scene.frames = FrameBuilder(scene.engine, scene.published, PROFILE, profiles=())
    scene.begin()
    assert scene.buy("0.1", stop="59900").accepted
    scene.status(FeedState.DOWN)
    scene.now += SECOND
    scene.mark(60000.0)
    scene.publish()
    assert [view.detail for view in scene.frame().orders] == ["waits: data is down"]


def test_the_time_that_a_position_is_held_counts_in_seconds(scene: Scene) -> None:
    first = entered(scene)
    assert scene.frame(later_ms=400).positions is first.positions
    assert scene.frame(later_ms=4100).positions[0].held_s == 4


def test_orders_tell_their_queue_their_age_and_what_they_belong_to(scene: Scene) -> None:
    entered(scene)
    scene.buy("0.1", limit="59999", stop="59900")
    scene.publish()
    scene.now += 8 * SECOND
    views = [(view.linked, view.queue_ahead, view.age_s) for view in scene.frame().orders]
    assert views[:3] == [("position", None, 8), ("target", 0.0, 8), ("entry", 1.0, 8)]


def test_own_orders_stand_on_the_ladder_and_on_the_chart(scene: Scene) -> None:
    entered(scene)
    scene.buy("0.1", limit="59999", stop="59900")
    scene.publish()
    frame = scene.ask(ladder_center=599990)
    assert frame.ladder is not None
    assert frame.chart is not None
    ids = {view.order.order_id: view for view in frame.orders}
    own = next(row.own for row in frame.ladder.rows if row.tick == 599990)
    assert own == (OwnMark("buy", "0.1", 1.0, list(ids)[2]),)
    labels = {mark.kind: (mark.label, round(mark.price, 1)) for mark in frame.chart.marks}
    assert labels["entry"] == ("entry", 60000.8)
    assert labels["stop"] == ("stop 0.42", 59900.0)
    assert labels["target"] == ("target 2R", 60202.4)
    assert labels["buy"] == ("buy 0.1", 59999.0)
    assert labels["liquidation"][0] == "liq"
    assert [(mark.price, mark.side) for mark in frame.chart.fills] == [
        (60000.2, Side.BUY),
        (60000.4, Side.BUY),
        (60001.0, Side.BUY),
    ]


def test_the_levels_of_one_execution_are_one_fill_with_its_receipt(scene: Scene) -> None:
    views = entered(scene).fills
    assert len(views) == 1
    fill = views[0].fill
    assert (fill.qty, fill.price, fill.fee) == (D("0.42"), D("60000.81"), FEE)
    assert views[0].lines == (
        "3 levels .075 .030 .315 · mid 60,000.1",
        "slip 0.1 bp 0.00 R · fee 12.60 · 0 ms",
    )


def test_a_maker_fill_names_the_print_and_the_queue_and_the_wait(scene: Scene) -> None:
    scene.buy("0.2", limit="59999", stop="59900")
    scene.now += 41 * SECOND
    scene.trade(59999.0, 1.204)
    scene.publish()
    lines = scene.frame().fills[0].lines
    assert lines[0] == "print 1.204, queue 1 before us"
    assert lines[1].startswith("slip -0.2 bp ")
    assert lines[1].endswith("· fee 2.40 · waited 41 s")


def test_a_stopped_fill_names_the_trigger_and_the_gap(scene: Scene) -> None:
    entered(scene)
    scene.snapshot([(59898.0, 5.0)], [(59899.0, 5.0)])
    scene.trade(59899.0, 0.1)
    scene.delta(bids=[(59898.0, 5.0)])
    scene.publish()
    frame = scene.frame()
    assert frame.positions == ()
    assert frame.fills[0].lines[0] == "trigger 59,900.0 last · gap 0.3 bp"


def test_the_newest_thirty_executions_are_listed(scene: Scene) -> None:
    for number in range(32):
        scene.buy("0.001", limit="59999", stop="59900")
        scene.trade(59998.0, 5.0)
        scene.delta(bids=[(59999.0, 1.0 + number)])
    scene.publish()
    fills = scene.frame().fills
    assert len(fills) == 30
    assert fills[0].fill.ts > fills[1].fill.ts


def test_the_account_adds_up(scene: Scene) -> None:
    entered(scene)
    scene.snapshot(*RISEN)
    frame = scene.frame()
    account, margin = frame.account, PAID / 10
    profit = D("0.42") * 60100 - PAID
    equity = 100_000 - FEE + profit
    assert account.equity == round(equity, 2) == D("100029.06")
    assert account.balance == round(100_000 - FEE, 2)
    assert account.balances == (("USDT", 100_000 - FEE - margin, D(0)),)
    assert (account.margin_used, account.fees) == (round(margin, 2), D("12.60"))
    assert (account.realized_pnl, account.unrealized_pnl) == (D(0), D("41.66"))
    risk = D("0.42") * (200 + D(59900) * D("0.001"))
    in_r = round(risk / (equity * D("0.005")), 2)
    assert account.gauges == (
        LimitGauge("daily loss", D("0.00"), D("2000.00"), "USDT", left=D("2029.06")),
        LimitGauge("open risk", in_r, D(2), "R", left=2 - in_r),
        LimitGauge("margin", _used(D("0.42") * 60100, margin + profit), D(100), "%"),
    )


def test_r_chk_1_the_account_says_which_maintenance_is_assumed_for_what_is_held(scene: Scene) -> None:
    assert scene.frame().account.maintenance == ""
    entered(scene)
    assert scene.frame().account.maintenance == "0.5 % assumed"


def _used(worth: Decimal, there: Decimal) -> Decimal:
    """What the maintenance, with the fee to close, is of what stands behind the position, in percent."""
    return round(worth * D("0.0055") / there * 100, 1)


def test_the_status_bar_tells_the_day_and_what_may_still_be_lost(scene: Scene) -> None:
    entered(scene)
    scene.snapshot(*RISEN)
    status = scene.frame(later_ms=1250).status
    assert (status.equity, status.day_pnl, status.day_pnl_pct) == (D("100029.06"), D("29.06"), 0.03)
    assert (status.loss_limit, status.loss_left, status.open_risk_r) == (D(2000), D("2029.06"), D("0.22"))
    assert status.trading_state is TradingState.ACTIVE
    assert (status.feed_state, status.age_ms, status.profile) == (FeedState.STREAMING, 1200, "paper")


def test_money_that_an_order_holds_back_is_locked(scene: Scene) -> None:
    scene.buy("0.1", limit="59999", stop="59900")
    scene.publish()
    asset, free, locked = scene.frame().account.balances[0]
    assert asset == "USDT"
    assert free + locked == 100_000
    assert locked >= D("599.99")


def test_a_lock_says_until_when_and_why(scene: Scene) -> None:
    entered(scene)
    scene.snapshot([(54990.0, 5.0)], [(55000.0, 5.0)])
    scene.delta(bids=[(54990.0, 6.0)])
    scene.publish()
    frame = scene.frame()
    assert frame.status.trading_state is TradingState.LOCKED
    assert frame.status.lock_text == "daily loss of 2,000.00 USDT reached"
    assert frame.status.locked_until == 1_700_006_400 * SECOND
    assert frame.account.locks == ("locked until 00:00 UTC: daily loss of 2,000.00 USDT reached",)


def test_what_is_not_committed_is_not_shown(scene: Scene) -> None:
    scene.enter()
    frame = scene.frame()
    assert scene.state.positions
    assert (frame.positions, frame.orders, frame.fills) == ((), (), ())
    assert frame.account.equity == frame.status.equity == D(100_000)
    assert frame.account.balances == (("USDT", D(100_000), D(0)),)
    assert frame.chart is not None
    assert [mark.kind for mark in frame.chart.marks] == []
    scene.publish()
    frame = scene.frame()
    assert len(frame.positions) == len(frame.fills) == 1
    assert len(frame.orders) == 2
    assert frame.account.fees == D("12.60")


def test_the_ticket_prices_the_draft_on_both_sides(scene: Scene) -> None:
    draft = Draft(size=Size(D("0.1"), SizeUnit.BASE), stop=Stop(price=D(59900)))
    ticket = scene.ask(draft=draft).ticket
    assert ticket is not None
    assert ticket.r_value == D(500)
    assert ticket.head_room == D(2000)
    assert ticket.buy.allowed
    assert ticket.buy.fills_now == D("0.1")
    assert ticket.buy.avg_price == D("60000.25")  # 0.075 at 60,000.2 and 0.025 at 60,000.4
    assert ticket.buy.fee == D("3.0000")
    assert not ticket.sell.allowed
    assert ticket.sell.refusal


def test_a_moving_book_prices_the_ticket_five_times_a_second(scene: Scene) -> None:
    first = scene.ask(draft=Draft(size=Size(D("0.1"), SizeUnit.BASE), stop=Stop(price=D(59900)))).ticket
    scene.now += 50 * MS
    scene.delta(asks=[(60000.2, 0.05)])
    assert scene.frame().ticket is first
    scene.now += 150 * MS
    scene.delta(asks=[(60000.2, 0.05)])
    moved = scene.frame().ticket
    assert moved is not None
    assert moved.buy.avg_price == D("60000.42")  # 0.05 at 0.2, 0.03 at 0.4 and 0.02 at 1.0 above 60,000
    other = scene.ask(draft=Draft(size=Size(D("0.05"), SizeUnit.BASE), stop=Stop(price=D(59900)))).ticket
    assert other is not None
    assert other.buy.qty == D("0.05")


def test_nothing_new_is_the_same_frame(scene: Scene) -> None:
    entered(scene)
    first = scene.frame()
    assert scene.frame() is first
    assert scene.frame(later_ms=10) is first


def test_a_print_leaves_alone_what_it_does_not_touch(scene: Scene) -> None:
    entered(scene)
    scene.trade(60000.2, 0.01)
    first = scene.frame()
    scene.trade(60000.2, 0.01)
    second = scene.frame()
    assert second is not first
    assert second.version == first.version + 1
    assert second.tape is not first.tape
    for part in ("fills", "orders", "account", "ticket", "instrument", "symbols", "positions"):
        assert getattr(second, part) is getattr(first, part), part


def test_a_quiet_second_changes_the_status_bar_alone(scene: Scene) -> None:
    first = scene.frame()
    second = scene.frame(later_ms=300)
    assert second.status.age_ms == 300
    for part in ("chart", "ladder", "tape", "watchlist", "account", "ticket"):
        assert getattr(second, part) is getattr(first, part), part


def test_the_host_says_what_only_it_knows(scene: Scene) -> None:
    badge = ProfileBadge("other", 1, active=False)
    frame = scene.frames.build(
        scene.request,
        now=scene.now,
        badges=(badge,),
        playback="3:12 of 10:48",
        scenario="calm",
        halted=TradingState.HALTED_JOURNAL,
    )
    status = frame.status
    assert (status.profiles, status.playback, status.scenario) == ((badge,), "3:12 of 10:48", "calm")
    assert status.trading_state is TradingState.HALTED_JOURNAL


def test_before_the_first_message_there_is_a_frame_to_show() -> None:
    frame = Scene().frame()
    assert frame.status.trading_state is TradingState.STARTING
    assert frame.account.equity == Decimal(100_000)
    assert frame.symbols[0] != SPOT
    assert frame.chart is None


def test_on_spot_the_fee_is_paid_in_what_was_bought() -> None:
    scene = Scene(spot()).begin()
    scene.buy("0.1", stop="59900")
    scene.publish()
    frame = scene.ask(symbol=SPOT)
    held = D("0.0999")
    assert frame.positions[0].qty == held
    assert frame.positions[0].liquidation_price is None
    assert frame.fills[0].lines[1].endswith("· fee 0.0001 BTC · 0 ms")
    paid = D("0.075") * D("60000.2") + D("0.025") * D("60000.4")
    assert frame.account.balances == (("USDT", 100_000 - paid, D(0)), ("BTC", held, D(0)))
    assert frame.account.equity == round(100_000 - paid + held * 60000, 2)
    assert frame.symbols == (*frame.symbols[:2], SPOT)


def test_a_waiting_entry_stands_at_its_trigger(scene: Scene) -> None:
    scene.buy("0.1", trigger="60010", stop="59900")
    scene.publish()
    chart = scene.frame().chart
    assert chart is not None
    assert [(mark.kind, mark.label, mark.price) for mark in chart.marks] == [("buy", "buy 0.1", 60010.0)]


def test_the_list_of_gaps_is_the_newest_though_as_many_were_acknowledged(scene: Scene) -> None:
    def happened(body: AnyBody) -> None:
        scene.published.apply(Event(seq=scene.published.seq + 1, ts=scene.now, account="paper", body=body))

    happened(GapEvaluated(symbol=SPOT, from_ts=0, to_ts=SECOND, source="trades", text="nothing"))
    assert [each.text for each in scene.frame().gaps] == ["nothing"]
    happened(GapsAcknowledged(count=1))
    happened(GapEvaluated(symbol=SPOT, from_ts=0, to_ts=SECOND, source="trades", text="closed 1 at 59000"))
    assert [each.text for each in scene.frame().gaps] == ["closed 1 at 59000"]


def test_a_ticket_with_a_trigger_prices_the_side_that_can_wait_for_it(scene: Scene) -> None:
    scene.trade(60_000.2, 0.01)
    size, stop = Size(D("0.1"), SizeUnit.BASE), Stop(price=D(59900))
    ticket = scene.ask(draft=Draft(size=size, stop=stop, how=How(trigger=D(60_100)))).ticket
    assert ticket is not None
    assert (ticket.buy.allowed, ticket.buy.fills_now, ticket.buy.rests) == (True, D(0), D("0.1"))
    reached = scene.ask(draft=Draft(size=size, stop=stop, how=How(trigger=D(60_000)))).ticket
    assert reached is not None
    assert "has passed its trigger already" in reached.buy.refusal
