"""A book and a matcher at round prices, for tests: ticks of 0.01 and lots of 0.001 unless told."""

from __future__ import annotations

from decimal import Decimal

from tradetui.domain.market_data import BookDelta, BookSnapshot, Side, Trade
from tradetui.domain.order import OrderRole, TimeInForce
from tradetui.market.book import OrderBook
from tradetui.trading.match_types import Execution, Incoming, Match, MatchRules
from tradetui.trading.matching import Matcher

Levels = list[tuple[float, float]]
Row = tuple[str, Decimal | int, Decimal | int]
SECOND = 1_000_000_000


class Rig:
    """Speaks prices and quantities; the matcher underneath speaks ticks and lots."""

    def __init__(
        self,
        bids: Levels | None = None,
        asks: Levels | None = None,
        *,
        tick: str = "0.01",
        lot: str = "0.001",
        rules: MatchRules | None = None,
        ts: int = SECOND,
    ) -> None:
        self.tick, self.lot = Decimal(tick), Decimal(lot)
        self.book = OrderBook(self.tick)
        self.matcher = Matcher(self.book, self.lot, rules=rules)
        self.ts = ts
        self.executed: list[Execution] = []
        self.snapshot(bids or [], asks or [])

    def ticks(self, price: float | str) -> int:
        return int(Decimal(str(price)) / self.tick)

    def lots(self, qty: float | str) -> int:
        return int(Decimal(str(qty)) / self.lot)

    def snapshot(self, bids: Levels, asks: Levels) -> list[Row]:
        self.book.apply_snapshot(bids, asks)
        return self.read(self.matcher.on_book(BookSnapshot("X", self.ts, self.ts, bids, asks)))

    def delta(
        self, bids: Levels | None = None, asks: Levels | None = None, *, ts: int | None = None
    ) -> list[Row]:
        ts = self.ts if ts is None else ts
        self.book.apply_delta(bids or [], asks or [])
        return self.read(self.matcher.on_book(BookDelta("X", ts, ts, bids or [], asks or [])))

    def print(self, price: float, qty: float, aggressor: Side | None, *, ts: int | None = None) -> list[Row]:
        return self.read(self.matcher.on_trade(self.trade(price, qty, aggressor, ts=ts)))

    def trade(self, price: float, qty: float, aggressor: Side | None, *, ts: int | None = None) -> Trade:
        ts = self.ts if ts is None else ts
        return Trade("X", ts, ts, price, qty, aggressor, 7)

    def order(
        self,
        side: Side,
        qty: float | str,
        limit: float | str | None = None,
        *,
        order_id: str = "o",
        tif: TimeInForce = TimeInForce.GTC,
        role: OrderRole = OrderRole.ENTRY,
        post_only: bool = False,
        reduce_only: bool = False,
    ) -> Incoming:
        return Incoming(
            order_id=order_id,
            side=side,
            lots=self.lots(qty),
            limit=None if limit is None else self.ticks(limit),
            tif=tif,
            role=role,
            post_only=post_only,
            reduce_only=reduce_only,
        )

    def fills(self, match: Match) -> list[tuple[str, str]]:
        """What traded as texts of (qty, price)."""
        return [
            (f"{(e.lots * self.lot).normalize():f}", f"{(e.tick * self.tick).normalize():f}")
            for e in match.executions
        ]

    def read(self, executions: tuple[Execution, ...]) -> list[Row]:
        """Executions as (order id, qty, price); they are kept in `executed` too."""
        self.executed += executions
        return [(e.order_id, e.lots * self.lot, e.tick * self.tick) for e in executions]
