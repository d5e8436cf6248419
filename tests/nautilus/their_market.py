"""What the venue says in a case, as nautilus_trader's data, and the instrument it says it of."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from nautilus_trader.model.currencies import BTC, USD, USDT
from nautilus_trader.model.data import BookOrder, OrderBookDelta, OrderBookDeltas, QuoteTick, TradeTick
from nautilus_trader.model.enums import AggressorSide, BookAction, OrderSide, RecordFlag
from nautilus_trader.model.identifiers import InstrumentId, Symbol, TradeId, Venue
from nautilus_trader.model.instruments import CryptoPerpetual
from nautilus_trader.model.objects import Price, Quantity

from tests.nautilus.case import Case, Contract
from tests.nautilus.script import LATE_NS, STEP_NS, Book, Level, Print
from tradetui.domain.market_data import Side

START = 1_700_000_000 * 10**9
VENUE = Venue("SIM")
SYMBOL = InstrumentId(Symbol("BTC-PERP"), VENUE)
_AGGRESSORS = {
    Side.BUY: AggressorSide.BUYER,
    Side.SELL: AggressorSide.SELLER,
    None: AggressorSide.NO_AGGRESSOR,
}


def instrument(contract: Contract) -> CryptoPerpetual:
    """A perpetual with ticks of 0.01 and lots of 0.001."""
    return CryptoPerpetual(
        instrument_id=SYMBOL,
        raw_symbol=SYMBOL.symbol,
        base_currency=BTC,
        quote_currency=USD if contract.inverse else USDT,
        settlement_currency=BTC if contract.inverse else USDT,
        is_inverse=contract.inverse,
        price_precision=2,
        size_precision=3,
        price_increment=Price.from_str("0.01"),
        size_increment=Quantity.from_str("0.001"),
        margin_init=Decimal(0),
        margin_maint=Decimal(0),
        maker_fee=contract.maker,
        taker_fee=contract.taker,
        ts_event=0,
        ts_init=0,
    )


def market(case: Case) -> list[Any]:
    """Books and prints at their steps."""
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


def price(number: Decimal) -> Price:
    """A price in their words."""
    return Price(number, 2)


def qty(number: Decimal) -> Quantity:
    """A quantity in their words."""
    return Quantity(number, 3)


def _quote(book: Book, ts: int) -> QuoteTick:
    (bid, bid_size), (ask, ask_size) = book.bids[0], book.asks[0]
    return QuoteTick(SYMBOL, price(bid), price(ask), qty(bid_size), qty(ask_size), ts, ts)


def _deltas(book: Book, ts: int) -> list[OrderBookDelta]:
    flags = RecordFlag.F_SNAPSHOT if book.whole else 0
    deltas = [OrderBookDelta.clear(SYMBOL, 0, ts, ts)] if book.whole else []
    for side, levels in ((OrderSide.BUY, book.bids), (OrderSide.SELL, book.asks)):
        deltas += [_delta(side, level, ts, flags) for level in levels]
    return deltas


def _delta(side: OrderSide, level: Level, ts: int, flags: int) -> OrderBookDelta:
    at, size = level
    action = BookAction.ADD if flags else BookAction.UPDATE if size else BookAction.DELETE
    return OrderBookDelta(SYMBOL, action, BookOrder(side, price(at), qty(size), 0), flags, 0, ts, ts)


def _trade(step: Print, ts: int) -> TradeTick:
    happened = ts - STEP_NS - LATE_NS if step.late else ts
    return TradeTick(
        instrument_id=SYMBOL,
        price=price(step.price),
        size=qty(step.qty),
        aggressor_side=_AGGRESSORS[step.aggressor],
        trade_id=TradeId(str(ts)),
        ts_event=happened,
        ts_init=ts,
    )
