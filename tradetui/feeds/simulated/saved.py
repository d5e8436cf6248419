"""Where the simulated market stood: its clock and prices, in a small file that is replaced in one stroke."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import msgspec

_VERSION: Final = 1


class SavedMarket(msgspec.Struct, frozen=True, kw_only=True):
    """The clock in nanoseconds UTC, and for each symbol how far its price lies off its path (logarithm)."""

    version: int = _VERSION
    seed: int
    ts: int
    offsets: dict[str, float] = {}


def save(path: Path, market: SavedMarket) -> None:
    """Write beside the old file, then put it in its place; raises OSError where that is not allowed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    beside.write_bytes(msgspec.json.encode(market))
    beside.replace(path)


def load(path: Path) -> tuple[SavedMarket | None, str]:
    """What was saved, and a sentence where it could not be used: such a file is set aside."""
    try:
        saved = msgspec.json.decode(path.read_bytes(), type=SavedMarket)
    except FileNotFoundError:
        return None, ""
    except OSError as error:
        return None, f"{path}: the simulated market's state can not be read: {error.strerror}"
    except msgspec.MsgspecError as error:
        return None, _set_aside(path, str(error))
    if saved.version != _VERSION or saved.ts <= 0:
        return None, _set_aside(path, f"expected version {_VERSION}, was {saved.version}")
    return saved, ""


def _set_aside(path: Path, reason: str) -> str:
    aside = path.with_name(f"{path.name}.damaged")
    try:
        path.replace(aside)
    except OSError:
        return f"{path}: the simulated market's state is damaged ({reason}); starting anew"
    return f"{path}: the simulated market's state is damaged ({reason}); kept as {aside.name}, starting anew"
