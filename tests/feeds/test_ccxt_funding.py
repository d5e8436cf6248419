"""Funding as ccxt tells it: official rates of the past, and the rate to come."""

from __future__ import annotations

from time import time_ns
from typing import Any

import pytest
from ccxt import BadSymbol, ExchangeNotAvailable

from tradetui.domain.market_data import FundingRate, FundingSettled, OpenInterest, Ticker
from tradetui.feeds.ccxt.funding import fetch_funding, predicted_of, settled_of
from tradetui.feeds.ccxt.prices import fetch_interest, fetch_tickers

MS = 1_000_000
PERP = "BTC/USDT:USDT"
NOW = 1_700_000_000_000 * MS


def test_an_official_rate_has_its_time_and_its_mark() -> None:
    row = {"fundingRate": 0.0001, "timestamp": 1_699_999_200_000, "info": {"markPrice": "34287.54619963"}}
    found = settled_of(row, PERP, NOW)
    assert found == FundingSettled(PERP, 1_699_999_200_000 * MS, NOW, 0.0001, 34287.54619963)


@pytest.mark.parametrize(
    "row",
    [
        {"fundingRate": None, "timestamp": 1_699_999_200_000},
        {"fundingRate": 0.0001, "timestamp": None},
        {"fundingRate": "nan", "timestamp": 1_699_999_200_000},
        {"fundingRate": 0.0001, "timestamp": 1_700_000_000_001},
    ],
)
def test_what_is_not_official_yet_is_left_out(row: dict[str, Any]) -> None:
    assert settled_of(row, PERP, NOW) is None


def test_a_rate_without_a_mark_says_so() -> None:
    found = settled_of({"fundingRate": -0.0003, "timestamp": 1_699_999_200_000, "info": {}}, PERP, NOW)
    assert found is not None
    assert found.mark is None


@pytest.mark.parametrize(
    ("stamps", "expected"),
    [
        ({"fundingTimestamp": 1_700_006_400_000}, 1_700_006_400_000 * MS),
        (
            {"fundingTimestamp": 1_700_006_400_000, "nextFundingTimestamp": 1_700_035_200_000},
            1_700_006_400_000 * MS,
        ),
        (
            {"fundingTimestamp": 1_699_977_600_000, "nextFundingTimestamp": 1_700_006_400_000},
            1_700_006_400_000 * MS,
        ),
        ({}, 0),
    ],
)
def test_the_next_time_is_the_first_one_ahead(stamps: dict[str, int], expected: int) -> None:
    found = predicted_of({"fundingRate": 0.0001, "timestamp": 1_700_000_000_000, **stamps}, PERP, NOW)
    assert found == FundingRate(PERP, NOW, NOW, 0.0001, expected)


class Exchange:
    """As much of ccxt as is asked."""

    def __init__(self, **has: bool) -> None:
        self.has = has
        self.asked: list[tuple[str, str]] = []

    async def fetch_funding_rate_history(self, symbol: str, _: object, limit: int) -> list[dict[str, Any]]:
        self.asked.append(("history", symbol))
        assert limit >= 3
        return [{"fundingRate": 0.0001, "timestamp": 1_699_999_200_000, "info": {}}]

    async def fetch_funding_rate(self, symbol: str) -> dict[str, Any]:
        self.asked.append(("rate", symbol))
        return {"fundingRate": 0.0002, "fundingTimestamp": time_ns() // MS + 5_000}


async def test_each_perpetual_is_asked_for_what_its_exchange_has() -> None:
    exchange = Exchange(fetchFundingRateHistory=True, fetchFundingRate=True)
    found = await fetch_funding(exchange, [PERP, "ETH/USDT:USDT"])
    assert [type(each) for each in found] == [FundingSettled, FundingRate] * 2
    assert len(exchange.asked) == 4
    assert await fetch_funding(Exchange(), [PERP]) == []


GONE = "LUNA/USDT:USDT"
OTHER = "ETH/USDT:USDT"


class Delisting(Exchange):
    """It answers no request that names the one which has gone."""

    async def fetch_funding_rate_history(self, symbol: str, _: object, limit: int) -> list[dict[str, Any]]:
        self.refuse([symbol])
        return await super().fetch_funding_rate_history(symbol, _, limit)

    async def fetch_tickers(self, symbols: list[str]) -> dict[str, Any]:
        self.refuse(symbols)
        return {each: {"symbol": each, "last": 100.0, "quoteVolume": 5.0} for each in symbols}

    async def fetch_open_interest(self, symbol: str) -> dict[str, Any]:
        self.refuse([symbol])
        return {"openInterestAmount": 7.0}

    def refuse(self, symbols: list[str]) -> None:
        self.asked += [("asked", symbol) for symbol in symbols]
        if GONE in symbols:
            raise BadSymbol("does not have market symbol")


async def test_one_that_is_refused_costs_the_others_nothing() -> None:
    exchange = Delisting(fetchFundingRateHistory=True, fetchOpenInterest=True)
    fetches: list[Any] = [fetch_funding, fetch_tickers, fetch_interest]
    found = [await each(exchange, [GONE, PERP, OTHER]) for each in fetches]
    assert [[each.symbol for each in row] for row in found] == [[PERP, OTHER]] * 3
    assert [type(row[0]) for row in found] == [FundingSettled, Ticker, OpenInterest]
    for fetch in fetches:
        with pytest.raises(BadSymbol):
            await fetch(exchange, [GONE])


class Unreachable(Delisting):
    def refuse(self, symbols: list[str]) -> None:
        super().refuse(symbols)
        raise ExchangeNotAvailable("down")


@pytest.mark.parametrize("fetch", [fetch_funding, fetch_tickers, fetch_interest])
async def test_an_exchange_that_can_not_be_reached_is_not_asked_on(fetch: Any) -> None:
    exchange = Unreachable(fetchFundingRateHistory=True, fetchOpenInterest=True)
    with pytest.raises(ExchangeNotAvailable):
        await fetch(exchange, [PERP, OTHER])
    at_once = [PERP, OTHER] if fetch is fetch_tickers else [PERP]
    assert [symbol for _, symbol in exchange.asked] == at_once
