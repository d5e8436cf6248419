"""Frames of contracts as venues document them, each with what it says."""

from __future__ import annotations

from typing import Final

from tests.feeds.native.frames_of_spot import (
    BITGET_BOOK,
    BITGET_TRADE,
    BYBIT_BOOK,
    BYBIT_TRADE,
    DEPTH,
    MS,
    NOW,
    OKX_BOOK,
    OKX_TICKER,
    OKX_TRADE,
    PRINT,
    SWAP,
    Cell,
    okx,
)
from tradetui.domain.instrument import InstrumentStatus
from tradetui.domain.market_data import (
    BestQuote,
    BookDelta,
    BookSnapshot,
    FundingRate,
    Liquidation,
    MarkPrice,
    OpenInterest,
    Side,
    Ticker,
    Trade,
)
from tradetui.feeds.native.venue import Closed, Restated

MARK_STREAM = (
    '{"e":"markPriceUpdate","E":1562305380000,"s":"BTCUSDT","p":"11794.15000000","i":"11784.62659091",'
    '"P":"11784.25641265","r":"0.00038167","T":1562306400000,"st":1}'
)
FUTURES_TICKER = (
    '{"time":1676393235406,"product_id":"PI_XBTUSD","funding_rate":-6.2604214e-11,"relative_funding_rate":'
    '-1.380384722222e-6,"next_funding_rate_time":1676394000000,"feed":"ticker","bid":21978.5,"ask":21987.0,'
    '"bid_size":2536.0,"ask_size":13948.0,"volume":31403908.0,"index":21984.54,"last":21983.5,"change":1.997,'
    '"suspended":false,"tag":"perpetual","openInterest":30072580.0,"markPrice":21979.68641534714,"post_only":false,'
    '"volumeQuote":31403908.0}'
)
LINEAR_TICKER = (
    '{"topic":"tickers.BTCUSDT","type":"snapshot","ts":1673272861686,"cs":24987956059,"data":{"symbol":"BTCUSDT",'
    '"price24hPcnt":"0.017103","lastPrice":"17216.00","prevPrice24h":"16926.50","markPrice":"17217.33",'
    '"indexPrice":"17227.36","openInterest":"68744.761","turnover24h":"1570383121.943499","volume24h":"91705.276",'
    '"nextFundingTime":"1673280000000","fundingRate":"-0.000212","bid1Price":"17215.50","bid1Size":"84.489",'
    '"ask1Price":"17216.00","ask1Size":"83.020"}}'
)
BITGET_FUTURES_TICKER = (
    '{"action":"snapshot","arg":{"instType":"USDT-FUTURES","channel":"ticker","instId":"BTCUSDT"},"data":[{"instId":'
    '"BTCUSDT","lastPr":"27000.5","bidPr":"27000","askPr":"27000.5","bidSz":"2.71","askSz":"8.76","open24h":"26400",'
    '"change24h":"-0.00025","fundingRate":"0.000010","nextFundingTime":"1695722400000","markPrice":"27000.0",'
    '"indexPrice":"25702.4","holdingAmount":"2010.5","baseVolume":"4.5","quoteVolume":"121000.5","symbolType":"1",'
    '"deliveryPrice":"0","ts":"1695715383021"}],"ts":1695715383039}'
)
OKX_MARK = okx("mark-price", "BTC-USDT-SWAP", instType="SWAP", markPx="42310.6", ts="1630049139746")
OKX_INDEX = okx("index-tickers", "BTC-USDT", idxPx="42300.1", open24h="42000", ts="1630049139800")
LIQUIDATED = (
    '{"e":"forceOrder","E":1568014460893,"o":{"s":"BTCUSDT","S":"SELL","o":"LIMIT","f":"IOC","q":"0.014",'
    '"p":"9910","ap":"9910","X":"FILLED","l":"0.014","z":"0.014","T":1568014460893}}'
)
FUTURES_TRADE = (
    '{"feed":"trade","product_id":"PI_XBTUSD","uid":"05af78ac-a774-478c-a50c-8b9c234e071e","side":"sell",'
    '"type":"%s","seq":653355,"time":1612266317519,"qty":15000.0,"price":34969.5}'
)
OF_CONTRACTS: Final[dict[tuple[str, str], Cell]] = {
    ("binance-usdm", "book"): ([DEPTH], BookDelta(SWAP, 5 * MS, NOW, [(0.5, 10.0)], [(0.6, 100.0)], 160)),
    ("binance-usdm", "trades"): ([PRINT], Trade(SWAP, 4 * MS, NOW, 0.001, 100.0, Side.SELL, 12345)),
    ("binance-usdm", "quote"): (
        [
            '{"e":"bookTicker","u":4,"E":8,"T":7,"s":"BTCUSDT","b":"25.35","B":"31.21","a":"25.36","A":"40.66"}'
        ],
        BestQuote(SWAP, 7 * MS, NOW, 25.35, 31.21, 25.36, 40.66),
    ),
    ("binance-usdm", "mark"): (
        [MARK_STREAM],
        MarkPrice(SWAP, 1562305380000 * MS, NOW, 11794.15, 11784.62659091),
    ),
    ("binance-usdm", "index"): (
        [MARK_STREAM],
        MarkPrice(SWAP, 1562305380000 * MS, NOW, 11794.15, 11784.62659091),
    ),
    ("binance-usdm", "funding"): (
        [MARK_STREAM],
        FundingRate(SWAP, 1562305380000 * MS, NOW, 0.00038167, 1562306400000 * MS),
    ),
    ("binance-usdm", "liquidation"): (
        [LIQUIDATED],
        Liquidation(SWAP, 1568014460893 * MS, NOW, 9910.0, 0.014, Side.SELL),
    ),
    ("binance-usdm", "status"): (
        ['{"e":"contractInfo","E":1669647330375,"s":"BTCUSDT","cs":"SETTLING"}'],
        Restated(SWAP, InstrumentStatus.SETTLING),
    ),
    ("kraken-futures", "book"): (
        [
            (
                '{"feed":"book_snapshot","product_id":"PI_XBTUSD","timestamp":1612269825817,"seq":326072249,"tickSize":null,'
                '"bids":[{"price":34892.5,"qty":6385.0}],"asks":[{"price":34911.5,"qty":20598.0}]}'
            )
        ],
        BookSnapshot(
            "BTC/USD:BTC",
            1612269825817 * MS,
            NOW,
            [(34892.5, 6385.0)],
            [(34911.5, 20598.0)],
            326072249,
        ),
    ),
    ("kraken-futures", "trades"): (
        [FUTURES_TRADE % "fill"],
        Trade(
            "BTC/USD:BTC",
            1612266317519 * MS,
            NOW,
            34969.5,
            15000.0,
            Side.SELL,
            "05af78ac-a774-478c-a50c-8b9c234e071e",
        ),
    ),
    ("kraken-futures", "liquidation"): (
        [FUTURES_TRADE % "liquidation"],
        Liquidation("BTC/USD:BTC", 1612266317519 * MS, NOW, 34969.5, 15000.0, Side.SELL),
    ),
    ("kraken-futures", "quote"): (
        [FUTURES_TICKER],
        BestQuote("BTC/USD:BTC", 1676393235406 * MS, NOW, 21978.5, 2536.0, 21987.0, 13948.0),
    ),
    ("kraken-futures", "ticker"): (
        [FUTURES_TICKER],
        Ticker("BTC/USD:BTC", NOW, 21983.5, 1.997, 31403908.0),
    ),
    ("kraken-futures", "mark"): (
        [FUTURES_TICKER],
        MarkPrice("BTC/USD:BTC", 1676393235406 * MS, NOW, 21979.68641534714, 21984.54),
    ),
    ("kraken-futures", "index"): (
        [FUTURES_TICKER],
        MarkPrice("BTC/USD:BTC", 1676393235406 * MS, NOW, 21979.68641534714, 21984.54),
    ),
    ("kraken-futures", "funding"): (
        [FUTURES_TICKER],
        FundingRate("BTC/USD:BTC", 1676393235406 * MS, NOW, -1.380384722222e-6, 1676394000000 * MS),
    ),
    ("kraken-futures", "interest"): (
        [FUTURES_TICKER],
        OpenInterest("BTC/USD:BTC", 1676393235406 * MS, NOW, 30072580.0),
    ),
    ("kraken-futures", "status"): (
        [FUTURES_TICKER.replace('"suspended":false', '"suspended":true')],
        Closed("trading suspended by the exchange", "BTC/USD:BTC"),
    ),
    ("bybit-linear", "book"): (
        [BYBIT_BOOK],
        BookSnapshot(SWAP, 1672304484978 * MS, NOW, [(16493.5, 0.006)], [(16611.0, 0.029)], 18521288),
    ),
    ("bybit-linear", "trades"): (
        [BYBIT_TRADE],
        Trade(
            SWAP,
            1672304486865 * MS,
            NOW,
            16578.5,
            0.001,
            Side.BUY,
            "20f43950-d8dd-5b31-9112-a178eb6023af",
        ),
    ),
    ("bybit-linear", "quote"): (
        [LINEAR_TICKER],
        BestQuote(SWAP, 1673272861686 * MS, NOW, 17215.5, 84.489, 17216.0, 83.02),
    ),
    ("bybit-linear", "ticker"): (
        [LINEAR_TICKER],
        Ticker(SWAP, NOW, 17216.0, 0.017103 * 100, 1570383121.943499),
    ),
    ("bybit-linear", "mark"): ([LINEAR_TICKER], MarkPrice(SWAP, 1673272861686 * MS, NOW, 17217.33, 17227.36)),
    ("bybit-linear", "index"): (
        [LINEAR_TICKER],
        MarkPrice(SWAP, 1673272861686 * MS, NOW, 17217.33, 17227.36),
    ),
    ("bybit-linear", "funding"): (
        [LINEAR_TICKER],
        FundingRate(SWAP, 1673272861686 * MS, NOW, -0.000212, 1673280000000 * MS),
    ),
    ("bybit-linear", "interest"): ([LINEAR_TICKER], OpenInterest(SWAP, 1673272861686 * MS, NOW, 68744.761)),
    ("bybit-linear", "liquidation"): (
        [
            (
                '{"topic":"allLiquidation.BTCUSDT","type":"snapshot","ts":1739502303204,"data":[{"T":1739502302929,'
                '"s":"BTCUSDT","S":"Sell","v":"20000","p":"0.04499"}]}'
            )
        ],
        Liquidation(SWAP, 1739502302929 * MS, NOW, 0.04499, 20000.0, Side.BUY),
    ),
    ("bitget-usdt-m", "book"): (
        [BITGET_BOOK % "USDT-FUTURES"],
        BookSnapshot(SWAP, 1695716059516 * MS, NOW, [(27000.0, 2.71)], [(27000.5, 8.76)]),
    ),
    ("bitget-usdt-m", "trades"): (
        [BITGET_TRADE % "USDT-FUTURES"],
        Trade(SWAP, 1695709835822 * MS, NOW, 26293.4, 0.0013, Side.BUY, "1000000000"),
    ),
    ("bitget-usdt-m", "quote"): (
        [BITGET_FUTURES_TICKER],
        BestQuote(SWAP, 1695715383021 * MS, NOW, 27000.0, 2.71, 27000.5, 8.76),
    ),
    ("bitget-usdt-m", "ticker"): ([BITGET_FUTURES_TICKER], Ticker(SWAP, NOW, 27000.5, -0.025, 121000.5)),
    ("bitget-usdt-m", "mark"): (
        [BITGET_FUTURES_TICKER],
        MarkPrice(SWAP, 1695715383021 * MS, NOW, 27000.0, 25702.4),
    ),
    ("bitget-usdt-m", "index"): (
        [BITGET_FUTURES_TICKER],
        MarkPrice(SWAP, 1695715383021 * MS, NOW, 27000.0, 25702.4),
    ),
    ("bitget-usdt-m", "funding"): (
        [BITGET_FUTURES_TICKER],
        FundingRate(SWAP, 1695715383021 * MS, NOW, 0.00001, 1695722400000 * MS),
    ),
    ("bitget-usdt-m", "interest"): (
        [BITGET_FUTURES_TICKER],
        OpenInterest(SWAP, 1695715383021 * MS, NOW, 2010.5),
    ),
    ("okx-swap", "book"): (
        [OKX_BOOK % "BTC-USDT-SWAP"],
        BookSnapshot(SWAP, 1597026383085 * MS, NOW, [(8476.97, 256.0)], [(8476.98, 415.0)]),
    ),
    ("okx-swap", "trades"): (
        [okx("trades", "BTC-USDT-SWAP", **OKX_TRADE)],
        Trade(SWAP, 1630048897897 * MS, NOW, 42219.9, 0.12, Side.BUY, "130639474"),
    ),
    ("okx-swap", "quote"): (
        [okx("tickers", "BTC-USDT-SWAP", **OKX_TICKER)],
        BestQuote(SWAP, 1597026383085 * MS, NOW, 8888.88, 5.0, 9999.99, 11.0),
    ),
    ("okx-swap", "ticker"): (
        [okx("tickers", "BTC-USDT-SWAP", **OKX_TICKER)],
        Ticker(SWAP, NOW, 9999.99, (9999.99 / 9000 - 1) * 100, 2222.0 * 9999.99),
    ),
    ("okx-swap", "mark"): ([OKX_MARK], MarkPrice(SWAP, 1630049139746 * MS, NOW, 42310.6)),
    ("okx-swap", "index"): (
        [OKX_INDEX, OKX_MARK],
        MarkPrice(SWAP, 1630049139746 * MS, NOW, 42310.6, 42300.1),
    ),
    ("okx-swap", "funding"): (
        [
            okx(
                "funding-rate",
                "BTC-USDT-SWAP",
                fundingRate="0.0001",
                fundingTime="1744590349506",
                ts="1744590349000",
            )
        ],
        FundingRate(SWAP, 1744590349000 * MS, NOW, 0.0001, 1744590349506 * MS),
    ),
    ("okx-swap", "interest"): (
        [okx("open-interest", "BTC-USDT-SWAP", oi="5000", oiCcy="555.55", ts="1630049139746")],
        OpenInterest(SWAP, 1630049139746 * MS, NOW, 5000.0),
    ),
    ("okx-swap", "liquidation"): (
        [
            (
                '{"arg":{"channel":"liquidation-orders","instType":"SWAP"},"data":[{"details":[{"bkLoss":"0","bkPx":"0.007831",'
                '"ccy":"","posSide":"short","side":"buy","sz":"13","ts":"1692266434010"}],"instId":"BTC-USDT-SWAP"}]}'
            )
        ],
        Liquidation(SWAP, 1692266434010 * MS, NOW, 0.007831, 13.0, Side.BUY),
    ),
    ("okx-swap", "status"): (
        [okx("instruments", "BTC-USDT-SWAP", state="suspend")],
        Restated(SWAP, InstrumentStatus.HALTED),
    ),
}
