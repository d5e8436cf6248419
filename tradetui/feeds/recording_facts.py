"""What is known of a recording before it is played."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tradetui.domain.instrument import Instrument
from tradetui.feeds.recording_index import RecordingIndex
from tradetui.feeds.recording_lines import Stamped

if TYPE_CHECKING:
    from tradetui.feeds.formats.reader import Reader

Readers = tuple["Reader", ...]
Progress = Callable[[int], None]
"""Called with the number of lines read so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """Its files, span and instruments, and how its lines are come by."""

    paths: tuple[Path, ...]
    payload: str
    first_ts: int
    last_ts: int
    lines: int
    instruments: tuple[Instrument, ...]
    names: dict[str, str]
    """Venue name to symbol; empty for recordings of messages."""
    futures: frozenset[str]
    """Symbols whose book follows the futures rule."""
    single_trades: frozenset[str]
    """Symbols whose single trades were recorded: their aggregated ones would count twice."""
    without_book: frozenset[str]
    """Symbols of which no depth was recorded."""
    notes: tuple[str, ...]
    """What is missing of it, in sentences."""
    blocks: Callable[[], Iterable[Iterable[Stamped]]]
    """The lines with their times from the start, merged by receive time."""
    venue: tuple[str, bool] | None = None
    """The exchange whose raw frames stand beside the messages, and whether they are of contracts."""
    tells_renewals: bool = False
    """Whether it is told where another connection goes on with books."""
    index: RecordingIndex | None = None
    """Where moments can be looked up; of the program's own recordings."""
    readers: Readers = ()
    """Of files of a foreign format, one each."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What does not work with it, in sentences: without a book there is nothing to fill against."""
        return tuple(
            f"{symbol}: no book was recorded, so orders are denied: no fill is made up"
            for symbol in sorted(self.without_book)
        )
