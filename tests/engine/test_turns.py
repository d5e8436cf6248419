"""Who goes first where several want the same: liquidations, then exits, then entries."""

from __future__ import annotations

from decimal import Decimal

from tests.engine.market import MS, PERP, SECOND, Levels, Table, perp, wide_limits
from tests.engine.rules_table import Account, account, only, rule
from tests.engine.test_gap import candle, long_position, lose
from tests.engine.test_gap_marks import come_back, told
from tests.engine.test_liquidation import ETH, Two, bodies
from tradetui.domain.command import Reverse, SetStop, Size, Stop, SubmitOrder, SubmitOto
from tradetui.domain.event import Liquidated, Locked
from tradetui.domain.market_data import ClockTick, FeedState, PriceKind, Side
from tradetui.domain.order import OrderRole, OrderState
from tradetui.domain.reply import Reason
from tradetui.domain.rule import Action

D = Decimal
BIDS: Levels = [(60_000.0, 5.0), (59_990.0, 50.0)]
ASKS: Levels = [(60_000.1, 5.0), (60_010.0, 50.0)]
FREE = perp(maker_fee=D(0), taker_fee=D(0))


def roles(market: Table, *, since: int) -> list[OrderRole]:
    """The roles of what filled, in order."""
    return [market.state.orders[fill.order_id].role for fill in market.fills[since:]]


def wait(market: Table, ns: int) -> None:
    market.now += ns
    market.feed(ClockTick(market.now, market.now))


def test_in_a_gap_the_protective_stop_goes_first_also_where_it_was_moved_after_another_stop() -> None:
    table = long_position()
    other = table.sell("0.2", trigger="59400", reduce_only=True)
    assert table.do(SetStop(symbol=table.symbol, stop=Stop(price=D(59_300)))).accepted
    assert next(iter(table.state.live)) == other.order_ids[0], "it is the older one"
    minute = lose(table)
    told(table, PriceKind.LAST, candle(minute, 59_800.0, 59_850.0, 59_000.0, 59_700.0))
    come_back(table)
    (exit_,) = table.fills[1:]
    assert (exit_.qty, exit_.price) == (D("0.5"), D("59270.3")), "59,300 less five basis points"
    assert roles(table, since=1) == [OrderRole.PROTECTIVE]
    assert table.last_order(other).filled == 0


def test_what_others_of_a_cross_account_have_lost_no_liquidation_fee_eats() -> None:
    """1,000 less a loss of 600 leaves 400; 200 of it belong to the other loss, and the fee would be 264."""
    two = Two(liquidation_fee=D("0.06"))
    two.buy(PERP, "0.5", "19500")
    two.buy(ETH, "5", "960")
    two.quote(PERP, 19_600.0)
    two.quote(ETH, 880.0)
    two.mark(ETH, 850.0)
    first, *others = bodies(two.table, Liquidated)
    assert (first.symbol, first.result, first.fee_due, first.fee) == (ETH, D(-600), D(264), D(200))
    assert [each.insurance for each in (first, *others)] == [0] * (1 + len(others)), "nobody else pays it"


def crossed(**settings: object) -> Table:
    """A margin of 1,200 behind a long of 1 at 60,000, and a book that has just crossed."""
    made = wide_limits(leverage=D(50), balance=D(2_000), **settings)
    market = Table(FREE, settings=made).open(BIDS, ASKS)
    market.mark(60_000.0)
    assert market.buy("1", stop="59500").accepted
    market.snapshot([(60_100.0, 5.0)], [(60_050.0, 5.0)])
    return market


def test_a_liquidation_that_waits_for_a_sound_book_goes_before_the_stop_that_waited_first() -> None:
    market = crossed()
    market.trade(59_400.0, 0.1)
    assert market.stop.state is OrderState.TRIGGERED
    market.mark(59_000.0)
    waiting = [order.role for order in market.state.live.values() if order.order_id != market.stop.order_id]
    assert waiting == [OrderRole.LIQUIDATION]
    filled = len(market.fills)
    market.snapshot([(59_400.0, 0.4), (59_300.0, 0.4), (59_200.0, 5.0)], ASKS)
    assert set(roles(market, since=filled)) == {OrderRole.LIQUIDATION}
    assert not market.state.positions


def test_an_exit_takes_what_a_book_offers_before_an_entry_that_waited_longer() -> None:
    market = Table(FREE, settings=wide_limits(leverage=D(2)), latency_ns=100 * MS).open(BIDS, ASKS)
    market.trade(60_000.0, 0.1)
    entry = market.buy("1", trigger="60200", stop="59000")
    wait(market, SECOND)
    assert market.sell("1", stop="60300").accepted
    wait(market, SECOND)
    market.trade(60_200.0, 0.1, Side.BUY)
    market.status(FeedState.DOWN)
    wait(market, SECOND)
    market.trade(60_300.0, 0.1, Side.BUY)
    wait(market, SECOND)
    stop = market.stop
    assert (market.last_order(entry).state, stop.state) == (OrderState.TRIGGERED, OrderState.TRIGGERED)
    filled = len(market.fills)
    market.status(FeedState.STREAMING)
    market.snapshot([(60_190.0, 5.0)], [(60_200.0, 1.0), (60_300.0, 5.0)])
    first, second = market.fills[filled:]
    assert (first.order_id, first.price, first.qty) == (stop.order_id, D(60_200), D(1))
    assert (second.order_id, second.price) == (entry.order_ids[0], D(60_300))


def test_a_lock_that_leaves_what_rests_alone_lets_nothing_new_out_of_what_is_held() -> None:
    streak = rule("max_losing_streak", amount=D(1), actions=(Action.BLOCK,))
    market = Account(account(only(streak)))
    market.enter()

    def wish(limit: int) -> SubmitOrder:
        stop = Stop(price=D(15_000))
        return SubmitOrder(symbol=PERP, side=Side.BUY, size=Size(D(1)), limit=D(limit), stop=stop)

    parent, child = market.do(SubmitOto(first=wish(19_000), then=(wish(18_000),))).order_ids
    market.quote(19_500)
    assert market.sell("1", reduce_only=True).accepted
    assert [event.body.rule for event in market.journal if isinstance(event.body, Locked)] == [streak.name]
    market.trade(18_900.0, 5.0)
    assert market.state.orders[parent].state is OrderState.FILLED, "it rested before the lock"
    left = market.state.orders[child]
    assert (left.state, left.reason) == (OrderState.CANCELED, Reason.LOCKED)


def test_a_reverse_whose_exit_locks_the_side_does_not_enter() -> None:
    streak = rule("max_losing_streak", amount=D(1), actions=(Action.BLOCK,))
    market = Account(account(only(streak)))
    market.enter()
    market.quote(19_500)
    reply = market.do(Reverse(symbol=PERP, stop=Stop(price=D(20_500))))
    assert not market.state.positions
    left = market.last_order(reply)
    assert (left.state, left.reason) == (OrderState.CANCELED, Reason.LOCKED)
