"""How OKX v5 words things: messages that name their predecessor, a checksum of zero, pings as texts.

From OKX's v5 websocket and market documentation and captured frames.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tests.exchanges.captures import DecimalBook
from tests.exchanges.exchange import BOOK, OTHER, TRADES, Ask, Exchange, Wording
from tests.exchanges.tape import Change, Print

CHANNELS = {"books": BOOK, "trades": TRADES}
TIERS = [
    {"tier": "1", "minSz": "0", "maxSz": "1500", "mmr": "0.004", "imr": "0.01", "maxLever": "100"},
    {"tier": "2", "minSz": "1500.01", "maxSz": "3500.5", "mmr": "0.005", "imr": "0.015", "maxLever": "66.66"},
    {"tier": "3", "minSz": "3500.51", "maxSz": "6000", "mmr": "0.01", "imr": "0.02", "maxLever": "50"},
]
"""As its documentation of the endpoint shows them: sizes in contracts."""
OTHER_TEXTS = {"instId": "", "instFamily": "BTC-USDT", "uly": "BTC-USDT", "optMgnFactor": "0"} | {
    "baseMaxLoan": "",
    "quoteMaxLoan": "",
}


class Okx(Wording):
    exchange, symbol, name = "okx", "BTC/USDT", "BTC-USDT"
    scales = (1, 8)

    def __init__(self) -> None:
        self.number = 700

    def pong(self, text: str) -> str | None:
        return "pong" if text == "ping" else None

    def asked(self, frame: dict[str, Any]) -> Ask:
        channels = {CHANNELS.get(arg["channel"], OTHER) for arg in frame["args"]}
        answers = (json.dumps({"event": frame["op"], "arg": arg, "connId": "x"}) for arg in frame["args"])
        return Ask(frame["op"], frozenset(channels), tuple(answers))

    def refusal(self, frame: dict[str, Any]) -> str:
        words = f"Wrong URL or channel:books,instId:{self.name} doesn't exist."
        return json.dumps({"event": "error", "code": "60018", "msg": words, "connId": "x"})

    def snapshot(self, book: DecimalBook, at_ms: int) -> list[str]:
        return [self._book("snapshot", *book.top(400), -1, at_ms)]

    def update(self, change: Change, book: DecimalBook, at_ms: int) -> list[str]:
        before, self.number = self.number, self.number + 5
        return [self._book("update", change.bids, change.asks, before, at_ms)]

    def _book(self, action: str, bids: Any, asks: Any, before: int, at_ms: int) -> str:
        sides = [[[*level, "0", "1"] for level in self.levels(side)] for side in (asks, bids)]
        book = {"asks": sides[0], "bids": sides[1], "ts": str(at_ms), "checksum": self.checksum_error}
        arg = {"channel": "books", "instId": self.name}
        numbers = {"prevSeqId": before, "seqId": self.number}
        return json.dumps({"arg": arg, "action": action, "data": [{**book, **numbers}]})

    def trades(self, prints: list[Print]) -> str:
        """Prints of one order at one price are told as one, by the number of the last."""
        (last, *_), sizes = prints[::-1], [each.qty for each in prints]
        rows = [{**self._print(last._replace(qty=sum(sizes, Decimal(0)))), "count": str(len(sizes))}]
        return json.dumps({"arg": {"channel": "trades", "instId": self.name}, "data": rows})

    def _print(self, each: Print) -> dict[str, Any]:
        row = {"instId": self.name, "tradeId": str(each.number), "px": self.price(each.price)}
        return {**row, "sz": self.size(each.qty), "side": each.side, "ts": str(each.at_ms)}

    def error(self) -> str:
        return json.dumps({"event": "error", "code": "63999", "msg": "Internal system error", "connId": "x"})

    def maintenance(self) -> str:
        words = "The connection will soon be closed for a service upgrade. Please reconnect."
        return json.dumps({"event": "notice", "code": "64008", "msg": words, "connId": "x"})

    def rest(self, path: str, query: Mapping[str, str], exchange: Exchange) -> Any:
        match path.rsplit("/", 1)[-1]:
            case "instruments":
                rows: list[Any] = exchange.listed(self._listing(exchange))
            case "books":
                bids, asks = ([[*level, "0", "1"] for level in side] for side in exchange.sides())
                rows = [{"asks": asks, "bids": bids, "ts": str(exchange.clock())}]
            case "trades":
                rows = [self._print(each) for each in reversed(exchange.newest(query))]
            case "candles" | "history-candles" | "mark-price-candles" | "index-candles" as what if (
                query["bar"] == "1m"
            ):
                rows = self._minutes(what, query, exchange)
            case "funding-rate-history" if exchange.funding and query["instId"] == self.name:
                told = {"realizedRate": exchange.funding.settled, "fundingRate": "0.0009"}
                rows = [{"instId": self.name, **told, "fundingTime": str(exchange.funding.settled_ms)}]
            case "funding-rate" if exchange.funding and query["instId"] == self.name:
                after = {"nextFundingRate": "", "nextFundingTime": str(exchange.funding.next_ms + 28_800_000)}
                told = {"fundingRate": exchange.funding.coming, "fundingTime": str(exchange.funding.next_ms)}
                rows = [{"instId": self.name, **told, **after}]
            case "position-tiers" if query["instFamily"] == "BTC-USDT" and query["instType"] == "SWAP":
                rows = [{**OTHER_TEXTS, **tier} for tier in TIERS]
            case _:
                rows = []
        return {"code": "0", "msg": "", "data": rows}

    def _minutes(self, what: str, query: Mapping[str, str], exchange: Exchange) -> list[list[str]]:
        """Newest first, after one moment and before another; an index has no contract's name."""
        kind = "last" if what in ("candles", "history-candles") else what.partition("-")[0]
        assert query["instId"] == ("BTC-USDT" if kind == "index" else self.name)
        after, before = int(query.get("before", 0)) + 1, int(query.get("after", 1 << 60)) - 1
        found = exchange.minutes_of(kind, after, before)[-int(query["limit"]) :]
        amounts = ["1", "1", "60000"] if kind == "last" else []
        return [[str(each.at_ms), *each[1:], *amounts, "1"] for each in reversed(found)]

    def _listing(self, exchange: Exchange) -> dict[str, Any]:
        state = "suspend" if exchange.is_halted else "live"
        names = {
            "instId": self.name,
            "instType": "SPOT",
            "baseCcy": "BTC",
            "quoteCcy": "USDT",
            "state": state,
        }
        steps = {"tickSz": "0.1", "lotSz": "0.00000001", "minSz": "0.00001", "maxMktSz": "1000000"}
        return {**names, **steps, "lever": "10", "listTime": "1548133413000"}


class OkxSwap(Okx):
    symbol, name = "BTC/USDT:USDT", "BTC-USDT-SWAP"
    scales = (1, 2)

    def _listing(self, exchange: Exchange) -> dict[str, Any]:
        family = {"instType": "SWAP", "instFamily": "BTC-USDT", "uly": "BTC-USDT", "settleCcy": "USDT"}
        size = {"ctVal": "0.01", "ctMult": "1", "ctValCcy": "BTC", "ctType": "linear", "lever": "100"}
        coins = {"baseCcy": "", "quoteCcy": "", "lotSz": "0.01", "minSz": "0.01"}
        return {**super()._listing(exchange), **family, **size, **coins}
