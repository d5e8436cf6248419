"""What stands behind leveraged positions at the prices known now, and how near it is to what they need.

Isolated: the position's own margin with its own result. Cross: the wallet with the results of all
cross positions, against what all of them need (section 10.3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Final

from tradetui.domain.number import MONEY, ZERO
from tradetui.domain.position import Position
from tradetui.state import State
from tradetui.trading import account, leverage
from tradetui.trading.leverage import MarginRules

SPENT: Final = Decimal(10)
"""The margin ratio where nothing is left: it has no larger number."""


class Margins:
    """Margins of one account; everything is computed from state and prices when it is asked for."""

    def __init__(self, state: State, rules: MarginRules, valuation: Callable[[str], Decimal | None]) -> None:
        """`valuation` gives the price that a symbol's position is valued at, None where none is known."""
        self.state = state
        self.rules = rules
        self._valuation = valuation
        self.assumed: dict[str, Decimal] = {}
        """Prices to value positions at while a question is asked about another moment."""

    def is_leveraged(self, position: Position) -> bool:
        """Whether a position can be liquidated at all."""
        return not position.is_flat and not self.state.instruments[position.symbol].is_spot

    def mark(self, position: Position) -> Decimal:
        """The price that a position is valued at; its entry where none is known."""
        assumed = self.assumed.get(position.symbol)
        return assumed or self._valuation(position.symbol) or position.entry_price

    def result(self, position: Position) -> Decimal:
        """Open profit at that price."""
        instrument = self.state.instruments[position.symbol]
        return instrument.profit(position.signed_qty, position.entry_price, self.mark(position))

    def cross_positions(self, *, without: str = "") -> Iterator[Position]:
        """The positions that share the wallet."""
        for position in self.state.positions.values():
            if position.cross and position.symbol != without:
                yield position

    def wallet(self, position: Position) -> Decimal:
        """What is held of a position's settlement asset, apart from isolated margins."""
        return self.state.cash(self.state.instruments[position.symbol].settle)

    def needed(self, position: Position) -> Decimal:
        """The maintenance of a position at its mark."""
        return leverage.maintenance(
            self.state.instruments[position.symbol],
            position,
            self.mark(position),
            spare=self.behind(position),
            rules=self.rules,
        )

    def backing(self, asset: str, *, closing: str = "", qty: Decimal = ZERO) -> Decimal:
        """What open profits add to a wallet of an asset: a loss that they carry is nobody else's to pay.

        Of a position that a quantity is being closed of, only what is left counts.
        """
        total = ZERO
        for each in self.cross_positions():
            if self.state.instruments[each.symbol].settle == asset:
                left = max(ZERO, each.qty - qty) if each.symbol == closing else each.qty
                total += MONEY.divide(self.result(each) * left, each.qty)
        return max(ZERO, total)

    def behind(self, position: Position) -> Decimal:
        """What is lost before a position is bankrupt: its margin, or the wallet with the others' results."""
        if not position.cross:
            return position.margin
        others = (self.result(other) for other in self.cross_positions(without=position.symbol))
        return self.wallet(position) + sum(others, ZERO)

    def spare(self, position: Position) -> Decimal:
        """The same, less what the other positions need themselves."""
        if not position.cross:
            return position.margin
        others = (self.needed(other) for other in self.cross_positions(without=position.symbol))
        return self.behind(position) - sum(others, ZERO)

    def is_short(self, position: Position) -> bool:
        """Whether what stands behind a position does not carry it any more (10.3)."""
        return self.spare(position) + self.result(position) <= self.needed(position)

    def ratio(self, position: Position) -> Decimal:
        """What is needed as a part of what is there: liquidation at one."""
        needed = self.needed(position)
        there = self.behind(position) + self.result(position)
        if position.cross:
            needed += sum((self.needed(each) for each in self.cross_positions(without=position.symbol)), ZERO)
        return min(SPENT, MONEY.divide(needed, there)) if there > 0 else SPENT

    def liquidation_of(self, position: Position) -> Decimal | None:
        """Where a position would be liquidated if only its own price moved, exactly."""
        instrument = self.state.instruments[position.symbol]
        if instrument.is_spot or position.is_flat:
            return None
        mark, spare = self.mark(position), self.spare(position)
        return leverage.liquidation_price(instrument, position, mark=mark, spare=spare, rules=self.rules)

    def bankruptcy_of(self, position: Position) -> Decimal | None:
        """Where nothing would be left of what stands behind a position."""
        instrument = self.state.instruments[position.symbol]
        return leverage.bankruptcy_price(instrument, position, spare=self.behind(position))

    def available(self, asset: str) -> Decimal:
        """What new orders may use of an asset.

        What cross perpetuals have lost is gone, their gains do not count. A margin account on spot opens up
        to a level of 100 %, so its results count whole, and its shorts use more when their price rises.
        """
        free = self.state.free(asset)
        if asset != self.state.currency:
            return free
        perpetual, borrowed = ZERO, ZERO
        for position in self.cross_positions():
            instrument = self.state.instruments[position.symbol]
            if instrument.is_margin:
                floats = self.used(position) - account.used_margin(instrument, position)
                borrowed += self.result(position) - floats
            else:
                perpetual += self.result(position)
        return free + min(ZERO, perpetual) + borrowed

    # --- margin accounts on spot

    def borrowed(self) -> list[Position]:
        """The margin positions on spot, oldest first."""
        held = self.state.positions.values()
        found = [position for position in held if self.state.instruments[position.symbol].is_margin]
        return sorted(found, key=lambda position: position.opened_ts)

    def used(self, position: Position) -> Decimal:
        """The margin that a margin position on spot uses now."""
        instrument = self.state.instruments[position.symbol]
        return leverage.borrowed_margin(instrument, position, self.mark(position))

    def level(self) -> Decimal | None:
        """Equity as a part of the margin used: called at 80 %, liquidated at 40 %; None without any."""
        used = sum((self.used(position) for position in self.borrowed()), ZERO)
        return MONEY.divide(self.equity(), used) if used else None

    def equity(self) -> Decimal:
        """The wallet with the results of all that it backs."""
        wallet = self.state.cash(self.state.currency)
        return wallet + sum((self.result(each) for each in self.cross_positions()), ZERO)
