"""Whatever an exchange asks to be left alone for: it is, but neither forever nor not at all."""

from __future__ import annotations

from typing import Any

import pytest
from ccxt import BaseError
from hypothesis import given
from hypothesis import strategies as st

from tests.exchanges.rig import rigged
from tests.feeds.test_answers import Server, client
from tests.feeds.test_statuses import nothing
from tradetui.domain.market_data import FeedState
from tradetui.feeds.network import LONGEST_WAIT_S, retry_after

NOON = "Thu, 01 Jan 2026 12:00:00 GMT"
PAST = "Thu, 01 Jan 2004 12:00:00 GMT"
PIECES = (
    "Thu,",
    "01",
    "Jan",
    "0001",
    "9999",
    "99:99:99",
    "GMT",
    "+2359",
    "-9999",
    '"',
    "-",
    "1e12",
    "٣",
    "²",
)


@given(
    st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map(" ".join)),
    st.sampled_from(("", NOON, "Mon, 01 Jan 0001 00:00:00 +2359", "Fri, 31 Dec 9999 23:59:59 -2359")),
)
def test_no_words_of_an_exchange_make_a_wait_that_can_not_be(asked: str, date: str) -> None:
    wait = retry_after({"Retry-After": asked, "Date": date})
    assert wait is None or 0 <= wait <= LONGEST_WAIT_S


@pytest.mark.parametrize(
    ("status", "asked", "least", "most"),
    [
        (429, "0", 0.9, 1.0),
        (429, PAST, 0.9, 1.0),
        (418, "0", 0.9, 1.0),
        (429, "1000000000000", 3599.0, 3600.0),
        (429, "Thu, 01 Jan 2099 12:00:00 GMT", 3599.0, 3600.0),
        (429, "-5", 9.0, 10.0),
        (429, "soon", 9.0, 10.0),
        (418, "soon", 119.0, 120.0),
        (418, "inf", 119.0, 120.0),
        (418, "1e400", 119.0, 120.0),
    ],
)
async def test_rest_rests_for_as_long_as_can_be_meant(
    status: int, asked: str, least: float, most: float
) -> None:
    async with client(Server(status=status, retry=asked)) as exchange:
        with pytest.raises(BaseError):
            await exchange.publicGetTime()
        assert least < exchange.pause_s <= most
        with pytest.raises(BaseError):  # and nothing goes out meanwhile
            await exchange.publicGetTime()


WAYS = [("binance", "native"), ("kraken", "ccxt")]


@pytest.mark.parametrize(("venue", "through"), WAYS)
@pytest.mark.parametrize("asked", ["0", "inf"])
async def test_a_stream_that_is_refused_is_dialed_less_and_less_where_no_wait_is_told(
    venue: str, through: str, asked: str
) -> None:
    async with rigged(venue, None, through=through, prepare=nothing) as rig:
        await rig.live()
        rig.exchange.handshake_fault = (429, {"Retry-After": asked})
        await rig.exchange.close_sockets()
        before, due = rig.dials, rig.exchange.clock() + 200
        await rig.eventually(lambda: rig.exchange.clock() > due)
        assert 1 <= rig.dials - before <= 6
        rig.exchange.handshake_fault = None
        await rig.healed()


@pytest.mark.parametrize(("venue", "through"), WAYS)
async def test_a_stream_waits_no_longer_than_an_hour(venue: str, through: str) -> None:
    def waits(told: Any) -> bool:
        return told.state is FeedState.DOWN and told.retry_s > 60

    async with rigged(venue, None, through=through, prepare=nothing) as rig:
        await rig.live()
        rig.exchange.handshake_fault = (429, {"Retry-After": "1000000000000"})
        await rig.exchange.close_sockets()
        await rig.eventually(lambda: any(map(waits, rig.statuses())))
        assert max(each.retry_s for each in rig.statuses()) <= LONGEST_WAIT_S
