"""How Binance words things, spot and USD-M: diffs counted by ids, books by REST, an ack for each request.

From Binance's web-socket-streams and market-data documentation.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tests.exchanges.captures import DecimalBook
from tests.exchanges.exchange import BOOK, OTHER, TRADES, Ask, Exchange, Wording
from tests.exchanges.tape import Change, Print

CHANNELS = {"depth": BOOK, "depth@100ms": BOOK, "trade": TRADES, "aggTrade": TRADES}


def batched(prints: list[Print], count: int) -> list[list[Print]]:
    return [prints[start : start + count] for start in range(0, len(prints), count)]


def sum_of(prints: list[Print]) -> Decimal:
    return sum((each.qty for each in prints), Decimal(0))


class Binance(Wording):
    exchange, symbol, name = "binance", "BTC/USDT", "BTCUSDT"
    scales = (2, 5)
    snapshot_by_rest = True
    tells_older = True
    is_futures = False

    def __init__(self) -> None:
        self.last_id = 1000

    def asked(self, frame: dict[str, Any]) -> Ask:
        asked = [name.partition("@")[2] for name in frame["params"]]
        # of contracts aggregated trades are told at another address: here they are confirmed, and never come
        channels = {OTHER if self.is_futures and c == "aggTrade" else CHANNELS.get(c, OTHER) for c in asked}
        answer = json.dumps({"result": None, "id": frame["id"]})
        return Ask(frame["method"].lower(), frozenset(channels), (answer,))

    def refusal(self, frame: dict[str, Any]) -> str:
        error = {"code": 2, "msg": "Invalid request: unknown stream BTCUSDT"}
        return json.dumps({"error": error, "id": frame["id"]})

    def snapshot(self, book: DecimalBook, at_ms: int) -> list[str]:
        raise NotImplementedError

    def update(self, change: Change, book: DecimalBook, at_ms: int) -> list[str]:
        before, self.last_id = self.last_id, self.last_id + 3
        event = {"e": "depthUpdate", "E": at_ms, "s": self.name, "U": before + 1, "u": self.last_id}
        event |= {"T": at_ms, "pu": before} if self.is_futures else {}
        return [json.dumps({**event, "b": self.levels(change.bids), "a": self.levels(change.asks)})]

    def trades(self, prints: list[Print]) -> str:
        (each,) = prints
        event = {"e": "trade", "E": each.at_ms, "s": self.name, "t": each.number, "T": each.at_ms}
        event |= {"p": self.price(each.price), "q": self.size(each.qty)}
        return json.dumps({**event, "m": each.side == "sell", "M": True, "X": "MARKET"})

    def error(self) -> str:
        return json.dumps({"error": {"code": 3, "msg": "Internal error; unable to process"}})

    def maintenance(self) -> str:
        return json.dumps({"e": "serverShutdown", "E": 1770123456789})

    def rest(self, path: str, query: Mapping[str, str], exchange: Exchange) -> Any:
        match path.rsplit("/", 1)[-1]:
            case "exchangeInfo":
                return {"timezone": "UTC", "symbols": exchange.listed(self._listing(exchange))}
            case "depth":
                return self._book(exchange)
            case "trades":
                return [self._recent(each) for each in exchange.newest(query)]
            case "aggTrades":
                since, number = int(query.get("startTime", 0)), int(query.get("fromId", 0))
                limit = min(int(query.get("limit", 500)), 1000)
                rows = [self._joined(each) for each in batched(exchange.prints, exchange.joins)]
                return [each for each in rows if each["T"] >= since and each["a"] >= number][:limit]
            case what if self.is_futures or what == "klines":
                return self._contracts(what, query, exchange)
        return None

    def _contracts(self, what: str, query: Mapping[str, str], exchange: Exchange) -> Any:
        match what:
            case "klines" | "markPriceKlines" | "indexPriceKlines" if query["interval"] == "1m":
                return self._minutes(what, query, exchange)
            case "fundingRate" if exchange.funding and query["symbol"] == self.name:
                told = {"fundingRate": exchange.funding.settled, "markPrice": "2680.25"}
                return [{"symbol": self.name, **told, "fundingTime": exchange.funding.settled_ms}]
            case "premiumIndex" if exchange.funding:
                mark = {"symbol": self.name, "markPrice": "2681.5", "indexPrice": "2681.7", "time": 1}
                rate = {"lastFundingRate": exchange.funding.coming}
                return {**mark, **rate, "nextFundingTime": exchange.funding.next_ms}
            case "premiumIndex":
                mark = {"symbol": self.name, "markPrice": "2681.5", "indexPrice": "2681.7"}
                return {**mark, "time": 1, "lastFundingRate": "0.0001", "nextFundingTime": 2}
        return None

    def _listing(self, exchange: Exchange) -> dict[str, Any]:
        base, quote = self.name[:3], self.name[3:]
        filters = [
            {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01"},
            {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000", "stepSize": "0.00001"},
        ]
        listing = {"symbol": self.name, "baseAsset": base, "quoteAsset": quote, "filters": filters}
        if self.is_futures:
            listing |= {"contractType": "PERPETUAL", "marginAsset": quote, "pair": self.name}
        status = "BREAK" if exchange.is_halted else "TRADING"
        return {**listing, "status": status, "isSpotTradingAllowed": True, "permissions": ["SPOT"]}

    def _minutes(self, what: str, query: Mapping[str, str], exchange: Exchange) -> list[list[Any]]:
        """Rows of twelve; an index is named by its pair."""
        kind = {"klines": "last", "markPriceKlines": "mark"}.get(what, "index")
        assert query["pair" if kind == "index" else "symbol"] == self.name
        rows = exchange.minutes_of(kind, int(query.get("startTime", 0)), most=int(query["limit"]))
        return [[*row, "0", row.at_ms + 59_999, "0", 60, "0", "0", "0"] for row in rows]

    def _book(self, exchange: Exchange) -> dict[str, Any]:
        bids, asks = exchange.top(1000)
        shown = {"lastUpdateId": self.last_id + exchange.snapshot_shift}
        return {**shown, "bids": self.levels(bids), "asks": self.levels(asks)}

    def _joined(self, each: list[Print]) -> dict[str, Any]:
        """On spot the joined ones are counted by themselves, far below the single prints."""
        first, last = each[0], each[-1]
        number = last.number if self.is_futures else last.number // 2
        row = {"a": number, "p": self.price(first.price), "q": self.size(sum_of(each))}
        row |= {"f": first.number, "l": last.number, "T": last.at_ms}
        return {**row, "m": first.side == "sell", "M": True}

    def _recent(self, each: Print) -> dict[str, Any]:
        maker = each.side == "sell"
        price, size = self.price(each.price), self.size(each.qty)
        row = {"id": each.number, "price": price, "qty": size, "quoteQty": "1", "time": each.at_ms}
        return {**row, "isBuyerMaker": maker, "isBestMatch": True}


class BinanceUsdM(Binance):
    exchange, symbol, name = "binanceusdm", "ETH/USDT:USDT", "ETHUSDT"
    scales = (2, 3)
    is_futures = True
