"""The account: each limit as a gauge with what is left, locks, and the balances."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from tradetui.domain.number import ZERO, canonical, money_scale
from tradetui.domain.view import AccountView, Frame, LimitGauge
from tradetui.ui.paint.bars import gauge
from tradetui.ui.paint.numbers import fixed, sign_ink, signed
from tradetui.ui.paint.rows import Row, Run, clip, left, plain, right
from tradetui.ui.panes.base import LivePane

NAME_CELLS: Final = 13
DUST: Final = Decimal("0.000001")
"""Less than this needs all its digits to be seen."""


class AccountPane(LivePane[AccountView]):
    """Limits first: they decide what may be done next."""

    TITLE = "Account"

    def part_of(self, frame: Frame) -> AccountView:
        """The part."""
        return frame.account

    def title_words(self, part: AccountView) -> Row:
        """Equity."""
        return ((f"{fixed(part.equity, money_scale(part.currency))} {plain(part.currency)}", "dim"),)

    def paint(self, part: AccountView, width: int, height: int) -> list[Row]:
        """Locks, gauges, then amounts; the last go first where the pane is low."""
        rows = [row for lock in part.locks for row in lock_rows(plain(lock), max(8, width - 2))]
        rows += [gauge_row(limit, width) for limit in part.gauges]
        if len(rows) + 6 <= height:
            rows.append(())
        return rows + amounts(part, width)


def lock_rows(lock: str, room: int) -> list[Row]:
    """A lock on one row, or its end and its reason on two."""
    until, _, why = lock.partition(": ")
    if len(lock) <= room or not why:
        return [((f" {clip(lock, room)}", "down!"),)]
    return [((f" {clip(until, room)}", "down!"),), ((f" {clip(why, room)}", "down"),)]


def gauge_row(limit: LimitGauge, width: int) -> Row:
    """Name, bar, used of limit."""
    words = gauge_words(limit, width)
    share = float(limit.used / limit.limit) if limit.limit else (1.0 if limit.used else 0.0)
    name = left(plain(limit.name), min(NAME_CELLS, max(4, width // 3)))
    room = width - len(name) - 4 - max(14, len(words))
    ink = "down!" if share >= 0.9 else "warn" if share >= 0.75 else "text"
    is_counted = bool(limit.limit) or not limit.text
    bar = gauge(share, min(24, room)) if room >= 4 and is_counted else ()
    tail = right(words, width - len(name) - 4 - sum(len(text) for text, _ in bar))
    return ((" ", "text"), (name, "dim"), (" ", "text"), *bar, (f" {tail}", ink))


def gauge_words(limit: LimitGauge, width: int) -> str:
    """Used of limit, and what is left where there is room for it."""
    if limit.text:
        return plain(limit.text)
    words = f"{moving(limit.used, limit.unit)} of {amount(limit.limit)}{unit(limit)}"
    left = f", {moving(max(limit.left, ZERO), limit.unit)} left" if limit.left is not None else ""
    return words + left if width >= NAME_CELLS + len(words) + len(left) + 12 else words


def unit(limit: LimitGauge) -> str:
    """R after numbers of R, % after parts; the account's currency is known."""
    return f" {limit.unit}" if limit.unit in ("R", "%") else ""


def amount(value: Decimal) -> str:
    """A limit's number with at most two digits after the point."""
    if value == int(value):
        return f"{int(value):,}"
    return canonical(value) if abs(value) < 1 else f"{value:,.2f}"


def moving(value: Decimal, unit: str) -> str:
    """A number that moves, always with the same digits after the point; counts have none."""
    if not unit:
        return amount(value)
    return fixed(value, 2 if unit in ("R", "%") else money_scale(unit))


def amounts(account: AccountView, width: int) -> list[Row]:
    """Money lines: two pairs a row where there is room."""
    scale = money_scale(account.currency)
    pairs: list[tuple[str, Run]] = [
        ("realized", (signed(account.realized_pnl, scale), sign_ink(account.realized_pnl))),
        ("unrealized", (signed(account.unrealized_pnl, scale), sign_ink(account.unrealized_pnl))),
        ("fees", (fixed(account.fees, scale), "text")),
        ("margin", (fixed(account.margin_used, scale), "text")),
    ]
    if account.funding:
        pairs.append(("funding", (signed(account.funding, scale), sign_ink(account.funding))))
    if account.margin_level is not None:
        pairs.append(("level", (f"{account.margin_level:,.1f} %", "text")))
    elif account.margin_mode == "cross":
        pairs.append(("margins", ("cross", "text")))
    if account.maintenance:
        pairs.append(("maintenance", (plain(account.maintenance), "warn")))
    pairs += [pair for entry in account.balances for pair in balance(*entry)]
    across = 2 if width >= 56 else 1
    cell = (width - 2) // across
    return [_pair_row(pairs[at : at + across], cell) for at in range(0, len(pairs), across)]


def balance(asset: str, free: Decimal, locked: Decimal) -> list[tuple[str, Run]]:
    """One asset; what orders lock is told apart."""
    most = max(free, locked)
    places = 2 if most >= 100 else 8 if 0 < most < DUST else 6
    pairs: list[tuple[str, Run]] = [(plain(asset), (f"{free:,.{places}f}", "text"))]
    if locked:
        pairs.append(("  in orders", (f"{locked:,.{places}f}", "dim")))
    return pairs


def _pair_row(pairs: list[tuple[str, Run]], cell: int) -> Row:
    row: list[Run] = [(" ", "text")]
    for name, (text, ink) in pairs:
        room = max(1, cell - NAME_CELLS if len(pairs) == 1 else min(22, cell - NAME_CELLS - 2))
        row += [(left(name, NAME_CELLS), "dim"), (right(text, room), ink)]
        row.append((" " * max(0, cell - NAME_CELLS - room), "text"))
    return tuple(row)
