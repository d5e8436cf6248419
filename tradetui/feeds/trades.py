"""The prints of one symbol, each once and none missing, whatever becomes of the connection.

After an outage what was missed is asked for by REST while the stream goes on; its prints wait until the
answer is there, so that nothing is delivered out of turn.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from typing import Final

from tradetui.domain.market_data import Trade

_REMEMBERED: Final = 20_000
"""Names, or runs of numbers, that are known at least."""


class SeenNumbers:
    """Which numbers were seen, as runs of such that follow each other: venues count their prints.

    So prints without a hole are one run, however many they are.
    """

    __slots__ = ("_firsts", "_lasts")

    def __init__(self) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []

    def add(self, number: int) -> bool:
        """Note a number; whether it is new."""
        firsts, lasts = self._firsts, self._lasts
        place = bisect_right(firsts, number)
        if place and number <= lasts[place - 1]:
            return False
        if place and number == lasts[place - 1] + 1:
            lasts[place - 1] = number
        else:
            firsts.insert(place, number)
            lasts.insert(place, number)
            self._forget()
        return True

    def reach(self, number: int) -> None:
        """Note all numbers from the highest one to this one."""
        if self._lasts:
            self._lasts[-1] = number

    def add_run(self, first: int, last: int) -> None:
        """Note all numbers from one to another."""
        place = bisect_right(self._firsts, first)
        self._firsts.insert(place, first)
        self._lasts.insert(place, last)
        self._forget()

    def __contains__(self, number: object) -> bool:
        """Whether a number was noted."""
        if not isinstance(number, int):
            return False
        place = bisect_right(self._firsts, number)
        return bool(place) and number <= self._lasts[place - 1]

    def _forget(self) -> None:
        if len(self._firsts) > 2 * _REMEMBERED:
            del self._firsts[:_REMEMBERED], self._lasts[:_REMEMBERED]


class TradeFlow:
    """Lets each print through once."""

    __slots__ = (
        *("_held", "_joined", "_late", "_names", "_names_order", "_next", "_numbers"),
        *("expected", "last_ts"),
    )

    def __init__(self) -> None:
        self.last_ts = 0
        """Exchange time of the newest print, or of the beginning; nanoseconds UTC, 0 before."""
        self.expected = 0
        """The number that goes through at once, one above the highest; -1 while prints wait."""
        self._next = 0
        """What `expected` was when prints began to wait."""
        self._numbers = SeenNumbers()
        self._joined = SeenNumbers()
        """Of prints that came as parts of others."""
        self._names: set[str] = set()
        self._names_order: deque[str] = deque()
        self._held: list[Trade] | None = None
        self._late: list[Trade] = []

    def begin(self, ts: int) -> None:
        """From this time on prints are missed, where none has come yet."""
        self.last_ts = self.last_ts or ts

    @property
    def last_number(self) -> int | None:
        """The highest number so far; None where prints have none."""
        following = max(self._next, self.expected)
        return following - 1 if following else None

    @property
    def position(self) -> tuple[int, int | None, int]:
        """Where it stands: it changes with each new print."""
        return self.last_ts, self.last_number, len(self._names)

    @property
    def is_holding(self) -> bool:
        """Whether prints wait for those that were missed."""
        return self._held is not None

    @property
    def first_waiting(self) -> int | None:
        """The lowest number of those that wait; None for none."""
        numbers = [number for each in self._held or () if isinstance(number := identity(each), int)]
        return min(numbers, default=None)

    def hold(self) -> None:
        """What comes from now on waits."""
        self._held = self._held if self._held is not None else []
        self._next, self.expected = max(self._next, self.expected), -1

    def take_late(self, trade: Trade) -> None:
        """A print that the stream brings though it is older: missed, where prints were missed."""
        if self._held is not None:
            self._late.append(trade)

    def join(self, first: int, last: int) -> None:
        """The stream told these in one print with the next one: REST tells each of them."""
        self._joined.add_run(first, last)

    def take(self, trade: Trade) -> Trade | None:
        """A print of the stream; None where it was seen before or has to wait."""
        if trade.trade_id == self.expected:
            self.expected += 1  # the number is noted when another one comes
            self.last_ts = max(self.last_ts, trade.ts_exchange)
            return trade
        if self._held is not None:
            self._held.append(trade)
            return None
        return self._once(trade)

    def release(self, missed: list[Trade], *, is_holed: bool = False) -> tuple[list[Trade], list[Trade]]:
        """End the wait: the prints that were missed, oldest first, and those that had to wait.

        Where these have a hole too, what was missed reaches as far as they do; their ids tell them apart.
        """
        held, self._held = self._held or [], None
        self.expected = max(self._next, self.expected)
        missed, self._late = [*missed, *self._late], []
        newest = max((trade.ts_exchange for trade in missed), default=0)
        end = max if is_holed else min
        until = end((trade.ts_exchange for trade in held if trade.ts_exchange), default=newest)
        own = {identity(trade) for trade in held}
        own_or_joined = [t for t in missed if identity(t) not in own and identity(t) not in self._joined]
        older = [t for t in own_or_joined if self.last_ts <= t.ts_exchange <= until]
        lost = [trade for trade in sorted(older, key=lambda t: t.ts_exchange) if self._once(trade)]
        return lost, [trade for trade in held if self._once(trade)]

    def _once(self, trade: Trade) -> Trade | None:
        number = identity(trade)
        if number is not None and not self._is_new(number):
            return None
        self.last_ts = max(self.last_ts, trade.ts_exchange)
        return trade

    def _is_new(self, number: int | str) -> bool:
        if isinstance(number, str):
            return self._is_new_name(number)
        self._numbers.reach(self.expected - 1)  # those that went through at once
        is_new = self._numbers.add(number)
        self.expected = max(self.expected, number + 1)
        return is_new

    def _is_new_name(self, name: str) -> bool:
        if name in self._names:
            return False
        self._names.add(name)
        self._names_order.append(name)
        if len(self._names_order) > _REMEMBERED:
            self._names.discard(self._names_order.popleft())
        return True


def identity(trade: Trade) -> int | str | None:
    """A print's id as a number where it is one: streams write as texts what REST gives as numbers."""
    number = trade.trade_id
    return int(number) if type(number) is str and number.isdecimal() else number
