"""What a fill does to a position and to the ledgers: spot cash and perpetuals (sections 10 and 11)."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal
from typing import Final

import msgspec

from tradetui.domain.event import Posting
from tradetui.domain.fill import Fill, Liquidity
from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import Side
from tradetui.domain.number import MONEY, ONE, ZERO, floor_to, to_step
from tradetui.domain.position import Position
from tradetui.trading import costs, ledger
from tradetui.trading.leverage import initial_margin

RECEIVED: Final = "received"
QUOTE: Final = "quote"


class Terms(msgspec.Struct, frozen=True):
    """How a position is held."""

    leverage: Decimal
    cross: bool = False


class FeeChoice(msgspec.Struct, frozen=True):
    """In what the fees of spot are paid (R-SPT-2)."""

    asset: str = RECEIVED
    """The received asset, the quote asset, or the name of a third one."""
    multiplier: Decimal = ONE
    """Of the standard commission, where a third asset pays."""
    price: Decimal | None = None
    """Of the third asset in quote; None while it is not known."""
    available: Decimal = ZERO
    """How much there is of it."""


class Fee(msgspec.Struct, frozen=True):
    """What a fill costs: an amount of an asset, and its worth in the settlement asset."""

    amount: Decimal
    asset: str
    value: Decimal | None = None
    """None where it follows from the fill's price."""


def fee_of(
    instrument: Instrument,
    side: Side,
    qty: Decimal,
    *,
    price: Decimal,
    liquidity: Liquidity,
    choice: FeeChoice | None = None,
) -> Fee:
    """The fee of a fill: spot pays in what it receives, in quote, or in a third asset that suffices."""
    wanted = choice if choice is not None and instrument.is_spot else FeeChoice()
    if wanted.asset not in (RECEIVED, QUOTE, instrument.base, instrument.quote):
        third = _third_fee(instrument, qty, price=price, liquidity=liquidity, choice=wanted)
        if third is not None:
            return third
    if instrument.is_spot and side is Side.BUY and wanted.asset not in (QUOTE, instrument.quote):
        parts = costs.fee_parts(instrument, qty=qty, price=ONE, liquidity=liquidity)
        rounded = (to_step(part, costs.ASSET_STEP, ROUND_CEILING) for part in parts)
        return Fee(sum(rounded, ZERO), instrument.base)
    return Fee(costs.fee(instrument, qty=qty, price=price, liquidity=liquidity), instrument.settle)


def _third_fee(
    instrument: Instrument, qty: Decimal, *, price: Decimal, liquidity: Liquidity, choice: FeeChoice
) -> Fee | None:
    """The whole fee in a third asset; None where its price is not known or there is too little of it."""
    if choice.price is None or choice.price <= 0:
        return None
    parts = costs.fee_parts(instrument, qty=qty, price=price, liquidity=liquidity)
    worth = to_step(costs.discounted(parts, choice.multiplier), costs.ASSET_STEP, ROUND_CEILING)
    amount = to_step(MONEY.divide(worth, choice.price), costs.ASSET_STEP, ROUND_CEILING)
    return Fee(amount, choice.asset, worth) if amount <= choice.available else None


def fee_value(instrument: Instrument, fill: Fill) -> Decimal:
    """A fill's fee in the quote or settlement asset."""
    if fill.fee_value is not None:
        return fill.fee_value
    return fill.fee if fill.fee_asset == instrument.settle else fill.fee * fill.price


def signed_change(instrument: Instrument, fill: Fill) -> Decimal:
    """By how much a fill moves the position; a spot buy receives less by its fee."""
    held = fill.qty - fill.fee if instrument.is_spot and fill.fee_asset == instrument.base else fill.qty
    return held * fill.side.sign


def realized(
    position: Position, instrument: Instrument, *, side: Side, qty: Decimal, price: Decimal
) -> Decimal:
    """Profit of the part that closes, before fees, at the settlement asset's scale; zero for an increase."""
    if position.signed_qty * side.sign >= 0:
        return ZERO
    closed = min(qty, position.qty) * -side.sign
    profit = instrument.profit(closed, position.entry_price, price)
    return to_step(profit, costs.ASSET_STEP, ROUND_HALF_EVEN)


def unrealized(position: Position, instrument: Instrument, price: Decimal) -> Decimal:
    """Open profit at a price, before fees."""
    return instrument.profit(position.signed_qty, position.entry_price, price)


def is_dust(instrument: Instrument, position: Position) -> bool:
    """Whether what is left is too small to be a position (R-SPT-3): it can not be sold."""
    if floor_to(position.qty, instrument.lot_size) == 0:
        return True
    small = position.qty < instrument.min_qty
    return instrument.is_spot and small and position.qty * position.entry_price < instrument.min_notional


def after_fill(
    position: Position,
    instrument: Instrument,
    fill: Fill,
    *,
    terms: Terms,
    planned_stop: Decimal | None,
) -> Position:
    """The position after a fill; a fill never crosses zero (a flip is journaled as two)."""
    change = signed_change(instrument, fill)
    before, after = position.signed_qty, position.signed_qty + change
    changes: dict[str, object] = {
        "signed_qty": after,
        "realized_pnl": position.realized_pnl + fill.realized_pnl,
        "fees": position.fees + fee_value(instrument, fill),
        "margin": position.margin + margin_change(position, instrument, fill, terms=terms),
    }
    if before * change >= 0:
        changes |= _entered(position, instrument, fill, planned_stop=planned_stop)
        changes |= {"leverage": terms.leverage, "cross": terms.cross}
    return msgspec.structs.replace(position, **changes)


def _entered(
    position: Position, instrument: Instrument, fill: Fill, *, planned_stop: Decimal | None
) -> dict[str, object]:
    """What an increase changes: average entry, R of the position, when it began."""
    held, added = position.qty, abs(signed_change(instrument, fill))
    average = instrument.average_price(held, position.entry_price, added, fill.price)
    changes: dict[str, object] = {"entry_price": average}
    if position.opened_ts == 0:
        changes |= {"opened_ts": fill.ts, "initial_stop": planned_stop}
    if planned_stop is not None:
        risk = abs(instrument.profit(fill.qty, fill.price, planned_stop))
        changes["planned_risk"] = position.planned_risk + risk
    return changes


def used_margin(instrument: Instrument, position: Position) -> Decimal:
    """What a position keeps from being used: its own margin, or its share of a cross wallet."""
    if not position.cross or position.is_flat:
        return position.margin
    return initial_margin(instrument, position.qty, position.entry_price, position.leverage)


def margin_change(position: Position, instrument: Instrument, fill: Fill, *, terms: Terms) -> Decimal:
    """Isolated margin that a fill ties up, or (negative) releases pro rata (R-PRP-3)."""
    if instrument.is_spot or terms.cross:
        return ZERO
    if position.signed_qty * fill.side.sign >= 0:
        return initial_margin(instrument, fill.qty, fill.price, terms.leverage)
    if fill.qty >= position.qty:
        return -position.margin
    released = MONEY.divide(position.margin * fill.qty, position.qty)
    return -to_step(released, costs.ASSET_STEP, ROUND_HALF_EVEN)


def payable_fee(
    position: Position, instrument: Instrument, fill: Fill, *, terms: Terms, balance: Decimal
) -> Decimal:
    """The fee of a fill as far as anything is left to pay it with (E-11)."""
    if instrument.is_spot or fill.fee <= 0:
        return fill.fee
    tied = margin_change(position, instrument, fill, terms=terms)
    left = floor_to(max(ZERO, balance + fill.realized_pnl - tied), costs.ASSET_STEP)
    return min(fill.fee, left)


def fill_postings(
    position: Position, instrument: Instrument, fill: Fill, *, terms: Terms, balance: Decimal
) -> tuple[Posting, ...]:
    """The legs of a fill; `balance` is the cash before it, which never ends below zero (E-11)."""
    if instrument.is_spot:
        return _spot_postings(instrument, fill)
    settle, own = instrument.settle, ledger.cash(instrument.settle)
    tied = margin_change(position, instrument, fill, terms=terms)
    short = costs.shortage(balance + fill.realized_pnl - fill.fee - tied)
    return (
        *ledger.transfer(ledger.PNL, own, settle, fill.realized_pnl),
        *ledger.transfer(own, ledger.FEES, settle, fill.fee),
        *ledger.transfer(own, ledger.margin(fill.symbol), settle, tied),
        *ledger.transfer(ledger.INSURANCE, own, settle, short),
    )


def _spot_postings(instrument: Instrument, fill: Fill) -> tuple[Posting, ...]:
    sign = fill.side.sign
    base, quote = ledger.cash(instrument.base), ledger.cash(instrument.quote)
    return (
        *ledger.transfer(ledger.PNL, base, instrument.base, fill.qty * sign),
        *ledger.transfer(
            quote, ledger.PNL, instrument.quote, instrument.notional(fill.qty, fill.price) * sign
        ),
        *ledger.transfer(ledger.cash(fill.fee_asset), ledger.FEES, fill.fee_asset, fill.fee),
    )


def breakeven(position: Position, instrument: Instrument) -> Decimal:
    """Where closing would give back fees, funding and interest paid and the fee to close (R-POS-1)."""
    sign = 1 if position.signed_qty > 0 else -1
    size = MONEY.multiply(position.qty, instrument.contract_size)
    paid = position.fees - position.funding + position.interest
    if instrument.is_inverse:
        worth = MONEY.divide(size, position.entry_price)
        return MONEY.divide(size * (sign + instrument.taker_fee), sign * worth - paid)
    each = MONEY.divide(paid, size)
    return MONEY.divide(position.entry_price + sign * each, 1 - sign * instrument.taker_fee)
