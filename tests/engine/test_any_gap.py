"""Whatever was missed and however it is told: the invariants of section 17 hold through every gap."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.market import SECOND, Table
from tests.engine.test_any_market import Script, check, check_equity, check_fold, check_journal
from tradetui.domain.command import CommandIssued
from tradetui.domain.event import Event, Filled, GapEvaluated
from tradetui.domain.event_text import canonical_bytes
from tradetui.domain.fill import Evidence
from tradetui.domain.market_data import (
    Asking,
    Candle,
    FeedState,
    MarketMessage,
    MissedCandles,
    MissedTrades,
    PriceKind,
    Side,
    Trade,
)
from tradetui.domain.order import OrderRole
from tradetui.domain.reply import Reply
from tradetui.engine import Engine
from tradetui.runtime.inputs import Chunk, Segment
from tradetui.state import State

MINUTE = 60 * SECOND


class GappedScript(Script):
    """The same stream, whose outages last and are told afterwards: in parts, late, or not at all."""

    def run(self, count: int) -> None:
        moves = [self.move_market] * 8 + [self.command] * 6 + [self.outage] * 4 + [self.kill]
        moves += self.more_moves()
        for _ in range(count):
            self.chance.choice(moves)()
            check(self.table)
            self.fold_further()

    def outage(self) -> None:
        chance, table = self.chance, self.table
        table.status(chance.choice([FeedState.DOWN, FeedState.STALE]))
        since, away = table.now, chance.choice([3, 30, 90, 400])
        for _ in range(chance.randint(0, 3)):
            self.pass_time(away * SECOND // 4)
            self.command()
        self.pass_time(away * SECOND // 4)
        if chance.random() < 0.7:
            table.feed(Asking(table.symbol, table.tick()))
        comes_first = chance.random() < 0.5
        if comes_first:
            self.come_back()
        self.tell_past(since)
        if not comes_first:
            self.come_back()
        if chance.random() < 0.8:
            table.feed(Asking(table.symbol, table.tick(), has_ended=True))

    def pass_time(self, ns: int) -> None:
        self.table.now += ns
        self.table.tell_clocks()

    def come_back(self) -> None:
        self.table.status(FeedState.STREAMING)
        self.tell(*self.book())

    def tell_past(self, since: int) -> None:
        chance, table = self.chance, self.table
        for kind in PriceKind:
            if chance.random() < 0.5 and (kind is PriceKind.LAST or not table.instrument.is_spot):
                first = since - since % MINUTE + chance.choice([0, 0, MINUTE])
                candles = [self.candle(open_ts) for open_ts in range(first, table.now, MINUTE)]
                table.feed(MissedCandles(table.symbol, table.tick(), kind, candles))
        if chance.random() < 0.6:
            stamps = sorted(chance.randint(since, table.now) for _ in range(chance.randint(0, 6)))
            prints = [self.print_at(ts, number) for number, ts in enumerate(stamps)]
            table.feed(MissedTrades(table.symbol, table.tick(), prints, chance.random() < 0.7))

    def candle(self, open_ts: int) -> Candle:
        prices = sorted(self.price(self.chance.randint(-3000, 3000)) for _ in range(4))
        opened, closed = self.chance.sample(prices, 2)
        return Candle(open_ts, opened, prices[-1], prices[0], closed, 1.0)

    def print_at(self, ts: int, number: int) -> Trade:
        size = round((self.chance.random() + 0.001) * self.unit, 3)
        side = self.chance.choice([Side.BUY, Side.SELL, None])
        price = self.price(self.chance.randint(-3000, 3000))
        return Trade(self.table.symbol, ts, self.table.now, price, size, side, ts + number)


def check_gap_fills(table: Table) -> None:
    """A stop that a gap fired got no more than its trigger less the slippage (6.4)."""
    slip = table.settings.gap_slip
    told = [event.body for event in table.journal if isinstance(event.body, GapEvaluated)]
    by_former = {each.to_ts for each in told if "stood then" in each.text}
    for event in table.journal:
        if isinstance(event.body, Filled) and event.body.fill.receipt.evidence is Evidence.GAP:
            fill = event.body.fill
            order = table.state.orders[fill.order_id]
            assert fill.receipt.synthetic
            assert order.reduce_only
            if order.role is OrderRole.PROTECTIVE and order.trail is None:
                trigger = order.trigger or Decimal(0)
                worst = trigger * (1 - fill.side.opposite.sign * slip)
                rested = fill.price == order.price
                assert rested or fill.ts in by_former or fill.side.sign * (fill.price - worst) >= 0


@given(seed=st.integers(0, 10**9))
def test_no_gap_and_nothing_told_of_it_breaks_an_invariant(seed: int) -> None:
    run(seed)


def run(seed: int, count: int = 40) -> GappedScript:
    script = GappedScript(seed)
    script.run(count)
    check_fold(script.table)
    check_journal(script.table)
    check_equity(script.table)
    check_gap_fills(script.table)
    return script


def test_gaps_of_a_long_script_fill_stops() -> None:
    filled = 0
    for seed in range(12):
        journal = run(seed, 60).table.journal
        fills = [event.body.fill for event in journal if isinstance(event.body, Filled)]
        filled += sum(fill.receipt.evidence is Evidence.GAP for fill in fills)
    assert filled >= 5


@given(seed=st.integers(0, 10**9))
@settings(max_examples=settings().max_examples // 4)
def test_what_a_gap_brought_in_comes_out_of_its_recorded_inputs_again(seed: int) -> None:
    """The inputs as they are recorded, through their bytes, give another engine the same events."""
    script = GappedScript(seed)
    table, inputs = script.table, list[MarketMessage | CommandIssued]()
    table.restart()
    engine, start = table.engine, len(table.journal)

    def process(message: MarketMessage | CommandIssued) -> Sequence[Event]:
        inputs.append(message)
        return Engine.process(engine, message)

    def submit(issued: CommandIssued) -> tuple[Reply, Sequence[Event]]:
        inputs.append(issued)
        return Engine.submit(engine, issued)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "process", process)
        patch.setattr(engine, "submit", submit)
        for _ in range(12):
            script.chance.choice([script.outage, script.move_market, script.command])()
    packed = msgspec.msgpack.encode(Chunk(Segment(start, table.settings), 0, inputs))
    chunk = msgspec.msgpack.decode(packed, type=Chunk)
    again = Engine(chunk.segment.settings, state=State.fold(table.journal[:start]))
    made = [event for message in chunk.inputs for event in again.process(message)]
    assert [canonical_bytes(event) for event in made] == [canonical_bytes(e) for e in table.journal[start:]]
