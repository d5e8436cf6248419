"""Tells foreign recordings from the program's own and from raw Binance captures, by their first line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tradetui.domain.market_data import Timeframe
from tradetui.errors import RecordingError
from tradetui.feeds.recording import read_blocks
from tradetui.feeds.unknown import PLAYED

if TYPE_CHECKING:
    from tradetui.feeds.formats.reader import Reader

_FOREIGN: Final = re.compile(
    rb"(?:wss?|https?)://|configuration: |\d{9,11}\.\d{1,9}: |[a-z_]+,[a-z_]+,|\d+,[^{]*,"
)
"""An address, a time in seconds, names of columns, or a row of a table."""
_CANDLES_OF: Final = re.compile(r"^[A-Z0-9_]+-(\d+[smhd])-\d{4}-")


def first_line(path: Path) -> bytes:
    """The first line of a file, plain, gzip or zip; raises RecordingError."""
    for block in read_blocks(path):
        return block.partition(b"\n")[0].rstrip(b"\r")
    return b""


def is_foreign(paths: Sequence[Path], heads: Sequence[bytes]) -> bool:
    """Whether the files are of foreign formats; raises RecordingError where only some are."""
    foreign = [bool(_FOREIGN.match(head)) for head in heads]
    if any(foreign) and not all(foreign):
        one, other = paths[foreign.index(True)], paths[foreign.index(False)]
        raise RecordingError(f"expected files of one format, was {one.name} beside {other.name}")
    return all(foreign)


def timeframe_of(paths: Sequence[Path]) -> Timeframe:
    """What to look at a recording in: the length of its candles where a name tells it, else short ones."""
    for path in paths:
        found = _CANDLES_OF.search(path.name)
        if found is not None and found.group(1) in set(Timeframe):
            return Timeframe(found.group(1))
    return Timeframe.S5


def readers_of(paths: Sequence[Path], heads: Sequence[bytes]) -> list[Reader]:
    """A reader for each file of a foreign recording; raises RecordingError with the line."""
    from tradetui.feeds.formats import cryptofeed
    from tradetui.feeds.formats.reader import Unreadable

    made: list[Reader] = []
    if all(cryptofeed.claims(head) for head in heads):
        try:
            return list(cryptofeed.open_readers(list(zip(paths, heads, strict=True))))
        except Unreadable as error:
            raise RecordingError(f"{paths[0]}:1: {error}") from None
    for path, head in zip(paths, heads, strict=True):
        try:
            made.append(_table_reader(path, head))
        except Unreadable as error:
            raise RecordingError(f"{path}:1: {error}") from None
    formats = sorted({reader.format for reader in made})
    if len(formats) > 1:
        raise RecordingError(f"expected files of one format, was {' and '.join(formats)}")
    return made


def _table_reader(path: Path, head: bytes) -> Reader:
    """The reader of a CSV; raises Unreadable for an unknown one."""
    from tradetui.feeds.formats import binance_public, tardis
    from tradetui.feeds.formats.reader import Unreadable, shown

    if head.startswith(tardis.HEAD):
        return tardis.TardisReader(head)
    if binance_public.claims(path, head):
        return binance_public.BinancePublicReader(path, head)
    raise Unreadable(f"expected {PLAYED}, was {shown(head)}")
