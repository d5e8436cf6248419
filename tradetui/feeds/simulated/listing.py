"""The instruments of the simulated market, from deep to thin, and how each one behaves."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from tradetui.domain.instrument import Instrument, InstrumentKind, LeverageTier
from tradetui.domain.number import ONE

_SPOT_FEE: Final = Decimal("0.001")
_PERP_MAKER: Final = Decimal("0.0002")
_PERP_TAKER: Final = Decimal("0.0005")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """An instrument and the character of its market."""

    instrument: Instrument
    start_price: float
    """The middle around which its price wanders over the months."""
    daily_sigma: float
    """Standard deviation of a day's logarithmic return."""
    half_spread: float
    """Ticks from the fair price to the touch in quiet times."""
    level_gap: float
    """Mean ticks between two levels near the touch."""
    level_lots: float
    """Median lots at a level near the touch."""
    orders_per_s: float
    """Market orders a second in quiet times."""
    order_lots: float
    """Median lots of a market order."""
    stride: int = 1
    """Steps from one book update to the next."""

    @property
    def tick(self) -> float:
        """The tick size."""
        return float(self.instrument.tick_size)


def _spot(base: str, tick: str, lot: str) -> Instrument:
    return Instrument(
        symbol=f"{base}/USDT",
        venue="sim",
        kind=InstrumentKind.SPOT,
        base=base,
        quote="USDT",
        settle="USDT",
        tick_size=Decimal(tick),
        lot_size=Decimal(lot),
        min_qty=Decimal(lot),
        min_notional=Decimal(5),
        maker_fee=_SPOT_FEE,
        taker_fee=_SPOT_FEE,
    )


def _perp(base: str, tick: str, lot: str, min_notional: int) -> Instrument:
    return Instrument(
        symbol=f"{base}/USDT:USDT",
        venue="sim",
        kind=InstrumentKind.PERP_LINEAR,
        base=base,
        quote="USDT",
        settle="USDT",
        tick_size=Decimal(tick),
        lot_size=Decimal(lot),
        contract_size=ONE,
        min_qty=Decimal(lot),
        min_notional=Decimal(min_notional),
        maker_fee=_PERP_MAKER,
        taker_fee=_PERP_TAKER,
        max_leverage=Decimal(50),
        tiers=(LeverageTier(None, Decimal("0.005"), Decimal(50)),),
    )


LISTINGS: Final = (
    Listing(
        instrument=_spot("BTC", "0.1", "0.00001"),
        start_price=64_000.0,
        daily_sigma=0.050,
        half_spread=0.5,
        level_gap=3.0,
        level_lots=40_000,
        orders_per_s=3.0,
        order_lots=900,
    ),
    Listing(
        instrument=_spot("ETH", "0.01", "0.0001"),
        start_price=3_400.0,
        daily_sigma=0.057,
        half_spread=0.8,
        level_gap=3.0,
        level_lots=60_000,
        orders_per_s=2.0,
        order_lots=1_500,
    ),
    Listing(
        instrument=_spot("SOL", "0.01", "0.001"),
        start_price=152.0,
        daily_sigma=0.066,
        half_spread=0.55,
        level_gap=1.3,
        level_lots=60_000,
        orders_per_s=1.0,
        order_lots=2_500,
    ),
    Listing(
        instrument=_spot("ADA", "0.0001", "0.1"),
        start_price=0.4620,
        daily_sigma=0.062,
        half_spread=0.55,
        level_gap=1.1,
        level_lots=120_000,
        orders_per_s=0.4,
        order_lots=3_000,
        stride=2,
    ),
    Listing(
        instrument=_spot("PEPE", "0.00000001", "1"),
        start_price=0.00001240,
        daily_sigma=0.080,
        half_spread=1.2,
        level_gap=1.6,
        level_lots=60_000_000,
        orders_per_s=0.12,
        order_lots=4_000_000,
        stride=4,
    ),
    Listing(
        instrument=_perp("BTC", "0.1", "0.001", 100),
        start_price=64_000.0,
        daily_sigma=0.050,
        half_spread=0.5,
        level_gap=2.5,
        level_lots=700,
        orders_per_s=4.0,
        order_lots=14,
    ),
    Listing(
        instrument=_perp("ETH", "0.01", "0.001", 20),
        start_price=3_400.0,
        daily_sigma=0.057,
        half_spread=0.7,
        level_gap=2.5,
        level_lots=9_000,
        orders_per_s=3.0,
        order_lots=260,
    ),
)
"""Every instrument, the default one first."""
