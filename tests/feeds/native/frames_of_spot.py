"""Frames of spot markets as venues document them, each with what it says; those that contracts share, too."""

from __future__ import annotations

import json
from typing import Any, Final

from tradetui.domain.instrument import InstrumentStatus
from tradetui.domain.market_data import (
    BestQuote,
    BookDelta,
    BookSnapshot,
    Side,
    Ticker,
    Trade,
)
from tradetui.feeds.native.venue import Closed, Restated

NOW: Final = 1_800_000_000_000_000_000
MS: Final = 1_000_000
SPOT, SWAP = "BTC/USDT", "BTC/USDT:USDT"
Cell = tuple[list[str], Any]
"""The frames, and what the last one says."""


COINBASE_TICKER = (
    '{"channel":"ticker","client_id":"","timestamp":"2026-04-07T14:30:03.000000Z","sequence_num":0,"events":[{'
    '"type":"snapshot","tickers":[{"type":"ticker","product_id":"BTC-USD","price":"68900.50","volume_24_h":"15328.5",'
    '"low_24_h":"67500.00","price_percent_chg_24_h":"1.85","best_bid":"68900.00","best_bid_quantity":"1.50000000",'
    '"best_ask":"68901.00","best_ask_quantity":"0.50000000"}]}]}'
)
KRAKEN_TICKER = (
    '{"channel":"ticker","type":"update","data":[{"symbol":"BTC/USD","bid":60000.1,"bid_qty":1.5,"ask":60000.2,'
    '"ask_qty":2.25,"last":60000.1,"volume":2000.5,"vwap":59500.0,"low":58000.0,"high":61000.0,"change":-600.0,'
    '"change_pct":-0.99,"timestamp":"2026-04-07T14:30:03.000000Z"}]}'
)
BITGET_TICKER = (
    '{"action":"snapshot","arg":{"instType":"SPOT","channel":"ticker","instId":"BTCUSDT"},"data":[{"instId":"BTCUSDT",'
    '"lastPr":"27000.5","open24h":"26400.0","change24h":"0.02274","bidPr":"27000.0","askPr":"27000.5","bidSz":"2.71",'
    '"askSz":"8.76","baseVolume":"5552.5","quoteVolume":"149000000.5","ts":"1695715383021"}],"ts":1695715383039}'
)


def okx(channel: str, name: str, **row: str) -> str:
    return json.dumps({"arg": {"channel": channel, "instId": name}, "data": [{"instId": name, **row}]})


OKX_TICKER = {"last": "9999.99", "lastSz": "0.1", "askPx": "9999.99", "askSz": "11", "bidPx": "8888.88"} | {
    "bidSz": "5",
    "open24h": "9000",
    "volCcy24h": "2222",
    "vol24h": "222200",
    "ts": "1597026383085",
}
OKX_BOOK = (
    '{"arg":{"channel":"books","instId":"%s"},"action":"snapshot","data":[{"asks":[["8476.98","415","0","13"]],'
    '"bids":[["8476.97","256","0","12"]],"ts":"1597026383085","checksum":0,"prevSeqId":-1,"seqId":123456}]}'
)
OKX_TRADE = {"tradeId": "130639474", "px": "42219.9", "sz": "0.12", "side": "buy", "ts": "1630048897897"}
BYBIT_BOOK = (
    '{"topic":"orderbook.200.BTCUSDT","type":"snapshot","ts":1672304484978,"data":{"s":"BTCUSDT",'
    '"b":[["16493.50","0.006"]],"a":[["16611.00","0.029"]],"u":18521288,"seq":7961638724},"cts":1672304484976}'
)
BYBIT_TRADE = (
    '{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":1672304486868,"data":[{"T":1672304486865,"s":"BTCUSDT",'
    '"S":"Buy","v":"0.001","p":"16578.50","L":"PlusTick","i":"20f43950-d8dd-5b31-9112-a178eb6023af","BT":false}]}'
)
BITGET_BOOK = (
    '{"action":"snapshot","arg":{"instType":"%s","channel":"books","instId":"BTCUSDT"},"data":[{"asks":[["27000.5",'
    '"8.760"]],"bids":[["27000.0","2.710"]],"checksum":0,"seq":123,"ts":"1695716059516"}],"ts":1695716059516}'
)
BITGET_TRADE = (
    '{"action":"update","arg":{"instType":"%s","channel":"trade","instId":"BTCUSDT"},"data":[{"ts":"1695709835822",'
    '"price":"26293.4","size":"0.0013","side":"buy","tradeId":"1000000000"}],"ts":1695711090682}'
)
DEPTH = '{"e":"depthUpdate","E":5,"T":5,"s":"BTCUSDT","U":157,"u":160,"b":[["0.5","10"]],"a":[["0.6","100"]]}'
PRINT = '{"e":"trade","E":5,"s":"BTCUSDT","t":12345,"p":"0.001","q":"100","T":4,"m":true,"X":"MARKET"}'
OF_SPOT: Final[dict[tuple[str, str], Cell]] = {
    ("binance", "book"): ([DEPTH], BookDelta(SPOT, 5 * MS, NOW, [(0.5, 10.0)], [(0.6, 100.0)], 160)),
    ("binance", "trades"): ([PRINT], Trade(SPOT, 4 * MS, NOW, 0.001, 100.0, Side.SELL, 12345)),
    ("binance", "quote"): (
        ['{"u":400900217,"s":"BTCUSDT","b":"25.35","B":"31.21","a":"25.36","A":"40.66"}'],
        BestQuote(SPOT, 0, NOW, 25.35, 31.21, 25.36, 40.66),
    ),
    ("coinbase", "book"): (
        [
            (
                '{"channel":"l2_data","timestamp":"2023-02-09T20:32:50.714965Z","sequence_num":0,"events":[{"type":'
                '"snapshot","product_id":"BTC-USD","updates":[{"side":"bid","price_level":"21921.73","new_quantity":'
                '"0.06"},{"side":"offer","price_level":"21921.8","new_quantity":"0.25"}]}]}'
            )
        ],
        BookSnapshot("BTC/USD", 1675974770714965000, NOW, [(21921.73, 0.06)], [(21921.8, 0.25)]),
    ),
    ("coinbase", "trades"): (
        [
            (
                '{"channel":"market_trades","timestamp":"2023-02-09T20:19:35.39625135Z","sequence_num":0,"events":[{'
                '"type":"update","trades":[{"trade_id":"12345","product_id":"BTC-USD","price":"1260.01","size":"0.3",'
                '"side":"BUY","time":"2019-08-14T20:42:27.265Z"}]}]}'
            )
        ],
        Trade("BTC/USD", 1565815347265000000, NOW, 1260.01, 0.3, Side.SELL, "12345"),
    ),
    ("coinbase", "quote"): (
        [COINBASE_TICKER],
        BestQuote("BTC/USD", 1775572203000000000, NOW, 68900.0, 1.5, 68901.0, 0.5),
    ),
    ("coinbase", "ticker"): ([COINBASE_TICKER], Ticker("BTC/USD", NOW, 68900.5, 1.85, 15328.5 * 68900.5)),
    ("coinbase", "status"): (
        [
            (
                '{"channel":"status","timestamp":"2023-02-09T20:29:49.753424311Z","sequence_num":0,"events":[{"type":'
                '"snapshot","products":[{"product_type":"SPOT","id":"BTC-USD","status":"delisted"}]}]}'
            )
        ],
        Closed("the exchange says: delisted", "BTC/USD"),
    ),
    ("kraken", "book"): (
        [
            (
                '{"channel":"book","type":"snapshot","data":[{"symbol":"BTC/USD","bids":[{"price":0.5666,"qty":4831.5}],'
                '"asks":[{"price":0.5668,"qty":4410.7}],"checksum":2439117997}]}'
            )
        ],
        BookSnapshot("BTC/USD", 0, NOW, [(0.5666, 4831.5)], [(0.5668, 4410.7)]),
    ),
    ("kraken", "trades"): (
        [
            (
                '{"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"sell","price":0.5117,"qty":40.0,'
                '"ord_type":"market","trade_id":4665906,"timestamp":"2023-09-25T07:49:37.708706Z"}]}'
            )
        ],
        Trade("BTC/USD", 1695628177708706000, NOW, 0.5117, 40.0, Side.SELL, 4665906),
    ),
    ("kraken", "quote"): (
        [KRAKEN_TICKER],
        BestQuote("BTC/USD", 1775572203000000000, NOW, 60000.1, 1.5, 60000.2, 2.25),
    ),
    ("kraken", "ticker"): ([KRAKEN_TICKER], Ticker("BTC/USD", NOW, 60000.1, -0.99, 2000.5 * 59500.0)),
    ("kraken", "status"): (
        [
            (
                '{"channel":"instrument","type":"update","data":{"assets":[],"pairs":[{"symbol":"BTC/USD","status":'
                '"reduce_only"}]}}'
            )
        ],
        Restated("BTC/USD", InstrumentStatus.CLOSE_ONLY),
    ),
    ("bybit", "book"): (
        [BYBIT_BOOK],
        BookSnapshot(SPOT, 1672304484978 * MS, NOW, [(16493.5, 0.006)], [(16611.0, 0.029)], 18521288),
    ),
    ("bybit", "trades"): (
        [BYBIT_TRADE],
        Trade(
            SPOT,
            1672304486865 * MS,
            NOW,
            16578.5,
            0.001,
            Side.BUY,
            "20f43950-d8dd-5b31-9112-a178eb6023af",
        ),
    ),
    ("bybit", "quote"): (
        [BYBIT_BOOK.replace("orderbook.200", "orderbook.1")],
        BestQuote(SPOT, 1672304484978 * MS, NOW, 16493.5, 0.006, 16611.0, 0.029),
    ),
    ("bitget", "book"): (
        [BITGET_BOOK % "SPOT"],
        BookSnapshot(SPOT, 1695716059516 * MS, NOW, [(27000.0, 2.71)], [(27000.5, 8.76)]),
    ),
    ("bitget", "trades"): (
        [BITGET_TRADE % "SPOT"],
        Trade(SPOT, 1695709835822 * MS, NOW, 26293.4, 0.0013, Side.BUY, "1000000000"),
    ),
    ("bitget", "quote"): (
        [BITGET_TICKER],
        BestQuote(SPOT, 1695715383021 * MS, NOW, 27000.0, 2.71, 27000.5, 8.76),
    ),
    ("bitget", "ticker"): ([BITGET_TICKER], Ticker(SPOT, NOW, 27000.5, 0.02274 * 100, 149000000.5)),
    ("okx", "book"): (
        [OKX_BOOK % "BTC-USDT"],
        BookSnapshot(SPOT, 1597026383085 * MS, NOW, [(8476.97, 256.0)], [(8476.98, 415.0)]),
    ),
    ("okx", "trades"): (
        [okx("trades", "BTC-USDT", **OKX_TRADE)],
        Trade(SPOT, 1630048897897 * MS, NOW, 42219.9, 0.12, Side.BUY, "130639474"),
    ),
    ("okx", "quote"): (
        [okx("tickers", "BTC-USDT", **OKX_TICKER)],
        BestQuote(SPOT, 1597026383085 * MS, NOW, 8888.88, 5.0, 9999.99, 11.0),
    ),
    ("okx", "ticker"): (
        [okx("tickers", "BTC-USDT", **OKX_TICKER)],
        Ticker(SPOT, NOW, 9999.99, (9999.99 / 9000 - 1) * 100, 2222.0),
    ),
    ("okx", "status"): (
        [okx("instruments", "BTC-USDT", state="suspend")],
        Restated(SPOT, InstrumentStatus.HALTED),
    ),
}
