"""Started by a test and killed: writes events and says on stdout which are committed."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.journal.events import STAMP, deposits
from tradetui.journal.lock import JournalLock
from tradetui.journal.reader import Head
from tradetui.journal.schema import create_or_check
from tradetui.journal.writer import JournalWriter


async def main(path: Path) -> None:
    lock = JournalLock.acquire(path)
    create_or_check(path)
    writer = await JournalWriter.open(path, head=Head(), stamp=STAMP)
    for first in range(1, 100_000, 3):
        await writer.append(deposits(first, 3))
        print(first + 2, flush=True)
    lock.release()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
