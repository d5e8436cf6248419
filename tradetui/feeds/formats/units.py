"""A message of a foreign file as a line that carries its place: `FFFF:LLLLLLLLLL <lines>`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Unit(NamedTuple):
    """Where lines stand, and what they are."""

    file: int
    line: int
    """The number of the first, from 1."""
    lines: list[bytes]


def pack(file: int, line: int, lines: Sequence[bytes]) -> bytes:
    """Lines of one message as one."""
    return b"%04d:%010d %b" % (file, line, b"\n".join(lines))


def unpack(unit: bytes) -> Unit:
    """The lines, and their place."""
    return Unit(int(unit[:4]), int(unit[5:15]), unit[16:].split(b"\n"))
