"""Events of older versions as those of today: payloads are translated when read, never rewritten (R-JRN-11).

A journal says from which event on its payloads have which version. A field that only was added needs
no step here, because its default stands for what an older version did.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections.abc import Callable
from typing import Any, Final

import msgspec

PAYLOAD_VERSION: Final = 1
_KEY: Final = "payload@"

Step = Callable[[dict[str, Any]], dict[str, Any]]
STEPS: Final[dict[int, Step]] = {}
"""From a version to the next: what to do with an event's content."""


class PayloadVersions:
    """Which version the payload of each event of a journal has."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        rows = connection.execute("SELECT k, v FROM meta WHERE k LIKE ?", (f"{_KEY}%",))
        marks = sorted((int(key.removeprefix(_KEY)), int(version)) for key, version in rows)
        self._starts = [1, *(start for start, _ in marks)]
        self._versions = [1, *(version for _, version in marks)]

    @property
    def newest(self) -> int:
        """The highest version in the journal."""
        return max(self._versions)

    def of(self, seq: int) -> int:
        """The version of one event's payload."""
        return self._versions[bisect_right(self._starts, seq) - 1]


def upcast(payload: bytes, version: int) -> bytes:
    """A payload as this version would have written it; the same bytes where it has."""
    if version >= PAYLOAD_VERSION:
        return payload
    content = msgspec.json.decode(payload)
    for older in range(version, PAYLOAD_VERSION):
        content = STEPS[older](content)
    return msgspec.json.encode(content)


MARK_SQL: Final = f"""
INSERT OR REPLACE INTO meta SELECT :key, :version
WHERE CAST(:version AS INTEGER) >
  (SELECT ifnull(max(CAST(v AS INTEGER)), 1) FROM meta WHERE k LIKE '{_KEY}%')
"""  # noqa: S608 - the only name in it is ours


def mark(seq: int) -> dict[str, str]:
    """The row of `meta` that says: from this event on payloads have today's version."""
    return {"key": f"{_KEY}{seq}", "version": str(PAYLOAD_VERSION)}
