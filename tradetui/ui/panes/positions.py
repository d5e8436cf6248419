"""Open positions: what each is worth, where its stop stands and how it has gone so far."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from tradetui.domain.market_data import Side
from tradetui.domain.number import canonical, money_scale
from tradetui.domain.view import Frame, PositionView
from tradetui.ui.paint.numbers import age_text, fixed, held_text, sign_ink, signed
from tradetui.ui.paint.rows import Row, plain, width_of
from tradetui.ui.paint.table import Column, cells, heading, layout_for
from tradetui.ui.panes.base import LivePane

Positions = tuple[PositionView, ...]
STOP_IS_OLD_MS: Final = 2000


class PositionsPane(LivePane[Positions]):
    """Two lines a position where there is room."""

    TITLE = "Positions"

    def part_of(self, frame: Frame) -> Positions:
        """The open positions."""
        return frame.positions

    def has_content(self, part: Positions) -> bool:
        """Whether any is open."""
        return bool(part)

    def empty_words(self) -> str:
        """Flat is a position too; before the journal is read nobody knows."""
        return "flat" if self.part is not None else "waiting for the journal"

    def title_words(self, part: Positions) -> Row:
        """How many, and their sum."""
        rows = part
        total = sum((row.unrealized_pnl for row in rows), Decimal(0))
        if not rows:
            return (("none open", "dim"),)
        return (
            (f"{len(rows)} open  ", "dim"),
            (signed(total, money_scale(rows[0].currency)), sign_ink(total)),
        )

    def paint(self, part: Positions, width: int, height: int) -> list[Row]:
        """Heading, then the positions; the second lines go first when the pane is low."""
        rows = part
        layout = layout_for(columns_of(rows), width)
        painted = [heading(layout)] if height > len(rows) else []
        room = height - len(painted) - len(rows)
        for row in rows:
            painted.append(cells(layout, values_of(row)))
            if room > 0:
                painted.append(second_line(row, width))
                room -= 1
        return painted


def columns_of(rows: Positions) -> tuple[Column, ...]:
    """Columns as wide as the longest price and quantity need."""
    price = max((len(fixed(row.entry_price, row.price_scale)) for row in rows), default=8)
    qty = max((len(canonical(row.qty)) for row in rows), default=5)
    name = max((len(row.symbol) for row in rows), default=8)
    return (
        Column("symbol", min(16, max(8, name)), at_left=True),
        Column("side", 5, at_left=True),
        Column("qty", max(6, qty), rank=2),
        Column("entry", price, rank=3),
        Column("mark", price, rank=4),
        Column(
            "unreal", max(9, *(len(signed(row.unrealized_pnl, money_scale(row.currency))) for row in rows), 0)
        ),
        Column("%", 6, rank=6),
        Column("R", 6, rank=1),
        Column("stop", price, rank=1),
        Column("away", 8, rank=5),
    )


def values_of(row: PositionView) -> dict[str, tuple[str, str]]:
    """The cells of one position."""
    long = row.side is Side.BUY
    ink = sign_ink(row.unrealized_pnl)
    scale = row.price_scale
    return {
        "symbol": (plain(row.symbol), "bright!"),
        "side": ("long" if long else "short", "up" if long else "down"),
        "qty": (canonical(row.qty), "text"),
        "entry": (fixed(row.entry_price, scale), "text"),
        "mark": (fixed(row.mark_price, scale), "text"),
        "unreal": (signed(row.unrealized_pnl, money_scale(row.currency)), f"{ink}!"),
        "%": (signed(row.unrealized_pct, 2), ink),
        "R": (signed(row.r, 2), ink),
        "stop": (
            fixed(row.stop, scale) if row.stop is not None else "no stop",
            "down" if row.stop else "warn!",
        ),
        "away": (fixed(row.stop_distance, scale), "dim"),
    }


def second_line(row: PositionView, width: int) -> Row:
    """The stop's source and age, target, liquidation, time held, excursions, as far as they fit."""
    words: list[str] = []
    if row.target is not None:
        targets = (row.target, *row.more_targets)
        words.append(f"target {' '.join(fixed(price, row.price_scale) for price in targets)}")
    if row.liquidation_price is not None:
        words.append(f"liq {fixed(row.liquidation_price, row.price_scale)}")
    if row.margin_pct is not None:
        words.append(f"margin {row.margin_pct:.0f} %")
    words.append(held_text(row.held_s))
    if row.funding_rate is not None and row.funding_in_s is not None:
        words.append(f"funding {row.funding_rate * 100:.4f} % in {held_text(row.funding_in_s)}")
    if row.funding_paid:
        words.append(f"paid {signed(row.funding_paid, money_scale(row.currency))}")
    if row.mae is not None:
        words.append(f"MAE {signed(row.mae, money_scale(row.currency))}")
    if row.mfe is not None:
        words.append(f"MFE {signed(row.mfe, money_scale(row.currency))}")
    watched = stop_words(row)
    room = width - 2 - width_of(watched)
    while len(words) > 1 and len(" · ".join(words)) > room:
        words.pop()
    return (("  ", "dim"), *watched, (" · ".join(words), "dim"))


def stop_words(row: PositionView) -> Row:
    """How the stop is watched: a warning where it is not armed, or has not met a price for a while."""
    if row.stop is None:
        return ()
    age = row.stop_age_ms
    if row.stop_state == "armed" and age is not None and age < STOP_IS_OLD_MS:
        trails = f" trails {plain(row.stop_trail)}" if row.stop_trail else ""
        return ((f"stop by {plain(row.stop_by)}{trails} · ", "dim"),)
    seen = f", last seen {age_text(age)} ago" if age is not None else ", no price yet"
    return ((f"stop {plain(row.stop_state)}{seen} · ", "warn"),)
