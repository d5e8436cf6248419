"""Room in the write-ahead log, made before anybody waits for a commit.

The sync of a file that has just grown writes the file system's own records as well, and lasts about half
as long again as that of a file whose blocks are there. So the log gets its length when the run begins:
what does not fit into a small cache is written to it at once, and a rollback leaves only the length.
From then on it is filled, copied into the journal, and filled again.
"""

from __future__ import annotations

import contextlib
import sqlite3
from typing import Final

import aiosqlite

_PAGES: Final = 250
"""Pages of the log after which it is copied into the journal: about eighty orders."""
_SPARE: Final = 50
"""What the last commit before that may add."""
_PAGE: Final = 4096
_LENGTHEN: Final = f"""
BEGIN IMMEDIATE;
CREATE TABLE room(bytes BLOB);
INSERT INTO room VALUES(zeroblob({(_PAGES + _SPARE) * _PAGE}));
ROLLBACK;
"""


async def make_room(connection: aiosqlite.Connection) -> None:
    """Lengthen the log of a journal; where the disk has no room it grows with its commits, as any does."""
    await connection.execute(f"PRAGMA wal_autocheckpoint={_PAGES}")
    await connection.execute("PRAGMA cache_size=16")
    try:
        await connection.executescript(_LENGTHEN)
    except sqlite3.Error:
        with contextlib.suppress(sqlite3.Error):
            await connection.rollback()
    await connection.execute("PRAGMA cache_size=-2000")
