"""Liquidation on the mark price, step by step (section 10.5).

Start with both sides of the inequality; cancel what may cure it; look again; a reduce-only IOC at the
bankruptcy price meets the book; what the book does not take the insurance takes at that price; the
liquidation fee takes no more than what is left. The venue does all of it, so no latency of ours counts.
Where the book can not be filled against, the order waits for it, before every other exit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import ROUND_CEILING, Decimal
from typing import Final

import msgspec

from tradetui.domain.event import Liquidated, LiquidationStarted
from tradetui.domain.fill import Fill
from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import FeedState
from tradetui.domain.number import ZERO, to_step
from tradetui.domain.order import Order, OrderRole, OrderState, OrderType, TimeInForce
from tradetui.domain.position import Position
from tradetui.domain.reply import Reason
from tradetui.engine.books import Books
from tradetui.engine.covering import Covering
from tradetui.engine.desk import Desk
from tradetui.engine.margincalls import MarginCalls
from tradetui.engine.orders import OrderFlow
from tradetui.engine.synthetic import synthetic
from tradetui.trading import costs, guard, ledger
from tradetui.trading.gaps import Passage, missed_price
from tradetui.trading.match_types import EXIT_ROLES
from tradetui.trading.settings import EngineSettings

_UNJUDGED: Final = frozenset({FeedState.CONNECTING, FeedState.STALE, FeedState.DOWN, FeedState.GAP})
_MOST: Final = 64


class Liquidator:
    """Watches margins and closes what they do not carry any more."""

    def __init__(self, settings: EngineSettings, flow: OrderFlow, books: Books) -> None:
        self.settings = settings
        self.flow = flow
        self.scribe = flow.scribe
        self.state = flow.state
        self.books = books
        self.margins = books.margins
        self._checked = -1
        self._cured: set[str] = set()
        self._kept = ZERO
        flow.fills.levy = self._levy
        self.marks_at: Callable[[list[str], Passage], dict[str, Decimal]] = lambda _symbols, _passage: {}
        """The marks of symbols while one of them passed a price that nobody watched; the engine knows."""
        self.is_lost: Callable[[str], bool] = lambda _symbol: False
        """Whether a symbol went through a time that is not evaluated yet: that decides before the present."""
        self.calls = MarginCalls(settings, flow.scribe, books)
        self.covering = Covering(self)

    # --- watching

    def is_due(self, desk: Desk) -> bool:
        """Warn of a margin that runs out; True where a position is not carried any more at all."""
        position = self.state.positions.get(desk.symbol)
        if position is None or not self._is_judged(position):
            return False
        self.calls.look(position)
        return self.margins.is_short(position)

    def check(self) -> None:
        """Liquidate until every margin carries its position; the largest loss first (R-LIQ-2)."""
        self._cured.clear()
        for _ in range(_MOST):
            position = next(self._short(), None)
            if position is None:
                break
            if self.state.instruments[position.symbol].is_margin:
                self.covering.now()
            else:
                self._start(position)
        self._checked = self.state.seq

    def check_after(self) -> None:
        """The same where something was written since the last look."""
        if self.state.seq != self._checked and self.state.positions:
            self.check()
            self.calls.look_at_stops()

    def resume(self, desk: Desk) -> None:
        """At the first fresh book after an outage: what waited for it, then what its prices decide."""
        order = self.order_of(desk.symbol)
        if order is not None:
            desk.waiting.pop(order.order_id, None)
            self.execute(order)
        if desk.position is not None:
            self.check()

    def _short(self) -> Iterator[Position]:
        """What has to be liquidated and is not yet, the largest loss first."""
        held = sorted(self.state.positions.values(), key=self.margins.result)
        for position in held:
            if (
                self._is_judged(position)
                and not self._is_covering(position)
                and position.symbol not in self._cured
                and self.order_of(position.symbol) is None
                and self.margins.is_short(position)
            ):
                yield position

    def _is_covering(self, position: Position) -> bool:
        """Whether a margin account on spot is being brought back to its level already."""
        is_margin = self.state.instruments[position.symbol].is_margin
        return is_margin and any(self.order_of(each.symbol) for each in self.margins.borrowed())

    def _is_judged(self, position: Position) -> bool:
        """Whether data speaks of the position at all: an old price decides only on its return (6.2)."""
        desk = self.flow.desks.get(position.symbol)
        if desk is None or not self.margins.is_leveraged(position):
            return False
        state = desk.market.feed_state
        return state not in _UNJUDGED and not (state.is_fresh and self.is_lost(position.symbol))

    def order_of(self, symbol: str) -> Order | None:
        """The liquidation of a symbol that waits for its book."""
        live = self.state.live_of(symbol)
        return next((order for order in live if order.role is OrderRole.LIQUIDATION), None)

    # --- the procedure

    def _start(self, position: Position) -> None:
        """Steps 1 to 3: say so, cancel what may cure it, look again, send the order."""
        self.announce(position)
        self.cancel_orders(position)
        if not self.margins.is_short(position):
            self._cured.add(position.symbol)
            return
        desk = self.flow.desks[position.symbol]
        order = self.send(desk, position)
        if desk.is_fresh and not desk.recovering:
            self.execute(order)
            return
        self.wait(desk, order)

    def wait(self, desk: Desk, order: Order) -> None:
        """Let an order wait for its book, before every other exit."""
        desk.waiting[order.order_id] = None
        text = f"{desk.symbol} is liquidated; its book is not to be filled against, so it waits for one"
        self.scribe.note("alarm", text, symbol=desk.symbol)

    def send(
        self, desk: Desk, position: Position, *, qty: Decimal | None = None, at_market: bool = False
    ) -> Order:
        """An order of the venue's own: for all at the bankruptcy price, or for a part at market."""
        order = Order(
            order_id=self.scribe.next_order_id(),
            ts=self.scribe.ts,
            due_ts=self.scribe.ts,
            symbol=position.symbol,
            side=position.side.opposite,
            type=OrderType.MARKET if at_market else OrderType.LIMIT,
            qty=qty or position.qty,
            price=None if at_market else self._limit(desk, position),
            tif=TimeInForce.IOC,
            reduce_only=True,
            close_position=not at_market,
            role=OrderRole.LIQUIDATION,
            arrival_mid=desk.mid(),
        )
        return self.scribe.move(order, OrderState.SUBMITTED)

    def announce(self, position: Position) -> None:
        """Write both sides of the inequality, and say which prices are old."""
        margins = self.margins
        involved = [position, *(margins.cross_positions(without=position.symbol) if position.cross else ())]
        unpriced = tuple(each.symbol for each in involved if not self.books.is_priced(each.symbol))
        started = LiquidationStarted(
            symbol=position.symbol,
            marks={each.symbol: margins.mark(each) for each in involved},
            there=margins.behind(position) + margins.result(position),
            needed=sum((margins.needed(each) for each in involved), ZERO),
            cross=position.cross,
            unpriced=unpriced,
        )
        self.scribe.write(started, symbol=position.symbol)
        for symbol in unpriced:
            text = f"{symbol} has no price now: its last known one decided over a liquidation"
            self.scribe.note("alarm", text, symbol=symbol)

    def cancel_orders(self, position: Position) -> None:
        """Of the symbol, or of a cross account all of them; what protects or closes a position stays."""
        for order in list(self.state.live.values()):
            concerned = position.cross or order.symbol == position.symbol
            if concerned and order.role not in EXIT_ROLES and order.order_id in self.state.live:
                self.flow.cancel_now(order, Reason.LIQUIDATION)

    def _limit(self, desk: Desk, position: Position) -> Decimal:
        """The bankruptcy price, on the tick that costs the insurance nothing more; without one the mark."""
        price = self.margins.bankruptcy_of(position) or self.margins.mark(position)
        return max(
            guard.tick_for_stop(desk.instrument, price, sign=position.side.sign), desk.instrument.tick_size
        )

    def execute(self, order: Order) -> None:
        """Steps 4 to 8: the book, the insurance, the fee, the receipt."""
        desk = self.flow.desks[order.symbol]
        if order.type is OrderType.MARKET:
            self.flow.execute(order)
            return
        position = self.state.positions.get(order.symbol)
        if position is None or position.side is order.side:
            self.flow.cancel_now(order, Reason.POSITION_CLOSED)
            return
        before, price = self._funds(desk), self._limit(desk, position)
        self._kept = self._keep(position)
        order = self.scribe.order(msgspec.structs.replace(order, price=price, qty=position.qty))
        match = desk.matcher.execute(desk.incoming(order, desk.lots(position.qty)))
        for maker_id in match.expired_makers:
            self.flow.cancel_now(self.state.live[maker_id], Reason.SELF_TRADE, OrderState.EXPIRED_IN_MATCH)
        self.flow.fills.write(desk, match.executions)
        self._conclude(desk, position, order.order_id, price=price, before=before)

    def in_gap(self, desk: Desk, passage: Passage) -> bool:
        """Liquidate what a price of a gap would have, before any stop (6.4); True where nothing is left."""
        position = self.state.positions.get(desk.symbol)
        if position is None or not self.margins.is_leveraged(position):
            return False
        others = self.margins.cross_positions(without=position.symbol) if position.cross else ()
        marks = self.marks_at([each.symbol for each in others], passage)
        self.margins.assumed = {**marks, desk.symbol: passage.price}
        try:
            if self.order_of(desk.symbol) is not None or not self.margins.is_short(position):
                return False
            if desk.instrument.is_margin:
                self.covering.in_gap(desk, passage)
            else:
                self._liquidate_losers(desk, position, passage)
        finally:
            self.margins.assumed = {}
        return self.state.holding(desk.symbol) is None

    def _liquidate_losers(self, desk: Desk, position: Position, passage: Passage) -> None:
        """The largest loss goes first (R-LIQ-2), also that of another symbol whose price then is known."""
        known = [self.state.positions[each] for each in self.margins.assumed if each in self.state.positions]
        for loser in sorted(known, key=self.margins.result):
            if not self.margins.is_short(position):
                return
            if loser.symbol == position.symbol:
                self._liquidate_in_gap(desk, position, passage)
                return
            is_margin = self.state.instruments[loser.symbol].is_margin  # that account is covered by parts
            if self.order_of(loser.symbol) is None and not is_margin:
                there = passage.elsewhere(self.margins.assumed[loser.symbol])
                self._liquidate_in_gap(self.flow.desks[loser.symbol], loser, there)

    def _liquidate_in_gap(self, desk: Desk, position: Position, passage: Passage) -> None:
        """No book stood behind it: the price is that of a stop at the liquidation price, or bankruptcy."""
        trigger = self.reached(position, passage)
        self.announce(position)
        self.cancel_orders(position)
        before, limit = self._funds(desk), self._limit(desk, position)
        self._kept = self._keep(position)
        order = self.send(desk, position)
        tick, sign = desk.instrument.tick_size, position.side.sign
        price = missed_price(order.side, trigger, passage, slip=self.settings.gap_slip, tick=tick)
        if sign * (price - limit) >= 0:
            execution = synthetic(desk, order, price, desk.lots(position.qty), passage, now=self.scribe.ts)
            self.flow.fills.write(desk, [execution])
        self._conclude(desk, position, order.order_id, price=limit, before=before)

    def reached(self, position: Position, passage: Passage) -> Decimal:
        """Where a position was liquidated: no better than it stood when the losses of others did it."""
        price, sign = self.margins.liquidation_of(position) or passage.price, position.side.sign
        before = self.marks_at([position.symbol], msgspec.structs.replace(passage, is_adverse=False))
        return min(price, before.get(position.symbol, price), key=lambda each: sign * each)

    def _conclude(
        self,
        desk: Desk,
        position: Position,
        order_id: str,
        *,
        price: Decimal,
        before: tuple[Decimal, Decimal],
    ) -> None:
        """The insurance takes the rest; then the whole receipt."""
        instrument, rest = desk.instrument, self.state.orders[order_id].leaves
        self.flow.fills.take_over(desk, order_id, rest, price=price)
        ended, covered = self._funds(desk)
        fills = self._fills_of(order_id)
        fee = sum((fill.fee for fill in fills), ZERO)
        liquidated = Liquidated(
            symbol=position.symbol,
            side=position.side,
            qty=position.qty,
            taken_over=rest,
            bankruptcy_price=price,
            result=sum((fill.realized_pnl for fill in fills), ZERO),
            fee=fee,
            fee_due=self._due(instrument, [(fill.qty, fill.price) for fill in fills]) or fee,
            insurance=covered - before[1],
            balance=ended,
        )
        self.scribe.write(liquidated, symbol=position.symbol)
        self.flow.brackets.settle(position.symbol)

    def _fills_of(self, order_id: str) -> list[Fill]:
        return [fill for fill in self.state.fills if fill.order_id == order_id]

    def _due(self, instrument: Instrument, pieces: list[tuple[Decimal, Decimal]]) -> Decimal:
        """The liquidation fee on all that was liquidated; spot on margin pays its usual fees instead."""
        if instrument.is_margin:
            return ZERO
        worth = sum((instrument.notional(qty, price) for qty, price in pieces), ZERO)
        return to_step(worth * self.settings.liquidation_fee, costs.ASSET_STEP, ROUND_CEILING)

    def _levy(self, order: Order, qty: Decimal, price: Decimal) -> tuple[Decimal, Decimal]:
        """The last piece bears the whole fee, as far as anything is left beside what may not be touched."""
        if qty < order.leaves:
            return ZERO, ZERO
        pieces = [(fill.qty, fill.price) for fill in self._fills_of(order.order_id)]
        return self._due(self.state.instruments[order.symbol], [*pieces, (qty, price)]), self._kept

    def _keep(self, position: Position) -> Decimal:
        """What the fee may not touch: the cash beside an isolated margin, or what other positions lost."""
        if not position.cross:
            settle = self.state.instruments[position.symbol].settle
            return self.margins.wallet(position) + self.margins.backing(settle)  # fills count both as cash
        others = (self.margins.result(each) for each in self.margins.cross_positions(without=position.symbol))
        return max(ZERO, -sum(others, ZERO))

    def _funds(self, desk: Desk) -> tuple[Decimal, Decimal]:
        """What is left of an instrument's settlement asset, and what the insurance has paid of it so far.

        A loss that open profits of a cross account carry leaves less than no cash: they count then.
        """
        asset = desk.instrument.settle
        cash, paid = self.state.cash(asset), -self.state.ledger.balance(ledger.INSURANCE, asset)
        return (cash if cash >= 0 else max(ZERO, cash + self.margins.backing(asset))), paid
