"""A day that is locked in one account is locked in the trader's others (R-LCK-3)."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.engine.market import START, D
from tests.journal.events import STAMP
from tests.runtime.scripted import SETTINGS, Session, buy, settle
from tradetui.domain.command import AdoptLock, SetLimit
from tradetui.domain.market_data import ClockTick
from tradetui.domain.reply import Reason
from tradetui.runtime.inline import InlineLink
from tradetui.runtime.locked_journal import open_journal
from tradetui.runtime.recovery import recover
from tradetui.runtime.sharing import LockSharing, given, kept
from tradetui.trading.settings import EngineSettings


def settings(account: str, *, shares: bool = True) -> EngineSettings:
    limits = msgspec.structs.replace(SETTINGS.limits.with_daily_loss(D(10)), all_accounts=shares)
    return msgspec.structs.replace(SETTINGS, account=account, limits=limits)


def session(name: str, *, own_clock: bool = False, shares: bool = True) -> Session:
    return Session(name=name, own_clock=own_clock, settings=settings(name, shares=shares))


async def lose(it: Session) -> None:
    await it.host.submit(buy("0.01", stop="59500"))
    it.feed.snapshot([(58000.0, 50.0)], [(58000.1, 50.0)])
    assert it.host.published.lock is not None
    await settle()


def nothing(_name: str, _running: frozenset[str]) -> list[AdoptLock]:
    return []


async def test_a_lock_is_carried_to_every_account_that_runs() -> None:
    first, second = session("first"), session("second")
    sharing = LockSharing(nothing)
    async with first, second:
        for it in (first, second):
            it.open()
            await sharing.join(it.host)
        resting = (await second.host.submit(buy("0.01", limit="59000", stop="58900"))).order_ids[0]
        await lose(first)
        lock = second.host.published.lock
        assert lock is not None
        assert lock.rule == "first daily_loss"
        assert lock.text.startswith("first: daily loss of 10.00 USDT reached: locked until")
        assert second.host.published.orders[resting].reason == Reason.LOCKED
        refused = (await second.host.submit(buy())).refusal
        assert refused is not None
        assert refused.reason is Reason.LOCKED
        mine = first.host.published.lock
        assert mine is not None
        assert lock.until_ts == mine.until_ts
        assert len(first.host.published.day.locks) == 1, "it does not come back"
        second.feed.now = lock.until_ts
        second.feed.feed(ClockTick(lock.until_ts, lock.until_ts))
        assert second.host.published.lock is None


async def test_an_account_that_starts_is_locked_before_anything_can_be_asked_of_it() -> None:
    first, second = session("first"), session("second")
    sharing = LockSharing(nothing)
    async with first, second:
        first.open()
        await sharing.join(first.host)
        await lose(first)
        second.open()
        await sharing.join(second.host)
        assert second.host.published.lock is not None
        sharing.leave("first")


@pytest.mark.parametrize(("own_clock", "shares"), [(True, True), (False, False)])
async def test_a_market_with_its_own_clock_and_an_account_that_does_not_want_it_take_no_locks(
    *, own_clock: bool, shares: bool
) -> None:
    first, second = session("first"), session("second", own_clock=own_clock, shares=shares)
    sharing = LockSharing(nothing)
    async with first, second:
        first.open()
        await sharing.join(first.host)
        await lose(first)
        second.open()
        await sharing.join(second.host)
        assert second.host.published.lock is None


async def test_only_locks_of_the_day_on_everything_are_given() -> None:
    it = session("first")
    async with it:
        it.open()
        await it.host.submit(SetLimit(name="trading_hours", value="01:00-01:01"))
        assert it.host.published.lock is not None
        assert list(given(it.host.published)) == []


async def test_locks_of_accounts_that_do_not_run_are_read_from_their_journals(tmp_path: Path) -> None:
    path, other = tmp_path / "first.db", tmp_path / "damaged.db"
    other.write_bytes(b"no journal")
    recovered = await recover(path, lambda _: None)
    journal = await open_journal(recovered, STAMP)
    it = Session(journal, name="first", own_clock=False, settings=settings("first"))
    async with it:
        it.open()
        await it.host.submit(buy("0.01", stop="59500"))
        it.feed.snapshot([(58000.0, 50.0)], [(58000.1, 50.0)])
    found = kept([path, other])
    assert [lock.rule for lock in found] == ["first daily_loss"]
    second = session("second")
    async with second:
        second.open()
        await LockSharing(lambda _name, _running: found).join(second.host)
        assert second.host.published.lock is not None


async def test_a_lock_that_is_over_is_not_taken() -> None:
    it = session("second")
    async with it:
        it.open()
        old = AdoptLock(rule="first daily_loss", until_ts=START, text="first: daily loss")
        await it.host.submit(old)
        assert it.host.published.lock is None


async def test_the_link_shares_where_it_is_told_of_other_accounts() -> None:
    asked: list[tuple[str, frozenset[str]]] = []

    def elsewhere(name: str, running: frozenset[str]) -> list[AdoptLock]:
        asked.append((name, running))
        return [AdoptLock(rule="third daily_loss", until_ts=START + 10**12, text="third: daily loss")]

    sessions = {name: session(name) for name in ("first", "second")}

    async def make_host(name: str, _say: object) -> object:
        return sessions[name].host

    link = InlineLink(make_host, profile="first", profiles=tuple(sessions), elsewhere=elsewhere)  # type: ignore[arg-type]
    await link.start()
    assert asked == [("first", frozenset())]
    locks = sessions["first"].host.published.day.locks
    assert [lock.rule for lock in locks] == ["third daily_loss"]
    await link.switch("second")
    assert asked[1][0] == "second"
    await link.stop()
