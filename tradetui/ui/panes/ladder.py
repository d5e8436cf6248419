"""The ladder: price rows that stay where they are, own orders on them, a cursor that places orders.

The rows move only when the trader recenters or when the market leaves the middle of the pane; then
`wanted_center` changes and `RequestChanged` is posted, and the rows follow with the next frame.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Final

from tradetui.domain.view import Frame
from tradetui.domain.view_market import LadderRow, LadderView
from tradetui.ui.paint.ladder import (
    LadderLook,
    RowFlags,
    full_size,
    heading,
    ladder_row,
    look_for,
    tinted,
)
from tradetui.ui.paint.numbers import fixed
from tradetui.ui.paint.rows import Row, fit, merged
from tradetui.ui.panes.base import LivePane

KEEP_SHARE: Final = 0.25
"""The market may stray this share of the rows from the center: it stays in the middle half."""
ROW_SHARE: Final = 1.6e-5
"""What one row of an automatic grouping is of the price: about 40 rows show 6 basis points."""
SHRINK_AT: Final = 0.45
"""Bars are scaled anew when nine of ten sizes fall below this share of a full bar."""


Key = tuple[LadderRow, RowFlags]


class LadderPane(LivePane[LadderView]):
    """Fixed price rows around `wanted_center`."""

    TITLE = "Ladder"
    IS_MARKET = True

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id, classes=classes)
        self.cursor_tick: int | None = None
        self.wanted_center: int | None = None
        self.group = 1
        self._groups: dict[str, int] = {}
        self._asked_rows = 0
        self._symbol = ""
        self._feed_text = ""
        self._full = 0.0
        self._columns: LadderLook | None = None
        self._painted: dict[int, tuple[Key, Row]] = {}

    def part_of(self, frame: Frame) -> LadderView | None:
        """The ladder."""
        self._feed_text = frame.status.feed_text
        return frame.ladder

    @property
    def visible_rows(self) -> int:
        """How many price rows there is room for."""
        return max(1, self.inner_height - self._head_rows)

    @property
    def _head_rows(self) -> int:
        return 1 if self.inner_height > 4 else 0

    def has_content(self, part: LadderView) -> bool:
        """Whether there is a book."""
        return bool(part.rows)

    def empty_words(self) -> str:
        """No book so far, or none at all."""
        return self._feed_text if "without a book" in self._feed_text else "waiting for the order book"

    # What keys do.

    def cursor_on(self, symbol: str) -> int | None:
        """The cursor's tick; None for another symbol: a ladder that is hidden still has the one before."""
        return self.cursor_tick if symbol == self._symbol else None

    def move_cursor(self, rows: int) -> None:
        """Move the cursor up (positive) or down by price rows; it starts at the market."""
        view = self.part
        if view is None:
            return
        if self.cursor_tick is None:
            self.cursor_tick = snapped(market_tick(view), self.group)
        else:
            self.cursor_tick = max(self.group, self.cursor_tick + rows * self.group)
        self._follow_cursor(view)
        self.repaint()

    def _follow_cursor(self, view: LadderView) -> None:
        reach = (self.visible_rows - 1) // 2 * self.group
        center = self.wanted_center if self.wanted_center is not None else view.center
        tick = self.cursor_tick if self.cursor_tick is not None else center
        if tick > center + reach:
            self._want(center + (tick - center - reach))
        elif tick < center - reach:
            self._want(center - (center - reach - tick))

    def recenter(self) -> None:
        """Put the market into the middle and drop the cursor."""
        self.cursor_tick = None
        if self.part is not None:
            self._want(snapped(market_tick(self.part), self.group))
        self.repaint()

    def set_group(self, ticks: int) -> None:
        """How many ticks one row of the symbol shown holds, instead of the automatic number."""
        self._groups[self._symbol] = group = max(1, ticks)
        center = self.wanted_center
        self.cursor_tick = None
        self._want(None if center is None else snapped(center, group), group=group)

    def _want(self, center: int | None, *, group: int | None = None) -> None:
        wanted = (center, self.group if group is None else group)
        if wanted != (self.wanted_center, self.group):
            self.wanted_center, self.group = wanted
            self.post_message(self.RequestChanged())

    def repaint(self) -> None:
        """As every pane; ask for other rows where the room has changed."""
        super().repaint()
        if self.visible_rows != self._asked_rows:
            self._asked_rows = self.visible_rows
            self.post_message(self.RequestChanged())

    # Following the market.

    def update_view(self, part: LadderView | None) -> None:
        """Recenter where the symbol changed or the market left the middle, then paint."""
        if part is self.part:
            return
        if part is not None:
            if part.symbol != self._symbol:
                self._symbol, self._full = part.symbol, 0.0
                self.cursor_tick = self.wanted_center = None
            if is_known(part):
                self._choose_group(part)
                self._keep_market_in_sight(part)
            self._scale_bars(part)
        super().update_view(part)

    def _choose_group(self, view: LadderView) -> None:
        if self._symbol not in self._groups:
            self._groups[self._symbol] = automatic_group(market_tick(view))
        if self.wanted_center is None:
            self.group = self._groups[self._symbol]

    def _keep_market_in_sight(self, view: LadderView) -> None:
        market = snapped(market_tick(view), self.group)
        center = self.wanted_center
        share = KEEP_SHARE if self.cursor_tick is None else 0.5
        keep = max(1, int(self.visible_rows * share)) * self.group
        if center is None or abs(market - center) > keep:
            self._want(market)

    def _scale_bars(self, view: LadderView) -> None:
        full = full_size(view.rows)
        if full > self._full or full < self._full * SHRINK_AT:
            self._full = full

    # Painting.

    def title_words(self, part: LadderView) -> Row:
        """Tick, spread, imbalance, and the feed's fault in words."""
        tick = f"{part.tick_size * part.group:f}"
        words: list[tuple[str, str]] = [(f"tick {tick}", "dim")]
        if part.spread is not None and part.spread <= 0:
            words.append(("  crossed" if part.spread < 0 else "  locked", "warn!"))
        elif part.spread is not None:
            words.append((f"  spread {fixed(part.spread, part.price_scale)}", "dim"))
        if part.imbalance is not None:
            words.append(imbalance_words(part.imbalance))
        return tuple(words)

    def paint(self, part: LadderView, width: int, height: int) -> list[Row]:
        """Heading and the rows around the center."""
        scale = row_scale(part.tick_size * part.group, part.price_scale)
        price_cells = max((len(fixed(row.price, scale)) for row in part.rows[:1]), default=6)
        look = look_for(
            width,
            price_cells=price_cells,
            price_scale=scale,
            qty_scale=part.qty_scale,
            largest=self._full or full_size(part.rows),
        )
        if look is not self._columns or width != self._painted_width:
            self._columns, self._painted, self._painted_width = look, {}, width
        head = [heading(look)] if self._head_rows else []
        return head + [self._row(row, part, look, width) for row in shown_rows(part, height - len(head))]

    _painted_width = 0

    def _row(self, row: LadderRow, view: LadderView, look: LadderLook, width: int) -> Row:
        flags = RowFlags(
            is_bid=holds(row.tick, view.best_bid, view.group),
            is_ask=holds(row.tick, view.best_ask, view.group),
            is_last=holds(row.tick, view.last, view.group),
            is_cursor=holds(row.tick, self.cursor_tick, view.group),
        )
        known = self._painted.get(row.tick)
        key = (row, flags)
        if known is not None and known[0] == key:
            return known[1]
        painted = fit(ladder_row(row, look, flags), width)
        painted = merged(tinted(painted, row.own, is_cursor=flags.is_cursor))
        if len(self._painted) > 4 * self.visible_rows:
            self._painted.clear()
        self._painted[row.tick] = (key, painted)
        return painted


def imbalance_words(imbalance: float) -> tuple[str, str]:
    """Which side has more, and how much of the ten best levels."""
    if imbalance >= 0.5:
        return (f"  imbalance {imbalance * 100:.0f}% bid", "dim")
    return (f"  imbalance {(1 - imbalance) * 100:.0f}% ask", "dim")


def automatic_group(market: int) -> int:
    """The 1, 2 or 5 times a power of ten of ticks nearest, as a ratio, to the wanted share of a price."""
    wanted = max(1.0, market * ROW_SHARE)
    power: int = 10 ** int(math.log10(wanted))
    return min((power * factor for factor in (1, 2, 5, 10)), key=lambda ticks: abs(math.log(ticks / wanted)))


def row_scale(step: Decimal, most: int) -> int:
    """Digits after the point that prices one step apart need."""
    exponent = step.normalize().as_tuple().exponent
    return min(most, max(0, -exponent)) if isinstance(exponent, int) else most


def is_known(view: LadderView) -> bool:
    """Whether anything tells where the market is."""
    return view.best_bid is not None or view.best_ask is not None or view.last is not None


def market_tick(view: LadderView) -> int:
    """Where the market is: between the best prices, else what is known of it."""
    if view.best_bid is not None and view.best_ask is not None:
        return (view.best_bid + view.best_ask) // 2
    known = [tick for tick in (view.best_bid, view.best_ask, view.last) if tick is not None]
    return known[0] if known else view.center


def snapped(tick: int, group: int) -> int:
    """The price row that holds a tick."""
    return tick // group * group


def holds(row_tick: int, tick: int | None, group: int) -> bool:
    """Whether a tick belongs to the row."""
    return tick is not None and row_tick <= tick < row_tick + group


def shown_rows(view: LadderView, height: int) -> tuple[LadderRow, ...]:
    """As many rows as there is room for, with the center in the middle."""
    rows = view.rows
    if len(rows) <= height:
        return rows
    middle = next((at for at, row in enumerate(rows) if row.tick <= view.center), len(rows) // 2)
    first = max(0, min(middle - height // 2, len(rows) - height))
    return rows[first : first + height]
