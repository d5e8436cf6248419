"""Binance spot or USD-M on loopback: its REST and stream protocol, playing a captured session.

The session has one clock: frames go out in order to whoever is subscribed, the book is kept, and a
snapshot asked for later is that moment's. Nothing is played while a stream has no listener.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.exchanges.captures import BinanceSession, DecimalBook, Frame, binance_session
from tests.exchanges.loopback import Loopback

SPOT = ("hft_spot_btcusdt.json", "BINANCE.0.gz", "BTCUSDT")
USD_M = ("hft_usdm_ethusdt.json", "BINANCE_FUTURES.0.gz", "ETHUSDT")
KINDS = {"depth": "depth", "trade": "trade", "aggTrade": "trade"}


class BinanceServer(Loopback):
    def __init__(
        self, captures: Path, *, depth_frames: int | None = None, market: tuple[str, str, str] = SPOT
    ) -> None:
        super().__init__()
        self.session: BinanceSession = binance_session(captures, *market)
        self.book = DecimalBook()
        start = self.session.snapshot
        self.book.apply(start["bids"], start["asks"], start["lastUpdateId"])
        # futures begin with the update that ends at the snapshot, spot with the one behind it
        first = self.book.last_id + (market is SPOT)
        self.frames = [each for each in self.session.frames if not each.last_id or each.last_id >= first]
        self.frames = self._first(depth_frames)
        self.position = 0
        self.drops = 0
        self.garbles = 0
        self.depth_played = 0
        self.is_playing = asyncio.Event()
        self.is_playing.set()
        self.is_finished = asyncio.Event()
        self.acknowledges = True
        self._listeners: dict[str, set[web.WebSocketResponse]] = {"depth": set(), "trade": set()}
        self._heard = asyncio.Event()
        self._depth_asked = asyncio.Event()

    def _first(self, depth_frames: int | None) -> list[Frame]:
        if depth_frames is None:
            return self.frames
        last = [number for number, each in enumerate(self.frames) if each.last_id][depth_frames - 1]
        return self.frames[: last + 1]

    async def rest(self, request: web.Request) -> web.StreamResponse:
        name = request.path.rsplit("/", 1)[-1]
        if name == "exchangeInfo":
            return web.json_response(self.session.exchange_info)
        if name == "klines":
            return web.json_response(self._klines(request.query["interval"]))
        if name == "premiumIndex":
            mark = {
                "symbol": "ETHUSDT",
                "markPrice": "2681.50",
                "indexPrice": "2681.70",
                "time": 1723161300000,
            }
            return web.json_response({**mark, "lastFundingRate": "0.0001", "nextFundingTime": 1723161600000})
        if name == "depth":
            self._depth_asked.set()
            return web.json_response(self._snapshot())
        return web.json_response([])

    def _klines(self, interval: str) -> list[list[Any]]:
        if interval != "1m":
            return []
        return [
            [
                m["t"],
                m["o"],
                m["h"],
                m["l"],
                m["c"],
                m["v"],
                m["t"] + 59_999,
                m["quote"],
                m["n"],
                "0",
                "0",
                "0",
            ]
            for m in self.session.minutes
        ]

    def _snapshot(self) -> dict[str, Any]:
        if self.depth_played <= 1:
            return self.session.snapshot
        bids, asks = self.book.top(1000)
        sides = {
            name: [[str(price), str(qty)] for price, qty in levels]
            for name, levels in (("bids", bids), ("asks", asks))
        }
        return {"lastUpdateId": self.book.last_id, **sides}

    async def received(self, socket: web.WebSocketResponse, frame: dict[str, Any]) -> None:
        if frame.get("method") == "SUBSCRIBE" and self.acknowledges:
            await self.send(socket, json.dumps({"result": None, "id": frame["id"]}))
            for name in frame["params"]:
                kind = KINDS.get(name.partition("@")[2].partition("@")[0], "other")
                self._listeners.setdefault(kind, set()).add(socket)
            self._check_listeners()

    def forgotten(self, socket: web.WebSocketResponse) -> None:
        for sockets in self._listeners.values():
            sockets.discard(socket)
        self._check_listeners()

    def _check_listeners(self) -> None:
        if all(self._listeners[kind] for kind in ("depth", "trade")):
            self._heard.set()
        else:
            self._heard.clear()

    async def inject(self, bids: list[list[str]], asks: list[list[str]]) -> None:
        """Send one depth update of our own, next in sequence, that the book does not know of."""
        number = self.book.last_id + 1
        event = {"e": "depthUpdate", "E": 1723161300000, "s": "BTCUSDT", "U": number, "u": number}
        for socket in list(self._listeners["depth"]):
            await self.send(socket, json.dumps({**event, "b": bids, "a": asks}))

    def play(self) -> None:
        """Send the session from here to its end."""
        self.start(self._play())

    async def _play(self) -> None:
        while self.position < len(self.frames):
            await self.is_playing.wait()
            await self._heard.wait()
            await self._send_next(self.frames[self.position])
            if self.depth_played == 1:
                await self._depth_asked.wait()
            if self.position % 20 == 0:
                await asyncio.sleep(0)
        self.is_finished.set()

    async def _send_next(self, frame: Frame) -> None:
        self.position += 1
        text = frame.text
        if frame.last_id:
            event = json.loads(text)
            self.book.apply(event["b"], event["a"], event["u"])
            self.depth_played += 1
            if self.drops:
                self.drops -= 1
                return
            if self.garbles:
                self.garbles -= 1
                text = text[: len(text) // 2]
        for socket in list(self._listeners[frame.kind]):
            await self.send(socket, text)
