"""Binance's local order book rule (R-MD-1) as a state machine without input or output.

Deltas that arrive before a snapshot are kept; the snapshot drops those it contains, and the first
one after it must overlap it. Spot updates then continue without a hole (`U` ≤ last + 1), futures
updates name their predecessor (`pu`). A book that stays crossed (bid above ask; equal is allowed)
for two updates has lost something unseen and counts as a gap too.
"""

from __future__ import annotations

from collections import deque
from enum import StrEnum
from heapq import heapify, heappop, heappush
from typing import Final

from tradetui.domain.market_data import BookDelta, BookSnapshot
from tradetui.feeds.binance import DepthUpdate

_BUFFERED: Final = 10_000
_CROSSED_UPDATES: Final = 2
_COMPACT_AT: Final = 50_000


class Sync(StrEnum):
    """Where a book stands against its stream."""

    WAITING = "waiting"
    STREAMING = "streaming"
    GAP = "gap"
    CROSSED = "crossed"


class Touch:
    """Best bid and ask of a book: all that is needed to see it cross, at a fraction of a book's cost.

    Levels live in a dict a side; a heap of prices finds the best one, and prices whose size went to
    zero leave the heap only when they come to its top.
    """

    def __init__(self) -> None:
        self._bids: dict[float, float] = {}
        self._asks: dict[float, float] = {}
        self._bid_heap: list[float] = []
        self._ask_heap: list[float] = []

    def reset(self, bids: list[tuple[float, float]], asks: list[tuple[float, float]]) -> None:
        """Take a whole book."""
        self._bids, self._asks = dict(bids), dict(asks)
        self._bid_heap, self._ask_heap = [-price for price in self._bids], list(self._asks)
        heapify(self._bid_heap)
        heapify(self._ask_heap)

    def apply(self, bids: list[tuple[float, float]], asks: list[tuple[float, float]]) -> None:
        """Take changed levels; size zero removes one."""
        known, heap = self._bids, self._bid_heap
        for price, _ in bids:
            if price not in known:
                heappush(heap, -price)
        known.update(bids)
        known, heap = self._asks, self._ask_heap
        for price, _ in asks:
            if price not in known:
                heappush(heap, price)
        known.update(asks)

    def crossed(self) -> bool:
        """Whether the best bid is above the best ask."""
        bids, heap = self._bids, self._bid_heap
        while heap and not bids[-heap[0]]:
            del bids[-heappop(heap)]
        asks, others = self._asks, self._ask_heap
        while others and not asks[others[0]]:
            del asks[heappop(others)]
        if len(heap) + len(others) > _COMPACT_AT:
            self._forget_empty_levels()
        return bool(heap and others) and -heap[0] > others[0]

    def _forget_empty_levels(self) -> None:
        self.reset(
            [level for level in self._bids.items() if level[1]],
            [level for level in self._asks.items() if level[1]],
        )


class BookSync:
    """Lets through what continues the book of one symbol, in the right order."""

    def __init__(self, *, futures: bool) -> None:
        self.state = Sync.WAITING
        self.last_id = 0
        self.gaps = 0
        """Losses found, crossed books included."""
        self.resyncs = 0
        """Snapshots taken after a loss; the first one is none."""
        self.reason = ""
        """What was expected and what came, of the last loss."""
        self._futures = futures
        self._synced_before = False
        self._first = True
        self._crossed_updates = 0
        self._pending: deque[DepthUpdate] = deque(maxlen=_BUFFERED)
        self._touch = Touch()

    def distance(self, update_id: int) -> int:
        """How far an update id is from what was last seen; tells whose an unnamed snapshot is."""
        last = self._pending[-1].delta.update_id if self._pending else self.last_id
        return abs(last - update_id)

    def snapshot(self, snapshot: BookSnapshot) -> list[BookSnapshot | BookDelta]:
        """Take a whole book; returns what to deliver, empty when it brings nothing new."""
        if self.state is Sync.STREAMING and not self._first:
            return []
        self.resyncs += self._synced_before and self.state is not Sync.STREAMING
        self._synced_before = True
        self.state, self.last_id, self._first = Sync.STREAMING, snapshot.update_id, True
        self._crossed_updates = 0
        self._touch.reset(snapshot.bids, snapshot.asks)
        pending = list(self._pending)
        self._pending.clear()
        deltas = [update.delta for update in pending if self.update(update)]
        return [snapshot, *deltas]

    def update(self, update: DepthUpdate) -> bool:
        """Whether to deliver this delta now; a loss shows in `state` afterwards."""
        if self.state is not Sync.STREAMING:
            self._pending.append(update)
            return False
        if self._first:
            return self._join(update)
        if not self._continues(update):
            self._lose(Sync.GAP, update)
            return False
        return self._accept(update)

    def _continues(self, update: DepthUpdate) -> bool:
        if self._futures:
            return update.previous_id == self.last_id
        return update.first_id <= self.last_id + 1

    def _join(self, update: DepthUpdate) -> bool:
        """Apply the rule of the first update after a snapshot."""
        last = update.delta.update_id
        if last < self.last_id + (not self._futures):
            return False
        if update.first_id > self.last_id + (not self._futures):
            self._lose(Sync.GAP, update)
            return False
        self._first = False
        return self._accept(update)

    def _accept(self, update: DepthUpdate) -> bool:
        delta = update.delta
        if delta.update_id <= self.last_id and not self._futures:
            return False  # seen before
        self.last_id = delta.update_id
        self._touch.apply(delta.bids, delta.asks)
        if not self._touch.crossed():
            self._crossed_updates = 0
            return True
        self._crossed_updates += 1
        if self._crossed_updates < _CROSSED_UPDATES:
            return True
        self._lose(Sync.CROSSED, update)
        return False

    def _lose(self, state: Sync, update: DepthUpdate) -> None:
        self.gaps += 1
        self.state = state
        known = f"pu {update.previous_id}" if self._futures else f"U {update.first_id}"
        self.reason = (
            f"expected an update after {self.last_id}, was {known}"
            if state is Sync.GAP
            else f"best bid above best ask for {_CROSSED_UPDATES} updates"
        )
        self._pending.clear()
        if state is Sync.GAP:
            self._pending.append(update)
