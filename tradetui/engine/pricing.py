"""How much, and at what price: sizes in every unit, stops as prices, what an entry may lose."""

from __future__ import annotations

from decimal import Decimal

from tradetui.domain.command import Size, SizeUnit, Stop, SubmitOrder
from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import Side, Timeframe
from tradetui.domain.number import MONEY, ONE, ZERO, ceil_to, floor_to
from tradetui.domain.order import TimeInForce, Trail
from tradetui.domain.position import Position
from tradetui.domain.reply import Reason
from tradetui.engine import shape
from tradetui.engine.books import Books
from tradetui.engine.desk import Desk
from tradetui.engine.refusals import number, refuse
from tradetui.engine.reserve import dearest_price
from tradetui.state import State
from tradetui.trading import guard, risk, trailing
from tradetui.trading.match_types import Incoming
from tradetui.trading.risk import Budget
from tradetui.trading.settings import EngineSettings


class Pricing:
    """Puts numbers on a wish; refuses only what has no number."""

    def __init__(self, settings: EngineSettings, state: State, books: Books) -> None:
        self.settings = settings
        self.state = state
        self.books = books

    def reference(self, desk: Desk, command: SubmitOrder) -> Decimal:
        """The price that stops are measured from: limit, trigger, first trigger of a trail, or the touch."""
        price = command.limit or command.trigger or self._trailed(desk, command) or desk.best(command.side)
        if price is None:
            raise refuse(Reason.NO_PRICE, f"{desk.symbol} offers nothing to {command.side.value}")
        return price

    def _trailed(self, desk: Desk, command: SubmitOrder) -> Decimal | None:
        """Where a trailing order would trigger at first; from there it only comes nearer."""
        now = desk.trigger_price(command.trigger_by, command.side)
        if command.trail is None or now is None:
            return None
        start = command.trail.activation or Decimal(repr(now))
        price = trailing.trigger_of(command.trail, start, side=command.side)
        return guard.tick_for_stop(desk.instrument, price, sign=-command.side.sign)

    def stop_price(self, desk: Desk, stop: Stop, reference: Decimal, *, sign: int) -> Decimal:
        """A stop as a price: typed, or a trail or a multiple of ATR from the reference, on the tick."""
        if stop.price is not None:
            return stop.price
        if stop.trail is not None and stop.atr is None:
            return self._behind(desk, stop.trail, reference, sign=sign)
        if stop.atr is None or stop.atr <= 0:
            raise refuse(Reason.BAD_INPUT, "expected a stop price or a multiple of ATR above zero")
        range_ = desk.market.atr(Timeframe(stop.timeframe))
        if range_ is None:
            raise refuse(
                Reason.WARM_UP,
                f"ATR(14) on {stop.timeframe} has too few candles yet",
                mend="set a stop, or take a shorter timeframe",
            )
        distance = ceil_to(stop.atr * Decimal(repr(range_)), desk.instrument.tick_size)
        price = reference - sign * max(distance, desk.instrument.tick_size)
        if price <= 0:
            raise refuse(Reason.STOP_WRONG_SIDE, f"a stop {number(distance)} away would lie below zero")
        return guard.tick_for_stop(desk.instrument, price, sign=sign)

    def _behind(self, desk: Desk, trail: Trail, reference: Decimal, *, sign: int) -> Decimal:
        if trail.activation is not None:
            raise refuse(
                Reason.STOP_REQUIRED,
                "a stop that trails later protects from nothing until then",
                mend="add a price: stop P trail V from A",
            )
        if trail == Trail():
            raise refuse(Reason.BAD_INPUT, "a stop that trails needs a value", mend="add it: stop trail 1%")
        side = Side.SELL if sign > 0 else Side.BUY
        price = trailing.trigger_of(trail, reference, side=side)
        if price <= 0:
            raise refuse(Reason.STOP_WRONG_SIDE, "a stop so far away would lie below zero")
        return guard.tick_for_stop(desk.instrument, price, sign=sign)

    def size(
        self, desk: Desk, command: SubmitOrder, reference: Decimal, stop: Decimal | None, *, budget: Budget
    ) -> tuple[Decimal, Decimal]:
        """Quantity and expected entry price."""
        unit, value = command.size.unit, command.size.value
        if unit is SizeUnit.BASE:
            return value, self._entry_price(desk, command, value, reference)
        if unit is SizeUnit.RISK:
            if stop is None:
                raise refuse(Reason.STOP_REQUIRED, "a size in R needs a stop", mend="add: stop PRICE")
            return self._risk_size(desk, command, reference, stop, value * budget.r_value)
        qty, entry = ZERO, reference
        for _ in range(3):
            qty = self._worth(desk.instrument, command.size, entry)
            entry = self._entry_price(desk, command, qty, reference)
        return qty, entry

    def _worth(self, instrument: Instrument, size: Size, price: Decimal) -> Decimal:
        """A size in quote or as a part of equity as a quantity, floored to the lot."""
        if size.unit is SizeUnit.QUOTE:
            return floor_to(instrument.qty_worth(size.value, price), instrument.lot_size)
        amount = size.value * self.books.equity()
        return floor_to(MONEY.divide(amount, instrument.notional(ONE, price)), instrument.lot_size)

    def _risk_size(
        self, desk: Desk, command: SubmitOrder, reference: Decimal, stop: Decimal, amount: Decimal
    ) -> tuple[Decimal, Decimal]:
        """Size from risk with the walk's average price, which depends on the size: a few rounds settle it."""
        instrument, entry, qty = desk.instrument, reference, ZERO
        for _ in range(8):
            unit = self.unit_risk(instrument, entry, stop, post_only=command.post_only)
            fitting = risk.largest_qty(amount, unit, instrument.lot_size)
            qty = fitting if qty == 0 else min(qty, fitting)
            entry = self._entry_price(desk, command, qty, reference)
            if qty * self.unit_risk(instrument, entry, stop, post_only=command.post_only) <= amount:
                break
        return qty, entry

    def _entry_price(self, desk: Desk, command: SubmitOrder, qty: Decimal, reference: Decimal) -> Decimal:
        """Limit or trigger, or the average of the walk."""
        if command.limit is not None or shape.is_conditional(command) or qty <= 0:
            return reference
        match = desk.matcher.estimate(
            Incoming(order_id="", side=command.side, lots=desk.lots(qty), tif=TimeInForce.IOC)
        )
        average = match.vwap_ticks
        return average * desk.instrument.tick_size if average is not None else reference

    def exit_size(self, desk: Desk, size: Size, position: Position) -> Decimal:
        """Quantity of a reducing order, before it is clamped to what is held."""
        if size.unit is SizeUnit.BASE:
            return size.value
        price = self.books.valuation(desk.symbol) or position.entry_price
        lot = desk.instrument.lot_size
        if size.unit is SizeUnit.POSITION:
            return floor_to(desk.exit_qty() * size.value, lot)
        if size.unit is SizeUnit.RISK:
            stop = self.state.stop_of(desk.symbol)
            if stop is None or stop.trigger is None:
                return position.qty
            unit = self.unit_risk(desk.instrument, price, stop.trigger, post_only=False)
            return min(risk.largest_qty(size.value * self.books.r_value(), unit, lot), position.qty)
        return min(self._worth(desk.instrument, size, price), position.qty)

    def unit_risk(
        self, instrument: Instrument, entry: Decimal, stop: Decimal | None, *, post_only: bool
    ) -> Decimal:
        """What one unit of quantity may lose, by its stop or by rule where it has none."""
        if stop is None:
            return instrument.notional(ONE, entry) * self.settings.unstopped_risk
        fee_in = instrument.maker_fee if post_only else instrument.taker_fee
        return risk.unit_risk(
            instrument,
            entry,
            stop,
            fee_in=max(ZERO, fee_in) + instrument.opening_fee,
            slip=self.settings.slip,
        )

    def worst_price(self, desk: Desk, command: SubmitOrder, entry: Decimal) -> Decimal:
        """The price that the reserve is computed at."""
        reference = (
            command.trigger or (entry if command.trail is not None else desk.best(command.side)) or entry
        )
        return dearest_price(desk, command.side, limit=command.limit, reference=reference)
