"""Started by a test and killed: its journal can not be written, and its stop is crossed meanwhile."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from tests.journal.events import STAMP
from tests.runtime.scripted import Session, buy, settle
from tradetui.runtime.locked_journal import open_journal
from tradetui.runtime.recovery import recover


async def main(path: Path) -> None:
    recovered = await recover(path, lambda _: None)
    journal = await open_journal(recovered, STAMP)
    async with Session(journal, state=recovered.state) as session:
        session.open()
        await session.host.submit(buy())
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute(
                "CREATE TRIGGER full BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'disk full'); END"
            )
        session.feed.snapshot([(59600.0, 9.0)], [(59600.1, 9.0)])
        session.feed.trade(59600.0, 0.5)
        while session.host.halt is None:
            await settle()
        print(session.host.published.seq, session.host.engine.state.seq, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
