"""An instrument leaves the venue: closing only half an hour before, then settled (E-08).

Where a venue only closes, an entry can not fill any more, and venues drop one that rests at the latest when
it would: it is canceled at once here, so that nobody counts on it. What closes goes on.
Contracts and margin positions are settled at the venue's price, else at the mean of the index over the last
half hour, with the taker fee. What is held of a spot asset is frozen: it counts nothing, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

import msgspec

from tradetui.domain.event import InstrumentRegistered
from tradetui.domain.fill import Evidence
from tradetui.domain.instrument import Instrument, InstrumentStatus
from tradetui.domain.market_data import InstrumentListed
from tradetui.domain.number import MONEY, ZERO
from tradetui.domain.order import Order, OrderRole, OrderState, OrderType, TimeInForce
from tradetui.domain.position import Position
from tradetui.domain.reply import Reason
from tradetui.engine.books import Books
from tradetui.engine.desk import Desk
from tradetui.engine.orders import OrderFlow

_CLOSING: Final = (InstrumentStatus.CLOSE_ONLY, InstrumentStatus.SETTLING)
NOTICE_NS: Final = 30 * 60 * 1_000_000_000
"""Closing only so long before the end; the index of that time makes the price."""


class Delistings:
    """Follows instruments to their end."""

    def __init__(self, flow: OrderFlow, books: Books) -> None:
        self.flow = flow
        self.scribe = flow.scribe
        self.state = flow.state
        self.books = books

    def due(self) -> Iterator[tuple[str, int]]:
        """When something about an instrument's end happens next."""
        for symbol, instrument in self.state.instruments.items():
            if not instrument.delist_ts or instrument.is_gone:
                continue
            if instrument.status is InstrumentStatus.TRADING:
                yield symbol, instrument.delist_ts - NOTICE_NS
            else:
                yield symbol, instrument.delist_ts

    def act(self, symbol: str, ts: int) -> None:
        """The notice, or the end, has come."""
        instrument = self.state.instruments[symbol]
        if ts >= instrument.delist_ts:
            self._register(instrument, InstrumentStatus.DELISTED)
            self.end(symbol)
        else:
            self._register(instrument, InstrumentStatus.CLOSE_ONLY)
            self.scribe.note(
                "alarm", f"{symbol} leaves the venue in half an hour: closing only", symbol=symbol
            )
            self.drop_entries(symbol)

    def drop_entries(self, symbol: str) -> bool:
        """Take entries out where the venue only closes; True where there were any.

        One on its way is refused when it gets there.
        """
        if self.state.instruments[symbol].status not in _CLOSING:
            return False
        live = self.state.live_of(symbol)
        dropped = [o for o in live if o.role is OrderRole.ENTRY and o.state is not OrderState.SUBMITTED]
        if dropped:
            count = f"{len(dropped)} {'entry is' if len(dropped) == 1 else 'entries are'}"
            text = f"{symbol}: the venue takes only orders that close, {count} canceled"
            self.scribe.note("alarm", text, symbol=symbol)
        for order in dropped:
            if order.order_id in self.state.live:  # one may have gone with the one before it
                self.flow.cancel_now(order, Reason.INSTRUMENT_HALTED)
        return bool(dropped)

    def _register(self, instrument: Instrument, status: InstrumentStatus) -> None:
        changed = msgspec.structs.replace(instrument, status=status)
        self.scribe.write(InstrumentRegistered(instrument=changed), symbol=instrument.symbol)
        self.flow.desks[instrument.symbol].market.apply(InstrumentListed(changed, self.scribe.ts))

    def end(self, symbol: str) -> None:
        """Settle what is held of an instrument that is gone, and take its orders out."""
        desk, position = self.flow.desks[symbol], self.state.positions.get(symbol)
        for order in self.state.live_of(symbol):
            kept = order.role is OrderRole.PROTECTIVE and position is not None and not desk.instrument.is_spot
            if order.order_id in self.state.live and not kept:
                self.flow.cancel_now(order, Reason.DELISTED)
        if position is None:
            return
        if desk.instrument.is_spot:
            text = f"{symbol} is delisted: what is held of it can not be sold and counts nothing"
            self.scribe.note("alarm", text, symbol=symbol)
        else:
            self._settle(desk, position)
        self.flow.brackets.settle(symbol)

    def _settle(self, desk: Desk, position: Position) -> None:
        order = Order(
            order_id=self.scribe.next_order_id(),
            ts=self.scribe.ts,
            due_ts=self.scribe.ts,
            symbol=desk.symbol,
            side=position.side.opposite,
            type=OrderType.MARKET,
            qty=position.qty,
            tif=TimeInForce.IOC,
            reduce_only=True,
            close_position=True,
            role=OrderRole.FLATTEN,
        )
        order = self.scribe.move(order, OrderState.SUBMITTED)
        price = self.settlement_price(desk, position)
        self.flow.fills.take_over(
            desk, order.order_id, position.qty, price=price, evidence=Evidence.SETTLEMENT
        )
        text = f"{desk.symbol} is delisted: its position was settled at {price:f}"
        self.scribe.note("alarm", text, symbol=desk.symbol)

    def settlement_price(self, desk: Desk, position: Position) -> Decimal:
        """The venue's, else the mean of the last half hour's index by seconds, else the last known price."""
        if desk.instrument.settlement_price is not None:
            return desk.instrument.settlement_price
        since = (self.scribe.ts - NOTICE_NS) // 1_000_000_000
        seconds = [
            MONEY.create_decimal(repr(index)) for at, index in desk.market.index_seconds if at >= since
        ]
        if not seconds:
            return self.books.margins.mark(position)
        mean = MONEY.divide(sum(seconds, ZERO), len(seconds))
        return mean.quantize(Decimal("0.00000001"), context=MONEY)
