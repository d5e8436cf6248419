"""What every feed is: something that runs, and delivers market messages to one sink.

A feed owns the tasks of its sockets and nothing else. It calls the sink synchronously, once a
message; the sink runs the whole engine for it and returns. A symbol's messages come in this order:
`InstrumentListed`, `FeedStatus`, `CandleHistory` for each timeframe known, then live data, with a
`FeedStatus` at each change of state. A feed never raises out of `run` for what the outside world
does: that becomes a `FeedStatus`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol, runtime_checkable

import msgspec

from tradetui.domain.market_data import BookSnapshot, Candle, FeedState, MarketMessage, Missing, Timeframe
from tradetui.feeds.book_sync import Rule
from tradetui.feeds.clock import VenueClock
from tradetui.feeds.health import FeedStats

Level = tuple[float, float]
Sink = Callable[[MarketMessage], None]


class Feed(Protocol):
    """A source of market messages."""

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols that it delivers, the default one first."""
        ...

    @property
    def own_clock(self) -> bool:
        """Whether its messages' receive times are the engine's clock (simulator, recording)."""
        ...

    async def run(self, sink: Sink) -> None:
        """Deliver until the source ends or the task is canceled; leaves no task or socket behind."""
        ...


@runtime_checkable
class SeesBooks(Protocol):
    """A feed that keeps no book and is told by who does whether a delivered one is crossed."""

    crossed: Callable[[str], bool]


@runtime_checkable
class AsksMissed(Protocol):
    """A feed that asks what a lost time was like, and is told of what that has to be known."""

    missing: Callable[[str], Missing | None]


class ShownBooks(Protocol):
    """Where the best levels of a book are looked up."""

    top: Callable[[str], tuple[Sequence[Level], Sequence[Level]] | None]


@runtime_checkable
class AuditsBooks(Protocol):
    """A feed that holds books against snapshots, for which it has to see them as they are kept."""

    audits: ShownBooks


FEED_STEP: Final = 1000
"""Where several feeds are kept together, the connections of each are counted from another thousand on."""


class FrameKeeper(Protocol):
    """Who keeps what a venue sends, data to the byte, so that it can be decoded again."""

    def frame(self, connection: int, frame: bytes, ts_received: int) -> None:
        """A frame came, and nothing was made of it yet; nanoseconds UTC. Words are cleaned before."""
        ...

    def opened(self, connection: int, symbols: Sequence[str], ts_received: int) -> None:
        """A connection was opened: what comes of these symbols begins anew."""
        ...

    def renewed(self, connection: int, symbols: Sequence[str], ts_received: int) -> None:
        """Another connection goes on with the books of the one in whose place it is."""
        ...

    def asked(self, book: BookSnapshot) -> None:
        """A whole book came by REST."""
        ...


class Stands(msgspec.Struct, frozen=True, kw_only=True, tag="stands"):
    """How one symbol stands between two frames: what its venue's codec has to know to go on."""

    symbol: str
    rule: Rule
    memory: Any = None
    """Of the venue, where its frames say less than they mean."""
    book: BookSnapshot | None = None
    """As it was known last; None while nothing is."""
    state: FeedState = FeedState.CONNECTING
    feed: int = 0
    """Which one of several feeds delivers it."""


class Wire(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one connection; counts are cumulative."""

    address: str
    is_open: bool
    symbols: int
    opened_at: float
    """Monotonic seconds; of the last socket."""
    dials: int
    frames: int
    bytes_received: int
    rtt_ms: float | None


@runtime_checkable
class Counts(Protocol):
    """A feed that counts what went wrong, and knows the venue's clock."""

    clock: VenueClock

    def stats(self, symbol: str) -> FeedStats:
        """What went wrong on a symbol so far; raises KeyError for one that it does not deliver."""
        ...


@runtime_checkable
class GivesFrames(Protocol):
    """A feed that shows its frames to a keeper."""

    keeper: FrameKeeper | None

    @property
    def frames_of(self) -> tuple[str, bool]:
        """The exchange that they are of, and whether its symbols are contracts."""
        ...

    def stands(self) -> Sequence[Stands]:
        """How each symbol stands now, without its book and its state."""
        ...


@runtime_checkable
class Measures(Protocol):
    """A feed that knows its connections and what it costs."""

    @property
    def busy_ns(self) -> int:
        """Nanoseconds spent on frames so far, without the sink's."""
        ...

    def wires(self) -> Sequence[Wire]:
        """Its connections."""
        ...


@runtime_checkable
class KnowsPast(Protocol):
    """A feed that tells older candles on request."""

    async def candles_before(
        self, symbol: str, timeframe: Timeframe, ts: int, count: int
    ) -> Sequence[Candle]:
        """At most so many closed candles before a moment, oldest first, up to it; none where none exist.

        Raises:
            FeedError: They can not be told now; says why.
        """
        ...


@runtime_checkable
class Jumps(Protocol):
    """A feed that may leave out what lies between two moments."""

    may_jump: Callable[[], bool]
    """Asked whether nothing would be missed."""
    on_jump: Callable[[int], None]
    """Called with the moment (nanoseconds UTC) before it is begun from there."""
