"""A venue that changes its rules, halts and empties its book, with changes and cancels long on their way."""

from __future__ import annotations

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from tests.engine.market import MS, Levels, Table
from tests.engine.test_any_market import Script, check, check_equity, check_fold, check_journal
from tests.trading.test_tiers import TIERS
from tradetui.domain.command import CancelOrder
from tradetui.domain.instrument import Instrument, InstrumentStatus
from tradetui.domain.market_data import FeedState, InstrumentListed
from tradetui.domain.order import OrderRole, OrderState
from tradetui.engine import Engine
from tradetui.state import State
from tradetui.trading.match_types import MatchRules, QueueProfile, SelfTrade
from tradetui.trading.settings import EngineSettings

LOST = (FeedState.STALE, FeedState.GAP, FeedState.DOWN, FeedState.HALTED, FeedState.CROSSED)


class WideScript(Script):
    """The random stream, with what a quiet venue never does."""

    def __init__(self, seed: int, *, tame: bool = False) -> None:
        super().__init__(seed, tame=tame)
        chance, table = self.chance, self.table
        latency = {name: chance.choice([0, 30, 400]) * MS for name in ("entry_ns", "cancel_ns", "amend_ns")}
        table.settings = msgspec.structs.replace(table.settings, **latency)
        table.journal.clear()
        self.folded, self.read = State(), 0
        table.engine = Engine(table.settings)
        table.open(*self.book())

    def venue(self) -> tuple[Instrument, EngineSettings]:
        chance = self.chance
        instrument, made = super().venue()
        profiles = [QueueProfile.RISK_AVERSE, QueueProfile.STRICT, QueueProfile.PROBABILISTIC]
        rules = MatchRules(
            profile=chance.choice(profiles),
            self_trade=chance.choice(list(SelfTrade)),
            carry=chance.random() < 0.8,
        )
        return instrument, msgspec.structs.replace(made, rules=rules)

    def book(self) -> tuple[Levels, Levels]:
        bids, asks = super().book()
        sides = self.chance.choice([(True, True)] * 18 + [(True, False), (False, True), (False, False)])
        return bids if sides[0] else [], asks if sides[1] else []

    def run(self, count: int) -> None:
        moves = [self.move_market] * 12 + [self.command] * 7 + [self.outage] * 2 + [self.time] + [self.kill]
        moves += [self.relist, self.take_back, *self.more_moves()]
        for _ in range(count):
            move = self.chance.choice(moves)
            only_closes = self.table.instrument.status is InstrumentStatus.CLOSE_ONLY and move != self.relist
            entered = self.entry_fills()
            move()
            assert not only_closes or self.entry_fills() == entered, "E-08"
            check(self.table)
            check_on_the_way(self.table)
            self.fold_further()

    def outage(self) -> None:
        """What is pressed and marked while the data is gone, and a mark that is there before the book."""
        chance, table = self.chance, self.table
        table.status(chance.choice(LOST))
        for _ in range(chance.randint(0, 2)):
            chance.choice([self.command, self.take_back, self.mark, self.time])()
        if chance.random() < 0.9:
            table.status(FeedState.STREAMING)
            self.mark()
            self.tell(*self.book())

    def mark(self) -> None:
        if self.marked:
            self.table.mark(self.price(self.chance.randint(-200, 200)))

    def take_back(self) -> None:
        """Cancel what is on its way, or works."""
        live = [order.order_id for order in self.table.state.live.values()]
        if live:
            self.table.do(CancelOrder(order_id=self.chance.choice(live)))

    def relist(self) -> None:
        chance, was = self.chance, self.table.instrument
        changes: list[dict[str, object]] = [
            {"tick_size": was.tick_size * chance.choice([1, 5])},
            {"lot_size": was.lot_size * chance.choice([1, 2])},
            {"status": InstrumentStatus.CLOSE_ONLY},
            {"status": InstrumentStatus.TRADING},
            {"status": InstrumentStatus.TRADING},
            {"tiers": TIERS if was.is_perpetual and not was.is_inverse else ()},
        ]
        self.table.instrument = msgspec.structs.replace(was, **chance.choice(changes))
        self.table.feed(InstrumentListed(self.table.instrument, self.table.tick()))
        self.tell(*self.book())


def check_on_the_way(table: Table) -> None:
    """What has to happen to an order later is planned somewhere: nothing hangs."""
    engine, state = table.engine, table.state
    desk = engine._desks[table.symbol]
    due = {(action.what, action.order_id) for action in engine._flow.due}
    coming = {order_id for _, order_id in due}
    for order in state.live_of(table.symbol):
        name = order.order_id
        waits = name in desk.waiting or desk.recovering
        assert not order.pending_cancel or ("cancel", name) in due, "R-ORD-1"
        assert order.amend is None or ("amend", name) in due, "R-ORD-1"
        if order.state is OrderState.ARMED and order.trigger is not None:
            assert name in desk.triggers, "an armed order looks at its price"
        elif order.state in (OrderState.SUBMITTED, OrderState.TRIGGERED):
            assert waits or name in coming, "what was sent or fired gets there"
        elif order.role in (OrderRole.PROTECTIVE, OrderRole.FLATTEN) and order.price is None:
            assert waits, "R-MAT-8"
    assert table.symbol not in engine._gaps.gaps or desk.staked, "a lost time of nothing"


@given(seed=st.integers(0, 10**9), tame=st.just(False))
@example(seed=164, tame=True).via("an entry that rested where the venue only closed filled")
def test_no_change_of_a_venue_and_nothing_on_its_way_breaks_an_invariant(seed: int, tame: bool) -> None:
    script = WideScript(seed, tame=tame)
    script.run(40 if tame else 30)
    check_fold(script.table)
    check_journal(script.table)
    check_equity(script.table)


def test_the_scripts_meet_what_they_are_for() -> None:
    states: set[OrderState] = set()
    reasons: set[str] = set()
    for seed in range(12):
        script = WideScript(seed, tame=True)
        script.run(60)
        orders = script.table.state.orders.values()
        states |= {order.state for order in orders}
        reasons |= {order.reason for order in orders}
    assert states >= {OrderState.FILLED, OrderState.CANCELED, OrderState.EXPIRED, OrderState.REJECTED}
    assert reasons >= {"USER", "GTD_ENDED", "POSITION_CLOSED"}
