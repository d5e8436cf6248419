"""What each command does. Entries meet every check; exits meet almost none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import msgspec

from tradetui.domain.command import (
    AcknowledgeGaps,
    AdjustMargin,
    AmendOrder,
    AnyCommand,
    BreakEven,
    CancelAll,
    CancelOrder,
    Deposit,
    Flatten,
    Half,
    NoteInputs,
    Reverse,
    SetLeverage,
    SetMarginMode,
    SetStop,
    SetTarget,
    Size,
    SizeUnit,
    Stop,
    SubmitOco,
    SubmitOrder,
    SubmitOto,
    SubmitScale,
    Withdraw,
)
from tradetui.domain.event import GapsAcknowledged
from tradetui.domain.number import ZERO, floor_to
from tradetui.domain.order import Order, OrderRole, OrderState
from tradetui.domain.reply import STILL_OPEN, Reason, Reply
from tradetui.engine import shape
from tradetui.engine.amenddesk import AmendDesk
from tradetui.engine.books import Books
from tradetui.engine.daywatch import DayWatch
from tradetui.engine.funds import FundsDesk
from tradetui.engine.intake import Intake
from tradetui.engine.limitdesk import LimitDesk
from tradetui.engine.orderlists import ListDesk
from tradetui.engine.orders import OrderFlow
from tradetui.engine.refusals import Refused, number, refuse
from tradetui.engine.stops import StopDesk
from tradetui.engine.stuck import hindrance
from tradetui.engine.targetdesk import TargetDesk
from tradetui.trading.match_types import EXIT_ROLES
from tradetui.trading.settings import EngineSettings


class CommandDesk:
    """Carries out commands and answers each."""

    def __init__(
        self, settings: EngineSettings, flow: OrderFlow, *, books: Books, intake: Intake, watch: DayWatch
    ) -> None:
        self.settings = settings
        self.flow = flow
        self.scribe = flow.scribe
        self.state = flow.state
        self.books = books
        self.intake = intake
        self.watch = watch
        funds = FundsDesk(flow.scribe, books=books, intake=intake)
        self.stops = stops = StopDesk(settings, flow, books=books, intake=intake)
        lists = ListDesk(settings, flow, intake=intake)
        amends = AmendDesk(settings, flow, intake=intake, stops=stops)
        targets = TargetDesk(settings, flow, books=books, intake=intake)
        self._handlers: dict[type, Callable[[Any], Reply]] = {
            SubmitOrder: self._submit,
            SubmitOco: lists.submit_oco,
            SubmitOto: lists.submit_oto,
            SubmitScale: lists.submit_scale,
            CancelOrder: self._cancel,
            AmendOrder: amends.amend,
            CancelAll: self._cancel_all,
            SetStop: stops.set_stop,
            BreakEven: stops.breakeven,
            SetTarget: targets.set_target,
            Flatten: self._flatten,
            Reverse: self._reverse,
            Half: self._half,
            SetLeverage: funds.set_leverage,
            AdjustMargin: funds.adjust_margin,
            SetMarginMode: funds.set_margin_mode,
            Deposit: funds.deposit,
            Withdraw: funds.withdraw,
            NoteInputs: self._note_inputs,
            **LimitDesk(watch).handlers,
            AcknowledgeGaps: self._acknowledge,
        }

    def carry_out(self, command: AnyCommand) -> Reply:
        """Do a command, once for each key; refusals come back as values."""
        first = self.state.keys.get(command.key) if command.key else None
        if first is not None:
            self.scribe.note("duplicate", f"command {command.key} was sent again: nothing done")
            return first
        seq = self.state.seq
        self.scribe.key = command.key
        try:
            reply = self._handlers[type(command)](command)
        except Refused as refused:
            reply = self._refused(command, refused)
        if command.key and self.state.seq == seq:
            self.scribe.note("command", reply.text or "nothing to do")
        self.scribe.key = ""
        kept = self.state.keys.get(command.key)
        ids = kept.order_ids if kept is not None else reply.order_ids
        return msgspec.structs.replace(reply, key=command.key, order_ids=ids)

    def _refused(self, command: AnyCommand, refused: Refused) -> Reply:
        """Write a refusal: an order that was not accepted is kept as denied."""
        refusal = refused.refusal
        if not isinstance(command, SubmitOrder):
            symbol = getattr(command, "symbol", "") or ""
            self.scribe.note("refused", refusal.text, symbol=symbol, refusal=refusal)
            return Reply(refusal=refusal)
        order = Order(
            order_id=self.scribe.next_order_id(),
            client_id=command.client_id,
            ts=self.scribe.ts,
            symbol=command.symbol,
            side=command.side,
            type=shape.type_of(command),
            qty=command.size.value if command.size.unit is SizeUnit.BASE else ZERO,
            price=command.limit,
            trigger=command.trigger,
            trail=command.trail,
            trigger_by=command.trigger_by,
            tif=command.tif,
            post_only=command.post_only,
            reduce_only=command.reduce_only,
        )
        denied = order.to(OrderState.DENIED, str(refusal.reason))
        self.scribe.order(denied, refusal)
        if refusal.reason is Reason.DAILY_BUDGET:
            self.watch.lock_if_spent()
        return Reply(refusal=refusal, order_ids=(order.order_id,))

    # --- orders

    def _submit(self, command: SubmitOrder) -> Reply:
        plan = self.intake.plan(command, ts=self.scribe.ts)
        order = msgspec.structs.replace(plan.order, order_id=self.scribe.next_order_id())
        self.flow.send(order, latency_ns=self.settings.entry_ns)
        return Reply(order_ids=(order.order_id,), text=plan.text)

    def _cancel(self, command: CancelOrder) -> Reply:
        named = [order for order in self.state.live.values() if _is_named(order, command.order_id)]
        if named:
            return self._cancel_each(named)
        order = self.state.find(command.order_id)
        if order is None:
            raise refuse(Reason.UNKNOWN_ORDER, f"there is no order {command.order_id}")
        if order.state.is_terminal:
            raise refuse(Reason.UNKNOWN_ORDER, f"order {order.order_id} is {order.state.value} already")
        if order.role is OrderRole.PROTECTIVE and self.state.risk_limits.require_stop:
            raise refuse(
                Reason.STOP_NOT_REMOVABLE,
                f"{order.order_id} protects the position in {order.symbol}",
                mend="move it with stop PRICE, or close the position with flatten",
            )
        if order.role is OrderRole.PROTECTIVE:
            self._unprotect(order.symbol)
        if order.role is OrderRole.FLATTEN and self.state.lock is not None:
            raise refuse(Reason.LOCKED, f"{order.order_id} closes the position: {self.state.lock.text}")
        if order.role is OrderRole.LIQUIDATION:
            raise refuse(Reason.LIQUIDATION, f"{order.order_id} liquidates {order.symbol}: the venue does it")
        return self._cancel_each([order])

    def _cancel_each(self, orders: list[Order]) -> Reply:
        for order in orders:
            still = self.state.live.get(order.order_id)  # an order may have gone with the one before it
            if still is not None:
                self.flow.request_cancel(still)
        return Reply(order_ids=tuple(order.order_id for order in orders))

    def _unprotect(self, symbol: str) -> None:
        """A stop that is not required may go where the budget carries what is then at risk."""
        position = self.state.holding(symbol)
        if position is not None:
            grown = self.stops.check_loosening(symbol, position, None)
            self.stops.note_loosening(symbol, None, grown)

    def _cancel_all(self, command: CancelAll) -> Reply:
        ids = []
        for order in list(self.state.live.values()):
            if order.role in EXIT_ROLES or command.symbol not in (None, order.symbol):
                continue
            if order.order_id in self.state.live:
                self.flow.request_cancel(order)
                ids.append(order.order_id)
        return Reply(order_ids=tuple(ids), text=f"{len(ids)} canceled")

    def _flatten(self, command: Flatten) -> Reply:
        if command.symbol is not None:
            self.intake.desk_of(command.symbol)
        self.watch.ask_entries_out(command.symbol, Reason.FLATTEN)
        symbols = [command.symbol] if command.symbol is not None else list(self.state.positions)
        orders = [order for symbol in symbols if (order := self.watch.flatten(symbol)) is not None]
        is_open = any(self.state.holding(symbol) is not None for symbol in symbols)
        text = "" if orders else "it is being closed already" if is_open else "nothing is open"
        told = "; ".join(filter(None, (text, *self._hindrances(symbols))))
        return Reply(order_ids=tuple(order.order_id for order in orders), text=told)

    def _hindrances(self, symbols: list[str]) -> Iterator[str]:
        """Why positions that are to be closed can not be now, as far as their books show (R-MD-7)."""
        for symbol in symbols:
            closing = [o for o in self.state.live_of(symbol) if o.role is OrderRole.FLATTEN]
            why = hindrance(self.flow.desks[symbol], closing[-1]) if closing else ""
            if why:
                yield f"{symbol} {STILL_OPEN}: {why}"

    def _half(self, command: Half) -> Reply:
        desk, position = self.intake.position_of(command.symbol)
        qty = floor_to(desk.exit_qty() / 2, desk.instrument.lot_size)
        if qty == 0:
            raise refuse(
                Reason.SIZE_TOO_SMALL, f"half of {number(position.qty)} is below one lot", mend="flatten"
            )
        exit_ = SubmitOrder(
            symbol=command.symbol, side=position.side.opposite, size=Size(qty), reduce_only=True
        )
        return self._submit(exit_)

    def _reverse(self, command: Reverse) -> Reply:
        desk, position = self.intake.position_of(command.symbol)
        entry = SubmitOrder(
            symbol=command.symbol,
            side=position.side.opposite,
            size=Size(desk.exit_qty()),
            stop=command.stop or Stop(atr=Decimal(1)),
        )
        plan = self.intake.plan(entry, ts=self.scribe.ts, reversing=True)
        self.watch.ask_entries_out(command.symbol)
        closing = self.watch.flatten(command.symbol)
        if closing is None:
            raise refuse(
                Reason.CONFLICTING_FLAGS, f"the position in {command.symbol} is being closed already"
            )
        order = msgspec.structs.replace(
            plan.order, order_id=self.scribe.next_order_id(), parent_id=closing.order_id
        )
        self.flow.send(order, latency_ns=self.settings.entry_ns)
        return Reply(order_ids=(closing.order_id, order.order_id), text=plan.text)

    # --- the journal

    def _acknowledge(self, _: AcknowledgeGaps) -> Reply:
        count = len(self.state.gaps)
        if count:
            self.scribe.write(GapsAcknowledged(count=count))
        return Reply(text=f"{count} acknowledged" if count else "nothing to acknowledge")

    def _note_inputs(self, command: NoteInputs) -> Reply:
        self.scribe.note("inputs", f"{command.chunk} {command.count} {command.sha256}")
        return Reply()


def _is_named(order: Order, name: str) -> bool:
    """Whether an order is one of several that a file gave one name."""
    return bool(name) and order.client_id == name and order.role not in EXIT_ROLES
