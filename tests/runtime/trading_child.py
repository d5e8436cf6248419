"""Started by a test and killed: trades on a scripted market and says what it was told is done."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.journal.events import STAMP
from tests.runtime.scripted import SETTINGS, Session, buy
from tradetui.domain.command import SubmitOrder
from tradetui.domain.number import canonical
from tradetui.runtime.locked_journal import open_journal
from tradetui.runtime.recovery import recover


async def main(path: Path) -> None:
    recovered = await recover(path, lambda _: None)
    journal = await open_journal(recovered, STAMP)
    async with Session(journal, settings=SETTINGS, state=recovered.state) as session:
        session.open()
        await session.host.submit(buy("0.01"))
        while True:
            session.feed.trade(60000.0, 0.001)
            reply = await session.host.submit(next_order(session))
            position = session.host.published.positions["BTC/USDT:USDT"]
            print(session.host.published.seq, canonical(position.qty), reply.accepted, flush=True)


def next_order(session: Session) -> SubmitOrder:
    """Now an order that fills, now one that rests."""
    resting = session.host.published.seq % 2
    return buy("0.001", limit="59900" if resting else None)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
