"""Up to when time may end a day or a lock: the own clock can be set, the exchange's can not (R-LCK-1).

Where the market's messages bear the exchange's times, these judge: they go on with the steady clock while no
data comes, and before the first of them in a run nothing that the journal has not seen ends. A clock that was
set forward while the program was closed so lifts no lock. An exchange that tells no times judges nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tradetui.domain.market_data import ClockTick
from tradetui.engine.desk import Desk
from tradetui.trading.clocks import NEVER

DELAY_NS: Final = 2_000_000_000
"""So much may the exchange's time lie behind the own one without being believed more than that."""
_MUTE_NS: Final = 60_000_000_000
"""Data that came so long without an exchange's time comes from one that tells none."""


class Daylight:
    """Follows the exchange's clock by the ticks of the own one."""

    def __init__(self, *, judges: bool, is_new: bool) -> None:
        """`judges` is whether an exchange's clock is to be had; a new account has nothing that could end."""
        self._judges = judges
        self._is_new = is_new
        self._venue_ts = 0
        self._mute_ns = 0

    @property
    def is_known(self) -> bool:
        """Whether the exchange's clock judges: then nothing is made of how far the own one was set."""
        return self._judges and self._venue_ts > 0

    @property
    def until(self) -> int:
        """Up to when the own clock may be believed."""
        if self.is_known:
            return self._venue_ts + DELAY_NS
        return 0 if self._judges and not self._is_new else NEVER

    def look(self, tick: ClockTick, before: ClockTick | None, desks: Iterable[Desk]) -> None:
        """A tick came: see what the exchange's newest messages say of the time."""
        if not self._judges:
            return
        passed = tick.mono - before.mono if before is not None and tick.mono and before.mono else 0
        fresh = [desk.market for desk in desks if desk.is_fresh]
        newest = max((max(each.ts_book[0], each.ts_trade[0]) for each in fresh), default=0)
        if self._venue_ts:
            self._venue_ts += max(0, passed)
        self._venue_ts = max(self._venue_ts, newest)
        self._mute_ns += max(0, passed) if fresh and not self._venue_ts else 0
        self._judges = self._mute_ns < _MUTE_NS
