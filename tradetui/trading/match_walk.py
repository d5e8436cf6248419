"""What a taker would get of the displayed book: the walk of engine section 7.3, without any effect.

Assumptions: depth known to us is all there is, so nothing fills beyond the last known level; a level
gives what is displayed less what we took before; a market order of an entry stops at its protection
band; exits have no band and no end, their remainder waits for liquidity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tradetui.domain.command import Reason
from tradetui.domain.fill import Evidence, Liquidity
from tradetui.domain.order import TimeInForce
from tradetui.trading.match_types import Depth, Execution, Incoming, LotGrid, Match, MatchRules, Outcome
from tradetui.trading.overlay import Overlay
from tradetui.trading.queue import MakerQueue

_BASIS_POINTS: Final = 10_000


@dataclass(frozen=True, slots=True)
class _Steps:
    """How far a walk came: the pieces, why it stopped, and the last tick that it reached."""

    pieces: tuple[Execution, ...]
    stopped: Reason
    reach: int | None


def band_tick(rules: MatchRules, *, sign: int, best: int) -> int:
    """The worst tick that a market order may reach from the opposite best (R-MAT-5)."""
    return best + sign * max(best * rules.band_bp // _BASIS_POINTS, rules.band_ticks)


@dataclass(frozen=True, slots=True)
class Walk:
    """One taker before the book; `room` is the most that it may trade (|position| for reduce-only)."""

    order: Incoming
    book: Depth
    overlay: Overlay
    queue: MakerQueue
    grid: LotGrid
    rules: MatchRules
    room: int
    ts_exchange: int = 0
    ts_received: int = 0

    def match(self) -> Match:
        """The whole answer: what would trade and what would become of the rest."""
        if self.order.post_only and self._would_take():
            return self._ended(Outcome.REJECTED, Reason.POST_ONLY_WOULD_TAKE)
        steps = self._steps()
        filled = sum(piece.lots for piece in steps.pieces)
        if self.order.tif is TimeInForce.FOK and filled < self.order.lots:
            return self._ended(Outcome.EXPIRED, Reason.FOK_UNFILLABLE)
        outcome, reason = self._outcome(steps, filled)
        return Match(
            executions=steps.pieces,
            outcome=outcome,
            leaves=self.order.lots - filled,
            reason=reason,
            expired_makers=self._makers_in_the_way(steps, outcome),
        )

    def _ended(self, outcome: Outcome, reason: Reason) -> Match:
        return Match(outcome=outcome, leaves=self.order.lots, reason=reason)

    def _bound(self) -> int | None:
        """The worst tick that may trade: the limit, the band of an entry, or none."""
        if self.order.limit is not None:
            return self.order.limit
        best = None if self.order.is_exit else self._best_available()
        return None if best is None else band_tick(self.rules, sign=self.order.side.sign, best=best)

    def _best_available(self) -> int | None:
        """The opposite best of what we have not taken ourselves: where the band is counted from."""
        side = self.order.side.opposite
        levels = self.book.levels(side)
        return next((t for t, qty in levels if self.overlay.available(side, t, self.grid.lots(qty))), None)

    def _opposite_best(self) -> int | None:
        return self.book.best_ask if self.order.side.sign > 0 else self.book.best_bid

    def _own_opposite(self) -> int | None:
        """The tick of our own order that this one would meet first."""
        return self.queue.best(self.order.side.opposite)

    def _reaches(self, tick: int, other: int | None) -> bool:
        """Whether a price at tick is at or through another for this side."""
        return other is not None and (tick - other) * self.order.side.sign >= 0

    def _would_take(self) -> bool:
        limit = self.order.limit
        if limit is None:
            return True
        return self._reaches(limit, self._opposite_best()) or self._reaches(limit, self._own_opposite())

    def _steps(self) -> _Steps:
        """Take level after level until the order, its room, its bound or the book ends."""
        side = self.order.side.opposite
        bound = self._bound()
        own = None if self.order.is_exit else self._own_opposite()
        wanted = min(self.order.lots, self.room)
        pieces: list[Execution] = []
        stopped, reach = Reason.NO_LIQUIDITY, None
        for tick, qty in self.book.levels(side) if wanted else ():
            stopped = self._obstacle(tick, bound, own)
            if stopped is not Reason.NONE:
                break
            reach, displayed = tick, self.grid.lots(qty)
            lots = min(wanted, self.overlay.available(side, tick, displayed))
            if lots:
                pieces.append(self._piece(tick, lots, displayed))
                wanted -= lots
            if not wanted:
                break
            stopped = Reason.INSUFFICIENT_LIQUIDITY
        return _Steps(tuple(pieces), stopped if wanted else Reason.NONE, reach)

    def _obstacle(self, tick: int, bound: int | None, own: int | None) -> Reason:
        """What forbids to take at a tick."""
        if bound is not None and (tick - bound) * self.order.side.sign > 0:
            return Reason.BAND
        return Reason.SELF_TRADE if self._reaches(tick, own) else Reason.NONE

    def _piece(self, tick: int, lots: int, displayed: int) -> Execution:
        before = self.overlay.consumed(self.order.side.opposite, tick)
        return Execution(
            order_id=self.order.order_id,
            side=self.order.side,
            tick=tick,
            lots=lots,
            liquidity=Liquidity.TAKER,
            evidence=Evidence.BOOK_LEVEL,
            displayed=displayed,
            consumed_before=before,
            consumed_after=before + lots,
            ts_exchange=self.ts_exchange,
            ts_received=self.ts_received,
        )

    def _outcome(self, steps: _Steps, filled: int) -> tuple[Outcome, Reason]:
        """What becomes of the remainder, and why."""
        if filled == self.order.lots:
            return Outcome.FILLED, Reason.NONE
        if filled >= self.room:
            return Outcome.EXPIRED, Reason.REDUCE_ONLY
        if steps.stopped is Reason.SELF_TRADE:
            return Outcome.SELF_TRADE, Reason.SELF_TRADE
        if self.order.limit is None:
            return (Outcome.WAITING if self.order.is_exit else Outcome.EXPIRED), steps.stopped
        return self._limit_outcome(self.order.limit)

    def _limit_outcome(self, limit: int) -> tuple[Outcome, Reason]:
        """What becomes of the remainder of a limit order."""
        if self.order.tif is TimeInForce.IOC:
            return Outcome.EXPIRED, Reason.IOC_REMAINDER
        if not self.order.is_exit and self._reaches(limit, self._own_opposite()):
            return Outcome.SELF_TRADE, Reason.SELF_TRADE
        return Outcome.RESTING, Reason.NONE

    def _makers_in_the_way(self, steps: _Steps, outcome: Outcome) -> tuple[str, ...]:
        """Our own orders that an exit meets: they give way, an exit never does (section 7.7)."""
        reach = self.order.limit if outcome is Outcome.RESTING else steps.reach
        if not self.order.is_exit or reach is None:
            return ()
        return tuple(maker.order_id for maker in self.queue.reached(self.order.side.opposite, reach))
