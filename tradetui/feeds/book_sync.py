"""Binance's local order book rule (R-MD-1) as a state machine without input or output.

Deltas that arrive before a snapshot are kept; the snapshot drops those it contains, and the first
one after it must overlap it. Spot updates then continue without a hole (`U` ≤ last + 1), futures
updates name their predecessor (`pu`). A book that stays crossed (bid above ask; equal is allowed)
for two updates has lost something unseen and counts as a gap too; whoever keeps the book says so.
"""

from __future__ import annotations

from collections import deque
from enum import StrEnum
from typing import Final

import msgspec

from tradetui.domain.market_data import BookDelta, BookSnapshot
from tradetui.feeds.binance import DepthUpdate

_BUFFERED: Final = 10_000
_CROSSED_UPDATES: Final = 2


class Sync(StrEnum):
    """Where a book stands against its stream."""

    WAITING = "waiting"
    STREAMING = "streaming"
    GAP = "gap"
    CROSSED = "crossed"


class Rule(msgspec.Struct, omit_defaults=True):
    """What a book's rule has to know to go on; each venue's uses some of it."""

    state: Sync = Sync.WAITING
    number: int = 0
    """Of the last message that counted."""
    ts: int = 0
    """The venue's time of it, nanoseconds UTC, where the rule looks at it."""
    is_first: bool = False
    """Whether the first message after a whole book is still to come."""
    overlaps: bool = False
    """Whether the next message may reach back over the last one."""
    pending: list[DepthUpdate] = []
    """What waits for a whole book."""
    levels: tuple[list[tuple[float, float]], list[tuple[float, float]]] = ([], [])
    """Bids and asks, where the rule looks at them."""
    texts: tuple[list[str], list[str]] = ([], [])
    """The same as the venue wrote them, price and size with a colon between."""


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
        self.overlaps = False
        """Whether the next update may reach back over the last one: they come by different connections.

        Updates hold sizes, not differences, so one that begins before the last one's end leaves out nothing.
        """
        self.always_overlaps = False
        """Whether any update may: older recordings do not tell where another connection begins."""
        self._futures = futures
        self._synced_before = False
        self._first = True
        self._crossed_updates = 0
        self._pending: deque[DepthUpdate] = deque(maxlen=_BUFFERED)

    def distance(self, update_id: int) -> int:
        """How far an update id is from what was last seen; tells whose an unnamed snapshot is."""
        last = self._pending[-1].delta.update_id if self._pending else self.last_id
        return abs(last - update_id)

    def restart(self) -> None:
        """The stream was cut: only another snapshot helps."""
        self.state, self._first = Sync.WAITING, True
        self._pending.clear()

    def rule(self) -> Rule:
        """What it knows."""
        pending = list(self._pending)
        return Rule(
            state=self.state,
            number=self.last_id,
            is_first=self._first,
            overlaps=self.overlaps,
            pending=pending,
        )

    def resume(self, rule: Rule) -> None:
        """Go on from what another one knew."""
        self.state, self.last_id, self._first = rule.state, rule.number, rule.is_first
        self.overlaps = rule.overlaps or self.always_overlaps
        self._pending.clear()
        self._pending.extend(rule.pending)

    def snapshot(self, snapshot: BookSnapshot) -> list[BookSnapshot | BookDelta]:
        """Take a whole book; returns what to deliver, empty when it brings nothing new."""
        if self.state is Sync.STREAMING and not self._first:
            return []
        self.resyncs += self._synced_before and self.state is not Sync.STREAMING
        self._synced_before = True
        self.state, self.last_id, self._first = Sync.STREAMING, snapshot.update_id, True
        self._crossed_updates = 0
        pending = list(self._pending)
        self._pending.clear()
        deltas = [update.delta for update in pending if self.update(update)]
        return [snapshot, *deltas] if self.state is Sync.STREAMING else []

    def update(self, update: DepthUpdate) -> bool:
        """Whether to deliver this delta now; a loss shows in `state` afterwards."""
        if self.state is not Sync.STREAMING:
            self._pending.append(update)
            return False
        if self._first:
            return self._join(update)
        if update.delta.update_id <= self.last_id:
            return False  # seen before
        if not self._continues(update):
            self._miss(update)
            return False
        self.last_id = update.delta.update_id
        return True

    def _continues(self, update: DepthUpdate) -> bool:
        if self._futures:
            previous, overlaps = update.previous_id, self.overlaps
            self.overlaps = self.always_overlaps
            return previous == self.last_id or (overlaps and previous is not None and previous < self.last_id)
        return update.first_id <= self.last_id + 1

    def _join(self, update: DepthUpdate) -> bool:
        """Apply the rule of the first update after a snapshot."""
        last = update.delta.update_id
        if last < self.last_id + (not self._futures):
            return False
        follows = self._futures and update.previous_id == self.last_id
        if update.first_id > self.last_id + (not self._futures) and not follows:
            self._miss(update)
            return False
        self._first = False
        self.last_id = last
        return True

    def note_crossed(self, *, crossed: bool) -> None:
        """Say after each update that was let through whether the book is crossed now."""
        self._crossed_updates = self._crossed_updates + 1 if crossed else 0
        if self._crossed_updates >= _CROSSED_UPDATES:
            self._crossed_updates = 0
            self._lose(Sync.CROSSED, f"best bid above best ask for {_CROSSED_UPDATES} updates")

    def _miss(self, update: DepthUpdate) -> None:
        """A hole: updates from here on wait for a snapshot."""
        came = f"pu {update.previous_id}" if self._futures else f"U {update.first_id}"
        self._lose(Sync.GAP, f"expected the update after {self.last_id}, was {came}")
        self._pending.append(update)

    def _lose(self, state: Sync, reason: str) -> None:
        self.gaps += 1
        self.state, self.reason = state, reason
        self._pending.clear()
