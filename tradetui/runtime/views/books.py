"""What the account is worth by what has been committed, at the prices known now."""

from __future__ import annotations

from decimal import Decimal

from tradetui.domain.market_data import FundingRate
from tradetui.domain.number import MONEY, ZERO
from tradetui.engine import Engine
from tradetui.engine.books import Books
from tradetui.state import State


class PublishedBooks(Books):
    """The engine's own arithmetic on the published state: an uncommitted fill moves nothing here."""

    def __init__(self, engine: Engine, published: State) -> None:
        """Ask an engine for prices and a fold of committed events for everything else."""
        super().__init__(engine.settings, published, {})
        self._engine = engine

    def valuation(self, symbol: str) -> Decimal | None:
        """The price that a position is valued at (R-POS-2)."""
        return self._engine.valuation(symbol)

    def asset_price(self, asset: str) -> Decimal | None:
        """What a unit of an asset is worth in the account's currency."""
        return self._engine.asset_price(asset)

    def is_priced(self, symbol: str) -> bool:
        """Whether there is a price at all."""
        return self.valuation(symbol) is not None

    def equity(self) -> Decimal:
        """What the account is worth; the deposit to come while it is not open."""
        return super().equity() if self.state.account else self.settings.balance

    def funding_rate(self, symbol: str) -> FundingRate | None:
        """What is predicted for a symbol's next funding time."""
        market = self._engine.markets.get(symbol)
        return market.funding if market is not None else None

    @property
    def ts(self) -> int:
        """Engine time, nanoseconds UTC."""
        return self._engine.ts

    def in_r(self, amount: Decimal) -> Decimal:
        """An amount in R of size; zero where a R is worth nothing."""
        r_value = self.r_value()
        return MONEY.divide(amount, r_value) if r_value > 0 else ZERO
