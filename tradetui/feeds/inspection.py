"""Plays a whole recording to nobody and says what is missing in it or can not be true."""

from __future__ import annotations

from collections import Counter

import msgspec

from tradetui.domain.market_data import (
    BookDelta,
    BookSnapshot,
    FeedState,
    FeedStatus,
    InstrumentListed,
    MarketMessage,
    MissedTrades,
)
from tradetui.feeds.recording_scan import Progress
from tradetui.feeds.replay import ReplayFeed
from tradetui.feeds.touch import Touch

_SECOND_NS = 1_000_000_000
_FAULTS_KEPT = 20


class Inspection(msgspec.Struct, kw_only=True):
    """What a check has found."""

    lines: int = 0
    messages: dict[str, int] = {}
    """How many of each kind."""
    bad_lines: int = 0
    gaps: int = 0
    crossed: int = 0
    """Books that stood crossed after a message."""
    missed_trades: int = 0
    longest_silence_s: float = 0.0
    silence_from: int = 0
    """Where it begins, nanoseconds UTC."""
    faults: list[str] = []

    @property
    def is_sound(self) -> bool:
        """Whether nothing is missing and all of it can be true."""
        return not self.faults


class _Inspector:
    """Counts messages as they pass."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self.crossed: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()
        self.missed = 0
        self.silence = 0
        self.silence_from = 0
        self._ts = 0
        self._touches: dict[str, Touch] = {}

    def take(self, message: MarketMessage) -> None:
        """Count one message, and look at the book that it leaves."""
        self.kinds[type(message).__struct_config__.tag or type(message).__name__] += 1  # type: ignore[index]
        ts = message.ts_received
        if self._ts and ts - self._ts > self.silence:
            self.silence, self.silence_from = ts - self._ts, self._ts
        self._ts = max(self._ts, ts)
        if isinstance(message, BookSnapshot | BookDelta):
            touch = self._touches.setdefault(message.symbol, Touch())
            touch.take(message)
            self.crossed[message.symbol] += touch.crossed()
        elif isinstance(message, FeedStatus):
            self.lost[message.symbol] += message.state in (FeedState.GAP, FeedState.CROSSED, FeedState.DOWN)
        elif isinstance(message, MissedTrades):
            self.missed += len(message.trades)
        elif isinstance(message, InstrumentListed):
            self._touches.pop(message.symbol, None)

    def faults(self) -> list[str]:
        """What was lost and what can not be true, by symbol."""
        words = {"lost {} times": self.lost, "crossed after {} messages of its book": self.crossed}
        return [
            f"{symbol}: {text.format(f'{count:,}')}"
            for text, counts in words.items()
            for symbol, count in counts.items()
            if count
        ]


def inspect(feed: ReplayFeed, *, progress: Progress | None = None) -> Inspection:
    """Check a recording from its first line to its last."""
    inspector = _Inspector()
    for count, message in enumerate(feed.messages()):
        inspector.take(message)
        if progress is not None and not count % 4096:
            progress(feed.lines)
    faults = [f"line {line.number}: {line.reason}" for line in feed.bad_lines[:_FAULTS_KEPT]]
    if feed.bad_messages > len(faults):
        faults.append(f"and {feed.bad_messages - len(faults):,} more lines that can not be understood")
    faults += inspector.faults()
    faults += [f"missing: {note}" for note in feed.recording.notes]
    return Inspection(
        lines=feed.lines,
        messages=dict(inspector.kinds),
        bad_lines=feed.bad_messages,
        gaps=sum(inspector.lost.values()),
        crossed=sum(inspector.crossed.values()),
        missed_trades=inspector.missed,
        longest_silence_s=round(inspector.silence / _SECOND_NS, 3),
        silence_from=inspector.silence_from,
        faults=faults,
    )
