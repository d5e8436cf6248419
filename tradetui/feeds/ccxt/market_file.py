"""The markets of an exchange as they were read last, in a file that is safe to delete.

They stand in for a listing that can not be had: the exchange's REST interface may be down while its streams
go on, and a stop needs its prices. How old they are is said, and they are read anew as soon as that works.
What the exchange says of each market in its own words is kept only of the symbols that are watched.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

OLDEST_S: Final = 7 * 86_400.0
_UNITS: Final = ((172_800.0, 86_400.0, "d"), (7_200.0, 3_600.0, "h"), (120.0, 60.0, "min"), (0.0, 1.0, "s"))
"""From so many seconds on, the seconds of a unit and its name."""


class _Content(msgspec.Struct):
    exchange: str
    at: float
    """Unix seconds."""
    markets: dict[str, dict[str, Any]]


class KeptMarkets(NamedTuple):
    """Markets by symbol, and how old they are."""

    markets: dict[str, dict[str, Any]]
    age_s: float


class MarketFile:
    """The file of one profile's exchange."""

    def __init__(self, folder: Path, exchange: str, profile: str = "") -> None:
        """`profile` names whose markets they are: others of the exchange read other kinds of them."""
        name = re.sub(r"[^a-z0-9]+", "-", f"{exchange} {profile}".lower()).strip("-")
        self.path = folder / f"{name}.json"
        self._exchange = exchange

    def read(self) -> KeptMarkets | None:
        """What was kept; None where nothing is, or nothing that can be believed."""
        try:
            content = msgspec.json.decode(self.path.read_bytes(), type=_Content)
        except (OSError, msgspec.MsgspecError, RecursionError):
            return None
        age_s = time.time() - content.at
        if content.exchange != self._exchange or not content.markets or not 0 <= age_s < OLDEST_S:
            return None
        return KeptMarkets(content.markets, age_s)

    def content_of(self, markets: Mapping[str, dict[str, Any]], watched: Sequence[str]) -> _Content:
        """What to write of markets, as of now."""
        kept = {
            symbol: market if symbol in watched else {**market, "info": {}}
            for symbol, market in markets.items()
        }
        return _Content(self._exchange, time.time(), kept)

    def write(self, content: _Content) -> None:
        """Put it in the place of what was there, whole or not at all; one that fails costs nothing."""
        beside = self.path.with_suffix(f".{os.getpid()}")
        with suppress(OSError, TypeError, ValueError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(msgspec.json.encode(content))
            beside.replace(self.path)
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def age_words(seconds: float) -> str:
    """5 min, 3 h."""
    _, unit_s, unit = next(row for row in _UNITS if seconds >= row[0])
    return f"{seconds / unit_s:.0f} {unit}"
