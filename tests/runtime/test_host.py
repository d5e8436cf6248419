"""The host: committed, then shown; halted in words; stopped without a trace."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from tests.engine.market import PERP, SECOND, START, D
from tests.runtime.scripted import BIDS, Session, buy, settle
from tradetui.domain.command import (
    AnyCommand,
    BreakEven,
    Flatten,
    Half,
    SetStop,
    SetTarget,
    Size,
    Stop,
    SubmitOrder,
    Target,
)
from tradetui.domain.market_data import FeedState, Side
from tradetui.domain.reply import Reason
from tradetui.domain.view import TradingState
from tradetui.errors import FeedError, JournalError
from tradetui.runtime.null_journal import NullJournal
from tradetui.state import State


async def test_i58_a_fill_is_shown_only_after_its_commit() -> None:
    async with Session() as session:
        session.open()
        session.held.holds = True
        answer = asyncio.create_task(session.host.submit(buy()))
        await settle()
        assert session.host.engine.state.positions, "the engine has filled it"
        assert not session.host.published.positions
        assert not answer.done()
        assert session.texts == []
        session.held.commit()
        reply = await answer
        assert reply.accepted
        assert session.host.published.positions[PERP].qty == D("0.1")
        assert session.host.published.stop_of(PERP) is not None
        assert any("bought 0.1 BTC/USDT:USDT at 60,000.1, fee" in text for text in session.texts)


async def test_replies_come_in_the_order_of_their_commits() -> None:
    async with Session() as session:
        session.open()
        session.held.holds = True
        first = asyncio.create_task(session.host.submit(buy("0.01")))
        second = asyncio.create_task(session.host.submit(buy("0.02", limit="59000", stop="58900")))
        await settle()
        session.held.commit(1)
        await settle()
        assert first.done()
        assert not second.done()
        session.held.commit()
        assert (await second).accepted


async def test_what_is_published_equals_the_engine_and_the_fold_of_the_journal() -> None:
    async with Session() as session:
        session.open()
        await session.host.submit(buy())
        session.feed.trade(60100.0, 0.5)
        session.feed.delta(bids=[(60000.0, 0.0), (59990.0, 0.0), (59690.0, 9.0)])
        session.feed.trade(59690.0, 0.5)
        await session.host.submit(Flatten())
        assert session.host.published == session.host.engine.state
        assert session.host.published is not session.host.engine.state
        assert State.fold(session.held.committed) == session.host.published
        assert any("stop fired at 59,700.0: sold 0.1" in text for text in session.texts)


async def test_a_refusal_is_committed_and_answered_with_its_words() -> None:
    async with Session() as session:
        session.open()
        reply = await session.host.submit(buy("5"))
        assert reply.refusal is not None
        assert session.host.published.orders[reply.order_ids[0]].state == "denied"
        assert session.texts == [], "the reply says it"


async def test_a_failed_commit_halts_and_drops_what_it_was_about() -> None:
    async with Session(buffer_s=0) as session:
        session.open()
        await session.host.submit(buy())
        kept = State.fold(session.held.committed)
        session.held.failure = JournalError("disk full; free space there")
        reply = await session.host.submit(buy("0.02", limit="59900"))
        assert reply.refusal is not None
        assert reply.refusal.reason is Reason.HALTED_JOURNAL
        assert "disk full; free space there" in reply.refusal.text
        assert session.host.trading_state is TradingState.HALTED_JOURNAL
        assert session.host.published == kept
        assert session.host.engine.state == kept
        assert "disk full; free space there; no stop fires before it can" in session.texts


async def test_while_halted_exits_wait_the_rest_is_refused_and_the_market_goes_on() -> None:
    async with Session(buffer_s=0) as session:
        session.open()
        await session.host.submit(buy())
        session.held.failure = JournalError("disk full")
        await session.host.submit(buy("0.02", limit="59900"))
        reply = await session.host.submit(Flatten())
        assert reply.refusal is not None
        assert reply.refusal.text.startswith("not done yet: disk full")
        reply = await session.host.submit(BreakEven(symbol=PERP))
        assert reply.refusal is not None
        assert reply.refusal.text.startswith("not done: disk full")
        assert reply.refusal.mend.startswith("it goes on by itself when that is mended")
        session.feed.delta(bids=[(60000.0, 0.0)])
        session.feed.trade(59000.0, 1.0)
        assert session.host.engine.markets[PERP].best_bid == 59990.0
        assert session.host.published.positions[PERP].qty == D("0.1"), "the stop did not fire unseen"
        assert session.host.engine.unrealized(PERP) == D("-1.01"), "but its loss is shown, at the new bid"


async def test_commits_under_way_when_one_fails_are_all_dropped() -> None:
    async with Session(buffer_s=0) as session:
        session.open()
        session.held.holds = True
        answers = [asyncio.create_task(session.host.submit(buy("0.01"))) for _ in range(3)]
        await settle()
        session.held.failure = JournalError("disk full")
        session.held.commit()
        for reply in await asyncio.gather(*answers):
            assert reply.refusal is not None
        assert not session.host.published.positions
        assert session.host.engine.state == session.host.published
        assert len(session.texts) == 1, "said once"


async def test_a_bug_in_the_engine_halts_with_its_words_and_keeps_the_screen_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Session() as session:
        session.open()
        await session.host.submit(buy())
        kept = State.fold(session.held.committed)

        def broken(_message: object) -> None:
            session.host.engine.state.positions.clear()
            raise ArithmeticError("expected 3, was 4")

        monkeypatch.setattr(session.host.engine, "process", broken)
        session.feed.trade(60000.0, 0.1)
        assert session.host.trading_state is TradingState.HALTED_INVARIANT
        assert any("expected 3, was 4" in text for text in session.texts)
        reply = await session.host.submit(buy())
        assert reply.refusal is not None
        assert reply.refusal.reason is Reason.HALTED_INVARIANT
        assert session.host.engine.state == kept
        session.feed.delta(bids=[(60000.0, 0.0)])
        assert session.host.engine.markets[PERP].best_bid == 59990.0


async def test_a_bug_in_a_command_halts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Session() as session:
        session.open()

        def broken(_issued: object) -> None:
            raise KeyError("no such thing")

        monkeypatch.setattr(session.host.engine, "submit", broken)
        reply = await session.host.submit(buy())
        assert reply.refusal is not None
        assert reply.refusal.reason is Reason.HALTED_INVARIANT


async def test_what_was_on_its_way_to_the_disk_when_the_engine_broke_is_still_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Session() as session:
        session.open()
        session.held.holds = True
        answer = asyncio.create_task(session.host.submit(buy()))
        await settle()

        def broken(_message: object) -> None:
            raise ValueError("broken")

        monkeypatch.setattr(session.host.engine, "process", broken)
        session.feed.trade(60000.0, 0.1)
        session.held.commit()
        assert (await answer).accepted
        assert session.host.published.positions[PERP].qty == D("0.1")
        assert session.host.engine.state == session.host.published


async def test_stopping_closes_the_feed_and_commits_what_waits() -> None:
    session = Session()
    async with session:
        session.open()
        session.held.holds = True
        answer = asyncio.create_task(session.host.submit(buy()))
        await settle()
    assert (await answer).accepted
    assert session.feed.closed
    assert session.held.closed
    assert State.fold(session.held.committed) == session.host.published
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_cancellation_is_as_orderly_as_stopping() -> None:
    session = Session()
    async with session:
        session.open()
        session.held.holds = True
        answer = asyncio.create_task(session.host.submit(buy()))
        await settle()
        session.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await session.task
        session.task = asyncio.create_task(asyncio.sleep(0))
    assert (await answer).accepted
    assert session.feed.closed
    assert session.held.closed
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_command_before_the_market_has_begun_is_refused_in_words() -> None:
    async with Session() as session:
        reply = await session.host.submit(buy())
        assert reply.refusal is not None
        assert reply.refusal.reason is Reason.NO_PRICE


async def test_a_command_of_a_market_with_its_own_clock_has_the_time_of_the_market() -> None:
    async with Session() as session:
        session.open()
        await session.host.submit(buy())
        assert session.held.committed[-1].ts == session.host.engine.ts == session.feed.now


async def test_a_feed_that_breaks_off_is_down_and_takes_no_entry() -> None:
    async with Session() as session:
        session.open()
        session.feed.fault = FeedError("venue: no such symbol")
        session.feed.end.set()
        await settle()
        assert session.host.engine.markets[PERP].feed_state is FeedState.DOWN
        assert "venue: no such symbol" in session.texts
        reply = await session.host.submit(buy())
        assert reply.refusal is not None
        assert reply.refusal.reason is Reason.STALE_DATA


async def test_lost_data_and_its_return_are_said_once() -> None:
    async with Session() as session:
        session.open()
        for state in (FeedState.DOWN, FeedState.DOWN, FeedState.CONNECTING, FeedState.STREAMING):
            session.feed.status(state)
        assert session.texts == [f"{PERP} down", f"{PERP}: data is back"]


async def test_a_recording_started_again_begins_with_a_new_account() -> None:
    async with Session(NullJournal()) as session:
        session.open()
        session.feed.tick(60 * SECOND)
        session.feed.snapshot(BIDS, [(60000.1, 5.0)])
        await session.host.submit(buy())
        assert session.host.published.positions
        session.feed.now = START
        session.open()
        assert not session.host.published.positions
        assert session.host.published == session.host.engine.state
        assert session.host.engine.ts == session.feed.now
        assert "the recording was started again, and its account with it" in session.texts


async def test_a_live_feed_gets_its_clock_from_the_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tradetui.runtime.host.TICK_S", 0)
    async with Session(own_clock=False) as session:
        session.open()
        session.feed.now += SECOND
        await settle()
        assert session.host.engine.ts == session.feed.now


async def test_the_same_key_acts_once_and_is_answered_the_same() -> None:
    async with Session() as session:
        session.open()
        command: SubmitOrder = buy(key="k-1")
        first, second = await session.host.submit(command), await session.host.submit(command)
        assert first.order_ids == second.order_ids
        assert session.host.published.positions[PERP].qty == D("0.1")


async def test_when_the_journal_can_be_written_again_trading_goes_on_and_exits_come_first() -> None:
    async with Session(buffer_s=0) as session:
        session.open()
        await session.host.submit(buy())
        session.held.failure = JournalError("disk full")
        await session.host.submit(buy("0.02", limit="59900"))
        for _ in range(2):
            await session.host.submit(Flatten())
        await settle()
        tried = session.host.halt
        assert tried is not None, "it was tried in vain"
        session.feed.running.clear()
        session.held.failure = None
        await session.feed.running.wait()
        await settle()
        assert session.host.halt is None
        session.open()
        assert not session.host.published.positions
        assert session.host.published == session.host.engine.state
        assert State.fold(session.held.committed) == session.host.published
        texts = session.texts
        assert "the journal can be written again: trading goes on" in texts
        assert sum(text.startswith("closed: sold 0.1") for text in texts) == 1
        assert (await session.host.submit(buy("0.02"))).accepted


@pytest.mark.parametrize(
    ("exits", "left"),
    [
        ((Half(symbol=PERP),), "0.05"),
        (
            (
                SubmitOrder(symbol=PERP, side=Side.SELL, size=Size(D("0.04")), reduce_only=True),
                Half(symbol=PERP),
            ),
            "0.01",
        ),
        ((Half(symbol=PERP), Flatten()), "0"),
    ],
)
async def test_i45_every_exit_waits_for_the_journal(exits: tuple[AnyCommand, ...], left: str) -> None:
    """Half is half of what is held when trading goes on: nothing was sold before it."""
    async with Session(buffer_s=0) as session:
        session.open()
        await session.host.submit(buy())
        session.held.failure = JournalError("disk full")
        await session.host.submit(buy("0.02", limit="59900"))
        for command in exits:
            refusal = (await session.host.submit(command)).refusal
            assert refusal is not None
            assert refusal.text.startswith("not done yet")
        session.feed.running.clear()
        session.held.failure = None
        await session.feed.running.wait()
        await settle()
        session.open()
        await settle()
        position = session.host.published.holding(PERP)
        assert (position.qty if position is not None else 0) == D(left)


async def test_an_exit_whose_own_commit_fails_is_done_when_the_journal_can_be_written_again() -> None:
    async with Session(buffer_s=0) as session:
        session.open()
        await session.host.submit(buy())
        session.held.failure = JournalError("disk full")
        reply = await session.host.submit(Flatten())
        assert reply.refusal is not None
        assert reply.refusal.text == "not done yet: disk full"
        session.feed.running.clear()
        session.held.failure = None
        await session.feed.running.wait()
        session.open()
        await settle()
        assert not session.host.published.positions


async def test_after_a_bug_in_the_engine_stops_and_exits_work_again_and_entries_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Session() as session:
        session.open()
        await session.host.submit(buy())
        session.feed.running.clear()
        break_engine(session, monkeypatch)
        reply = await session.host.submit(Flatten())
        assert reply.refusal is not None
        assert reply.refusal.text.startswith("not done yet: the engine broke a rule of its own")
        await session.feed.running.wait()
        session.open()
        await settle()
        assert not session.host.published.positions, "the exit that waited is done"
        reply = await session.host.submit(buy())
        assert reply.refusal is not None
        assert reply.refusal.reason is Reason.HALTED_INVARIANT
        assert (await session.host.submit(Flatten())).accepted
        assert State.fold(session.held.committed) == session.host.published


async def test_after_a_bug_every_kind_of_exit_works_and_no_entry_is_left_to_fill(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Session() as session:
        session.open()
        await session.host.submit(buy())
        entry = await session.host.submit(buy("0.02", limit="59900"))
        session.feed.running.clear()
        break_engine(session, monkeypatch)
        await session.feed.running.wait()
        session.open()
        await settle()
        assert session.host.published.orders[entry.order_ids[0]].state == "canceled"
        less = SubmitOrder(symbol=PERP, side=Side.SELL, size=Size(D("0.02")), reduce_only=True)
        exits: list[AnyCommand] = [
            SetStop(symbol=PERP, stop=Stop(price=D(59800))),
            SetTarget(symbol=PERP, target=Target(price=D(61000))),
            less,
            Half(symbol=PERP),
        ]
        for command in exits:
            assert (await session.host.submit(command)).accepted
        assert session.host.published.positions[PERP].qty == D("0.04")
        stop = session.host.published.stop_of(PERP)
        assert stop is not None
        assert (stop.trigger, stop.leaves) == (D(59800), D("0.04"))
        reply = await session.host.submit(msgspec.structs.replace(less, reduce_only=False))
        assert reply.refusal is not None, "only what says so itself is known to reduce"


async def test_a_feed_that_breaks_off_by_a_bug_is_run_again() -> None:
    async with Session() as session:
        session.open()
        await session.host.submit(buy())
        session.feed.running.clear()
        session.feed.fault = ZeroDivisionError("a bug")
        session.feed.end.set()
        await settle()
        assert "the feed broke off (ZeroDivisionError: a bug)" in session.texts
        session.feed.fault = None
        session.feed.end.clear()
        await session.feed.running.wait()
        session.open()
        session.feed.delta(bids=[(60000.0, 0.0), (59990.0, 0.0), (59690.0, 9.0)])
        session.feed.trade(59690.0, 0.5)
        await settle()
        assert not session.host.published.positions, "its stop works again"


async def test_an_engine_that_breaks_again_and_again_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Session() as session:
        session.open()
        await session.host.submit(buy())
        for _ in range(3):
            session.feed.running.clear()
            break_engine(session, monkeypatch)
            await session.feed.running.wait()
            session.open()
        break_engine(session, monkeypatch)
        await settle()
        reply = await session.host.submit(Flatten())
        assert reply.refusal is not None
        assert reply.refusal.text.startswith("not done: ")
        assert session.host.published.positions[PERP].qty == D("0.1")


def break_engine(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_message: object) -> None:
        raise ValueError("broken")

    monkeypatch.setattr(session.host.engine, "process", broken)
    session.feed.trade(60000.0, 0.1)


async def test_a_host_that_has_stopped_refuses_in_words() -> None:
    async with Session() as session:
        session.open()
    reply = await session.host.submit(Flatten())
    assert reply.refusal is not None
    assert "the engine has stopped" in reply.refusal.text
