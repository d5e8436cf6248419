"""What an entry must pass beyond its shape: flip, stop, liquidation, balance and budget (section 9)."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from tradetui.domain.command import SubmitOrder
from tradetui.domain.market_data import Side
from tradetui.domain.number import MONEY, ZERO
from tradetui.domain.order import TriggerBy
from tradetui.domain.position import Position
from tradetui.domain.reply import Reason
from tradetui.engine import shape
from tradetui.engine.books import Books
from tradetui.engine.desk import Desk
from tradetui.engine.pricing import Pricing
from tradetui.engine.refusals import money, number, refuse
from tradetui.engine.reserve import fitting_qty, reserve
from tradetui.engine.tierchecks import TierChecks
from tradetui.state import State
from tradetui.trading import guard, risk
from tradetui.trading.account import used_margin
from tradetui.trading.leverage import initial_margin
from tradetui.trading.risk import Budget


class EntryChecks:
    """Each raises Refused with the numbers that decided."""

    def __init__(self, state: State, books: Books, pricing: Pricing) -> None:
        self.state = state
        self.books = books
        self.pricing = pricing
        self.tiers = TierChecks(books)

    def priced(self, symbol: str) -> None:
        """Raises Refused while another position has no price of this run: its risk can not be counted."""
        for held in self.state.positions:
            instrument = self.state.instruments[held]
            if held == symbol or instrument.is_gone or self.books.is_priced(held) or self.state.is_dust(held):
                continue
            raise refuse(
                Reason.RECOVERING,
                f"{held} is held and has no price since the start: what is at risk can not be counted",
                mend="wait for its data",
            )

    def flip(self, desk: Desk, command: SubmitOrder, position: Position | None) -> None:
        """A sale of nothing on spot, or more than closes the position."""
        if desk.instrument.is_spot and command.side is Side.SELL:
            raise refuse(
                Reason.NO_SHORT_ON_SPOT,
                f"no {desk.instrument.base} held: spot can not be sold short",
                mend="use a perpetual",
            )
        if position is None or position.side is command.side:
            return
        held = desk.exit_qty()
        raise refuse(
            Reason.WOULD_FLIP,
            f"{number(command.size.value)} would turn the position of {number(held)} over",
            mend=f"at most {number(held)}, or reverse",
            limit=held,
            nearest=held,
        )

    def stop_of(self, desk: Desk, command: SubmitOrder, reference: Decimal) -> Decimal | None:
        """The protective stop's price; raises Refused where one is required and missing."""
        if command.stop is None:
            if self.books.limits.require_stop:
                raise refuse(
                    Reason.STOP_REQUIRED, "an entry needs a stop: none was given", mend="add: stop PRICE"
                )
            return None
        return self.pricing.stop_price(desk, command.stop, reference, sign=command.side.sign)

    def stop_side(self, desk: Desk, command: SubmitOrder, entry: Decimal, stop: Decimal | None) -> None:
        """Raises Refused where the stop would fire at once or lies on the winning side."""
        if stop is None:
            return
        sign = command.side.sign
        limits = [entry, *([command.trigger] if command.trigger is not None else [])]
        if _takes(desk, command):
            by = command.stop.by if command.stop is not None else None
            price = desk.trigger_price(by or TriggerBy.LAST, command.side.opposite)
            touch = desk.best(command.side.opposite)
            limits += [desk.instrument.price_from_float(price)] if price is not None else []
            limits += [touch] if touch is not None else []
        bound = min(limits) if sign > 0 else max(limits)
        if sign * (bound - stop) > 0:
            return
        side = "below" if sign > 0 else "above"
        raise refuse(
            Reason.STOP_WRONG_SIDE,
            f"stop {number(stop)} is not {side} the price {number(bound.normalize(MONEY))} it protects from",
            mend=f"put it {side} {number(bound.normalize(MONEY))}",
            limit=bound,
        )

    def liquidation(
        self,
        desk: Desk,
        command: SubmitOrder,
        position: Position | None,
        *,
        qty: Decimal,
        entry: Decimal,
        stop: Decimal | None,
        leverage: Decimal,
    ) -> Decimal | None:
        """Where the position would be liquidated; raises Refused where that is before its stop (R-TRG-4)."""
        instrument = desk.instrument
        if instrument.is_spot:
            return None
        held = position.qty if position is not None else ZERO
        before = position.entry_price if position is not None else entry
        cross = self.state.is_cross(instrument)
        added = ZERO if cross else initial_margin(instrument, qty, entry, leverage)
        together = Position(
            symbol=desk.symbol,
            signed_qty=(held + qty) * command.side.sign,
            entry_price=instrument.average_price(held, before, qty, entry),
            margin=self.state.margin(desk.symbol) + added,
            leverage=leverage,
            cross=cross,
        )
        return self.stop_liquidation(desk, stop, together)

    def stop_liquidation(self, desk: Desk, stop: Decimal | None, position: Position) -> Decimal | None:
        """A position's liquidation price; raises Refused where its stop lies beyond it."""
        sign = position.side.sign
        price = self.books.margins.liquidation_of(position)
        if price is None or stop is None:
            return price
        buffer = self.books.settings.stop_buffer
        if guard.is_inside_liquidation(desk.instrument, stop, price, sign=sign, buffer=buffer):
            return price
        safe = guard.safe_stop(desk.instrument, price, sign=sign, buffer=buffer)
        near = round(price, desk.instrument.price_scale)
        nearest = guard.tick_for_stop(desk.instrument, safe + sign * desk.instrument.tick_size, sign=sign)
        raise refuse(
            Reason.STOP_BEYOND_LIQUIDATION,
            f"stop {number(stop)} lies beyond the liquidation price {number(near)} with its margin for fees",
            mend=f"{number(nearest)} would pass",
            limit=price,
            nearest=nearest,
        )

    def balance(
        self,
        desk: Desk,
        command: SubmitOrder,
        qty: Decimal,
        price: Decimal,
        *,
        leverage: Decimal,
        reversing: bool,
    ) -> Decimal:
        """What the order holds back; raises Refused where the free balance is smaller."""
        instrument = desk.instrument
        needed = reserve(desk, command.side, qty, price=price, leverage=leverage)
        free = self.books.margins.available(instrument.settle)
        if reversing:
            free += self._released(desk)
        if needed <= free:
            return needed
        fitting = fitting_qty(desk, command.side, free, price=price, leverage=leverage)
        raise refuse(
            Reason.INSUFFICIENT_BALANCE,
            f"needs {money(needed)} {instrument.settle}, {money(free)} free",
            mend=f"{number(fitting)} {instrument.qty_unit} would pass"
            if fitting > 0
            else "nothing would pass",
            needed=needed,
            available=free,
            nearest=fitting,
        )

    def carried(self, desk: Desk, qty: Decimal, entry: Decimal) -> Decimal:
        """A quantity that is all the balance carries; raises Refused where the venue takes none so small."""
        instrument = desk.instrument
        smallest = shape.smallest_qty(instrument, entry)
        if qty >= smallest:
            return qty
        free = self.books.margins.available(instrument.settle)
        raise refuse(
            Reason.INSUFFICIENT_BALANCE,
            f"{money(free)} {instrument.settle} free: too little for the venue's smallest order, "
            f"{number(smallest)} {instrument.qty_unit}",
            available=free,
            limit=smallest,
        )

    def _released(self, desk: Desk) -> Decimal:
        """What closing a position gives back; what a cross position has lost is counted already."""
        position = self.state.positions.get(desk.symbol)
        if position is None:
            return ZERO
        lost = ZERO if position.cross else min(ZERO, self.books.unrealized(desk.symbol))
        return used_margin(desk.instrument, position) + lost

    def budget(self, desk: Desk, qty: Decimal, unit: Decimal, *, budget: Budget, reversing: bool) -> None:
        """Raises Refused where the order risks more than the budget of section 13.2 has left."""
        planned = qty * unit
        if reversing:
            freed = self.books.open_risk(moved=desk.symbol, stop=self.books.valuation(desk.symbol))
            budget = msgspec.structs.replace(budget, open_risk=min(budget.open_risk, freed))
        by_trade = budget.max_risk_per_trade * budget.r_value
        by_open = budget.max_open_risk * budget.r_value
        if planned + budget.open_risk > budget.head_room:
            reason, limit = Reason.DAILY_BUDGET, budget.left
            words = f"risks {money(planned)}, {money(max(ZERO, limit))} of today's loss budget is left"
        elif planned > by_trade:
            reason, limit = Reason.RISK_PER_TRADE, by_trade
            words = f"risks {money(planned)}, a trade may risk {money(by_trade)}"
        elif planned + budget.open_risk > by_open:
            reason, limit = Reason.OPEN_RISK, by_open - budget.open_risk
            words = (
                f"risks {money(planned)} beside {money(budget.open_risk)} open, {money(by_open)} is the limit"
            )
        else:
            return
        fitting = risk.largest_qty(budget.allowed, unit, desk.instrument.lot_size)
        raise refuse(
            reason,
            words,
            mend=f"{number(fitting)} {desk.instrument.qty_unit} would pass"
            if fitting > 0
            else "nothing would pass",
            needed=planned,
            available=budget.allowed,
            limit=limit,
            nearest=fitting,
        )


def _takes(desk: Desk, command: SubmitOrder) -> bool:
    """Whether an order would trade at once, so that its stop meets the market of this moment."""
    if shape.is_conditional(command):
        return False
    touch = desk.best(command.side)
    return command.limit is None or (touch is not None and command.side.sign * (command.limit - touch) >= 0)
