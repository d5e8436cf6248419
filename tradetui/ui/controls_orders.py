"""What a key asks of the engine: the newest frame and the ticket's draft become one command.

A key that can not act says why, in a sentence that names the mend.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal
from typing import Final

import msgspec

from tradetui.domain.command import (
    AmendOrder,
    AnyCommand,
    BreakEven,
    CancelAll,
    CancelOrder,
    Flatten,
    Half,
    Reverse,
    SetStop,
    Stop,
    SubmitOrder,
)
from tradetui.domain.market_data import Side
from tradetui.domain.number import MONEY, to_step
from tradetui.domain.order import Order, OrderState, Trail
from tradetui.domain.view import Draft, Frame, PositionView, ViewRequest

ATR_STEP: Final = Decimal("0.1")
LEAST_ATR: Final = Decimal("0.1")
_ATR_GRAIN: Final = Decimal("0.000001")


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """What the trader looks at when a key is pressed."""

    frame: Frame
    request: ViewRequest
    cursor: Decimal | None = None
    """The price under the ladder's cursor, None until it is moved."""
    order_id: str = ""
    """The order that `cancel` means."""

    @property
    def symbol(self) -> str:
        """The symbol shown."""
        return self.frame.status.symbol

    @property
    def order(self) -> Order | None:
        """The order that `cancel` means."""
        rows = (row.order for row in self.frame.orders)
        return next((order for order in rows if order.order_id == self.order_id), None)

    @property
    def position(self) -> PositionView | None:
        """The position in the symbol shown."""
        return next((row for row in self.frame.positions if row.symbol == self.symbol), None)


class Outcome(msgspec.Struct, frozen=True):
    """What a press leads to: a command, another draft, or only words that say why nothing happens."""

    command: AnyCommand | None = None
    draft: Draft | None = None
    text: str = ""


def outcome_of(action: str, sight: Sight) -> Outcome:
    """The outcome of an order key; raises KeyError for an action that is none."""
    return _MAKERS[action](sight)


def default_stop(request: ViewRequest) -> Stop:
    """1 ATR of the timeframe shown."""
    return Stop(atr=Decimal(1), timeframe=request.timeframe.value)


# entries


def _entry(sight: Sight, side: Side) -> Outcome:
    return Outcome(_order(sight, side, sight.request.draft.limit))


def _join(sight: Sight, side: Side) -> Outcome:
    price = sight.cursor if sight.cursor is not None else _best(sight.frame, side)
    if price is None:
        return Outcome(text="no price to join: the book is empty; move the ladder's cursor to a price")
    return Outcome(_order(sight, side, price))


def _order(sight: Sight, side: Side, limit: Decimal | None) -> SubmitOrder:
    return sight.request.draft.order(sight.symbol, side, limit=limit)


def _best(frame: Frame, side: Side) -> Decimal | None:
    ladder = frame.ladder
    if ladder is None:
        return None
    tick = ladder.best_bid if side is Side.BUY else ladder.best_ask
    return None if tick is None else tick * ladder.tick_size


# exits


def _cancel(sight: Sight) -> Outcome:
    if not sight.order_id:
        return Outcome(text="no order is selected: there is none to cancel")
    return Outcome(CancelOrder(order_id=sight.order_id))


def _move_order(sight: Sight, rows: int) -> Outcome:
    """The order under the cursor by rows of the ladder; a trigger and its limit keep their distance."""
    order, ladder = sight.order, sight.frame.ladder
    if order is None or ladder is None:
        return Outcome(text="no order is selected: there is none to move")
    if text := _why_it_stays(order, ladder.symbol):
        return Outcome(text=text)
    if order.pending_amend or order.pending_cancel:
        return Outcome()  # the change before is on its way: what it makes of the order is moved next
    step = ladder.tick_size * ladder.group * rows
    limit = None if order.price is None else order.price + step
    waits = order.state in (OrderState.ARMED, OrderState.SUBMITTED, OrderState.HELD)
    trigger = order.trigger + step if order.trigger is not None and waits else None
    if min((price for price in (limit, trigger) if price is not None), default=step) <= 0:
        return Outcome(text="a price can not lie at zero or below")
    return Outcome(AmendOrder(order_id=order.order_id, limit=limit, trigger=trigger))


def _why_it_stays(order: Order, shown: str) -> str:
    """Why an order can not be moved by a key; empty where it can."""
    if order.symbol != shown:
        return f"{order.order_id} is of {order.symbol}: show that symbol to move it"
    if order.trail is not None or order.chase is not None:
        return f"{order.order_id} follows the price by itself"
    is_fixed = order.price is None and (order.trigger is None or order.triggered_ts)
    return f"{order.order_id} has no price to move" if is_fixed else ""


# stops


def _stop_here(sight: Sight) -> Outcome:
    if sight.cursor is None:
        return Outcome(text="the ladder's cursor is not set: move it with the up and down keys first")
    return _stop_at(sight, sight.cursor)


def _stop_at(sight: Sight, price: Decimal) -> Outcome:
    if price <= 0:
        return Outcome(text="a stop can not lie at zero or below")
    if sight.position is not None:
        trail = Trail() if sight.position.stop_trail else None
        return Outcome(SetStop(symbol=sight.symbol, stop=Stop(price=price, trail=trail)))
    draft = msgspec.structs.replace(
        sight.request.draft, stop=Stop(price=price, trail=sight.request.draft.stop.trail)
    )
    return Outcome(draft=draft, text=f"stop of the next order: {price:,f}")


def _trail(sight: Sight) -> Outcome:
    """Let the stop follow: of the position, or of the next order (pressed again: no more)."""
    if sight.position is not None:
        return Outcome(SetStop(symbol=sight.symbol, stop=Stop(trail=Trail())))
    stop = sight.request.draft.stop
    trail = None if stop.trail is not None else Trail()
    draft = msgspec.structs.replace(sight.request.draft, stop=msgspec.structs.replace(stop, trail=trail))
    return Outcome(draft=draft, text=f"stop of the next order {'stands' if trail is None else 'trails'}")


def _move_by_tick(sight: Sight, direction: int) -> Outcome:
    tick = _tick_size(sight.frame)
    if tick is None:
        return Outcome(text="the tick of this symbol is not known yet")
    return _move(sight, tick * direction)


def _move_by_atr(sight: Sight, direction: int) -> Outcome:
    atr, tick = atr_of(sight.frame), _tick_size(sight.frame)
    if sight.position is None and sight.request.draft.stop.atr is not None:
        return _move_multiple(sight, ATR_STEP * direction)
    if atr is None or tick is None:
        return Outcome(text="ATR is not known yet: it needs 14 closed candles")
    return _move(sight, to_step(atr * ATR_STEP, tick, ROUND_CEILING) * direction)


def _move(sight: Sight, away: Decimal) -> Outcome:
    """Move the stop by a distance, positive away from the market."""
    position, stop = sight.position, sight.request.draft.stop
    if position is not None:
        if position.stop is None:
            return Outcome(text="the position has no stop to move: set one with the ladder's cursor")
        return _stop_at(sight, position.stop - away * position.side.sign)
    if stop.price is not None:
        return _stop_at(sight, stop.price - away * _side_of(sight.frame, stop.price).sign)
    atr = atr_of(sight.frame)
    if atr is None:
        return Outcome(text="ATR is not known yet: it needs 14 closed candles")
    return _move_multiple(sight, MONEY.divide(away, atr))


def _move_multiple(sight: Sight, change: Decimal) -> Outcome:
    stop = sight.request.draft.stop
    wanted = max(LEAST_ATR, (stop.atr or Decimal(1)) + change)
    moved = msgspec.structs.replace(stop, atr=to_step(wanted, _ATR_GRAIN, ROUND_HALF_EVEN))
    draft = msgspec.structs.replace(sight.request.draft, stop=moved)
    return Outcome(draft=draft, text=f"stop of the next order: {wanted:.2f} ATR")


def _side_of(frame: Frame, stop: Decimal) -> Side:
    """The side whose entry a stop at this price protects."""
    bid = _best(frame, Side.BUY)
    return Side.SELL if bid is not None and stop > bid else Side.BUY


def _tick_size(frame: Frame) -> Decimal | None:
    if frame.instrument is not None:
        return frame.instrument.tick_size
    return None if frame.ladder is None else frame.ladder.tick_size


def atr_of(frame: Frame) -> Decimal | None:
    """ATR(14) of the timeframe shown, taken from the ticket's preview; None while it is not known."""
    ticket = frame.ticket
    for side in (ticket.buy, ticket.sell) if ticket is not None else ():
        reference = side.avg_price or _best(frame, side.side)
        if side.stop_atr and side.stop is not None and reference is not None and reference != side.stop:
            return MONEY.divide(abs(reference - side.stop), Decimal(str(side.stop_atr)))
    return None


_MAKERS: Final[dict[str, Callable[[Sight], Outcome]]] = {
    "buy": lambda sight: _entry(sight, Side.BUY),
    "sell": lambda sight: _entry(sight, Side.SELL),
    "buy_limit": lambda sight: _join(sight, Side.BUY),
    "sell_limit": lambda sight: _join(sight, Side.SELL),
    "flatten": lambda sight: Outcome(Flatten(symbol=sight.symbol)),
    "flatten_all": lambda _: Outcome(Flatten()),
    "flatten_anywhere": lambda sight: Outcome(Flatten(symbol=sight.symbol)),
    "cancel": _cancel,
    "cancel_all": lambda sight: Outcome(CancelAll(symbol=sight.symbol)),
    "order_up": lambda sight: _move_order(sight, 1),
    "order_down": lambda sight: _move_order(sight, -1),
    "half": lambda sight: Outcome(Half(symbol=sight.symbol)),
    "reverse": lambda sight: Outcome(Reverse(symbol=sight.symbol, stop=default_stop(sight.request))),
    "breakeven": lambda sight: Outcome(BreakEven(symbol=sight.symbol)),
    "stop_here": _stop_here,
    "trail": _trail,
    "stop_nearer": lambda sight: _move_by_tick(sight, -1),
    "stop_farther": lambda sight: _move_by_tick(sight, 1),
    "stop_nearer_atr": lambda sight: _move_by_atr(sight, -1),
    "stop_farther_atr": lambda sight: _move_by_atr(sight, 1),
}
