"""Plays a case through nautilus_trader's backtest engine, with the options that come nearest to ours."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.common.component import TimeEvent
from nautilus_trader.config import LoggingConfig, RiskEngineConfig, StrategyConfig
from nautilus_trader.core.datetime import unix_nanos_to_dt
from nautilus_trader.model.currencies import BTC, USDT
from nautilus_trader.model.data import BookOrder, OrderBookDelta, OrderBookDeltas, QuoteTick, TradeTick
from nautilus_trader.model.enums import (
    AccountType,
    AggressorSide,
    BookAction,
    BookType,
    OmsType,
    OrderSide,
    OrderStatus,
    OrderType,
    RecordFlag,
    TimeInForce,
    TrailingOffsetType,
    TriggerType,
)
from nautilus_trader.model.events import OrderFilled
from nautilus_trader.model.identifiers import ClientOrderId, InstrumentId, Symbol, TradeId, Venue
from nautilus_trader.model.instruments import CryptoPerpetual
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.model.orders import Order
from nautilus_trader.trading.strategy import Strategy

from tests.nautilus.case import Case, Piece, Story, plain, told
from tests.nautilus.script import LATE_NS, STEP_NS, Amend, Book, Cancel, Level, Place, Print, Protect, Step
from tradetui.domain.market_data import Side

D = Decimal
START = 1_700_000_000 * 10**9
VENUE = Venue("SIM")
SYMBOL = InstrumentId(Symbol("BTCUSDT"), VENUE)
_SIDES = {Side.BUY: OrderSide.BUY, Side.SELL: OrderSide.SELL}
_AGGRESSORS = {
    Side.BUY: AggressorSide.BUYER,
    Side.SELL: AggressorSide.SELLER,
    None: AggressorSide.NO_AGGRESSOR,
}
_ENDS = {
    OrderStatus.FILLED: "filled",
    OrderStatus.CANCELED: "over",
    OrderStatus.EXPIRED: "over",
    OrderStatus.REJECTED: "refused",
    OrderStatus.DENIED: "refused",
}


def play(case: Case) -> Story:
    """What nautilus_trader makes of a case."""
    engine = _engine(case)
    try:
        trader = _Trader(case.steps)
        engine.add_strategy(trader)
        engine.add_data(_market(case))
        engine.run(end=unix_nanos_to_dt(START + (len(case.steps) + 1) * STEP_NS))
        return _story(engine, trader)
    finally:
        engine.dispose()


def _engine(case: Case) -> BacktestEngine:
    engine = BacktestEngine(
        BacktestEngineConfig(
            logging=LoggingConfig(bypass_logging=True),
            risk_engine=RiskEngineConfig(bypass=True),
            run_analysis=False,
        )
    )
    options = case.options
    engine.add_venue(
        venue=VENUE,
        oms_type=OmsType.NETTING,
        account_type=AccountType.MARGIN,
        starting_balances=[Money(1_000_000_000, USDT)],
        book_type=BookType.L1_MBP if options.touch_only else BookType.L2_MBP,
        default_leverage=D(2),
        trade_execution=options.prints,
        liquidity_consumption=options.consumption,
        queue_position=options.queue,
        price_protection_points=options.points or None,
    )
    engine.add_instrument(_instrument())
    return engine


def _instrument() -> CryptoPerpetual:
    return CryptoPerpetual(
        instrument_id=SYMBOL,
        raw_symbol=Symbol("BTCUSDT"),
        base_currency=BTC,
        quote_currency=USDT,
        settlement_currency=USDT,
        is_inverse=False,
        price_precision=2,
        size_precision=3,
        price_increment=Price.from_str("0.01"),
        size_increment=Quantity.from_str("0.001"),
        margin_init=D(0),
        margin_maint=D(0),
        maker_fee=D(0),
        taker_fee=D(0),
        ts_event=0,
        ts_init=0,
    )


def _market(case: Case) -> list[Any]:
    """What the venue says, at its steps."""
    said: list[Any] = []
    for number, step in enumerate(case.steps, start=1):
        ts = START + number * STEP_NS
        if isinstance(step, Book) and case.options.touch_only:
            said.append(_quote(step, ts))
        elif isinstance(step, Book):
            said.append(OrderBookDeltas(SYMBOL, _deltas(step, ts)))
        elif isinstance(step, Print):
            said.append(_trade(step, ts))
    return said


def _quote(book: Book, ts: int) -> QuoteTick:
    (bid, bid_size), (ask, ask_size) = book.bids[0], book.asks[0]
    return QuoteTick(SYMBOL, _price(bid), _price(ask), _qty(bid_size), _qty(ask_size), ts, ts)


def _deltas(book: Book, ts: int) -> list[OrderBookDelta]:
    flags = RecordFlag.F_SNAPSHOT if book.whole else 0
    deltas = [OrderBookDelta.clear(SYMBOL, 0, ts, ts)] if book.whole else []
    for side, levels in ((OrderSide.BUY, book.bids), (OrderSide.SELL, book.asks)):
        deltas += [_delta(side, level, ts, flags) for level in levels]
    return deltas


def _delta(side: OrderSide, level: Level, ts: int, flags: int) -> OrderBookDelta:
    price, size = level
    action = BookAction.ADD if flags else BookAction.UPDATE if size else BookAction.DELETE
    order = BookOrder(side, _price(price), _qty(size), 0)
    return OrderBookDelta(SYMBOL, action, order, flags, 0, ts, ts)


def _trade(step: Print, ts: int) -> TradeTick:
    happened = ts - STEP_NS - LATE_NS if step.late else ts
    return TradeTick(
        instrument_id=SYMBOL,
        price=_price(step.price),
        size=_qty(step.qty),
        aggressor_side=_AGGRESSORS[step.aggressor],
        trade_id=TradeId(str(ts)),
        ts_event=happened,
        ts_init=ts,
    )


class _Trader(Strategy):  # type: ignore[misc]  # its types are not read: it may not be installed
    """Sends each order of a script at its step."""

    def __init__(self, steps: tuple[Step, ...]) -> None:
        super().__init__(StrategyConfig(strategy_id="S-1"))
        self.steps = steps
        self.names: dict[ClientOrderId, str] = {}

    def on_start(self) -> None:
        for number, step in enumerate(self.steps, start=1):
            if not isinstance(step, Book | Print):
                at = unix_nanos_to_dt(START + number * STEP_NS)
                self.clock.set_time_alert(f"step {number}", at, self._act(step))

    def _act(self, step: Step) -> Callable[[TimeEvent], None]:
        return lambda _event: self._do(step)

    def _do(self, step: Step) -> None:
        match step:
            case Place() if step.stop is not None:
                self._bracket(step)
            case Place():
                self._send(step.name, self._order(step))
            case Protect(name, trigger):
                self._protect(name, trigger)
            case Amend(name, qty, limit, trigger):
                self.modify_order(
                    self._find(name),
                    quantity=_qty(qty) if qty else None,
                    price=_price(limit) if limit else None,
                    trigger_price=_price(trigger) if trigger else None,
                )
            case Cancel(name):
                self.cancel_order(self._find(name))

    def _find(self, name: str) -> Order:
        return next(self.cache.order(found) for found, known in self.names.items() if known == name)

    def _send(self, name: str, order: Order) -> None:
        self.names[order.client_order_id] = name
        self.submit_order(order)

    def _protect(self, name: str, trigger: Decimal) -> None:
        held = self.portfolio.net_position(SYMBOL)
        side = Side.SELL if held > 0 else Side.BUY
        self._send(name, self._order(Place(name, side, abs(held), trigger=trigger, reduce_only=True)))

    def _order(self, step: Place) -> Order:
        common: dict[str, Any] = {
            "instrument_id": SYMBOL,
            "order_side": _SIDES[step.side],
            "quantity": _qty(step.qty),
            "reduce_only": step.reduce_only,
            "time_in_force": TimeInForce[step.tif.value.upper()],
        }
        resting = {"expire_time": unix_nanos_to_dt(START + step.until * STEP_NS)} if step.until else {}
        limit = {"price": _price(step.limit), "post_only": step.post_only} if step.limit else {}
        make = self.order_factory
        if step.trail or step.bp:
            return make.trailing_stop_market(**common, **resting, **_trailing(step))
        if step.trigger is not None:
            kind = make.stop_limit if step.limit else make.stop_market
            return kind(**common, **resting, **limit, **_trigger(step.trigger))
        if step.touch is not None:
            kind = make.limit_if_touched if step.limit else make.market_if_touched
            return kind(**common, **resting, **limit, **_trigger(step.touch))
        if step.limit is not None:
            return make.limit(**common, **resting, **limit)
        return make.market(**common)

    def _bracket(self, step: Place) -> None:
        orders = self.order_factory.bracket(
            instrument_id=SYMBOL,
            order_side=_SIDES[step.side],
            quantity=_qty(step.qty),
            entry_order_type=OrderType.LIMIT if step.limit else OrderType.MARKET,
            entry_price=_price(step.limit) if step.limit else None,
            sl_trigger_price=_price(step.stop),
            tp_price=_price(step.target),
            tp_post_only=False,
        )
        for order, name in zip(orders.orders, (step.name, "stop", "take_profit"), strict=True):
            self.names[order.client_order_id] = name
        self.submit_order_list(orders)


def _trigger(price: Decimal) -> dict[str, Any]:
    return {"trigger_price": _price(price), "trigger_type": TriggerType.LAST_PRICE}


def _trailing(step: Place) -> dict[str, Any]:
    found = {
        "trailing_offset": step.trail or step.bp,
        "trailing_offset_type": TrailingOffsetType.PRICE if step.trail else TrailingOffsetType.BASIS_POINTS,
        "trigger_type": TriggerType.LAST_PRICE,
    }
    if step.activation is not None:
        found["activation_price"] = _price(step.activation)
    return found


def _story(engine: BacktestEngine, trader: _Trader) -> Story:
    story = {}
    for order_id, name in trader.names.items():
        order = engine.cache.order(order_id)
        if order.parent_order_id is not None and not order.ts_accepted:
            continue  # a part of a bracket that never came to be
        story[name] = told(_pieces(order), _ENDS.get(order.status, "open"))
    held = sum((position.signed_decimal_qty() for position in engine.cache.positions_open()), D(0))
    return story | {"position": plain(held)}


def _pieces(order: Order) -> list[Piece]:
    return [
        Piece(
            (event.ts_event - START) // STEP_NS,
            event.last_qty.as_decimal(),
            event.last_px.as_decimal(),
            event.liquidity_side.name.lower(),
        )
        for event in order.events
        if isinstance(event, OrderFilled)
    ]


def _price(price: Decimal | None) -> Price:
    return Price(price, 2)


def _qty(qty: Decimal) -> Quantity:
    return Quantity(qty, 3)
