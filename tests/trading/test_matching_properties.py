"""The invariants of matching over random books and prints, against a slow and obvious second reading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from tests.trading.match_rig import SECOND, Rig
from tradetui.domain.fill import Evidence, Liquidity
from tradetui.domain.market_data import Side
from tradetui.domain.order import OrderRole, TimeInForce
from tradetui.trading.match_types import Execution, Incoming, MatchRules, Outcome, QueueProfile, SelfTrade

BUY, SELL = Side.BUY, Side.SELL
SIZES = st.integers(0, 12)
TICKS = st.integers(95, 105)
BOOKS = st.dictionaries(st.integers(101, 115), st.integers(1, 9), max_size=8)
ORDERS = st.builds(
    Incoming,
    order_id=st.just("o"),
    side=st.just(BUY),
    lots=st.integers(1, 30),
    limit=st.none() | st.integers(98, 116),
    tif=st.sampled_from([TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK]),
    post_only=st.booleans(),
    role=st.sampled_from([OrderRole.ENTRY, OrderRole.PROTECTIVE]),
)


@dataclass
class SlowOrder:
    """One of our orders in the second reading: everything is kept, nothing is indexed."""

    name: str
    side: Side
    tick: int
    leaves: int
    ahead: int
    reduce_only: bool = False
    drops: list[tuple[int, int]] = field(default_factory=list)


class SlowVenue:
    """The rules of section 7.4 word by word: unit by unit, over all orders, at every message."""

    def __init__(self) -> None:
        self.book: dict[Side, dict[int, int]] = {BUY: {}, SELL: {}}
        self.taken: dict[tuple[Side, int], int] = {}
        self.orders: list[SlowOrder] = []

    def by_price(self) -> list[SlowOrder]:
        return sorted(self.orders, key=lambda o: (o.side is SELL, -o.tick * o.side.sign))

    def depth(self, side: Side, tick: int, size: int, now: int) -> None:
        before = self.book[side].pop(tick, 0)
        if size:
            self.book[side][tick] = size
        eaten = self.taken.get((side, tick), 0)
        self.taken[side, tick] = 0 if size == 0 else max(0, eaten - max(0, before - size))
        for order in self.orders:
            if (order.side, order.tick) == (side, tick) and size < order.ahead:
                order.drops.append((now, order.ahead - size))
                order.ahead = size

    def cross(self) -> list[tuple[str, int]]:
        fills: list[tuple[str, int]] = []
        for order in self.by_price():
            other = order.side.opposite
            for tick in sorted(self.book[other], reverse=other is BUY):
                if (order.tick - tick) * order.side.sign < 0:
                    continue
                free = max(0, self.book[other][tick] - self.taken.get((other, tick), 0))
                lots = min(free, order.leaves)
                self.taken[other, tick] = self.taken.get((other, tick), 0) + lots
                order.leaves -= lots
                fills += [(order.name, lots)] if lots else []
        return fills

    def trade(self, tick: int, size: int, aggressor: Side | None, now: int) -> list[tuple[str, int]]:
        fills: list[tuple[str, int]] = []
        rest = size
        for order in self.by_price():
            distance = (order.tick - tick) * order.side.sign
            lots = 0
            if distance > 0:
                order.ahead = 0
                lots = min(rest, order.leaves)
            elif distance == 0 and aggressor is order.side.opposite:
                lots = self._at(order, rest, now)
            order.leaves -= lots
            rest -= lots
            fills += [(order.name, lots)] if lots else []
        return fills

    def _at(self, order: SlowOrder, rest: int, now: int) -> int:
        if not order.leaves:
            return 0
        order.drops = [(ts, size) for ts, size in order.drops if now - ts <= SECOND]
        units = [ts for ts, size in order.drops for _ in range(size)]
        explained = min(rest, len(units))
        order.drops = [(ts, 1) for ts in units[explained:]]
        seen = rest - explained
        eaten = min(order.ahead, seen)
        order.ahead -= eaten
        return min(seen - eaten, order.leaves)


def unit_rig(*, profile: QueueProfile = QueueProfile.RISK_AVERSE) -> Rig:
    """A venue that tells its book often: the rule for seldom told books has tests of its own."""
    return Rig(tick="1", lot="1", rules=MatchRules(profile=profile, slow_book_ns=10**18))


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("rest"), st.sampled_from(list(Side)), TICKS, st.integers(1, 9)),
        st.tuples(st.just("depth"), st.sampled_from(list(Side)), TICKS, SIZES),
        st.tuples(st.just("print"), st.sampled_from([BUY, SELL, None]), TICKS, SIZES),
    ),
    max_size=40,
)
GAPS = st.lists(st.integers(0, SECOND), min_size=40, max_size=40)
Event = tuple[str, Side | None, int, int]


def sane(event: Event) -> bool:
    """Bids below 100 and asks above, for what rests (ours never meet); the venue's book may cross."""
    kind, side, tick, _ = event
    return kind != "rest" or ((tick - 100) * (1 if side is SELL else -1) > 0)


def nothing() -> None:
    """The default of what is done after an event."""


def play(
    rig: Rig, events: list[Event], gaps: list[int], *, after: Callable[[], None] = nothing
) -> list[tuple[Event, tuple[Execution, ...]]]:
    """Run events through the matcher; returns each with its executions."""
    done: list[tuple[Event, tuple[Execution, ...]]] = []
    now = rig.ts
    for number, (event, gap) in enumerate(zip(filter(sane, events), gaps, strict=False)):
        kind, side, tick, size = event
        now += gap
        rig.executed.clear()
        if kind == "print":
            rig.print(float(tick), float(size), side, ts=now)
        elif kind == "depth":
            change = [(float(tick), float(size))]
            rig.delta(change if side is BUY else [], change if side is SELL else [], ts=now)
        else:
            order = Incoming(order_id=str(number), side=side or BUY, lots=size, limit=tick)
            rig.matcher.restore(order, lots=size)
        done.append((event, tuple(rig.executed)))
        after()
    return done


@given(EVENTS, GAPS)
def test_the_queue_equals_a_slow_second_reading(events: list[Event], gaps: list[int]) -> None:
    slow, now = SlowVenue(), SECOND
    for number, ((event, executions), gap) in enumerate(
        zip(play(unit_rig(), events, gaps), gaps, strict=False)
    ):
        kind, side, tick, size = event
        now += gap
        expected: list[tuple[str, int]] = []
        if kind == "print":
            expected = slow.trade(tick, size, side, now)
        elif side is not None and kind == "depth":
            slow.depth(side, tick, size, now)
            expected = slow.cross()
        elif side is not None:
            slow.orders.append(SlowOrder(str(number), side, tick, size, slow.book[side].get(tick, 0)))
        assert [(e.order_id, e.lots) for e in executions] == expected


@given(EVENTS, GAPS)
def test_i12_and_i15_a_print_fills_no_more_than_its_size_and_an_order_no_more_than_its_own(
    events: list[Event], gaps: list[int]
) -> None:
    wanted: dict[str, tuple[int, int]] = {}
    for number, (event, executions) in enumerate(play(unit_rig(), events, gaps)):
        kind, _, tick, size = event
        if kind == "rest":
            wanted[str(number)] = (tick, size)
        if kind == "print":
            assert sum(e.lots for e in executions) <= size
        for e in executions:
            limit, left = wanted[e.order_id]
            wanted[e.order_id] = (limit, left - e.lots)
            assert left >= e.lots > 0
            assert (e.tick, e.liquidity) == (limit, Liquidity.MAKER)
            assert e.consumed_after == e.consumed_before + e.lots <= e.displayed
            if e.evidence is Evidence.PRINT_AT:
                assert tick == limit


@given(EVENTS, GAPS)
def test_i13_risk_averse_has_filled_at_least_what_strict_has_at_every_time(
    events: list[Event], gaps: list[int]
) -> None:
    totals = [0, 0]
    risk_averse = play(unit_rig(), events, gaps)
    strict = play(unit_rig(profile=QueueProfile.STRICT), events, gaps)
    for (_, ours), (_, theirs) in zip(risk_averse, strict, strict=True):
        totals[0] += sum(e.lots for e in ours)
        totals[1] += sum(e.lots for e in theirs)
        assert totals[0] >= totals[1]


@given(EVENTS, GAPS)
def test_i24_the_queue_ahead_never_grows(events: list[Event], gaps: list[int]) -> None:
    rig = unit_rig()
    shortest: dict[str, int] = {}

    def check() -> None:
        for name, order in rig.matcher._queue._orders.items():
            assert 0 <= order.ahead <= shortest.get(name, order.ahead)
            shortest[name] = order.ahead

    play(rig, events, gaps, after=check)


def asks_of(book: dict[int, int]) -> list[tuple[float, float]]:
    return [(float(tick), float(size)) for tick, size in sorted(book.items())]


@given(BOOKS, st.lists(ORDERS, min_size=1, max_size=4))
def test_i10_i11_i14_walks_keep_to_limit_level_and_time_in_force(
    book: dict[int, int], orders: list[Incoming]
) -> None:
    rig = unit_rig()
    rig.snapshot([], asks_of(book))
    left = dict(book)
    for order in orders:
        rig.matcher.cancel("o")
        match = rig.matcher.execute(order)
        for piece in match.executions:
            assert order.limit is None or piece.tick <= order.limit
            assert piece.lots <= left[piece.tick]
            left[piece.tick] -= piece.lots
        assert match.filled + match.leaves == order.lots
        assert order.tif is not TimeInForce.FOK or match.filled in (0, order.lots)
        assert order.tif is TimeInForce.GTC or match.outcome is not Outcome.RESTING
        assert not order.post_only or match.filled == 0


@given(BOOKS, ORDERS)
def test_a_walk_equals_taking_unit_by_unit(book: dict[int, int], order: Incoming) -> None:
    rig = unit_rig()
    rig.snapshot([], asks_of(book))
    units = [tick for tick in sorted(book) for _ in range(book[tick])]
    if order.limit is not None:
        units = [tick for tick in units if tick <= order.limit]
    elif order.role is OrderRole.ENTRY and units:
        units = [tick for tick in units if tick <= units[0] + max(units[0] // 100, 10)]
    units = units[: order.lots]
    if order.post_only or (order.tif is TimeInForce.FOK and len(units) < order.lots):
        units = []
    match = rig.matcher.execute(order)
    assert [e.tick for e in match.executions for _ in range(e.lots)] == units


@given(BOOKS, st.integers(1, 20), st.integers(1, 20))
def test_i18_a_larger_order_never_pays_a_better_average(book: dict[int, int], small: int, more: int) -> None:
    rig = unit_rig()
    rig.snapshot([], asks_of(book))
    first = rig.matcher.estimate(Incoming(order_id="o", side=BUY, lots=small)).vwap_ticks
    second = rig.matcher.estimate(Incoming(order_id="o", side=BUY, lots=small + more)).vwap_ticks
    assert (first is None) == (second is None)
    assert first is None or second is None or second >= first


@given(BOOKS, EVENTS, GAPS)
def test_i19_the_order_in_which_levels_are_told_changes_no_fill(
    book: dict[int, int], events: list[Event], gaps: list[int]
) -> None:
    results = []
    for levels in (asks_of(book), asks_of(book)[::-1]):
        rig = unit_rig()
        rig.snapshot([], levels)
        results.append(play(rig, events, gaps))
    assert results[0] == results[1]


@given(
    mode=st.sampled_from([mode for mode in SelfTrade if mode is not SelfTrade.NONE]),
    orders=st.lists(
        st.tuples(
            st.sampled_from(list(Side)),
            st.integers(1, 5),
            st.integers(95, 105),
            st.sampled_from([TimeInForce.GTC, TimeInForce.IOC]),
        ),
        max_size=12,
    ),
    book=st.tuples(st.integers(0, 4), st.integers(0, 4)),
)
def test_i17_own_orders_never_trade_with_each_other(
    mode: SelfTrade, orders: list[tuple[Side, int, int, TimeInForce]], book: tuple[int, int]
) -> None:
    """What an order trades comes off the displayed book alone, and no two of ours rest crossed."""
    rig = Rig(tick="1", lot="1", rules=MatchRules(self_trade=mode))
    bids, asks = ([(98.0, float(book[0]))] if book[0] else []), ([(102.0, float(book[1]))] if book[1] else [])
    rig.snapshot(bids, asks)
    left = {Side.BUY: book[1], Side.SELL: book[0]}
    resting: dict[str, tuple[Side, int]] = {}
    for number, (side, qty, limit, tif) in enumerate(orders):
        name = f"o{number}"
        match = rig.matcher.execute(rig.order(side, qty, limit, order_id=name, tif=tif))
        assert {piece.order_id for piece in match.executions} <= {name}
        left[side] -= match.filled
        assert left[side] >= 0
        resting[name] = (side, limit)
        live = [resting[each] for each in resting if rig.matcher.leaves(each) is not None]
        buys, sells = ([price for at, price in live if at is each] for each in Side)
        assert not buys or not sells or max(buys) < min(sells)
