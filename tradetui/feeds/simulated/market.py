"""One simulated instrument, step by step: orders arrive in clusters, the book follows the fair price.

Order arrival excites itself (a Hawkes process with one exponential kernel), the side of an order
leans on the last one and towards the fair price. Where the fair price moves through the book, orders
sweep part of the levels and the rest is canceled; each print takes lots that were displayed.
"""

from __future__ import annotations

from math import ceil, exp, floor
from random import Random
from typing import Final

from tradetui.domain.market_data import BookDelta, BookSnapshot, Side, Trade
from tradetui.feeds.simulated.levels import BookSide
from tradetui.feeds.simulated.listing import Listing
from tradetui.feeds.simulated.path import STEPS_PER_S
from tradetui.feeds.simulated.scenario import Conditions

_DECAY_PER_S: Final = 0.9
_OFFSPRING: Final = 0.6
"""Orders that one order brings about in the mean; below one, or the process would explode."""
_MOST_ORDERS: Final = 12
_SAME_SIDE: Final = 0.35
_SWEPT: Final = 0.55
_MOST_SWEPT: Final = 8
_PRINTS_NS: Final = 3_000_000
"""How long before the delta of a step its prints begin; shorter than the turn of a symbol."""
_PRINT_NS: Final = 20_000
_IDS_PER_STEP: Final = 1_000

Level = tuple[float, float]


class SimMarket:
    """The book and the order flow of one symbol; time is counted in steps (eighths of a second)."""

    def __init__(self, listing: Listing, chance: Random) -> None:
        self.listing = listing
        self.symbol = listing.instrument.symbol
        self.last_price = 0.0
        self._chance = chance
        self._bids = BookSide(listing, chance)
        self._asks = BookSide(listing, chance)
        self._per_price = round(1 / listing.tick)
        self._per_qty = int(1 / listing.instrument.lot_size)
        self._excited = 0.0
        self._lean = 0.0
        self._base_rate = listing.orders_per_s * (1 - _OFFSPRING)

    def open(self, fair: float, index: int, ts: int) -> BookSnapshot:
        """Make a whole new book around a fair price."""
        ticks = fair * self._per_price
        self._bids.fill(floor(ticks - self.listing.half_spread))
        self._asks.fill(-max(ceil(ticks + self.listing.half_spread), self._bids.best + 1))
        self.last_price = self.last_price or self._bids.best / self._per_price
        return self.snapshot(index, ts)

    def snapshot(self, index: int, ts: int) -> BookSnapshot:
        """The book as it stands."""
        self._bids.changes()
        self._asks.changes()
        bids = [(key / self._per_price, lots / self._per_qty) for key, lots in self._bids.levels]
        asks = [(-key / self._per_price, lots / self._per_qty) for key, lots in self._asks.levels]
        return BookSnapshot(self.symbol, ts, ts, bids, asks, index)

    def step(self, fair: float, index: int, ts: int, *, now: Conditions) -> list[Trade | BookDelta]:
        """What happens in one step that ends at `ts`: prints, then the changed levels."""
        self._bids.depth = self._asks.depth = now.depth
        ticks = fair * self._per_price
        taken = self._market_orders(ticks, now.activity)
        taken += self._follow(ticks, now)
        for side in (self._bids, self._asks):
            side.refresh(1 + int(self._chance.expovariate(0.35)))
        messages: list[Trade | BookDelta] = list(self._prints(taken, index, ts))
        messages.append(self._delta(index, ts))
        return messages

    def _market_orders(self, fair: float, activity: float) -> list[tuple[Side, int, int]]:
        """Orders of this step as (aggressor, tick, lots) for each level they took."""
        seconds = self.listing.stride / STEPS_PER_S
        rate = self._base_rate * activity + self._excited
        taken: list[tuple[Side, int, int]] = []
        for _ in range(self._arrivals(rate * seconds)):
            self._excited += _OFFSPRING * _DECAY_PER_S
            middle = (self._bids.best - self._asks.best) / 2
            pull = max(-0.2, min(0.2, (fair - middle) * 0.1))
            side = Side.BUY if self._chance.random() < 0.5 + pull + self._lean else Side.SELL
            self._lean = _SAME_SIDE * side.sign
            lots = max(1, int(self.listing.order_lots * self._chance.lognormvariate(0.0, 1.1)))
            taken += self._take(side, lots, limit=3)
        self._excited *= exp(-_DECAY_PER_S * seconds)
        self._lean *= 0.97
        return taken

    def _arrivals(self, mean: float) -> int:
        """A Poisson count, by multiplying chances."""
        left, count, floor_chance = 1.0, -1, exp(-min(mean, 20.0))
        while left > floor_chance and count < _MOST_ORDERS:
            left *= self._chance.random()
            count += 1
        return count

    def _take(self, side: Side, lots: int, *, limit: int) -> list[tuple[Side, int, int]]:
        """Take lots off the opposite side, not more than a few gaps behind its best level."""
        book, sign = (self._asks, -1) if side is Side.BUY else (self._bids, 1)
        reach = book.best - int(limit * self.listing.level_gap)
        return [(side, sign * key, part) for key, part in book.take(lots, reach)]

    def _follow(self, fair: float, now: Conditions) -> list[tuple[Side, int, int]]:
        """Bring both sides to the fair price; levels that it has passed are swept in part, else canceled."""
        half = self.listing.half_spread * now.spread
        bid, ask = floor(fair - half), ceil(fair + half)
        ask = max(ask, bid + 1)
        taken: list[tuple[Side, int, int]] = []
        if not now.jumps:
            taken += self._sweep(Side.SELL, self._bids, bid)
            taken += self._sweep(Side.BUY, self._asks, -ask)
        slack = min(self._slack(now), ask - bid - 1)
        self._bids.retreat(bid + slack)
        self._asks.retreat(-ask + slack)
        if self._bids.best >= -self._asks.best:
            self._bids.retreat(bid)
            self._asks.retreat(-ask)
        if self._bids.best < bid:
            self._bids.advance(bid)
        if self._asks.best < -ask:
            self._asks.advance(-ask)
        return taken

    def _slack(self, now: Conditions) -> int:
        """How many ticks a touch may stay ahead of its place, so that it does not twitch."""
        return int(self.listing.level_gap * now.spread) if now.spread <= 1 else 0

    def _sweep(self, side: Side, book: BookSide, limit: int) -> list[tuple[Side, int, int]]:
        """Orders that run through the levels which the fair price has left behind."""
        taken: list[tuple[Side, int, int]] = []
        sign = -1 if side is Side.BUY else 1
        passed = limit + int(2 * self.listing.level_gap)
        while book.best > passed and len(taken) < _MOST_SWEPT:
            if self._chance.random() > _SWEPT:
                break
            key, lots = book.best, book.best_lots
            # of a level that the price passes little is traded, most is canceled
            part = min(lots, max(1, int(self.listing.order_lots * self._chance.lognormvariate(0.4, 1.0))))
            taken += [(side, sign * key, got) for key, got in book.take(part, key)]
            if part < lots:
                break
        return taken

    def _prints(self, taken: list[tuple[Side, int, int]], index: int, ts: int) -> list[Trade]:
        prints: list[Trade] = []
        start = ts - _PRINTS_NS
        for number, (side, tick, lots) in enumerate(taken):
            at = start + number * _PRINT_NS
            price, qty = tick / self._per_price, lots / self._per_qty
            prints.append(Trade(self.symbol, at, at, price, qty, side, index * _IDS_PER_STEP + number))
            self.last_price = price
        return prints

    def _delta(self, index: int, ts: int) -> BookDelta:
        bids: list[Level] = [(k / self._per_price, lots / self._per_qty) for k, lots in self._bids.changes()]
        asks: list[Level] = [(-k / self._per_price, lots / self._per_qty) for k, lots in self._asks.changes()]
        return BookDelta(self.symbol, ts, ts, bids, asks, index)
