"""What stands between a wish and an order: the checks of section 9 in their order, and the size.

The same code prices a draft for the ticket and takes the real order, so the ticket can not promise
what the engine then refuses.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from tradetui.domain.command import Size, SizeUnit, SubmitOrder
from tradetui.domain.market_data import FeedState, Side
from tradetui.domain.number import ONE, ZERO
from tradetui.domain.order import Order, OrderRole, TriggerBy
from tradetui.domain.position import Position
from tradetui.domain.reply import Reason
from tradetui.engine import shape
from tradetui.engine.books import Books
from tradetui.engine.chasing import at_worst, begun
from tradetui.engine.checks import EntryChecks
from tradetui.engine.desk import Desk
from tradetui.engine.expiry import expiry
from tradetui.engine.filters import check_filters
from tradetui.engine.pricing import Pricing
from tradetui.engine.refusals import number, refuse
from tradetui.engine.reserve import fitting_qty
from tradetui.engine.rulechecks import RuleChecks
from tradetui.engine.targetplans import planned_targets
from tradetui.engine.trails import planned_trail, with_trails
from tradetui.state import State
from tradetui.trading.match_types import Match
from tradetui.trading.settings import EngineSettings

_LATE: Final = "its data is late: the market may have moved on"
"""What an entry is warned of while the data lags (6.2)."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """An order that passed every check, with what it means."""

    order: Order
    entry: Decimal
    """The price that it is expected to enter at."""
    risk: Decimal = ZERO
    margin: Decimal = ZERO
    text: str = ""
    liquidation: Decimal | None = None
    """Where the position that there would be is liquidated, exactly; None on spot and for exits."""


class Intake:
    """Turns a wish into a plan, or refuses it."""

    def __init__(self, settings: EngineSettings, state: State, desks: dict[str, Desk], books: Books) -> None:
        self.settings = settings
        self.state = state
        self.desks = desks
        self.books = books
        self.pricing = Pricing(settings, state, books)
        self.checks = EntryChecks(state, books, self.pricing)
        self.rules = RuleChecks(books)

    def plan(self, command: SubmitOrder, *, ts: int, reversing: bool = False) -> Plan:
        """Check an order in the order of section 9; raises Refused with the first failure."""
        desk = self.desk_of(command.symbol)
        position = None if reversing else self.state.holding(command.symbol)
        reduces = position is not None and position.side is not command.side
        closes = command.size.unit is SizeUnit.POSITION
        is_exit = command.reduce_only or closes or (reduces and self._fits_in(command, position))
        shape.check_instrument(desk.instrument, is_exit=is_exit)
        if not is_exit:
            self._check_currency(desk)
            self._check_state(desk, command.side)
        shape.check_shape(command)
        shape.check_grid(desk.instrument, command)
        stop_by = command.stop.by if command.stop is not None else None
        desk.sources.check(command.trigger_by, stop_by, *(target.by for target in command.targets))
        command = at_worst(desk, with_trails(desk, command))
        if is_exit:
            plan = self._plan_exit(desk, command, position, ts=ts)
        else:
            plan = self._plan_entry(desk, command, position, ts=ts, reversing=reversing)
        order = begun(desk, command, plan.order, most=self.settings.chase_changes)
        warned = _LATE if not is_exit and desk.market.feed_state is FeedState.LAGGING else ""
        text = "; ".join(filter(None, (plan.text, warned)))
        return msgspec.structs.replace(plan, order=order, text=text)

    def desk_of(self, symbol: str) -> Desk:
        """The desk of a symbol; raises Refused for one that is not listed."""
        desk = self.desks.get(symbol)
        if desk is None or symbol not in self.state.instruments:
            known = ", ".join(sorted(self.state.instruments)) or "none yet"
            raise refuse(Reason.UNKNOWN_SYMBOL, f"{symbol} is not listed", mend=f"listed: {known}")
        return desk

    def position_of(self, symbol: str) -> tuple[Desk, Position]:
        """The desk and the open position of a symbol; raises Refused when flat."""
        desk = self.desk_of(symbol)
        position = self.state.holding(symbol)
        if position is None:
            raise refuse(Reason.NO_POSITION, f"there is no position in {symbol}")
        return desk, position

    def _fits_in(self, command: SubmitOrder, position: Position | None) -> bool:
        """Whether an order against the position only reduces it."""
        if position is None:
            return False
        instrument = self.state.instruments[command.symbol]
        if instrument.is_spot or command.size.unit is not SizeUnit.BASE:
            return True
        return command.size.value <= position.qty

    def _check_currency(self, desk: Desk) -> None:
        """An account has one currency: what settles in another one would count nowhere."""
        settle, own = desk.instrument.settle, self.state.currency
        if settle != own:
            raise refuse(
                Reason.OTHER_CURRENCY,
                f"{desk.symbol} settles in {settle}, this account is kept in {own}",
                mend=f"open a profile with currency = {settle}",
            )

    def _check_state(self, desk: Desk, side: Side) -> None:
        """Account and data: locked, recovering, not fresh."""
        self.rules.halted(desk.symbol, side)
        self.checks.priced(desk.symbol)
        if desk.is_fresh and not desk.recovering:
            return
        market = desk.market
        if desk.recovering:
            raise refuse(Reason.RECOVERING, f"{desk.symbol}: waiting for the first fresh book")
        words = (
            "its book is crossed" if market.feed_state.is_fresh else f"its data is {market.feed_state.value}"
        )
        if market.feed_state is FeedState.HALTED:
            raise refuse(Reason.INSTRUMENT_HALTED, f"{desk.symbol} is halted")
        if market.feed_state.is_fresh and desk.best(Side.BUY) is None and desk.best(Side.SELL) is None:
            raise refuse(Reason.NO_PRICE, f"{desk.symbol} has no book yet")
        if market.feed_state.is_fresh and desk.awaits_book:
            raise refuse(Reason.STALE_DATA, f"{desk.symbol}: no book has come since its data was lost")
        raise refuse(Reason.STALE_DATA, f"{desk.symbol}: {words}; new risk needs fresh data")

    # --- exits

    def _plan_exit(self, desk: Desk, command: SubmitOrder, position: Position | None, *, ts: int) -> Plan:
        if position is None or position.side is command.side:
            raise refuse(
                Reason.REDUCE_ONLY, f"no {command.side.opposite.value} position in {desk.symbol} to reduce"
            )
        held = desk.exit_qty()
        wanted = self.pricing.exit_size(desk, command.size, position)
        if not command.reduce_only and command.size.unit is SizeUnit.BASE and wanted > held:
            raise refuse(
                Reason.INSUFFICIENT_BALANCE,
                f"needs {number(wanted)} {desk.instrument.base}, {number(position.qty)} held",
                mend=f"{number(held)} would pass",
                needed=wanted,
                available=held,
                nearest=held,
            )
        qty = min(wanted, held)
        if qty <= 0:
            raise refuse(Reason.SIZE_TOO_SMALL, "the size is below one lot", nearest=desk.instrument.lot_size)
        order = self._order(desk, command, qty, ts=ts)
        order = msgspec.structs.replace(
            order,
            role=OrderRole.DISCRETIONARY,
            reduce_only=True,
            close_position=command.size == Size(ONE, SizeUnit.POSITION),
        )
        text = f"clamped to the position: {number(qty)}" if qty < wanted else ""
        entry = (
            command.limit
            or command.trigger
            or desk.best(command.side)
            or self.books.valuation(desk.symbol)
            or position.entry_price
        )
        return Plan(order=order, entry=entry, text=text)

    # --- entries

    def _plan_entry(
        self, desk: Desk, command: SubmitOrder, position: Position | None, *, ts: int, reversing: bool
    ) -> Plan:
        instrument = desk.instrument
        self.checks.flip(desk, command, position)
        reference = self.pricing.reference(desk, command)
        stop = self.checks.stop_of(desk, command, reference)
        budget = self.books.budget()
        qty, entry = self.pricing.size(desk, command, reference, stop, budget=budget)
        self.checks.stop_side(desk, command, entry, stop)  # a size from risk means nothing without it
        qty, text = self._carried(desk, command, qty, entry)
        shape.check_qty(instrument, qty, entry, computed=command.size.unit is not SizeUnit.BASE)
        check_filters(desk, self.state, command, qty)
        for target in command.targets:
            shape.check_target_side(target, sign=command.side.sign, entry=entry)
        leverage = self.state.leverage_on(instrument)
        liquidation = self.checks.liquidation(
            desk, command, position, qty=qty, entry=entry, stop=stop, leverage=leverage
        )
        self.rules.of_the_day(desk.symbol, command.side, ts=ts)
        self.rules.sizes(desk.symbol, qty, entry, ts=ts, reversing=reversing)
        worst = self.pricing.worst_price(desk, command, entry)
        held_back = self.checks.balance(desk, command, qty, worst, leverage=leverage, reversing=reversing)
        self.checks.tiers.entry(instrument, command, position, qty=qty, price=entry, leverage=leverage)
        unit = self.pricing.unit_risk(instrument, entry, stop, post_only=command.post_only)
        self.checks.budget(desk, qty, unit, budget=budget, reversing=reversing)
        risk = qty * unit
        order = self._planned(desk, command, qty, ts=ts, entry=entry, stop=stop)
        order = msgspec.structs.replace(order, planned_risk=risk, reserved=held_back)
        return Plan(order=order, entry=entry, risk=risk, margin=held_back, text=text, liquidation=liquidation)

    def _planned(
        self, desk: Desk, command: SubmitOrder, qty: Decimal, *, ts: int, entry: Decimal, stop: Decimal | None
    ) -> Order:
        """The order with the stop and the targets that it brings along."""
        given, target = command.stop, command.target
        return msgspec.structs.replace(
            self._order(desk, command, qty, ts=ts),
            planned_stop=stop,
            planned_stop_limit=given.limit if given is not None else None,
            planned_stop_by=(given.by if given is not None else None) or TriggerBy.LAST,
            planned_trail=planned_trail(given, stop, entry),
            planned_target=target.price if target is not None else None,
            planned_target_r=target.r if target is not None else None,
            planned_targets=planned_targets(desk.instrument, command, qty),
        )

    def _carried(self, desk: Desk, command: SubmitOrder, qty: Decimal, entry: Decimal) -> tuple[Decimal, str]:
        """A size from a risk made to fit the balance where that is wished, and that it was."""
        if not command.fit or command.size.unit is not SizeUnit.RISK:
            return qty, ""
        carried = self._carried_qty(desk, command, entry)
        if carried >= qty:
            return qty, ""
        return self.checks.carried(desk, carried, entry), f"as much as the balance carries: {number(carried)}"

    def _carried_qty(self, desk: Desk, command: SubmitOrder, entry: Decimal) -> Decimal:
        """The largest entry that the free balance can pay for at the worst price it may meet."""
        instrument = desk.instrument
        worst = self.pricing.worst_price(desk, command, entry)
        free = self.books.margins.available(instrument.settle)
        leverage = self.state.leverage_on(instrument)
        return fitting_qty(desk, command.side, free, price=worst, leverage=leverage)

    # --- the order itself

    def _order(self, desk: Desk, command: SubmitOrder, qty: Decimal, *, ts: int) -> Order:
        """The order of a command, without its role's additions and without an id."""
        return Order(
            order_id="",
            client_id=command.client_id,
            ts=ts,
            symbol=desk.symbol,
            side=command.side,
            type=shape.type_of(command),
            qty=qty,
            price=command.limit,
            trigger=command.trigger,
            trail=command.trail,
            trigger_by=command.trigger_by,
            tif=command.tif,
            expire_ts=expiry(command, desk.instrument, ts=ts, zone=self.state.limits.get("zone", "UTC")),
            post_only=command.post_only,
            reduce_only=command.reduce_only,
            arrival_mid=desk.mid(),
        )

    def match(self, order: Order) -> Match | None:
        """What an order would meet in the book now; None for one that waits for a trigger."""
        desk = self.desks[order.symbol]
        if order.is_conditional or not desk.is_fresh:
            return None
        return desk.matcher.estimate(desk.incoming(order, desk.lots(order.qty)))
