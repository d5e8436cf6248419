"""Kraken on loopback: its REST and websocket v2 protocol, playing a captured book of depth 10."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.exchanges.captures import DecimalBook, kraken_frames, kraken_pairs
from tests.exchanges.loopback import Loopback

DEPTH = 10


class KrakenServer(Loopback):
    def __init__(self, captures: Path) -> None:
        super().__init__()
        self.frames = kraken_frames(captures)
        self.pairs = kraken_pairs(captures)
        self.book = DecimalBook()
        self.position = 0
        self.drops = 0
        self.wrong_checksums = 0
        self.checksum = 0
        self.refuses = False
        self.is_playing = asyncio.Event()
        self.is_playing.set()
        self.is_finished = asyncio.Event()
        self._listeners: set[web.WebSocketResponse] = set()
        self._heard = asyncio.Event()

    async def rest(self, request: web.Request) -> web.StreamResponse:
        name = request.path.rsplit("/", 1)[-1]
        if name == "AssetPairs":
            return web.json_response({"error": [], "result": self.pairs})
        if name == "Assets":
            names = {"XXBT": "XBT", "XETH": "ETH", "ZUSD": "USD"}
            assets = {
                key: {"aclass": "currency", "altname": short, "decimals": 10, "display_decimals": 5}
                for key, short in names.items()
            }
            return web.json_response({"error": [], "result": assets})
        return web.json_response({"error": [], "result": {"last": 0}})

    async def received(self, socket: web.WebSocketResponse, frame: dict[str, Any]) -> None:
        if frame["method"] == "ping":
            await self.send(socket, json.dumps({"method": "pong", "req_id": frame.get("req_id")}))
        elif self.refuses:
            names = {"error": "Currency pair not supported BTC/USD", "symbol": "BTC/USD", "success": False}
            await self.send(socket, json.dumps({"method": "subscribe", "req_id": frame["req_id"], **names}))
        elif frame["method"] == "subscribe":
            ack = {
                "method": "subscribe",
                "success": True,
                "result": frame["params"],
                "req_id": frame["req_id"],
            }
            await self.send(socket, json.dumps(ack))
            if frame["params"]["channel"] == "book":
                if self.book.bids:
                    await self.send(socket, self._snapshot())
                self._listeners.add(socket)
                self._heard.set()

    def forgotten(self, socket: web.WebSocketResponse) -> None:
        self._listeners.discard(socket)
        if not self._listeners:
            self._heard.clear()

    def _snapshot(self) -> str:
        """The book as it is now, in Kraken's own digits: price with one, quantity with eight."""
        bids, asks = self.book.top(DEPTH)
        sides = [
            ", ".join(f'{{"price":{price:.1f},"qty":{qty:.8f}}}' for price, qty in levels)
            for levels in (bids, asks)
        ]
        return (
            '{"channel":"book","type":"snapshot","data":[{"symbol":"BTC/USD",'
            f'"bids":[{sides[0]}],"asks":[{sides[1]}],"checksum":{self.checksum}}}]}}'
        )

    def play(self) -> None:
        """Send the capture from here to its end."""
        self.start(self._play())

    async def _play(self) -> None:
        while self.position < len(self.frames):
            await self.is_playing.wait()
            await self._heard.wait()
            text = self.frames[self.position]
            self.position += 1
            if self._keep_book(text):
                await self._send(text)
            if self.position % 20 == 0:
                await asyncio.sleep(0)
        self.is_finished.set()

    def _keep_book(self, text: str) -> bool:
        """Follow a frame; whether it is still to be sent."""
        frame = json.loads(text, parse_float=Decimal)
        if frame.get("channel") != "book":
            return "method" not in frame
        for part in frame["data"]:
            bids, asks = ([(each["price"], each["qty"]) for each in part[side]] for side in ("bids", "asks"))
            self.book.apply(bids, asks)
            self.book.cut(DEPTH)
            self.checksum = part["checksum"]
        if self.drops and frame["type"] == "update":
            self.drops -= 1
            return False
        return True

    async def _send(self, text: str) -> None:
        if self.wrong_checksums and '"update"' in text:
            self.wrong_checksums -= 1
            text = text.replace(f'"checksum":{self.checksum}', '"checksum":1')
        for socket in list(self._listeners):
            await self.send(socket, text)
