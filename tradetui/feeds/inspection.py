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
    Trade,
)
from tradetui.feeds.recording import FRAME
from tradetui.feeds.recording_facts import Progress
from tradetui.feeds.recording_lines import STAMP
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
    frames: int = 0
    """Raw frames that were decoded again."""
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
        self.prints: Counter[str] = Counter()
        """How many prints of each symbol."""
        self.marks: Counter[str] = Counter()
        """A number for them that does not depend on their order."""
        self.books: dict[str, tuple[dict[float, float], dict[float, float]]] = {}
        self._ts = 0
        self._touches: dict[str, Touch] = {}

    def take(self, message: MarketMessage) -> None:
        """Count one message, and look at the book that it leaves."""
        self.kinds[type(message).__struct_config__.tag or type(message).__name__] += 1  # type: ignore[index]
        ts = message.ts_received
        if self._ts and ts - self._ts > self.silence:
            self.silence, self.silence_from = ts - self._ts, self._ts
        self._ts = max(self._ts, ts)
        if isinstance(message, Trade):
            self._mark(message)
        elif isinstance(message, BookSnapshot | BookDelta):
            self._keep(message)
            touch = self._touches.setdefault(message.symbol, Touch())
            touch.take(message)
            self.crossed[message.symbol] += touch.crossed()
        elif isinstance(message, FeedStatus):
            self.lost[message.symbol] += message.state in (FeedState.GAP, FeedState.CROSSED, FeedState.DOWN)
        elif isinstance(message, MissedTrades):
            self.missed += len(message.trades)
            for trade in message.trades:
                self._mark(trade)
        elif isinstance(message, InstrumentListed):
            self._touches.pop(message.symbol, None)

    def _mark(self, trade: Trade) -> None:
        self.prints[trade.symbol] += 1
        self.marks[trade.symbol] ^= hash((trade.ts_exchange, trade.price, trade.qty, str(trade.trade_id)))

    def _keep(self, message: BookSnapshot | BookDelta) -> None:
        if isinstance(message, BookSnapshot):
            self.books[message.symbol] = ({}, {})
        for side, levels in zip(
            self.books.get(message.symbol, ()), (message.bids, message.asks), strict=False
        ):
            side.update(levels)
            for price, qty in levels:
                if not qty:
                    side.pop(price, None)

    def differences(self, again: _Inspector) -> list[str]:
        """Where the frames, decoded again, say something else than what was recorded."""
        found = []
        for symbol in sorted(self.prints | again.prints):
            if (self.prints[symbol], self.marks[symbol]) != (again.prints[symbol], again.marks[symbol]):
                counts = f"{again.prints[symbol]:,} prints, recorded were {self.prints[symbol]:,}"
                found.append(f"{symbol}: decoded again, the frames hold {counts}")
        for symbol, book in self.books.items():
            if symbol in again.books and again.books[symbol] != book:
                found.append(f"{symbol}: decoded again, the frames end with another book")
        return found

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
    faults += feed.recording.notes
    frames = 0
    if feed.recording.venue is not None:
        frames, differences = _decoded_again(feed, inspector)
        faults += differences
    return Inspection(
        lines=feed.lines,
        messages=dict(inspector.kinds),
        bad_lines=feed.bad_messages,
        gaps=sum(inspector.lost.values()),
        crossed=sum(inspector.crossed.values()),
        missed_trades=inspector.missed,
        longest_silence_s=round(inspector.silence / _SECOND_NS, 3),
        silence_from=inspector.silence_from,
        frames=frames,
        faults=faults,
    )


def _decoded_again(feed: ReplayFeed, recorded: _Inspector) -> tuple[int, list[str]]:
    """How many frames there are, and where they say something else than what was recorded."""
    frames = sum(
        line[STAMP + 1 :].startswith(FRAME) for block in feed.recording.blocks() for _, line in block
    )
    feed.decode_again()
    again = _Inspector()
    for message in feed.messages():
        again.take(message)
    return frames, recorded.differences(again)
