"""Whether wall clock and steady clock agree: a clock that was set, a machine that slept (R-TIM-2)."""

from __future__ import annotations

from typing import Final

from tradetui.domain.event import ClockJumped
from tradetui.domain.market_data import ClockTick
from tradetui.engine.desk import Desk
from tradetui.engine.gap import GapDesk
from tradetui.engine.scribe import Scribe
from tradetui.engine.steady import JUMP_NS
from tradetui.trading.clocks import NEVER

ASLEEP_NS: Final = 10_000_000_000
"""Time that nothing was heard of for so long was slept through."""


class JumpWatch:
    """Writes down each jump once; after a sleep nothing known is fresh."""

    def __init__(self, scribe: Scribe, desks: dict[str, Desk], gaps: GapDesk) -> None:
        self.scribe = scribe
        self.desks = desks
        self.gaps = gaps
        self._jumped = False
        self._tick: ClockTick | None = None
        self._slept_from = 0
        self.seen_until = NEVER
        """Up to when the wall clock can be trusted: a jump is found at the next tick."""

    def note(self, received: int) -> None:
        """Hold the receive time of an input against engine time."""
        backwards = received < self.scribe.ts - JUMP_NS
        if backwards and not self._jumped:
            self.scribe.write(ClockJumped(delta_ns=received - self.scribe.ts))
        self._jumped = backwards

    def look(self, tick: ClockTick) -> None:
        """Hold the wall clock against the steady one."""
        before, self._tick = self._tick, tick
        if tick.mono:
            self.seen_until = tick.ts_received + JUMP_NS
        if before is None:
            return
        wall, mono = tick.ts_received - before.ts_received, tick.mono - before.mono
        if tick.mono and before.mono and wall - mono > JUMP_NS:
            # the steady clock goes on while a machine sleeps: somebody has set the other one
            self.scribe.write(ClockJumped(delta_ns=wall - mono, was_set=True))
        if max(wall, mono) > ASLEEP_NS:
            self._slept_from = before.ts_received

    def wake(self) -> None:
        """After a sleep no book is known, and what was missed is asked for."""
        since, self._slept_from = self._slept_from, 0
        for desk in self.desks.values() if since else ():
            if desk.staked:
                desk.lose_book()
                self.gaps.begin(desk.symbol, since)
