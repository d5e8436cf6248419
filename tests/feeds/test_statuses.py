"""A halt is seen between two readings of the whole list, at venues whose streams do not tell it."""

from __future__ import annotations

import json

import pytest

from tests.exchanges.exchange import Exchange
from tests.exchanges.rig import Rig, rigged
from tests.feeds.native.test_codecs import instrument
from tradetui.domain.instrument import InstrumentStatus
from tradetui.domain.market_data import FeedState, InstrumentListed
from tradetui.feeds.ccxt import rest
from tradetui.feeds.native.coinbase import CoinbaseVenue
from tradetui.feeds.native.venue import Closed

WAYS = [
    ("binance", "native"),
    ("bybit-linear", "native"),
    ("bitget-usdt-m", "native"),
    ("coinbase", "native"),
    ("binance", "ccxt"),
]


def nothing(_exchange: Exchange) -> None:
    """Plant no fault."""


def listed(rig: Rig) -> InstrumentStatus:
    return rig.collector.of(InstrumentListed)[-1].instrument.status


@pytest.mark.parametrize(("venue", "through"), WAYS)
async def test_a_halt_is_seen_long_before_the_list_is_read_again(
    venue: str, through: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest, "_STATUS_EVERY_S", 0.02)
    monkeypatch.setattr(rest, "_STATUS_REST_S", 0.02)
    monkeypatch.setattr(rest, "_HALTED_AGAIN_S", 3600.0)
    async with rigged(venue, None, through=through, prepare=nothing) as rig:
        await rig.live()
        rig.exchange.is_halted = True
        await rig.told(FeedState.HALTED, text="halted by the exchange")
        assert listed(rig) is InstrumentStatus.HALTED
        rig.exchange.is_halted = False
        await rig.healed()
        assert listed(rig) is InstrumentStatus.TRADING


async def test_a_list_that_can_not_be_read_again_is_said_until_it_can() -> None:
    async with rigged("okx", None, prepare=nothing, settings={"reload_s": 0.05}) as rig:
        await rig.live()
        rig.exchange.rest_faults["instruments"] = (503, {})
        status = await rig.told(FeedState.STREAMING, text="could not be read again")
        assert status.text.endswith("exchange unavailable (HTTP 503)")
        rig.exchange.rest_faults.clear()
        await rig.eventually(lambda: rig.statuses()[-1].text == "")
        assert [s for s in rig.statuses() if s.state is not FeedState.STREAMING] == []


def status(number: int, **by_name: str) -> bytes:
    products = [
        {"product_type": "SPOT", "id": name, "base_currency": name[:3], "status": word, "status_message": ""}
        for name, word in by_name.items()
    ]
    head = {"channel": "status", "client_id": "", "timestamp": "2026-01-01T00:00:00Z", "sequence_num": number}
    return json.dumps({**head, "events": [{"type": "snapshot", "products": products}]}).encode()


def test_coinbase_tells_which_products_are_not_online() -> None:
    venue = CoinbaseVenue()
    (line,) = venue.lines([instrument("BTC/USD")])
    assert any('"status"' in frame for frame in venue.subscribe(line))
    offline = status(0, **{"BTC-USD": "offline", "ETH-USD": "offline"})
    assert venue.decode(offline, 5) == [Closed("the exchange says: offline", "BTC/USD")]
    assert venue.decode(status(1, **{"BTC-USD": "online"}), 5) == [Closed("", "BTC/USD")]
    assert venue.decode(status(2, **{"BTC-USD": ""}), 5) == []
