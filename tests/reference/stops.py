"""What stops get beside what the market traded next: python -m tests.reference.stops.

Stops of one lot stand 3 and 7 ticks behind the touch, new ones every second. When a print reaches one it
walks the book after its latency; the measure is the price of the next print of the same aggressor
within a second. Above zero the walk was better than the market.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean

from tests.captures import CAPTURES
from tradetui.domain.market_data import BookDelta, BookSnapshot, InstrumentListed, MarketMessage, Side, Trade
from tradetui.domain.order import OrderRole
from tradetui.feeds.replay import ReplayFeed
from tradetui.market.market import Market
from tradetui.trading.match_types import Incoming
from tradetui.trading.matching import Matcher

SECOND = 1_000_000_000
FILES = {
    "spot BTCUSDT": ["spot_btcusdt_20240808.gz", "spot_btcusdt_20240809.gz"],
    "linear ETHUSDT": ["usdm_ethusdt_20240808.gz"],
    "inverse BTCUSD": ["cm_btcusd_perp_20240808.gz", "cm_btcusd_perp_20240809.gz"],
}
LATENCIES_MS = (0, 100)


@dataclass
class Walked:
    """What one stop would have got, with and without the prints that the book did not show."""

    side: Side
    ts: int
    told: int
    untold: int
    better: tuple[int, int] | None = None
    """By how many ticks each was better than the next print."""


@dataclass
class Stops:
    """Follows a recording of one symbol."""

    latency_ns: int
    market: Market | None = None
    told: Matcher | None = None
    untold: Matcher | None = None
    next_ts: int = 0
    standing: list[tuple[Side, int]] = field(default_factory=list)
    fired: list[tuple[int, Side]] = field(default_factory=list)
    open: list[Walked] = field(default_factory=list)
    done: list[Walked] = field(default_factory=list)

    def take(self, message: MarketMessage) -> None:
        """One message of the recording."""
        if isinstance(message, InstrumentListed):
            self.market = Market(message.instrument)
            lot = message.instrument.lot_size
            self.told, self.untold = Matcher(self.market.book, lot), Matcher(self.market.book, lot)
        elif self.market is not None and self.told is not None and self.untold is not None:
            while self.fired and self.fired[0][0] < message.ts_received:
                self._walk(*self.fired.pop(0), self.told, self.untold)
            self.market.apply(message)
            if isinstance(message, BookDelta | BookSnapshot):
                self.told.on_book(message)
                self.untold.on_book(message)
            elif isinstance(message, Trade):
                self._print(message, self.market, self.told, self.untold)

    def _print(self, trade: Trade, market: Market, told: Matcher, untold: Matcher) -> None:
        tick = market.book.tick_of(trade.price)
        self._judge(trade, tick)
        told.note(trade)
        reached = [stop for stop in self.standing if stop[0].sign * (tick - stop[1]) >= 0]
        self.standing = [stop for stop in self.standing if stop not in reached]
        for side, _ in reached:
            if self.latency_ns:
                self.fired.append((trade.ts_received + self.latency_ns, side))
            else:
                self._walk(trade.ts_received, side, told, untold)
        if trade.ts_received >= self.next_ts:
            self.next_ts = trade.ts_received + SECOND
            self._place(market, tick)

    def _place(self, market: Market, last: int) -> None:
        bid, ask = market.book.best_bid, market.book.best_ask
        if bid is not None and ask is not None:
            for distance in (3, 7):
                self.standing.append((Side.BUY, max(ask, last) + distance))
                self.standing.append((Side.SELL, min(bid, last) - distance))

    def _walk(self, ts: int, side: Side, told: Matcher, untold: Matcher) -> None:
        order = Incoming(order_id="", side=side, lots=1, role=OrderRole.PROTECTIVE)
        ticks = [piece.tick for each in (told, untold) for piece in each.estimate(order).executions]
        if len(ticks) == 2:
            self.open.append(Walked(side, ts, told=ticks[0], untold=ticks[1]))

    def _judge(self, trade: Trade, tick: int) -> None:
        """Hold what walked since the last print of a side against this one."""
        rest = []
        for one in self.open:
            if one.side is not trade.aggressor:
                rest.append(one)
            elif trade.ts_received - one.ts <= SECOND:
                sign = one.side.sign
                one.better = sign * (tick - one.told), sign * (tick - one.untold)
                self.done.append(one)
        self.open = rest


def measured(paths: list[Path], latency_ms: int) -> tuple[int, float, float]:
    """How many stops, and by how many ticks they were better on average: as it is, and by the book alone."""
    stops = Stops(latency_ms * 1_000_000)
    ReplayFeed(paths, speed=math.inf).pump(stops.take)
    found = [one.better for one in stops.done if one.better is not None]
    return len(found), mean(told for told, _ in found), mean(untold for _, untold in found)


def main() -> int:
    """Print the table."""
    print(f"{'ticks better than the next print':<40}{'stops':>8}{'as it is':>10}{'book alone':>12}")
    for name, files in FILES.items():
        for latency in LATENCIES_MS:
            paths = [CAPTURES / "hftbacktest" / file for file in files]
            count, told, untold = measured(paths, latency)
            row = f"{name}, latency {latency} ms"
            print(f"{row:<40}{count:>8}{told:>10.2f}{untold:>12.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
