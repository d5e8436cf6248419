"""Open interest, liquidations, funding and changed statuses, as each venue's streams tell them."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.feeds.native.test_codecs import INVERSE, LINEAR, SPOT, instrument, ready, sample
from tests.runtime.views_scene import Scene
from tradetui.domain.instrument import InstrumentStatus
from tradetui.domain.market_data import FundingRate, Liquidation, MarkPrice, OpenInterest, Side, Trade
from tradetui.feeds.native.binance import BinanceVenue
from tradetui.feeds.native.bybit import BybitVenue
from tradetui.feeds.native.kraken import KrakenVenue
from tradetui.feeds.native.kraken_futures import KrakenFuturesVenue
from tradetui.feeds.native.okx import OkxVenue
from tradetui.feeds.native.venue import Closed, Item, Refused, Restated, Said, Venue

MS = 1_000_000
AT = 1_746_947_317_401


def read(venue: Venue, **frame: Any) -> list[Item]:
    return list(venue.decode(json.dumps(frame).encode(), 5))


def closed(items: list[Item]) -> list[Closed]:
    return [item for item in items if isinstance(item, Closed)]


@pytest.mark.captures
def test_binance_tells_what_a_liquidation_was_filled_at(captures: Path) -> None:
    venue = ready(BinanceVenue(futures=True), LINEAR)
    frame = sample(captures, "binance/futures/market_data_json/liquidation_stream")
    order = json.loads(frame)["o"]
    (found,) = venue.decode(frame, 5)
    assert found == Liquidation(
        LINEAR, order["T"] * MS, 5, float(order["ap"]), float(order["z"]), Side(order["S"].lower())
    )
    other = json.loads(frame)
    other["o"]["s"] = "DOGEUSDT"
    assert list(venue.decode(json.dumps(other).encode(), 5)) == []


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("TRADING", InstrumentStatus.TRADING),
        ("PENDING_TRADING", InstrumentStatus.HALTED),
        ("SETTLING", InstrumentStatus.SETTLING),
        ("CLOSE", InstrumentStatus.DELISTED),
    ],
)
def test_binance_tells_a_contracts_new_status(word: str, status: InstrumentStatus) -> None:
    venue = ready(BinanceVenue(futures=True), LINEAR)
    assert read(venue, e="contractInfo", E=AT, s="BTCUSDT", cs=word) == [Restated(LINEAR, status)]
    assert read(venue, e="contractInfo", E=AT, s="XYZUSDT", cs=word) == []


@pytest.mark.captures
def test_bybit_tells_open_interest_with_its_ticker_and_only_when_it_changed(captures: Path) -> None:
    venue = ready(BybitVenue(linear=True), LINEAR)
    frame = sample(captures, "bybit/ws_ticker_linear")
    data = json.loads(frame)["data"]
    _, interest, mark, *_ = venue.decode(frame, 5)
    assert isinstance(interest, OpenInterest)
    assert interest.qty == float(data["openInterest"])
    assert isinstance(mark, MarkPrice)
    assert mark.mark == float(data["markPrice"])
    (only,) = read(venue, topic="tickers.BTCUSDT", ts=AT, data={"symbol": "BTCUSDT", "markPrice": "17000"})
    assert isinstance(only, MarkPrice)


def test_bybit_names_the_position_so_the_closing_order_is_on_the_other_side() -> None:
    venue = ready(BybitVenue(linear=True), LINEAR)
    rows = [{"T": AT, "s": "BTCUSDT", "S": side, "v": "0.25", "p": "61000.5"} for side in ("Buy", "Sell")]
    found = read(venue, topic="allLiquidation.BTCUSDT", type="snapshot", ts=AT, data=rows)
    assert found == [Liquidation(LINEAR, AT * MS, 5, 61000.5, 0.25, side) for side in (Side.SELL, Side.BUY)]


def test_okx_tells_liquidations_of_all_swaps_and_ours_are_kept() -> None:
    venue = ready(OkxVenue(), LINEAR)
    detail = {"bkLoss": "0", "bkPx": "60990.1", "posSide": "long", "side": "sell", "sz": "13", "ts": str(AT)}
    names = ("BTC-USDT-SWAP", "IOST-USDT-SWAP")
    rows = [{"details": [detail], "instId": name, "instType": "SWAP"} for name in names]
    found = read(venue, arg={"channel": "liquidation-orders", "instType": "SWAP"}, data=rows)
    assert found == [Liquidation(LINEAR, AT * MS, 5, 60990.1, 13.0, Side.SELL)]


def test_okx_tells_open_interest_and_funding() -> None:
    venue = ready(OkxVenue(), LINEAR)
    name = "BTC-USDT-SWAP"
    row = {"instType": "SWAP", "instId": name, "oi": "2216113.01", "oiCcy": "22161.1301", "ts": str(AT)}
    assert read(venue, arg={"channel": "open-interest", "instId": name}, data=[row]) == [
        OpenInterest(LINEAR, AT * MS, 5, 2216113.01)
    ]
    row = {"instId": name, "fundingRate": "0.0001875", "fundingTime": str(AT + 60_000), "ts": str(AT)}
    assert read(venue, arg={"channel": "funding-rate", "instId": name}, data=[row]) == [
        FundingRate(LINEAR, AT * MS, 5, 0.0001875, (AT + 60_000) * MS)
    ]


@pytest.mark.captures
def test_okx_tells_a_suspension(captures: Path) -> None:
    venue = ready(OkxVenue(), LINEAR)
    frame = sample(captures, "okx/ws_instruments")
    assert list(venue.decode(frame, 5)) == [Restated(LINEAR, InstrumentStatus.TRADING)]
    halted = frame.replace(b'"state": "live"', b'"state": "suspend"')
    assert halted != frame
    assert list(venue.decode(halted, 5)) == [Restated(LINEAR, InstrumentStatus.HALTED)]


def test_kraken_futures_names_the_products_whose_subscription_failed() -> None:
    venue = ready(KrakenFuturesVenue(), INVERSE)
    failed = read(venue, event="subscribed_failed", feed="book", product_ids=["PI_XBTUSD"])
    assert failed == [Refused("the subscription of book failed", INVERSE)]
    for words in ("Already subscribed to feed, re-requesting", "Not subscribed to requested feed"):
        assert read(venue, event="error", message=words) == []
    assert read(venue, event="error", message="Bad request") == [Refused("Bad request")]


@pytest.mark.captures
def test_kraken_futures_tells_open_interest_suspensions_and_liquidating_prints(captures: Path) -> None:
    venue = ready(KrakenFuturesVenue(), INVERSE)
    frame = json.loads(sample(captures, "kraken/ws_futures_ticker"))
    items = read(venue, **frame)
    assert [item.qty for item in items if isinstance(item, OpenInterest)] == [frame["openInterest"]]
    assert closed(items) == [Closed("", INVERSE)]
    assert closed(read(venue, **frame)) == []
    suspended = {**frame, "suspended": True}
    assert closed(read(venue, **suspended)) == [Closed("trading suspended by the exchange", INVERSE)]
    assert closed(read(venue, **suspended)) == []
    assert closed(read(venue, **frame)) == [Closed("", INVERSE)]
    only_posts = closed(read(venue, **{**frame, "post_only": True}))
    assert only_posts == [Closed("the exchange says: post only", INVERSE)]
    print_ = {"feed": "trade", "product_id": "PI_XBTUSD", "uid": "u", "side": "sell", "seq": 1, "time": AT}
    trade, liquidation = read(venue, **print_, qty=15, price=21980.0, type="liquidation")
    assert isinstance(trade, Trade)
    assert liquidation == Liquidation(INVERSE, AT * MS, 5, 21980.0, 15.0, Side.SELL)
    assert len(read(venue, **print_, qty=15, price=21980.0, type="fill")) == 1


@pytest.mark.captures
def test_kraken_tells_a_pairs_new_status(captures: Path) -> None:
    venue = ready(KrakenVenue(), "BTC/USD")
    whole = json.loads((captures / "kraken_v2" / "instrument_snapshot.json").read_bytes())
    ours = [item for item in read(venue, **whole) if isinstance(item, Restated)]
    pair = next(pair for pair in whole["data"]["pairs"] if pair["symbol"] == "BTC/USD")
    assert pair["status"] == "online"
    assert ours == [Restated("BTC/USD", InstrumentStatus.TRADING)]
    pair["status"] = "cancel_only"
    assert read(venue, channel="instrument", type="update", data={"pairs": [pair]}) == [
        Restated("BTC/USD", InstrumentStatus.HALTED)
    ]


def test_spot_asks_for_nothing_of_contracts() -> None:
    for venue in (BybitVenue(linear=False), OkxVenue(), BinanceVenue(futures=False)):
        lines = venue.lines([instrument(SPOT)])
        words = "".join(text for line in lines for text in venue.subscribe(line)).lower()
        assert not any(word in words for word in ("liquidation", "forceorder", "interest", "funding"))


def test_contracts_ask_for_all_of_them_within_the_frames_that_a_venue_takes() -> None:
    for venue, wanted in (
        (BybitVenue(linear=True), ("allLiquidation.BTCUSDT", "tickers.BTCUSDT")),
        (OkxVenue(), ("liquidation-orders", "open-interest", "funding-rate", '"instType": "SWAP"')),
        (BinanceVenue(futures=True), ("btcusdt@forceOrder", "!contractInfo")),
    ):
        lines = venue.lines([instrument(LINEAR)])
        words = "".join(text for line in lines for text in venue.subscribe(line))
        assert all(word in words for word in wanted)


def test_a_refusal_of_what_may_be_missing_is_said_and_halts_nothing() -> None:
    bybit, okx, kraken = BybitVenue(linear=True), OkxVenue(), KrakenVenue()
    refused = {"op": "subscribe", "success": False}
    (said,) = read(
        ready(bybit, LINEAR), **refused, ret_msg="error:handler not found,topic:allLiquidation.BTCUSDT"
    )
    assert isinstance(said, Said)
    (halted,) = read(bybit, **refused, ret_msg="error:handler not found,topic:orderbook.200.BTCUSDT")
    assert halted == Refused("error:handler not found,topic:orderbook.200.BTCUSDT", LINEAR)
    message = 'Invalid request: {"op":"subscribe","args":[{"channel":"liquidation-orders"}]}'
    (said,) = read(ready(okx, LINEAR), event="error", code="60012", msg=message)
    assert isinstance(said, Said)
    ready(kraken, "BTC/USD")
    frames = [json.loads(frame) for frame in kraken.subscribe(kraken.lines([instrument("BTC/USD")])[0])]
    (asked,) = [frame for frame in frames if frame["params"]["channel"] == "instrument"]
    answer = {
        "method": "subscribe",
        "success": False,
        "error": "Unsupported field",
        "req_id": asked["req_id"],
    }
    (said,) = read(kraken, **answer)
    assert isinstance(said, Said)
    (halted,) = read(kraken, **{**answer, "req_id": 1})
    assert isinstance(halted, Refused)


def test_bybit_asks_for_liquidations_in_frames_of_their_own() -> None:
    venue = BybitVenue(linear=True)
    lines = venue.lines([instrument(LINEAR), instrument("ETH/USDT:USDT")])
    frames = [json.loads(text)["args"] for line in lines for text in venue.subscribe(line)]
    mixed = [args for args in frames if any("allLiquidation" in topic for topic in args)]
    assert mixed == [["allLiquidation.BTCUSDT", "allLiquidation.ETHUSDT"]]


def test_a_tape_shows_a_liquidation_apart_and_counts_no_volume() -> None:
    scene = Scene().begin()
    scene.trade(60010.0, 0.25)
    ts = scene.now + 1
    scene.feed(Liquidation(scene.symbol, ts, ts, 60_001.0, 3.0, Side.SELL))
    scene.feed(OpenInterest(scene.symbol, ts, ts, 5_000.0))
    tape = scene.frame().tape
    assert tape is not None
    assert [(row.price, row.liquidation) for row in tape.rows[:2]] == [(60_001.0, True), (60_010.0, False)]
    assert tape.open_interest == 5_000.0
    market = scene.engine.markets[scene.symbol]
    assert market.tape.volume == pytest.approx(float(Decimal("0.25")))
    assert market.last_price == 60_010.0
