"""The prints of one symbol, each once and none missing, whatever becomes of the connection.

After an outage what was missed is asked for by REST while the stream goes on; its prints wait until the
answer is there, so that nothing is delivered out of turn.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from tradetui.domain.market_data import Trade

_REMEMBERED: Final = 20_000


class TradeFlow:
    """Lets each print through once."""

    __slots__ = ("_held", "_seen", "_seen_order", "last_id", "last_ts")

    def __init__(self) -> None:
        self.last_ts = 0
        """Exchange time of the newest print, or of the beginning; nanoseconds UTC, 0 before."""
        self.last_id: int | str | None = None
        self._seen: set[int | str] = set()
        self._seen_order: deque[int | str] = deque()
        self._held: list[Trade] | None = None

    def begin(self, ts: int) -> None:
        """From this time on prints are missed, where none has come yet."""
        self.last_ts = self.last_ts or ts

    @property
    def is_holding(self) -> bool:
        """Whether prints wait for those that were missed."""
        return self._held is not None

    def hold(self) -> None:
        """What comes from now on waits."""
        self._held = self._held if self._held is not None else []

    def take(self, trade: Trade) -> Trade | None:
        """A print of the stream; None where it was seen before or has to wait."""
        if self._held is not None:
            self._held.append(trade)
            return None
        return self._once(trade)

    def release(self, missed: list[Trade], *, is_holed: bool = False) -> tuple[list[Trade], list[Trade]]:
        """End the wait: the prints that were missed, oldest first, and those that had to wait.

        Where these have a hole too, what was missed reaches as far as they do; their ids tell them apart.
        """
        held, self._held = self._held or [], None
        newest = max((trade.ts_exchange for trade in missed), default=0)
        end = max if is_holed else min
        until = end((trade.ts_exchange for trade in held if trade.ts_exchange), default=newest)
        own = {identity(trade) for trade in held}
        older = [t for t in missed if self.last_ts <= t.ts_exchange <= until and identity(t) not in own]
        lost = [trade for trade in sorted(older, key=lambda t: t.ts_exchange) if self._once(trade)]
        return lost, [trade for trade in held if self._once(trade)]

    def _once(self, trade: Trade) -> Trade | None:
        number = identity(trade)
        if number is not None:
            if number in self._seen:
                return None
            self._seen.add(number)
            self._seen_order.append(number)
            if len(self._seen_order) > _REMEMBERED:
                self._seen.discard(self._seen_order.popleft())
        self.last_id = number
        self.last_ts = max(self.last_ts, trade.ts_exchange)
        return trade


def identity(trade: Trade) -> int | str | None:
    """A print's id as a number where it is one: streams write as texts what REST gives as numbers."""
    number = trade.trade_id
    return int(number) if type(number) is str and number.isdecimal() else number
