"""A market by hand: an instrument, messages in a row, and an engine that keeps its journal."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from tradetui.domain.command import AnyCommand, CommandIssued, Size, SizeUnit, Stop, SubmitOrder, Target
from tradetui.domain.event import Event, Filled, OrderChanged
from tradetui.domain.fill import Fill
from tradetui.domain.instrument import Instrument, InstrumentKind, LeverageTier
from tradetui.domain.market_data import (
    BookDelta,
    BookSnapshot,
    ClockTick,
    FeedState,
    FeedStatus,
    InstrumentListed,
    MarketMessage,
    MarkPrice,
    Side,
    Trade,
)
from tradetui.domain.order import Order, OrderState, TimeInForce
from tradetui.domain.reply import Reply
from tradetui.domain.rule import Unit
from tradetui.engine import Engine
from tradetui.state import State
from tradetui.trading.settings import EngineSettings

D = Decimal
START = 1_700_000_000 * 10**9
SECOND = 10**9
MS = 10**6
PERP = "BTC/USDT:USDT"
SPOT = "BTC/USDT"
INVERSE = "BTC/USD:BTC"
Levels = list[tuple[float, float]]


NO_MAINTENANCE = (LeverageTier(None, D(0)),)
"""A table of one row, which needs nothing."""


def perp(**changes: Any) -> Instrument:
    made = Instrument(
        symbol=PERP,
        venue="venue",
        kind=InstrumentKind.PERP_LINEAR,
        base="BTC",
        quote="USDT",
        settle="USDT",
        tick_size=D("0.1"),
        lot_size=D("0.001"),
        min_qty=D("0.001"),
        maker_fee=D("0.0002"),
        taker_fee=D("0.0005"),
        max_leverage=D(50),
    )
    return msgspec.structs.replace(made, **changes)


def spot(**changes: Any) -> Instrument:
    made = Instrument(
        symbol=SPOT,
        venue="venue",
        kind=InstrumentKind.SPOT,
        base="BTC",
        quote="USDT",
        settle="USDT",
        tick_size=D("0.01"),
        lot_size=D("0.0001"),
        maker_fee=D("0.001"),
        taker_fee=D("0.001"),
    )
    return msgspec.structs.replace(made, **changes)


def inverse_perp(**changes: Any) -> Instrument:
    made = Instrument(
        symbol=INVERSE,
        venue="venue",
        kind=InstrumentKind.PERP_INVERSE,
        base="BTC",
        quote="USD",
        settle="BTC",
        tick_size=D("0.1"),
        lot_size=D(1),
        contract_size=D(100),
        min_qty=D(1),
        maker_fee=D("0.0002"),
        taker_fee=D("0.0005"),
        max_leverage=D(50),
    )
    return msgspec.structs.replace(made, **changes)


class Table:
    """An engine on one instrument, with a clock that every message moves by a millisecond."""

    set_by = 0
    """By how much the wall clock was set forward against the steady one."""
    watch: Callable[[], None] | None = None
    """Called after every transaction that wrote something."""

    def __init__(
        self,
        instrument: Instrument | None = None,
        *,
        settings: EngineSettings | None = None,
        latency_ns: int = 0,
    ) -> None:
        self.settings = (settings or EngineSettings()).with_latency(latency_ns)
        self.instrument = instrument or perp()
        self.symbol = self.instrument.symbol
        self.now = START
        self.mono = SECOND
        self.journal: list[Event] = []
        self.transactions: list[tuple[Event, ...]] = []
        self.engine = Engine(self.settings)

    @property
    def state(self) -> State:
        return self.engine.state

    def open(self, bids: Levels, asks: Levels) -> Table:
        self.feed(InstrumentListed(self.instrument, self.now))
        self.status(FeedState.STREAMING)
        self.snapshot(bids, asks)
        return self

    def restart(self, settings: EngineSettings | None = None) -> None:
        """Fold what was journaled and go on, as after a kill."""
        self.engine = Engine(settings or self.settings, state=State.fold(self.journal))

    def tick(self, ns: int = MS) -> int:
        self.now += ns
        return self.now

    def feed(self, message: MarketMessage) -> tuple[Event, ...]:
        return self._keep(tuple(self.engine.process(message)))

    def do(self, command: AnyCommand, *, after: int = MS) -> Reply:
        reply, events = self.engine.submit(CommandIssued(self.tick(after), command))
        self._keep(tuple(events))
        return reply

    def _keep(self, events: tuple[Event, ...]) -> tuple[Event, ...]:
        self.journal += events
        if events:
            self.transactions.append(events)
            if self.watch is not None:
                self.watch()
        return events

    def tell_clocks(self) -> tuple[Event, ...]:
        """Tell what both clocks say now."""
        return self.feed(ClockTick(self.now, self.now - self.set_by))

    def status(self, state: FeedState) -> tuple[Event, ...]:
        return self.feed(FeedStatus(self.symbol, self.tick(), state))

    def snapshot(self, bids: Levels, asks: Levels) -> tuple[Event, ...]:
        ts = self.tick()
        return self.feed(BookSnapshot(self.symbol, ts, ts, bids, asks))

    def delta(self, *, bids: Levels | None = None, asks: Levels | None = None) -> tuple[Event, ...]:
        ts = self.tick()
        return self.feed(BookDelta(self.symbol, ts, ts, bids or [], asks or []))

    def trade(self, price: float, qty: float, aggressor: Side | None = Side.SELL) -> tuple[Event, ...]:
        ts = self.tick()
        return self.feed(Trade(self.symbol, ts, ts, price, qty, aggressor, ts))

    def mark(self, price: float) -> tuple[Event, ...]:
        ts = self.tick()
        return self.feed(MarkPrice(self.symbol, ts, ts, price))

    def order(
        self,
        side: Side,
        size: str | Size,
        *,
        stop: str | Stop | None = None,
        target: str | Target | None = None,
        limit: str | None = None,
        trigger: str | None = None,
        tif: TimeInForce = TimeInForce.GTC,
        post_only: bool = False,
        reduce_only: bool = False,
        key: str = "",
        **more: Any,
    ) -> Reply:
        command = SubmitOrder(
            symbol=self.symbol,
            side=side,
            size=Size(D(size)) if isinstance(size, str) else size,
            stop=Stop(price=D(stop)) if isinstance(stop, str) else stop,
            target=Target(price=D(target)) if isinstance(target, str) else target,
            limit=D(limit) if limit else None,
            trigger=D(trigger) if trigger else None,
            tif=tif,
            post_only=post_only,
            reduce_only=reduce_only,
            key=key,
            **more,
        )
        return self.do(command)

    def buy(self, size: str | Size, **more: Any) -> Reply:
        return self.order(Side.BUY, size, **more)

    def sell(self, size: str | Size, **more: Any) -> Reply:
        return self.order(Side.SELL, size, **more)

    @property
    def fills(self) -> list[Fill]:
        return [event.body.fill for event in self.journal if isinstance(event.body, Filled)]

    def last_order(self, reply: Reply) -> Order:
        return self.state.orders[reply.order_ids[-1]]

    @property
    def stop(self) -> Order:
        found = self.state.stop_of(self.symbol)
        assert found is not None, "no stop stands"
        return found

    @property
    def target(self) -> Order:
        found = self.state.targets_of(self.symbol)
        assert found, "no target stands"
        return found[0]


def risk(value: str) -> Size:
    return Size(D(value), SizeUnit.RISK)


def steps(journal: list[Event], order_id: str) -> list[OrderState]:
    return [
        event.body.order.state
        for event in journal
        if isinstance(event.body, OrderChanged) and event.body.order.order_id == order_id
    ]


def wide_limits(**changes: Any) -> EngineSettings:
    """Settings whose risk limits stand in nobody's way."""
    limits = EngineSettings().limits
    loose = msgspec.structs.replace(
        limits, risk_per_trade=D("0.5"), max_open_risk=D(10), max_risk_per_trade=D(10)
    ).with_daily_loss(D("0.99"), Unit.ANCHOR)
    return msgspec.structs.replace(EngineSettings(), **{"limits": loose, "balance": D(1_000_000), **changes})
