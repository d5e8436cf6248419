"""The native feed through a bad day: python -m tests.benchmarks.bench_soak [--minutes 30].

A market of its own process (soak_server.py) sends a thousand messages a second and fails all the time.
Counted are the trades: each has to come once, by the stream or as one that was missed and fetched.
Watched are memory, and how late the feed's event loop is beside an idle one of another process.
Thirty minutes decide; a shorter run shows only that nothing fails grossly.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from statistics import linear_regression
from typing import Any

from tests.benchmarks.idle_loop import Late, beat
from tradetui.domain.market_data import (
    BookDelta,
    BookSnapshot,
    FeedState,
    FeedStatus,
    MarketMessage,
    MissedTrades,
    Side,
    Trade,
)
from tradetui.domain.profile import Profile
from tradetui.feeds.native.feed import NativeFeed
from tradetui.feeds.native.venues import venue_of
from tradetui.market.book import OrderBook
from tradetui.runtime.collector import Collector

SYMBOL = "BTC/USDT"
DEFAULT_MINUTES, DECIDES_MINUTES = 3.0, 10.0
SAMPLE_S, SETTLE_S, MOST_SETTLE_S, WARM_UP_SHARE = 5.0, 6.0, 60.0, 0.3
MOST_GROWTH, MOST_GROWTH_WARMING = 0.3, 1.5
"""MiB a minute."""
MOST_STALL_MS, TOGETHER_S = 100.0, 0.25
MOST_TRADES = 8_000_000

Process = subprocess.Popen[str]


class Ledger:
    """What the feed delivered: each trade's number is counted in a byte, so that counting takes no memory."""

    def __init__(self) -> None:
        self.counts = bytearray(b"\x01") * MOST_TRADES
        self.counts[:] = bytes(MOST_TRADES)  # written once, so that it is there from the beginning
        self.first = 0
        self.backfilled = 0
        self.states: Counter[str] = Counter()
        self.book = OrderBook(Decimal("0.01"))
        self.is_fresh = False
        self.has_begun = asyncio.Event()

    def __call__(self, message: MarketMessage) -> None:
        if isinstance(message, Trade):
            self._count(message)
        elif isinstance(message, BookDelta):
            self.book.apply_delta(message.bids, message.asks)
        elif isinstance(message, BookSnapshot):
            self.book.apply_snapshot(message.bids, message.asks)
            self.has_begun.set()
        elif isinstance(message, MissedTrades):
            self.backfilled += len(message.trades)
            for trade in message.trades:
                self._count(trade)
        elif isinstance(message, FeedStatus):
            self.states[message.state] += 1
            self.is_fresh = message.state is FeedState.STREAMING

    def _count(self, trade: Trade) -> None:
        number = int(trade.trade_id or 0)
        self.first = self.first or number
        self.counts[number] = min(255, self.counts[number] + 1)

    async def until_fresh(self) -> None:
        """Wait until the feed vouches for its data."""
        while not self.is_fresh:  # noqa: ASYNC110 - asked once, at the end
            await asyncio.sleep(0.1)

    def lost(self, last: int) -> int:
        """Trades from the first to the last that never came."""
        return self.counts[self.first : last + 1].count(0)

    def doubled(self) -> int:
        """Trades that came more than once."""
        return len(self.counts) - self.counts.count(0) - self.counts.count(1)

    def top(self, side: Side) -> list[list[str]]:
        """Twenty levels as the venue writes them."""
        depth = self.book.top(20)[0 if side is Side.BUY else 1]
        return [
            [f"{tick * 0.01:.8f}", f"{qty:.8f}"] for tick, qty in zip(depth.ticks, depth.sizes, strict=True)
        ]


@contextmanager
def started(module: str) -> Iterator[Process]:
    """Another program of these benchmarks, for as long as it is needed."""
    command = [sys.executable, "-m", f"tests.benchmarks.{module}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def memory_mib() -> float:
    """Resident memory of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def say(process: Process, text: str = "") -> None:
    """A line to a process."""
    assert process.stdin is not None
    process.stdin.write(f"{text}\n")
    process.stdin.flush()


def heard(process: Process) -> str:
    """A line from a process."""
    assert process.stdout is not None
    return process.stdout.readline()


async def listen(process: Process, found: list[Late]) -> None:
    """Keep what the idle loop tells."""
    while line := await asyncio.to_thread(heard, process):
        found.append(Late(*map(float, line.split())))


async def watch(minutes: float) -> list[tuple[float, float]]:
    """Minutes and resident MiB."""
    samples, began = [], time.monotonic()
    while (passed := time.monotonic() - began) < minutes * 60:
        samples.append((passed / 60, memory_mib()))
        await asyncio.sleep(SAMPLE_S)
    return samples


def beyond_the_machine(own: list[Late], machine: list[Late]) -> float:
    """The longest oversleeping in ms that was not the machine's.

    The machine's is what the loop waited for a core, or what the idle loop was late at the same time: a
    loop that does nothing gets a core sooner than one that has work.
    """
    ends = [each.at for each in machine]
    worst = 0.0
    for each in own:
        start = bisect_left(ends, each.at - each.late - TOGETHER_S)
        stop = bisect_left(ends, each.at + TOGETHER_S)
        idle = max((other.late for other in machine[start:stop]), default=0.0)
        worst = max(worst, each.late - max(idle, each.waited))
    return worst * 1e3


@dataclass
class Soak:
    """What was seen of one."""

    ledger: Ledger = field(default_factory=Ledger)
    own: list[Late] = field(default_factory=list)
    machine: list[Late] = field(default_factory=list)
    samples: list[tuple[float, float]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)

    async def run(self, server: Process, idle: Process, minutes: float) -> None:
        """Run the feed, end the market, wait for what is on its way."""
        address = (await asyncio.to_thread(heard, server)).strip()
        profile = Profile(name="soak", exchange="binance", symbols=(SYMBOL,), endpoint=address)
        feed = NativeFeed(profile, venue_of(profile), stale_after_s=30.0)
        feed.crossed = lambda _symbol: self.ledger.book.is_crossed
        works = [asyncio.create_task(feed.run(self.ledger))]
        # what is imported at the start is no stall of the feed
        await asyncio.wait_for(self.ledger.has_begun.wait(), 60)
        works += [asyncio.create_task(beat(self.own.append)), asyncio.create_task(listen(idle, self.machine))]
        self.samples = await watch(minutes)
        say(server)
        self.summary = json.loads(await asyncio.to_thread(heard, server))
        await asyncio.sleep(SETTLE_S)
        # after many faults a book is not asked for at once
        with suppress(TimeoutError):
            await asyncio.wait_for(self.ledger.until_fresh(), MOST_SETTLE_S)
        self.summary["stats"] = str(feed.stats(SYMBOL))
        idle.kill()
        for work in works[:2]:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)

    def story(self) -> dict[str, Any]:
        """What happened, for whoever wants to know more than the verdicts."""
        count = len(self.samples)
        return {
            **{key: self.summary[key] for key in ("last_trade", "sent", "faults", "stats")},
            "backfilled": self.ledger.backfilled,
            "states": self.ledger.states,
            "memory MiB": [round(self.samples[count * part // 5][1], 1) for part in range(5)],
            "latest ms": [round(_latest(each) * 1e3) for each in (self.own, self.machine)],
        }

    def rows(self) -> list[dict[str, Any]]:
        """The verdicts."""
        ledger, summary, minutes = self.ledger, self.summary, self.samples[-1][0]
        settled = [sample for sample in self.samples if sample[0] >= minutes * WARM_UP_SHARE]
        growth = linear_regression(*zip(*settled, strict=True)).slope
        most = MOST_GROWTH if minutes > DECIDES_MINUTES * 0.9 else MOST_GROWTH_WARMING
        same_book = [ledger.top(Side.BUY), ledger.top(Side.SELL)] == [summary["bids"], summary["asks"]]
        return [
            _row("trades lost", ledger.lost(summary["last_trade"]), 0),
            _row("trades doubled", ledger.doubled(), 0),
            _row("books that differ at the end", int(not (same_book and ledger.is_fresh)), 0),
            _row("memory growth, MiB a minute", growth, most),
            _row(
                "stall beyond the machine's own, ms",
                beyond_the_machine(self.own, self.machine),
                MOST_STALL_MS,
            ),
        ]


def _latest(lates: Sequence[Late]) -> float:
    return max((each.late for each in lates), default=0.0)


def _row(name: str, value: float, most: float) -> dict[str, Any]:
    """A result that has a bound and no peer."""
    named = {"name": f"soak: {name}", "ours": value, "peer": "bound", "peer_value": most, "ratio": None}
    return {**named, "bound": most, "holds": value <= most}


def run(minutes: float = DEFAULT_MINUTES) -> list[dict[str, Any]]:
    """Rows of one soak; what happened goes to standard error."""
    soak = Soak()
    collector = Collector()

    async def work(server: Process, idle: Process) -> None:
        collector.start()
        await soak.run(server, idle, minutes)
        collector.stop()

    with started("soak_server") as server, started("idle_loop") as idle:
        asyncio.run(work(server, idle))
    print(json.dumps(soak.story()), file=sys.stderr)
    return soak.rows()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=DEFAULT_MINUTES)
    for result in run(parser.parse_args().minutes):
        print(json.dumps(result))
