"""How a halt of the journal ends: by damage, by a gap, by a quit, or with everything committed (R-JRN-9)."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.engine.market import PERP, SECOND, D
from tests.journal.events import STAMP
from tests.runtime.scripted import BIDS, HeldJournal, Session, buy, settle
from tests.runtime.test_keeping import FULL, begin, fill_the_entry, fills, gap, mend, until
from tradetui.domain.command import Flatten, Half
from tradetui.domain.market_data import Side
from tradetui.domain.view import TradingState
from tradetui.journal import writer
from tradetui.journal.reader import Head
from tradetui.journal.schema import JournalDamaged, create_or_check
from tradetui.runtime.locked_journal import open_journal
from tradetui.runtime.recovery import Recovered, fold_file, recover
from tradetui.runtime.views.orderwords import wait_detail
from tradetui.state import State

SAVED = "the journal can be written again: nothing was lost, trading goes on"
DAMAGE = "event 3 does not match"


class Slow(HeldJournal):
    """A journal whose reopening lasts until a test lets it end."""

    def __init__(self) -> None:
        super().__init__()
        self.entered, self.gate = asyncio.Event(), asyncio.Event()

    async def reopen(self) -> State:
        self.entered.set()
        await self.gate.wait()
        return await super().reopen()


@pytest.mark.parametrize("buffer_s", [0, 30])
async def test_damage_that_is_found_while_the_journal_is_reopened_ends_trading_for_good(
    buffer_s: float,
) -> None:
    held = Slow()
    async with Session(held, buffer_s=buffer_s) as session:
        await begin(session)
        held.failure = FULL
        fill_the_entry(session)
        await held.entered.wait()
        held.failure, held.fault = None, DAMAGE
        await session.host._check_journal()
        held.gate.set()
        await settle()
        assert session.host.trading_state is TradingState.HALTED_JOURNAL
        reply = await session.host.submit(buy())
        assert reply.refusal is not None
        assert DAMAGE in reply.refusal.text


async def test_damage_that_is_found_while_the_feed_ends_ends_trading_for_good() -> None:
    async with Session(buffer_s=0) as session:
        await begin(session)
        ended, gate = asyncio.Event(), asyncio.Event()
        feeding = session.host._feeding
        assert feeding is not None

        async def slow() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()
                await gate.wait()

        feeding.cancel()
        session.host._feeding = asyncio.create_task(slow())
        await settle()
        session.held.failure = FULL
        await session.host.submit(Half(symbol=PERP))
        session.held.failure, session.held.fault = None, DAMAGE
        await ended.wait()
        await session.host._check_journal()
        gate.set()
        await settle()
        assert session.host.trading_state is TradingState.HALTED_JOURNAL
        assert session.host.published.positions[PERP].qty == D("0.1")


async def test_a_real_journal_looks_at_damage_once_more_when_it_was_reopened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = await open_journal(await recover(tmp_path / "paper.db", lambda _: None), STAMP)

    def fold(*args: object) -> Recovered:
        journal._damage = DAMAGE
        return fold_file(*args)  # type: ignore[arg-type]

    monkeypatch.setattr("tradetui.runtime.locked_journal.fold_file", fold)
    with pytest.raises(JournalDamaged, match=DAMAGE):
        await journal.reopen()
    await journal.close(1)


class Ambiguous(HeldJournal):
    """A journal that writes one commit and tells that it has failed, and then fails."""

    lies = False

    def commit(self, count: int | None = None) -> None:
        if not self.lies:
            super().commit(count)
            return
        for events, future in self.waiting:
            self.committed += events
            future.set_exception(FULL)
        self.waiting, self.lies, self.failure = [], False, FULL


@pytest.mark.parametrize("buffer_s", [0, 30])
async def test_an_exit_that_reached_the_disk_unconfirmed_is_not_repeated_after_a_gap(buffer_s: float) -> None:
    held = Ambiguous()
    session = Session(held, buffer_s=buffer_s)
    session.held = held
    async with session:
        session.open()
        await session.host.submit(buy())
        held.lies = True
        reply = await session.host.submit(Half(symbol=PERP))
        assert reply.refusal is not None
        assert reply.refusal.text == "not done yet: disk full"
        session.feed.tick(31 * SECOND)
        session.feed.snapshot(BIDS, [(60000.1, 5.0)])
        await gap(session)
        sold = [fill.qty for fill in fills(held.committed) if fill.side is Side.SELL]
        assert sold == [D("0.05")]
        assert session.host.published.positions[PERP].qty == D("0.05")
        assert State.fold(held.committed) == session.host.published


@pytest.mark.parametrize("buffer_s", [0, 30])
async def test_an_exit_that_did_not_reach_the_disk_is_done_once_after_a_gap(buffer_s: float) -> None:
    async with Session(buffer_s=buffer_s) as session:
        session.open()
        await session.host.submit(buy())
        session.held.failure = FULL
        await session.host.submit(Half(symbol=PERP))
        entry = await session.host.submit(buy("0.02"))
        assert entry.refusal is not None
        assert entry.refusal.text == "not done: disk full"
        session.feed.tick(31 * SECOND)
        session.feed.snapshot(BIDS, [(60000.1, 5.0)])
        await gap(session)
        sold = [fill.qty for fill in fills(session.held.committed) if fill.side is Side.SELL]
        assert sold == [D("0.05")]


async def test_an_entry_whose_commit_fails_where_nothing_is_kept_is_not_done() -> None:
    async with Session(buffer_s=0) as session:
        session.open()
        session.held.failure = FULL
        reply = await session.host.submit(buy())
        assert reply.refusal is not None
        assert reply.refusal.text == "not done: disk full"


async def test_that_a_stop_has_fired_is_not_shown_before_its_commit() -> None:
    async with Session() as session:
        session.open()
        await session.host.submit(buy())
        session.held.failure = FULL
        session.feed.tick(SECOND)
        session.feed.snapshot([(59690.0, 0.01)], [(59690.1, 5.0)])
        session.feed.trade(59690.0, 0.01)
        session.feed.snapshot([], [(59690.1, 5.0)])
        host = session.host
        stop = host.published.stop_of(PERP)
        assert stop is not None
        assert host.engine.waits_for(stop.order_id), "it waits already, unseen"
        assert wait_detail(host.engine, host.published, stop, "UTC") == ""
        await mend(session)
        stop = host.published.orders[stop.order_id]
        assert wait_detail(host.engine, host.published, stop, "UTC").startswith("WORKING, no liquidity")


async def test_that_nothing_was_lost_is_said_once_all_that_was_kept_is_committed() -> None:
    async with Session() as session:
        await begin(session)
        session.held.failure = FULL
        fill_the_entry(session)
        session.host._halts.unsaid.append("a refusal")
        _ = session.texts
        session.held.holds, session.held.failure = True, None
        await until(lambda: session.host.halt is None)
        assert session.texts == [], "it is on its way to the disk"
        session.held.failure = FULL
        session.held.commit()
        session.held.holds = False
        await settle()
        assert len(session.texts) == 1
        await mend(session)
        texts = session.texts
        assert texts.count(SAVED) == 1
        assert texts[texts.index(SAVED) + 1 :] == ["a refusal"]


@pytest.mark.parametrize("is_gap", [False, True])
async def test_a_quit_in_a_halt_counts_the_exits_that_are_dropped(*, is_gap: bool) -> None:
    session = Session()
    async with session:
        await begin(session)
        session.held.failure = FULL
        await session.host.submit(Half(symbol=PERP))
        await session.host.submit(Flatten())
        if is_gap:
            session.feed.tick(31 * SECOND)
            session.feed.snapshot(BIDS, [(60000.1, 5.0)])
        _ = session.texts
    ended = "tradetui ends before the journal can be written: what is not done yet is dropped"
    assert session.texts == [f"{ended}, 2 exits too; stops look back at it at the next start"]


async def test_a_quit_while_a_busy_journal_is_opened_closes_its_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "paper.db"
    create_or_check(path)
    monkeypatch.setattr("tradetui.journal.writer.PRAGMAS", ("PRAGMA busy_timeout = 500",))
    begun, closed = threading.Event(), threading.Event()

    class Watched(writer._Connection):
        def execute(self, sql: str, *more: Any) -> sqlite3.Cursor:
            if sql.startswith("BEGIN"):
                begun.set()
            return super().execute(sql, *more)

        def close(self) -> None:
            super().close()
            closed.set()

    monkeypatch.setattr(writer, "_Connection", Watched)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        opening = asyncio.create_task(writer.JournalWriter.open(path, head=Head(), stamp=STAMP))
        await until(begun.is_set)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        other.execute("ROLLBACK")
    assert closed.is_set()
