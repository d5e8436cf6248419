"""The first checks of an order: is it sound, does it lie on the instrument's grid (section 9)."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from typing import Final

from tradetui.domain.command import SizeUnit, Stop, SubmitOrder, Target
from tradetui.domain.instrument import Instrument, InstrumentStatus
from tradetui.domain.market_data import Side
from tradetui.domain.number import floor_to
from tradetui.domain.order import OrderType, TimeInForce
from tradetui.domain.reply import Reason
from tradetui.engine.refusals import number, refuse
from tradetui.trading import guard

_AT_MARKET: Final = frozenset({OrderType.STOP_MARKET, OrderType.TRAILING_STOP, OrderType.TAKE_PROFIT_MARKET})


AT_ONCE: Final = frozenset({TimeInForce.IOC, TimeInForce.FOK})


def type_of(command: SubmitOrder) -> OrderType:
    """The order type that the prices of a command make."""
    if command.trail is not None:
        return OrderType.TRAILING_STOP
    if command.trigger is not None and command.take_profit:
        return OrderType.TAKE_PROFIT_MARKET if command.limit is None else OrderType.TAKE_PROFIT_LIMIT
    if command.trigger is not None:
        return OrderType.STOP_LIMIT if command.limit is not None else OrderType.STOP_MARKET
    return OrderType.LIMIT if command.limit is not None else OrderType.MARKET


def is_conditional(command: SubmitOrder) -> bool:
    """Whether an order waits for a price before it acts."""
    return command.trigger is not None or command.trail is not None


def check_instrument(instrument: Instrument, *, is_exit: bool) -> None:
    """Raises Refused where the instrument can not be traded."""
    if instrument.status is not InstrumentStatus.TRADING and not is_exit:
        raise refuse(
            Reason.INSTRUMENT_HALTED,
            f"{instrument.symbol} is {instrument.status.value} at the venue: exits only",
        )


def check_shape(command: SubmitOrder) -> None:
    """Raises Refused where type, time in force and flags do not go together."""
    kind = type_of(command)
    if command.take_profit and command.trigger is None:
        raise refuse(Reason.CONFLICTING_FLAGS, "an order that waits for a better price needs that price")
    if command.post_only and (command.limit is None or command.tif in AT_ONCE):
        raise refuse(
            Reason.CONFLICTING_FLAGS,
            "post needs a limit order that may rest",
            mend="add limit, leave out ioc and fok",
        )
    if command.trail is not None and command.trigger is not None:
        raise refuse(
            Reason.CONFLICTING_FLAGS, "a trailing trigger has no fixed one beside it", mend="leave one out"
        )
    if kind in _AT_MARKET and command.limit is None and command.tif in AT_ONCE:
        raise refuse(
            Reason.CONFLICTING_FLAGS,
            "a stop at market waits for its trigger: ioc and fok have no meaning",
            mend="leave them out, or add limit",
        )
    if command.size.unit is SizeUnit.POSITION:
        _check_part(command)
    if command.size.value <= 0:
        raise refuse(Reason.BAD_INPUT, f"expected a size above zero, was {number(command.size.value)}")
    for name, price in typed_prices(command):
        check_positive(name, price)


def _check_part(command: SubmitOrder) -> None:
    """A part of the position has no other quantity beside it (R-RED-4)."""
    if command.size.value > 1:
        raise refuse(Reason.BAD_INPUT, "an order can close no more than the position", mend="size all")
    if command.reduce_only:
        raise refuse(
            Reason.CONFLICTING_FLAGS,
            "an order that closes the position reduces by itself",
            mend="leave out reduce",
        )


def typed_prices(command: SubmitOrder) -> list[tuple[str, Decimal]]:
    """The prices that a person wrote, with their names."""
    stop = command.stop or Stop()
    named = (
        ("limit", command.limit),
        ("trigger", command.trigger),
        ("stop", stop.price),
        ("stop's limit", stop.limit),
        *(("target", target.price) for target in command.targets),
        *(("target's limit", target.limit) for target in command.targets),
    )
    return [(name, price) for name, price in named if price is not None]


def check_grid(instrument: Instrument, command: SubmitOrder) -> None:
    """Raises Refused where a typed price is off the tick or a typed quantity off the lot (R-NUM-3)."""
    for name, price in typed_prices(command):
        check_price(instrument, name, price, side=command.side)
    if command.size.unit is SizeUnit.BASE:
        check_lot(instrument, command.size.value)


def check_lot(instrument: Instrument, qty: Decimal) -> None:
    """Raises Refused for a quantity off the lot."""
    if instrument.qty_on_lot(qty):
        return
    nearest = floor_to(qty, instrument.lot_size)
    smallest = f"the smallest is {number(instrument.lot_size)}"
    raise refuse(
        Reason.OFF_LOT,
        f"{number(qty)} is no multiple of the lot {number(instrument.lot_size)}",
        mend=f"{number(nearest)} would pass" if nearest > 0 else smallest,
        nearest=nearest,
    )


def check_positive(name: str, price: Decimal) -> None:
    """Raises Refused for a price that is none."""
    if price <= 0:
        raise refuse(Reason.BAD_INPUT, f"expected a {name} above zero, was {number(price)}")


def check_price(instrument: Instrument, name: str, price: Decimal | None, *, side: Side) -> None:
    """Raises Refused for a price at or below zero, or off the tick; `side` is the entry's."""
    if price is None:
        return
    check_positive(name, price)
    if not instrument.price_on_tick(price):
        raise off_tick(instrument, name, price, side=side)


def off_tick(instrument: Instrument, name: str, price: Decimal, *, side: Side) -> Exception:
    """The refusal of a price off the tick, with the price that would pass; `side` is the entry's."""
    sign = side.sign
    if name in {"limit", "trigger"}:
        nearest = guard.tick_for_limit(instrument, price, sign=sign)
    elif name in {"stop's limit", "target's limit"}:
        nearest = guard.tick_for_limit(instrument, price, sign=-sign)
    else:
        nearest = guard.tick_for_stop(instrument, price, sign=sign)
    return refuse(
        Reason.OFF_TICK,
        f"{name} {number(price)} is no multiple of the tick {number(instrument.tick_size)}",
        mend=f"{number(nearest)} would pass",
        nearest=nearest,
    )


def check_qty(instrument: Instrument, qty: Decimal, price: Decimal, *, computed: bool) -> None:
    """Raises Refused below the smallest or above the largest order of the venue."""
    notional = instrument.notional(qty, price)
    too_small = qty <= 0 or qty < instrument.min_qty or notional < instrument.min_notional
    if too_small:
        raise _too_small(instrument, qty, price, computed=computed)
    if instrument.max_qty is not None and qty > instrument.max_qty:
        raise refuse(
            Reason.MAX_QTY,
            f"{number(qty)} is above the largest order of {number(instrument.max_qty)}",
            mend=f"{number(instrument.max_qty)} would pass",
            limit=instrument.max_qty,
        )


def smallest_qty(instrument: Instrument, price: Decimal) -> Decimal:
    """The smallest order that the venue allows at a price."""
    lot = instrument.lot_size
    lots = (instrument.min_notional / instrument.notional(lot, price)).to_integral_value(ROUND_CEILING)
    return max(lot, instrument.min_qty, lot * lots)


def _too_small(instrument: Instrument, qty: Decimal, price: Decimal, *, computed: bool) -> Exception:
    smallest = smallest_qty(instrument, price)
    by_qty = qty < max(instrument.min_qty, instrument.lot_size)
    reason = Reason.MIN_QTY if by_qty else Reason.MIN_NOTIONAL
    return refuse(
        Reason.SIZE_TOO_SMALL if computed else reason,
        f"{number(qty)} {instrument.qty_unit} at {number(price)} is below the venue's smallest order",
        mend=f"{number(smallest)} {instrument.qty_unit} would pass",
        needed=smallest,
        nearest=smallest,
    )


def check_target_side(target: Target, *, sign: int, entry: Decimal) -> None:
    """Raises Refused where a target lies on the losing side of the entry."""
    if target.price is not None and sign * (target.price - entry) <= 0:
        side = "above" if sign > 0 else "below"
        raise refuse(
            Reason.TARGET_WRONG_SIDE,
            f"target {number(target.price)} is not {side} the entry {number(entry)}",
            mend=f"put it {side} {number(entry)}",
            limit=entry,
        )
    if target.r is not None and target.r <= 0:
        raise refuse(Reason.TARGET_WRONG_SIDE, f"expected a target above 0 R, was {number(target.r)}")
