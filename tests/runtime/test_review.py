"""The review lists what the journal's own list lists, while the journal is written to."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from tests.engine.market import PERP, D
from tests.journal.events import STAMP
from tests.runtime.scripted import Session, buy
from tradetui.domain.command import Flatten
from tradetui.domain.view_review import ReviewView
from tradetui.errors import JournalError
from tradetui.journal.reader import JournalReader, read_events
from tradetui.reports.trades import ClosedTrade, closed_trades
from tradetui.runtime.locked_journal import open_journal
from tradetui.runtime.null_journal import NullJournal
from tradetui.runtime.recovery import recover
from tradetui.runtime.review import TradeLog, review_view
from tradetui.state import State

DAY = 86_400_000_000_000


async def trade(session: Session, qty: str = "0.1") -> None:
    await session.host.submit(buy(qty))
    session.feed.now += 60_000_000_000
    session.feed.trade(60000.0, 0.1)
    await session.host.submit(Flatten(symbol=PERP))


async def test_the_review_follows_the_journal_and_is_what_its_list_says(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    for run in range(2):
        recovered = await recover(path, lambda _: None)
        async with Session(await open_journal(recovered, STAMP), state=recovered.state) as session:
            session.feed.now = session.feed.now + run * DAY
            session.open()
            for count in (1, 2):
                await trade(session, f"0.0{count}")
                review = await session.host.review()
                assert len(review.trades) == 2 * run + count
                assert review.sums[0].trades == count, "today"
    trades = list(closed_trades(read_events(path)))
    assert [(row.qty, row.net, row.exit_ts) for row in reversed(review.trades)] == [
        (each.qty, each.net_pnl, each.exit_ts) for each in trades
    ]
    assert [day.trades for day in review.days] == [2, 2]
    assert review.days[0].name > review.days[1].name
    assert review.sums[1].net == sum((each.net_pnl for each in trades), D(0))


async def test_what_was_read_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recovered = await recover(tmp_path / "paper.db", lambda _: None)
    began: list[int] = []
    listed = JournalReader.listed

    def spied(reader: JournalReader, bodies: object, *, since: int = 0) -> object:
        began.append(since)
        return listed(reader, bodies, since=since)  # type: ignore[arg-type]

    monkeypatch.setattr(JournalReader, "listed", spied)
    async with Session(await open_journal(recovered, STAMP), state=recovered.state) as session:
        session.open()
        await trade(session)
        both = await asyncio.gather(session.host.review(), session.host.review())
        assert [len(review.trades) for review in both] == [1, 1]
    assert began[0] == 0
    assert began[1] > 0


async def test_where_nothing_is_kept_the_trades_of_this_run_are_listed() -> None:
    async with Session(NullJournal()) as session:
        session.open()
        assert (await session.host.review()).trades == ()
        await trade(session)
        (row,) = (await session.host.review()).trades
        assert (row.symbol, row.qty, row.price_scale) == (PERP, D("0.1"), 1)


async def test_a_journal_that_can_not_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(JournalError):
        await TradeLog(tmp_path / "none.db").trades()


async def test_a_review_without_an_account_is_empty() -> None:
    async with Session() as session:
        review = review_view((), session.host.published, now=0)
        assert (review.trades, review.days, review.curve) == ((), (), ())
        assert [sums.name for sums in review.sums] == ["today", "all"]


async def test_a_long_review_is_summed_beside_the_engine_not_in_its_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop, threads = threading.get_ident(), []

    def spied(trades: tuple[ClosedTrade, ...], state: State, *, now: int) -> ReviewView:
        threads.append(threading.get_ident())
        return review_view(trades, state, now=now)

    monkeypatch.setattr("tradetui.runtime.host.review_view", spied)
    async with Session(NullJournal()) as session:
        session.open()
        await session.host.review()
    assert len(threads) == 1
    assert threads[0] != loop
