"""Targets as they are typed become plans: how much each takes (section 8.3)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from tradetui.domain.command import Size, SizeUnit, SubmitOrder, Target
from tradetui.domain.instrument import Instrument
from tradetui.domain.number import ONE, ZERO, floor_to
from tradetui.domain.order import TargetPlan
from tradetui.domain.reply import Reason
from tradetui.engine.refusals import number, refuse


def planned(instrument: Instrument, targets: Sequence[Target], qty: Decimal) -> tuple[TargetPlan, ...]:
    """Targets with their share of a quantity; those without a size share the rest, the last takes it.

    Raises Refused where they ask for more than there is, or for less than a lot.
    """
    sizes = [_own_size(instrument, target.size, qty) for target in targets]
    taken = sum((size for size in sizes if size is not None), ZERO)
    if taken > qty:
        raise refuse(
            Reason.TARGET_SIZE,
            f"the targets take {number(taken)} of {number(qty)}",
            mend="leave a size out: it takes the rest",
            needed=taken,
            available=qty,
        )
    if _is_whole(targets):
        sizes[-1] = qty - (taken - (sizes[-1] or ZERO))
    unsized = sizes.count(None)
    for at in [at for at, size in enumerate(sizes) if size is None][:-1]:
        sizes[at] = floor_to((qty - taken) / unsized, instrument.lot_size)
        _check_size(instrument, sizes[at] or ZERO)
    return tuple(_plan(target, size) for target, size in zip(targets, sizes, strict=True))


def _is_part(size: Size) -> bool:
    return size.unit is SizeUnit.POSITION


def planned_targets(instrument: Instrument, command: SubmitOrder, qty: Decimal) -> tuple[TargetPlan, ...]:
    """The targets of an entry, where they are more than one price for all of it."""
    plain = len(command.targets) <= 1 and all(
        target.size is None and not target.market and target.limit is None for target in command.targets
    )
    return () if plain else planned(instrument, command.targets, qty)


def _is_whole(targets: Sequence[Target]) -> bool:
    """Whether parts were typed that make up everything: then no lot is left over."""
    parts = [target.size.value for target in targets if target.size is not None and _is_part(target.size)]
    return len(parts) == len(targets) and sum(parts) == ONE


def _own_size(instrument: Instrument, size: Size | None, qty: Decimal) -> Decimal | None:
    if size is None:
        return None
    own = floor_to(qty * size.value, instrument.lot_size) if _is_part(size) else size.value
    _check_size(instrument, own)
    return own


def _check_size(instrument: Instrument, qty: Decimal) -> None:
    if qty <= 0 or not instrument.qty_on_lot(qty):
        raise refuse(
            Reason.OFF_LOT if qty > 0 else Reason.SIZE_TOO_SMALL,
            f"a target of {number(qty)} is no multiple of the lot {number(instrument.lot_size)}",
            nearest=max(instrument.lot_size, floor_to(qty, instrument.lot_size)),
        )


def _plan(target: Target, qty: Decimal | None) -> TargetPlan:
    return TargetPlan(
        price=target.price, r=target.r, qty=qty, market=target.market, limit=target.limit, by=target.by
    )
