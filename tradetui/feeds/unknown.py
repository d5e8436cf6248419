"""Says of a file that can not be played what it looks like, and what can."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tradetui.errors import RecordingError

PLAYED: Final = (
    "a recording of tradetui, a capture of Binance's or cryptofeed's frames, or a CSV file of Tardis "
    "or of Binance's public data"
)
_PACKED: Final = {
    b"\xfd7zXZ": "packed by xz: unpack it first",
    b"\x28\xb5\x2f\xfd": "packed by zstd: unpack it first",
    b"BZh": "packed by bzip2: unpack it first",
    b"PAR1": "a table in Parquet",
    b"ARROW1": "a table in Arrow's format (feather)",
    b"SQLite format 3": "a SQLite database",
}
_SHOWN: Final = 60


def unknown(path: Path, head: bytes) -> RecordingError:
    """What to raise over a file that begins so."""
    return RecordingError(f"{path}:1: expected {PLAYED}, was {_looks_like(head)}")


def _looks_like(head: bytes) -> str:
    packed = next((words for opening, words in _PACKED.items() if head.startswith(opening)), "")
    if packed:
        return packed
    text = head[:_SHOWN].decode("utf-8", "replace")
    if not all(char.isprintable() or char in "\t\r" for char in text):
        return "no text"
    if text.lstrip()[:1] in ("{", "["):
        return f"JSON without times of receipt before it: {begins(head)}"
    return begins(head) if text.strip() else "an empty line"


def begins(text: bytes) -> str:
    """The beginning of a text, for a message."""
    return text[:_SHOWN].decode("utf-8", "replace") + "…" * (len(text) > _SHOWN)
