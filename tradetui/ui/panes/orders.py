"""Working and conditional orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from tradetui.domain.market_data import Side
from tradetui.domain.number import canonical
from tradetui.domain.order import Order, OrderRole, OrderState, OrderType
from tradetui.domain.realism import is_marked
from tradetui.domain.view import Frame, OrderView
from tradetui.ui.paint.numbers import NONE, age_text, compact, fixed
from tradetui.ui.paint.rows import Row, fit, on, plain
from tradetui.ui.paint.table import Column, cells, heading, layout_for
from tradetui.ui.panes.base import LivePane

Orders = tuple[OrderView, ...]


TYPES: Final = {
    OrderType.TRAILING_STOP: "trailing",
    OrderType.TAKE_PROFIT_MARKET: "tp market",
    OrderType.TAKE_PROFIT_LIMIT: "tp limit",
}
"""Types whose own name is too long for a column."""


class OrdersPane(LivePane[Orders]):
    """One line an order; `selected` is the one that the cancel key means."""

    TITLE = "Orders"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id, classes=classes)
        self.selected = 0
        self._scales: dict[str, int] = {}

    def part_of(self, frame: Frame) -> Orders:
        """The open orders, and how many digits the prices of their symbols have."""
        if frame.orders is not self.part:
            self._scales = {row.symbol: row.price_scale for row in frame.watchlist}
        return frame.orders

    def has_content(self, part: Orders) -> bool:
        """Whether there are any."""
        return bool(part)

    def empty_words(self) -> str:
        """None is open; before the journal is read nobody knows."""
        return "no orders" if self.part is not None else "waiting for the journal"

    def move_selected(self, rows: int) -> None:
        """Move the pane's cursor, staying on an order."""
        self.selected = max(0, min(len(self.part or ()) - 1, self.selected + rows))
        self.repaint()

    def title_words(self, part: Orders) -> Row:
        """How many work and how many wait."""
        rows = part
        armed = sum(row.order.state is OrderState.ARMED for row in rows)
        waiting = f"  {armed} armed" if armed else ""
        return ((f"{len(rows) - armed} working{waiting}", "dim"),)

    def paint(self, part: Orders, width: int, height: int) -> list[Row]:
        """Heading, then the orders around the selected one; details below each where there is room."""
        rows, scales = part, self._scales
        below = height > len(rows) + sum(bool(row.detail or mark_of(row)) for row in rows)
        layout = layout_for(columns_of(rows, scales, with_detail=not below), width)
        head = [heading(layout)] if height > 1 else []
        room = max(1, height - len(head))
        first = max(0, min(self.selected - room + 1, len(rows) - room))
        painted: list[Row] = []
        for at, row in enumerate(rows[first : first + room], first):
            shown = cells(layout, values_of(row, scales))
            is_marked = self.has_focus and at == min(self.selected, len(rows) - 1)
            painted.append(on(fit(shown, width), "selected") if is_marked else shown)
            if below and (row.detail or mark_of(row)):
                painted.append(detail_row(row))
        return head + painted


def mark_of(row: OrderView) -> str:
    """The set of assumptions that an order is matched by, where it makes results easier to get."""
    return row.order.realism if is_marked(row.order.realism) else ""


def detail_row(row: OrderView) -> Row:
    """What stands below an order's line."""
    mark = mark_of(row)
    between = " · " if mark and row.detail else ""
    return (("  ", "dim"), (mark, "warn"), (between + plain(row.detail), "dim"))


def detail_of(row: OrderView) -> str:
    """The same in one column."""
    return " · ".join(words for words in (row.detail, mark_of(row)) if words)


def columns_of(
    rows: Sequence[OrderView], scales: Mapping[str, int], *, with_detail: bool
) -> tuple[Column, ...]:
    """Columns as wide as the longest price and quantity need."""
    price = max((len(price_text(row.order, scales)) for row in rows), default=8)
    qty = max((len(canonical(row.order.qty)) for row in rows), default=5)
    detail = max((len(detail_of(row)) for row in rows), default=0) if with_detail else 0
    return (
        Column("id", 4, rank=6, at_left=True),
        Column("symbol", 13, rank=7, at_left=True),
        Column("type", 11, rank=1, at_left=True),
        Column("side", 4, at_left=True),
        Column("qty", max(5, qty)),
        Column("price", max(8, price)),
        Column("filled", 6, rank=4),
        Column("queue", 6, rank=3),
        Column("age", 5, rank=5),
        Column("linked", 10, rank=2, at_left=True),
        *([Column("detail", detail, rank=2, at_left=True)] if detail else []),
    )


def price_text(order: Order, scales: Mapping[str, int]) -> str:
    """Trigger and limit price, as far as the order has them, never with fewer digits than they have."""
    scale = scales.get(order.symbol, 0)
    trigger = order.trigger
    if order.trail is not None and trigger is not None:
        trigger = round(trigger, scale)
    known = [value for value in (trigger, order.price) if value is not None]
    if order.trail is not None and trigger is None:
        return "later"
    prices = [fixed(value, max(scale, places_of(value))) for value in known]
    return "/".join(prices) or "market"


def places_of(value: Decimal) -> int:
    """Digits after the point without trailing zeros."""
    return len(canonical(value).partition(".")[2])


def values_of(row: OrderView, scales: Mapping[str, int]) -> dict[str, tuple[str, str]]:
    """The cells of one order."""
    order = row.order
    buys = order.side is Side.BUY
    ink = "down" if order.role is OrderRole.PROTECTIVE else "text"
    armed = order.state is OrderState.ARMED
    queue = compact(row.queue_ahead) if row.queue_ahead is not None else ("armed" if armed else NONE)
    pending = "canceling" if order.pending_cancel else "changing" if order.pending_amend else ""
    state = pending or row.linked or ("post only" if order.post_only else "")
    return {
        "id": (plain(order.order_id)[-4:], "dim" if ink == "text" else ink),
        "symbol": (plain(order.symbol), "dim"),
        "type": (TYPES.get(order.type, order.type.value), ink),
        "side": (order.side.value, "up" if buys else "down"),
        "qty": (canonical(order.qty), ink),
        "price": (price_text(order, scales), f"{ink}!"),
        "filled": (canonical(order.filled) if order.filled else NONE, "text" if order.filled else "dim"),
        "queue": (queue, "text" if row.queue_ahead is not None else "dim"),
        "age": (age_text(row.age_s * 1000) if row.age_s else "0 s", "dim"),
        "detail": (plain(detail_of(row)), "warn" if mark_of(row) else "text"),
        "linked": (plain(state), "warn" if pending else "dim"),
    }
