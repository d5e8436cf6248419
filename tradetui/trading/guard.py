"""Where protective stops and targets may stand (sections 8.1 and 12)."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from tradetui.domain.instrument import Instrument
from tradetui.domain.number import ONE, ceil_to, floor_to


class StopBuffer(msgspec.Struct, frozen=True):
    """How far before the liquidation price a stop has to stand (R-TRG-4): taker fees, and ticks on top."""

    fees: Decimal = Decimal(2)
    ticks: int = 2


_BUFFER: Final = StopBuffer()


def tick_for_stop(instrument: Instrument, price: Decimal, *, sign: int) -> Decimal:
    """A stop's price on the tick, rounded towards earlier protection; `sign` is the position's (R-NUM-3)."""
    rounded = ceil_to if sign > 0 else floor_to
    return rounded(price, instrument.tick_size)


def tick_for_target(instrument: Instrument, price: Decimal, *, sign: int) -> Decimal:
    """A target's price on the tick, never worse than asked for."""
    return tick_for_stop(instrument, price, sign=sign)


def tick_for_limit(instrument: Instrument, price: Decimal, *, sign: int) -> Decimal:
    """A limit's price on the tick, never worse than typed; `sign` is the order's side."""
    rounded = floor_to if sign > 0 else ceil_to
    return rounded(price, instrument.tick_size)


def safe_stop(
    instrument: Instrument, liquidation: Decimal, *, sign: int, buffer: StopBuffer = _BUFFER
) -> Decimal:
    """The farthest tick that a stop may stand on before the liquidation price (R-TRG-4), exclusive."""
    scaled = liquidation * (ONE + sign * buffer.fees * instrument.taker_fee)
    return scaled + sign * buffer.ticks * instrument.tick_size


def shown_liquidation(instrument: Instrument, liquidation: Decimal, *, sign: int) -> Decimal:
    """A liquidation price as it is displayed: on the tick that is worse for the trader (R-NUM-5)."""
    return tick_for_stop(instrument, liquidation, sign=sign)


def is_inside_liquidation(
    instrument: Instrument,
    stop: Decimal,
    liquidation: Decimal | None,
    *,
    sign: int,
    buffer: StopBuffer = _BUFFER,
) -> bool:
    """Whether the stop fires before the position is liquidated, with room for fees."""
    if liquidation is None:
        return True
    return sign * (stop - safe_stop(instrument, liquidation, sign=sign, buffer=buffer)) > 0


def is_tighter(stop: Decimal, other: Decimal | None, *, sign: int) -> bool:
    """Whether a stop lies nearer to the market than another; `sign` is the position's."""
    return other is None or sign * (stop - other) > 0
