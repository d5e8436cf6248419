"""A second implementation of the matching rules: slow and obvious, written from the rules alone.

It shares no line with the engine: it reads the capture's JSON itself, keeps the book in dictionaries
of Decimals, and knows one instrument, one position, no latency and the default queue.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_UP, Decimal
from pathlib import Path
from typing import Any

D = Decimal
ZERO = D(0)
SECOND = 1_000_000_000
BUY, SELL = 1, -1


@dataclass(frozen=True)
class Entry:
    """An order with a stop; without a limit a market order. `tail` is empty, ioc or post."""

    name: str
    side: int
    qty: Decimal
    limit: Decimal | None
    stop: Decimal
    tail: str = ""

    def __str__(self) -> str:
        limit = f" limit {self.limit}" if self.limit is not None else ""
        word = "buy" if self.side == BUY else "sell"
        return f"{word} {self.qty}{limit} {self.tail} stop {self.stop}"


@dataclass
class Resting:
    """An order of ours in the book."""

    name: str
    side: int
    limit: Decimal
    left: Decimal
    ahead: Decimal
    decreases: list[tuple[int, Decimal]] = field(default_factory=list)

    def depth_became(self, size: Decimal, now: int) -> None:
        if size < self.ahead:
            self.decreases.append((now, self.ahead - size))
            self.ahead = size

    def forgive(self, size: Decimal, now: int) -> Decimal:
        """How much of a print was already seen as a decrease in the last second."""
        recent = [(ts, qty) for ts, qty in self.decreases if now - ts <= SECOND]
        wanted, self.decreases = size, []
        for ts, qty in recent:
            used = min(qty, wanted)
            wanted -= used
            if qty > used:
                self.decreases.append((ts, qty - used))
        return size - wanted


@dataclass(frozen=True, order=True)
class Printed:
    """A trade of others; compared by its time at the exchange."""

    ts: int
    came: int
    price: Decimal
    size: Decimal
    aggressor: int

    def is_missing_from(self, book_ts: int, now: int) -> bool:
        """Whether a book that came after it does not show it: it is older, but no second late."""
        return 0 < book_ts < self.ts and now - self.came < SECOND


class Exchange:
    """One instrument with our orders, our position and its stop."""

    def __init__(self, tick: Decimal, *, lot: Decimal = ZERO, fee_in_base: Decimal = ZERO) -> None:
        """`fee_in_base` is what a spot venue keeps of each purchase."""
        self.tick = tick
        self.lot = lot
        self.fee_in_base = fee_in_base
        self.book: dict[int, dict[Decimal, Decimal]] = {BUY: {}, SELL: {}}
        self.taken: dict[tuple[int, Decimal], Decimal] = {}
        self.eaten: dict[tuple[int, Decimal], Decimal] = {}
        """What prints took of levels that do not show it yet."""
        self.hidden: list[Printed] = []
        """Prints that the book does not show and that no walk of ours has met."""
        self.met: list[Printed] = []
        self.book_ts = self.now = 0
        self.last = ZERO
        self.resting: list[Resting] = []
        self.position = ZERO
        self.stop: Decimal | None = None
        self.closing = ZERO
        self.fills: list[tuple[str, int, Decimal, Decimal, str]] = []
        """(order, side, quantity, price, liquidity)."""

    # --- what the venue says

    def depth(self, ts: int, changes: dict[int, list[list[str]]]) -> None:
        self.book_ts = ts
        for side, levels in changes.items():
            for price, size in ((D(p), D(q)) for p, q in levels):
                self._level(side, price, size)
        self.hidden = [one for one in self.hidden if one.is_missing_from(ts, self.now)]
        newest = max(self.met, default=None)
        if newest and not newest.is_missing_from(ts, self.now):
            self.met, self.eaten = [], {}
        if self.closing:
            self._close()
        self._displayed()

    def _level(self, side: int, price: Decimal, size: Decimal) -> None:
        before = self.book[side].pop(price, ZERO)
        if size:
            self.book[side][price] = size
        if not (self.eaten or self.taken or self.resting):
            return
        gone = max(ZERO, before - size)
        by_prints = self.eaten.pop((side, price), ZERO)
        if size and by_prints > gone:
            self.eaten[side, price] = by_prints - gone
        # a print that was ahead of us explains the decrease first
        gone = max(ZERO, gone - by_prints)
        taken = max(ZERO, self.taken.pop((side, price), ZERO) - gone)
        if size and taken:
            self.taken[side, price] = taken
        for order in self.resting:
            if order.side == side and order.limit == price:
                order.depth_became(size, self.now)

    def _displayed(self) -> None:
        """Orders of ours that the other side is displayed at: filled at their limits."""
        for order in list(self.resting):
            for price in self._levels(-order.side):
                if order.side * (price - order.limit) > 0 or not order.left:
                    break
                self._meet_prints()
                size = min(self._available(-order.side, price), order.left)
                self._take(-order.side, price, size)
                self._fill_resting(order, size)

    def print(self, ts: int, price: Decimal, size: Decimal, aggressor: int) -> None:
        self.last = price
        if ts >= self.book_ts:
            self.hidden.append(Printed(ts, self.now, price, size, aggressor))
        if self.stop is not None and self._whole_lots() and not self.closing:
            side = BUY if self.position > 0 else SELL
            if side * (price - self.stop) <= 0:
                self.closing, self.stop = self._whole_lots(), None
                self._close()
        rest = size
        for order in list(self.resting):
            if order.side * (order.limit - price) > 0:
                order.ahead = ZERO
                rest -= self._fill_resting(order, min(rest, order.left))
            elif order.limit == price and order.side == -aggressor:
                seen = rest - order.forgive(rest, self.now)
                eaten = min(order.ahead, seen)
                order.ahead -= eaten
                rest -= self._fill_resting(order, min(seen - eaten, order.left))

    def _meet_prints(self) -> None:
        """What prints have eaten of a book that does not know of them yet."""
        for one in self.hidden:
            side = -one.aggressor
            better = [level for level in self._levels(side) if side * (level - one.price) > 0]
            if len(better) == len(self.book[side]):
                self._eat(side, better, one.size)
            else:
                # who paid this price had found nothing better any more
                self._eat(side, better, None)
                self._eat(side, [level for level in self.book[side] if level == one.price], one.size)
        self.met += self.hidden
        self.hidden = []

    def _eat(self, side: int, levels: list[Decimal], size: Decimal | None) -> None:
        for level in levels:
            here = self._available(side, level)
            if size is not None:
                here = min(here, size)
                size -= here
            self.eaten[side, level] = self.eaten.get((side, level), ZERO) + here

    # --- what we say

    def enter(self, order: Entry) -> None:
        side, limit = order.side, order.limit
        best = self._levels(-side)[0]
        if order.tail == "post" and limit is not None and side * (best - limit) <= 0:
            return
        # the stop stands before the first fill
        self.stop = order.stop
        band = best + side * max(best / 100, 10 * self.tick) if limit is None else limit
        left = self._walk(order.name, side, order.qty, band)
        if limit is not None and order.tail != "ioc" and left:
            ahead = self.book[side].get(limit, ZERO)
            self.resting.append(Resting(order.name, side, limit, left, ahead))
        if not self._whole_lots() and not self.resting:
            self.stop = None

    def cancel_all(self) -> None:
        self.resting.clear()

    def flatten(self) -> None:
        if self._whole_lots():
            self.closing, self.stop = self._whole_lots(), None
            self._close(name="flatten")

    # --- fills

    def _whole_lots(self) -> Decimal:
        held = abs(self.position)
        return held // self.lot * self.lot if self.lot else held

    def _close(self, name: str = "stop") -> None:
        self.closing = self._walk(name, SELL if self.position > 0 else BUY, self.closing, None)

    def _walk(self, name: str, side: int, left: Decimal, limit: Decimal | None) -> Decimal:
        self._meet_prints()
        for price in self._levels(-side):
            if not left or (limit is not None and side * (price - limit) > 0):
                break
            size = min(left, self._available(-side, price))
            if size:
                self._take(-side, price, size)
                self._fill(name, side, size, price, "taker")
                left -= size
        return left

    def _fill_resting(self, order: Resting, size: Decimal) -> Decimal:
        if size:
            order.left -= size
            self._fill(order.name, order.side, size, order.limit, "maker")
            if not order.left:
                self.resting.remove(order)
        return size

    def _fill(self, name: str, side: int, size: Decimal, price: Decimal, liquidity: str) -> None:
        # fees are rounded up at the asset's scale, each by itself
        kept = (size * self.fee_in_base).quantize(D("1e-8"), ROUND_UP) if side == BUY else ZERO
        self.position += side * size - kept
        self.fills.append((name, side, size, price, liquidity))

    def _levels(self, side: int) -> list[Decimal]:
        """Prices of a side, best first."""
        return sorted(self.book[side], reverse=side == BUY)

    def _available(self, side: int, price: Decimal) -> Decimal:
        gone = self.taken.get((side, price), ZERO) + self.eaten.get((side, price), ZERO)
        return max(ZERO, self.book[side][price] - gone)

    def _take(self, side: int, price: Decimal, size: Decimal) -> None:
        self.taken[side, price] = self.taken.get((side, price), ZERO) + size


def lines(paths: list[Path]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Receive time and message of each line."""
    for path in paths:
        for line in gzip.decompress(path.read_bytes()).splitlines():
            head, _, text = line.partition(b" ")
            # best prices alone are half of a capture, and nothing here asks for them
            message = {} if b"@bookTicker" in text[:40] else json.loads(text)
            yield int(head), message.get("data", message)


def play(exchange: Exchange, now: int, message: dict[str, Any], last_id: int | None) -> int | None:
    """One message into the exchange; returns the last update of its book, None before its snapshot."""
    exchange.now = now
    if "lastUpdateId" in message:
        exchange.book = {BUY: {}, SELL: {}}
        exchange.depth(message.get("T", 0), {BUY: message["bids"], SELL: message["asks"]})
        return int(message["lastUpdateId"])
    kind = message.get("e")
    if kind == "depthUpdate" and last_id is not None and message["u"] > last_id:
        exchange.depth(message.get("T", message["E"]), {BUY: message["b"], SELL: message["a"]})
        return int(message["u"])
    if kind == "trade":
        aggressor = SELL if message["m"] else BUY
        exchange.print(message["T"], D(message["p"]), D(message["q"]), aggressor)
    return last_id
