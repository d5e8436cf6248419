"""What it costs to keep 500 symbols' tickers fresh: python -m tests.benchmarks scan.

A server in a process of its own sends over loopback as fast as the venues do: Binance one ticker a second
and symbol, OKX four (most symbols change less often). Ours is this process's CPU time as a part of one
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
from typing import Any

from aiohttp import web

from tradetui.feeds.scan.scanner import Scanner
from tradetui.feeds.scan.venues import BinanceScan, OkxScan, ScanVenue

SYMBOLS, SECONDS, ROUNDS = 500, 6.0, 3
BOUND = 0.10
"""Of a core."""
NAMES = [f"SYM{n}" for n in range(SYMBOLS)]


def run() -> list[dict[str, Any]]:
    """Rows of name, ours, peer, peer_value (parts of a core), ratio, bound, holds."""
    return [
        _row("Binance, 500 symbols, 500 tickers/s", "binance", 1.0),
        _row("OKX, 500 symbols, 2,000 tickers/s", "okx", 4.0),
    ]


def _row(name: str, venue: str, per_symbol: float) -> dict[str, Any]:
    pairs = [asyncio.run(_round(venue, per_symbol)) for _ in range(ROUNDS)]
    ours, theirs = (median(column) for column in zip(*pairs, strict=True))
    ratio = median(a / b for a, b in pairs)
    return {
        "name": f"part of a core, {name}",
        "ours": ours,
        "peer": "json into dictionaries",
        "peer_value": theirs,
        "ratio": ratio,
        "bound": BOUND,
        "holds": ours <= BOUND,
    }


async def _round(venue: str, per_symbol: float) -> tuple[float, float]:
    receive, send = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.Process(target=_serve, args=(send, venue, per_symbol), daemon=True)
    process.start()
    try:
        port = await asyncio.to_thread(receive.recv)
        return await _part(venue, port), await _part(venue, port, peer=True)
    finally:
        process.terminate()
        process.join()


async def _part(venue: str, port: int, *, peer: bool = False) -> float:
    """CPU seconds a second while the tickers come."""

    def address(_: str) -> str:
        return f"ws://127.0.0.1:{port}/"

    made: ScanVenue = (
        OkxScan(address=address) if venue == "okx" else BinanceScan(futures=False, address=address)
    )
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
    if not peer and came < SYMBOLS * 0.8:
        raise RuntimeError(f"only {came:.0f} tickers a second came: the server is too slow here")
    return used / passed


def _into_dictionaries(known: dict[str, dict[str, Any]]) -> Callable[..., None]:
    def read(frame: bytes, _ts: int, _names: object, _table: object) -> None:
        if frame[:1] != b"{":
            return
        message = json.loads(frame)
        for row in message.get("data", [message]):
            name = row.get("s") or row.get("instId")
            if name:
                known[name] = {
                    key: float(value) if isinstance(value, str) and value[:1].isdigit() else value
                    for key, value in row.items()
                }

    return read


# --- the server


def _serve(send: Pipe, venue: str, per_symbol: float) -> None:
    asyncio.run(_serving(send, venue, per_symbol))


async def _serving(send: Pipe, venue: str, per_symbol: float) -> None:
    make = _okx if venue == "okx" else _binance

    async def answer(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        asked: list[str] = []
        task = asyncio.create_task(_send(socket, asked, make, per_symbol))
        async for message in socket:
            if message.data != "ping":
                frame = json.loads(message.data)
                asked += [str(p).partition("@")[0].upper() for p in frame.get("params", [])]
                asked += [row["instId"] for row in frame.get("args", [])]
        task.cancel()
        return socket

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    send.send(runner.addresses[0][1])
    await asyncio.Event().wait()


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


def _binance(name: str, price: float) -> str:
    return (
        f'{{"e":"24hrTicker","E":1672515782136,"s":"{name}","p":"-131.40","P":"-0.786","w":"16628.97377498",'
        f'"x":"16715.0","c":"{price:.4f}","Q":"0.002","b":"{price - 0.01:.4f}","B":"31.21",'
        f'"a":"{price + 0.01:.4f}","A":"40.66","o":"16716.00",'
        f'"h":"16764.89","l":"16456.51","v":"122474.816","q":"2036102085.69746400",'
        f'"O":1672429382136,"C":1672515782136,"F":2289691,"L":2432543,"n":142853}}'
    )


def _okx(name: str, price: float) -> str:
    return (
        f'{{"arg":{{"channel":"tickers","instId":"{name}"}},"data":[{{"instType":"SPOT","instId":"{name}",'
        f'"last":"{price:.4f}","lastSz":"0.1","askPx":"{price + 0.01:.4f}","askSz":"11",'
        f'"bidPx":"{price - 0.01:.4f}","bidSz":"5","open24h":"100",'
        f'"high24h":"110","low24h":"90","volCcy24h":"2222","vol24h":"2222",'
        f'"sodUtc0":"2222","sodUtc8":"2222","ts":"1597026383085"}}]}}'
    )
