"""Frames of no book and no print: one that can not be read takes nobody's book along."""

from __future__ import annotations

import pytest

from tests.exchanges.exchange import Exchange
from tests.exchanges.rig import rigged
from tests.feeds.native.test_codecs import instrument, ready
from tradetui.domain.market_data import Side, Trade
from tradetui.feeds.ccxt.trades import reader_of
from tradetui.feeds.native.binance import BinanceVenue
from tradetui.feeds.native.bitget import BitgetVenue
from tradetui.feeds.native.bybit import BybitVenue
from tradetui.feeds.native.coinbase import CoinbaseVenue
from tradetui.feeds.native.kraken import KrakenVenue
from tradetui.feeds.native.kraken_futures import KrakenFuturesVenue
from tradetui.feeds.native.okx import OkxVenue
from tradetui.feeds.native.venue import AsideError, FrameError, PrintsMissing, Venue

QUOTES: dict[str, tuple[Venue, str, str]] = {
    "binance": (
        BinanceVenue(futures=False),
        "BTC/USDT",
        '{"u":4,"s":"BTCUSDT","b":"0.00000000","B":"0.00000000","a":"5.1","A":"2"}',
    ),
    "binance-usdm": (
        BinanceVenue(futures=True),
        "BTC/USDT:USDT",
        '{"e":"bookTicker","u":4,"s":"BTCUSDT","b":"0","B":"0","a":"5.1","A":"2","T":5,"E":5}',
    ),
    "coinbase": (
        CoinbaseVenue(),
        "BTC/USD",
        (
            '{"channel":"ticker","timestamp":"2026-01-01T00:00:00Z","sequence_num":0,"events":[{"type":"update",'
            '"tickers":[{"product_id":"BTC-USD","best_bid":"0","best_ask":"5.1"}]}]}'
        ),
    ),
    "kraken": (
        KrakenVenue(),
        "BTC/USD",
        (
            '{"channel":"ticker","type":"update","data":'
            '[{"symbol":"BTC/USD","bid":0.0,"bid_qty":0.0,"ask":5.1,"ask_qty":2.0}]}'
        ),
    ),
    "kraken-futures": (
        KrakenFuturesVenue(),
        "ETH/USD:ETH",
        '{"feed":"ticker","product_id":"PI_ETHUSD","time":5,"bid":0,"ask":5.1,"bid_size":0,"ask_size":2}',
    ),
    "bybit-linear": (
        BybitVenue(linear=True),
        "BTC/USDT:USDT",
        '{"topic":"tickers.BTCUSDT","type":"snapshot","ts":5,"data":{"symbol":"BTCUSDT","markPrice":""}}',
    ),
    "bitget": (
        BitgetVenue(),
        "BTC/USDT",
        (
            '{"action":"snapshot","arg":{"instType":"SPOT","channel":"ticker","instId":"BTCUSDT"},'
            '"data":[{"ts":"5","bidPr":"","bidSz":"","askPr":"5.1","askSz":"2"}]}'
        ),
    ),
    "okx": (
        OkxVenue(),
        "BTC/USDT",
        (
            '{"arg":{"channel":"tickers","instId":"BTC-USDT"},'
            '"data":[{"instId":"BTC-USDT","bidPx":"","bidSz":"","askPx":"5.1","askSz":"2","ts":"5"}]}'
        ),
    ),
}
"""Quotes of a book without bids."""


def nothing(_exchange: Exchange) -> None:
    """Plant no fault."""


@pytest.mark.parametrize(("venue", "symbol", "frame"), QUOTES.values(), ids=QUOTES)
def test_a_quote_of_an_empty_side_is_told_from_a_frame_of_a_book(
    venue: Venue, symbol: str, frame: str
) -> None:
    with pytest.raises(AsideError):
        ready(venue, symbol).decode(frame.encode(), 1)
    with pytest.raises(FrameError) as raised:
        ready(venue, symbol).decode(b'{"channel":"book","topic":"orderbook.200.X","data":7,"feed":3', 1)
    assert not isinstance(raised.value, AsideError)


@pytest.mark.parametrize("name", [name for name in QUOTES if name != "coinbase"])
async def test_a_quote_that_can_not_be_read_is_counted_and_the_book_goes_on(name: str) -> None:
    async with rigged(name, None, prepare=nothing) as rig:
        await rig.live()
        for socket in list(rig.exchange.sockets):
            await rig.exchange.send(socket, QUOTES[name][2])
        await rig.exchange.changes(3)
        await rig.synced()
        assert rig.feed.stats(rig.symbol).bad_messages >= 1
        assert (rig.feed.stats(rig.symbol).gaps, rig.statuses()) == (0, [])


def test_prints_that_were_agreed_beside_the_book_are_no_prints_by_stream_and_by_rest() -> None:
    """They fill nobody in the book and move no last price, however far from it they are."""
    row = '{"T":5,"s":"BTCUSDT","S":"Buy","v":"1","p":"9","i":"a","BT":%s}'
    frame = '{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":5,"data":[%s,%s]}'
    both = frame % (row % "true", (row % "false").replace('"a"', '"b"'))
    told = ready(BybitVenue(linear=False), "BTC/USDT").decode(both.encode(), 1)
    assert [each.trade_id for each in told if isinstance(each, Trade)] == ["b"]
    reader, known = (
        reader_of("bybit", "BTC/USDT"),
        {"price": 9.0, "amount": 1.0, "side": "buy", "timestamp": 5},
    )
    assert reader.read({**known, "id": "a", "info": {"isBlockTrade": True}}, 1) is None
    ordinary = reader.read({**known, "id": "b", "info": {"isBlockTrade": False}}, 1)
    assert ordinary is not None
    assert ordinary.aggressor is Side.BUY


@pytest.mark.parametrize(
    ("kind", "count"), [("fill", 1), ("liquidation", 1), ("block", 0), ("assignment", 0)]
)
def test_kraken_futures_prints_beside_the_book_are_counted_and_not_told(kind: str, count: int) -> None:
    venue = KrakenFuturesVenue()
    (line,) = venue.lines([instrument("ETH/USD:ETH")])
    list(venue.subscribe(line))
    frame = (
        '{"feed":"trade","product_id":"PI_ETHUSD","uid":"u","side":"sell","type":"%s","seq":%d,'
        '"time":5,"qty":4,"price":9.5}'
    )
    items = list(venue.decode((frame % (kind, 7)).encode(), 1))
    assert sum(isinstance(each, Trade) for each in items) == count
    following = venue.decode((frame % ("fill", 8)).encode(), 1)
    assert not any(isinstance(each, PrintsMissing) for each in following)
    row = {"price": 9.5, "amount": 4.0, "side": "sell", "timestamp": 5, "id": "u", "info": {"type": kind}}
    assert (reader_of("krakenfutures", "ETH/USD:ETH").read(row, 1) is not None) is bool(count)
