"""Our resting orders and the queue before each of them (engine rules R-MAT-3 to R-MAT-14, section 7.4).

Pessimistic on purpose. We stand behind all that is displayed when we arrive; cancels are behind us
until the level is smaller than our queue; only prints bring us forward, and what a print takes was
possibly already seen as a decrease of depth: such a decrease waits one second for its print. A print
fills all our orders together by no more than its size.

Orders are indexed by price with the one nearest to the market at the tail, so that a print or a
change of the book that reaches none of them costs one comparison, however many rest.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal

from tradetui.domain.market_data import Side, Trade
from tradetui.domain.number import ZERO
from tradetui.trading.match_types import MatchRules, QueueProfile
from tradetui.trading.queue_models import front_after


@dataclass(slots=True, eq=False)
class Resting:
    """One resting order: what is left of it, the queue ahead, and the decreases still unexplained."""

    order_id: str
    side: Side
    tick: int
    leaves: int
    ahead: int
    reduce_only: bool = False
    unmatched: list[tuple[int, int]] = field(default_factory=list)
    """Decreases of depth as (time, lots), oldest first: the list U of the rules."""
    rival: str = ""
    """The alternative that is over as soon as this one fills (R-BRK-3)."""
    caused_by: Trade | None = field(default=None, compare=False)
    """The print that made it act: what has traded before it came can not fill it (R-LAT-3)."""

    def on_depth(self, displayed: int, now: int) -> None:
        """Depth at our price is so much now: a queue can not be longer than the level."""
        if displayed < self.ahead:
            self.unmatched.append((now, self.ahead - displayed))
            self.ahead = displayed

    def explain(self, lots: int, *, since: int) -> int:
        """Use up remembered decreases not older than since for a print; returns the lots they explain."""
        fresh = [(ts, size) for ts, size in self.unmatched if ts >= since]
        explained = min(lots, sum(size for _, size in fresh))
        left = explained
        while left > 0:
            ts, size = fresh[0]
            used = min(size, left)
            left -= used
            fresh[:1] = [(ts, size - used)] if size > used else []
        self.unmatched = fresh
        return explained

    def on_print(self, lots: int, *, since: int) -> int:
        """A print of so much at our price by the other side: what of it is left for us."""
        seen = lots - self.explain(lots, since=since)
        eaten = min(self.ahead, seen)
        self.ahead -= eaten
        return seen - eaten

    def reach_front(self) -> None:
        """A print beyond our price proves that nobody is before us any more."""
        self.ahead = 0

    def join_again(self, displayed: int) -> None:
        """Stand behind all that is displayed now."""
        self.ahead = displayed


@dataclass(slots=True, eq=False)
class Probable(Resting):
    """A place in the queue by the probabilistic models: decreases happened partly before us (7.5)."""

    rules: MatchRules = field(kw_only=True)
    level: int = field(init=False)
    front: Decimal = field(init=False)
    printed: int = 0
    """What prints took since the depth last changed: that part of a decrease is known already."""

    def __post_init__(self) -> None:
        self.join_again(self.ahead)

    def on_depth(self, displayed: int, now: int) -> None:
        """Depth at our price is so much now."""
        del now  # a model needs no window
        decrease = self.level - displayed - self.printed
        back = max(ZERO, self.level - self.front)
        self.front = front_after(
            self.front,
            back,
            Decimal(decrease),
            displayed=Decimal(displayed),
            model=self.rules.model,
            power=self.rules.power,
        )
        self.level, self.printed = displayed, 0
        self._show()

    def on_print(self, lots: int, *, since: int) -> int:
        """A print of so much at our price: it moves us forward by all of it."""
        del since
        self.printed += lots
        offered = max(0, lots - self.ahead)
        self.front = max(ZERO, self.front - lots)
        self._show()
        return offered

    def reach_front(self) -> None:
        """A print beyond our price proves that nobody is before us any more."""
        self.front = ZERO
        self._show()

    def join_again(self, displayed: int) -> None:
        """Stand behind all that is displayed now."""
        self.level, self.front, self.printed = displayed, Decimal(displayed), 0
        self._show()

    def _show(self) -> None:
        self.ahead = int(self.front.to_integral_value(rounding=ROUND_CEILING))


@dataclass(slots=True, eq=False)
class Foremost(Resting):
    """A place before everybody: the optimistic profile, for teaching."""

    def __post_init__(self) -> None:
        self.ahead = 0

    def on_depth(self, displayed: int, now: int) -> None:
        """Nobody stands before us, whatever the depth."""

    def on_print(self, lots: int, *, since: int) -> int:
        """A print at our price is ours."""
        del since
        return lots

    def join_again(self, displayed: int) -> None:
        """Stay at the front."""


def resting(
    order_id: str, side: Side, tick: int, lots: int, *, displayed: int, reduce_only: bool, rules: MatchRules
) -> Resting:
    """An order that begins to rest behind what is displayed, in the way of the rules' profile."""
    if rules.profile is QueueProfile.PROBABILISTIC:
        return Probable(order_id, side, tick, lots, displayed, reduce_only, rules=rules)
    kind = Foremost if rules.profile is QueueProfile.OPTIMISTIC else Resting
    return kind(order_id, side, tick, lots, displayed, reduce_only)


class _Book:
    """One side of our orders: prices in order, and at each price the orders by arrival."""

    __slots__ = ("keys", "levels", "sign")

    def __init__(self, side: Side) -> None:
        self.sign = side.sign
        self.keys: list[int] = []
        self.levels: dict[int, list[Resting]] = {}

    def add(self, order: Resting) -> None:
        level = self.levels.get(order.tick)
        if level is None:
            level = self.levels[order.tick] = []
            insort(self.keys, order.tick * self.sign)
        level.append(order)

    def remove(self, order: Resting) -> None:
        level = self.levels[order.tick]
        level.remove(order)
        if not level:
            del self.levels[order.tick]
            del self.keys[bisect_left(self.keys, order.tick * self.sign)]


class MakerQueue:
    """All our resting orders of one symbol."""

    __slots__ = ("_books", "_orders")

    def __init__(self) -> None:
        self._books = {side: _Book(side) for side in Side}
        self._orders: dict[str, Resting] = {}

    def __len__(self) -> int:
        return len(self._orders)

    def get(self, order_id: str) -> Resting | None:
        """A resting order by its id."""
        return self._orders.get(order_id)

    def add(self, order: Resting) -> None:
        """Let an order rest behind our others at its price; raises ValueError if it rests already."""
        if order.order_id in self._orders:
            raise ValueError(f"order {order.order_id} rests already")
        self._orders[order.order_id] = order
        self._books[order.side].add(order)

    def remove(self, order_id: str) -> int:
        """Take an order out; returns its leaves, 0 when it does not rest."""
        order = self._orders.pop(order_id, None)
        if order is None:
            return 0
        self._books[order.side].remove(order)
        return order.leaves

    def best(self, side: Side) -> int | None:
        """The tick of our order nearest to the market on a side."""
        book = self._books[side]
        return book.keys[-1] * book.sign if book.keys else None

    def reached(self, side: Side, tick: int) -> list[Resting]:
        """Our orders of a side at a tick or better, best price first, then by arrival."""
        book = self._books[side]
        bound = tick * book.sign
        found: list[Resting] = []
        for key in reversed(book.keys):
            if key < bound:
                break
            found += book.levels[key * book.sign]
        return found

    def by_price(self, side: Side) -> list[Resting]:
        """Our orders of a side, best price first, then by arrival."""
        book = self._books[side]
        return [order for key in reversed(book.keys) for order in book.levels[key * book.sign]]

    def level_count(self, side: Side) -> int:
        """At how many prices of a side we rest."""
        return len(self._books[side].keys)

    def ticks(self, side: Side) -> Iterable[int]:
        """The prices at which we rest on a side."""
        return self._books[side].levels.keys()

    def rests_at(self, side: Side, tick: int) -> bool:
        """Whether we rest at a price."""
        return tick in self._books[side].levels

    def on_depth(self, side: Side, tick: int, *, displayed: int, now: int) -> None:
        """The displayed size at a price is so much now; nothing happens where we do not rest."""
        for order in self._books[side].levels.get(tick, ()):
            order.on_depth(displayed, now)
