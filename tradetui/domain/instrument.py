"""What can be traded: its grid of prices and quantities, its fees, and how a contract turns into money."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum

import msgspec

from tradetui.domain.number import MONEY, ONE, ZERO, on_grid, scale_of, to_step


class InstrumentKind(StrEnum):
    """How an instrument settles."""

    SPOT = "spot"
    PERP_LINEAR = "perp_linear"
    PERP_INVERSE = "perp_inverse"


class InstrumentStatus(StrEnum):
    """What the venue allows: everything, closing only, or nothing."""

    TRADING = "trading"
    CLOSE_ONLY = "close_only"
    HALTED = "halted"


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

    @property
    def is_spot(self) -> bool:
        """Whether a buy moves the base asset itself."""
        return self.kind is InstrumentKind.SPOT

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
        if self.kind is InstrumentKind.PERP_INVERSE:
            return MONEY.divide(size, price)
        return MONEY.multiply(size, price)
