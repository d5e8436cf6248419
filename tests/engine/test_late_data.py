"""Entries are taken while the data lags, and their reply warns (6.2, R-MD-7)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.engine.market import PERP, Levels, Table, wide_limits
from tradetui.domain.command import (
    AnyCommand,
    Flatten,
    Half,
    Reverse,
    Size,
    Stop,
    SubmitOco,
    SubmitOrder,
    SubmitOto,
    SubmitScale,
)
from tradetui.domain.market_data import FeedState, Side
from tradetui.domain.order import OrderState

D = Decimal
BIDS: Levels = [(60_000.0, 5.0), (59_990.0, 50.0)]
ASKS: Levels = [(60_000.1, 5.0), (60_010.0, 50.0)]
LATE = "its data is late: the market may have moved on"


def table(state: FeedState) -> Table:
    market = Table(settings=wide_limits()).open(BIDS, ASKS)
    market.trade(60_000.0, 0.1)
    market.status(state)
    return market


def entry(**more: object) -> SubmitOrder:
    given: dict[str, object] = {"symbol": PERP, "side": Side.BUY, "size": Size(D("0.1"))}
    return SubmitOrder(**{**given, "stop": Stop(price=D(59_000)), **more})  # type: ignore[arg-type]


ENTRIES: list[AnyCommand] = [
    entry(),
    entry(limit=D(59_900)),
    SubmitOco(first=entry(limit=D(59_900)), second=entry(trigger=D(60_500))),
    SubmitOto(first=entry(), then=(entry(limit=D(59_800)),)),
    SubmitScale(order=entry(), first=D(59_900), last=D(59_800), count=2),
]


@pytest.mark.parametrize("command", ENTRIES, ids=lambda command: type(command).__name__)
def test_an_entry_is_taken_and_warned_of_late_data(command: AnyCommand) -> None:
    reply = table(FeedState.LAGGING).do(command)
    assert (reply.accepted, reply.text) == (True, LATE)
    assert table(FeedState.STREAMING).do(command).text == ""


def test_a_reverse_is_warned_too_and_an_exit_is_not() -> None:
    market = table(FeedState.LAGGING)
    assert market.buy("0.2", stop="59000").text == LATE
    assert market.state.orders["O-1"].state is OrderState.FILLED
    assert market.do(Half(symbol=PERP)).text == ""
    assert market.do(Reverse(symbol=PERP, stop=Stop(price=D(61_000)))).text == LATE
    assert market.do(Flatten(symbol=PERP)).text == ""
