"""How far a symbol's data can be trusted: silence, lag, outages and the wait before the next try.

Nothing here reads a clock: every call is given the time, monotonic seconds unless named otherwise.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tradetui.domain.market_data import FeedState, FeedStatus
from tradetui.feeds.clean import clean

_SEVERITY: Final = {
    FeedState.STREAMING: 0,
    FeedState.LAGGING: 1,
    FeedState.STALE: 2,
    FeedState.CROSSED: 3,
    FeedState.GAP: 4,
    FeedState.CONNECTING: 5,
    FeedState.DOWN: 6,
    FeedState.HALTED: 7,
}
_STABLE_S: Final = 10.0
_LAG_WINDOW_NS: Final = 300_000_000_000
_NOTHING: Final = 50
"""A delay that is smaller than ever by less than this part of what counts as lagging is nothing new."""
_LONGEST: Final = 1 << 63
_HELD_BACK_NS: Final = 60_000_000_000
"""No network holds a message back for so long: one is enough, it tells of the past and not of now."""
_INTERVAL_WEIGHT: Final = 0.02


@dataclass(frozen=True, slots=True)
class Judgment:
    """How much it takes until data is called silent, late or crossed; guesses, and so settings (6.1)."""

    stale_intervals: float = 10.0
    """Silence counts from so many usual intervals on."""
    lagging_messages: int = 3
    """So many late messages in a row are a lag."""
    crossed_updates: int = 2
    """After so many a crossed book has lost something unseen."""


USUAL: Final = Judgment()


@dataclass(slots=True)
class FeedStats:
    """What went wrong on a symbol so far."""

    gaps: int = 0
    resyncs: int = 0
    reconnects: int = 0
    bad_messages: int = 0
    audits: int = 0
    """How often the book was held against a snapshot by REST."""
    mismatches: int = 0
    """How often it differed."""
    bad_times: int = 0
    """Messages whose time can not be; they came without it."""


class Backoff:
    """The wait before the next try: 1, 2, 4 … 30 s and up to a quarter more, after a stable time none."""

    def __init__(
        self, first_s: float = 1.0, *, cap_s: float = 30.0, chance: Callable[[], float] = random.random
    ) -> None:
        self._first = first_s
        self._cap = cap_s
        self._chance = chance
        self._failures = 0

    def next_wait(self, lived_s: float) -> float:
        """Seconds to wait after something that worked for so long."""
        if lived_s >= _STABLE_S:
            self._failures = 0
            return 0.0
        wait = min(self._cap, self._first * 2.0 ** min(self._failures, 10))
        self._failures += 1
        return wait * (1 + self._chance() / 4)


class Pulse:
    """When something was heard last, and how long a silence is normal for it."""

    def __init__(self, limit_s: float, *, intervals: float = USUAL.stale_intervals) -> None:
        self._limit = limit_s
        self._factor = intervals
        self._last: float | None = None
        self._interval = 0.0

    def beat(self, now: float) -> None:
        """Something was heard."""
        if self._last is not None:
            self._interval += (now - self._last - self._interval) * _INTERVAL_WEIGHT
        self._last = now

    def allow(self, interval_s: float, weight: float = 1.0) -> None:
        """Learn that a silence of this length was normal."""
        self._interval += (interval_s - self._interval) * weight

    def pause(self) -> None:
        """Expect nothing until the next beat."""
        self._last = None

    def silence(self, now: float) -> float:
        """Seconds since the last beat, 0.0 while nothing is expected."""
        return 0.0 if self._last is None else now - self._last

    def is_overdue(self, now: float) -> bool:
        """Whether the silence is longer than the setting and several usual intervals."""
        return self.silence(now) > max(self._limit, self._factor * self._interval)


class Lag:
    """How much later than usual messages arrive: the venue's clock is only known up to an offset.

    The offset is the smallest difference of the current and the previous window of five minutes. All
    times are nanoseconds UTC; a clock that was set back begins a window too.
    """

    __slots__ = ("_before", "_now", "since", "smallest", "until")

    def __init__(self) -> None:
        self.since = self.until = 0
        self._now = self._before = self.smallest = _LONGEST

    def above(self, delay: int, ts_received: int) -> int:
        """Nanoseconds above the smallest known delay, which is received minus exchange time."""
        if not self.since <= ts_received < self.until:
            self._before, self._now = self._now, _LONGEST
            self.since, self.until = ts_received, ts_received + _LAG_WINDOW_NS
        if delay < self._now:
            self._now, self.smallest = delay, min(delay, self._before)
        return delay - self.smallest


class SymbolHealth:
    """The state of one symbol: the worst of its parts (its market, book, trades, lag)."""

    def __init__(self, symbol: str, *, lagging_after_s: float, judgment: Judgment = USUAL) -> None:
        self.symbol = symbol
        self.judgment = judgment
        self.stats = FeedStats()
        self._lagging_after = int(lagging_after_s * 1e9)
        self._lag = Lag()
        self._is_lagging = False
        self._late = 0
        """How many messages in a row came late."""
        self._parts: dict[str, tuple[FeedState, str, float]] = {}
        self._shown: tuple[FeedState, str, float] | None = None

    @property
    def state(self) -> FeedState:
        """The state said last."""
        return self._shown[0] if self._shown else FeedState.CONNECTING

    def report(
        self, part: str, state: FeedState, *, ts_received: int, text: str = "", retry_s: float = 0.0
    ) -> FeedStatus | None:
        """Take the state of a part; the symbol's status if that changed it. Words may be the venue's."""
        self._parts[part] = (state, clean(text), retry_s)
        worst = max(self._parts.values(), key=lambda known: (_SEVERITY[known[0]], known[1] != ""))
        if worst == self._shown:
            return None
        self._shown = worst
        return FeedStatus(self.symbol, ts_received, worst[0], worst[1], worst[2])

    @property
    def usual(self) -> tuple[int, int, int]:
        """The least and the most delay that tell nothing new, and until when; nanoseconds."""
        lag, slack = self._lag, self._lagging_after // _NOTHING
        if self._is_lagging or self._late:
            return 0, -1, 0  # whatever comes may end it, or be one more
        return lag.smallest - slack, lag.smallest + self._lagging_after, lag.until

    def arrived(self, ts_exchange: int, ts_received: int) -> FeedStatus | None:
        """Judge the delay of a message that carries the venue's time; a status if lagging began or ended."""
        if not ts_exchange:
            return None
        above = self._lag.above(ts_received - ts_exchange, ts_received)
        was_lagging, limit = self._is_lagging, self._lagging_after
        self._late = self._late + 1 if above > limit else 0
        is_late = self._late >= self.judgment.lagging_messages or above > max(limit, _HELD_BACK_NS)
        self._is_lagging = above >= limit / 2 if was_lagging else is_late
        if self._is_lagging is was_lagging:
            return None
        state = FeedState.LAGGING if self._is_lagging else FeedState.STREAMING
        text = f"data is {above / 1e9:.1f} s late" if self._is_lagging else ""
        return self.report("lag", state, ts_received=ts_received, text=text)
