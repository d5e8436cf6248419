from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.feeds import frames
from tradetui.domain.market_data import BestQuote, BookSnapshot, MarkPrice, Side, Trade
from tradetui.feeds.binance import BinanceCodec, DepthUpdate, FrameError, frame_kind

CODEC = BinanceCodec({"BTCUSDT": "BTC/USDT"})
TS = frames.START


def test_a_combined_trade_frame_becomes_a_trade_with_its_aggressor() -> None:
    read = CODEC.decode(frames.trade(7, price="61837.63000000", qty="0.02000000").encode(), TS)
    assert read == Trade("BTC/USDT", 1723161255342 * 10**6, TS, 61837.63, 0.02, Side.SELL, 7)


def test_a_bare_frame_reads_like_a_combined_one() -> None:
    combined = frames.depth(3, 5, bids='[["100.00","2.0"]]')
    bare = json.dumps(json.loads(combined)["data"])
    assert CODEC.decode(bare.encode(), TS) == CODEC.decode(combined.encode(), TS)


def test_a_depth_update_keeps_the_ids_of_its_sequence() -> None:
    read = CODEC.decode(frames.depth(3, 5, asks='[["101.5","0"]]', pu=2).encode(), TS)
    assert isinstance(read, DepthUpdate)
    assert (read.first_id, read.previous_id, read.delta.update_id) == (3, 2, 5)
    assert read.delta.asks == [(101.5, 0.0)]


def test_a_ticker_and_a_snapshot_and_a_mark_price_are_read() -> None:
    ticker = CODEC.decode(frames.quote().encode(), TS)
    assert ticker == BestQuote("BTC/USDT", 0, TS, 100.0, 3.5, 101.0, 1.25)
    book = CODEC.decode(frames.snapshot(9).encode(), TS)
    assert book == BookSnapshot("", 0, TS, [(100.0, 1.0)], [(101.0, 1.0)], 9)
    mark = b'{"e":"markPriceUpdate","E":1,"s":"BTCUSDT","p":"61800.5","i":"61801.25","r":"0.0001","T":2}'
    assert CODEC.decode(mark, TS) == MarkPrice("BTC/USDT", 10**6, TS, 61800.5, 61801.25)


@pytest.mark.parametrize("price", ["NaN", "nan", "inf", "-Infinity", "0", "0.000", "-1.5", "", "1e999", "x"])
def test_a_price_that_can_not_be_is_refused(price: str) -> None:
    with pytest.raises(FrameError, match="expected"):
        CODEC.decode(frames.trade(1, price=price).encode(), TS)
    with pytest.raises(FrameError):
        CODEC.decode(frames.depth(1, 2, bids=f'[["{price}","1.0"]]').encode(), TS)


@pytest.mark.parametrize("qty", ["NaN", "inf", "-0.5", "x"])
def test_a_size_that_can_not_be_is_refused(qty: str) -> None:
    with pytest.raises(FrameError):
        CODEC.decode(frames.depth(1, 2, bids=f'[["100","{qty}"]]').encode(), TS)


@pytest.mark.parametrize("missing", ["s", "t", "p", "q", "T", "m"])
def test_a_trade_without_one_of_its_fields_is_refused(missing: str) -> None:
    frame = json.loads(frames.trade(1))
    del frame["data"][missing]
    with pytest.raises(FrameError, match=r"expected|missing"):
        CODEC.decode(json.dumps(frame).encode(), TS)


@pytest.mark.parametrize(
    "frame",
    [b"", b"{", b"[1,2]", b"null", b'{"stream":"btcusdt@trade","data":7}', b'{"stream":"btcusdt@trade"}'],
)
def test_what_is_no_frame_is_refused(frame: bytes) -> None:
    with pytest.raises(FrameError):
        CODEC.decode(frame, TS)


def test_a_frame_of_another_symbol_and_a_time_of_zero_are_refused() -> None:
    with pytest.raises(FrameError, match="BTCUSDT"):
        CODEC.decode(frames.trade(1).replace("BTCUSDT", "TRXUSDT").encode(), TS)
    with pytest.raises(FrameError):
        CODEC.decode(frames.trade(1).replace("1723161255342", "0").encode(), TS)
    with pytest.raises(FrameError, match="U"):
        CODEC.decode(frames.depth(9, 5).encode(), TS)


def test_acknowledgements_and_other_streams_are_no_market_data() -> None:
    assert CODEC.decode(b'{"result":null,"id":1}', TS) is None
    assert CODEC.decode(b'{"stream":"btcusdt@kline_1m","data":{"e":"kline","s":"BTCUSDT"}}', TS) is None
    insurance = frames.trade(1).replace('"M":true', '"X":"INSURANCE_FUND"')
    assert CODEC.decode(insurance.encode(), TS) is None


def test_captured_single_messages_are_recognized(captures: Path) -> None:
    kinds = {}
    for path in (captures / "nautilus" / "ws_http_samples").rglob("*.json"):
        if "binance" in str(path).lower():
            try:
                kinds[path.name] = frame_kind(path.read_bytes())[0]
            except FrameError:
                kinds[path.name] = "refused"
    assert {"trade", "depthUpdate", "bookTicker"} & set(kinds.values())
