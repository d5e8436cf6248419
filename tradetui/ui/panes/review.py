"""The review: what the closed trades of an account came to, and each of them under its day.

It is read when it is asked for, and again when something was filled while it is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from textual.message import Message

from tradetui.domain.market_data import Side
from tradetui.domain.number import canonical, money_scale
from tradetui.domain.view import FillView, Frame
from tradetui.domain.view_review import ReviewView, TradeRow, TradeSums
from tradetui.ui.paint.bars import sparkline
from tradetui.ui.paint.numbers import NONE, clock_text, fixed, held_text, sign_ink, signed
from tradetui.ui.paint.rows import Row, Run, plain
from tradetui.ui.paint.table import Column, cells, heading, layout_for
from tradetui.ui.panes.scrolled import ScrolledPane
from tradetui.ui.panes.watchlist import short_symbol

CURVE_CELLS: Final = 100


class ReviewPane(ScrolledPane[ReviewView]):
    """Sums, the curve of the result, and the trades."""

    TITLE = "Review"

    class Wanted(Message):
        """The trades are to be read, or read again."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id, classes=classes)
        self._fills: tuple[FillView, ...] | None = None
        self._profile = ""
        self._words = "reading the journal"

    def part_of(self, frame: Frame) -> ReviewView | None:
        """What was read last; a new fill or another profile asks for more."""
        if frame.status.profile != self._profile:
            self._profile, self._above, self.part = frame.status.profile, 0, None
            self._fills, self._words = None, "reading the journal"
            self.repaint()
        if frame.fills is not self._fills:
            self._fills = frame.fills
            self.post_message(self.Wanted())
        return self.part

    def show_review(self, review: ReviewView | None) -> None:
        """Show what was read; None where it could not be."""
        if review is None:
            self._words = "the journal could not be read"
            self.repaint()
        else:
            self.update_view(review)

    def empty_words(self) -> str:
        """It is being read, or there is nothing in it."""
        return self._words if self.part is None else "no closed trades yet: each one is listed here by itself"

    def has_content(self, part: ReviewView) -> bool:
        """Whether a trade was closed."""
        return bool(part.trades)

    def title_words(self, part: ReviewView) -> Row:
        """Whose trades, and how many."""
        count = sum(day.trades for day in part.days)
        if not count:
            return ((plain(self._profile), "dim"),)
        words = f"{plain(self._profile)} · {count:,} trade{'s' * (count != 1)}"
        return ((f"{words} in {len(part.days)} day{'s' * (len(part.days) != 1)}", "dim"),)

    def page(self, part: ReviewView, width: int) -> list[Row]:
        """Every row."""
        return page(part, width)


def page(review: ReviewView, width: int) -> list[Row]:
    """Sums, curve, then each day with its trades."""
    rows = [*sum_rows(review, width), *curve_rows(review, width)]
    columns = trade_columns(review.trades, money_scale(review.currency))
    layout = layout_for(columns, width)
    listed: dict[str, list[TradeRow]] = {}
    for trade in review.trades:
        listed.setdefault(trade.day, []).append(trade)
    for day in review.days:
        if day.name not in listed:
            rows += [(), ((" older trades: tradetui journal trades", "dim"),)]
            break
        rows += [(), day_row(day, review.currency), heading(layout)]
        rows += [cells(layout, trade_cells(trade, review)) for trade in listed[day.name]]
    return rows


def sum_rows(review: ReviewView, width: int) -> list[Row]:
    """Today, all, and what trades have in common."""
    layout = layout_for(sum_columns(review), width)
    return [heading(layout), *(cells(layout, sum_cells(sums, review.currency)) for sums in review.sums)]


def sum_columns(review: ReviewView) -> tuple[Column, ...]:
    """Columns as wide as the longest amounts need."""
    scale, told = money_scale(review.currency), [sums for sums in review.sums if sums.trades]
    most = cells_of([amount for sums in told for amount in (sums.best, sums.worst)], scale, 9)
    return (
        Column("name", 14, at_left=True, head=""),
        Column("trades", 6),
        Column("won", 5, rank=1),
        Column("net", cells_of([sums.net for sums in told], scale, 10)),
        Column("R", 7, rank=1),
        Column("fees", cells_of([sums.fees for sums in told], scale, 9), rank=3),
        Column("best", most, rank=4),
        Column("worst", most, rank=4),
        Column("factor", 6, rank=6),
        Column("held", 10, rank=5),
    )


def cells_of(amounts: Sequence[Decimal], scale: int, least: int) -> int:
    """Cells that the longest of some amounts takes, and at least so many."""
    return max([least, *(len(signed(amount, scale)) for amount in amounts)])


def sum_cells(sums: TradeSums, currency: str) -> dict[str, Run]:
    """One row of sums; without a trade there is nothing to tell."""
    name: Run = (short_symbol(sums.name), "text")
    if not sums.trades:
        return {"name": name, "trades": ("0", "dim")}
    scale = money_scale(currency)
    lost = sums.gained - sums.net
    return {
        "name": name,
        "trades": (f"{sums.trades:,}", "text"),
        "won": (f"{sums.won / sums.trades * 100:.0f} %", "text"),
        "net": (signed(sums.net, scale), f"{sign_ink(sums.net)}!"),
        "R": (signed(sums.r, 2), sign_ink(sums.r)),
        "fees": (fixed(sums.fees, scale), "dim"),
        "best": (signed(sums.best, scale), sign_ink(sums.best)),
        "worst": (signed(sums.worst, scale), sign_ink(sums.worst)),
        "factor": (fixed(sums.gained / lost, 2) if lost else NONE, "text"),
        "held": (held_text(sums.held_s), "dim"),
    }


def curve_rows(review: ReviewView, width: int) -> list[Row]:
    """The result after each of the newest trades."""
    room = min(CURVE_CELLS, width - 20)
    if room < 10 or len(review.curve) < 2:
        return []
    drawn = sparkline(review.curve, min(room, len(review.curve)))
    return [(), ((" result  ", "dim"), (drawn, sign_ink(review.curve[-1])))]


def day_row(day: TradeSums, currency: str) -> Row:
    """A day and what it came to."""
    trades = f"{day.trades:,} trade{'s' * (day.trades != 1)}"
    return (
        (f" {date.fromisoformat(day.name):%a %d %b %Y}", "bright!"),
        (f"  {trades}  ", "dim"),
        (f"{signed(day.net, money_scale(currency))} {plain(currency)}", f"{sign_ink(day.net)}!"),
        (f"  {signed(day.r, 2)} R" if day.r is not None else "", sign_ink(day.r)),
    )


def trade_columns(trades: Sequence[TradeRow], scale: int) -> tuple[Column, ...]:
    """Columns as wide as the longest symbol, quantity, price and amount need."""
    names = max((len(short_symbol(trade.symbol)) for trade in trades), default=8)
    qty = max((len(canonical(trade.qty)) for trade in trades), default=8)
    prices = [price for trade in trades for price in (trade.entry_price, trade.exit_price)]
    digits = max((len(fixed(max(prices), trade.price_scale)) for trade in trades), default=9)
    return (
        Column("closed", 8, at_left=True, rank=2),
        Column("symbol", min(18, max(8, names)), at_left=True),
        Column("side", 5, at_left=True),
        Column("qty", min(14, max(6, qty)), rank=3),
        Column("entry", digits, rank=3),
        Column("exit", digits, rank=3),
        Column("net", cells_of([trade.net for trade in trades], scale, 9)),
        Column("R", 6),
        Column("fees", cells_of([trade.fees for trade in trades], scale, 8), rank=5),
        Column("held", 9, rank=4),
    )


def trade_cells(trade: TradeRow, review: ReviewView) -> dict[str, Run]:
    """One trade."""
    scale, long = money_scale(review.currency), trade.side is Side.BUY
    return {
        "closed": (clock_text(trade.exit_ts, review.zone), "dim"),
        "symbol": (short_symbol(trade.symbol), "text"),
        "side": ("long" if long else "short", "up" if long else "down"),
        "qty": (canonical(trade.qty), "text"),
        "entry": (price_text(trade.entry_price, trade), "text"),
        "exit": (price_text(trade.exit_price, trade), "text"),
        "net": (signed(trade.net, scale), f"{sign_ink(trade.net)}!"),
        "R": (signed(trade.r, 2), sign_ink(trade.r)),
        "fees": (fixed(trade.fees, scale), "dim"),
        "held": (held_text((trade.exit_ts - trade.entry_ts) // 1_000_000_000), "dim"),
    }


def price_text(price: Decimal, trade: TradeRow) -> str:
    """An average price on the instrument's digits."""
    return fixed(price, trade.price_scale)
