"""Bybit's spot market on loopback with many symbols, each with a walk of its own, tickers and candles."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from aiohttp import web

from tests.exchanges import tape
from tests.exchanges.exchange import Exchange
from tests.exchanges.loopback import Loopback
from tests.exchanges.tape import Change, Market
from tests.exchanges.venues.bybit import Bybit

MINUTE_MS = 60_000
PAGE = 1000


class Named(Bybit):
    """One of its symbols."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.base, self.name, self.symbol = base, f"{base}USDT", f"{base}/USDT"

    def listing(self, exchange: Exchange) -> dict[str, Any]:
        return {**self._listing(exchange), "symbol": self.name, "baseCoin": self.base}


class ManyMarkets(Loopback):
    """What is subscribed is told; `refused` names are not known to its streams."""

    def __init__(self, bases: Iterable[str]) -> None:
        super().__init__()
        self.places = {
            f"{base}USDT": Exchange(Named(base), Market(tape.generated(seed=number)))
            for number, base in enumerate(bases, 7)
        }
        self.refused: set[str] = set()
        self.listed_ms = 0
        """When its candles begin."""
        self.is_empty = False
        """Whether it answers requests for candles with none."""
        self.topics: dict[web.WebSocketResponse, set[str]] = defaultdict(set)
        self.frames: list[str] = []

    # --- its streams

    async def received(self, socket: web.WebSocketResponse, frame: dict[str, Any]) -> None:
        if frame["op"] == "ping":
            await self.send(socket, json.dumps({"success": True, "ret_msg": "pong", "op": "ping"}))
            return
        for topic in frame["args"]:
            name = topic.rpartition(".")[2]
            if name in self.refused:
                words = f"error:handler not found,topic:{topic}"
                answer = {"success": False, "ret_msg": words, "op": "subscribe"}
                await self.send(socket, json.dumps({**answer, "req_id": frame.get("req_id", "")}))
            elif frame["op"] == "subscribe":
                self.topics[socket].add(topic)
                await self._begin(socket, topic, name)
            else:
                self.topics[socket].discard(topic)

    async def _begin(self, socket: web.WebSocketResponse, topic: str, name: str) -> None:
        place, at_ms = self.places[name], time.time_ns() // 1_000_000
        if topic.startswith("orderbook"):
            for text in place.wording.snapshot(place.book, at_ms):
                await self.send(socket, text)
        elif topic.startswith("tickers"):
            await self.send(socket, self._ticker(name, at_ms))

    def _ticker(self, name: str, at_ms: int) -> str:
        place = self.places[name]
        price = str(place.top(1)[0][0][0])
        change = f"{len(name) * 0.0125 - 0.05 + ord(name[0]) * 0.001:.4f}"
        data = {"symbol": name, "lastPrice": price, "price24hPcnt": change, "turnover24h": "1000000"}
        return json.dumps({"topic": f"tickers.{name}", "ts": at_ms, "type": "snapshot", "data": data})

    def forgotten(self, socket: web.WebSocketResponse) -> None:
        self.topics.pop(socket, None)

    def listening(self, name: str) -> bool:
        """Whether somebody listens to a symbol's book."""
        return any(f"orderbook.200.{name}" in topics for topics in self.topics.values())

    async def play(self, name: str, count: int = 1) -> None:
        """Let one market go on, and tell it."""
        place = self.places[name]
        for _ in range(count):
            step, at_ms = place.market.step(), time.time_ns() // 1_000_000
            if isinstance(step, Change):
                await self._tell(f"orderbook.200.{name}", place.wording.update(step, place.book, at_ms))
            else:
                printed = step._replace(at_ms=at_ms)
                place.prints.append(printed)
                await self._tell(f"publicTrade.{name}", [place.wording.trades([printed])])

    async def _tell(self, topic: str, texts: Iterable[str]) -> None:
        for socket, topics in list(self.topics.items()):
            if topic in topics:
                for text in texts:
                    await self.send(socket, text)

    # --- its REST side

    async def rest(self, request: web.Request) -> web.StreamResponse:
        match request.path.rsplit("/", 1)[-1]:
            case "instruments-info":
                is_spot = request.query.get("category") == "spot"
                rows: list[Any] = [
                    each.wording.listing(each)  # type: ignore[attr-defined]
                    for each in self.places.values()
                    if is_spot
                ]
            case "kline":
                rows = self._klines(request)
            case "recent-trade":
                place = self.places[request.query["symbol"]]
                recent = place.newest(request.query)
                rows = [place.wording._recent(each) for each in reversed(recent)]  # type: ignore[attr-defined]
            case _:
                rows = []
        result = {"category": "spot", "list": rows, "nextPageCursor": ""}
        now = time.time_ns() // 1_000_000
        return web.json_response(
            {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": now}
        )

    def _klines(self, request: web.Request) -> list[list[str]]:
        """The newest first, as the venue gives them."""
        if self.is_empty:
            return []
        query, now = request.query, time.time_ns() // 1_000_000
        length = {"D": 1440, "W": 10080}.get(query["interval"], 0) or int(query["interval"])
        step, count = length * MINUTE_MS, min(PAGE, int(query.get("limit", 200)))
        end = min(int(query.get("end", now)), now)
        first = int(query["start"]) if "start" in query else end - count * step
        first = -(-max(first, self.listed_ms) // step) * step
        opened = [first + n * step for n in range(count) if first + n * step <= end]
        return [_kline(at, step) for at in reversed(opened)]


def _kline(at: int, step: int) -> list[str]:
    number = at // step
    low, high = 59_900 + number % 7 * 10, 60_100 + number % 5 * 10
    return [str(at), str(low + 50), str(high), str(low), str(high - 50), "3", "180000"]
