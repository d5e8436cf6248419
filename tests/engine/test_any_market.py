"""Whatever the market does and whoever presses whatever: the invariants of section 17 hold."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.engine.market import SECOND, Levels, Table, inverse_perp, perp, spot, wide_limits
from tests.engine.order_ways import may_go
from tests.engine.rough import HOUR, Rough
from tests.engine.test_order_sums import Sums
from tests.engine.wishes import Wishes
from tests.trading.test_tiers import TIERS
from tradetui.domain.command import MarginMode, SubmitOrder
from tradetui.domain.event import (
    Event,
    FeeShortfall,
    Filled,
    FundingPaid,
    Liquidated,
    LiquidationStarted,
    Locked,
    OrderChanged,
    SessionRolled,
    TrailMoved,
    Unlocked,
)
from tradetui.domain.event_text import canonical_bytes, chain_hash
from tradetui.domain.fill import Fill
from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import (
    BestQuote,
    FeedState,
    FundingRate,
    FundingSettled,
    MarkPrice,
    Side,
)
from tradetui.domain.order import Order, OrderRole, OrderState
from tradetui.domain.reply import Reason
from tradetui.state import State
from tradetui.trading import account, ledger
from tradetui.trading.locks import LockKey, covers, key_of
from tradetui.trading.settings import Borrowing, EngineSettings

D = Decimal
STANDING = {OrderState.ARMED, OrderState.TRIGGERED, OrderState.WORKING, OrderState.PARTIALLY_FILLED}


class Script:
    """A seeded stream of market messages, commands, outages and restarts."""

    digits = 2
    """Of a price."""
    least = 100.0
    """No price falls below it."""

    def __init__(self, seed: int, *, tame: bool = False) -> None:
        """A tame script aims at nothing: what it finds is found by chance."""
        self.chance, self.tame = random.Random(seed), tame
        instrument, settings = self.venue()
        latency_ns = self.chance.choice([0, 0, 50_000_000])
        table = Table(instrument, settings=settings, latency_ns=latency_ns)
        if not tame:
            start_late(table, self.chance)
        self.sit(table, 60_000.0)

    def sit(self, table: Table, middle: float) -> None:
        """Begin at a table, with the market at a price."""
        self.table, instrument = table, table.instrument
        self.rough = Rough(self)
        self.marked = not instrument.is_spot and self.chance.random() < 0.6
        self.unit = 1000.0 if instrument.is_inverse else 1.0
        self.tick = float(instrument.tick_size)
        self.middle = middle
        self.wishes = Wishes(self.chance, self.table, self.typed)
        self.told: list[int] = []
        """When the book was told, since the start or the last restart."""
        self.table.open(*self.book())
        self.told.append(self.table.now)
        self.folded, self.read = State(), 0
        self.table.watch = self.watch

    def watch(self) -> None:
        """What holds after every transaction."""
        check(self.table)
        self.fold_further()

    def more_moves(self) -> list[Callable[[], None]]:
        return [] if self.tame else self.rough.moves()

    def venue(self) -> tuple[Instrument, EngineSettings]:
        """Spot, or a perpetual of either kind, isolated or cross."""
        chance = self.chance
        mode, leverage = chance.choice(list(MarginMode)), D(chance.choice([3, 10, 50]))
        settings = EngineSettings(margin_mode=mode, leverage=leverage)
        if chance.random() < 0.4:
            settings = msgspec.structs.replace(settings, limits=wide_limits().limits)
        kind = chance.choice(["spot", "spot", "linear", "linear", "inverse", "margin"])
        if kind == "margin":
            borrowing = Borrowing(enabled=True)
            return spot(), msgspec.structs.replace(settings, borrowing=borrowing)
        if kind == "spot":
            return spot(), settings
        if kind == "linear":
            return perp(tiers=chance.choice([(), TIERS])), settings
        coin = msgspec.structs.replace(settings, currency="BTC", balance=D(5))
        return inverse_perp(), coin

    def price(self, ticks: int) -> float:
        return round(self.middle + ticks * self.tick, self.digits)

    def typed(self, ticks: int) -> Decimal:
        return self.table.instrument.price_from_float(max(self.tick, self.price(ticks)))

    def book(self) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
        chance = self.chance
        gap = chance.randint(0, 3)
        depth = chance.randint(1, 6)
        sizes = [
            round((chance.choice([0.002, 0.05, 0.3, 2.0]) * chance.random() + 0.001) * self.unit, 3)
            for _ in range(12)
        ]
        bids = [(self.price(-1 - gap - 7 * n), sizes[n]) for n in range(depth)]
        return bids, [(self.price(1 + gap + 9 * n), sizes[n + 6]) for n in range(depth)]

    def run(self, count: int) -> None:
        moves = [self.move_market] * 12 + [self.command] * 6 + [self.outage] + [self.time] + [self.kill]
        moves += self.more_moves()
        for _ in range(count):
            self.chance.choice(moves)()
            check(self.table)
            self.fold_further()

    def fold_further(self) -> None:
        """I-52: the fold of what was written so far is the live state, at every step."""
        for event in self.table.journal[self.read :]:
            self.folded.apply(event)
        self.read = len(self.table.journal)
        assert self.folded == self.table.state, "I-52"

    def move_market(self) -> None:
        self.hold_against(self._quote_and_print)

    def hold_against(self, move: Callable[[], None]) -> None:
        """A move of the market fills no entry without fresh data, and puts nobody before us."""
        table = self.table
        fresh = table.engine.markets[table.symbol].feed_state.is_fresh
        entered, queued = self.entry_fills(), self.queues()
        told = len(self.told)
        move()
        is_slow = len(self.told) > told and self.is_slow()
        assert fresh or self.entry_fills() == entered, "I-16"
        for key, ahead in self.queues().items():
            # where the book is told seldom, what came while an order arrived is before it
            assert is_slow or ahead <= queued.get(key, ahead), "I-24"

    def tell(self, bids: Levels, asks: Levels) -> None:
        self.table.snapshot(bids, asks)
        self.told.append(self.table.now)

    def is_slow(self) -> bool:
        """Whether the book was told a second after the time before, and that one so too (R-MAT-14)."""
        *_, first, second, third = (*self.told[:1] * 2, *self.told)
        return min(second - first, third - second) >= SECOND

    def queues(self) -> dict[tuple[str, Decimal | None, Decimal], Decimal]:
        """What stands before each resting order, by the order as it is."""
        live = self.table.state.live_of(self.table.symbol)
        found = {(o.order_id, o.price, o.qty): self.table.engine.queue_ahead(o.order_id) for o in live}
        return {key: ahead for key, ahead in found.items() if ahead is not None}

    def entry_fills(self) -> int:
        state, symbol = self.table.state, self.table.symbol
        own = (state.orders[fill.order_id] for fill in self.table.fills if fill.symbol == symbol)
        return sum(order.role is OrderRole.ENTRY for order in own)

    def _quote_and_print(self) -> None:
        chance, table = self.chance, self.table
        jump = chance.choice([1, 10, 100, 3000, 20_000])
        self.middle = round(
            max(self.least, self.middle + self.tick * chance.randint(-jump, jump)), self.digits
        )
        if chance.random() < 0.5:
            self.tell(*self.book())
        elif chance.random() < 0.1:
            self.tell([(self.price(5), 1.0)], [(self.price(-5), 1.0)])
        side = chance.choice([Side.BUY, Side.SELL, None])
        size = round((chance.random() + 0.001) * self.unit, 3)
        table.trade(self.price(chance.randint(-20, 20)), size, side)
        if self.marked and chance.random() < 0.5:
            mark, index = (self.price(chance.randint(-200, 200)) for _ in range(2))
            table.feed(MarkPrice(table.symbol, table.tick(), table.now, mark, chance.choice([None, index])))
        if chance.random() < 0.3:
            bid, ask = self.price(chance.randint(-30, 0)), self.price(chance.randint(0, 30))
            table.feed(BestQuote(table.symbol, table.tick(), table.now, bid, 1.0, ask, 1.0))
        if chance.random() < 0.3:
            self._fund()
        table.tick(chance.randint(0, 80_000_000))

    def _fund(self) -> None:
        """The funding times of the last hours in any order, some of them again, and the next one."""
        table, chance, hour = self.table, self.chance, HOUR
        for _ in range(chance.randint(0, 3)):
            ago = 0 if not self.tame and chance.random() < 0.5 else chance.randint(0, 9)
            due = table.now // hour * hour - ago * hour
            mark = chance.choice([None, self.price(chance.randint(-200, 200))])
            rate = chance.choice([-0.002, 0.0001, 0.0003, 0.03])
            table.feed(FundingSettled(table.symbol, due, table.tick(), rate, mark))
        table.feed(FundingRate(table.symbol, 0, table.tick(), 0.0001, table.now // hour * hour + hour))

    def outage(self) -> None:
        state = self.chance.choice([FeedState.STALE, FeedState.GAP, FeedState.DOWN, FeedState.STREAMING])
        self.table.status(state)
        if self.chance.random() < 0.9:
            self.table.status(FeedState.STREAMING)
            self.tell(*self.book())

    def time(self) -> None:
        ns = self.chance.choice([SECOND, 60 * SECOND, 3600 * SECOND, 30 * 3600 * SECOND, -3 * SECOND])
        table, set_by = self.table, self.table.set_by
        table.now += ns
        if ns < 0 and not self.tame:
            table.set_by += ns
        table.tell_clocks()
        if ns < 0:
            table.now, table.set_by = table.now - ns, set_by

    def kill(self) -> None:
        self.table.restart()
        self.told.clear()
        if self.chance.random() < 0.95:
            self.table.status(FeedState.STREAMING)
            self.tell(*self.book())

    def command(self) -> None:
        flat = not self.table.state.live
        if self.chance.random() < (0.85 if flat else 0.35):
            self.press(self.wishes.order())
        else:
            self.table.do(self.wishes.other())

    def press(self, command: SubmitOrder) -> None:
        """Send an entry; what is accepted fits the budget of that moment, on its way or not (I-40)."""
        table = self.table
        table.tick()
        table.tell_clocks()
        room, at_risk = table.engine.head_room(), table.engine.open_risk()
        known = set(table.state.orders)
        reply = table.do(command, after=0)
        for order_id in set(reply.order_ids) - known if reply.accepted else ():
            order = table.state.orders[order_id]
            if order.role is OrderRole.ENTRY:
                assert order.planned_risk > 0, "I-40"
                assert order.planned_risk + at_risk <= room, "I-40"


def start_late(table: Table, chance: random.Random) -> None:
    """Just before funding is due, one time in two at the end of the day."""
    hour = table.now // HOUR + chance.choice([1, 2])
    table.now = hour * HOUR - chance.randint(0, 2 * SECOND)


def check(table: Table) -> None:
    """Every invariant that can be read off the state at the end of a transaction."""
    state = table.state
    position = state.holding(table.symbol)
    stops = [o for o in state.live_of(table.symbol) if o.role is OrderRole.PROTECTIVE and o.state in STANDING]
    if position is None:
        exits = (OrderRole.PROTECTIVE, OrderRole.TAKE_PROFIT)
        assert not [o for o in state.live_of(table.symbol) if o.role in exits], "I-34"
        assert table.symbol in state.positions or not state.margin(table.symbol), "I-06"
        assert table.symbol in state.positions or not table.engine.unrealized(table.symbol), "I-06"
    else:
        assert len(stops) == 1, "I-30"
        sellable = position.qty // table.instrument.lot_size * table.instrument.lot_size
        assert stops[0].leaves == sellable, "I-33"
        assert stops[0].side is position.side.opposite
        assert position.stop_id == stops[0].order_id
        for order in state.live_of(table.symbol):
            if order.reduce_only and order.role is not OrderRole.FLATTEN and order.state in STANDING:
                assert order.leaves <= sellable, "R-RED-2"
        targets = sum((order.leaves for order in state.targets_of(table.symbol)), D(0))
        assert targets <= sellable, "targets never take more than is held"
    for asset in state.assets():
        carried = open_profit(table) if asset == state.currency else D(0)
        is_judged = asset != state.currency or not (is_unwatched(table) or is_being_liquidated(table))
        assert not is_judged or state.cash(asset) + carried >= 0, "I-04"
    held = state.balances.get((ledger.margin(table.symbol), state.currency), D(0))
    assert held == state.margin(table.symbol), "margin of the ledger is that of the position"
    if state.instruments[table.symbol].is_spot:
        held_qty = state.positions[table.symbol].signed_qty if table.symbol in state.positions else D(0)
        assert state.cash(table.instrument.base) == held_qty, "I-03"


def open_profit(table: Table) -> Decimal:
    """What cross positions have won and a wallet may be short of meanwhile: funding took more than it had."""
    cross = [position.symbol for position in table.state.positions.values() if position.cross]
    return max(D(0), sum((table.engine.unrealized(symbol) for symbol in cross), D(0)))


def is_unwatched(table: Table) -> bool:
    """Whether a cross position lives through a lost time, and is judged when that is told (6.2)."""
    cross = [position.symbol for position in table.state.positions.values() if position.cross]
    return any(table.engine.recovering(symbol) for symbol in cross)


def is_being_liquidated(table: Table) -> bool:
    """Whether a cross liquidation waits for its book: what is lost until then the insurance pays (10.5)."""
    positions = table.state.positions
    orders = table.state.live.values()
    waiting = [positions.get(order.symbol) for order in orders if order.role is OrderRole.LIQUIDATION]
    return any(position is not None and position.cross for position in waiting)


def check_numbers(value: object) -> None:
    """I-08: no float and no number that is written in two ways stands in an event."""
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            check_numbers(each)
    assert not isinstance(value, float), "I-08"
    if isinstance(value, str) and re.fullmatch(
        r"[-+]?[\d.]+([eE][-+]?\d+)?|[-+]?(nan|inf\w*)", value, re.IGNORECASE
    ):
        assert re.fullmatch(r"0|-?(0|[1-9]\d*)(\.\d*[1-9])?", value), f"I-08: {value}"
        assert value != "-0", "I-08"


class Reader:
    """Reads a journal event by event and holds each against the rules."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.sessions: list[str] = []
        self.states: dict[str, OrderState] = {}
        self.orders: dict[str, Order] = {}
        self.trails: dict[str, TrailMoved] = {}
        self.filled: dict[str, Decimal] = {}
        self.triggered: list[str] = []
        self.positions, self.wallets = dict[str, Decimal](), dict[str, Decimal]()
        self.cross: set[str] = set()
        """Whose last liquidation was one of a cross position, whatever the account's mode is by now."""
        self.locks: dict[LockKey, Locked] = {}
        self.ts = 0
        self.sums = Sums()

    def read(self, event: Event) -> None:
        self.sums.read(event)
        check_numbers(msgspec.json.decode(canonical_bytes(event)))
        assert event.ts >= self.ts, "I-56"
        self.ts = event.ts
        for asset in {leg.asset for leg in event.postings}:
            assert sum(leg.amount for leg in event.postings if leg.asset == asset) == 0, "I-01"
        match event.body:
            case OrderChanged(order=order):
                self.step(order)
            case Filled(fill=fill):
                paid = [leg for leg in event.postings if leg.ledger == ledger.INSURANCE]
                entry = self.table.state.orders[fill.order_id].role is OrderRole.ENTRY
                assert not (entry and paid), "the insurance pays for what is lost, never for an entry"
                self.fill(fill)
                self.liquidation(event, fill)
            case LiquidationStarted(symbol=symbol, cross=cross):
                (self.cross.add if cross else self.cross.discard)(symbol)
            case Liquidated(symbol=symbol):
                self.liquidated(symbol)
            case TrailMoved():
                self.trail(event.body)
            case SessionRolled(session_id=session_id):
                assert not self.sessions or session_id > self.sessions[-1], "I-44"
                self.sessions.append(session_id)
            case Locked():
                self.locks[key_of(event.body)] = event.body
            case Unlocked():
                ended = self.locks.pop(key_of(event.body))
                assert event.ts >= ended.until_ts, "R-LCK-1"
            case _:
                return

    def liquidation(self, event: Event, fill: Fill) -> None:
        """What the pieces of a liquidation of an isolated position move to and from the wallet."""
        state, order = self.table.state, self.orders[fill.order_id]
        if order.role is OrderRole.LIQUIDATION and fill.symbol not in self.cross:
            own = ledger.cash(state.currency)
            moved = sum((leg.amount for leg in event.postings if leg.ledger == own), D(0))
            self.wallets[fill.symbol] = self.wallets.get(fill.symbol, D(0)) + moved

    def liquidated(self, symbol: str) -> None:
        """I-05: together they take no more than the position's margin, fee included."""
        assert self.wallets.pop(symbol, D(0)) >= 0, "I-05"

    def step(self, order: Order) -> None:
        before, after = self.states.get(order.order_id), order.state
        assert before is None or may_go(before, after), "I-20"
        if after is OrderState.TRIGGERED and before is not after:
            assert order.order_id not in self.triggered, "I-21"
            self.triggered.append(order.order_id)
        self.states[order.order_id] = after
        self.orders[order.order_id] = order
        if order.role is OrderRole.PROTECTIVE and order.reason == Reason.REPLACED and before in STANDING:
            others = [o for o in self.orders.values() if o.role is order.role and o.symbol == order.symbol]
            assert any(self.states[other.order_id] in STANDING for other in others), "I-31"

    def trail(self, moved: TrailMoved) -> None:
        """I-32: the extreme only gets better, the trigger only comes nearer."""
        side = self.orders[moved.order_id].side
        assert self.states[moved.order_id] is OrderState.ARMED, "a trail moves while it is armed"
        before = self.trails.get(moved.order_id)
        if before is not None:
            assert side.sign * (moved.extreme - before.extreme) < 0, "I-32"
            assert side.sign * (moved.trigger - before.trigger) <= 0, "I-32"
        self.trails[moved.order_id] = moved

    def fill(self, fill: Fill) -> None:
        order, limit = self.table.state.orders[fill.order_id], self.orders[fill.order_id].price
        assert limit is None or fill.side.sign * (fill.price - limit) <= 0, "I-10"
        change = account.signed_change(self.table.state.instruments[fill.symbol], fill)
        before = self.positions.get(fill.symbol, D(0))
        after = self.positions[fill.symbol] = before + change
        if order.reduce_only:
            assert abs(after) < abs(before), "I-22"
            assert before * after >= 0, "I-22"
        locked = any(covers(lock, fill.symbol, fill.side) for lock in self.locks.values())
        assert not locked or abs(after) <= abs(before), "I-41"
        assert not self.states[fill.order_id].is_terminal, "I-20"
        assert not self.filled.get(order.rival_id), "R-BRK-3"
        assert not order.expire_ts or fill.ts <= order.expire_ts, "I-23"
        total = self.filled[fill.order_id] = self.filled.get(fill.order_id, D(0)) + fill.qty
        assert total <= order.qty, "I-15"
        done = total == order.qty
        self.states[fill.order_id] = OrderState.FILLED if done else OrderState.PARTIALLY_FILLED


def check_journal(table: Table) -> None:
    """Every invariant that is one of the journal as a whole."""
    reader = Reader(table)
    for event in table.journal:
        reader.read(event)
    state = table.state
    held = {symbol: position.signed_qty for symbol, position in state.positions.items()}
    assert {symbol: qty for symbol, qty in reader.positions.items() if qty} == held, "I-03"
    totals = [amount for (_, asset), amount in state.balances.items() if asset == state.currency]
    assert sum(totals) == 0
    assert state.balances[ledger.EXTERNAL, state.currency] == -table.settings.balance - state.flows


def check_fold(table: Table) -> None:
    """I-52, at the end of every transaction: the fold of the journal is the live state."""
    assert State.fold(table.journal) == table.state


def check_equity(table: Table) -> None:
    """I-07: what equity lost or won is what was realized, paid in fees, and is open."""
    state, engine = table.state, table.engine
    bodies = [event.body for event in table.journal]
    fees_covered = sum((body.due - body.paid for body in bodies if isinstance(body, FeeShortfall)), D(0))
    covered = -state.balances.get((ledger.INSURANCE, state.currency), D(0)) - fees_covered
    paid_in = table.settings.balance + state.flows
    earned = state.realized_pnl - state.fees + covered
    earned += state.funds.funding - state.funds.interest
    expected = paid_in + earned + sum((engine.unrealized(symbol) for symbol in state.positions), D(0))
    assert abs(engine.equity() - expected) < D("0.00001"), "I-07"
    if not any(instrument.is_spot for instrument in state.instruments.values()):
        margins = sum((state.margin(symbol) for symbol in state.instruments), D(0))
        assert state.cash(state.currency) + margins == paid_in + earned, "I-02"
    funded = [(body.symbol, body.funding_ts) for body in bodies if isinstance(body, FundingPaid)]
    assert len(funded) == len(set(funded)), "I-60"
    for body in bodies:
        if isinstance(body, Liquidated):
            assert body.balance >= 0, "I-05"
            assert body.fee <= body.fee_due


@given(seed=st.integers(0, 10**9), tame=st.just(False))
@example(seed=11284, tame=True).via("funding took more than the wallet of a cross position in profit had")
def test_no_market_and_no_command_breaks_an_invariant(seed: int, tame: bool) -> None:
    script = Script(seed, tame=tame)
    script.run(60 if tame else 40)
    check_fold(script.table)
    check_journal(script.table)
    check_equity(script.table)


def digest(seed: int, count: int = 100) -> str:
    script = Script(seed)
    script.run(count)
    value = b""
    for event in script.table.journal:
        value = chain_hash(value, event)
    return value.hex()


@pytest.mark.parametrize("hash_seed", ["1", "77"])
def test_i50_two_processes_with_other_hash_seeds_write_the_same_bytes(hash_seed: str) -> None:
    code = "from tests.engine.test_any_market import digest; print(digest(5), digest(6))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": "Asia/Tokyo", "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [digest(5), digest(6)]


def test_a_long_script_writes_much_and_is_folded_at_every_step() -> None:
    script = Script(11)
    script.run(300)
    assert script.read == len(script.table.journal) > 200
