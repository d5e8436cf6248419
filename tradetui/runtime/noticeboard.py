"""The newest notices of a host, until a screen takes them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from tradetui.domain.event import Event
from tradetui.domain.market_data import FeedState, FeedStatus
from tradetui.domain.view import Notice
from tradetui.runtime.databoard import SOURCE, DataBoard
from tradetui.runtime.notices import FeedWatch, describe
from tradetui.state import State

_KEPT: Final = 200


class Noticeboard:
    """What events and data mean to the trader, in order."""

    def __init__(self) -> None:
        self._notices: deque[Notice] = deque(maxlen=_KEPT)
        self._feed_watch = FeedWatch()
        self._data_board = DataBoard()
        self._known_since: dict[str, int] = {}
        """By symbol, when its data first came or was lost: while a start connects, no source is lost."""
        self._lost_sources: set[str] = set()

    @property
    def latest(self) -> dict[str, FeedStatus]:
        """The newest status of each symbol's data."""
        return self._feed_watch.latest

    def note(self, ts: int, severity: str, text: str) -> None:
        """Put a sentence on it."""
        self._notices.append(Notice(ts, severity, text))

    def hear(self, status: FeedStatus) -> None:
        """Say what a status means, where that is new."""
        if status.state is not FeedState.CONNECTING:
            self._known_since.setdefault(status.symbol, status.ts_received)
        notice = self._feed_watch.changed(status)
        if notice is not None:
            self._notices.append(self._data_board.joined(notice))

    def tell(self, events: Sequence[Event], state: State, *, asked: bool) -> None:
        """Say what one transaction means."""
        told = filter(self._is_news, describe(events, state, asked=asked))
        self._notices += map(self._data_board.joined, told)

    def _is_news(self, notice: Notice) -> bool:
        """Whether a source that is back was lost while running; all other notices are told."""
        if not notice.topic.startswith(SOURCE):
            return True
        if notice.severity == "info":
            was_lost = notice.topic in self._lost_sources
            self._lost_sources.discard(notice.topic)
            return was_lost
        symbol = notice.topic.removeprefix(SOURCE).partition(" ")[0]
        since = self._known_since.get(symbol)
        if since is None or notice.ts < since:
            return False
        self._lost_sources.add(notice.topic)
        return True

    def take(self) -> tuple[Notice, ...]:
        """Notices since the last call."""
        notices = tuple(self._notices)
        self._notices.clear()
        return notices
