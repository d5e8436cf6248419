"""The loopback venues are held against what the venues themselves have sent."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.exchanges.captures import DecimalBook, kraken_frames
from tests.exchanges.venues.every import VENUES, exchange_of
from tests.exchanges.venues.kraken import Kraken, checksum


@pytest.mark.captures
def test_krakens_checksum_is_the_one_of_every_captured_frame(captures: Path) -> None:
    book, wording, count = DecimalBook(), Kraken(), 0
    for text in kraken_frames(captures):
        frame = json.loads(text, parse_float=Decimal)
        if frame.get("channel") != "book":
            continue
        (part,) = frame["data"]
        bids, asks = ([(each["price"], each["qty"]) for each in part[side]] for side in ("bids", "asks"))
        book.apply(bids, asks)
        book.cut(10)
        assert checksum(book.top(10), wording) == part["checksum"]
        count += 1
    assert count == 1_254


@pytest.mark.parametrize("venue", VENUES)
def test_a_market_is_never_crossed_by_itself_and_says_the_same_twice(captures: Path, venue: str) -> None:
    told = []
    for _ in range(2):
        exchange = exchange_of(venue, captures)
        for _ in range(100):
            exchange.market.step()
            bids, asks = exchange.top(1)
            assert bids[0][0] < asks[0][0]
        told.append(exchange.top(10))
    assert told[0] == told[1]
