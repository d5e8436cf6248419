"""How Kraken Futures words things: one level a message, counted by one for each product; prints one by one.

From Kraken Futures' websocket and REST documentation and captured frames.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.exchanges.captures import DecimalBook
from tests.exchanges.exchange import Ask, Exchange, Wording
from tests.exchanges.tape import Change, Print
from tests.exchanges.venues.kraken import moment

MARGIN_LEVELS = [
    {"contracts": 0, "initialMargin": 0.02, "maintenanceMargin": 0.01},
    {"contracts": 250000, "initialMargin": 0.04, "maintenanceMargin": 0.02},
    {"contracts": 500000, "initialMargin": 0.06, "maintenanceMargin": 0.03},
    {"contracts": 2000000, "initialMargin": 0.15, "maintenanceMargin": 0.075},
]
"""As its documentation of the endpoint shows them: a level begins at so many contracts."""


class KrakenFutures(Wording):
    exchange, symbol, name = "krakenfutures", "ETH/USD:ETH", "PI_ETHUSD"
    scales = (2, 0)
    margin_levels = MARGIN_LEVELS

    def __init__(self) -> None:
        self.number = 500

    def asked(self, frame: dict[str, Any]) -> Ask:
        channel = {"book": "book", "trade": "trades"}.get(frame["feed"], "other")
        answer = {"event": f"{frame['event']}d", "feed": frame["feed"], "product_ids": [self.name]}
        return Ask(frame["event"], frozenset({channel}), (json.dumps(answer),))

    def refusal(self, frame: dict[str, Any]) -> str:
        return json.dumps({"event": "error", "message": "Invalid product id"})

    def snapshot(self, book: DecimalBook, at_ms: int) -> list[str]:
        sides = [",".join(self._level(*level) for level in side) for side in book.top(1000)]
        text = (
            f'{{"feed":"book_snapshot","product_id":"{self.name}","timestamp":{at_ms},"seq":{self.number},'
            f'"tickSize":null,"bids":[{sides[0]}],"asks":[{sides[1]}]}}'
        )
        return [text]

    def _level(self, price: Any, size: Any) -> str:
        return f'{{"price":{self.price(price)},"qty":{self.size(size)}}}'

    def update(self, change: Change, book: DecimalBook, at_ms: int) -> list[str]:
        sides = (("buy", change.bids), ("sell", change.asks))
        return [self._change(side, *level, at_ms) for side, levels in sides for level in levels]

    def _change(self, side: str, price: Any, size: Any, at_ms: int) -> str:
        self.number += 1
        return (
            f'{{"feed":"book","product_id":"{self.name}","side":"{side}","seq":{self.number},'
            f'"price":{self.price(price)},"qty":{self.size(size)},"timestamp":{at_ms}}}'
        )

    def trades(self, prints: list[Print]) -> str:
        (each,) = prints
        head = {"feed": "trade", "product_id": self.name, "uid": uid(each.number), "side": each.side}
        tail = {"type": "fill", "seq": each.number, "time": each.at_ms}
        return json.dumps({**head, **tail, "qty": float(each.qty), "price": float(each.price)})

    def error(self) -> str:
        return json.dumps({"event": "error", "message": "Internal server error"})

    def maintenance(self) -> str:
        return json.dumps({"event": "alert", "message": "Maintenance at 14:00 UTC"})

    def rest(self, path: str, query: Mapping[str, str], exchange: Exchange) -> Any:
        match path.rsplit("/", 1)[-1]:
            case "instruments":
                return {"result": "success", "instruments": exchange.listed(self._listing(exchange))}
            case "history":
                rows = [self._recent(each) for each in reversed(exchange.prints[-100:])]
                return {"result": "success", "history": rows}
            case "historicalfundingrates" | "historical-funding-rates" if exchange.funding:
                at = moment(exchange.funding.settled_ms)
                return {"rates": [{"timestamp": at, "relativeFundingRate": exchange.funding.settled}]}
            case "tickers":
                return {"result": "success", "tickers": self._tickers(exchange)}
            case "1m":
                return self._minutes(path, query, exchange)
            case what:
                bids, asks = ([[float(p), float(q)] for p, q in side] for side in exchange.sides())
                book = {"result": "success", "orderBook": {"bids": bids, "asks": asks}}
                return book if what == "orderbook" else {"candles": [], "rates": []}

    def _tickers(self, exchange: Exchange) -> list[dict[str, Any]]:
        """It tells what a contract pays, not at what rate."""
        if exchange.funding is None:
            return []
        rate = float(exchange.funding.coming) * 2500
        return [{"symbol": self.name, "last": 2500.5, "markPrice": 2500, "fundingRate": rate}]

    def _minutes(self, path: str, query: Mapping[str, str], exchange: Exchange) -> dict[str, Any]:
        """By seconds, both ends within; its index is called spot."""
        tick_type, name = path.split("/")[-3:-1]
        assert name == self.name
        kind = {"trade": "last", "spot": "index"}.get(tick_type, tick_type)
        start, end = int(query.get("from", 0)) * 1000, int(query.get("to", 1 << 50)) * 1000
        names = ("time", "open", "high", "low", "close")
        rows = [dict(zip(names, each, strict=True)) for each in exchange.minutes_of(kind, start, end)]
        return {"candles": [{**row, "volume": 0} for row in rows], "more_candles": False}

    def _listing(self, exchange: Exchange) -> dict[str, Any]:
        names = {"symbol": self.name, "type": "futures_inverse", "base": "ETH", "quote": "USD"}
        rules = {"tickSize": 0.05, "contractSize": 1, "contractValueTradePrecision": 0}
        state = {"tradeable": not exchange.is_halted, "openingDate": "2018-08-31T00:00:00Z"}
        return {**names, **rules, **state, "marginLevels": self.margin_levels}

    def _recent(self, each: Print) -> dict[str, Any]:
        row = {"time": moment(each.at_ms), "trade_id": 1, "price": float(each.price)}
        return {**row, "size": float(each.qty), "side": each.side, "type": "fill", "uid": uid(each.number)}


def uid(number: int) -> str:
    return f"05af78ac-a774-478c-a50c-{number:012d}"
