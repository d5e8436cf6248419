"""The members of a recording's gzip, each with a label: what it holds, from when to when, how long it is.

Every block of the program's own recordings is a gzip member of its own. Its header carries an extra field
(RFC 1952, 2.3.1.1) that other programs pass over: `Tu`, then the size of the member, what it holds, its
first and last receive time and its lines. Whoever looks for a moment reads labels and jumps from one to
the next; whoever reads everything needs none of them.
"""

from __future__ import annotations

import struct
import zlib
from enum import IntFlag
from pathlib import Path
from typing import Final, NamedTuple

from tradetui.errors import RecordingError

_HEAD: Final = struct.Struct("<4sIBBH2sHIBQQI")
"""Magic with method and flags, time, extra flags, system, length of the field, its name and length, label."""
_MAGIC: Final = b"\x1f\x8b\x08\x04"
_NAME: Final = b"Tu"
_LABEL: Final = struct.Struct("<IBQQI")
_FIELD: Final = 4 + _LABEL.size
_UNKNOWN_SYSTEM: Final = 255
_LEVEL: Final = 6


class Holds(IntFlag):
    """What is in a member beside messages."""

    LINES = 0
    KEYFRAME = 1
    """Nothing but how every symbol stands."""
    CANDLES = 2
    """Nothing but candles that have closed since the ones before."""
    LISTINGS = 4
    """Instruments among its lines."""
    BOOKS = 8
    """Books, or changes of them, among its lines."""


class Member(NamedTuple):
    """A label and its place."""

    offset: int
    size: int
    holds: Holds
    first_ts: int
    last_ts: int
    lines: int


def packed(text: bytes, holds: Holds, *, span: tuple[int, int], lines: int) -> bytes:
    """A gzip member with its label."""
    deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = deflate.compress(text) + deflate.flush()
    tail = struct.pack("<II", zlib.crc32(text), len(text) & 0xFFFFFFFF)
    size = _HEAD.size + len(body) + len(tail)
    head = _HEAD.pack(
        _MAGIC, 0, 0, _UNKNOWN_SYSTEM, _FIELD, _NAME, _LABEL.size, size, int(holds), *span, lines
    )
    return head + body + tail


class Labels(NamedTuple):
    """The members of a file, and whether its last one is whole."""

    members: tuple[Member, ...]
    is_whole: bool


def labels_of(path: Path) -> Labels | None:
    """The labels of a file; None where it has none (older, foreign or not packed)."""
    members: list[Member] = []
    try:
        end = path.stat().st_size
        with path.open("rb", buffering=0) as file:
            offset = 0
            while offset < end:
                file.seek(offset)
                head = file.read(_HEAD.size)
                if len(head) < _HEAD.size:
                    return Labels(tuple(members), is_whole=False)
                magic, _, _, _, _, name, _, size, holds, first_ts, last_ts, lines = _HEAD.unpack(head)
                if magic != _MAGIC or name != _NAME or size < _HEAD.size:
                    return None
                if offset + size > end:
                    return Labels(tuple(members), is_whole=False)
                members.append(Member(offset, size, Holds(holds), first_ts, last_ts, lines))
                offset += size
    except OSError:
        return None
    return Labels(tuple(members), is_whole=True) if members else None


def text_of(path: Path, member: Member) -> bytes:
    """What is in a member; raises RecordingError where it is damaged."""
    try:
        with path.open("rb") as file:
            file.seek(member.offset)
            return zlib.decompress(file.read(member.size), wbits=31)
    except (OSError, zlib.error) as error:
        raise RecordingError(f"{path}: damaged at byte {member.offset:,}: {error}") from None
