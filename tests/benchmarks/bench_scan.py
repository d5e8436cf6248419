"""What it costs to keep 500 symbols' tickers fresh: python -m tests.benchmarks scan.

A server in a process of its own sends over loopback as fast as the venues do: spot of Binance and Kraken one
ticker a second and symbol, Coinbase one in five, those that tell every change four (most symbols change less
often), USD-M two quotes and two tickers. Ours is this process's CPU time as a part of one
core, the idle loop taken out; the peer decodes the same frames with json into dictionaries.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import random
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection as Pipe
from statistics import median
from typing import Any, NamedTuple

from aiohttp import web

from tests.benchmarks import scan_frames
from tradetui.feeds.scan.scanner import SCANS, Scanner

SYMBOLS, SECONDS, ROUNDS = 500, 4.0, 3
BOUND = 0.10
"""Of a core."""
NAMES = [f"SYM{n}" for n in range(SYMBOLS)]


class Told(NamedTuple):
    """A venue's scanner, how it words a ticker, and how many of each symbol it tells a second."""

    title: str
    scan: tuple[str, bool]
    make: Callable[[str, float], str]
    per_symbol: float
    a_second: int
    """All that come."""


VENUES = {
    "binance": Told("Binance", ("binance", False), scan_frames.binance, 1.0, 500),
    "binance-usdm": Told("Binance USD-M", ("binanceusdm", True), scan_frames.binance_usdm, 2.0, 2_000),
    "bybit": Told("Bybit linear", ("bybit", True), scan_frames.bybit, 4.0, 2_000),
    "okx": Told("OKX", ("okx", False), scan_frames.okx, 4.0, 2_000),
    "bitget": Told("Bitget", ("bitget", False), scan_frames.bitget, 4.0, 2_000),
    "kraken": Told("Kraken", ("kraken", False), scan_frames.kraken, 1.0, 500),
    "kraken-futures": Told("Kraken Futures", ("krakenfutures", True), scan_frames.kraken_futures, 1.0, 500),
    "coinbase": Told("Coinbase", ("coinbase", False), scan_frames.coinbase, 0.2, 100),
}


def run() -> list[dict[str, Any]]:
    """Rows of name, ours, peer, peer_value (parts of a core), ratio, bound, holds."""
    return [_row(venue) for venue in VENUES]


def _row(venue: str) -> dict[str, Any]:
    told = VENUES[venue]
    pairs = [asyncio.run(_round(venue)) for _ in range(ROUNDS)]
    ours, theirs = (median(column) for column in zip(*pairs, strict=True))
    ratio = median(a / b for a, b in pairs)
    return {
        "name": f"part of a core, {told.title}, {SYMBOLS} symbols, {told.a_second:,} tickers/s",
        "ours": ours,
        "peer": "json into dictionaries",
        "peer_value": theirs,
        "ratio": ratio,
        "bound": BOUND,
        "holds": ours <= BOUND,
    }


async def _round(venue: str) -> tuple[float, float]:
    receive, send = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.Process(target=_serve, args=(send, venue), daemon=True)
    process.start()
    try:
        port = await asyncio.to_thread(receive.recv)
        return await _part(venue, port), await _part(venue, port, peer=True)
    finally:
        process.terminate()
        process.join()


async def _part(venue: str, port: int, *, peer: bool = False) -> float:
    """CPU seconds a second while the tickers come."""

    def address(url: str) -> str:
        return f"ws://127.0.0.1:{port}/{'market/' if '/market/' in url else ''}"

    made = SCANS[VENUES[venue].scan](address)
    scanner = Scanner(made, {name: name for name in NAMES}, dict.fromkeys(NAMES, 2))
    if peer:
        scanner._venue.read = _into_dictionaries({})  # type: ignore[method-assign]
    task = asyncio.create_task(scanner.run())
    await asyncio.sleep(1.0)
    before, cpu, begun = scanner.table.updates, time.process_time(), time.monotonic()
    await asyncio.sleep(SECONDS)
    used, passed = time.process_time() - cpu, time.monotonic() - begun
    came = (scanner.table.updates - before) / passed
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    if not peer and came < SYMBOLS * min(1.0, VENUES[venue].per_symbol) * 0.8:
        raise RuntimeError(f"only {came:.0f} tickers a second came: the server is too slow here")
    return used / passed


def _into_dictionaries(known: dict[str, dict[str, Any]]) -> Callable[..., None]:
    def read(frame: bytes, _ts: int, _names: object, _table: object) -> None:
        if frame[:1] not in (b"{", b"["):
            return
        for row in _rows(json.loads(frame)):
            name = row.get("s") or row.get("instId") or row.get("symbol") or row.get("product_id")
            if name:
                known[name] = {
                    key: float(value) if isinstance(value, str) and value[:1].isdigit() else value
                    for key, value in row.items()
                }

    return read


def _rows(message: Any) -> list[dict[str, Any]]:
    """The tickers of a frame."""
    if isinstance(message, list):
        return message
    if "events" in message:
        return [each for event in message["events"] for each in event.get("tickers", [])]
    told = message.get("data", [message])
    return told if isinstance(told, list) else [told]


# --- the server


def _serve(send: Pipe, venue: str) -> None:
    asyncio.run(_serving(send, VENUES[venue]))


async def _serving(send: Pipe, told: Told) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        asked: list[str] = []
        task = asyncio.create_task(_send(socket, asked, told.make, told.per_symbol))
        async for message in socket:
            if message.data != "ping":
                asked += _asked(json.loads(message.data))
        task.cancel()
        return socket

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    send.send(runner.addresses[0][1])
    await asyncio.Event().wait()


def _asked(frame: dict[str, Any]) -> list[str]:
    """The names of what a frame asks for; a stream of all symbols is all of them."""
    params = frame.get("params", [])
    if isinstance(params, dict):
        return list(params.get("symbol", []))
    if params and params[0].startswith("!"):
        return [f"{params[0]} {name}" for name in NAMES]
    asked = [str(each).partition("@")[0].upper() for each in params]
    asked += frame.get("product_ids", [])
    args = frame.get("args", [])
    return asked + [each["instId"] if isinstance(each, dict) else each.split(".")[-1] for each in args]


async def _send(
    socket: web.WebSocketResponse, asked: list[str], make: Callable[[str, float], str], per_symbol: float
) -> None:
    """Tickers of what was asked for, spread over each twentieth of a second."""
    chance = random.Random(1)
    due, begun = 0.0, time.monotonic()
    while not socket.closed:
        await asyncio.sleep(0.05)
        now = time.monotonic()
        due += (now - begun) * len(asked) * per_symbol
        begun = now
        for _ in range(int(due)):
            await socket.send_str(make(chance.choice(asked), chance.uniform(90, 110)))
        due -= int(due)
