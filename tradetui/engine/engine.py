"""The engine: one synchronous call from an input to the events that it causes.

Order within one input (R-TIM-5): what is due before it acts, session rolls in between; the market
takes the message in; protective stops, other stops, resting orders, brackets; then the risk of it all.
Everything that one input causes is one transaction. A message that concerns nothing of ours costs the
market's own work and a few comparisons.
"""

from __future__ import annotations

import decimal
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from tradetui.domain.command import CommandIssued
from tradetui.domain.event import Event
from tradetui.domain.market_data import (
    BookDelta,
    BookSnapshot,
    ClockTick,
    FeedStatus,
    FundingRate,
    FundingSettled,
    InstrumentListed,
    MarketMessage,
    Missing,
    Side,
)
from tradetui.domain.number import MONEY
from tradetui.domain.reply import Reply
from tradetui.domain.view import Draft, SidePreview, TradingState
from tradetui.engine.books import Books
from tradetui.engine.commands import CommandDesk
from tradetui.engine.daywatch import DayWatch
from tradetui.engine.desk import Desk
from tradetui.engine.gap import GapDesk
from tradetui.engine.intake import Intake
from tradetui.engine.jumps import JumpWatch
from tradetui.engine.liquidation import Liquidator
from tradetui.engine.listings import Listings
from tradetui.engine.orders import OrderFlow
from tradetui.engine.preview import preview
from tradetui.engine.reactions import Reactions
from tradetui.engine.rechecks import Rechecks
from tradetui.engine.scribe import Scribe
from tradetui.engine.settlements import Settlements
from tradetui.engine.steady import SteadyTime
from tradetui.engine.stuck import waits_for
from tradetui.engine.vigil import StopVigil
from tradetui.market.market import Market
from tradetui.state import State
from tradetui.trading import account
from tradetui.trading.settings import EngineSettings

MAX_ROUNDS: Final = 64


class Engine:
    """Takes market messages and commands; returns what has happened."""

    def __init__(self, settings: EngineSettings, *, state: State | None = None) -> None:
        """Continue from a folded state, or begin a new account with the first input."""
        self.settings = settings
        self.state = state if state is not None else State()
        self.markets: dict[str, Market] = {}
        self._desks: dict[str, Desk] = {}
        self._scribe = Scribe(self.state, account=settings.account, realism=settings.realism)
        self._books = Books(settings, self.state, self._desks)
        self._flow = OrderFlow(settings, self._scribe, self._desks)
        self._watch = DayWatch(settings, self._flow, self._books)
        self._intake = Intake(settings, self.state, self._desks, self._books)
        self._commands = CommandDesk(
            settings, self._flow, books=self._books, intake=self._intake, watch=self._watch
        )
        self._steady = SteadyTime(self._scribe.ts, jump_ns=settings.jump_ns)
        self._vigil = StopVigil(self._scribe, self._desks, alarm_ns=settings.alarm_ns)
        self._liquidator = Liquidator(settings, self._flow, self._books)
        self._settlements = Settlements(self._flow, self._books)
        self._listings = Listings(
            self._flow,
            books=self._books,
            liquidator=self._liquidator,
            delistings=self._settlements.delistings,
            markets=self.markets,
        )
        self._gaps = GapDesk(settings, self._flow)
        self._jumps = JumpWatch(settings, self._scribe, desks=self._desks, gaps=self._gaps)
        self._connect()
        self._reactions = Reactions(
            self._flow,
            gaps=self._gaps,
            vigil=self._vigil,
            liquidator=self._liquidator,
            plan_next=self._plan_next,
        )
        self._next_ts = 0
        for instrument in list(self.state.instruments.values()):
            if self._listings.take_up(instrument).recovering:
                since = self.state.seen.get(instrument.symbol, self.state.last_ts)
                self._gaps.begin(instrument.symbol, since)

    def _connect(self) -> None:
        """Give the parts below what they ask of parts above them."""
        flow, margins = self._flow, self._books.margins
        flow.protection.liquidation_of = margins.liquidation_of
        flow.available = margins.available
        flow.liquidate = self._liquidator.execute
        flow.fills.fee_choice = self._books.fee_choice
        flow.fills.backing = lambda asset, closing, qty: margins.backing(asset, closing=closing, qty=qty)
        rechecks = Rechecks(self._intake.checks)
        flow.outdated = lambda desk, order: rechecks.outdated(desk, order, ts=self.ts)
        flow.fitting = rechecks.fitting
        flow.opening = self._listings.tell_assumed
        self._gaps.liquidate = self._liquidator.in_gap
        self._liquidator.is_lost = lambda symbol: symbol in self._gaps.gaps
        self._liquidator.marks_at = self._gaps.marks_at
        self._gaps.settle = self._settlements.gap_ended
        self._gaps.judged = self._watch.exits.drop_rivals
        self._watch.exits.is_lost = lambda symbol: symbol in self._gaps.gaps
        self._settlements.in_gap = self._gaps.covers
        self._watch.ahead = lambda: self._jumps.ahead
        self._watch.locks.now = lambda: self._jumps.now

    @property
    def ts(self) -> int:
        """Engine time, nanoseconds UTC."""
        return self._scribe.ts

    # --- inputs

    def process(self, message: MarketMessage | CommandIssued) -> Sequence[Event]:
        """Take one input in; returns the events of its transaction, most often none."""
        if type(message) is CommandIssued:
            return self.submit(message)[1]
        if type(message) is ClockTick:
            return self._tick(message)
        scribe, received = self._scribe, message.ts_received
        if scribe.ts <= received < self._next_ts and not self._steady.is_shifted:
            scribe.ts = received
        else:
            self._turn_clock(received)
        if type(message) is InstrumentListed:
            return self._list(message)
        desk = self._desks.get(message.symbol)
        if desk is not None:
            desk.market.apply(message)
            if desk.awaits_book or self._gaps.gaps or type(message) is FeedStatus:
                desk.follow_feed(message)
                self._gaps.learn(message)
            if type(message) is FundingRate or type(message) is FundingSettled:
                self._on_funding(message)
            elif desk.staked:
                with decimal.localcontext(MONEY):
                    self._react(desk, message)
            elif desk.tracked and (type(message) is BookDelta or type(message) is BookSnapshot):
                desk.matcher.on_book(message, may_fill=False)
        return scribe.take()

    def _tick(self, tick: ClockTick) -> Sequence[Event]:
        """Time passes; the wall clock counts only after it was held against the steady one."""
        self._jumps.look(tick)
        self._jumps.wake()  # what fell due in a sleep meets no book from before it
        self._turn_clock(tick.ts_received)
        return self._scribe.take()

    def submit(self, issued: CommandIssued) -> tuple[Reply, Sequence[Event]]:
        """Carry out a command; returns its reply and the events of its transaction."""
        with decimal.localcontext(MONEY):
            self._advance(issued.ts_received)  # when time matters next is planned in the aftermath
            self._scribe.received_ts = issued.ts_received
            fills = self.state.fill_count
            for desk in self._desks.values():
                desk.revalue()
            reply = self._commands.carry_out(issued.command)
            self._aftermath(fills=fills)
        return reply, self._scribe.take()

    def show(self, message: MarketMessage) -> None:
        """Let the market take a message in, and values follow; of an engine that decides nothing any more."""
        desk = self._desks.get(message.symbol) if not isinstance(message, ClockTick) else None
        if desk is not None:
            desk.market.apply(message)
            desk.revalue()

    def preview(self, symbol: str, side: Side, draft: Draft) -> SidePreview:
        """What an order from the ticket would do now on one side; changes nothing."""
        with decimal.localcontext(MONEY):
            return preview(self._intake, self._books, symbol=symbol, side=side, draft=draft, ts=self.ts)

    # --- time

    def _turn_clock(self, received: int) -> None:
        """Bring the engine's time to an input that something is due before, or that is not the newest."""
        if received >= self._next_ts or received < self.ts - self.settings.jump_ns or self._steady.is_shifted:
            with decimal.localcontext(MONEY):
                self._advance(received)
                self._plan_next()
        self._scribe.ts = max(self._scribe.ts, received)

    def _advance(self, received: int) -> None:
        """Let everything act whose time is before this input, in the order of time (R-LAT-2)."""
        if not self._watch.is_open:
            self._scribe.ts = max(self._scribe.ts, received)
            self._watch.begin(received)
        self._jumps.note(received)
        self._steady.follow(received)
        while (due := self._flow.due.next_due) is not None and due < self._steady.now:
            self._act_at(due)
        now = max(received, self.ts)
        self._pass_time(now)
        self._scribe.ts, self._scribe.steady_ahead = now, self._steady.now - now
        self._scribe.received_ts = received
        self._vigil.look()

    def _act_at(self, due: int) -> None:
        """Let the first thing that is due act at its own moment."""
        moment = self._steady.on_wall(due)
        self._pass_time(moment)
        self._scribe.ts = max(self._scribe.ts, moment)
        self._scribe.steady_ahead = due - self._scribe.ts
        # no message led to it, and which one came last before it must not show in its events
        self._scribe.received_ts = moment
        action, fills = self._flow.due.pop_before(due + 1), self.state.fill_count
        if action is not None:
            self._flow.perform(action)
            self._aftermath(fills=fills)

    def _pass_time(self, ts: int) -> None:
        """Let days roll, locks end and the rules of the clock act up to a moment."""
        seq, fills = self.state.seq, self.state.fill_count
        while (due := self._settlements.next_ts) <= ts:
            self._watch.roll_through(min(due, self._jumps.seen_until))
            self._settlements.settle_at(due)
        self._watch.roll_through(min(ts, self._jumps.seen_until))
        self._listings.follow_tier()
        if self.state.seq != seq:
            self._aftermath(fills=fills)

    def _plan_next(self) -> None:
        """From when on an input has to look at the clock."""
        dues = (self._flow.due.next_due, self._vigil.deadline())
        moments = [self._steady.on_wall(due) + 1 for due in dues if due is not None]
        self._next_ts = min(self._watch.next_ts, self._settlements.next_ts, *moments)

    def _on_funding(self, message: FundingRate | FundingSettled) -> None:
        """A rate to come changes when time matters next; an official one is posted."""
        self._scribe.received_ts = message.ts_received
        if isinstance(message, FundingSettled):
            with decimal.localcontext(MONEY):
                self._settlements.take(message)
                if self._scribe.has_written:
                    self._aftermath(fills=self.state.fill_count)
        self._plan_next()

    def _list(self, message: InstrumentListed) -> Sequence[Event]:
        """An instrument is new, or its rules changed."""
        self._scribe.received_ts = message.ts_received
        with decimal.localcontext(MONEY):
            if self._listings.take(message):
                self._aftermath(fills=self.state.fill_count)
        return self._scribe.take()

    # --- what a message means for what is ours

    def _react(self, desk: Desk, message: MarketMessage) -> None:
        """Triggers, resting orders, brackets and risk, after the market took a message in."""
        self._scribe.received_ts = message.ts_received
        seq, fills = self.state.seq, self.state.fill_count
        fresh, moved = desk.is_fresh, desk.revalue()
        if moved and self._liquidator.is_due(desk):
            self._liquidate(desk, message)
        self._reactions.take(desk, message, fresh=fresh)
        if desk.revalue() or moved or self.state.seq != seq:
            self._aftermath(fills=fills)

    def _liquidate(self, desk: Desk, message: MarketMessage) -> None:
        """Margins come before triggers and resting orders: one price may cross all of them (E-14)."""
        if type(message) is BookDelta or type(message) is BookSnapshot:
            desk.matcher.on_book(message, may_fill=False)
        self._liquidator.check()

    def _aftermath(self, *, fills: int) -> None:
        """What follows once an input's fills are booked: children, the day's limit, what is at stake."""
        for _ in range(MAX_ROUNDS):
            seq = self.state.seq
            self._liquidator.check_after()
            if self.state.fill_count != fills:
                self._watch.exits.close_late_fills(fills)
                for desk in self._desks.values():
                    desk.revalue()
            self._watch.evaluate()
            if self.state.live:  # what waited for a fill meets the locks that it led to
                self._flow.groups.release_all()
            if self.state.seq == seq:
                break
        if self.state.fill_count != fills:
            self._watch.lock_if_spent()
        for desk in self._desks.values():
            desk.restake()
        if self._gaps.gaps:
            self._gaps.forget_unstaked()
        self._plan_next()

    # --- what is asked of it

    def missing(self, symbol: str) -> Missing | None:
        """What a feed has to tell of a lost time; None where nothing that is held went through one."""
        return self._gaps.missing(symbol)

    def queue_ahead(self, order_id: str) -> Decimal | None:
        """What stands in the queue before a resting order; None when it does not rest."""
        order = self.state.live.get(order_id)
        desk = self._desks.get(order.symbol) if order is not None else None
        lots = desk.matcher.queue_ahead(order_id) if desk is not None else None
        return desk.instrument.to_qty(lots) if desk is not None and lots is not None else None

    def stop_evaluated_ts(self, symbol: str) -> int:
        """When a symbol's stops were last held against a price, engine time; 0 for never."""
        desk = self._desks.get(symbol)
        return desk.evaluated_ts if desk is not None else 0

    def waits_for(self, order_id: str) -> str:
        """What an order that has to act waits for; empty for one that does not wait."""
        order = self.state.live.get(order_id)
        desk = self._desks.get(order.symbol) if order is not None else None
        return waits_for(desk, order) if desk is not None and order is not None else ""

    def fresh_since(self, symbol: str) -> int:
        """Since when a symbol's data is fresh without a break, receive time; 0 for never."""
        desk = self._desks.get(symbol)
        return desk.since_ts if desk is not None else 0

    def valuation(self, symbol: str) -> Decimal | None:
        """The price that a position is valued at (R-POS-2)."""
        return self._books.valuation(symbol)

    def asset_price(self, asset: str) -> Decimal | None:
        """What a unit of an asset is worth in the account's currency."""
        return self._books.asset_price(asset)

    def unrealized(self, symbol: str) -> Decimal:
        """Open profit of a position."""
        return self._books.unrealized(symbol)

    def equity(self) -> Decimal:
        """What the account is worth now."""
        return self._books.equity() if self.state.account else self.settings.balance

    def day_pnl(self) -> Decimal:
        """Equity now less the equity at the start of the trading day."""
        return self._books.day_pnl()

    def daily_limit(self) -> Decimal:
        """L: what may be lost in this trading day."""
        return self._books.daily_limit()

    def head_room(self) -> Decimal:
        """H: what may still be lost today."""
        return self._books.head_room()

    def open_risk(self) -> Decimal:
        """R_open: money at risk in positions and working entries."""
        return self._books.open_risk()

    def r_value(self) -> Decimal:
        """Money of 1 R of size."""
        return self._books.limits.risk_per_trade * self.equity()

    def liquidation_price(self, symbol: str) -> Decimal | None:
        """Where a position would be liquidated, exactly; None on spot and when flat."""
        with decimal.localcontext(MONEY):
            return self._books.liquidation_price(symbol)

    def breakeven(self, symbol: str) -> Decimal | None:
        """Where closing a position would cost nothing, fees included."""
        position = self.state.holding(symbol)
        return account.breakeven(position, self.state.instruments[symbol]) if position is not None else None

    def recovering(self, symbol: str) -> bool:
        """Whether a symbol with something of ours waits for its first fresh book."""
        desk = self._desks.get(symbol)
        return desk is not None and desk.recovering

    def trading_state(self) -> TradingState:
        """What the engine accepts now, as far as it knows: the journal's health is the host's."""
        if self.state.lock is not None:
            return TradingState.LOCKED
        if any(desk.recovering for desk in self._desks.values()):
            return TradingState.RECOVERING
        return TradingState.ACTIVE if self.state.account else TradingState.STARTING
