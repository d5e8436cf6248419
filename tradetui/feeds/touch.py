"""Best bid and ask of a book: all that is needed to see it cross, at a fraction of a book's cost."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import Final

from tradetui.domain.market_data import BookDelta, BookSnapshot

_COMPACT_AT: Final = 50_000

Level = tuple[float, float]


class Touch:
    """The two best prices.

    Levels live in a dict a side; a heap of prices finds the best one, and prices whose size went to
    zero leave the heap only when they come to its top.
    """

    def __init__(self) -> None:
        self._bids: dict[float, float] = {}
        self._asks: dict[float, float] = {}
        self._bid_heap: list[float] = []
        self._ask_heap: list[float] = []

    def take(self, message: BookSnapshot | BookDelta) -> None:
        """Take a book message in."""
        change = self.reset if isinstance(message, BookSnapshot) else self.apply
        change(message.bids, message.asks)

    def reset(self, bids: list[Level], asks: list[Level]) -> None:
        """Take a whole book."""
        self._bids, self._asks = dict(bids), dict(asks)
        self._bid_heap, self._ask_heap = [-price for price in self._bids], list(self._asks)
        heapify(self._bid_heap)
        heapify(self._ask_heap)

    def apply(self, bids: list[Level], asks: list[Level]) -> None:
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
        while heap and not bids.get(-heap[0]):
            bids.pop(-heappop(heap), None)
        asks, others = self._asks, self._ask_heap
        while others and not asks.get(others[0]):
            asks.pop(heappop(others), None)
        if len(heap) + len(others) > _COMPACT_AT:
            self._forget_empty_levels()
        return bool(heap and others) and -heap[0] > others[0]

    def _forget_empty_levels(self) -> None:
        self.reset(
            [level for level in self._bids.items() if level[1]],
            [level for level in self._asks.items() if level[1]],
        )
