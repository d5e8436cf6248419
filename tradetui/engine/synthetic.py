"""Fills of a time that nobody watched, made from a price instead of a book (6.4)."""

from __future__ import annotations

from decimal import Decimal

from tradetui.domain.fill import Evidence, Liquidity
from tradetui.domain.order import Order
from tradetui.engine.desk import Desk
from tradetui.trading.gaps import Passage
from tradetui.trading.match_types import Execution


def synthetic(
    desk: Desk,
    order: Order,
    price: Decimal,
    lots: int,
    passage: Passage,
    *,
    now: int,
    evidence: Evidence = Evidence.GAP,
) -> Execution:
    """A fill of a time that nobody watched, as the matching core would have told it."""
    maker = evidence is Evidence.PRINT_THROUGH
    return Execution(
        order_id=order.order_id,
        side=order.side,
        tick=desk.instrument.to_ticks(price),
        lots=lots,
        liquidity=Liquidity.MAKER if maker else Liquidity.TAKER,
        evidence=evidence,
        displayed=desk.lots(passage.printed) if passage.printed is not None else 0,
        consumed_before=0,
        consumed_after=lots,
        ts_exchange=passage.ts,
        ts_received=now,
    )
