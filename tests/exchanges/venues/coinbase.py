"""How Coinbase Advanced Trade words things: every frame of a connection is numbered, books are l2_data.

From Coinbase's Advanced Trade websocket and REST documentation.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.exchanges.captures import DecimalBook
from tests.exchanges.exchange import Ask, Exchange, Wording
from tests.exchanges.tape import Change, Print
from tests.exchanges.venues.kraken import moment

MAKER = {"buy": "SELL", "sell": "BUY"}


class Coinbase(Wording):
    exchange, symbol, name = "coinbase", "BTC/USD", "BTC-USD"
    scales = (2, 8)
    counts_connection = True

    def asked(self, frame: dict[str, Any]) -> Ask:
        channel = {"level2": "book", "market_trades": "trades"}.get(frame["channel"], "other")
        told = {"subscriptions": {frame["channel"]: [self.name]}}
        return Ask(frame["type"], frozenset({channel}), (self._frame("subscriptions", told, 0),))

    def numbered(self, text: str, number: int) -> str:
        return text.replace('"sequence_num": -1', f'"sequence_num": {number}')

    def refusal(self, frame: dict[str, Any]) -> str:
        return json.dumps({"type": "error", "message": "BTC-USD is not a valid product", "sequence_num": -1})

    def snapshot(self, book: DecimalBook, at_ms: int) -> list[str]:
        return [self._book("snapshot", *book.top(1000), at_ms)]

    def update(self, change: Change, book: DecimalBook, at_ms: int) -> list[str]:
        return [self._book("update", change.bids, change.asks, at_ms)]

    def _book(self, kind: str, bids: Any, asks: Any, at_ms: int) -> str:
        updates = [
            {"side": side, "event_time": moment(at_ms), "price_level": price, "new_quantity": size}
            for side, levels in (("bid", bids), ("offer", asks))
            for price, size in self.levels(levels)
        ]
        return self._frame("l2_data", {"type": kind, "product_id": self.name, "updates": updates}, at_ms)

    def _frame(self, channel: str, event: dict[str, Any], at_ms: int) -> str:
        head = {"channel": channel, "client_id": "", "timestamp": moment(at_ms), "sequence_num": -1}
        return json.dumps({**head, "events": [event]})

    def trades(self, prints: list[Print]) -> str:
        rows = [self._print(each) for each in reversed(prints)]
        return self._frame("market_trades", {"type": "update", "trades": rows}, prints[0].at_ms)

    def _print(self, each: Print) -> dict[str, Any]:
        row = {"trade_id": str(each.number), "product_id": self.name, "price": self.price(each.price)}
        return {**row, "size": self.size(each.qty), "side": MAKER[each.side], "time": moment(each.at_ms)}

    def error(self) -> str:
        return json.dumps({"type": "error", "message": "Internal server error"})

    def rest(self, path: str, query: Mapping[str, str], exchange: Exchange) -> Any:
        match path.rsplit("/", 1)[-1]:
            case "products":
                if query.get("product_type") == "FUTURE":
                    return {"products": []}
                return {"products": exchange.listed(self._listing(exchange))}
            case name if name == self.name:
                return self._listing(exchange)
            case "ticker":
                return {"trades": [self._print(each) for each in reversed(exchange.newest(query))]}
            case "product_book":
                return {"pricebook": self._pricebook(exchange)}
            case what:
                return {"candles": self._minutes(query, exchange)} if what == "candles" else {"data": []}

    def _minutes(self, query: Mapping[str, str], exchange: Exchange) -> list[dict[str, str]]:
        """By seconds, newest first, no more than 350 in an answer."""
        if query["granularity"] != "ONE_MINUTE":
            return []
        start, end = int(query["start"]) * 1000, int(query["end"]) * 1000
        names = ("start", "open", "high", "low", "close", "volume")
        found = exchange.minutes_of("last", start, end)[-350:]
        rows = [(str(each.at_ms // 1000), *each[1:], "2.5") for each in reversed(found)]
        return [dict(zip(names, row, strict=True)) for row in rows]

    def _pricebook(self, exchange: Exchange) -> dict[str, Any]:
        bids, asks = ([{"price": p, "size": q} for p, q in side] for side in exchange.sides())
        return {"product_id": self.name, "bids": bids, "asks": asks, "time": moment(exchange.clock())}

    def _listing(self, exchange: Exchange) -> dict[str, Any]:
        names = {"product_id": self.name, "base_currency_id": "BTC", "quote_currency_id": "USD"}
        steps = {"base_increment": "0.00000001", "quote_increment": "0.01", "price_increment": "0.01"}
        sizes = {"base_min_size": "0.00000001", "base_max_size": "3400", "quote_min_size": "1"}
        status = {"status": "online", "trading_disabled": exchange.is_halted, "product_type": "SPOT"}
        return {**names, **steps, **sizes, **status}
