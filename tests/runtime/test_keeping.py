"""What is decided while the journal can not be written waits for it, unseen, for a while (R-JRN-9).

Most tests hold a session whose journal fails for a time against its twin, whose journal never does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from tests.engine.market import PERP, SECOND, START, D
from tests.runtime.scripted import BIDS, HeldJournal, Session, buy, settle
from tradetui.domain.command import (
    AdoptLock,
    AnyCommand,
    BreakEven,
    Flatten,
    Half,
    SetStop,
    Size,
    Stop,
    SubmitOrder,
)
from tradetui.domain.event import Event, Filled, GapEvaluated
from tradetui.domain.event_text import canonical_bytes
from tradetui.domain.fill import Fill
from tradetui.domain.market_data import Side
from tradetui.domain.reply import Reason, Reply
from tradetui.domain.view import TradingState
from tradetui.errors import JournalError
from tradetui.runtime import publishing
from tradetui.state import State

FULL = JournalError("disk full")


def pages(events: Sequence[Event]) -> list[bytes]:
    return [canonical_bytes(event) for event in events]


def fills(events: Sequence[Event]) -> list[Fill]:
    return [event.body.fill for event in events if isinstance(event.body, Filled)]


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await settle()


async def mend(session: Session) -> None:
    session.held.failure = None
    await until(lambda: session.host.halt is None)


async def begin(session: Session) -> None:
    """A long position with its stop at 59,700, and an entry that rests at 59,990."""
    session.open()
    await session.host.submit(buy())
    await session.host.submit(buy("0.05", limit="59990", stop="59600"))


def fill_the_entry(session: Session) -> None:
    session.feed.snapshot([(59980.0, 5.0)], [(59990.0, 5.0), (60001.0, 5.0)])
    session.feed.trade(59980.0, 0.5)


def cross_the_stop(session: Session, after: int = 2 * SECOND) -> int:
    """The price falls to 59,690, comes back, and the feed goes on; returns when it was there."""
    session.feed.tick(after)
    session.feed.snapshot([(59690.0, 9.0), (59680.0, 9.0)], [(59690.1, 5.0)])
    session.feed.trade(59690.0, 0.5)
    crossed = session.feed.now
    session.feed.tick(3 * SECOND)
    session.feed.snapshot(BIDS, [(60000.1, 5.0)])
    session.feed.trade(60000.0, 0.5)
    return crossed


def put_off(replies: Sequence[Reply]) -> set[str]:
    return {reply.refusal.text if reply.refusal else "done" for reply in replies}


async def carried_out(session: Session, *commands: AnyCommand) -> list[Reply]:
    return [await session.host.submit(command) for command in commands]


async def test_a_stop_that_is_crossed_in_a_halt_of_five_seconds_has_fired_at_its_price_and_time() -> None:
    async with Session() as session, Session() as twin:
        for each in (session, twin):
            await begin(each)
        session.held.failure = FULL
        for each in (session, twin):
            fill_the_entry(each)
            crossed = cross_the_stop(each)
        assert session.host.trading_state is TradingState.HALTED_JOURNAL
        await mend(session)
        assert pages(session.held.committed) == pages(twin.held.committed)
        stopped = [fill for fill in fills(session.held.committed) if fill.order_id == stop_id(session)]
        assert [(fill.price, fill.ts) for fill in stopped] == [(D(59690), crossed)]
        assert State.fold(session.held.committed) == session.host.published == session.host.engine.state
        assert "the journal can be written again: nothing was lost, trading goes on" in session.texts


def stop_id(session: Session) -> str:
    fired = [o for o in session.host.published.orders.values() if o.triggered_ts and o.filled]
    return fired[0].order_id


async def test_what_is_decided_in_a_halt_is_shown_only_after_its_commit() -> None:
    async with Session() as session:
        await begin(session)
        kept = State.fold(session.held.committed)
        _ = session.texts
        session.held.failure = FULL
        cross_the_stop(session)
        await settle()
        assert session.host.published == kept
        assert session.texts == ["disk full; what stops do until it can is kept, and shown then"]
        session.held.holds = True
        session.held.failure = None
        await until(lambda: session.host.halt is None)
        assert session.host.published == kept, "it is on its way to the disk"
        session.held.commit()
        await settle()
        assert session.host.published.holding(PERP) is None
        assert any(text.startswith("stop fired at 59,700.0: sold 0.1") for text in session.texts)


async def test_an_entry_that_was_on_its_way_stands_and_a_new_one_is_refused() -> None:
    async with Session() as session:
        session.open()
        session.held.failure = FULL
        reply = await session.host.submit(buy("0.02"))
        assert reply.refusal is not None
        assert reply.refusal.text == "not done yet: disk full"
        assert reply.refusal.mend.startswith("it stands if the journal can be written again in time")
        assert not session.host.published.positions
        reply = await session.host.submit(buy("0.03"))
        assert reply.refusal is not None
        assert reply.refusal.text == "not done: disk full"
        await mend(session)
        assert session.host.published.positions[PERP].qty == D("0.02")
        assert any(text.startswith("bought 0.02 BTC/USDT:USDT at 60,000.1") for text in session.texts)


async def test_exits_and_stop_moves_of_a_halt_are_decided_in_their_order_among_the_prices() -> None:
    less = SubmitOrder(symbol=PERP, side=Side.SELL, size=Size(D("0.01")), reduce_only=True)
    async with Session() as session, Session() as twin:
        for each in (session, twin):
            await begin(each)
        session.held.failure = FULL
        for each in (session, twin):
            fill_the_entry(each)
            await carried_out(each, Half(symbol=PERP))
            each.feed.tick(SECOND)
            each.feed.snapshot([(59900.0, 5.0)], [(59900.1, 5.0)])
            replies = await carried_out(each, SetStop(symbol=PERP, stop=Stop(price=D(59800))), less)
            each.feed.tick(SECOND)
            each.feed.snapshot([(60100.0, 5.0)], [(60100.1, 5.0)])
            replies += await carried_out(each, BreakEven(symbol=PERP), Flatten())
            if each is session:
                assert {reply.refusal.text for reply in replies if reply.refusal} == {
                    "not done yet: disk full"
                }
        await mend(session)
        assert pages(session.held.committed) == pages(twin.held.committed)
        sold = [fill.price for fill in fills(session.held.committed) if fill.side is Side.SELL]
        assert sold == [D(59980), D(59900), D(60100)]
        assert session.host.published.holding(PERP) is None


async def test_an_exit_that_is_pressed_again_while_it_waits_is_done_once() -> None:
    async with Session() as session:
        session.open()
        await session.host.submit(buy())
        session.held.failure = FULL
        for _ in range(3):
            await session.host.submit(Half(symbol=PERP))
        await mend(session)
        assert session.host.published.positions[PERP].qty == D("0.05")
        session.held.failure = FULL
        for _ in range(3):
            await session.host.submit(Flatten())
        await mend(session)
        assert session.host.published.holding(PERP) is None
        errors = [notice.text for notice in session.host.notices() if notice.severity == "error"]
        assert all(text.startswith("disk full") for text in errors), "what is done already refuses nothing"


@pytest.mark.parametrize("buffer_s", [30, 0.5])
async def test_a_halt_that_lasts_longer_than_the_buffer_is_a_gap(buffer_s: float) -> None:
    async with Session(buffer_s=buffer_s) as session:
        await begin(session)
        kept = State.fold(session.held.committed)
        session.held.failure = FULL
        cross_the_stop(session, after=SECOND // 10)
        await session.host.submit(SetStop(symbol=PERP, stop=Stop(price=D(59900))))
        if buffer_s == 30:
            assert session.host.engine.state != kept, "it is kept so far"
        session.feed.tick(31 * SECOND)
        session.feed.snapshot(BIDS, [(60000.1, 5.0)])
        assert session.host.engine.state == session.host.published == kept
        dropped = f"the journal could not be written for {buffer_s:g} s: what is not done yet is dropped"
        assert any(text.startswith(dropped) for text in session.texts)
        await gap(session)
        report = next(e.body for e in session.held.committed if isinstance(e.body, GapEvaluated))
        assert report.from_ts == kept.seen.get(PERP, kept.last_ts)
        assert State.fold(session.held.committed) == session.host.published


async def gap(session: Session) -> None:
    """The journal can be written again, the feed begins anew."""
    session.feed.running.clear()
    session.held.failure = None
    await session.feed.running.wait()
    session.feed.tick(SECOND * 60)
    session.open()
    await settle()


async def test_where_nothing_comes_in_what_is_kept_too_long_is_given_up_all_the_same() -> None:
    async with Session(own_clock=False) as session:
        await begin(session)
        session.held.failure = FULL
        fill_the_entry(session)
        assert session.host.published != session.host.engine.state
        session.feed.tick(31 * SECOND)
        await until(lambda: session.host.published == session.host.engine.state)
        assert any("could not be written for 30 s" in text for text in session.texts)


async def test_more_than_can_be_kept_is_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "MAX_KEPT", 3)
    async with Session() as session:
        await begin(session)
        kept = State.fold(session.held.committed)
        session.held.failure = FULL
        fill_the_entry(session)
        cross_the_stop(session)
        assert session.host.engine.state == session.host.published == kept
        assert any(text.startswith("more has happened than can be kept") for text in session.texts)
        await gap(session)
        assert State.fold(session.held.committed) == session.host.published


async def test_exits_of_a_halt_that_becomes_a_gap_come_first_after_it() -> None:
    async with Session() as session:
        await begin(session)
        session.held.failure = FULL
        replies = await carried_out(session, Half(symbol=PERP), Half(symbol=PERP), Flatten(), Flatten())
        assert all(reply.refusal and reply.refusal.text == "not done yet: disk full" for reply in replies)
        session.feed.tick(31 * SECOND)
        session.feed.trade(60000.0, 0.1)
        assert session.host.published.positions[PERP].qty == D("0.1")
        await gap(session)
        assert session.host.published.holding(PERP) is None
        sold = [fill.qty for fill in fills(session.held.committed) if fill.side is Side.SELL]
        assert sum(sold) == D("0.1")


class Stumbling(HeldJournal):
    """A journal that fails again after so many more transactions."""

    left: int | None = None

    def append(self, events: Sequence[Event]) -> asyncio.Future[None]:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                self.failure, self.left = FULL, None
        return super().append(events)


@pytest.mark.parametrize("left", [0, 1, 2])
async def test_a_failure_while_it_is_caught_up_is_another_halt_and_loses_nothing(left: int) -> None:
    held = Stumbling()
    async with Session(held) as session, Session() as twin:
        for each in (session, twin):
            await begin(each)
        held.failure = FULL
        for each in (session, twin):
            fill_the_entry(each)
            await carried_out(each, Half(symbol=PERP))
            cross_the_stop(each)
        held.failure, held.left = None, left
        await until(lambda: held.left is None)
        await settle()
        assert session.host.halt is not None
        for each in (session, twin):
            each.feed.trade(60000.0, 0.1)
            await carried_out(each, Flatten())
        held.failure = None
        await until(lambda: session.host.halt is None)
        assert pages(held.committed) == pages(twin.held.committed)
        assert State.fold(held.committed) == session.host.published == session.host.engine.state


@pytest.mark.parametrize(("left", "sold"), [(0, "0.05"), (1, "0.05")])
async def test_an_exit_that_was_committed_before_the_second_failure_is_not_repeated_after_a_gap(
    left: int, sold: str
) -> None:
    held = Stumbling()
    async with Session(held) as session:
        await begin(session)
        held.failure = FULL
        await carried_out(session, Half(symbol=PERP))
        session.feed.delta(bids=[(59995.0, 1.0)])
        await carried_out(session, SetStop(symbol=PERP, stop=Stop(price=D(59750))))
        held.failure, held.left = None, left
        await until(lambda: held.left is None)
        await settle()
        assert session.host.halt is not None
        session.feed.tick(31 * SECOND)
        session.feed.trade(60000.0, 0.1)
        session.held = held
        await gap(session)
        assert sum(fill.qty for fill in fills(held.committed) if fill.side is Side.SELL) == D(sold)


async def test_a_commit_that_reached_the_disk_and_was_told_to_have_failed_is_there_once() -> None:
    async with Session() as session, Session() as twin:
        for each in (session, twin):
            await begin(each)
        session.held.failure = FULL
        before = len(session.held.committed)
        for each in (session, twin):
            fill_the_entry(each)
        session.held.committed += twin.held.committed[before:]
        for each in (session, twin):
            cross_the_stop(each)
        await mend(session)
        assert pages(session.held.committed) == pages(twin.held.committed)
        assert State.fold(session.held.committed) == session.host.published
        assert sum("bought 0.05" in text for text in session.texts) == 1


async def test_a_journal_that_holds_something_else_is_no_ground_to_go_on_from() -> None:
    async with Session() as session:
        session.open()
        await session.host.submit(buy("0.01"))
        before = list(session.held.committed)
        await session.host.submit(buy("0.02"))
        session.held.failure = FULL
        await session.host.submit(buy("0.03"))
        session.held.committed = before
        await gap(session)
        assert any("holds something else than was written" in text for text in session.texts)
        assert State.fold(before) == State.fold(session.held.committed[: len(before)])
        assert session.host.published.positions[PERP].qty == D("0.01")
        assert State.fold(session.held.committed) == session.host.published


async def test_an_engine_that_breaks_while_its_decisions_wait_drops_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Session() as session:
        await begin(session)
        kept = State.fold(session.held.committed)
        session.held.failure = FULL
        fill_the_entry(session)

        def broken(_message: object) -> None:
            raise ValueError("broken")

        monkeypatch.setattr(session.host.engine, "process", broken)
        session.feed.trade(60000.0, 0.1)
        assert session.host.published == session.host.engine.state == kept
        await gap(session)
        reply = await session.host.submit(buy())
        assert reply.refusal is not None
        assert reply.refusal.reason is Reason.HALTED_INVARIANT
        assert State.fold(session.held.committed) == session.host.published


async def test_stopping_in_a_halt_leaves_what_was_committed_and_says_what_is_dropped() -> None:
    session = Session()
    async with session:
        await begin(session)
        kept = State.fold(session.held.committed)
        session.held.failure = FULL
        fill_the_entry(session)
    assert State.fold(session.held.committed) == session.host.published == kept
    assert any("ends before the journal can be written" in text for text in session.texts)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_commits_on_their_way_that_fail_together_are_committed_later_in_their_order() -> None:
    async with Session() as session:
        session.open()
        session.held.holds = True
        answers = [asyncio.create_task(session.host.submit(buy(f"0.0{n}"))) for n in (1, 2, 3)]
        await settle()
        session.held.failure = FULL
        session.held.commit()
        replies = await asyncio.gather(*answers)
        assert put_off(replies) == {"not done yet: disk full"}
        session.held.holds = False
        await mend(session)
        bought = [fill.qty for fill in fills(session.held.committed)]
        assert bought == [D("0.01"), D("0.02"), D("0.03")]
        assert State.fold(session.held.committed) == session.host.published


@pytest.mark.parametrize("buffer_s", [0, 30])
async def test_a_lock_of_another_account_that_came_in_a_halt_is_taken_after_it(
    buffer_s: float,
) -> None:
    lock = AdoptLock(rule="other daily_loss", until_ts=START + 3600 * SECOND, text="other: daily loss")
    async with Session(buffer_s=buffer_s) as session:
        await begin(session)
        session.held.failure = FULL
        await session.host.submit(buy("0.02"))
        await session.host.submit(lock)
        assert session.host.published.lock is None
        await mend(session)
        await until(lambda: session.host.published.lock is not None)
        assert State.fold(session.held.committed) == session.host.published


async def test_damage_that_is_found_in_a_halt_ends_it_for_good() -> None:
    async with Session() as session:
        await begin(session)
        kept = State.fold(session.held.committed)
        session.held.failure = FULL
        fill_the_entry(session)
        session.held.fault = "event 3 does not match"
        await session.host._check_journal()
        assert session.host.engine.state == session.host.published == kept
        reply = await session.host.submit(buy())
        assert reply.refusal is not None
        assert "damaged" in reply.refusal.text
        assert reply.refusal.mend.startswith("open tradetui again")
