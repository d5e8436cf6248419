"""How Kraken's websocket v2 words things: bare numbers, a CRC32 with each book frame, pongs as JSON.

From Kraken's websocket v2 and spot REST documentation.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zlib import crc32

from tests.exchanges.captures import DecimalBook, Levels
from tests.exchanges.exchange import Ask, Exchange, Wording
from tests.exchanges.tape import Change, Print

LAST_MS = 253_402_300_799_000


def moment(at_ms: int) -> str:
    """A time as RFC 3339 writes it; beyond the year 9999 there is no way to."""
    at = datetime.fromtimestamp(min(at_ms, LAST_MS) / 1000, UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Kraken(Wording):
    exchange, symbol, name = "kraken", "BTC/USD", "BTC/USD"
    scales = (1, 8)
    checksums = True
    pages_forward = True

    def __init__(self) -> None:
        self.depth = 10
        self._shown: tuple[dict[Decimal, Decimal], dict[Decimal, Decimal]] = ({}, {})

    def pong(self, text: str) -> str | None:
        return '{"method":"pong"}' if '"ping"' in text else None

    def asked(self, frame: dict[str, Any]) -> Ask:
        params = frame["params"]
        self.depth = params.get("depth", self.depth)
        channel = {"book": "book", "trade": "trades"}.get(params["channel"], "other")
        result = {"channel": params["channel"], "symbol": self.name}
        answer = {"method": frame["method"], "result": result, "success": True}
        return Ask(
            frame["method"], frozenset({channel}), (json.dumps({**answer, "req_id": frame["req_id"]}),)
        )

    def refusal(self, frame: dict[str, Any]) -> str:
        words = {"error": "Currency pair not supported BTC/USD", "success": False, "symbol": self.name}
        return json.dumps({"method": "subscribe", "req_id": frame["req_id"], **words})

    def snapshot(self, book: DecimalBook, at_ms: int) -> list[str]:
        self._shown = tuple(map(dict, book.top(self.depth)))  # type: ignore[assignment]
        return [self._frame("snapshot", book.top(self.depth), book, at_ms)]

    def update(self, change: Change, book: DecimalBook, at_ms: int) -> list[str]:
        """What changed within the depth: a level that comes into it is told, one that falls out is not."""
        before, self._shown = self._shown, tuple(map(dict, book.top(self.depth)))  # type: ignore[assignment]
        sides = []
        for old, new, whole in zip(before, self._shown, (book.bids, book.asks), strict=True):
            gone = [(price, Decimal(0)) for price in old if price not in whole]
            sides.append(gone + [(p, q) for p, q in new.items() if old.get(p) != q])
        return [self._frame("update", sides if any(sides) else change, book, at_ms)]

    def _frame(self, kind: str, sides: Any, book: DecimalBook, at_ms: int) -> str:
        bids, asks = ([self._level(each) for each in side] for side in sides)
        number = checksum(book.top(10), self) + self.checksum_error
        return (
            f'{{"channel":"book","type":"{kind}","data":[{{"symbol":"{self.name}",'
            f'"bids":[{",".join(bids)}],"asks":[{",".join(asks)}],'
            f'"checksum":{number},"timestamp":"{moment(at_ms)}"}}]}}'
        )

    def _level(self, level: tuple[Any, Any]) -> str:
        return f'{{"price":{self.price(level[0])},"qty":{self.size(level[1])}}}'

    def trades(self, prints: list[Print]) -> str:
        rows = [
            f'{{"symbol":"{self.name}","side":"{each.side}","price":{self.price(each.price)},'
            f'"qty":{self.size(each.qty)},"ord_type":"market","trade_id":{each.number},'
            f'"timestamp":"{moment(each.at_ms)}"}}'
            for each in prints
        ]
        return f'{{"channel":"trade","type":"update","data":[{",".join(rows)}]}}'

    def error(self) -> str:
        return json.dumps({"error": "Internal error", "method": "", "success": False})

    def maintenance(self) -> str:
        return self._status("maintenance")

    def maintained(self) -> str:
        return self._status("online")

    def _status(self, system: str) -> str:
        status = {"system": system, "api_version": "v2", "version": "2.0.0", "connection_id": 1}
        return json.dumps({"channel": "status", "type": "update", "data": [status]})

    def rest(self, path: str, query: Mapping[str, str], exchange: Exchange) -> Any:
        match path.rsplit("/", 1)[-1]:
            case "AssetPairs":
                result: Any = exchange.listed({"XXBTZUSD": self._pair(exchange)})[0]
            case "Assets":
                names = {"XXBT": "XBT", "ZUSD": "USD"}
                result = {name: {"altname": short, "decimals": 10} for name, short in names.items()}
            case "Depth":
                at = exchange.clock() // 1000
                bids, asks = ([[*level, at] for level in side] for side in exchange.sides())
                result = {"XXBTZUSD": {"asks": asks, "bids": bids}}
            case "Trades":
                since = int(query.get("since", 0))
                later = [each for each in exchange.prints if each.at_ms * 1_000_000 > since]
                rows = [self._recent(each) for each in later[:1000]]
                result = {"XXBTZUSD": rows, "last": "1"}
            case "OHLC" if query["interval"] == "1":
                result = {"XXBTZUSD": self._minutes(query, exchange), "last": 0}
            case _:
                result = {"last": 0}
        return {"error": [], "result": result}

    def _minutes(self, query: Mapping[str, str], exchange: Exchange) -> list[list[Any]]:
        """By seconds, after a moment; it knows the newest 720 alone."""
        newest = exchange.minutes_of("last", most=100_000)[-720:]
        later = [each for each in newest if each.at_ms > int(query.get("since", 0)) * 1000]
        return [[each.at_ms // 1000, *each[1:], "0", "2.5", 3] for each in later]

    def _pair(self, exchange: Exchange) -> dict[str, Any]:
        status = "cancel_only" if exchange.is_halted else "online"
        names = {"altname": "XBTUSD", "wsname": "XBT/USD", "base": "XXBT", "quote": "ZUSD"}
        digits = {"pair_decimals": 1, "lot_decimals": 8, "cost_decimals": 5, "lot_multiplier": 1}
        return {
            **names,
            **digits,
            "fees": [[0, 0.26]],
            "fees_maker": [[0, 0.16]],
            "ordermin": "0.0001",
            "status": status,
        }

    def _recent(self, each: Print) -> list[Any]:
        return [
            self.price(each.price),
            self.size(each.qty),
            each.at_ms / 1000,
            each.side[0],
            "m",
            "",
            each.number,
        ]


def checksum(top: tuple[Levels, Levels], wording: Wording) -> int:
    """Asks first, best first: the digits of price and quantity without the point and leading zeros."""
    bids, asks = top
    numbers = [text for p, q in (*asks, *bids) for text in (wording.price(p), wording.size(q))]
    return crc32("".join(text.replace(".", "").lstrip("0") for text in numbers).encode())
