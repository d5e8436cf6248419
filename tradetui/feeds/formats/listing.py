"""What foreign names stand for, and the grid that their numbers show."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

import msgspec

from tradetui.domain.instrument import Instrument, InstrumentKind
from tradetui.domain.number import ONE
from tradetui.feeds.recording_instruments import split_pair

_MOST_DECIMALS: Final = 18
_PERPETUAL: Final = ("PERP", "PERPETUAL", "SWAP")
_RENAMED: Final = {"XDG": "DOGE"}
_SPOT_FEES: Final = (Decimal("0.001"), Decimal("0.001"))
_PERP_FEES: Final = (Decimal("0.0002"), Decimal("0.0005"))
_PERP_LEVERAGE: Final = Decimal(10)


class Grid:
    """The smallest decimal steps of prices and quantities seen so far."""

    def __init__(self) -> None:
        self._price = self._qty = 0

    @property
    def tick_size(self) -> Decimal:
        """Of prices."""
        return Decimal(1).scaleb(-self._price)

    @property
    def lot_size(self) -> Decimal:
        """Of quantities."""
        return Decimal(1).scaleb(-self._qty)

    def see(self, levels: Iterable[tuple[float, float]]) -> None:
        """Take prices and quantities in."""
        for price, qty in levels:
            if round(price, self._price) != price:
                self._price = _decimals(price, self._price)
            if round(qty, self._qty) != qty:
                self._qty = _decimals(qty, self._qty)


def _decimals(value: float, least: int) -> int:
    return next((n for n in range(least, _MOST_DECIMALS) if round(value, n) == value), _MOST_DECIMALS)


class Named(msgspec.Struct, frozen=True):
    """What a venue's name says: base, quote, where it settles, and the end of a contract."""

    base: str
    quote: str
    settle: str = ""
    """Empty on spot."""
    expiry: str = ""

    @property
    def symbol(self) -> str:
        """In ccxt's form."""
        pair = f"{self.base}/{self.quote}"
        expiry = f"-{self.expiry}" if self.expiry else ""
        return f"{pair}:{self.settle}{expiry}" if self.settle else pair

    @property
    def kind(self) -> InstrumentKind:
        """How it settles."""
        if not self.settle:
            return InstrumentKind.SPOT
        return InstrumentKind.PERP_INVERSE if self.settle == self.base else InstrumentKind.PERP_LINEAR


def named(name: str, *, contracts: bool = False) -> Named:
    """Read a venue's name: BTCUSDT, BTC-USDT-SWAP, XBT/USD, BTCUSD_PERP, BTC-USD-220527.

    Args:
        name: As the venue writes it.
        contracts: Whether the venue lists nothing but contracts: one on the dollar settles in its base.
    """
    parts = [part for part in re.split(r"[-/_]", name.upper().replace("XBT", "BTC")) if part]
    last = parts[-1] if len(parts) > 1 else ""
    expiry = last if last.isdigit() else ""
    is_contract = contracts or last in _PERPETUAL or bool(expiry)
    if last in _PERPETUAL or expiry:
        parts.pop()
    base, quote = (parts[0], parts[1]) if len(parts) > 1 else split_pair(parts[0] if parts else name)
    base, quote = _RENAMED.get(base, base), _RENAMED.get(quote, quote) or "USD"
    settle = (base if quote == "USD" else quote) if is_contract else ""
    return Named(base, quote, settle, expiry)


def made(
    venue: str, name: Named, *, tick_size: Decimal, lot_size: Decimal, contract_size: Decimal = ONE
) -> Instrument:
    """An instrument with the default fees of its market."""
    spot = name.kind is InstrumentKind.SPOT
    maker, taker = _SPOT_FEES if spot else _PERP_FEES
    return Instrument(
        symbol=name.symbol,
        venue=venue,
        kind=name.kind,
        base=name.base,
        quote=name.quote,
        settle=name.settle or name.quote,
        tick_size=tick_size,
        lot_size=lot_size,
        contract_size=contract_size,
        min_qty=lot_size,
        maker_fee=maker,
        taker_fee=taker,
        max_leverage=ONE if spot else _PERP_LEVERAGE,
    )
