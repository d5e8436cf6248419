"""Prints that are made and never told: nothing in the streams shows it, and it is noticed all the same."""

from __future__ import annotations

import pytest

from tests.exchanges.exchange import TRADES
from tests.exchanges.rig import Rig, rigged
from tests.feeds.test_statuses import nothing
from tradetui.domain.market_data import FeedState
from tradetui.feeds import tape_watch

WORDS = "trades that do not come"
WAYS = [("binance", "native"), ("okx", "native"), ("coinbase", "native"), ("binance", "ccxt")]


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("_LOOK_S", 0.01), ("_QUIET_S", 0.05), ("_GRACE_S", 0.05), ("_MOST_QUIET_S", 0.2)):
        monkeypatch.setattr(tape_watch, name, seconds)
    monkeypatch.setattr(tape_watch, "_SAME_NS", 0)


async def print_unseen(rig: Rig, count: int = 3) -> list[int]:
    """Prints that are made, and told nobody."""
    rig.exchange.drops[TRADES] = 1_000_000
    made = [rig.new_print() for _ in range(count)]
    for each in made:
        await rig.exchange.tell(each)
    return [each.number for each in made]


@pytest.mark.parametrize(("venue", "through"), WAYS)
async def test_a_tape_that_stands_still_while_the_exchange_prints_is_stale_and_taken_anew(
    venue: str, through: str
) -> None:
    async with rigged(venue, None, through=through, prepare=nothing) as rig:
        await rig.live()
        due = rig.exchange.clock() + 50
        await rig.eventually(lambda: rig.exchange.clock() > due)
        lost = await print_unseen(rig)
        await rig.told(FeedState.STALE, text=WORDS)
        rig.exchange.drops[TRADES] = 0
        await rig.healed()
        assert set(lost) <= set(rig.missed())


async def test_a_market_in_which_nothing_is_printed_alarms_nobody() -> None:
    async with rigged("binance", None, prepare=nothing) as rig:
        await rig.live()
        asked = len(rig.exchange.asked)
        await rig.while_playing(lambda: len(rig.exchange.asked) > asked + 4)
        assert [s for s in rig.statuses() if s.state is not FeedState.STREAMING] == []
        assert rig.dials == 1


async def test_a_print_that_is_late_alarms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tape_watch, "_GRACE_S", 0.5)
    async with rigged("binance", None, prepare=nothing) as rig:
        await rig.live()
        rig.exchange.drops[TRADES] = 1
        late = rig.new_print()
        asked = len(rig.exchange.asked)
        await rig.exchange.tell(late)
        await rig.eventually(lambda: len(rig.exchange.asked) > asked)
        told = rig.exchange.prints.pop()
        await rig.exchange.tell(told)
        await rig.synced()
        assert [s for s in rig.statuses() if s.state is not FeedState.STREAMING] == []
