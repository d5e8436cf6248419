"""What the native feed costs beside ccxt.pro and cryptofeed: python -m tests.benchmarks.bench_feed.

Both clients of a pair read the same frames from the same loopback server, which is a process of its own:
only the client's CPU counts. Nothing is encrypted or compressed, as ccxt.pro asks for neither here.
"""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from time import perf_counter, process_time
from typing import Any

from tests.benchmarks import bench_feed_captured
from tests.benchmarks.feed_clients import (
    Client,
    Tally,
    ccxt_pro,
    ccxt_that_hands_over_each,
    ccxt_that_keeps_all,
    ours,
)

ROUNDS, PACED_ROUNDS = 7, 3
TRADES, DEPTHS, BURST = 20_000, 1_500, 100_000
RATE, PACED_S = 2_000, 5


@dataclass
class Server:
    """The market's process."""

    process: subprocess.Popen[str]
    address: str
    last: int = 1
    """The number of the newest frame, and of the book that it gives by REST."""

    def play(self, kind: str, frames: int, rate: int = 0) -> None:
        """Ask for frames; they come while the caller goes on."""
        assert self.process.stdin is not None
        asked = {"kind": kind, "first": self.last + 1, "count": frames, "rate": rate}
        self.last += frames
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()


@contextmanager
def serving() -> Iterator[Server]:
    """A server for as long as it is needed."""
    command = [sys.executable, "-m", "tests.benchmarks.feed_server"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Server(process, process.stdout.readline().strip())
        finally:
            process.kill()


@dataclass(frozen=True)
class Cost:
    """What a play cost its client, and what of it arrived."""

    cpu_s: float
    wall_s: float
    numbers: list[int]


async def settled() -> None:
    """Until the start is over: candles and tickers that are fetched once are no cost of a frame."""
    spent = -1.0
    while process_time() - spent > 0.002:
        spent = process_time()
        await asyncio.sleep(0.1)


async def played(server: Server, client: Client, kind: str, frames: int, rate: int = 0) -> Cost:
    """Connect, let the server play, and measure from then to the last frame."""
    tally = Tally(server.last + frames)
    async with client(server.address, kind, tally):
        await settled()
        gc.collect()
        gc.freeze()  # as a program that has settled
        begun, cpu = perf_counter(), process_time()
        server.play(kind, frames, rate)
        await asyncio.wait_for(tally.is_done.wait(), 120)
        return Cost(process_time() - cpu, perf_counter() - begun, tally.numbers)


def row(name: str, ours: float, theirs: float, bound: float, *, peer: str = "ccxt.pro") -> dict[str, Any]:
    """One result of medians."""
    ratio = ours / theirs
    return {
        "name": name,
        "ours": ours,
        "peer": peer,
        "peer_value": theirs,
        "ratio": ratio,
        "bound": bound,
        "holds": ratio <= bound,
    }


async def trades(server: Server) -> list[dict[str, Any]]:
    """CPU microseconds a trade; by default ccxt.pro drops what its consumer is too slow for."""
    peers = {"ccxt.pro": ccxt_pro, "ccxt.pro, keeps all": ccxt_that_keeps_all}
    costs: dict[str, list[float]] = defaultdict(list)
    for _ in range(ROUNDS):
        for name, client in {"ours": ours, **peers}.items():
            costs[name].append((await played(server, client, "trades", TRADES)).cpu_s / TRADES * 1e6)
    mine = median(costs["ours"])
    return [row("trade by websocket, CPU µs", mine, median(costs[peer]), 1 / 15, peer=peer) for peer in peers]


async def depths(server: Server) -> list[dict[str, Any]]:
    """CPU microseconds a depth frame with its changes in the book; how many books are handed over differs."""
    clients = {"ours": ours, "ccxt.pro": ccxt_pro, "ccxt.pro, each": ccxt_that_hands_over_each}
    plays: dict[str, list[Cost]] = defaultdict(list)
    for _ in range(ROUNDS):
        for name, client in clients.items():
            plays[name].append(await played(server, client, "depth", DEPTHS))
    cpu = {name: median(cost.cpu_s for cost in costs) / DEPTHS * 1e6 for name, costs in plays.items()}
    seen = {name: round(median(len(cost.numbers) for cost in costs)) for name, costs in plays.items()}
    name = f"depth of 40 changes into the book, CPU µs (handed over {seen['ours']:,} of {DEPTHS:,})"
    peers = {peer: f"{peer} (handed over {seen[peer]:,})" for peer in clients if peer != "ours"}
    return [row(name, cpu["ours"], cpu[peer], 1 / 4, peer=words) for peer, words in peers.items()]


async def paced(server: Server) -> dict[str, Any]:
    """CPU microseconds a trade while they come one by one: most of it is waking up."""
    pairs = []
    for _ in range(PACED_ROUNDS):
        costs = [await played(server, each, "trades", RATE * PACED_S, RATE) for each in (ours, ccxt_pro)]
        pairs.append([cost.cpu_s / (RATE * PACED_S) * 1e6 for cost in costs])
    mine, other = (median(column) for column in zip(*pairs, strict=True))
    return row(f"trade of {RATE:,} a second, CPU µs", mine, other, 1 / 4)


async def burst(server: Server) -> dict[str, Any]:
    """How many of a burst of trades never reached the consumer, or reached it twice."""
    mine, other = [await played(server, client, "trades", BURST) for client in (ours, ccxt_pro)]
    lost, others_lost = BURST - len(set(mine.numbers)), BURST - len(set(other.numbers))
    doubled = len(mine.numbers) - len(set(mine.numbers))
    return {
        "name": f"lost or doubled of a burst of {BURST:,} trades",
        "ours": lost + doubled,
        "peer": "ccxt.pro (lost)",
        "peer_value": others_lost,
        "ratio": None,
        "bound": 0,
        "holds": lost + doubled == 0,
    }


async def over_loopback() -> list[dict[str, Any]]:
    """The rows against ccxt.pro."""
    with serving() as server:
        return [*await trades(server), *await depths(server), await paced(server), await burst(server)]


def run() -> list[dict[str, Any]]:
    """Rows against ccxt.pro over loopback, and against cryptofeed on captured frames; about two minutes."""
    return [*asyncio.run(over_loopback()), *bench_feed_captured.run()]


if __name__ == "__main__":
    for result in run():
        print(json.dumps(result))
