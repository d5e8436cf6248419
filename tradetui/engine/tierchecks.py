"""Check 13 of section 9: what the venue's leverage tiers allow, or what stands in for a missing table.

Beyond the last tier the venue takes no position at all. Where it tells no table the profile's assumption
holds, a maintenance rate for every size; a profile that assumes nothing trades no such contract (R-CHK-1).
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tradetui.domain.command import SubmitOrder
from tradetui.domain.instrument import Instrument, TierRule
from tradetui.domain.market_data import Side
from tradetui.domain.number import ONE, ZERO, floor_to
from tradetui.domain.order import Order, OrderRole
from tradetui.domain.position import Position
from tradetui.domain.reply import Reason
from tradetui.engine import shape
from tradetui.engine.books import Books
from tradetui.engine.refusals import Refused, money, number, refuse


class TierChecks:
    """Each raises Refused with the numbers that decided; nothing that only reduces comes here."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.state = books.state

    def entry(
        self,
        instrument: Instrument,
        command: SubmitOrder,
        position: Position | None,
        *,
        qty: Decimal,
        price: Decimal,
        leverage: Decimal,
    ) -> None:
        """Hold what a position would be, open entries included, against its tier."""
        if instrument.is_spot:
            return
        self._check_known(instrument)
        own = position.qty if position is not None else ZERO
        held = own + sum(
            (order.most_leaves for order in self._entries(instrument.symbol, command.side)), ZERO
        )
        size, most = _allowed(instrument, held + qty, price)
        last = instrument.tiers[-1].cap if instrument.tiers else None
        if last is not None and size > last:
            raise self._beyond(instrument, own, held, price=price, size=size, leverage=leverage)
        if leverage > most:
            raise self._too_much(instrument, held, price=price, size=size, leverage=leverage, most=most)

    def leverage(self, instrument: Instrument, wanted: Decimal) -> None:
        """Raises Refused for a leverage that what is held and ordered may not have."""
        sizes = (self._size_of(instrument, side) for side in Side)
        most = instrument.leverage_cap(max(sizes))
        if wanted <= most or (instrument.is_margin and most <= ONE):
            return
        raise refuse(
            Reason.LEVERAGE,
            f"{instrument.symbol} allows a leverage of {number(most)} at this size",
            mend=f"{number(most)} would pass",
            needed=wanted,
            limit=most,
            nearest=most,
        )

    def surplus(self, instrument: Instrument) -> Iterator[Order]:
        """The entries that new tiers leave no room for, as far as older ones use it up."""
        cap = instrument.size_cap(self.state.leverage_on(instrument))
        if cap is None:
            return
        for side in Side:
            size = self._held_size(instrument, side)
            for order in self._entries(instrument.symbol, side):
                added = self._order_size(instrument, order)
                if size + added > cap:
                    yield order
                else:
                    size += added

    def _check_known(self, instrument: Instrument) -> None:
        if instrument.lacks_tiers and self.books.settings.assumed_maintenance is None:
            raise refuse(
                Reason.NO_TIERS,
                f"{instrument.symbol}: its venue tells no leverage tiers, and this profile assumes none "
                "(assumed_maintenance = deny)",
                mend="a rate there, as 0.005, stands in for them",
            )

    # --- sizes

    def _entries(self, symbol: str, side: Side) -> list[Order]:
        """What may still add on a side, the oldest first."""
        live = self.state.live_of(symbol)
        return [order for order in live if order.role is OrderRole.ENTRY and order.side is side]

    def _held_size(self, instrument: Instrument, side: Side) -> Decimal:
        position = self.state.positions.get(instrument.symbol)
        if position is None or position.side is not side:
            return ZERO
        return instrument.tier_size(position.qty, self.books.margins.mark(position))

    def _order_size(self, instrument: Instrument, order: Order) -> Decimal:
        """An entry at its own price; one at market at the last that is known."""
        known = order.price or order.trigger or self.books.valuation(order.symbol) or order.arrival_mid
        return instrument.tier_size(order.most_leaves, known) if known else ZERO

    def _size_of(self, instrument: Instrument, side: Side) -> Decimal:
        ordered = (self._order_size(instrument, order) for order in self._entries(instrument.symbol, side))
        return self._held_size(instrument, side) + sum(ordered, ZERO)

    # --- refusals

    def _beyond(
        self,
        instrument: Instrument,
        own: Decimal,
        held: Decimal,
        *,
        price: Decimal,
        size: Decimal,
        leverage: Decimal,
    ) -> Refused:
        """The venue takes no position so large, whatever its leverage."""
        last = instrument.tiers[-1].cap or ZERO
        fitting, most = _fitting(instrument, held, price, leverage), instrument.leverage_cap(last)
        if fitting > 0:
            mend = f"{number(fitting)} {instrument.qty_unit} would pass"
        elif instrument.tier_size(own, price) > last:
            mend = "it lies beyond already: it may only be reduced"
        elif leverage > most and (fitting := _fitting(instrument, held, price, most)) > 0:
            mend = f"{number(fitting)} {instrument.qty_unit} with leverage {number(most)} would pass"
        else:
            mend = "cancel an entry first" if held > own else "nothing would pass"
        beside = ", open entries included," if held > own else ""
        return refuse(
            Reason.MAX_POSITION,
            f"a position of {_words(instrument, size)}{beside} lies beyond the venue's last leverage tier, "
            f"which ends at {_words(instrument, last)}",
            mend=mend,
            needed=size,
            limit=last,
            nearest=fitting,
        )

    def _too_much(
        self,
        instrument: Instrument,
        held: Decimal,
        *,
        price: Decimal,
        size: Decimal,
        leverage: Decimal,
        most: Decimal,
    ) -> Refused:
        fitting = _fitting(instrument, held, price, leverage)
        smaller = f", or {number(fitting)} {instrument.qty_unit}" if fitting > 0 else ""
        return refuse(
            Reason.LEVERAGE,
            f"a position of {_words(instrument, size)} may have a leverage of {number(most)}, "
            f"{number(leverage)} is set",
            mend=f"leverage {number(most)}{smaller}",
            needed=leverage,
            limit=most,
            nearest=fitting,
        )


def _allowed(instrument: Instrument, qty: Decimal, price: Decimal) -> tuple[Decimal, Decimal]:
    """A quantity's size as the tiers count it, and the most leverage it may have.

    Of a margin account on spot no venue's maximum is known: the profile's own leverage is what holds.
    """
    size = instrument.tier_size(qty, price)
    most = instrument.leverage_cap(size)
    return size, Decimal("Infinity") if instrument.is_margin and most <= ONE else most


def _fitting(instrument: Instrument, held: Decimal, price: Decimal, leverage: Decimal) -> Decimal:
    """How much may be added at a leverage; zero where that is less than the venue's smallest order."""
    room = instrument.qty_of_size(instrument.size_cap(leverage) or ZERO, price) - held
    fitting = floor_to(max(ZERO, room), instrument.lot_size)
    return fitting if fitting >= shape.smallest_qty(instrument, price) else ZERO


def _words(instrument: Instrument, size: Decimal) -> str:
    """A size with its unit."""
    if instrument.tier_rule is TierRule.CONTRACTS:
        return f"{number(size)} contracts"
    return f"{money(size)} {instrument.settle}"
