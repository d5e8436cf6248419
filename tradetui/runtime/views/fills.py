"""The newest fills of a frame, one row an execution, with their receipts in a trader's words."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from tradetui.domain.fill import Evidence, Fill, Liquidity
from tradetui.domain.instrument import Instrument
from tradetui.domain.number import MONEY, ZERO, canonical
from tradetui.domain.order import Order
from tradetui.domain.view import FillView
from tradetui.runtime.views.kept import Kept
from tradetui.runtime.views.words import (
    at_scale,
    fee_text,
    listed_qtys,
    mid_text,
    price_text,
    span_text,
)
from tradetui.state import State

SHOWN: Final = 30
_BASIS_POINTS: Final = Decimal(10_000)
Group = tuple[Fill, ...]


class FillsPart:
    """Published fills; an execution's words are written once."""

    def __init__(self, published: State) -> None:
        """Fills and their orders come from the published state."""
        self._published = published
        self._written: dict[tuple[str, int], FillView] = {}
        self._view: Kept[tuple[FillView, ...]] = Kept(())

    def view(self) -> tuple[FillView, ...]:
        """The newest executions, newest first; the same object until the next fill."""
        return self._view.get(self._published.fill_count, self._build)

    def _build(self) -> tuple[FillView, ...]:
        groups = newest_groups(self._published)
        written = self._written
        self._written = {
            (group[0].fill_id, len(group)): written.get((group[0].fill_id, len(group))) or self._write(group)
            for group in groups
        }
        return tuple(self._written.values())

    def _write(self, group: Group) -> FillView:
        first = group[0]
        instrument = self._published.instruments[first.symbol]
        order = self._published.orders[first.order_id]
        whole = whole_fill(group, instrument)
        lines = (
            evidence_words(group, whole, order=order, scale=instrument.price_scale),
            cost_words(whole, instrument, order=order, currency=self._published.currency),
        )
        return FillView(fill=whole, lines=lines, realism=order.realism)


def newest_groups(state: State) -> list[Group]:
    """Executions, newest first: fills of one order at one moment belong together."""
    groups: list[list[Fill]] = []
    for fill in reversed(state.fills):
        if groups and _is_same(groups[-1][0], fill):
            groups[-1].append(fill)
        elif len(groups) == SHOWN:
            break
        else:
            groups.append([fill])
    return [tuple(reversed(group)) for group in groups]


def executions_of(state: State, order_id: str) -> list[Group]:
    """The executions of one order that are kept, oldest first."""
    groups: list[list[Fill]] = []
    for fill in state.fills:
        if fill.order_id != order_id:
            continue
        if groups and _is_same(groups[-1][0], fill):
            groups[-1].append(fill)
        else:
            groups.append([fill])
    return [tuple(group) for group in groups]


def whole_fill(group: Group, instrument: Instrument) -> Fill:
    """The levels of one execution as one fill at the average price."""
    first = group[0]
    if len(group) == 1:
        return first
    qty = sum((fill.qty for fill in group), ZERO)
    average = _average(group, qty, instrument)
    if not instrument.price_on_tick(average):
        average = at_scale(average, instrument.price_scale + 1)
    return msgspec.structs.replace(
        first,
        price=average,
        qty=qty,
        fee=sum((fill.fee for fill in group), ZERO),
        realized_pnl=sum((fill.realized_pnl for fill in group), ZERO),
        receipt=msgspec.structs.replace(
            first.receipt,
            displayed=sum((fill.receipt.displayed for fill in group), ZERO),
            consumed_after=sum((fill.receipt.consumed_after for fill in group), ZERO),
            slippage_bp=_average_slippage(group, qty),
            synthetic=any(fill.receipt.synthetic for fill in group),
        ),
    )


def _average(group: Group, qty: Decimal, instrument: Instrument) -> Decimal:
    """The average price; of inverse contracts by their worth."""
    if instrument.is_inverse:
        return MONEY.divide(qty, sum((fill.qty / fill.price for fill in group), ZERO))
    return MONEY.divide(sum((fill.qty * fill.price for fill in group), ZERO), qty)


def evidence_words(group: Group, whole: Fill, *, order: Order, scale: int) -> str:
    """What in the market allowed the execution."""
    if whole.receipt.evidence is Evidence.INSURANCE:
        words = f"liquidation: the insurance took {canonical(whole.qty)} at the bankruptcy price"
    elif whole.receipt.evidence is Evidence.SETTLEMENT:
        words = "settled by the venue: the instrument left it"
    elif order.trigger is not None and whole.liquidity is Liquidity.TAKER:
        words = _trigger_words(group, whole, order=order, scale=scale)
    elif whole.liquidity is Liquidity.MAKER:
        words = _maker_words(group, whole)
    else:
        words = _taker_words(group, whole, scale)
    return f"no live book · {words}" if whole.receipt.synthetic else words


def cost_words(whole: Fill, instrument: Instrument, *, order: Order, currency: str) -> str:
    """What the execution cost: slippage in basis points and R, the fee, and the time it took."""
    receipt = whole.receipt
    parts = []
    if receipt.slippage_bp is not None:
        parts.append(f"slip {at_scale(receipt.slippage_bp, 1)} bp{_slip_in_r(whole, instrument, order)}")
    parts.append(f"fee {fee_text(whole.fee, whole.fee_asset, currency)}")
    waited = "waited " if whole.liquidity is Liquidity.MAKER else ""
    parts.append(f"{waited}{span_text(receipt.latency_ns)}")
    return " · ".join(parts)


def _is_same(newer: Fill, older: Fill) -> bool:
    taken_over = [fill.receipt.evidence is Evidence.INSURANCE for fill in (newer, older)]
    key = (newer.order_id, newer.ts, newer.liquidity, taken_over[0])
    return key == (older.order_id, older.ts, older.liquidity, taken_over[1])


def _average_slippage(group: Group, qty: Decimal) -> Decimal | None:
    total = ZERO
    for fill in group:
        if fill.receipt.slippage_bp is None:
            return None
        total += fill.receipt.slippage_bp * fill.qty
    return MONEY.divide(total, qty)


def _slip_in_r(whole: Fill, instrument: Instrument, order: Order) -> str:
    """The slippage as a part of the risk that was planned; nothing for an order that planned none."""
    receipt = whole.receipt
    if order.planned_risk <= 0 or receipt.slippage_bp is None or receipt.arrival_mid is None:
        return ""
    lost = instrument.notional(whole.qty, receipt.arrival_mid) * receipt.slippage_bp / _BASIS_POINTS
    return f" {at_scale(MONEY.divide(lost, order.planned_risk), 2)} R"


def _taker_words(group: Group, whole: Fill, scale: int) -> str:
    if whole.receipt.synthetic:
        return "while away: synthetic, no book was seen"
    if len(group) > 1:
        words = f"{len(group)} levels {listed_qtys([fill.qty for fill in group])}"
    else:
        words = f"1 level of {canonical(whole.receipt.displayed)}"
    if any(fill.receipt.evidence is Evidence.CROSSED_BOOK for fill in group):
        words += " of a crossed book"
    mid = whole.receipt.arrival_mid
    return f"{words} · mid {mid_text(mid, scale)}" if mid is not None else words


def _maker_words(group: Group, whole: Fill) -> str:
    size, queue = canonical(group[0].receipt.displayed), whole.receipt.queue_ahead
    match whole.receipt.evidence:
        case Evidence.PRINT_AT:
            return f"print {size}, queue {canonical(queue)} before us"
        case Evidence.PRINT_THROUGH:
            return f"print {size} went through our price"
        case Evidence.CROSSED_QUOTE | Evidence.BOOK_LEVEL | Evidence.CROSSED_BOOK:
            return f"book of {size} crossed our price"
        case Evidence.GAP:
            return "while away: synthetic"
        case Evidence.INSURANCE | Evidence.SETTLEMENT:
            return "no market stood behind it"


def _trigger_words(group: Group, whole: Fill, *, order: Order, scale: int) -> str:
    """The trigger and how far behind it the execution came; positive is worse for us."""
    trigger = order.trigger or whole.price
    gap = (whole.price - trigger) * whole.side.sign * _BASIS_POINTS
    words = f"trigger {price_text(trigger, scale)} {order.trigger_by.value}"
    words += f" · gap {at_scale(MONEY.divide(gap, trigger), 1)} bp"
    return f"{words} · {len(group)} levels" if len(group) > 1 else words
