"""Instruments come, change their rules and are taken up again after a restart."""

from __future__ import annotations

from typing import Final

import msgspec

from tradetui.domain.event import InstrumentRegistered
from tradetui.domain.instrument import Instrument, InstrumentKind
from tradetui.domain.market_data import InstrumentListed
from tradetui.domain.order import Order, OrderRole, OrderState
from tradetui.domain.reply import Reason
from tradetui.engine.books import Books
from tradetui.engine.consumption import restore_consumption
from tradetui.engine.delisting import Delistings
from tradetui.engine.desk import Desk
from tradetui.engine.due import DueAction
from tradetui.engine.liquidation import Liquidator
from tradetui.engine.orders import OrderFlow
from tradetui.engine.refusals import number
from tradetui.engine.tierchecks import TierChecks
from tradetui.market.market import Market

_ACTING: Final = (OrderState.SUBMITTED, OrderState.TRIGGERED)
_RESTING: Final = (OrderState.WORKING, OrderState.PARTIALLY_FILLED)


class Listings:
    """Opens a desk for each instrument and keeps its rules as they are now."""

    def __init__(
        self,
        flow: OrderFlow,
        *,
        books: Books,
        liquidator: Liquidator,
        delistings: Delistings,
        markets: dict[str, Market],
    ) -> None:
        self.flow = flow
        self.scribe = flow.scribe
        self.state = flow.state
        self.books = books
        self.liquidator = liquidator
        self.delistings = delistings
        self.markets = markets
        self._tier_volume = self.state.funds.tier_volume

    def open(self, instrument: Instrument) -> Desk:
        """A new desk for an instrument."""
        settings = self.books.settings
        desk = Desk(instrument, rules=settings.rules, state=self.state, crossed_ns=settings.crossed_ns)
        desk.sources.stale_ns = settings.source_stale_ns
        self.flow.desks[instrument.symbol] = desk
        self.markets[instrument.symbol] = desk.market
        return desk

    def take(self, message: InstrumentListed) -> bool:
        """An instrument is new, or its rules changed; True where that concerns something of ours."""
        instrument, symbol = self._assumed(self._with_tiers(self.as_held(message.instrument))), message.symbol
        desk = self.flow.desks.get(symbol) or self.open(instrument)
        seq, liquidation = self.state.seq, self.books.liquidation_price(symbol)
        before = self.state.instruments.get(symbol, instrument)
        if self.state.instruments.get(symbol) != instrument:
            self.scribe.write(InstrumentRegistered(instrument=instrument), symbol=symbol)
        grid = (desk.instrument.tick_size, desk.instrument.lot_size)
        desk.market.apply(InstrumentListed(instrument, message.ts_received))
        if grid != (instrument.tick_size, instrument.lot_size):
            desk.relist()
            restore_consumption(desk, self.state.fills)
        concerns = self.state.seq != seq and desk.staked
        if concerns and instrument.is_gone:
            self.delistings.end(symbol)
        elif concerns:
            self.liquidator.calls.relisted(symbol, liquidation)
            self._drop_surplus(before, instrument)
            self.flow.brackets.settle(symbol)  # another lot may make dust of what is held, or end that
        return self.delistings.drop_entries(symbol) or concerns

    def _drop_surplus(self, before: Instrument, instrument: Instrument) -> None:
        """New tiers take entries out that would carry a position beyond them (E-20); exits stay."""
        if (before.tiers, before.tier_rule) == (instrument.tiers, instrument.tier_rule):
            return
        for order in list(TierChecks(self.books).surplus(instrument)):
            if order.order_id in self.state.live:  # one may have gone with the one before it
                self.flow.cancel_now(order, Reason.MAX_POSITION)

    def tell_assumed(self, order: Order) -> None:
        """Say once for each contract that an entry rests on an assumed maintenance rate (R-CHK-1)."""
        instrument = self.state.instruments[order.symbol]
        if order.role is not OrderRole.ENTRY or not instrument.lacks_tiers:
            return
        rate = number(instrument.maintenance_rate * 100)
        text = f"no leverage tiers are told, {rate} % maintenance is assumed for every size"
        if (words := f"{order.symbol}: {text}") not in self.state.assumed:
            self.scribe.note("assumed", words, symbol=order.symbol)

    def as_held(self, instrument: Instrument) -> Instrument:
        """An instrument as this account trades it: with its tier's fees, spot on margin where that is set."""
        tier = self.books.settings.tier_at(self.state.funds.tier_volume)
        if tier is not None:
            instrument = msgspec.structs.replace(instrument, maker_fee=tier.maker, taker_fee=tier.taker)
        borrowing = self.books.settings.borrowing
        if not (instrument.is_spot and borrowing.enabled):
            return instrument
        return msgspec.structs.replace(
            instrument,
            kind=InstrumentKind.SPOT_MARGIN,
            opening_fee=borrowing.opening_fee,
            rollover_fee=borrowing.rollover_fee,
            rollover_s=borrowing.rollover_s,
        )

    def _with_tiers(self, instrument: Instrument) -> Instrument:
        """A listing that says nothing of tiers leaves those that are known: feeds learn them later."""
        before = self.state.instruments.get(instrument.symbol)
        if before is None or instrument.tiers or not before.tiers or before.venue != instrument.venue:
            return instrument
        return msgspec.structs.replace(
            instrument, tiers=before.tiers, tier_rule=before.tier_rule, max_leverage=before.max_leverage
        )

    def _assumed(self, instrument: Instrument) -> Instrument:
        """Where a venue tells no tiers the profile's rate stands in for them."""
        rate = self.books.settings.assumed_maintenance
        if rate is None or not instrument.lacks_tiers:
            return instrument
        return msgspec.structs.replace(instrument, maintenance_rate=rate)

    def follow_tier(self) -> None:
        """A trading day began with another volume behind it: its fees hold from here on (10.7)."""
        if self._tier_volume == self.state.funds.tier_volume:
            return
        self._tier_volume = self.state.funds.tier_volume
        for symbol, before in list(self.state.instruments.items()):
            now = self.as_held(before)
            if now != before:
                self.scribe.write(InstrumentRegistered(instrument=now), symbol=symbol)
                self.flow.desks[symbol].market.apply(InstrumentListed(now, self.scribe.ts))

    def take_up(self, instrument: Instrument) -> Desk:
        """After a restart: stops watch again, all else acts on the first fresh book (R-JRN-6)."""
        desk = self.open(instrument)
        desk.sync_position()
        restore_consumption(desk, self.state.fills)
        for order in self.state.live_of(desk.symbol):
            if order.state is OrderState.ARMED:
                desk.arm(order)
            elif order.state in _ACTING or (order.price is None and order.state in _RESTING):
                desk.waiting[order.order_id] = None
            self.flow.conditionals.plan_escalation(order)
            self.flow.plan_expiry(order)
            self.flow.amends.plan(order)
            if order.chase is not None:
                desk.chasing[order.order_id] = None
            if order.pending_cancel:
                self.flow.due.push(self.scribe.steady_ts, DueAction("cancel", order.order_id))
        desk.restake()
        desk.recovering = desk.staked
        return desk
