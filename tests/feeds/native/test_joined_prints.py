"""OKX tells what one order met at a price as one print, and each of them by REST: none may count twice."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.exchanges.exchange import BOOK, TRADES, Exchange
from tests.exchanges.rig import Rig, number_of, rigged
from tests.exchanges.tape import Print
from tradetui.domain.market_data import FeedState
from tradetui.feeds.ccxt.trades import joined_in
from tradetui.feeds.trades import SeenNumbers


def nothing(_exchange: Exchange) -> None:
    """Plant no fault."""


async def meet(rig: Rig, count: int, *, is_heard: bool = True) -> list[Print]:
    """One order meets so many others at a price."""
    exchange = rig.exchange
    made = [rig.new_print()._replace(at_ms=exchange.clock()) for _ in range(count)]
    made = [each._replace(at_ms=made[0].at_ms, qty=Decimal(1 + n)) for n, each in enumerate(made)]
    exchange.prints += made
    if is_heard:
        await exchange.emit(TRADES, [exchange.wording.trades(made)])
    return made


@pytest.mark.parametrize("venue", ["okx", "okx-swap"])
async def test_what_was_told_as_one_before_and_after_an_outage_is_not_told_again(venue: str) -> None:
    async with rigged(venue, None, prepare=nothing) as rig:
        await rig.live()
        told = [number_of(each) for each in rig.trades()]
        before = await meet(rig, 4)
        await rig.eventually(lambda: before[-1].number in [number_of(each) for each in rig.trades()])
        rig.exchange.handshake_fault = (503, {})
        await rig.exchange.close_sockets()
        await rig.told(FeedState.DOWN)
        await rig.eventually(lambda: not rig.exchange.listening(BOOK))
        missed = await meet(rig, 3, is_heard=False)
        rig.exchange.rest_faults["trades"] = (503, {})
        rig.exchange.handshake_fault, asked = None, len(rig.exchange.asked)
        await rig.eventually(lambda: any("trades" in path for path in rig.exchange.asked[asked:]))
        after = await meet(rig, 5)  # it waits until the missed ones are told at the next try
        rig.exchange.rest_faults.clear()
        await rig.eventually(lambda: after[-1].number in [number_of(each) for each in rig.trades()])
        new = [each for each in rig.trades() if number_of(each) not in told]
        assert sum(each.qty for each in new) == float(sum(each.qty for each in (*before, *missed, *after)))
        assert rig.missed() == [each.number for each in missed]


def test_through_ccxt_the_count_stands_in_the_row() -> None:
    row = {"id": "20", "info": {"tradeId": "20", "count": "3"}}
    assert joined_in(row) == (18, 19)
    assert joined_in({"id": "20", "info": {"tradeId": "20", "count": "1"}}) is None
    assert joined_in({"id": "a", "info": {"count": "3"}}) is None
    assert joined_in({"id": "20"}) is None


def test_runs_of_numbers_hold_what_is_between_their_ends() -> None:
    seen = SeenNumbers()
    for first, last in ((10, 12), (30, 30), (20, 25)):
        seen.add_run(first, last)
    held = {number for number in range(40) if number in seen}
    assert held == {10, 11, 12, *range(20, 26), 30}
    assert "11" not in seen
