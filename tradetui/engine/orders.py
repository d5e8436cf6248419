"""The life of an order after it was accepted: on its way, at the venue, filled, canceled.

What acts at the venue acts against the book as it is known at that moment. Fills come out of the
matching core as executions; here they become facts, and the brackets follow in the same transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import islice

import msgspec

from tradetui.domain.instrument import InstrumentStatus
from tradetui.domain.number import ZERO
from tradetui.domain.order import TRANSITIONS, Order, OrderRole, OrderState
from tradetui.domain.position import Position
from tradetui.domain.reply import Reason
from tradetui.engine.amends import Amends
from tradetui.engine.brackets import Brackets
from tradetui.engine.chases import Chases
from tradetui.engine.conditionals import Conditionals
from tradetui.engine.desk import Desk
from tradetui.engine.due import DueAction
from tradetui.engine.fills import FillBook
from tradetui.engine.groups import Groups
from tradetui.engine.protection import Protection
from tradetui.engine.reserve import affordable_qty
from tradetui.engine.scribe import Scribe
from tradetui.trading import guard
from tradetui.trading.match_latency import DueQueue
from tradetui.trading.match_types import EXIT_ROLES, Execution, Match, Outcome
from tradetui.trading.settings import EngineSettings


class OrderFlow:
    """Carries accepted orders to the venue and their fills back."""

    def __init__(self, settings: EngineSettings, scribe: Scribe, desks: dict[str, Desk]) -> None:
        self.settings = settings
        self.scribe = scribe
        self.state = scribe.state
        self.desks = desks
        self.due: DueQueue[DueAction] = DueQueue()
        self.fills = FillBook(scribe)
        self.amends = Amends(self)
        self.chases = Chases(settings, self)
        self.conditionals = Conditionals(settings, self)
        self.groups = Groups(self)
        self.protection = Protection(settings, self)
        self.brackets = Brackets(self)
        self.available: Callable[[str], Decimal] = scribe.state.free
        """What may be used of an asset; the engine knows what cross positions have lost of it."""
        self.liquidate: Callable[[Order], None] = self.execute
        """Carries out a liquidation that had to wait for its book."""
        self.opening: Callable[[Order], None] = lambda _order: None
        """Tells what an order rests on before it is sent."""
        self.outdated: Callable[[Desk, Order], Reason] = lambda _desk, _order: Reason.NONE
        """Why an entry that had to wait may not act any more."""
        self.fitting: Callable[[Desk, Order], tuple[Decimal, Reason]] = lambda _, order: (
            order.leaves,
            Reason.NONE,
        )
        """How much of an entry at market the risk budget still carries, and what binds it."""

    # --- on the way

    def send(self, order: Order, *, latency_ns: int) -> Order:
        """Take an order: it acts now, or when it has reached the venue."""
        order = msgspec.structs.replace(order, due_ts=self.scribe.ts + latency_ns)
        self.opening(order)
        self.scribe.move(order, OrderState.SUBMITTED)
        self.desks[order.symbol].restake()
        self.plan_expiry(order)
        self.later(DueAction("act", order.order_id), latency_ns)
        return self.state.orders[order.order_id]

    def later(self, action: DueAction, latency_ns: int) -> None:
        """Do something when its latency is over; at once where there is none."""
        if latency_ns > 0:
            self.due.push(self.scribe.steady_ts + latency_ns, action)
        else:
            self.perform(action)

    def perform(self, action: DueAction) -> None:
        """Do what has become due."""
        if action.what == "crossed":
            self.walk_crossed(self.desks[action.symbol])
            return
        order = self.state.live.get(action.order_id)
        if order is None:
            self._note_late(action)
        elif action.what == "cancel":
            self.cancel_now(order, Reason.USER)
        elif action.what == "walk":
            self.conditionals.walk(order)
        elif action.what == "escalate":
            self.conditionals.escalate(order)
        elif action.what == "expire":
            self._expire(order)
        elif action.what == "amend":
            self.amends.act(order)
        elif order.state is OrderState.SUBMITTED:
            self.arrive(order)

    def _note_late(self, action: DueAction) -> None:
        """What was asked of an order that is over by now is written and does nothing (R-ORD-4)."""
        order = self.state.orders.get(action.order_id)
        if order is not None and action.what in ("cancel", "amend"):
            text = f"order {order.order_id} was {order.state.value} before its {action.what} arrived"
            self.scribe.note("ignored_terminal", text, symbol=order.symbol)

    def plan_expiry(self, order: Order) -> None:
        """A good-till-date order is over as soon as its last moment has passed (R-TIM-3).

        What gets to the venue in that moment still acts.
        """
        if order.expire_ts:
            self._expire_in(order, max(0, order.expire_ts - self.scribe.ts))

    def _expire_in(self, order: Order, left: int) -> None:
        self.due.push(self.scribe.steady_ts + left, DueAction("expire", order.order_id), is_last=True)

    def _expire(self, order: Order) -> None:
        if self.scribe.ts < order.expire_ts:
            # the wall clock was set back: engine time, which stands still, does not tell how long it is
            self._expire_in(order, order.expire_ts - self.scribe.received_ts)
        elif order.state is OrderState.HELD:
            self.cancel_now(order, Reason.GTD_ENDED)
        else:
            self.end(order, OrderState.EXPIRED, Reason.GTD_ENDED)

    def request_cancel(self, order: Order, reason: Reason = Reason.USER) -> None:
        """Cancel an order; it may still fill until the cancel has reached the venue (R-ORD-1).

        An order on its way is there first. One that a flatten cancels says so: what it fills until then is
        closed as well.
        """
        latency = self.settings.cancel_ns
        if order.state is OrderState.SUBMITTED:
            latency = max(latency, order.due_ts - self.scribe.ts)
        if order.state is OrderState.HELD or latency <= 0:
            self.cancel_now(order, Reason.USER)
            return
        why = str(reason) if reason is Reason.FLATTEN else order.reason
        if not order.pending_cancel or why != order.reason:
            self.scribe.order(msgspec.structs.replace(order, pending_cancel=True, reason=why))
        if not order.pending_cancel:
            self.later(DueAction("cancel", order.order_id), latency)

    def cancel_now(self, order: Order, reason: Reason, state: OrderState = OrderState.CANCELED) -> None:
        """Take an order out everywhere at once; what hangs on it goes with it."""
        self._forget(order)
        self.scribe.move(order, state, reason)
        self.groups.drop_children(order)

    def _forget(self, order: Order) -> None:
        desk = self.desks[order.symbol]
        desk.matcher.cancel(order.order_id)
        desk.disarm(order.order_id)
        desk.waiting.pop(order.order_id, None)

    # --- at the venue

    def arrive(self, order: Order) -> None:
        """An order reaches the venue."""
        desk = self.desks[order.symbol]
        if order.chase is not None:
            desk.chasing[order.order_id] = None
        if self.groups.is_decided(order):
            self.cancel_now(order, Reason.OTHER_FILLED)
        elif order.parent_id:
            self.scribe.move(order, OrderState.HELD)
        elif self._is_locked_out(order):
            self.cancel_now(order, Reason.LOCKED)
        elif order.role is OrderRole.ENTRY and desk.instrument.status is not InstrumentStatus.TRADING:
            self.end(order, OrderState.REJECTED, Reason.INSTRUMENT_HALTED)
        elif order.role is OrderRole.PROTECTIVE and self._is_executing(order.symbol):
            self.cancel_now(order, Reason.STOP_EXECUTING)
        elif order.role is OrderRole.PROTECTIVE:
            self.protection.swap(order)
        elif order.is_conditional:
            self.conditionals.arm(desk, order)
        elif self.may_act(desk, order):
            self.execute(order)
        else:
            desk.waiting[order.order_id] = None

    def _is_executing(self, symbol: str) -> bool:
        """Whether a position's stop was triggered: it is latched, none takes its place any more (R-ORD-2)."""
        stop, position = self.state.stop_of(symbol), self.state.holding(symbol)
        if stop is None or position is None or stop.side is position.side:
            return False
        return stop.state is not OrderState.ARMED

    def _is_locked_out(self, order: Order) -> bool:
        """Whether a lock refuses an entry, or a stop that would stand farther off than the present one."""
        if order.role is OrderRole.ENTRY:
            return self.state.lock_on(order.symbol, order.side) is not None
        stop = self.state.stop_of(order.symbol)
        if self.state.lock is None or order.role is not OrderRole.PROTECTIVE or stop is None:
            return False
        if stop.trigger is None or order.trigger is None:
            return False
        return guard.is_tighter(stop.trigger, order.trigger, sign=-order.side.sign)

    def may_act(self, desk: Desk, order: Order) -> bool:
        """Whether the data carries an execution; exits do not wait for ever for a crossed book (6.2)."""
        if desk.is_fresh and not desk.recovering:
            return True
        return order.role in EXIT_ROLES and desk.is_crossed_for_long(self.scribe.steady_ts)

    def execute(self, order: Order) -> None:
        """Let an order act against the book now: fill, rest, wait or expire."""
        desk = self.desks[order.symbol]
        desk.waiting.pop(order.order_id, None)
        if order.role is OrderRole.TAKE_PROFIT and order.state is OrderState.SUBMITTED:
            self.brackets.targets.make_room(order)
        order = self._sized(desk, order)
        qty, short_of = self._executable(desk, order)
        lots = desk.lots(qty)
        if lots == 0:
            self._nothing_to_do(order, short_of)
            return
        incoming = desk.incoming(order, lots)
        match = desk.matcher.execute(incoming)
        for maker_id in match.expired_makers:
            self.cancel_now(self.state.live[maker_id], Reason.SELF_TRADE, OrderState.EXPIRED_IN_MATCH)
        for maker_id, met in match.decremented:
            self._prevent(desk, maker_id, met)
        self.book(desk, match.executions)
        if match.prevented:
            self._prevent(desk, order.order_id, match.prevented)
        is_short = lots < desk.lots(order.leaves)
        self._conclude(desk, order.order_id, match, short_of=short_of if is_short else Reason.NONE)
        self.brackets.settle(order.symbol)

    def _prevent(self, desk: Desk, order_id: str, lots: int) -> None:
        """Lots of an order met another of ours: they trade with nobody (section 7.7)."""
        order = self.state.live.get(order_id)
        if order is None:
            return
        qty = order.prevented + desk.instrument.to_qty(lots)
        order = self.scribe.order(msgspec.structs.replace(order, prevented=qty))
        if order.leaves == 0 and order.state in (OrderState.WORKING, OrderState.PARTIALLY_FILLED):
            self.cancel_now(order, Reason.SELF_TRADE, OrderState.EXPIRED_IN_MATCH)

    def _sized(self, desk: Desk, order: Order) -> Order:
        """A closing order takes what is held when it executes (R-RED-4)."""
        held = desk.exit_qty()
        if not order.close_position or held in (ZERO, order.leaves):
            return order
        return self.scribe.order(msgspec.structs.replace(order, qty=order.filled + order.prevented + held))

    def _executable(self, desk: Desk, order: Order) -> tuple[Decimal, Reason]:
        """What may trade now, and why no more: of exits what is held, of entries what is allowed."""
        if order.close_position or order.reduce_only:
            position = self.state.positions.get(order.symbol)
            reduces = position is not None and position.signed_qty * order.side.sign < 0
            qty = min(order.leaves, desk.exit_qty()) if reduces else ZERO
            return qty, Reason.POSITION_CLOSED
        free = self.available(desk.instrument.settle)
        affordable = affordable_qty(self.state, desk, order, free=free)
        if order.price is not None:
            return order.leaves if order.leaves <= affordable else ZERO, Reason.INSUFFICIENT_BALANCE
        carried, reason = self.fitting(desk, order)
        return (carried, reason) if carried < affordable else (affordable, Reason.INSUFFICIENT_BALANCE)

    def _nothing_to_do(self, order: Order, short_of: Reason) -> None:
        if order.reduce_only and not order.close_position and order.state is OrderState.SUBMITTED:
            self._forget(order)
            self.scribe.move(order, OrderState.REJECTED, Reason.REDUCE_ONLY)
        elif order.close_position or order.reduce_only:
            self.cancel_now(order, Reason.POSITION_CLOSED)
        else:
            self._forget(order)
            below = self.desks[order.symbol].lots(order.leaves) == 0
            self.scribe.move(order, OrderState.EXPIRED, Reason.OFF_LOT if below else short_of)

    def _conclude(self, desk: Desk, order_id: str, match: Match, *, short_of: Reason) -> None:
        """Write what became of the part that did not fill, or that was not to fill for a reason."""
        order = self.state.live.get(order_id)
        if order is None:
            return
        match match.outcome:
            case Outcome.RESTING:
                if order.state not in (OrderState.WORKING, OrderState.PARTIALLY_FILLED):
                    self.scribe.move(order, OrderState.WORKING)
            case Outcome.WAITING:
                desk.waiting[order_id] = None
                if order.state in (OrderState.SUBMITTED, OrderState.TRIGGERED):
                    self.scribe.move(order, OrderState.WORKING, Reason.NO_LIQUIDITY)
            case Outcome.REJECTED if order.state in (OrderState.SUBMITTED, OrderState.TRIGGERED):
                self.end(order, OrderState.REJECTED, match.reason)
            case Outcome.FILLED if short_of is Reason.NONE:
                return
            case Outcome.FILLED:
                exits = short_of is Reason.POSITION_CLOSED
                self.end(order, OrderState.CANCELED if exits else OrderState.EXPIRED, short_of)
            case Outcome.SELF_TRADE if OrderState.EXPIRED_IN_MATCH in TRANSITIONS[order.state]:
                self.end(order, OrderState.EXPIRED_IN_MATCH, match.reason)
            case _:
                self.end(order, OrderState.EXPIRED, match.reason)

    def end(self, order: Order, state: OrderState, reason: Reason) -> None:
        """An order is over without being canceled."""
        self._forget(order)
        self.scribe.move(order, state, reason)
        self.groups.drop_children(order)

    def book(self, desk: Desk, executions: Sequence[Execution]) -> None:
        """Write what was executed; alternatives of what filled are over."""
        self.fills.write(desk, executions)
        self.groups.filled(executions)

    # --- what the others ask for

    def resize(self, desk: Desk, order: Order, leaves: Decimal) -> None:
        """Give an exit a new size; one that rests keeps its place when it shrinks."""
        if order.leaves == leaves or order.state.is_terminal:
            return
        resized = msgspec.structs.replace(order, qty=order.filled + order.prevented + leaves)
        resting = desk.matcher.leaves(order.order_id)
        if resting is not None and leaves < order.leaves:
            desk.matcher.reduce(order.order_id, desk.lots(leaves))
        elif resting is not None:
            desk.matcher.cancel(order.order_id)
            desk.matcher.restore(desk.incoming(resized, desk.lots(resized.qty)), lots=desk.lots(leaves))
        self.scribe.order(resized)

    def entries_now(self, position: Position) -> list[Order]:
        """The entries that filled now, in this transaction, the newest last; none from before an exit."""
        new, found = self.state.fill_count - self.scribe.fills_before, dict[str, Order]()
        for fill in islice(reversed(self.state.fills), new):
            is_own, adds = fill.symbol == position.symbol, fill.side is position.side
            if fill.ts != self.scribe.ts or (is_own and not adds and found):
                break
            if is_own and adds:
                found.setdefault(fill.order_id, self.state.orders[fill.order_id])
        return list(found.values())[::-1]

    def walk_waiting(self, desk: Desk) -> None:
        """Let what waits for liquidity or a fresh book act again: liquidations, other exits, entries."""
        ids = sorted(desk.waiting, key=self._turn)
        for order_id in ids:
            order = self.state.live.get(order_id)
            if order is None:
                desk.waiting.pop(order_id, None)
            elif order.role is OrderRole.LIQUIDATION:
                desk.waiting.pop(order_id)
                self.liquidate(order)
            elif (reason := self.outdated(desk, order)) is not Reason.NONE:
                self.end(order, OrderState.EXPIRED, reason)
            elif order.state is OrderState.SUBMITTED:
                desk.waiting.pop(order_id)
                self.arrive(order)
            else:
                self.execute(order)

    def note_crossed(self, desk: Desk) -> None:
        """A book is crossed: its exits wait a moment, then they take the worse side."""
        if desk.crossed_since is None:
            desk.crossed_since = self.scribe.steady_ts
            self.due.push(desk.crossed_since + desk.crossed_ns, DueAction("crossed", "", symbol=desk.symbol))
        else:
            self.walk_crossed(desk)

    def walk_crossed(self, desk: Desk) -> None:
        """Let exits act against a book that stays crossed, and the stop look at its last sound touch."""
        if not desk.is_crossed_for_long(self.scribe.steady_ts):
            return
        self.conditionals.look_at_sound_touch(desk)
        for order_id in list(desk.waiting):
            order = self.state.live.get(order_id)
            if order is not None and order.role in EXIT_ROLES and order.role is not OrderRole.LIQUIDATION:
                self.execute(order)

    def _turn(self, order_id: str) -> int:
        order = self.state.live.get(order_id)
        if order is None or order.role not in EXIT_ROLES:
            return 2
        return 0 if order.role is OrderRole.LIQUIDATION else 1
