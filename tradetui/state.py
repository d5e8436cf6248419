"""The state of one paper account: nothing but the fold of its journal.

The engine computes events and applies each through `State.apply`, and a restart applies the same
events again, so the two can not differ. Prices are no part of it: what is worth something at a price
is computed by functions that take one.
"""

from __future__ import annotations

import decimal
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

import msgspec

from tradetui.domain.command import MarginMode
from tradetui.domain.event import (
    AccountOpened,
    AnyBody,
    Event,
    Filled,
    FundingPaid,
    GapEvaluated,
    GapsAcknowledged,
    InstrumentRegistered,
    InterestPaid,
    LeverageChanged,
    Locked,
    MarginMoved,
    Noted,
    OrderChanged,
    SessionRolled,
    TrailMoved,
    TriggerSourceFallback,
)
from tradetui.domain.fill import Fill
from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import Side
from tradetui.domain.number import MONEY, ZERO
from tradetui.domain.order import TRANSITIONS, Order, OrderRole, OrderState
from tradetui.domain.position import Position
from tradetui.domain.reply import Refusal, Reply
from tradetui.errors import InvalidTransition
from tradetui.trading import account, ledger
from tradetui.trading.daystate import DayState
from tradetui.trading.fundstate import FundState, moved
from tradetui.trading.gaps import FormerStop, is_witness, note_former, was_taken_away
from tradetui.trading.ledger import Ledger
from tradetui.trading.limits import RiskLimits
from tradetui.trading.locks import covers, longest
from tradetui.trading.orderfold import nearness, order_after, trailed
from tradetui.trading.sources import with_switch

KEPT: Final = 1_000
"""So many fills, finished orders and answered keys are kept at least; the journal has them all."""
_STANDING: Final = frozenset(
    {OrderState.ARMED, OrderState.TRIGGERED, OrderState.WORKING, OrderState.PARTIALLY_FILLED}
)
_CHILDREN: Final = frozenset({OrderRole.PROTECTIVE, OrderRole.TAKE_PROFIT})
_FIRST: Final = _STANDING | {OrderState.SUBMITTED, OrderState.DENIED, OrderState.HELD}


class State(msgspec.Struct):
    """Account, orders, positions, limits and the trading day, as far as the events so far tell."""

    account: str = ""
    currency: str = ""
    seq: int = 0
    last_ts: int = 0
    instruments: dict[str, Instrument] = {}
    orders: dict[str, Order] = {}
    """Every order that is not done, and the newest of those that are."""
    live: dict[str, Order] = {}
    done: list[str] = []
    """Ids of the orders that are done, oldest first, as far as they are kept."""
    order_number: int = 0
    """The number in the newest order's id."""
    positions: dict[str, Position] = {}
    fills: list[Fill] = []
    """The newest ones, oldest first."""
    fill_count: int = 0
    ledger: Ledger = msgspec.field(default_factory=Ledger)
    day: DayState = msgspec.field(default_factory=DayState)
    fallbacks: dict[str, str] = {}
    """What orders of a symbol by a source look at, by both, where a switch was ever told."""
    keys: dict[str, Reply] = {}
    """What commands with a key led to, the newest ones."""
    realized_pnl: Decimal = ZERO
    fees: Decimal = ZERO
    last_prices: dict[str, Decimal] = {}
    gaps: list[GapEvaluated] = []
    """What happened while nobody watched and nobody has acknowledged yet."""
    funds: FundState = msgspec.field(default_factory=FundState)
    seen: dict[str, int] = {}
    """By symbol, until when its position was certainly watched."""
    former: dict[str, list[FormerStop]] = {}
    """By symbol, the stops that were replaced or taken away since then."""
    assumed: list[str] = []
    """What an account was told that it rests on without having been told it by the venue."""

    @classmethod
    def fold(cls, events: Iterable[Event]) -> State:
        """The state after a journal's events."""
        state = cls()
        for event in events:
            state.apply(event)
        return state

    def apply(self, event: Event) -> None:
        """Take in the next event; raises ValueError on a seq gap and InvalidTransition on a wrong step."""
        if event.seq != self.seq + 1:
            raise ValueError(f"expected event {self.seq + 1}, was {event.seq}")
        self.last_ts = max(self.last_ts, event.ts)
        if type(event.body) is OrderChanged and not event.postings:
            self._ordered(event.body.order)  # most events: nothing is computed, so no context is needed
        else:
            with decimal.localcontext(MONEY):
                self._take_in(event.body)
                self.ledger.post(event.postings)
        self.seq = event.seq
        if is_witness(event.body):
            self.seen[event.symbol] = event.ts
            self.former.pop(event.symbol, None)
        if event.key and not isinstance(event.body, FundingPaid | InterestPaid):
            self._remember(event)

    # --- what is asked of it

    @property
    def balances(self) -> dict[tuple[str, str], Decimal]:
        """Every ledger's balance by ledger and asset."""
        return self.ledger.balances

    @property
    def risk_limits(self) -> RiskLimits:
        """The limits that hold now."""
        return self.day.limits

    @property
    def limits(self) -> dict[str, str]:
        """Zone, roll and the limits beside the rules as texts; empty before the account is open."""
        return self.day.texts

    @property
    def session(self) -> SessionRolled | None:
        """The trading day."""
        return self.day.session

    @property
    def lock(self) -> Locked | None:
        """Of the locks that close everything the one that ends last; None where none does."""
        return longest(lock for lock in self.day.locks if not lock.symbol and lock.side is None)

    def lock_on(self, symbol: str, side: Side) -> Locked | None:
        """Of the locks that refuse an entry the one that ends last."""
        if not self.day.locks:
            return None
        return longest(lock for lock in self.day.locks if covers(lock, symbol, side))

    def cash(self, asset: str) -> Decimal:
        """What is held of an asset, locked part included, margin not."""
        return self.ledger.balance(ledger.cash(asset), asset)

    def locked(self, asset: str) -> Decimal:
        """What working entries hold back of an asset; derived, so that nothing can stay locked."""
        total = ZERO
        for order in self.live.values():
            if order.reserved and self.instruments[order.symbol].settle == asset:
                total += MONEY.divide(order.reserved * order.leaves, order.qty)
        return total

    def free(self, asset: str) -> Decimal:
        """What new orders may use of an asset."""
        return self.cash(asset) - self.locked(asset) - self.shared(asset)

    def shared(self, asset: str) -> Decimal:
        """What cross positions use of the wallet, at their entries."""
        total = ZERO
        for symbol, position in self.positions.items():
            instrument = self.instruments[symbol]
            if position.cross and instrument.settle == asset:
                total += account.used_margin(instrument, position)
        return total

    def margin(self, symbol: str) -> Decimal:
        """The isolated margin of a position."""
        position = self.positions.get(symbol)
        return position.margin if position is not None else ZERO

    def assets(self) -> tuple[str, ...]:
        """The assets of which something is held, in alphabetical order."""
        return tuple(
            sorted(
                asset
                for (name, asset), held in self.balances.items()
                if held and name.startswith("user:cash:")
            )
        )

    def holding(self, symbol: str) -> Position | None:
        """The position that has to be protected; None when flat, dust, or of what can not be sold."""
        position = self.positions.get(symbol)
        gone = position is None or self.is_dust(symbol) or self.instruments[symbol].is_gone
        return None if gone else position

    def is_dust(self, symbol: str) -> bool:
        """Whether what is left of a symbol is too small to be sold."""
        position = self.positions.get(symbol)
        return position is not None and account.is_dust(self.instruments[symbol], position)

    def stop_of(self, symbol: str) -> Order | None:
        """The order that protects a position."""
        position = self.positions.get(symbol)
        return self.live.get(position.stop_id) if position is not None else None

    def targets_of(self, symbol: str) -> list[Order]:
        """The standing orders that take a position's profit, the nearest first."""
        standing = [
            order
            for order in self.live.values()
            if order.symbol == symbol and order.role is OrderRole.TAKE_PROFIT and order.state in _STANDING
        ]
        return sorted(standing, key=nearness)

    def live_of(self, symbol: str) -> list[Order]:
        """The orders of a symbol that are not done, oldest first."""
        return [order for order in self.live.values() if order.symbol == symbol]

    def find(self, name: str) -> Order | None:
        """An order by its id, or the newest one with that client id."""
        found = self.orders.get(name)
        if found is not None or not name:
            return found
        return next((order for order in reversed(self.orders.values()) if order.client_id == name), None)

    @property
    def flows(self) -> Decimal:
        """Deposits less withdrawals since the account was opened, without the first one."""
        return self.funds.flows

    @property
    def day_flows(self) -> Decimal:
        """Deposits less withdrawals of this trading day: they are no profit and no loss."""
        return self.flows - self.day.book.day.flows

    # --- how events change it

    def _remember(self, event: Event) -> None:
        """Keep what a command with a key led to, so that the same key acts once (R-ORD-5)."""
        reply = self.keys.get(event.key) or Reply(key=event.key)
        body = event.body
        refusal: Refusal | None = reply.refusal
        ids = reply.order_ids
        if isinstance(body, OrderChanged):
            refusal = refusal or (body.refusal if body.order.state is OrderState.DENIED else None)
            child = body.order.role in _CHILDREN and bool(ids)
            ids = ids if child or body.order.order_id in ids else (*ids, body.order.order_id)
        elif isinstance(body, Noted):
            refusal = refusal or body.refusal
        self.keys[event.key] = Reply(key=event.key, refusal=refusal, order_ids=ids, text=reply.text)
        if len(self.keys) > 2 * KEPT:
            self.keys = dict(list(self.keys.items())[KEPT:])

    def _take_in(self, body: AnyBody) -> None:
        match body:
            case Filled():
                self._filled(body.fill)
            case OrderChanged():
                self._ordered(body.order)
            case AccountOpened():
                self.account, self.currency = body.account, body.currency
                self.funds.take_in(body)
                self.day.book = self.day.book.opened(body.balance)
            case InstrumentRegistered():
                self.instruments[body.instrument.symbol] = body.instrument
            case SessionRolled():
                self.funds.take_in(body)
                self.day.take_in(body, ts=self.last_ts, flows=self.flows)
            case _ if not self.day.take_in(body, ts=self.last_ts, flows=self.flows):
                self._take_in_money(body)
            case _:
                return

    def _take_in_money(self, body: AnyBody) -> None:
        match body:
            case LeverageChanged() | MarginMoved() | FundingPaid() | InterestPaid():
                self.funds.take_in(body)
                if (position := self.positions.get(body.symbol)) is not None:
                    self.positions[body.symbol] = moved(position, body)
            case GapEvaluated():
                self.gaps = [*self.gaps[-KEPT:], body]
            case GapsAcknowledged():
                self.gaps = []
            case TrailMoved():
                self._keep(trailed(self.orders[body.order_id], body))
            case Noted(what="assumed") if body.text not in self.assumed:
                self.assumed.append(body.text)
            case TriggerSourceFallback():
                self.fallbacks = with_switch(self.fallbacks, body)
            case _:
                self.funds.take_in(body)

    def _ordered(self, order: Order) -> None:
        before = self.orders.get(order.order_id)
        if before is None:
            legal = order.state in _FIRST
        else:
            legal = order.state in TRANSITIONS[before.state] or (
                order.state is before.state and not before.state.is_terminal
            )
        if not legal:
            was = before.state if before is not None else "nothing"
            raise InvalidTransition(f"order {order.order_id}: no way from {was} to {order.state}")
        if before is not None and was_taken_away(before, order) and order.symbol in self.positions:
            note_former(self.former, before, ts=self.last_ts)
        self._keep(order)

    def _keep(self, order: Order) -> None:
        self.order_number = max(self.order_number, int(order.order_id.rpartition("-")[2]))
        self.orders[order.order_id] = order
        if order.state.is_terminal:
            self._finish(order)
        else:
            self.live[order.order_id] = order
        if order.role in (OrderRole.PROTECTIVE, OrderRole.TAKE_PROFIT):
            self._link(order, "stop_id" if order.role is OrderRole.PROTECTIVE else "target_id")

    def _finish(self, order: Order) -> None:
        """An order is done; the oldest of many are let go, so that a state does not grow with its journal."""
        self.live.pop(order.order_id, None)
        self.done.append(order.order_id)
        if len(self.done) > 2 * KEPT:
            for order_id in self.done[:KEPT]:
                del self.orders[order_id]
            del self.done[:KEPT]

    def _link(self, order: Order, field: str) -> None:
        """Tie the position to the order that protects it or takes its profit."""
        position = self.positions.get(order.symbol)
        if position is None:
            return
        linked = getattr(position, field)
        if order.state in _STANDING:
            linked = order.order_id
        elif linked == order.order_id and order.state.is_terminal:
            linked = ""
        self.positions[order.symbol] = msgspec.structs.replace(position, **{field: linked})

    def _filled(self, fill: Fill) -> None:
        order = self.orders[fill.order_id]
        self._fill_position(fill, order)
        self._keep(order_after(order, fill))
        self.fills.append(fill)
        if len(self.fills) > 2 * KEPT:
            del self.fills[:KEPT]
        self.fill_count += 1
        self.realized_pnl += fill.realized_pnl
        instrument = self.instruments[fill.symbol]
        self.fees += account.fee_value(instrument, fill)
        self.funds.traded(instrument.notional(fill.qty, fill.price))
        self.last_prices[fill.symbol] = fill.price

    def _fill_position(self, fill: Fill, order: Order) -> None:
        instrument = self.instruments[fill.symbol]
        before = self.positions.get(fill.symbol) or Position(symbol=fill.symbol)
        if before.opened_ts and account.is_dust(instrument, before):
            before = Position(
                symbol=fill.symbol,
                signed_qty=before.signed_qty,
                entry_price=before.entry_price,
                margin=before.margin,
            )
        after = account.after_fill(
            before,
            instrument,
            fill,
            terms=account.Terms(self.leverage_on(instrument), cross=self.is_cross(instrument)),
            planned_stop=order.planned_stop,
        )
        if after.is_flat:
            self.positions.pop(fill.symbol, None)
            cross_left = any(position.cross for position in self.positions.values())
            self.funds.forget(fill.symbol, cross_left=cross_left)
        else:
            self.positions[fill.symbol] = after
        if before.opened_ts and (after.is_flat or account.is_dust(instrument, after)):
            self.day.count_trade(before, after, fill, order)

    def is_cross(self, instrument: Instrument) -> bool:
        """Whether the whole wallet stands behind an instrument's positions."""
        cross = instrument.is_perpetual and self.funds.margin_mode is MarginMode.CROSS
        return cross or instrument.is_margin

    def leverage_on(self, instrument: Instrument) -> Decimal:
        """The leverage of an instrument's positions: its own or the account's, as far as the venue allows."""
        wanted = self.funds.leverages.get(instrument.symbol, self.funds.leverage)
        return min(wanted, instrument.max_leverage) if instrument.max_leverage > 1 else wanted
