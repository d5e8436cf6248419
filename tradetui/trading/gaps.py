"""What happened to stops while nobody watched (engine rules, section 6.4).

Assumptions, all against the trader. Of a candle only open, high, low and close are known: its adverse
extreme came first. A stop that the market jumped over fills where it landed; one that it walked
through fills at its trigger; one that a mark or an index fired gets no more than what had traded last.
All then pay the gap's slippage, rounded to the tick against us.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

import msgspec

from tradetui.domain.event import AnyBody, Filled, GapEvaluated, PricesSeen, TrailMoved
from tradetui.domain.market_data import Candle, PriceKind, Side, Trade
from tradetui.domain.number import MONEY, ONE, ceil_to, floor_to
from tradetui.domain.order import Order, OrderRole, OrderState

MINUTE_NS: Final = 60_000_000_000
_FORMER: Final = 99


class Passage(msgspec.Struct, frozen=True):
    """One price that the market passed, in nanoseconds UTC."""

    ts: int
    price: Decimal
    landed: bool
    """Whether it is a price at which something traded, and not a stretch between two."""
    printed: Decimal | None = None
    """The size of the print, where it was one."""
    kind: PriceKind = PriceKind.LAST
    minute: int = 0
    """When its candle began; 0 where it is of none."""
    is_early: bool = False
    """Whether it may have been passed before the loss: an extreme of the minute in which that came."""
    is_adverse: bool = False
    """Whether it is the worst of its minute for the position."""
    traded: Decimal | None = None
    """What had traded last, where it is no traded price itself."""

    @property
    def is_extreme(self) -> bool:
        """Whether it was passed at some moment of its minute that nobody knows."""
        return not self.landed and (self.is_early or self.ts == self.minute)

    def elsewhere(self, price: Decimal) -> Passage:
        """The same moment at another symbol, of which only a price is known."""
        return msgspec.structs.replace(self, price=price, landed=True, printed=None, traded=None)


class FormerStop(msgspec.Struct, frozen=True):
    """A stop that was replaced or taken away while its position was held."""

    order: Order
    until: int
    """When it was, nanoseconds UTC."""

    def stood(self, passage: Passage, since: int) -> bool:
        """Whether it stood for sure when a price was passed: an extreme may be of its minute's end."""
        latest = passage.minute + MINUTE_NS if passage.is_extreme else passage.ts
        return not passage.is_early and self.order.due_ts <= max(since, passage.ts) and latest < self.until


def was_taken_away(before: Order, order: Order) -> bool:
    """Whether a stop that was armed stands no more."""
    is_over = order.state is OrderState.CANCELED and before.state is OrderState.ARMED
    return is_over and order.role is OrderRole.PROTECTIVE


def note_former(former: dict[str, list[FormerStop]], stop: Order, *, ts: int) -> None:
    """Remember it: a gap may be told later in which it would have fired."""
    former[stop.symbol] = [*former.get(stop.symbol, [])[-_FORMER:], FormerStop(stop, ts)]


def is_witness(body: AnyBody) -> bool:
    """Whether an event shows that a position was watched when it was written: a gap begins no earlier.

    A stop that is moved shows nothing: that can be done while no data comes.
    """
    return isinstance(body, Filled | TrailMoved | GapEvaluated | PricesSeen)


def candle_passages(
    candles: Iterable[Candle], *, since: int, held: Side, until: int, kind: PriceKind = PriceKind.LAST
) -> Iterator[Passage]:
    """The way through candles for a position; of one that began before the gap only its close is sure."""
    for candle in candles:
        ts, closed = candle.open_ts, min(candle.open_ts + MINUTE_NS - 1, until)
        low, high = _exact(candle.low), _exact(candle.high)
        adverse, favorable = (low, high) if held is Side.BUY else (high, low)
        if ts >= since:
            yield Passage(ts, _exact(candle.open), landed=True, kind=kind, minute=ts)
            yield Passage(ts, adverse, landed=False, kind=kind, minute=ts, is_adverse=True)
            yield Passage(ts, favorable, landed=False, kind=kind, minute=ts)
            yield Passage(closed, _exact(candle.close), landed=False, kind=kind, minute=ts)
        else:
            yield Passage(since, adverse, landed=False, kind=kind, minute=ts, is_early=True)
            yield Passage(closed, _exact(candle.close), landed=True, kind=kind, minute=ts)


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
    traded = passage.traded if passage.traded is not None else trigger
    if side is Side.SELL:
        return floor_to(min(trigger, reached, traded) * (ONE - slip), tick)
    return ceil_to(max(trigger, reached, traded) * (ONE + slip), tick)


def _exact(value: float) -> Decimal:
    return MONEY.create_decimal(repr(value))
