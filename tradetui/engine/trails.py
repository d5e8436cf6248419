"""A typed trail becomes one that can be followed, or is refused (R-TRL-4, R-NUM-3)."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from tradetui.domain.command import Stop, SubmitOrder
from tradetui.domain.market_data import Side
from tradetui.domain.number import ONE, floor_to
from tradetui.domain.order import Trail, TriggerBy
from tradetui.domain.reply import Reason
from tradetui.engine import shape
from tradetui.engine.desk import Desk
from tradetui.engine.refusals import number, refuse


def prepared(desk: Desk, trail: Trail, *, by: TriggerBy, side: Side, present: Decimal | None = None) -> Trail:
    """A trail that is sound, with the side of its activation; raises Refused.

    `present` is the stop whose distance it takes where it names none.
    """
    if trail.rate is None and trail.distance is None and present is not None:
        trail = msgspec.structs.replace(trail, distance=abs(price_now(desk, by, side) - present))
    else:
        _check_value(desk, trail)
    if trail.activation is None:
        return trail
    _check_on_tick(desk, "price to trail from", trail.activation)
    return msgspec.structs.replace(trail, rises=trail.activation > price_now(desk, by, side))


def with_trails(desk: Desk, command: SubmitOrder) -> SubmitOrder:
    """An order whose own trail, and whose stop's, can be followed; raises Refused."""
    if command.trail is not None:
        trail = prepared(desk, command.trail, by=command.trigger_by, side=command.side)
        command = msgspec.structs.replace(command, trail=trail)
    stop = command.stop
    if stop is None or stop.trail in (None, Trail()):
        return command
    trail = prepared(desk, stop.trail, by=stop.by or TriggerBy.LAST, side=command.side.opposite)
    stop = msgspec.structs.replace(stop, trail=trail)
    return msgspec.structs.replace(command, stop=stop)


def price_now(desk: Desk, by: TriggerBy, side: Side) -> Decimal:
    """The price that a trail of a side starts from; raises Refused where none is known."""
    price = desk.trigger_price(by, side)
    if price is None:
        raise refuse(Reason.NO_PRICE, f"{desk.symbol} has no price to trail from yet")
    return Decimal(repr(price))


def _check_value(desk: Desk, trail: Trail) -> None:
    if (trail.rate is None) is (trail.distance is None):
        raise refuse(Reason.BAD_INPUT, "expected a trail by a rate or by a distance, and not by both")
    if trail.rate is not None:
        _check_rate(desk, trail.rate)
    elif trail.distance is not None:
        _check_on_tick(desk, "distance to trail by", trail.distance)


def _check_rate(desk: Desk, rate: Decimal) -> None:
    if not 0 < rate < ONE:
        raise refuse(Reason.BAD_INPUT, f"expected a trail between 0 and 100 %, was {number(rate * 100)} %")
    bounds = desk.instrument.trail_rates
    if bounds is None or bounds[0] <= rate <= bounds[1]:
        return
    nearest = min(max(rate, bounds[0]), bounds[1])
    least, most = (f"{number(bound * 100)} %" for bound in bounds)
    raise refuse(
        Reason.TRAIL_RATE,
        f"a trail of {number(rate * 100)} % is outside the venue's {least} to {most}",
        mend=f"{number(nearest * 100)} % would pass",
        nearest=nearest,
        limit=bounds[1] if rate > bounds[1] else bounds[0],
    )


def _check_on_tick(desk: Desk, name: str, value: Decimal) -> None:
    shape.check_positive(name, value)
    tick = desk.instrument.tick_size
    if desk.instrument.price_on_tick(value):
        return
    nearest = max(tick, floor_to(value, tick))
    raise refuse(
        Reason.OFF_TICK,
        f"{name} {number(value)} is no multiple of the tick {number(tick)}",
        mend=f"{number(nearest)} would pass",
        nearest=nearest,
    )


def planned_trail(stop: Stop | None, price: Decimal | None, entry: Decimal) -> Trail | None:
    """How an entry's stop will follow; a trail without a value takes the distance from the entry."""
    if stop is None or price is None or stop.trail != Trail():
        return stop.trail if stop is not None else None
    return Trail(distance=abs(entry - price))
