"""Fees and slippage: worked examples by their number."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from tradetui.domain.fill import Liquidity
from tradetui.domain.instrument import Instrument, InstrumentKind
from tradetui.domain.market_data import Side
from tradetui.trading.costs import fee, mid, slippage_bp

PERP = Instrument(
    symbol="BTC/USDT:USDT",
    venue="bybit",
    kind=InstrumentKind.PERP_LINEAR,
    base="BTC",
    quote="USDT",
    settle="USDT",
    tick_size=Decimal("0.5"),
    lot_size=Decimal("0.001"),
    maker_fee=Decimal("0.0002"),
    taker_fee=Decimal("0.00055"),
)
TAKER, MAKER = Liquidity.TAKER, Liquidity.MAKER


@pytest.mark.parametrize(("liquidity", "expected"), [(TAKER, "44"), (MAKER, "16")])
def test_w17_linear_fee(liquidity: Liquidity, expected: str) -> None:
    cost = fee(PERP, qty=Decimal(10), price=Decimal(8000), liquidity=liquidity)
    assert cost == Decimal(expected)


@pytest.mark.parametrize(("liquidity", "expected"), [(TAKER, "0.0006875"), (MAKER, "0.00025")])
def test_w18_inverse_fee(liquidity: Liquidity, expected: str) -> None:
    inverse = msgspec.structs.replace(PERP, kind=InstrumentKind.PERP_INVERSE)
    assert fee(inverse, qty=Decimal(10_000), price=Decimal(8000), liquidity=liquidity) == Decimal(expected)


@pytest.mark.parametrize(("rate", "expected"), [("0.001", "0.00000001"), ("-0.001", "0"), ("0", "0")])
def test_fees_round_up_to_eight_places_and_rebates_down(rate: str, expected: str) -> None:
    spot = msgspec.structs.replace(PERP, kind=InstrumentKind.SPOT, maker_fee=Decimal(rate))
    tiny = fee(spot, qty=Decimal("0.000001"), price=Decimal("0.001"), liquidity=MAKER)
    assert tiny == Decimal(expected)


@pytest.mark.parametrize(
    ("side", "price", "bp"), [(Side.BUY, "101", "100"), (Side.SELL, "101", "-100"), (Side.SELL, "99.5", "50")]
)
def test_slippage_is_positive_where_the_price_is_worse(side: Side, price: str, bp: str) -> None:
    arrival = mid(Decimal("99.5"), Decimal("100.5"))
    assert slippage_bp(side, price=Decimal(price), arrival_mid=arrival) == Decimal(bp)
