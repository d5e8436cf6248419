"""Prints of a stream and of REST: each once, and none missing."""

from __future__ import annotations

import asyncio
import random
from types import MappingProxyType, SimpleNamespace
from typing import Any

import msgspec
import pytest
from ccxt import ExchangeNotAvailable

from tradetui.domain.market_data import Side, Trade
from tradetui.feeds import backfill
from tradetui.feeds.backfill import missed_prints
from tradetui.feeds.trades import TradeFlow


def printed(number: int) -> Trade:
    return Trade("BTC/USDT", number * 1_000_000, number * 1_000_000, 100.0, 1.0, Side.BUY, number)


def holding(*numbers: int) -> TradeFlow:
    flow = TradeFlow()
    assert flow.take(printed(10)) is not None
    flow.hold()
    for number in numbers:
        assert flow.take(printed(number)) is None
    return flow


def ids(trades: list[Trade]) -> list[int | str | None]:
    return [trade.trade_id for trade in trades]


def test_what_was_missed_comes_before_what_had_to_wait() -> None:
    missed, waited = holding(14, 15).release([printed(n) for n in range(8, 16)])
    assert ids(missed) == [11, 12, 13]
    assert ids(waited) == [14, 15]


def test_a_hole_among_those_that_wait_is_filled_too() -> None:
    flow = holding(13, 17)
    missed, waited = flow.release([printed(n) for n in range(11, 20)], is_holed=True)
    assert ids(missed) == [11, 12, 14, 15, 16]
    assert ids(waited) == [13, 17]
    assert [flow.take(printed(n)) for n in (11, 15, 17)] == [None, None, None]
    assert flow.take(printed(18)) is not None


def test_each_number_comes_once_in_whatever_order_and_however_many() -> None:
    flow, chance = TradeFlow(), random.Random(5)
    numbers = list(range(1_000, 1_400)) + chance.choices(range(900, 1_600), k=4_000)
    taken = [n for n in numbers if flow.take(printed(n)) is not None]
    assert len(taken) == len(set(taken))
    assert set(taken) == set(numbers)


def test_names_that_are_no_numbers_come_once_too() -> None:
    flow = TradeFlow()
    named = [msgspec.structs.replace(printed(n), trade_id=name) for n, name in enumerate("abacb")]
    assert ids([each for each in named if flow.take(each) is not None]) == ["a", "b", "c"]


class Elsewhere:
    """An exchange of which nothing is known: pages of so many prints, the newest or from a moment on."""

    id = "elsewhere"
    has = MappingProxyType({"fetchTrades": True})

    def __init__(self, *, page: int, goes_forward: bool) -> None:
        self.page, self.goes_forward = page, goes_forward
        self.asked: list[int | None] = []

    async def fetch_trades(self, _symbol: str, since: int | None = None) -> list[dict[str, object]]:
        self.asked.append(since)
        rows: list[dict[str, object]] = [
            {"id": str(n), "price": 100.0, "amount": 1.0, "side": "buy", "timestamp": BEGUN_MS + n}
            for n in range(100)
        ]
        if since is None or not self.goes_forward:
            newest = rows[-self.page :]
            return [row for row in newest if row["timestamp"] >= (since or 0)]  # type: ignore[operator]
        return rows[since - BEGUN_MS :][: self.page]


BEGUN_MS = 1_700_000_000_000


@pytest.mark.parametrize(
    ("page", "goes_forward", "first", "is_all"),
    [(60, False, 40, True), (30, True, 50, True), (20, False, 80, False), (20, True, 50, False)],
)
async def test_an_exchange_of_which_nothing_is_known_tells_what_it_can_and_what_it_can_not(
    page: int, goes_forward: bool, first: int, is_all: bool
) -> None:
    exchange = Elsewhere(page=page, goes_forward=goes_forward)
    found, told = await missed_prints(exchange, "BTC/USDT", (BEGUN_MS + 50) * 1_000_000)
    numbers = [int(str(trade.trade_id)) for trade in found]
    assert (numbers[0], numbers[-1], told) == (first, 99, is_all)
    assert len(set(numbers)) == len(numbers)
    assert exchange.asked == ([None] if page == 60 else [None, BEGUN_MS + 50])


class Told:
    """Keeps what a symbol's prints lead to."""

    symbol = "BTC/USDT"

    def __init__(self) -> None:
        self.trades = TradeFlow()
        self.trades.take(printed(1))
        self.messages: list[object] = []
        self.words: list[str] = []

    def deliver(self, message: object) -> None:
        self.messages.append(message)

    def say(self, _symbol: str, _part: object, _state: object, *, text: str = "", retry_s: float = 0) -> None:
        self.words.append(text)


@pytest.mark.parametrize(("failures", "is_filled"), [(0, True), (2, True), (3, False)])
async def test_missed_prints_are_asked_for_again_where_the_connection_fails(
    monkeypatch: pytest.MonkeyPatch, failures: int, is_filled: bool
) -> None:
    monkeypatch.setattr(backfill, "_AGAIN_S", (0.0, 0.0))
    exchange, told = Elsewhere(page=1000, goes_forward=True), Told()
    answer, asked = exchange.fetch_trades, 0

    async def fetch_trades(symbol: str, since: int | None = None) -> list[dict[str, object]]:
        nonlocal asked
        asked += 1
        if asked <= failures:
            raise ExchangeNotAvailable("elsewhere GET https://127.0.0.1/trades")
        return await answer(symbol, since)

    monkeypatch.setattr(exchange, "fetch_trades", fetch_trades)
    rest: Any = SimpleNamespace(exchange=exchange)
    teller: Any = told
    async with asyncio.TaskGroup() as group:
        backfill.Backfill(teller, rest, group).start(teller)
    assert asked > failures if is_filled else asked == 3
    assert bool(told.messages) is is_filled
    assert ("missed trades could not be fetched: no connection" in told.words) is not is_filled
    assert not told.trades.is_holding


@pytest.mark.parametrize("fails", [True, False])
async def test_a_count_is_believed_on_where_holes_got_no_answer_and_no_more_where_they_are_none(
    monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    monkeypatch.setattr(backfill, "_AGAIN_S", (0.0, 0.0))
    exchange, told = Elsewhere(page=1000, goes_forward=True), Told()
    rows: list[dict[str, object]] = []

    async def fetch_trades(_symbol: str, since: int | None = None) -> list[dict[str, object]]:
        if fails:
            raise ExchangeNotAvailable("elsewhere GET https://127.0.0.1/trades")
        return rows

    monkeypatch.setattr(exchange, "fetch_trades", fetch_trades)
    rest: Any = SimpleNamespace(exchange=exchange)
    teller: Any = told
    asking = backfill.Backfill(teller, rest, asyncio.TaskGroup())
    for _ in range(5):
        async with asyncio.TaskGroup() as group:
            asking._group = group
            asking.count_hole(teller)
    had_no_answer, fails = fails, False
    rows += [{"id": "7", "price": 1.0, "amount": 1.0, "side": "buy", "timestamp": BEGUN_MS}]
    async with asyncio.TaskGroup() as group:
        asking._group = group
        asking.count_hole(teller)
    assert bool(told.messages) is had_no_answer
    assert any("counts no more" in words for words in told.words) is not had_no_answer


def test_what_a_stream_opens_with_after_an_outage_counts_as_missed() -> None:
    flow = holding(14, 15)
    for number in (9, 10, 12, 13):
        flow.take_late(printed(number))
    missed, waited = flow.release([printed(n) for n in (11, 12)])
    assert (ids(missed), ids(waited)) == ([11, 12, 13], [14, 15])
    flow.take_late(printed(16))  # nothing is missed now
    flow.hold()
    assert flow.release([]) == ([], [])
