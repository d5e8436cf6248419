"""What committed events cost, and how long a start takes: python -m tests.benchmarks.bench_journal.

The journal lies on the disk of the temporary folder (TMPDIR chooses it), and so do its peers. The long
journal is written once: a million events, notes and at last limit orders that come and go. Reading and
folding all of it would take as long again, so that is done with a tenth.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from io import FileIO
from pathlib import Path
from statistics import median
from typing import Any

import aiosqlite
import msgspec

from tests.engine.market import SECOND, perp
from tests.journal.events import STAMP, deposits
from tests.runtime.scripted import BIDS, SETTINGS, Session, buy
from tradetui.domain.command import CancelOrder
from tradetui.domain.event import AccountOpened, Event, InstrumentRegistered, Noted, OrderChanged
from tradetui.domain.market_data import Side
from tradetui.domain.order import Order, OrderState, OrderType
from tradetui.journal.reader import Head
from tradetui.journal.schema import PRAGMAS, create_or_check
from tradetui.journal.writer import JournalWriter
from tradetui.runtime.locked_journal import open_journal
from tradetui.runtime.recovery import recover, verify_journal
from tradetui.runtime.snapshots import picture
from tradetui.state import State
from tradetui.trading.settings import EngineSettings

ROUNDS = 7
BURST, SINGLE, ORDERS, LONG, TENTH = 20_000, 400, 200, 1_000_000, 100_000
START_S = 0.3
TRADED = 30_000
"""The last events of the long journal are those of orders: more than a state keeps of them."""
ORDER = Order(
    order_id="",
    ts=1,
    symbol=perp().symbol,
    side=Side.BUY,
    type=OrderType.LIMIT,
    qty=Decimal("0.001"),
    price=Decimal(50_000),
)


def run() -> list[dict[str, Any]]:
    """Rows of name, ours, peer, peer_value (seconds), ratio, bound, holds."""
    with tempfile.TemporaryDirectory() as folder:
        return [*asyncio.run(_commits(Path(folder))), *asyncio.run(_starts(Path(folder)))]


# --- commits


async def _commits(folder: Path) -> list[dict[str, Any]]:
    events, acks, at_once = [], [], []
    for number in range(ROUNDS):
        events.append((await _group(folder / f"g{number}"), await _one_by_one(folder / f"s{number}")))
        acks.append(await _acknowledged(folder / f"a{number}", EngineSettings()))
        at_once.append(await _acknowledged(folder / f"n{number}", SETTINGS))
    peer = "4 kB write and fdatasync, p50"
    return [
        _row("seconds a committed event, group commit", "aiosqlite, a commit each", events, 1 / 20),
        _row("order acknowledged as a profile has it, p50", peer, acks, 3.0),
        _row("order acknowledged where it also acts at once, p50", peer, at_once, 3.0),
    ]


def _row(name: str, peer: str, pairs: list[tuple[float, float]], bound: float) -> dict[str, Any]:
    ours, theirs = (median(column) for column in zip(*pairs, strict=True))
    ratio = median(a / b for a, b in pairs)
    return {
        "name": name,
        "ours": ours,
        "peer": peer,
        "peer_value": theirs,
        "ratio": ratio,
        "bound": bound,
        "holds": ratio <= bound,
    }


async def _group(path: Path) -> float:
    """Seconds an event where a burst is appended and the last commit awaited."""
    create_or_check(path)
    writer = await JournalWriter.open(path, head=Head(), stamp=STAMP)
    events = deposits(1, BURST)
    begun = time.perf_counter()
    for event in events:
        last = writer.append([event])
    await last
    elapsed = time.perf_counter() - begun
    await writer.close(1)
    return elapsed / BURST


async def _one_by_one(path: Path) -> float:
    """Seconds an event where each is inserted and committed by itself, as safely (WAL, FULL)."""
    async with aiosqlite.connect(path, isolation_level=None) as connection:
        for pragma in PRAGMAS:
            await connection.execute(pragma)
        await connection.execute("CREATE TABLE event(seq INTEGER PRIMARY KEY, payload TEXT NOT NULL)")
        payload = "x" * 300
        begun = time.perf_counter()
        for seq in range(SINGLE):
            await connection.execute("BEGIN IMMEDIATE")
            await connection.execute("INSERT INTO event VALUES(?, ?)", (seq, payload))
            await connection.commit()
        return (time.perf_counter() - begun) / SINGLE


async def _acknowledged(path: Path, settings: EngineSettings) -> tuple[float, float]:
    """Median seconds from an order to its reply, which comes after the commit, and of one fdatasync.

    One order rests at a time. The peer's turn comes between the orders: a disk and caches that were at
    rest for a moment answer later than in a loop that does nothing else, to both alike.
    """
    recovered = await recover(path, lambda _: None)
    replies, syncs = [], []
    with path.with_suffix(".peer").open("wb", buffering=0) as file:
        async with Session(await open_journal(recovered, STAMP), settings=settings) as session:
            session.open()
            gc.collect()
            gc.freeze()  # as a program that has settled
            for number in range(ORDERS):
                order = buy("0.001", limit=f"{59_000 - number}", stop="58000")
                begun = time.perf_counter()
                reply = await session.host.submit(order)
                replies.append(time.perf_counter() - begun)
                assert reply.accepted, reply.refusal
                syncs.append(_fdatasync(file))
                await _arrived(session)
                await session.host.submit(CancelOrder(order_id=reply.order_ids[0]))
                await _arrived(session)
            assert not session.host.published.live
    return median(replies), median(syncs)


async def _arrived(session: Session) -> None:
    """A second passes: what was on its way to the venue has acted and is committed."""
    session.feed.tick(SECOND)
    session.feed.delta(bids=BIDS[-1:])
    while session.host.published.seq < session.host.engine.state.seq:  # noqa: ASYNC110 - a commit tells nobody else
        await asyncio.sleep(0)


def _fdatasync(file: FileIO) -> float:
    begun = time.perf_counter()
    file.write(b"x" * 4096)
    os.fdatasync(file.fileno())
    return time.perf_counter() - begun


# --- starts


async def _starts(folder: Path) -> list[dict[str, Any]]:
    path = folder / "long.db"
    await _write_long(path, LONG)
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        recovered = await recover(path, lambda _: None)
        times.append(time.perf_counter() - begun)
        recovered.lock.release()
        assert recovered.head.seq == LONG
    start, fold = median(times), await _read_whole(folder / "tenth.db") * LONG / TENTH
    row = {"peer": "reading and folding all of it, twice", "peer_value": fold, "ratio": start / fold}
    name = f"start from a snapshot, {LONG:,} events (bound: {START_S} s)"
    return [{"name": name, "ours": start, **row, "bound": None, "holds": start <= START_S}]


async def _read_whole(path: Path) -> float:
    await _write_long(path, TENTH)
    begun = time.perf_counter()
    assert not verify_journal(path).fault
    return time.perf_counter() - begun


async def _write_long(path: Path, count: int) -> None:
    """A long journal with the snapshot that its last run would have left."""
    create_or_check(path)
    writer = await JournalWriter.open(path, head=Head(), stamp=STAMP)
    state, batch = State(), []
    for event in _long_story(count):
        state.apply(event)
        batch.append(event)
        if len(batch) == 5_000:
            await writer.append(batch)
            batch = []
    await writer.append(batch)
    writer.keep(state.seq, picture(state))
    await writer.close(1)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _long_story(count: int) -> Iterator[Event]:
    opened = AccountOpened(
        account="paper",
        currency="USDT",
        balance=Decimal(10_000),
        leverage=Decimal(10),
        zone="UTC",
        roll="00:00",
    )
    yield Event(seq=1, ts=1, account="paper", body=opened)
    yield Event(seq=2, ts=1, account="paper", body=InstrumentRegistered(instrument=perp()))
    first = count - TRADED + 1
    for seq in range(3, first):
        yield Event(seq=seq, ts=seq, account="paper", body=Noted(what="benchmark", text=f"number {seq}"))
    states = (OrderState.SUBMITTED, OrderState.WORKING, OrderState.CANCELED)
    for seq in range(first, count + 1):
        number, step = divmod(seq - first, len(states))
        order = msgspec.structs.replace(ORDER, order_id=f"O-{number}", state=states[step])
        yield Event(seq=seq, ts=seq, account="paper", body=OrderChanged(order=order), order_id=order.order_id)


if __name__ == "__main__":
    for row in run():
        print(json.dumps(row))
