"""A market that never rests and often fails, in a process of its own: python -m tests.benchmarks.soak_server.

A thousand messages a second of one symbol, and every second or two a fault: frames dropped, a frame cut
short, a hole in the book, a burst of trades, a connection reset or closed. Connections are cut at least
twelve seconds apart and bursts keep away from that, because the venue's page of trades reaches back a
thousand trades and no client could fill more. It ends with its input, and says then what it has sent.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections import Counter, deque
from typing import Any

from aiohttp import web

from tests.benchmarks.feed_server import (
    CHANGES,
    LEVELS,
    MID,
    NAME,
    TICK,
    FeedServer,
    compact,
    text_frame,
    trade,
)

RATE, STEP_S = 1_000, 0.01
TRADES_SHARE, DEPTH_SHARE = 0.35, 0.15
BURST, MOST_DROPPED, PAGE = 3_000, 20, 1_000
CUTS_APART_S, QUIET_AFTER_CUT_S = 12.0, 6.0
CLOSING = b"\x88\x02\x03\xe9"
"""A frame that closes with the code 1001."""


class SoakServer(FeedServer):
    """The market, the book that it should be, and what went wrong on purpose."""

    def __init__(self, seed: int = 1) -> None:
        super().__init__()
        self.chance = random.Random(seed)
        self.trade_id = 0
        self.sent: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.recent: deque[dict[str, Any]] = deque(maxlen=PAGE)
        self.book: dict[int, dict[int, float]] = {
            sign: dict.fromkeys(range(1, LEVELS + 1), 1.0) for sign in (-1, 1)
        }
        self.drops = self.depth_drops = self.garbles = 0
        self.cut_at = 0.0
        self.is_going = True

    async def rest(self, request: web.Request) -> web.StreamResponse:
        if request.path.endswith(("/trades", "/aggTrades")):
            key = {"trades": "row", "aggTrades": "aggregate"}[request.path.rpartition("/")[2]]
            return web.json_response([each[key] for each in self.recent])
        return await super().rest(request)

    def snapshot(self) -> dict[str, Any]:
        return {"lastUpdateId": self.last_update_id, "bids": self.levels(-1), "asks": self.levels(1)}

    def levels(self, sign: int) -> list[list[str]]:
        """A side of the book, best first."""
        return [
            [f"{MID + sign * away * TICK:.8f}", f"{qty:.8f}"] for away, qty in sorted(self.book[sign].items())
        ]

    async def go_on(self) -> None:
        """Send what is due and plant faults, until it is told to end."""
        due = fault_due = time.monotonic()
        while self.is_going:
            due = max(due + STEP_S, time.monotonic() - 1.0)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            for _ in range(round(RATE * STEP_S)):
                self.step()
            if self.is_heard.is_set() and time.monotonic() >= fault_due:
                self.plant()
                fault_due = time.monotonic() + self.chance.uniform(1.0, 2.0)

    def step(self) -> None:
        """One message."""
        kind = self.chance.random()
        if kind < TRADES_SHARE:
            self.print_trade()
        elif kind < TRADES_SHARE + DEPTH_SHARE:
            self.change_book()
        else:
            event = {"u": self.last_update_id, "s": NAME, "b": f"{MID - TICK:.8f}", "B": "1.00000000"}
            self.emit("quote", {**event, "a": f"{MID + TICK:.8f}", "A": "1.00000000"})

    def print_trade(self) -> None:
        """A trade, which REST knows of whether the stream brings it or not."""
        self.trade_id += 1
        event = trade(self.trade_id, self.chance)
        shared = {"price": event["p"], "qty": event["q"], "quoteQty": "1", "time": event["T"]}
        row = {"id": self.trade_id, **shared, "isBuyerMaker": event["m"], "isBestMatch": True}
        names = {"a": self.trade_id, "f": self.trade_id, "l": self.trade_id}
        aggregate = {**names, **{key: event[key] for key in ("p", "q", "T", "m", "M")}}
        self.recent.append({"row": row, "aggregate": aggregate})
        self.emit("trade", event)

    def change_book(self) -> None:
        """Some levels of each side; the touch stays, so that the book is never crossed."""
        self.last_update_id += 1
        sides = {}
        for name, sign in (("b", -1), ("a", 1)):
            aways = {self.chance.randrange(2, 40) for _ in range(self.chance.randrange(CHANGES))}
            for away in aways:
                qty = self.chance.randrange(100) / 10
                self.book[sign][away] = qty
                if not qty:
                    del self.book[sign][away]
            sides[name] = [
                [f"{MID + sign * away * TICK:.8f}", f"{self.book[sign].get(away, 0.0):.8f}"] for away in aways
            ]
        number, now = self.last_update_id, time.time_ns() // 1_000_000
        self.emit("depth", {"e": "depthUpdate", "E": now, "s": NAME, "U": number, "u": number, **sides})

    def emit(self, kind: str, event: dict[str, Any]) -> None:
        """Send an event if somebody listens and no fault takes it."""
        if self.transport is None or self.transport.is_closing():
            return
        text = compact(event)
        if self.drops:
            self.drops -= 1
        elif self.depth_drops and kind == "depth":
            self.depth_drops -= 1
        elif self.garbles:
            self.garbles -= 1
            self.transport.write(text_frame(text[: len(text) // 2]))
        else:
            self.sent[kind] += 1
            self.transport.write(text_frame(text))

    def plant(self) -> None:
        """One fault."""
        since_cut = time.monotonic() - self.cut_at
        kinds = ["drop", "gap", "garble"]
        kinds += ["burst"] * (since_cut > QUIET_AFTER_CUT_S)
        kinds += ["reset", "close"] * (since_cut > CUTS_APART_S)
        kind = self.chance.choice(kinds)
        self.faults[kind] += 1
        match kind:
            case "drop":
                self.drops = self.chance.randrange(1, MOST_DROPPED)
            case "gap":
                self.depth_drops = self.chance.randrange(1, 5)
            case "garble":
                self.garbles = 1
            case "burst":
                for _ in range(BURST):
                    self.print_trade()
            case _:
                self.cut(kind)

    def cut(self, kind: str) -> None:
        """End the connection, with or without a word."""
        assert self.transport is not None
        self.cut_at = time.monotonic()
        self.is_heard.clear()
        if kind == "close":
            self.transport.write(CLOSING)
            self.transport.close()
        else:
            self.transport.abort()

    def summary(self) -> dict[str, Any]:
        """What was sent, what went wrong, and how the book should look."""
        sides = {name: self.levels(sign)[:20] for name, sign in (("bids", -1), ("asks", 1))}
        return {"last_trade": self.trade_id, "sent": self.sent, "faults": self.faults, **sides}


async def main() -> None:
    """Serve until the input says a line and ends."""
    server, loop = SoakServer(), asyncio.get_running_loop()
    async with server.running():
        print(server.address, flush=True)
        going = asyncio.create_task(server.go_on())
        await loop.run_in_executor(None, sys.stdin.readline)
        server.is_going = False
        await going
        print(json.dumps(server.summary()), flush=True)
        await loop.run_in_executor(None, sys.stdin.readline)


if __name__ == "__main__":
    asyncio.run(main())
