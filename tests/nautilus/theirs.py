"""Plays a case through nautilus_trader's backtest engine, with the options that come nearest to ours."""

from __future__ import annotations

from decimal import Decimal

from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig, RiskEngineConfig
from nautilus_trader.core.datetime import unix_nanos_to_dt
from nautilus_trader.model.currencies import BTC, USDT
from nautilus_trader.model.enums import AccountType, BookType, OmsType, OrderStatus
from nautilus_trader.model.events import OrderFilled
from nautilus_trader.model.objects import Money
from nautilus_trader.model.orders import Order

from tests.nautilus.case import PLACES, Case, Piece, Story, plain, told
from tests.nautilus.script import STEP_NS
from tests.nautilus.their_market import START, SYMBOL, VENUE, instrument, market
from tests.nautilus.their_orders import Trader

D = Decimal
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
        trader = Trader(case.steps)
        engine.add_strategy(trader)
        engine.add_data(market(case))
        engine.run(end=unix_nanos_to_dt(START + (len(case.steps) + 1) * STEP_NS))
        story = _orders(engine, trader)
        return story | (_money(engine, case) if case.contract.told else {})
    finally:
        engine.dispose()


def _deposit(case: Case) -> Money:
    return Money(1_000, BTC) if case.contract.inverse else Money(1_000_000, USDT)


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
        starting_balances=[_deposit(case)],
        book_type=BookType.L1_MBP if options.touch_only else BookType.L2_MBP,
        default_leverage=D(2),
        trade_execution=options.prints,
        liquidity_consumption=options.consumption,
        queue_position=options.queue,
        price_protection_points=options.points or None,
    )
    engine.add_instrument(instrument(case.contract))
    return engine


def _orders(engine: BacktestEngine, trader: Trader) -> Story:
    story = {}
    for order_id, name in trader.names.items():
        order = engine.cache.order(order_id)
        if order.parent_order_id is not None and not order.ts_accepted:
            continue  # a part of a bracket that never came to be
        story[name] = told(_pieces(order), _ENDS.get(order.status, "open"))
    held = sum((position.signed_decimal_qty() for position in engine.cache.positions_open()), D(0))
    return story | {"position": plain(held)}


def _money(engine: BacktestEngine, case: Case) -> Story:
    positions = engine.cache.positions_open()
    entry = D(positions[0].avg_px_open).quantize(PLACES) if positions else None
    deposit = _deposit(case)
    balance = engine.cache.account_for_venue(VENUE).balance_total(deposit.currency)
    fees = [event.commission.as_decimal() for event in _fills(engine)]
    return {
        "entry": plain(entry) if entry is not None else "none",
        "gained": plain(balance.as_decimal() - deposit.as_decimal()),
        "fees": plain(sum(fees, D(0))),
    }


def _fills(engine: BacktestEngine) -> list[OrderFilled]:
    orders = engine.cache.orders(instrument_id=SYMBOL)
    return [event for order in orders for event in order.events if isinstance(event, OrderFilled)]


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
