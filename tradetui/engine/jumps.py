"""Whether wall clock and steady clock agree: a clock that was set, a machine that slept (R-TIM-2)."""

from __future__ import annotations

from tradetui.domain.event import ClockJumped
from tradetui.domain.market_data import ClockTick
from tradetui.engine.daylight import Daylight
from tradetui.engine.desk import Desk
from tradetui.engine.gap import GapDesk
from tradetui.engine.scribe import Scribe
from tradetui.trading.clocks import NEVER
from tradetui.trading.settings import EngineSettings


class JumpWatch:
    """Writes down each jump once; after a sleep nothing known is fresh."""

    def __init__(
        self, settings: EngineSettings, scribe: Scribe, *, desks: dict[str, Desk], gaps: GapDesk
    ) -> None:
        self.scribe = scribe
        self._jump_ns, self._asleep_ns = settings.jump_ns, settings.asleep_ns
        self.daylight = Daylight(judges=settings.venue_clock, is_new=not scribe.state.account)
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
        backwards = received < self.scribe.ts - self._jump_ns
        if backwards and not self._jumped:
            self.scribe.write(ClockJumped(delta_ns=received - self.scribe.ts))
        self._jumped = backwards

    def look(self, tick: ClockTick) -> None:
        """Hold the wall clock against the steady one."""
        before, self._tick = self._tick, tick
        if tick.mono:
            self._looked_until = tick.ts_received + self._jump_ns
        self.daylight.look(tick, before, self.desks.values())
        if before is None:
            return
        wall, mono = tick.ts_received - before.ts_received, tick.mono - before.mono
        if tick.mono and before.mono and wall - mono > self._jump_ns:
            # the steady clock goes on while a machine sleeps: somebody has set the other one
            self.scribe.write(ClockJumped(delta_ns=wall - mono, was_set=True))
        if max(wall, mono) > self._asleep_ns:
            self._slept_from = before.ts_received

    def wake(self) -> None:
        """After a sleep no book is known, and what was missed is asked for."""
        since, self._slept_from = self._slept_from, 0
        for desk in self.desks.values() if since else ():
            if desk.staked:
                desk.lose_book()
                self.gaps.begin(desk.symbol, since)
