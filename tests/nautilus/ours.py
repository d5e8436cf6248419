"""Plays a case through the engine's public entry, without latency and without fees."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from tests.engine.market import MS, START, Table, inverse_perp, perp, wide_limits
from tests.nautilus.case import PLACES, Case, Contract, Piece, Story, plain, told
from tests.nautilus.script import (
    LATE_NS,
    STEP_NS,
    Amend,
    Book,
    Cancel,
    Either,
    Level,
    Place,
    Print,
    Protect,
    Step,
)
from tradetui.domain.command import (
    AmendOrder,
    CancelOrder,
    SetStop,
    Size,
    Stop,
    SubmitOco,
    SubmitOrder,
    Target,
)
from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import BookDelta, BookSnapshot, ClockTick, FeedState, InstrumentListed, Trade
from tradetui.domain.order import Order, OrderRole, OrderState, Trail
from tradetui.trading.settings import EngineSettings

D = Decimal
_ENDS = {
    OrderState.FILLED: "filled",
    OrderState.CANCELED: "over",
    OrderState.EXPIRED: "over",
    OrderState.EXPIRED_IN_MATCH: "over",
    OrderState.REJECTED: "refused",
    OrderState.DENIED: "refused",
}


def play(case: Case) -> Story:
    """What the engine makes of a case."""
    return _Player(case).play()


class _Player:
    def __init__(self, case: Case) -> None:
        self.case = case
        self.table = Table(_instrument(case.contract), settings=_settings(case))
        self.symbol = self.table.symbol
        self.protective = "stop"
        self.table.feed(InstrumentListed(self.table.instrument, self.table.now))
        self.table.status(FeedState.STREAMING)

    def play(self) -> Story:
        for number, step in enumerate(self.case.steps, start=1):
            self.table.now = START + number * STEP_NS - MS
            self._do(step)
        return self._story()

    def _do(self, step: Step) -> None:
        match step:
            case Book():
                self._show(step)
            case Print():
                self._print(step)
            case Place():
                self.table.do(self._order(step))
            case Either(first, second):
                self.table.do(SubmitOco(first=self._order(first), second=self._order(second)))
            case Protect(name, trigger):
                self.table.do(SetStop(symbol=self.symbol, stop=Stop(price=trigger)))
                self.protective = name
            case Amend(name, qty, limit, trigger):
                command = AmendOrder(order_id=name, qty=qty, limit=limit, trigger=trigger)
                self.table.do(command)
            case Cancel(name):
                self.table.do(CancelOrder(order_id=name))
            case _:
                self.table.feed(ClockTick(self.table.tick(), self.table.now))

    def _show(self, book: Book) -> None:
        ts = self.table.tick()
        kind = BookSnapshot if book.whole else BookDelta
        self.table.feed(kind(self.symbol, ts, ts, _floats(book.bids), _floats(book.asks)))

    def _print(self, step: Print) -> None:
        ts = self.table.tick()
        happened = ts - STEP_NS - LATE_NS if step.late else ts
        trade = Trade(self.symbol, happened, ts, float(step.price), float(step.qty), step.aggressor, ts)
        self.table.feed(trade)

    def _order(self, step: Place) -> SubmitOrder:
        rate = step.bp / 10_000 if step.bp else None
        trail = Trail(distance=step.trail, rate=rate, activation=step.activation)
        return SubmitOrder(
            symbol=self.symbol,
            side=step.side,
            size=Size(step.qty),
            limit=step.limit,
            trigger=step.trigger or step.touch,
            take_profit=step.touch is not None,
            trail=trail if step.trail or step.bp else None,
            stop=Stop(price=step.stop) if step.stop else None,
            target=Target(price=step.target) if step.target else None,
            tif=step.tif,
            expire_ts=START + step.until * STEP_NS if step.until else 0,
            post_only=step.post_only,
            reduce_only=step.reduce_only,
            client_id=step.name,
        )

    def _name(self, order: Order) -> str:
        """The name that the script gave, or that of a part of a bracket."""
        if order.client_id:
            return order.client_id
        return self.protective if order.role is OrderRole.PROTECTIVE else order.role.value

    def _story(self) -> Story:
        state = self.table.state
        ends = {self._name(order): _ENDS.get(order.state, "open") for order in state.orders.values()}
        pieces: dict[str, list[Piece]] = {name: [] for name in ends}
        for fill in self.table.fills:
            step = (fill.ts - START) // STEP_NS
            name = self._name(state.orders[fill.order_id])
            pieces[name].append(Piece(step, fill.qty, fill.price, fill.liquidity.value))
        story = {name: told(pieces[name], end) for name, end in ends.items()}
        position = state.positions.get(self.symbol)
        story["position"] = plain(position.signed_qty) if position else "0"
        return story | (self._money() if self.case.contract.told else {})

    def _money(self) -> Story:
        state, asset = self.table.state, self.table.instrument.settle
        position = state.positions.get(self.symbol)
        balance = state.cash(asset) + state.margin(self.symbol)
        return {
            "entry": plain(position.entry_price.quantize(PLACES)) if position else "none",
            "gained": plain(balance - self.table.settings.balance),
            "fees": plain(sum((fill.fee for fill in self.table.fills), D(0))),
        }


def _instrument(contract: Contract) -> Instrument:
    fees = {"maker_fee": contract.maker, "taker_fee": contract.taker, "tick_size": D("0.01")}
    return inverse_perp(contract_size=D(1), **fees) if contract.inverse else perp(**fees)


def _settings(case: Case) -> EngineSettings:
    """Limits and margins that stand in nobody's way; no stop is asked for, the other side has none."""
    currency = "BTC" if case.contract.inverse else "USDT"
    balance = D(1_000) if case.contract.inverse else D(1_000_000_000)
    settings = wide_limits(leverage=D(2), balance=balance, currency=currency, rules=case.rules)
    limits = msgspec.structs.replace(settings.limits, require_stop=False)
    return msgspec.structs.replace(settings, limits=limits)


def _floats(levels: tuple[Level, ...]) -> list[tuple[float, float]]:
    return [(float(price), float(size)) for price, size in levels]
