"""I-45: whatever state the engine is in, an exit is accepted, and closes when there is a market."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.engine.market import SECOND
from tests.engine.test_any_market import Script, check, check_fold, check_journal
from tradetui.domain.command import (
    AnyCommand,
    CancelAll,
    CancelOrder,
    Flatten,
    Half,
    SetStop,
    Size,
    Stop,
    SubmitOrder,
)
from tradetui.domain.market_data import ClockTick, FeedState
from tradetui.domain.order import OrderRole
from tradetui.domain.position import Position
from tradetui.domain.reply import Reason
from tradetui.domain.rule import STANDARD
from tradetui.domain.view import TradingState
from tradetui.trading import guard

D = Decimal


def lose_data(script: Script) -> None:
    script.table.status(script.chance.choice([FeedState.STALE, FeedState.GAP, FeedState.DOWN]))


def cross(script: Script) -> None:
    script.table.snapshot([(script.price(5), 1.0)], [(script.price(-5), 1.0)])


def recover(script: Script) -> None:
    script.table.restart()
    script.table.feed(ClockTick(script.table.tick(), script.table.now))


def lock(script: Script) -> None:
    """Lock the day by hand, as a breach with positions held by their stops does."""
    table = script.table
    if table.state.lock is None:
        table.engine._watch.locks.lock(STANDARD["daily_loss"], "by hand")
        table._keep(table.engine._scribe.take())


HALTS = {"lost": lose_data, "crossed": cross, "recovering": recover, "locked": lock}


def exits(script: Script, held: Position) -> list[AnyCommand]:
    """Every command that can only make a position smaller or safer."""
    table, chance = script.table, script.chance
    lot = table.instrument.lot_size
    lots = int(held.qty // lot)
    some = Size(lot * chance.randint(1, lots))
    away = chance.randint(1, 3000)
    found: list[AnyCommand] = [
        Flatten(symbol=chance.choice([None, table.symbol])),
        SubmitOrder(symbol=table.symbol, side=held.side.opposite, size=some, reduce_only=True),
        SubmitOrder(symbol=table.symbol, side=held.side.opposite, size=some),
        SubmitOrder(
            symbol=table.symbol,
            side=held.side.opposite,
            size=some,
            limit=script.typed(held.side.sign * away),
            reduce_only=True,
        ),
        CancelAll(symbol=table.symbol),
        *(Half(symbol=table.symbol) for _ in range(lots > 1)),
    ]
    stop = table.state.stop_of(table.symbol)
    assert stop is not None
    assert stop.trigger is not None
    if stop.order_id in table.engine._desks[table.symbol].triggers:
        on_tick = guard.tick_for_stop(table.instrument, stop.trigger, sign=held.side.sign)
        nearer = on_tick + held.side.sign * chance.randint(0, 5) * table.instrument.tick_size
        found.append(SetStop(symbol=table.symbol, stop=Stop(price=nearer)))
    found += [
        CancelOrder(order_id=order.order_id)
        for order in table.state.live.values()
        if order.role is OrderRole.ENTRY
    ]
    return found


@pytest.mark.parametrize("halt", HALTS)
@given(seed=st.integers(0, 10**9))
def test_exits_are_accepted_in_every_state_and_flatten_closes_once_there_is_a_market(
    halt: str, seed: int
) -> None:
    script = Script(seed)
    table = script.table
    for _ in range(60):
        if table.state.holding(table.symbol) is not None:
            break
        script.run(1)
    HALTS[halt](script)
    held = table.state.holding(table.symbol)
    assume(held is not None)
    assert held is not None
    for command in script.chance.sample(exits(script, held), 3):
        table.feed(ClockTick(table.tick(), table.now))
        now_held = table.state.holding(table.symbol)
        if now_held is None or (now_held.qty, now_held.side) != (held.qty, held.side):
            break
        reply = table.do(command, after=0)
        gone = reply.refusal is not None and reply.refusal.reason is Reason.UNKNOWN_ORDER
        assert reply.accepted or gone, f"I-45: {command} was refused: {reply.refusal}"
    close(script)
    check(table)
    check_fold(table)
    check_journal(table)


def close(script: Script) -> None:
    """Flatten, then give it a market: nothing may be left but dust."""
    table = script.table
    assert table.do(Flatten()).accepted, "I-45"
    size = 500.0 * script.unit
    table.status(FeedState.STREAMING)
    table.snapshot([(script.price(-1), size)], [(script.price(1), size)])
    table.now += SECOND
    table.feed(ClockTick(table.now, table.now))
    table.snapshot([(script.price(-1), size)], [(script.price(1), size)])
    table.feed(ClockTick(table.tick(SECOND), table.now))
    assert table.state.holding(table.symbol) is None, "I-45"
    assert table.engine.trading_state() in (TradingState.ACTIVE, TradingState.LOCKED)
