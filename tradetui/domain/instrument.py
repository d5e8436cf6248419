"""What can be traded: its grid of prices and quantities, its fees, and how a contract turns into money."""

from __future__ import annotations

import itertools
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from functools import lru_cache

import msgspec

from tradetui.domain.number import MONEY, ONE, ZERO, on_grid, scale_of, to_step


class InstrumentKind(StrEnum):
    """How an instrument settles."""

    SPOT = "spot"
    PERP_LINEAR = "perp_linear"
    PERP_INVERSE = "perp_inverse"
    SPOT_MARGIN = "spot_margin"


class InstrumentStatus(StrEnum):
    """What the venue allows: everything, closing only, or nothing."""

    TRADING = "trading"
    CLOSE_ONLY = "close_only"
    HALTED = "halted"
    SETTLING = "settling"
    """The venue has ended trading and works out what it settles at."""
    DELISTED = "delisted"


class TierRule(StrEnum):
    """How a venue reads its table of tiers."""

    PARTS = "parts"
    """By notional; each rate holds for the part of the position inside its tier (section 10.3)."""
    WHOLE = "whole"
    """By notional; the rate of the tier that is reached holds for the whole position."""
    CONTRACTS = "contracts"
    """By the number of contracts, whatever they are worth; the rate holds for the whole position."""


class LeverageTier(msgspec.Struct, frozen=True):
    """What holds for positions up to a size: maintenance rate and the most leverage."""

    cap: Decimal | None
    """The largest size of the tier, inclusive; None for no bound."""
    rate: Decimal
    max_leverage: Decimal = ZERO
    """Zero where the venue does not say."""


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """One tradable symbol of one venue, with every conversion between its units.

    Quantities are in base units for spot and in contracts (of `contract_size`) for perpetuals.
    """

    symbol: str
    """In ccxt's form: BTC/USDT, BTC/USDT:USDT, BTC/USD:BTC."""
    venue: str
    kind: InstrumentKind
    base: str
    quote: str
    settle: str
    tick_size: Decimal
    lot_size: Decimal
    contract_size: Decimal = ONE
    min_qty: Decimal = ZERO
    max_qty: Decimal | None = None
    min_notional: Decimal = ZERO
    maker_fee: Decimal = ZERO
    taker_fee: Decimal = ZERO
    max_leverage: Decimal = ONE
    maintenance_rate: Decimal = Decimal("0.005")
    status: InstrumentStatus = InstrumentStatus.TRADING
    market_max_qty: Decimal | None = None
    """The largest market order."""
    percent_price: tuple[Decimal, Decimal] | None = None
    """Multiples of the average price between which a limit must lie."""
    max_orders: int | None = None
    max_conditional_orders: int | None = None
    """How many may wait for a trigger."""
    max_position: Decimal | None = None
    """Most of the base asset that may be held, open buys included."""
    trail_rates: tuple[Decimal, Decimal] | None = None
    """The least and the largest rate by which the venue lets orders trail."""
    least_gtd_s: int = 0
    """A good-till-date order has to be meant to live longer than this."""
    tiers: tuple[LeverageTier, ...] = ()
    """Smallest first; none means one rate for every size."""
    tier_rule: TierRule = TierRule.PARTS
    opening_fee: Decimal = ZERO
    """Of the notional that is borrowed when a margin position on spot is opened."""
    rollover_fee: Decimal = ZERO
    """Of the same, for each period that it stays open."""
    rollover_s: int = 14_400
    undiscounted_fees: tuple[Decimal, ...] = ()
    """Parts of both fees that no discount applies to (taxes, special commissions), each rounded alone."""
    delist_ts: int = 0
    """When it leaves the venue, nanoseconds UTC; 0 while nobody has said so."""
    settlement_price: Decimal | None = None
    """What the venue settles at; None where it does not say."""

    @property
    def is_spot(self) -> bool:
        """Whether a buy moves the base asset itself."""
        return self.kind is InstrumentKind.SPOT

    @property
    def is_gone(self) -> bool:
        """Whether the venue does not trade it any more at all."""
        return self.status is InstrumentStatus.DELISTED

    @property
    def is_margin(self) -> bool:
        """Whether it is spot that is traded with borrowed money."""
        return self.kind is InstrumentKind.SPOT_MARGIN

    @property
    def is_perpetual(self) -> bool:
        """Whether it is a contract that pays funding."""
        return self.kind in (InstrumentKind.PERP_LINEAR, InstrumentKind.PERP_INVERSE)

    @property
    def lacks_tiers(self) -> bool:
        """Whether the venue of a contract has told no table: its maintenance rate is assumed then."""
        return self.is_perpetual and not self.tiers

    @property
    def is_inverse(self) -> bool:
        """Whether a contract is worth a fixed amount of quote and settles in base."""
        return self.kind is InstrumentKind.PERP_INVERSE

    @property
    def qty_unit(self) -> str:
        """What a quantity counts, in a word."""
        return "contracts" if self.is_perpetual else self.base

    @property
    def price_scale(self) -> int:
        """Digits after the point of a price."""
        return scale_of(self.tick_size)

    @property
    def qty_scale(self) -> int:
        """Digits after the point of a quantity."""
        return scale_of(self.lot_size)

    def price_on_tick(self, price: Decimal) -> bool:
        """Whether a price is a whole number of ticks."""
        return on_grid(price, self.tick_size)

    def qty_on_lot(self, qty: Decimal) -> bool:
        """Whether a quantity is a whole number of lots."""
        return on_grid(qty, self.lot_size)

    def to_ticks(self, price: Decimal, rounding: str = ROUND_HALF_EVEN) -> int:
        """A price as a number of ticks."""
        return int(MONEY.divide(price, self.tick_size).to_integral_value(rounding=rounding))

    def to_price(self, ticks: int) -> Decimal:
        """A number of ticks as an exact price."""
        return MONEY.multiply(Decimal(ticks), self.tick_size)

    def to_lots(self, qty: Decimal, rounding: str = ROUND_HALF_EVEN) -> int:
        """A quantity as a number of lots."""
        return int(MONEY.divide(qty, self.lot_size).to_integral_value(rounding=rounding))

    def to_qty(self, lots: int) -> Decimal:
        """A number of lots as an exact quantity."""
        return MONEY.multiply(Decimal(lots), self.lot_size)

    def price_from_float(self, price: float) -> Decimal:
        """The tick nearest to a float that came off the wire, exactly."""
        return to_step(Decimal(repr(price)), self.tick_size, ROUND_HALF_EVEN)

    def notional(self, qty: Decimal, price: Decimal) -> Decimal:
        """What a quantity is worth: in quote for spot and linear, in base for inverse contracts."""
        size = MONEY.multiply(qty, self.contract_size)
        return MONEY.divide(size, price) if self.is_inverse else MONEY.multiply(size, price)

    def qty_worth(self, amount: Decimal, price: Decimal) -> Decimal:
        """How much an amount of quote buys, not rounded: an inverse contract's worth in it is fixed."""
        unit = self.contract_size if self.is_inverse else MONEY.multiply(self.contract_size, price)
        return MONEY.divide(amount, unit)

    def profit(self, signed_qty: Decimal, entry: Decimal, leaving: Decimal) -> Decimal:
        """What holding a quantity from one price to another earns, in the settlement asset, exactly."""
        size = MONEY.multiply(signed_qty, self.contract_size)
        if self.is_inverse:
            return MONEY.subtract(MONEY.divide(size, entry), MONEY.divide(size, leaving))
        return MONEY.multiply(size, MONEY.subtract(leaving, entry))

    def average_price(self, held: Decimal, entry: Decimal, added: Decimal, price: Decimal) -> Decimal:
        """The entry price after an increase: the price at which the whole would have the same profit."""
        if self.is_inverse:
            worth = self.notional(held, entry) if held else ZERO
            return MONEY.divide(
                MONEY.multiply(MONEY.add(held, added), self.contract_size),
                MONEY.add(worth, self.notional(added, price)),
            )
        paid = MONEY.add(MONEY.multiply(entry, held), MONEY.multiply(price, added))
        return MONEY.divide(paid, MONEY.add(held, added))

    def tier_size(self, qty: Decimal, price: Decimal) -> Decimal:
        """A quantity as its tiers count it: its notional in the settlement asset, or its contracts."""
        return qty if self.tier_rule is TierRule.CONTRACTS else self.notional(qty, price)

    def maintenance_of(self, size: Decimal) -> tuple[Decimal, Decimal]:
        """Maintenance rate and deduction of a size as the tiers count it (section 10.3)."""
        if not self.tiers:
            return self.maintenance_rate, ZERO
        number = self.tier_number(size)
        deduction = _deductions(self.tiers)[number] if self.tier_rule is TierRule.PARTS else ZERO
        return self.tiers[number].rate, deduction

    def leverage_cap(self, size: Decimal) -> Decimal:
        """The most leverage that a size may have; one where it is not known."""
        by_tier = self.tiers[self.tier_number(size)].max_leverage if self.tiers else ZERO
        return by_tier or self.max_leverage

    def size_cap(self, leverage: Decimal) -> Decimal | None:
        """The largest size that may have so much leverage; None for no bound, zero for none at all."""
        fitting: Decimal | None = ZERO if self.tiers else None
        for tier in self.tiers:
            if ZERO < tier.max_leverage < leverage:
                return fitting
            fitting = tier.cap
        return fitting

    def qty_of_size(self, size: Decimal, price: Decimal) -> Decimal:
        """The quantity whose size is this as the tiers count it, not rounded."""
        if self.tier_rule is TierRule.CONTRACTS:
            return size
        if self.is_inverse:
            return MONEY.divide(MONEY.multiply(size, price), self.contract_size)
        return MONEY.divide(size, MONEY.multiply(self.contract_size, price))

    def tier_number(self, size: Decimal) -> int:
        """Which tier a size is in, from zero."""
        caps = (tier.cap for tier in self.tiers)
        last = len(self.tiers) - 1
        return next((n for n, cap in enumerate(caps) if cap is None or size <= cap), last)


@lru_cache(maxsize=512)
def _deductions(tiers: tuple[LeverageTier, ...]) -> tuple[Decimal, ...]:
    """What each tier takes off, so that the maintenance does not jump from one to the next."""
    found = [ZERO]
    for below, tier in itertools.pairwise(tiers):
        step = MONEY.multiply(below.cap or ZERO, MONEY.subtract(tier.rate, below.rate))
        found.append(MONEY.add(found[-1], step))
    return tuple(found)
