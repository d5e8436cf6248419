"""Every active limit with what is used of it, for the gauges and for the warnings."""

from __future__ import annotations

from decimal import Decimal
from itertools import takewhile
from typing import Final

from tradetui.domain.number import ZERO
from tradetui.domain.order import Order, OrderRole, OrderState
from tradetui.domain.rule import GUARDS, LOSSES, Rule, RuleKind, Unit
from tradetui.engine.books import Books
from tradetui.trading import thresholds
from tradetui.trading.protections import Scene, findings
from tradetui.trading.thresholds import SECOND, Reading

MINUTE_NS = 60 * SECOND
SIZES: Final = frozenset(
    {RuleKind.MAX_ORDER_SIZE, RuleKind.MAX_POSITION, RuleKind.MAX_OPEN_ORDERS, RuleKind.ORDER_RATE}
)


def read_all(books: Books, *, ts: int) -> tuple[Reading, ...]:
    """What each rule that can be shown as a gauge says now."""
    standing = books.standing()
    found = []
    for rule in books.limits.rules:
        if rule.kind in LOSSES:
            found.append(thresholds.read_loss(rule, standing))
        elif rule.kind is RuleKind.PROFIT_STOP:
            found.append(thresholds.read_profit(rule, standing))
        elif rule.kind is RuleKind.PROFIT_GIVEBACK:
            found.append(thresholds.read_giveback(rule, standing))
        elif rule.kind is RuleKind.CONSISTENCY:
            found.append(thresholds.read_consistency(rule, standing))
        elif rule.kind is RuleKind.DRAWDOWN_GUARD:
            found.append(thresholds.read_drawdown(rule, standing, ts=ts))
        elif rule.kind in GUARDS:
            found.append(read_guard(rule, books, ts=ts))
        elif rule.kind in (RuleKind.MAX_POSITION, RuleKind.MAX_OPEN_ORDERS, RuleKind.ORDER_RATE):
            found.append(read_size(rule, books, ts=ts))
    return tuple(found)


def read_guard(rule: Rule, books: Books, *, ts: int) -> Reading:
    """A guard by the scope that is nearest to its limit."""
    session = books.state.session
    scene = Scene(
        trades=books.state.day.trades,
        ts=ts,
        session_id=session.session_id if session is not None else "1970-01-01",
        equity=books.equity(),
    )
    nearest = max(findings(rule, scene), key=lambda finding: finding.used, default=None)
    used = nearest.used if nearest is not None else ZERO
    limit = nearest.limit if nearest is not None else rule.amount
    return Reading(rule=rule, used=used, limit=limit, left=limit - used)


def read_size(rule: Rule, books: Books, *, ts: int = 0) -> Reading:
    """How much of a cap on positions or orders is used; the largest position counts."""
    if rule.kind is RuleKind.MAX_POSITION:
        symbols = {*books.state.positions, *(order.symbol for order in books.state.live.values())}
        mine = sorted(symbol for symbol in symbols if rule.symbol in ("", symbol))
        used = max((exposure(rule, books, symbol) for symbol in mine), default=ZERO)
    elif rule.kind is RuleKind.MAX_ORDER_SIZE:
        used = largest_entry(rule, books, ts=ts)
    elif rule.kind is RuleKind.MAX_OPEN_ORDERS:
        used = Decimal(len(working_entries(rule, books)))
    else:
        used = Decimal(recent_entries(rule, books, ts=ts))
    return Reading(rule=rule, used=used, limit=rule.amount, left=rule.amount - used)


def exposure(rule: Rule, books: Books, symbol: str) -> Decimal:
    """What is held of a symbol, with all that its working entries may add, in the rule's unit."""
    position = books.state.holding(symbol)
    qty = position.qty if position is not None else ZERO
    entries = [o for o in books.state.live_of(symbol) if o.role is OrderRole.ENTRY]
    qty += sum((order.most_leaves for order in entries), ZERO)
    return in_unit(rule, books, symbol, qty)


def in_unit(rule: Rule, books: Books, symbol: str, qty: Decimal, price: Decimal | None = None) -> Decimal:
    """A quantity as the rule counts it: as it is, or what it is worth."""
    if rule.unit is not Unit.MONEY:
        return qty
    worth = price or books.valuation(symbol)
    return books.state.instruments[symbol].notional(qty, worth) if worth is not None else ZERO


def working_entries(rule: Rule, books: Books) -> list[Order]:
    """The entries that rest, wait or are on their way."""
    orders = books.state.live.values()
    return [o for o in orders if o.role is OrderRole.ENTRY and rule.symbol in ("", o.symbol)]


def largest_entry(rule: Rule, books: Books, *, ts: int) -> Decimal:
    """The largest entry that works, or was taken at a moment, in the rule's unit."""
    taken = takewhile(lambda order: order.ts >= ts, reversed(books.state.orders.values()))
    found = [*working_entries(rule, books), *(order for order in taken if _counts(rule, order))]
    return max((in_unit(rule, books, o.symbol, o.qty, o.price or o.trigger) for o in found), default=ZERO)


def _counts(rule: Rule, order: Order) -> bool:
    is_entry = order.role is OrderRole.ENTRY and order.state is not OrderState.DENIED
    return is_entry and rule.symbol in ("", order.symbol)


def recent_entries(rule: Rule, books: Books, *, ts: int) -> int:
    """How many entries were taken in the last minute."""
    count = 0
    for order in reversed(books.state.orders.values()):
        if order.ts <= ts - MINUTE_NS:
            break
        count += _counts(rule, order)
    return count
