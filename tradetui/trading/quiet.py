"""Between which bounds equity may move without any rule having a word to say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Final

from tradetui.domain.number import ONE, ZERO
from tradetui.domain.rule import LOSSES, Measure, Rule, RuleKind
from tradetui.trading import thresholds
from tradetui.trading.thresholds import SECOND, Standing

Bounds = tuple[Decimal, Decimal]
OPEN: Final[Bounds] = (Decimal("-Infinity"), Decimal("Infinity"))


def bounds(
    rules: Iterable[Rule],
    standing: Standing,
    *,
    warned: Mapping[str, Decimal],
    locked: frozenset[str],
    warn_at: tuple[Decimal, ...],
    ts: int,
) -> Bounds:
    """Equity strictly between these changes nothing; it counts deposits, as equity does."""
    low, high = OPEN
    now = standing.equity - standing.flows
    for rule in rules:
        parts = [part for part in (*warn_at, ONE) if part > warned.get(rule.name, ZERO)]
        for level in _levels(rule, standing, parts, is_locked=rule.name in locked, ts=ts):
            if level <= now:
                low = max(low, level)
            if level >= now:
                high = min(high, level)
    return low + standing.flows, high + standing.flows


def _levels(
    rule: Rule, standing: Standing, parts: list[Decimal], *, is_locked: bool, ts: int
) -> Iterator[Decimal]:
    """Where a rule has something to say, net of flows."""
    now = standing.equity - standing.flows
    if rule.kind in LOSSES and rule.measure is Measure.EQUITY:
        yield from _loss_levels(rule, standing, parts, is_locked=is_locked)
    if rule.kind is RuleKind.MAX_LOSS_PEAK:
        # a new high lifts the floor, which may pass a value that does not move: the realized result
        yield max(standing.book.peak, now)
    elif rule.kind is RuleKind.PROFIT_STOP and rule.measure is Measure.EQUITY:
        start, target = thresholds.reference(rule, standing), thresholds.amount_of(rule, standing)
        yield from (start + target * part for part in parts)
    elif rule.kind is RuleKind.PROFIT_GIVEBACK:
        reading, peak = thresholds.read_giveback(rule, standing), max(standing.book.day_peak, now)
        yield from (peak - reading.limit * part for part in parts)
        yield peak
    elif rule.kind is RuleKind.DRAWDOWN_GUARD:
        peak = max(thresholds.window_peak(standing.book, since=ts - rule.lookback_s * SECOND), now)
        yield from (peak - (peak + standing.flows) * rule.amount * part for part in parts)
        yield peak


def _loss_levels(
    rule: Rule, standing: Standing, parts: list[Decimal], *, is_locked: bool
) -> Iterator[Decimal]:
    floor = thresholds.floor_of(rule, standing)
    if is_locked:
        forced = thresholds.forced_floor(rule, standing)
        yield from () if forced is None else (forced,)
        return
    amount = thresholds.amount_of(rule, standing)
    yield floor
    if rule.kind is not RuleKind.MIN_EQUITY:
        yield from (floor + amount * (ONE - part) for part in parts)
