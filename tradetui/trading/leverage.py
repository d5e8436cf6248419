"""Margins of any leveraged instrument: which formulas hold for it, and with which tier (section 10).

`spare` is what stands behind a position beside its own result: its margin when isolated; in a cross
account the wallet with what the other positions have won or lost, less what they need themselves.
A table of tiers is read as its venue reads it (`TierRule`): where the rate of the tier that is reached
holds for the whole position, the maintenance jumps at each edge, and a position may be liquidated there.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from typing import Final

import msgspec

from tradetui.domain.instrument import Instrument, TierRule
from tradetui.domain.number import MONEY, ONE, ZERO, to_step
from tradetui.domain.position import Position
from tradetui.trading import costs, inverse, margin

_ROUNDS: Final = 3
"""A liquidation price may lie in another tier than the mark: it is looked up again so often."""


class MarginRules(msgspec.Struct, frozen=True, kw_only=True):
    """How a venue takes maintenance."""

    entry_based: bool = False
    """At the entry price (profile entry_mm, Bybit classic), else at the mark (profile mark_mm)."""
    close_fee: bool = True
    """Whether the taker fee to close is part of it."""
    liquidation_level: Decimal = Decimal("0.4")
    """Of a margin account on spot: equity as a part of the margin used at which it is liquidated."""

    def fee_of(self, instrument: Instrument) -> Decimal:
        """The rate of the fee to close as far as it counts."""
        return instrument.taker_fee if self.close_fee else ZERO


def initial_margin(instrument: Instrument, qty: Decimal, price: Decimal, leverage: Decimal) -> Decimal:
    """What a quantity ties up, rounded up to the asset's scale."""
    tied = MONEY.divide(instrument.notional(qty, price), leverage)
    return to_step(tied, costs.ASSET_STEP, ROUND_CEILING)


def order_parts(
    instrument: Instrument, qty: Decimal, price: Decimal, *, sign: int, leverage: Decimal
) -> tuple[Decimal, Decimal, Decimal]:
    """Initial margin, fee to open and fee to close at bankruptcy, not rounded.

    A margin position on spot pays for what it borrows in place of the last.
    """
    worth = instrument.notional(qty, price)
    if instrument.is_margin:
        return MONEY.divide(worth, leverage), worth * instrument.taker_fee, worth * instrument.opening_fee
    part = MONEY.divide(Decimal(sign), leverage)
    at_bankruptcy = worth * (ONE + part if instrument.is_inverse else ONE - part)
    fee = instrument.taker_fee
    return MONEY.divide(worth, leverage), worth * fee, at_bankruptcy * fee


def maintenance(
    instrument: Instrument, position: Position, mark: Decimal, *, spare: Decimal, rules: MarginRules
) -> Decimal:
    """What a position needs to be kept, at the mark price."""
    if instrument.is_margin:
        return borrowed_margin(instrument, position, mark) * rules.liquidation_level
    price = position.entry_price if rules.entry_based else mark
    worth = instrument.notional(position.qty, price)
    rate, deduction = instrument.maintenance_of(instrument.tier_size(position.qty, price))
    needed = worth * rate - deduction
    fee = rules.fee_of(instrument)
    if not rules.entry_based:
        return needed + worth * fee
    close = bankruptcy_price(instrument, position, spare=spare) if fee else None
    return needed if close is None else needed + instrument.notional(position.qty, close) * fee


def liquidation_price(
    instrument: Instrument, position: Position, *, mark: Decimal, spare: Decimal, rules: MarginRules
) -> Decimal | None:
    """Where the maintenance is reached, exactly (R-PRP-1); None where no price does."""
    if instrument.is_margin:
        return _margin_price(position, mark, spare=spare, rules=rules, instrument=instrument)
    if not instrument.tiers:
        terms = instrument.maintenance_rate, ZERO
        return _price_by(terms, instrument, position, spare=spare, rules=rules)
    jumps = instrument.tier_rule is TierRule.WHOLE
    if jumps and not rules.entry_based and _grows(instrument, position):
        return _climbing_price(instrument, position, mark, spare=spare, rules=rules)
    terms, price = instrument.maintenance_of(instrument.tier_size(position.qty, mark)), None
    for _ in range(max(_ROUNDS, len(instrument.tiers))):
        price = _price_by(terms, instrument, position, spare=spare, rules=rules)
        if price is None or rules.entry_based:
            return price
        there = instrument.maintenance_of(instrument.tier_size(position.qty, price))
        if there == terms:
            return price
        terms = there
    return price


def _grows(instrument: Instrument, position: Position) -> bool:
    """Whether a position's notional grows while it loses."""
    return (position.side.sign < 0) != instrument.is_inverse


def _climbing_price(
    instrument: Instrument, position: Position, mark: Decimal, *, spare: Decimal, rules: MarginRules
) -> Decimal | None:
    """Tier by tier: where its maintenance is reached inside it, or the edge at which the next is too much."""
    qty, tiers = position.qty, instrument.tiers
    edge: Decimal | None = None
    for tier in tiers[instrument.tier_number(instrument.notional(qty, mark)) :]:
        price = _price_by((tier.rate, ZERO), instrument, position, spare=spare, rules=rules)
        if price is None:
            return None
        worth = instrument.notional(qty, price)
        if edge is not None and worth <= edge:
            size = MONEY.multiply(qty, instrument.contract_size)
            return MONEY.divide(size, edge) if instrument.is_inverse else MONEY.divide(edge, size)
        if tier.cap is None or worth <= tier.cap or tier is tiers[-1]:
            return price
        edge = tier.cap
    return None


def borrowed_margin(instrument: Instrument, position: Position, mark: Decimal) -> Decimal:
    """What a margin position on spot uses: a long's is fixed in quote, a short's floats with the price."""
    price = position.entry_price if position.signed_qty > 0 else mark
    return MONEY.divide(instrument.notional(position.qty, price), position.leverage)


def _margin_price(
    position: Position, mark: Decimal, *, spare: Decimal, rules: MarginRules, instrument: Instrument
) -> Decimal | None:
    """Where a margin account on spot is liquidated by one position's price."""
    size, sign = MONEY.multiply(position.qty, instrument.contract_size), position.side.sign
    if sign > 0:
        needed = maintenance(instrument, position, mark, spare=spare, rules=rules)
        return margin.bankruptcy_at(size, position.entry_price, sign=sign, margin=spare - needed)
    rate = MONEY.divide(rules.liquidation_level, position.leverage)
    return margin.liquidation_price(size, position.entry_price, sign=sign, margin=spare, rate=rate)


def bankruptcy_price(instrument: Instrument, position: Position, *, spare: Decimal) -> Decimal | None:
    """The price at which nothing is left of what stands behind a position."""
    size, sign = MONEY.multiply(position.qty, instrument.contract_size), position.side.sign
    if instrument.is_inverse:
        return inverse.bankruptcy_price(size, position.entry_price, sign=sign, margin=spare)
    return margin.bankruptcy_at(size, position.entry_price, sign=sign, margin=spare)


def _price_by(
    terms: tuple[Decimal, Decimal],
    instrument: Instrument,
    position: Position,
    *,
    spare: Decimal,
    rules: MarginRules,
) -> Decimal | None:
    """The liquidation price by a maintenance rate and its deduction."""
    size, sign = MONEY.multiply(position.qty, instrument.contract_size), position.side.sign
    entry = position.entry_price
    if rules.entry_based:
        needed = maintenance(instrument, position, entry, spare=spare, rules=rules)
        if instrument.is_inverse:
            return inverse.entry_liquidation_price(size, entry, sign=sign, margin=spare, maintenance=needed)
        return margin.bankruptcy_at(size, entry, sign=sign, margin=spare - needed)
    rate, deduction = terms
    formula = inverse.liquidation_price if instrument.is_inverse else margin.liquidation_price
    fee = rules.fee_of(instrument)
    return formula(size, entry, sign=sign, margin=spare, rate=rate, deduction=deduction, fee=fee)
