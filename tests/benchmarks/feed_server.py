"""Binance's spot market on loopback, in a process of its own: python -m tests.benchmarks.feed_server.

It prints its address and then plays what each line of its input asks for, one JSON object a line:
{"kind": "trades" or "depth", "first": N, "count": N, "rate": N}. Frames are numbered from `first`; a
rate of 0 is as fast as they are read, any other is a Poisson process of so many a second. Each play goes
to the next connection that subscribes.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

from aiohttp import web

from tests.exchanges.loopback import Loopback

NAME = "BTCUSDT"
LEVELS, CHANGES = 1_000, 20
MID, TICK = 60_000.0, 0.1
CHUNK, FULL = 1_000, 1 << 20
"""Frames that are written at once, and bytes that may wait to be read."""
SHAPES = 500
"""So many different depth frames, over and over."""


def text_frame(text: str) -> bytes:
    """A frame as a server writes it: RFC 6455, without a mask."""
    payload = text.encode()
    size = len(payload)
    head = bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2, "big")
    return b"\x81" + head + payload


def trade(number: int, rng: random.Random) -> dict[str, Any]:
    """A trade near the touch, as the stream says it."""
    now = time.time_ns() // 1_000_000
    price, qty = MID + rng.randrange(-20, 21) * TICK, rng.randrange(1, 100_000) / 1e5
    event = {"e": "trade", "E": now, "s": NAME, "t": number, "p": f"{price:.8f}", "q": f"{qty:.8f}"}
    return {**event, "T": now, "m": rng.random() < 0.5, "M": True}


def changes(sign: int, rng: random.Random) -> list[list[str]]:
    """Twenty changes of a side of a thousand levels, four in five of them near the touch."""
    made = []
    for _ in range(CHANGES):
        away = rng.randrange(1, 21) if rng.random() < 0.8 else rng.randrange(21, LEVELS + 1)
        qty = 0.0 if rng.random() < 0.3 else rng.randrange(1, 100_000) / 1e5
        made.append([f"{MID + sign * away * TICK:.8f}", f"{qty:.8f}"])
    return made


def depth(number: int, shape: tuple[list[list[str]], list[list[str]]]) -> dict[str, Any]:
    """A depth update that follows the one before it."""
    now = time.time_ns() // 1_000_000
    event = {"e": "depthUpdate", "E": now, "s": NAME, "U": number, "u": number}
    return {**event, "b": shape[0], "a": shape[1]}


def compact(event: dict[str, Any]) -> str:
    """JSON without spaces, as venues write it."""
    return json.dumps(event, separators=(",", ":"))


class FeedServer(Loopback):
    """One listed symbol, a book that starts anew with each snapshot, and frames when they are asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.rng = random.Random(1)
        self.last_update_id = 1
        self.is_heard = asyncio.Event()
        self.shapes = [(changes(-1, self.rng), changes(1, self.rng)) for _ in range(SHAPES)]
        self.transport: asyncio.Transport | None = None
        self._newest: asyncio.BaseTransport | None = None

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if "websocket" in request.headers.get("Upgrade", "").lower():
            self._newest = request.transport
        return await super().answer(request)

    async def received(self, socket: web.WebSocketResponse, frame: dict[str, Any]) -> None:
        await self.send(socket, json.dumps({"result": None, "id": frame["id"]}))
        if frame["method"] == "SUBSCRIBE":
            assert isinstance(self._newest, asyncio.Transport)
            self.transport = self._newest
            self.is_heard.set()

    def forgotten(self, socket: web.WebSocketResponse) -> None:
        pass

    async def rest(self, request: web.Request) -> web.StreamResponse:
        match request.path.rsplit("/", 1)[-1]:
            case "exchangeInfo":
                return web.json_response({"timezone": "UTC", "symbols": [listing()]})
            case "depth":
                return web.json_response(self.snapshot())
            case _:
                return web.json_response([])

    def snapshot(self) -> dict[str, Any]:
        """A thousand levels a side."""
        sides = {
            name: [[f"{MID + sign * away * TICK:.8f}", "1.00000000"] for away in range(1, LEVELS + 1)]
            for name, sign in (("bids", -1), ("asks", 1))
        }
        return {"lastUpdateId": self.last_update_id, **sides}

    async def obey(self) -> None:
        """Play what the lines of the input ask for, until it ends."""
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            asked = json.loads(line)
            frames = list(self.made(asked["kind"], asked["first"], asked["count"]))
            await self.is_heard.wait()
            self.is_heard.clear()
            await (self.pace(frames, asked["rate"]) if asked["rate"] else self.pour(frames))

    def made(self, kind: str, first: int, count: int) -> Iterator[bytes]:
        """The frames of a play, ready to be written; a snapshot asked for later is that of its end."""
        for number in range(first, first + count):
            if kind == "trades":
                yield text_frame(compact(trade(number, self.rng)))
            else:
                yield text_frame(compact(depth(number, self.shapes[number % SHAPES])))
        self.last_update_id = first + count - 1

    async def pour(self, frames: list[bytes]) -> None:
        """Write as fast as the other side reads."""
        assert self.transport is not None
        waiting = iter(frames)
        while chunk := list(islice(waiting, CHUNK)):
            while self.transport.get_write_buffer_size() > FULL:  # noqa: ASYNC110 - a transport tells nobody
                await asyncio.sleep(0.0005)
            self.transport.write(b"".join(chunk))
            await asyncio.sleep(0)

    async def pace(self, frames: list[bytes], rate: float) -> None:
        """Write each frame at its moment.

        The system's sleep is finer than the loop's. What is late is not made up for by a burst: where the
        machine is busy there are fewer in a second, but each still comes alone.
        """
        assert self.transport is not None
        due = time.perf_counter()
        for frame in frames:
            due = max(due, time.perf_counter() - 1e-3) + self.rng.expovariate(rate)
            time.sleep(max(0.0, due - time.perf_counter()))  # noqa: ASYNC251
            self.transport.write(frame)
            await asyncio.sleep(0)


def listing() -> dict[str, Any]:
    """The symbol as exchangeInfo lists it."""
    filters = [
        {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01"},
        {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000", "stepSize": "0.00001"},
    ]
    names = {"symbol": NAME, "baseAsset": "BTC", "quoteAsset": "USDT", "status": "TRADING"}
    return {**names, "filters": filters, "isSpotTradingAllowed": True, "permissions": ["SPOT"]}


async def main() -> None:
    """Serve until the input ends."""
    server = FeedServer()
    async with server.running():
        print(server.address, flush=True)
        await server.obey()


if __name__ == "__main__":
    asyncio.run(main())
