"""What a taker would get of the displayed book: the walk of engine section 7.3, without any effect.

Assumptions: depth known to us is all there is, so nothing fills beyond the last known level; a level
gives what is displayed less what we took before; a market order of an entry stops at its protection
band; exits have no band and no end, their remainder waits for liquidity.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from tradetui.domain.fill import Evidence, Liquidity
from tradetui.domain.order import TimeInForce
from tradetui.domain.reply import Reason
from tradetui.trading.match_types import (
    Depth,
    Execution,
    Incoming,
    LotGrid,
    Match,
    MatchRules,
    Outcome,
    SelfTrade,
)
from tradetui.trading.overlay import Overlay
from tradetui.trading.queue import MakerQueue, Resting

_BASIS_POINTS: Final = 10_000


class _Steps(msgspec.Struct):
    """How far a walk came: what it still wants, what it took and met, and why it stopped."""

    wanted: int
    pieces: list[Execution] = []
    expired: list[str] = []
    decremented: list[tuple[str, int]] = []
    prevented: int = 0
    stopped: Reason = Reason.NO_LIQUIDITY
    is_over: bool = False


def band_tick(rules: MatchRules, *, sign: int, best: int) -> int:
    """The worst tick that a market order may reach from the opposite best (R-MAT-5)."""
    return best + sign * max(best * rules.band_bp // _BASIS_POINTS, rules.band_ticks)


class Walk(msgspec.Struct, frozen=True):
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
            executions=tuple(steps.pieces),
            outcome=outcome,
            leaves=self.order.lots - filled - steps.prevented,
            reason=reason,
            expired_makers=tuple(steps.expired),
            decremented=tuple(steps.decremented),
            prevented=steps.prevented,
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
        return None if self._mode is SelfTrade.NONE else self.queue.best(self.order.side.opposite)

    @property
    def _mode(self) -> SelfTrade:
        """An exit must never be expired by an order of our own: the other gives way (section 7.7)."""
        return SelfTrade.EXPIRE_MAKER if self.order.is_exit else self.rules.self_trade

    def _reaches(self, tick: int, other: int | None) -> bool:
        """Whether a price at tick is at or through another for this side."""
        return other is not None and (tick - other) * self.order.side.sign >= 0

    def _would_take(self) -> bool:
        limit = self.order.limit
        if limit is None:
            return True
        return self._reaches(limit, self._opposite_best()) or self._reaches(limit, self._own_opposite())

    def _steps(self) -> _Steps:
        """Take level after level until the order, its room, its bound, the book or one of ours ends it."""
        steps = _Steps(min(self.order.lots, self.room))
        bound, own = self._bound(), self._own_makers()
        maker = next(own, None)
        for tick, qty in self.book.levels(self.order.side.opposite):
            if not steps.wanted or steps.is_over:
                break
            if self._is_beyond(tick, bound):
                steps.stopped = Reason.BAND
                break
            while maker is not None and self._reaches(tick, maker.tick) and not self._is_done(steps):
                self._meet(maker, steps)
                maker = next(own, None)
            if not self._is_done(steps):
                self._take(tick, qty, steps)
        while maker is not None and self._may_meet(maker, bound) and not self._is_done(steps):
            self._meet(maker, steps)
            maker = next(own, None)
        return steps

    @staticmethod
    def _is_done(steps: _Steps) -> bool:
        return steps.is_over or not steps.wanted

    def _own_makers(self) -> Iterator[Resting]:
        """Our opposite orders in the order in which the walk meets them."""
        return iter(() if self._mode is SelfTrade.NONE else self.queue.by_price(self.order.side.opposite))

    def _is_beyond(self, tick: int, bound: int | None) -> bool:
        return bound is not None and (tick - bound) * self.order.side.sign > 0

    def _may_meet(self, maker: Resting, bound: int | None) -> bool:
        """Beyond the displayed levels an entry meets what its bound reaches; an exit waits for levels."""
        if self.order.is_exit and self.order.limit is None:
            return False
        return not self._is_beyond(maker.tick, bound)

    def _meet(self, maker: Resting, steps: _Steps) -> None:
        """One of our own orders is in the way: who gives way is the taker's mode."""
        mode = self._mode
        if mode is SelfTrade.DECREMENT:
            lots = min(steps.wanted, maker.leaves)
            steps.decremented.append((maker.order_id, lots))
            steps.prevented += lots
            steps.wanted -= lots
            return
        if mode in (SelfTrade.EXPIRE_MAKER, SelfTrade.EXPIRE_BOTH):
            steps.expired.append(maker.order_id)
        if mode in (SelfTrade.EXPIRE_TAKER, SelfTrade.EXPIRE_BOTH):
            steps.stopped, steps.is_over = Reason.SELF_TRADE, True

    def _take(self, tick: int, qty: float, steps: _Steps) -> None:
        """Take what a displayed level still has for us."""
        if self._is_doubtful(tick):
            return
        displayed = self.grid.lots(qty)
        lots = min(steps.wanted, self.overlay.available(self.order.side.opposite, tick, displayed))
        if lots:
            steps.pieces.append(self._piece(tick, lots, displayed))
            steps.wanted -= lots
        steps.stopped = Reason.INSUFFICIENT_LIQUIDITY

    def _is_doubtful(self, tick: int) -> bool:
        """Whether a level lies in the part of the book that is crossed."""
        worst = self.order.no_better_than
        return worst is not None and (tick - worst) * self.order.side.sign < 0

    def _piece(self, tick: int, lots: int, displayed: int) -> Execution:
        before = self.overlay.consumed(self.order.side.opposite, tick)
        return Execution(
            order_id=self.order.order_id,
            side=self.order.side,
            tick=tick,
            lots=lots,
            liquidity=Liquidity.TAKER,
            evidence=Evidence.BOOK_LEVEL if self.order.no_better_than is None else Evidence.CROSSED_BOOK,
            displayed=displayed,
            consumed_before=before,
            consumed_after=before + lots,
            printed=self.overlay.eaten(self.order.side.opposite, tick),
            ts_exchange=self.ts_exchange,
            ts_received=self.ts_received,
        )

    def _outcome(self, steps: _Steps, filled: int) -> tuple[Outcome, Reason]:
        """What becomes of the remainder, and why."""
        if filled == self.order.lots:
            return Outcome.FILLED, Reason.NONE
        if filled + steps.prevented == self.order.lots or steps.is_over:
            return Outcome.SELF_TRADE, Reason.SELF_TRADE
        if filled + steps.prevented >= self.room:
            return Outcome.EXPIRED, Reason.REDUCE_ONLY
        if self.order.limit is None:
            return (Outcome.WAITING if self.order.is_exit else Outcome.EXPIRED), steps.stopped
        if self.order.tif is TimeInForce.IOC:
            return Outcome.EXPIRED, Reason.IOC_REMAINDER
        return Outcome.RESTING, Reason.NONE
