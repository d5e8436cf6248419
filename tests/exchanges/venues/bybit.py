"""How Bybit v5 words things, spot and linear: topics, `u` counted by one, snapshots in the same topic.

From Bybit's v5 websocket and market documentation.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.exchanges.captures import DecimalBook
from tests.exchanges.exchange import BOOK, OTHER, TRADES, Ask, Exchange, Funding, Wording
from tests.exchanges.tape import Change, Print

CHANNELS = {"orderbook": BOOK, "publicTrade": TRADES}

RISK_LIMITS = [
    {"id": 1, "riskLimitValue": "2000000", "maintenanceMargin": "0.005", "initialMargin": "0.01"}
    | {"symbol": "BTCUSDT", "isLowestRisk": 1, "maxLeverage": "100.00", "mmDeduction": ""},
    {"id": 2, "riskLimitValue": "2600000", "maintenanceMargin": "0.0056", "initialMargin": "0.0111"}
    | {"symbol": "BTCUSDT", "isLowestRisk": 0, "maxLeverage": "90.00", "mmDeduction": "1200"},
    {"id": 3, "riskLimitValue": "3200000", "maintenanceMargin": "0.0062", "initialMargin": "0.0125"}
    | {"symbol": "BTCUSDT", "isLowestRisk": 0, "maxLeverage": "80.00", "mmDeduction": "2760"},
]
"""Rows as its documentation of the endpoint shows them; a deduction of none is an empty text."""


class Bybit(Wording):
    exchange, symbol, name = "bybit", "BTC/USDT", "BTCUSDT"
    scales = (1, 3)
    category = "spot"

    def __init__(self) -> None:
        self.number = 40

    def pong(self, text: str) -> str | None:
        if '"ping"' not in text:
            return None
        return json.dumps({"success": True, "ret_msg": "pong", "conn_id": "x", "op": "ping"})

    def asked(self, frame: dict[str, Any]) -> Ask:
        channels = {CHANNELS.get(topic.partition(".")[0], OTHER) for topic in frame["args"]}
        answer = {"success": True, "ret_msg": frame["op"], "conn_id": "x", "op": frame["op"]}
        answer |= {"req_id": frame["req_id"]} if "req_id" in frame else {}
        return Ask(frame["op"], frozenset(channels), (json.dumps(answer),))

    def refusal(self, frame: dict[str, Any]) -> str:
        words = f"error:handler not found,topic:orderbook.200.{self.name}"
        return json.dumps({"success": False, "ret_msg": words, "conn_id": "x", "op": "subscribe"})

    def snapshot(self, book: DecimalBook, at_ms: int) -> list[str]:
        return [self._book("snapshot", *book.top(200), at_ms)]

    def update(self, change: Change, book: DecimalBook, at_ms: int) -> list[str]:
        self.number += 1
        return [self._book("delta", change.bids, change.asks, at_ms)]

    def _book(self, kind: str, bids: Any, asks: Any, at_ms: int) -> str:
        data = {"s": self.name, "b": self.levels(bids), "a": self.levels(asks), "u": self.number}
        topic = {"topic": f"orderbook.200.{self.name}", "type": kind, "ts": at_ms, "cts": at_ms}
        return json.dumps({**topic, "data": {**data, "seq": self.number * 7}})

    def trades(self, prints: list[Print]) -> str:
        rows = [
            {"T": each.at_ms, "s": self.name, "S": each.side.capitalize(), "v": self.size(each.qty)}
            | {"p": self.price(each.price), "L": "PlusTick", "i": self.uid(each.number), "BT": False}
            for each in prints
        ]
        topic = {"topic": f"publicTrade.{self.name}", "type": "snapshot", "ts": prints[0].at_ms}
        return json.dumps({**topic, "data": rows})

    def uid(self, number: int) -> str:
        """Spot counts its trades, linear names them."""
        return f"22900000000{number}" if self.category == "spot" else f"9dc75fca-4bdd-4773-9f78-{number:012d}"

    def error(self) -> str:
        return json.dumps({"success": False, "ret_msg": "Internal server error", "conn_id": "x", "op": ""})

    def rest(self, path: str, query: Mapping[str, str], exchange: Exchange) -> Any:
        if path.endswith("/orderbook"):
            bids, asks = exchange.sides()
            book = {"s": self.name, "b": bids, "a": asks, "ts": exchange.clock(), "u": self.number, "seq": 1}
            return {"retCode": 0, "retMsg": "OK", "result": book, "time": exchange.clock()}
        match path.rsplit("/", 1)[-1]:
            case "instruments-info":
                is_own = query.get("category") == self.category
                rows: list[Any] = exchange.listed(self._listing(exchange)) if is_own else []
            case "recent-trade":
                rows = [self._recent(each) for each in reversed(exchange.newest(query))]
            case "kline" | "mark-price-kline" | "index-price-kline" as what if query["interval"] == "1":
                assert (query["category"], query["symbol"]) == (self.category, self.name)
                kind = "last" if what == "kline" else what.partition("-")[0]
                found = exchange.minutes_of(kind, int(query.get("start", 0)), most=int(query["limit"]))
                amounts = ["1", "60000"] if kind == "last" else []
                rows = [[str(each.at_ms), *each[1:], *amounts] for each in reversed(found)]
            case "history" | "tickers" as what if self.category == "linear" and exchange.funding:
                assert what == "tickers" or query["symbol"] == self.name
                rows = [self._funding(what, exchange.funding)]
            case "open-interest" if self.category == "linear":
                rows = [{"openInterest": "49303.511", "timestamp": str(exchange.clock())}]
            case "risk-limit" if query.get("category") == self.category and query.get("symbol") == self.name:
                rows = RISK_LIMITS
            case _:
                rows = []
        result = {"category": self.category, "list": rows, "nextPageCursor": ""}
        return {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": exchange.clock()}

    def _funding(self, what: str, funding: Funding) -> dict[str, str]:
        if what == "history":
            rate = {"fundingRate": funding.settled, "fundingRateTimestamp": str(funding.settled_ms)}
            return {"symbol": self.name, **rate}
        rate = {"fundingRate": funding.coming, "nextFundingTime": str(funding.next_ms)}
        prices = {"lastPrice": "60000.1", "price24hPcnt": "0.0171", "turnover24h": "1200", "volume24h": "2"}
        interest = {"openInterest": "68744.761", "openInterestValue": "1183601235.91"}
        return {"symbol": self.name, **prices, **interest, **rate}

    def _listing(self, exchange: Exchange) -> dict[str, Any]:
        status = "Closed" if exchange.is_halted else "Trading"
        names = {"symbol": self.name, "baseCoin": "BTC", "quoteCoin": "USDT", "status": status}
        lot = {"minOrderQty": "0.001", "maxOrderQty": "100", "basePrecision": "0.001", "qtyStep": "0.001"}
        filters = {"lotSizeFilter": lot, "priceFilter": {"tickSize": "0.1"}}
        if self.category == "spot":
            return {**names, **filters}
        contract = {"contractType": "LinearPerpetual", "settleCoin": "USDT", "deliveryTime": "0"}
        return {**names, **filters, **contract, "leverageFilter": {"maxLeverage": "100"}}

    def _recent(self, each: Print) -> dict[str, Any]:
        row = {"execId": self.uid(each.number), "symbol": self.name, "price": self.price(each.price)}
        side = {"size": self.size(each.qty), "side": each.side.capitalize()}
        return {**row, **side, "time": str(each.at_ms), "isBlockTrade": False}


class BybitLinear(Bybit):
    symbol = "BTC/USDT:USDT"
    category = "linear"
