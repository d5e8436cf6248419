"""A margin account on spot that fell to its liquidation level is brought back to a better one (R-MRG-1).

Positions are closed at market, the oldest first, and no more of them than it takes. What a gap would have
led to is found out the same way: at the price at which the level was reached, and once more where the
price went on from there.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from tradetui.domain.number import MONEY, ZERO, floor_to
from tradetui.domain.position import Position
from tradetui.engine.desk import Desk
from tradetui.engine.synthetic import synthetic
from tradetui.trading.gaps import Passage, missed_price

if TYPE_CHECKING:
    from tradetui.engine.liquidation import Liquidator

_MOST: Final = 64
Sell = Callable[[Position, Decimal], bool]
"""Closes a part of a position; False where its book has to be waited for."""


class Covering:
    """Closes what a margin account on spot does not carry any more."""

    def __init__(self, liquidator: Liquidator) -> None:
        self.liquidator = liquidator
        self.flow = liquidator.flow
        self.state = liquidator.state
        self.margins = liquidator.margins
        self.wanted = liquidator.settings.borrowing.covered_level
        """The level that has to be passed; by default 100 %."""

    def now(self) -> None:
        """Cover at the books of this moment."""
        self._cover(self._sell)

    def in_gap(self, desk: Desk, passage: Passage) -> None:
        """Cover as the account would have been while a symbol's price passed."""
        margins = self.margins
        known = margins.assumed
        for _ in range(_MOST):
            position = self.state.positions.get(desk.symbol)
            if position is None or not margins.is_short(position):
                return
            price = passage.price if passage.landed else self.liquidator.reached(position, passage)
            margins.assumed = {**known, desk.symbol: price}
            try:
                is_done = self._cover(lambda each, qty: self._sell_then(each, qty, desk, passage))
            finally:
                margins.assumed = known
            if not is_done:
                return

    def _cover(self, sell: Sell) -> bool:
        """Close the oldest first until the level is above that; False where a book has to be waited for."""
        held = self.margins.borrowed()
        self.liquidator.announce(held[0])
        self.liquidator.cancel_orders(held[0])
        for symbol in [position.symbol for position in held]:
            for _ in range(_MOST):
                level, position = self.margins.level(), self.state.positions.get(symbol)
                if level is None or level > self.wanted:
                    return True
                if position is None or self.state.is_dust(symbol):
                    break
                if not sell(position, self._covering_qty(position)):
                    return False
        return True

    def _covering_qty(self, position: Position) -> Decimal:
        """What has to be closed of a position so that the level is above that; at most all of it."""
        instrument, mark = self.state.instruments[position.symbol], self.margins.mark(position)
        used = sum((self.margins.used(each) for each in self.margins.borrowed()), ZERO)
        freed = self.wanted * MONEY.divide(self.margins.used(position), position.qty)
        each = freed - mark * instrument.taker_fee
        if each <= 0:
            return position.qty
        needed = MONEY.divide(self.wanted * used - self.margins.equity(), each)
        return min(position.qty, floor_to(needed, instrument.lot_size) + instrument.lot_size)

    def _sell(self, position: Position, qty: Decimal) -> bool:
        """Close a part at market, when there is one."""
        desk = self.flow.desks[position.symbol]
        order = self.liquidator.send(desk, position, qty=qty, at_market=True)
        if desk.is_fresh and not desk.recovering:
            self.liquidator.execute(order)
        else:
            self.liquidator.wait(desk, order)
        return self.state.orders[order.order_id].state.is_terminal

    def _sell_then(self, position: Position, qty: Decimal, passing: Desk, passage: Passage) -> bool:
        """Close a part at the price of a moment that nobody watched; of other symbols where it is known."""
        price = self.margins.assumed.get(position.symbol)
        if price is None:
            return self._sell(position, qty)
        if position.symbol != passing.symbol:
            passage = passage.elsewhere(price)
        desk, slip = self.flow.desks[position.symbol], self.liquidator.settings.gap_slip
        order = self.liquidator.send(desk, position, qty=qty, at_market=True)
        got = missed_price(order.side, price, passage, slip=slip, tick=desk.instrument.tick_size)
        now = self.flow.scribe.ts
        self.flow.book(desk, [synthetic(desk, order, got, desk.lots(qty), passage, now=now)])
        self.flow.brackets.settle(desk.symbol)
        return True
