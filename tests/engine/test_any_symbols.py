"""Two or three symbols in one account, one after the other and at once: the invariants of section 17 hold.

A linear or an inverse perpetual beside spot, isolated or cross, with limits or wide ones; each symbol has its
own market, outages and past, and all of them share the money, the limits, the clock and the restarts.
"""

from __future__ import annotations

import random
from decimal import Decimal
from typing import NamedTuple

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.engine.market import SECOND, Table, inverse_perp, perp, spot, wide_limits
from tests.engine.test_any_gap import GappedScript, check_gap_fills
from tests.engine.test_any_limits import LimitScript, check_limits, drawn_limits
from tests.engine.test_any_market import (
    Script,
    check,
    check_equity,
    check_fold,
    check_journal,
    start_late,
)
from tests.engine.test_any_venue import WideScript, check_on_the_way
from tests.trading.test_tiers import TIERS
from tradetui.domain.command import (
    AnyCommand,
    MarginMode,
    Size,
    SizeUnit,
    Stop,
    SubmitOco,
    SubmitOrder,
    SubmitOto,
    Target,
)
from tradetui.domain.instrument import Instrument
from tradetui.domain.order import OrderRole, Trail
from tradetui.domain.position import Position
from tradetui.engine import Engine
from tradetui.trading.match_types import MatchRules, SelfTrade
from tradetui.trading.settings import Borrowing, EngineSettings

D = Decimal
FEW, MANY = 15, 1_000
"""Examples in the usual run, and what makes a long one."""
TELLING = (2, 5, 19, 29)
"""Scripts that hold two positions at once, each in another kind of account."""
UNITS = [SizeUnit.EQUITY, SizeUnit.RISK]


class Market(NamedTuple):
    """An instrument and where its price begins."""

    instrument: Instrument
    middle: float
    digits: int = 2
    least: float = 100.0


def named(instrument: Instrument, symbol: str, tick: str, *, quote: str = "USDT") -> Instrument:
    """The same contract or pair on ETH, in lots of a thousandth."""
    return msgspec.structs.replace(
        instrument,
        symbol=symbol,
        base="ETH",
        quote=quote,
        settle=quote,
        tick_size=D(tick),
        lot_size=D("0.001"),
        min_qty=D("0.001"),
    )


def in_usdt(chance: random.Random) -> list[Market]:
    return [
        Market(perp(tiers=chance.choice([(), TIERS])), 60_000.0),
        Market(named(perp(), "ETH/USDT:USDT", "0.01"), 3_000.0),
        Market(named(spot(), "ETH/USDT", "0.01"), 3_000.0),
    ]


def in_btc(_: random.Random) -> list[Market]:
    return [
        Market(inverse_perp(), 60_000.0),
        Market(named(perp(), "ETH/BTC:BTC", "0.000001", quote="BTC"), 0.05, 6, 0.001),
        Market(named(spot(), "ETH/BTC", "0.000001", quote="BTC"), 0.05, 6, 0.001),
    ]


class Seat(Table):
    """One symbol at an engine that others share."""

    def __init__(self, room: Table, instrument: Instrument) -> None:
        self.room = room
        self.instrument, self.symbol = instrument, instrument.symbol
        self.journal, self.transactions = room.journal, room.transactions

    @property
    def engine(self) -> Engine:
        return self.room.engine

    @engine.setter
    def engine(self, made: Engine) -> None:
        self.room.engine = made

    @property
    def settings(self) -> EngineSettings:
        return self.room.settings

    @settings.setter
    def settings(self, given: EngineSettings) -> None:
        self.room.settings = given

    @property
    def now(self) -> int:
        return self.room.now

    @now.setter
    def now(self, ts: int) -> None:
        self.room.now = ts

    @property
    def set_by(self) -> int:
        return self.room.set_by

    @set_by.setter
    def set_by(self, ns: int) -> None:
        self.room.set_by = ns


class Part(GappedScript, LimitScript, WideScript):
    """The script of one symbol, in whose outages the others go on."""

    def __init__(
        self, chance: random.Random, table: Table, market: Market, *, limited: bool, tame: bool
    ) -> None:
        self.chance, self.limited, self.tame = chance, limited, tame
        self.digits, self.least = market.digits, market.least
        self.others: list[Part] = []
        self.sit(table, market.middle)

    def command(self) -> None:
        chance = self.chance
        flat = self.table.state.holding(self.table.symbol) is None
        if chance.random() < (0.7 if flat else 0.2):
            self.press(self.sound())
        elif self.limited and chance.random() < 0.15:
            self.change_limits()
        elif self.others and chance.random() < 0.1:
            self.table.do(self.joined(chance.choice(self.others)))
        else:
            Script.command(self)

    def press(self, command: SubmitOrder) -> None:
        """What is accepted and waits is paid for by what no position has lost."""
        state = self.table.state
        known = set(state.orders)
        super().press(command)
        new = [order for name, order in state.live.items() if name not in known and not order.filled]
        if any(order.role is OrderRole.ENTRY for order in new) and not self.table.settings.borrowing.enabled:
            lost = min(D(0), sum(self.results(), D(0)))
            assert state.free(state.currency) + lost >= 0, "R-CHK-2"

    def results(self) -> list[Decimal]:
        """What each position that shares the wallet has won or lost."""
        shared = [position for position in self.table.state.positions.values() if position.cross]
        return [self.table.engine.unrealized(position.symbol) for position in shared]

    def sound(self) -> SubmitOrder:
        """An entry that most often has nothing in its way."""
        chance, wishes = self.chance, self.wishes
        side = wishes.side()
        away = side.sign * chance.randint(200, 2500)
        return SubmitOrder(
            symbol=self.table.symbol,
            side=side,
            size=Size(
                D(chance.choice(["0.2", "0.5", "1", "3"])), chance.choice([SizeUnit.EQUITY, SizeUnit.RISK])
            ),
            stop=Stop(self.typed(-away), trail=Trail() if chance.random() < 0.2 else None),
            target=Target(price=self.typed(away)) if chance.random() < 0.5 else None,
            limit=self.typed(-side.sign * chance.randint(0, 9)) if chance.random() < 0.3 else None,
        )

    def shock(self) -> None:
        """A mark runs off, or a book where there is no mark; some of the others with it."""
        chance = self.chance
        by = chance.choice([-1, 1]) * chance.choice([0.01, 0.03, 0.08])
        for each in (self, *self.others):
            if each is not self and chance.random() < 0.5:
                continue
            price = round(max(each.least, each.middle * (1 + by)), each.digits)
            if each.marked:
                each.table.mark(price)
            else:
                each.middle = price
                each.tell(*each.book())

    def outage(self) -> None:
        super().outage()
        self.settle()

    def time(self) -> None:
        super().time()
        self.settle()

    def settle(self) -> None:
        """After a time in which nothing was heard most symbols have a book again."""
        for each in (self, *self.others):
            if self.chance.random() < 0.8:
                each.tell(*each.book())

    def joined(self, other: Part) -> AnyCommand:
        """Orders of two symbols that depend on each other."""
        first, second = (self.sound(), other.sound())
        if self.chance.random() < 0.5:
            return SubmitOco(first=first, second=second)
        return SubmitOto(first=first, then=(second,))

    def pass_time(self, ns: int) -> None:
        """Time goes on, or is slept through."""
        steps = max(1, ns // (8 * SECOND)) if self.chance.random() < 0.6 else 1
        for _ in range(steps):
            super().pass_time(ns // steps)
        for other in self.others:
            if self.chance.random() < 0.6:
                other.move_market()

    def kill(self) -> None:
        super().kill()
        for other in self.others:
            other.told.clear()
            if self.chance.random() < 0.95:
                other.come_back()


class RoomScript:
    """An account with a script for each symbol."""

    def __init__(self, seed: int, *, tame: bool = False) -> None:
        chance = self.chance = random.Random(seed)
        self.tame = tame
        self.limited = chance.random() < 0.5
        made, markets = self.venue()
        room = Table(settings=made, latency_ns=chance.choice([0, 0, 50_000_000]))
        if not tame:
            start_late(room, chance)
        self.parts: list[Part] = []
        for market in chance.sample(markets, chance.choice([2, 2, 3])):
            self.parts.append(self.seated(room, market))
        for part in self.parts:
            part.others = [other for other in self.parts if other is not part]
            part.table.watch = self.watch
        self.table = self.parts[0].table

    def seated(self, room: Table, market: Market) -> Part:
        """A script that begins with its instrument and its first book."""
        return Part(self.chance, Seat(room, market.instrument), market, limited=self.limited, tame=self.tame)

    def venue(self) -> tuple[EngineSettings, list[Market]]:
        chance = self.chance
        mode, leverage = chance.choice(list(MarginMode)), D(chance.choice([3, 10, 50]))
        rules = MatchRules(self_trade=chance.choice(list(SelfTrade)))
        made = EngineSettings(margin_mode=mode, leverage=leverage, rules=rules)
        if self.limited:
            made = msgspec.structs.replace(made, limits=drawn_limits(chance))
        elif chance.random() < 0.6:
            made = msgspec.structs.replace(made, limits=wide_limits().limits)
        if chance.random() < 0.25:
            made = msgspec.structs.replace(made, borrowing=Borrowing(enabled=True))
        if chance.random() < 0.4:
            return msgspec.structs.replace(made, currency="BTC", balance=D(5)), in_btc(chance)
        return made, in_usdt(chance)

    def run(self, count: int) -> None:
        for _ in range(count):
            part = self.chance.choice(self.parts)
            changes = [part.outage, part.shock, part.time, part.kill, part.relist, part.take_back]
            changes += part.more_moves()
            self.chance.choice([part.move_market] * 14 + [part.command] * 12 + changes)()
            self.watch()

    def watch(self) -> None:
        for each in self.parts:
            check(each.table)
            check_on_the_way(each.table)
        check_margins(self.table)
        self.parts[0].fold_further()


def check_margins(table: Table) -> None:
    """10.3: no contract lives on less than the lowest tier needs, counted by hand at the prices of now."""
    state, engine = table.state, table.engine
    held = [p for p in state.positions.values() if state.instruments[p.symbol].is_perpetual]
    if any(order.role is OrderRole.LIQUIDATION for order in state.live.values()):
        return
    if any(engine.recovering(symbol) for symbol in state.positions):
        return
    if any(state.instruments[symbol].is_margin for symbol in state.positions):
        return
    shared = [position for position in held if position.cross]
    wallet = state.cash(state.currency)
    groups = [(p.margin, [p]) for p in held if not p.cross] + ([(wallet, shared)] if shared else [])
    for margin, group in groups:
        results = sum((engine.unrealized(position.symbol) for position in group), D(0))
        assert margin + results > sum((least_needed(table, position) for position in group), D(0)), "10.3"


def least_needed(table: Table, position: Position) -> Decimal:
    """A position's worth at the rate of the lowest tier, without the fee to close."""
    instrument, price = table.state.instruments[position.symbol], table.engine.valuation(position.symbol)
    assert price is not None
    qty = abs(position.signed_qty) * instrument.contract_size
    worth = qty / price if instrument.is_inverse else qty * price
    return worth * (instrument.tiers[0].rate if instrument.tiers else instrument.maintenance_rate)


def run(seed: int, count: int = 40, *, tame: bool = False) -> RoomScript:
    script = RoomScript(seed, tame=tame)
    for _ in range(count // 10):
        script.run(10)
        check_limits(script.parts[0])
    check_fold(script.table)
    check_journal(script.table)
    check_equity(script.table)
    check_gap_fills(script.table)
    return script


@given(seed=st.integers(0, 10**9), tame=st.just(False))
@settings(max_examples=FEW if settings().max_examples < MANY else settings().max_examples)
@example(seed=102285, tame=True).via("an isolated liquidation's fee took what a margin position had won")
@example(seed=130548, tame=False).via("the mark fell on while a cross liquidation waited for its book")
def test_no_two_symbols_and_no_command_break_an_invariant(seed: int, tame: bool) -> None:
    run(seed, 50 if tame else 40, tame=tame)


def test_the_scripts_meet_what_they_are_for() -> None:
    """Two positions at once, isolated and cross, in either currency."""
    met: set[tuple[str, MarginMode]] = set()
    for seed in (*TELLING, *range(60)):
        script = RoomScript(seed, tame=seed in TELLING)
        for _ in range(40):
            script.run(1)
            if len(script.table.state.positions) > 1:
                made = script.table.settings
                met.add((made.currency, made.margin_mode))
        if len(met) == 4:
            return
    raise AssertionError(f"only {sorted(met)} held two positions")
