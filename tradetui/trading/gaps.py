"""What happened to stops while nobody watched (engine rules, section 6.4).

Assumptions, all against the trader. Of a candle only open, high, low and close are known: its adverse
extreme came first. A stop that the market jumped over fills where it landed; one that it walked
through fills at its trigger; both then pay the gap's slippage, rounded to the tick against us.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

import msgspec

from tradetui.domain.event import AnyBody, Filled, GapEvaluated, OrderChanged, PricesSeen, TrailMoved
from tradetui.domain.market_data import Candle, Side, Trade
from tradetui.domain.number import MONEY, ONE, ceil_to, floor_to
from tradetui.domain.order import OrderRole

_MINUTE_NS: Final = 60_000_000_000


class Passage(msgspec.Struct, frozen=True):
    """One price that the market passed, in nanoseconds UTC."""

    ts: int
    price: Decimal
    landed: bool
    """Whether it is a price at which something traded, and not a stretch between two."""
    printed: Decimal | None = None
    """The size of the print, where it was one."""


def is_witness(body: AnyBody) -> bool:
    """Whether an event shows that a position was watched when it was written: a gap begins no earlier."""
    if isinstance(body, OrderChanged):
        return body.order.role is OrderRole.PROTECTIVE
    return isinstance(body, Filled | TrailMoved | GapEvaluated | PricesSeen)


def candle_passages(candles: Iterable[Candle], *, since: int, held: Side) -> Iterator[Passage]:
    """The way through candles for a position; of one that began before the gap only its close counts."""
    for candle in candles:
        if candle.open_ts >= since:
            yield from _through(candle, held)
        else:
            yield Passage(candle.open_ts + _MINUTE_NS, _exact(candle.close), landed=True)


def _through(candle: Candle, held: Side) -> Iterator[Passage]:
    ts = candle.open_ts
    adverse, favorable = (candle.low, candle.high) if held is Side.BUY else (candle.high, candle.low)
    yield Passage(ts, _exact(candle.open), landed=True)
    yield Passage(ts, _exact(adverse), landed=False)
    yield Passage(ts, _exact(favorable), landed=False)
    yield Passage(ts + _MINUTE_NS, _exact(candle.close), landed=False)


def trade_passages(trades: Iterable[Trade]) -> Iterator[Passage]:
    """The way through prints, in their own order."""
    for trade in trades:
        ts = trade.ts_exchange or trade.ts_received
        yield Passage(ts, _exact(trade.price), landed=True, printed=_exact(trade.qty))


def is_reached(side: Side, trigger: Decimal, price: Decimal) -> bool:
    """Whether a stop of a side fires at a price, inclusive (R-TRG-1)."""
    return price <= trigger if side is Side.SELL else price >= trigger


def missed_price(side: Side, trigger: Decimal, passage: Passage, *, slip: Decimal, tick: Decimal) -> Decimal:
    """What a stop gets that a passage reached."""
    reached = passage.price if passage.landed else trigger
    if side is Side.SELL:
        return floor_to(min(trigger, reached) * (ONE - slip), tick)
    return ceil_to(max(trigger, reached) * (ONE + slip), tick)


def _exact(value: float) -> Decimal:
    return MONEY.create_decimal(repr(value))
