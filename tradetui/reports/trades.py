"""Closed trades: what happened to a symbol from flat to flat.

A trade's R is the planned risk of its entries, each in the share that was filled (engine rule 16.1);
stops that moved later do not change it. A flip closes one trade and opens the next at the same fill.
On spot a base fee leaves less than was bought, and a rest below one lot is dust, not a position.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

import msgspec

from tradetui.domain.event import Event, Filled, FundingPaid, InstrumentRegistered, InterestPaid, OrderChanged
from tradetui.domain.fill import Fill
from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import Side
from tradetui.domain.number import MONEY, ZERO
from tradetui.domain.order import Order, OrderRole

READ: Final = (InstrumentRegistered, OrderChanged, Filled, FundingPaid, InterestPaid)
"""The bodies of events that tell something of a trade."""


class ClosedTrade(msgspec.Struct, frozen=True, kw_only=True):
    """One episode from flat to flat; money in the quote or settlement asset."""

    symbol: str
    side: Side
    qty: Decimal
    """Everything that was opened, not the largest size at one moment."""
    entry_ts: int
    exit_ts: int
    entry_price: Decimal
    exit_price: Decimal
    gross_pnl: Decimal
    fees: Decimal
    net_pnl: Decimal
    r: Decimal | None
    """Net result in units of the planned risk; None where no risk was planned."""
    fills: int
    funding: Decimal = ZERO
    """Received less paid while it was open; a part of the net result."""
    interest: Decimal = ZERO
    """Paid for what was borrowed; a part of the net result."""


@dataclass(slots=True)
class _Episode:
    """A position while it is open."""

    side: Side
    entry_ts: int
    opened: Decimal = ZERO
    closed: Decimal = ZERO
    cost: Decimal = ZERO
    proceeds: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO
    interest: Decimal = ZERO
    risk: Decimal = ZERO
    held: Decimal = ZERO
    fills: int = 0


@dataclass(slots=True)
class TradeReader:
    """Walks the events and cuts them into episodes; only bodies of READ tell it something."""

    instruments: dict[str, Instrument] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    open: dict[str, _Episode] = field(default_factory=dict)

    def read(self, event: Event) -> Iterator[ClosedTrade]:
        """The trades that end with the next event."""
        body = event.body
        if isinstance(body, InstrumentRegistered):
            self.instruments[body.instrument.symbol] = body.instrument
        elif isinstance(body, OrderChanged):
            self.orders[body.order.order_id] = body.order
        elif isinstance(body, Filled):
            yield from self._fill(body.fill)
        elif isinstance(body, FundingPaid):
            self._fund(body)
        elif isinstance(body, InterestPaid) and (episode := self.open.get(body.symbol)) is not None:
            episode.interest += body.amount

    def _fund(self, paid: FundingPaid) -> None:
        """Funding belongs to the trade that was open at its time, while that trade lasts."""
        episode = self.open.get(paid.symbol)
        if episode is not None and episode.entry_ts < paid.funding_ts:
            episode.funding += paid.amount

    def _fill(self, fill: Fill) -> Iterator[ClosedTrade]:
        left = fill.qty
        episode = self.open.get(fill.symbol)
        if episode is not None and fill.side is not episode.side:
            taken = min(left, episode.held)
            self._count(episode, fill, taken, opens=False)
            left -= taken
            if episode.held < self.instruments[fill.symbol].lot_size:
                yield _closed(self.instruments[fill.symbol], self.open.pop(fill.symbol), fill.ts)
        if left > 0:
            episode = self.open.setdefault(fill.symbol, _Episode(fill.side, fill.ts))
            self._count(episode, fill, left, opens=True)

    def _count(self, episode: _Episode, fill: Fill, qty: Decimal, *, opens: bool) -> None:
        instrument = self.instruments[fill.symbol]
        share = MONEY.divide(qty, fill.qty)
        in_base = instrument.is_spot and fill.fee_asset == instrument.base
        fee = MONEY.multiply(fill.fee, share)
        worth = MONEY.multiply(fill.fee_value, share) if fill.fee_value is not None else fee
        episode.fees += MONEY.multiply(fee, fill.price) if in_base else worth
        episode.fills += 1
        amount = MONEY.divide(qty, fill.price) if instrument.is_inverse else MONEY.multiply(qty, fill.price)
        if opens:
            episode.opened += qty
            episode.cost += amount
            episode.held += qty - fee if in_base else qty
            episode.risk += self._planned_risk(fill, qty)
        else:
            episode.closed += qty
            episode.proceeds += amount
            episode.held -= qty

    def _planned_risk(self, fill: Fill, qty: Decimal) -> Decimal:
        order = self.orders.get(fill.order_id)
        if order is None or order.role is not OrderRole.ENTRY or order.qty == 0:
            return ZERO
        return MONEY.divide(MONEY.multiply(order.planned_risk, qty), order.qty)


def closed_trades(events: Iterable[Event]) -> Iterator[ClosedTrade]:
    """The closed trades of a journal, in the order in which they closed."""
    reader = TradeReader()
    for event in events:
        yield from reader.read(event)


def _closed(instrument: Instrument, episode: _Episode, ts: int) -> ClosedTrade:
    entry = _average(instrument, episode.opened, episode.cost)
    leaving = _average(instrument, episode.closed, episode.proceeds)
    gross = instrument.profit(episode.closed * episode.side.sign, entry, leaving)
    net = gross - episode.fees + episode.funding - episode.interest
    return ClosedTrade(
        symbol=instrument.symbol,
        side=episode.side,
        qty=episode.opened,
        entry_ts=episode.entry_ts,
        exit_ts=ts,
        entry_price=entry,
        exit_price=leaving,
        gross_pnl=gross,
        fees=episode.fees,
        funding=episode.funding,
        interest=episode.interest,
        net_pnl=net,
        r=MONEY.divide(net, episode.risk) if episode.risk else None,
        fills=episode.fills,
    )


def _average(instrument: Instrument, qty: Decimal, amount: Decimal) -> Decimal:
    """The average price of fills: of inverse contracts the amount is their worth in base."""
    return MONEY.divide(qty, amount) if instrument.is_inverse else MONEY.divide(amount, qty)
