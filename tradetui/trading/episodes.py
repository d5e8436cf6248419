"""Closed trades as the risk rules need them: what a symbol earned from flat to flat, and how it ended.

The reports cut the same episodes out of a whole journal, with far more about each; here only what a guard
counts is kept, in the fold, so that a restart forgets none of it.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from tradetui.domain.fill import Fill
from tradetui.domain.market_data import Side
from tradetui.domain.order import Order, OrderRole
from tradetui.domain.position import Position


class Episode(msgspec.Struct, frozen=True, kw_only=True):
    """One trade from flat to flat."""

    symbol: str
    side: Side
    """Of the entry."""
    open_ts: int
    close_ts: int
    net: Decimal
    """Profit after fees, funding and interest, in the settlement asset."""
    by: OrderRole
    """Of the order that closed it."""
    session_id: str
    """The trading day in which it closed."""
    same_day: bool
    """Whether it was opened in that day too."""

    @property
    def was_stopped(self) -> bool:
        """Whether its stop or a liquidation ended it."""
        return self.by in (OrderRole.PROTECTIVE, OrderRole.LIQUIDATION)


def closed(
    before: Position, fill: Fill, order: Order, *, net: Decimal, session_id: str, day_start: int
) -> Episode:
    """The trade that a fill ended; `net` is what the position earned, this fill included."""
    return Episode(
        symbol=fill.symbol,
        side=before.side,
        open_ts=before.opened_ts,
        close_ts=fill.ts,
        net=net,
        by=order.role,
        session_id=session_id,
        same_day=before.opened_ts >= day_start,
    )
