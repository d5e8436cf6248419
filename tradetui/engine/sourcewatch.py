"""Tells which price armed orders look at: a switch is written and shown (section 6.3)."""

from __future__ import annotations

from tradetui.domain.event import TriggerSourceFallback
from tradetui.domain.order import TriggerBy
from tradetui.engine.desk import Desk
from tradetui.engine.scribe import Scribe
from tradetui.trading.sources import OWN, Source, fallback_key
from tradetui.trading.triggers import Look


class SourceWatch:
    """Asks what counts now, and writes it where it is another source than before."""

    def __init__(self, scribe: Scribe) -> None:
        self._scribe = scribe
        self._state = scribe.state

    def looks(self, desk: Desk, source: Source, sells: float, buys: float) -> list[Look]:
        """New prices of a source, as the armed orders see them for which it counts now.

        Orders that have just turned to another source see the newest price of that one.
        """
        found = []
        for by, now in desk.sources.now():
            is_switch = (now is not OWN[by] or self._state.fallbacks) and self._tell(desk, by, now)
            if now is source:
                found.append(Look(by, sells, buys))
            elif is_switch and (look := _seen_at_once(desk, by, now)) is not None:
                found.append(look)
        return found

    def switches(self, desk: Desk) -> list[Look]:
        """Write every switch of a source that armed orders look at; what they see of the other one."""
        found = [_seen_at_once(desk, by, now) for by, now in desk.sources.now() if self._tell(desk, by, now)]
        return [look for look in found if look is not None]

    def _tell(self, desk: Desk, by: TriggerBy, now: Source | None) -> bool:
        shown = now.value if now is not None else ""
        if shown == self._state.fallbacks.get(fallback_key(desk.symbol, by), by.value):
            return False
        switch = TriggerSourceFallback(symbol=desk.symbol, by=by, source=shown)
        self._scribe.write(switch, symbol=desk.symbol)
        return True


def _seen_at_once(desk: Desk, by: TriggerBy, source: Source | None) -> Look | None:
    """The newest price of a source; after a gap the first fresh book decides what is seen."""
    return None if source is None or desk.recovering else desk.sources.look(by, source)
