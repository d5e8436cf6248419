"""Whether wall clock and steady clock agree: a clock that was set, a machine that slept (R-TIM-2)."""

from __future__ import annotations

from typing import Final

from tradetui.domain.event import ClockJumped
from tradetui.domain.market_data import ClockTick
from tradetui.engine.daylight import Daylight
from tradetui.engine.desk import Desk
from tradetui.engine.gap import GapDesk
from tradetui.engine.scribe import Scribe
from tradetui.engine.steady import JUMP_NS
from tradetui.trading.clocks import NEVER

ASLEEP_NS: Final = 10_000_000_000
"""Time that nothing was heard of for so long was slept through."""


class JumpWatch:
    """Writes down each jump once; after a sleep nothing known is fresh."""

    def __init__(self, scribe: Scribe, desks: dict[str, Desk], gaps: GapDesk, *, judged: bool) -> None:
        """`judged` is whether the exchange's clock says how late it is."""
        self.scribe = scribe
        self.daylight = Daylight(judges=judged, is_new=not scribe.state.account)
        self.desks = desks
        self.gaps = gaps
        self._jumped = False
        self._tick: ClockTick | None = None
        self._slept_from = 0
        self._looked_until = NEVER
        """A jump is found at the next tick."""

    @property
    def seen_until(self) -> int:
        """Up to when the wall clock can be trusted."""
        return min(self._looked_until, self.daylight.until)

    @property
    def ahead(self) -> int:
        """By how much the trading day ends later, because the clock was set forward in it."""
        return 0 if self.daylight.is_known else self.scribe.state.day.clock_ahead

    @property
    def now(self) -> int:
        """The moment that ends of locks are held against."""
        return min(self.scribe.ts, self.daylight.until) - self.ahead

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
            self._looked_until = tick.ts_received + JUMP_NS
        self.daylight.look(tick, before, self.desks.values())
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
