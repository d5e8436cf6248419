"""What the order book costs beside ccxt's: python -m tests.benchmarks.bench_book."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from decimal import Decimal
from itertools import accumulate
from statistics import median
from time import process_time
from typing import Any

from tradetui.market.book import OrderBook

FRAMES, CHANGES, ROUNDS = 1_000, 20, 9
Frame = tuple[list[list[float]], list[list[float]]]


def frames() -> tuple[Frame, list[Frame]]:
    """A book of 1,000 levels a side, and frames of 20 changes a side, most of them near the touch."""
    rng = random.Random(1)

    def level(sign: int) -> list[float]:
        away = rng.randrange(1, 21) if rng.random() < 0.8 else rng.randrange(21, 1001)
        qty = 0.0 if rng.random() < 0.3 else round(rng.random() * 10 + 0.001, 3)
        return [round(60_000 + sign * away * 0.1, 1), qty]

    book = tuple([[round(60_000 + sign * n * 0.1, 1), 1.0] for n in range(1, 1001)] for sign in (-1, 1))
    made = [tuple([level(sign) for _ in range(CHANGES)] for sign in (-1, 1)) for _ in range(FRAMES)]
    return (book[0], book[1]), [(bids, asks) for bids, asks in made]


def ours(read: bool) -> float:
    """CPU seconds of one round."""
    start, changes = frames()
    book = OrderBook(Decimal("0.1"))
    book.apply_snapshot([(p, q) for p, q in start[0]], [(p, q) for p, q in start[1]])
    levels = [([(p, q) for p, q in bids], [(p, q) for p, q in asks]) for bids, asks in changes]
    begun = process_time()
    for bids, asks in levels:
        book.apply_delta(bids, asks)
        if read:
            book.top(25)
    return process_time() - begun


def peer(read: bool) -> float:
    """CPU seconds of one round of ccxt's book, read into the same columns."""
    from ccxt.async_support.base.ws.order_book import OrderBook as PeerBook

    start, changes = frames()
    book: Any = PeerBook({"bids": start[0], "asks": start[1]})
    bid_side, ask_side = book["bids"], book["asks"]
    begun = process_time()
    for bids, asks in changes:
        for level in bids:
            bid_side.storeArray(level)
        for level in asks:
            ask_side.storeArray(level)
        if read:
            for side in (bid_side, ask_side):
                _, sizes = zip(*side[:25], strict=True)
                list(accumulate(sizes))
    return process_time() - begun


def compared(
    name: str, bound: float, mine: Callable[[], float], other: Callable[[], float]
) -> dict[str, Any]:
    """One row from interleaved rounds: medians and their ratio."""
    pairs = [(mine(), other()) for _ in range(ROUNDS)]
    value, peer_value = (median(times) for times in zip(*pairs, strict=True))
    ratio = value / peer_value
    return {
        "name": name,
        "ours": value,
        "peer": "ccxt",
        "peer_value": peer_value,
        "ratio": ratio,
        "bound": bound,
        "holds": ratio <= bound,
    }


def run() -> list[dict[str, Any]]:
    """Rows of name, ours, peer, peer_value (CPU seconds), ratio, bound, holds."""
    return [
        compared("book apply", 0.5, lambda: ours(read=False), lambda: peer(read=False)),
        compared("40 changes and top 25", 0.6, lambda: ours(read=True), lambda: peer(read=True)),
    ]


if __name__ == "__main__":
    print(json.dumps(run(), indent=1))
