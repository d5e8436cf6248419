"""Random books, prints and orders through the matcher and through the second implementation.

Messages come out of their order: prints before the book that shows them, books of a moment before the
newest print, books without a time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.reference.exchange import BUY, SECOND, SELL, Entry, Exchange
from tests.trading.match_rig import Rig
from tradetui.domain.market_data import BookDelta, Side, Trade
from tradetui.domain.order import TimeInForce
from tradetui.trading.match_types import Execution, MatchRules

D = Decimal
SIDES = {BUY: Side.BUY, SELL: Side.SELL}
SIDE = st.sampled_from([BUY, SELL])
UNIT = 64
"""Exchange times of prints are told apart by their number; a book stands between two such times."""
LEVELS = st.lists(st.integers(0, 9), min_size=1, max_size=5)
PRINTS = st.tuples(st.just("print"), SIDE, st.integers(97, 106), st.integers(1, 9), st.integers(-3, 4))
BIDS = st.tuples(st.just("depth"), st.just(BUY), st.integers(96, 101), st.integers(0, 9), st.integers(-4, 2))
ASKS = st.tuples(
    st.just("depth"), st.just(SELL), st.integers(100, 106), st.integers(0, 9), st.integers(-4, 2)
)
ORDERS = st.tuples(
    st.sampled_from(["rest", "ioc"]), SIDE, st.integers(98, 105), st.integers(1, 9), st.just(0)
)
Event = tuple[str, int, int, int, int]
"""What, side, price, size, and by how much its exchange time is off."""
PAUSES = st.tuples(st.sampled_from([0, 1_000, 10**6, 3 * 10**8, SECOND]), st.sampled_from([0, 0, 1, 5, 100]))
PLANS = st.lists(st.tuples(PRINTS | BIDS | ASKS | ORDERS, PAUSES), max_size=40)


@dataclass
class Both:
    """The same messages and orders to either side; at most one order of ours rests."""

    rig: Rig = field(default_factory=lambda: Rig(tick="1", lot="1", rules=MatchRules(slow_book_ns=10**18)))
    other: Exchange = field(default_factory=lambda: Exchange(D(1)))
    now: int = 10 * SECOND
    exchange: int = 1_000
    fills: list[tuple[int, int]] = field(default_factory=list)

    def keep(self, executions: tuple[Execution, ...]) -> None:
        self.fills += [(each.tick, each.lots) for each in executions]

    def depth(self, ts: int, changes: dict[int, list[tuple[int, int]]]) -> None:
        self.other.now = self.now
        texts = {side: [[str(p), str(q)] for p, q in levels] for side, levels in changes.items()}
        self.other.depth(ts, texts)
        bids, asks = ([(float(p), float(q)) for p, q in changes.get(side, [])] for side in (BUY, SELL))
        self.rig.book.apply_delta(bids, asks)
        self.keep(self.rig.matcher.on_book(BookDelta("X", ts, self.now, bids, asks)))

    def print(self, ts: int, price: int, size: int, aggressor: int) -> None:
        trade = Trade("X", ts, self.now, float(price), float(size), SIDES[aggressor])
        self.other.now = self.now
        self.rig.matcher.note(trade)
        self.other.print(ts, D(price), D(size), aggressor)
        self.keep(self.rig.matcher.on_trade(trade))

    def enter(self, kind: str, side: int, price: int, size: int) -> None:
        if not self.other.book[-side]:
            return
        self.other.now = self.now
        self.other.cancel_all()
        self.rig.matcher.cancel("o")
        tail = "ioc" if kind == "ioc" else ""
        self.other.enter(Entry("o", side, D(size), D(price), D(1), tail))
        self.other.stop = None
        tif = TimeInForce.IOC if tail else TimeInForce.GTC
        self.keep(self.rig.matcher.execute(self.rig.order(SIDES[side], size, price, tif=tif)).executions)

    def do(self, number: int, event: Event) -> None:
        kind, side, price, size, off = event
        if kind == "print":
            self.print((self.exchange + off) * UNIT + number, price, size, side)
        elif kind == "depth":
            self.depth((self.exchange + off) * UNIT if size != 9 else 0, {side: [(price, size)]})
        else:
            self.enter(kind, side, price, size)


@given(LEVELS, LEVELS, PLANS)
def test_any_plan_fills_alike_on_both_sides(
    bids: list[int], asks: list[int], plan: list[tuple[Event, tuple[int, int]]]
) -> None:
    both = Both()
    shown = {
        BUY: [(100 - n, size) for n, size in enumerate(bids)],
        SELL: [(101 + n, size) for n, size in enumerate(asks)],
    }
    both.depth(both.exchange * UNIT, shown)
    for number, (event, (pause, later)) in enumerate(plan, start=1):
        both.now += pause
        both.exchange += later
        both.do(number, event)
        assert both.fills == [(int(price), int(qty)) for _, _, qty, price, _ in both.other.fills]
