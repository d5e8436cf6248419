"""How Bitget v2 words things: arguments, a CRC32 with each update and none with a snapshot, pings as texts.

From Bitget's v2 websocket and market documentation.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import zip_longest
from typing import Any
from zlib import crc32

from tests.exchanges.captures import DecimalBook
from tests.exchanges.exchange import BOOK, OTHER, TRADES, Ask, Exchange, Wording
from tests.exchanges.tape import Change, Print

CHANNELS = {"books": BOOK, "trade": TRADES, "trades": TRADES}
LEVERS = [
    {"level": "1", "startUnit": "0", "endUnit": "150000", "leverage": "125", "keepMarginRate": "0.004"},
    {"level": "2", "startUnit": "150000", "endUnit": "900000", "leverage": "100", "keepMarginRate": "0.005"},
    {"level": "3", "startUnit": "900000", "endUnit": "12000000", "leverage": "50", "keepMarginRate": "0.01"},
    {
        "level": "4",
        "startUnit": "12000000",
        "endUnit": "400000000",
        "leverage": "1",
        "keepMarginRate": "0.6",
    },
]
"""The shape of its documentation, with the figures of its article on tiered maintenance."""


class Bitget(Wording):
    exchange, symbol, name = "bitget", "BTC/USDT", "BTCUSDT"
    scales = (1, 3)
    checksums = True
    product = "SPOT"

    def __init__(self) -> None:
        self.number = 100

    def pong(self, text: str) -> str | None:
        return "pong" if text == "ping" else None

    def asked(self, frame: dict[str, Any]) -> Ask:
        channels = {CHANNELS.get(arg["channel"], OTHER) for arg in frame["args"]}
        answers = (json.dumps({"event": frame["op"], "arg": arg}) for arg in frame["args"])
        return Ask(frame["op"], frozenset(channels), tuple(answers))

    def refusal(self, frame: dict[str, Any]) -> str:
        words = {"code": 30001, "msg": f"instType:SPOT,channel:books,instId:{self.name} doesn't exist"}
        return json.dumps({"event": "error", "arg": frame["args"][0], **words})

    def snapshot(self, book: DecimalBook, at_ms: int) -> list[str]:
        return [self._book("snapshot", *book.top(200), {"seq": self.number}, at_ms)]

    def update(self, change: Change, book: DecimalBook, at_ms: int) -> list[str]:
        self.number += 1
        more = {"checksum": checksum(book, self) + self.checksum_error, "seq": self.number}
        return [self._book("update", change.bids, change.asks, more, at_ms)]

    def _book(self, action: str, bids: Any, asks: Any, more: dict[str, int], at_ms: int) -> str:
        book = {"asks": self.levels(asks), "bids": self.levels(bids), "ts": str(at_ms), **more}
        return self._frame("books", action, [book], at_ms)

    def _frame(self, channel: str, action: str, rows: list[Any], at_ms: int) -> str:
        arg = {"instType": self.product, "channel": channel, "instId": self.name}
        return json.dumps({"action": action, "arg": arg, "data": rows, "ts": at_ms})

    def trades(self, prints: list[Print]) -> str:
        rows = [self._print(each) for each in reversed(prints)]
        return self._frame("trade", "update", rows, prints[0].at_ms)

    def _print(self, each: Print) -> dict[str, Any]:
        row = {"ts": str(each.at_ms), "price": self.price(each.price), "size": self.size(each.qty)}
        return {**row, "side": each.side, "tradeId": f"11{each.number}"}

    def error(self) -> str:
        return json.dumps({"event": "error", "code": 30014, "msg": "Internal server error"})

    def rest(self, path: str, query: Mapping[str, str], exchange: Exchange) -> Any:
        rows: Any
        match path.rsplit("/", 1)[-1]:
            case "orderbook" | "merge-depth":
                bids, asks = exchange.sides()
                rows = {"asks": asks, "bids": bids, "ts": str(exchange.clock())}
            case "symbols" | "contracts":
                is_own = query.get("productType", "SPOT") == self.product
                rows = exchange.listed(self._listing(exchange)) if is_own else []
            case "candles" | "history-candles" | "history-mark-candles" | "history-index-candles" as what:
                rows = self._minutes(what, query, exchange)
            case "history-fund-rate" if exchange.funding and query["productType"] == self.product:
                told = {"fundingRate": exchange.funding.settled}
                rows = [{"symbol": self.name, **told, "fundingTime": str(exchange.funding.settled_ms)}]
            case "current-fund-rate" if exchange.funding and query["productType"] == self.product:
                told = {"fundingRate": exchange.funding.coming, "fundingRateInterval": "8"}
                rows = [{"symbol": self.name, **told, "nextUpdate": str(exchange.funding.next_ms)}]
            case "query-position-lever" if query["productType"] == self.product:
                rows = [{"symbol": query["symbol"], **row} for row in LEVERS]
            case "fills-history" | "fills":
                rows = [
                    {**self._print(each), "symbol": self.name} for each in reversed(exchange.newest(query))
                ]
            case _:
                rows = []
        return {"code": "00000", "msg": "success", "requestTime": exchange.clock(), "data": rows}

    def _minutes(self, what: str, query: Mapping[str, str], exchange: Exchange) -> list[list[str]]:
        """Oldest first, the newest ones before the end; a page of mark or index holds two hundred."""
        kind = "last" if what in ("candles", "history-candles") else what.split("-")[1]
        assert kind == "last" or int(query["limit"]) <= 200
        start, end = int(query.get("startTime", 0)), int(query.get("endTime", 1 << 60))
        found = exchange.minutes_of(kind, start, end, most=10_000)[-int(query["limit"]) :]
        return [[str(each.at_ms), *each[1:], "0", "0"] for each in found]

    def _listing(self, exchange: Exchange) -> dict[str, Any]:
        status = "halt" if exchange.is_halted else "online"
        names = {"symbol": self.name, "baseCoin": "BTC", "quoteCoin": "USDT", "status": status}
        steps = {"pricePrecision": "1", "quantityPrecision": "3", "quotePrecision": "4"}
        return {**names, **steps, "minTradeUSDT": "1", "takerFeeRate": "0.002", "makerFeeRate": "0.002"}


class BitgetNumbered(Bitget):
    """As it words its books since the middle of 2026: naming the message before, without a checksum."""

    checksums = False

    def update(self, change: Change, book: DecimalBook, at_ms: int) -> list[str]:
        before, self.number = self.number, self.number + 3
        more = {"checksum": 0, "seq": self.number, "pseq": before}
        return [self._book("update", change.bids, change.asks, more, at_ms)]


class BitgetUsdtM(Bitget):
    symbol = "BTC/USDT:USDT"
    product = "USDT-FUTURES"

    def _listing(self, exchange: Exchange) -> dict[str, Any]:
        status = "maintain" if exchange.is_halted else "normal"
        names = {"symbol": self.name, "baseCoin": "BTC", "quoteCoin": "USDT", "symbolStatus": status}
        steps = {"pricePlace": "1", "priceEndStep": "1", "volumePlace": "3", "sizeMultiplier": "0.001"}
        limits = {"minTradeNum": "0.001", "minTradeUSDT": "5", "maxLever": "125", "minLever": "1"}
        kind = {"symbolType": "perpetual", "supportMarginCoins": ["USDT"], "fundInterval": "8"}
        return {**names, **steps, **limits, **kind, "takerFeeRate": "0.0006", "makerFeeRate": "0.0002"}


def checksum(book: DecimalBook, wording: Wording) -> int:
    """The 25 best levels, bid and ask by turns, as they are written; signed."""
    columns = [wording.levels(side) for side in book.top(25)]
    texts = [":".join(map(str, level)) for row in zip_longest(*columns) for level in row if level]
    value = crc32(":".join(texts).encode())
    return value - 2**32 if value >= 2**31 else value
