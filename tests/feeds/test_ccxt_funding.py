"""Funding as ccxt tells it: official rates of the past, and the rate to come."""

from __future__ import annotations

from time import time_ns
from typing import Any

import pytest

from tradetui.domain.market_data import FundingRate, FundingSettled
from tradetui.feeds.ccxt.funding import fetch_funding, predicted_of, settled_of

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
