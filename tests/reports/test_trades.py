"""Closed trades against the ledger of the same run, and by hand (example W74)."""

from __future__ import annotations

import math
from decimal import Decimal
from pathlib import Path

import pytest

from tradetui.domain.command import CommandIssued
from tradetui.domain.event import AnyBody, Event, Filled, InstrumentRegistered, OrderChanged
from tradetui.domain.fill import Evidence, Fill, Liquidity, Receipt
from tradetui.domain.grammar import parse
from tradetui.domain.instrument import Instrument, InstrumentKind
from tradetui.domain.market_data import Side
from tradetui.domain.order import Order, OrderState, OrderType
from tradetui.engine import Engine
from tradetui.feeds.replay import ReplayFeed
from tradetui.reports.trades import closed_trades
from tradetui.runtime.headless import run_headless
from tradetui.trading.settings import EngineSettings

D = Decimal
PERP = Instrument(
    symbol="X/USDT:USDT",
    venue="test",
    kind=InstrumentKind.PERP_LINEAR,
    base="X",
    quote="USDT",
    settle="USDT",
    tick_size=D("0.1"),
    lot_size=D("1"),
)


def events(*bodies: AnyBody) -> list[Event]:
    return [Event(seq=n, ts=n, account="a", body=body) for n, body in enumerate(bodies, start=1)]


def entry(order_id: str, qty: str, risk: str) -> OrderChanged:
    order = Order(
        order_id=order_id,
        ts=1,
        symbol=PERP.symbol,
        side=Side.BUY,
        type=OrderType.MARKET,
        qty=D(qty),
        planned_risk=D(risk),
        state=OrderState.SUBMITTED,
    )
    return OrderChanged(order=order)


def fill(order_id: str, side: Side, qty: str, price: str, fee: str = "0") -> Filled:
    receipt = Receipt(
        evidence=Evidence.BOOK_LEVEL, displayed=D(9), consumed_before=D(0), consumed_after=D(qty)
    )
    return Filled(
        fill=Fill(
            fill_id=f"F-{order_id}-{price}",
            order_id=order_id,
            ts=1,
            symbol=PERP.symbol,
            side=side,
            price=D(price),
            qty=D(qty),
            fee=D(fee),
            fee_asset="USDT",
            liquidity=Liquidity.TAKER,
            receipt=receipt,
        )
    )


def test_w74_two_bought_at_100_with_a_stop_at_98_and_sold_at_104_make_one_point_eight_r() -> None:
    story = events(
        InstrumentRegistered(instrument=PERP),
        entry("1", "2", "4"),
        fill("1", Side.BUY, "2", "100", "0.4"),
        fill("2", Side.SELL, "2", "104", "0.4"),
    )
    (trade,) = closed_trades(story)
    assert (trade.net_pnl, trade.r, trade.fees) == (D("7.2"), D("1.8"), D("0.8"))


def test_w75_a_flip_closes_one_trade_and_opens_the_next() -> None:
    story = events(
        InstrumentRegistered(instrument=PERP),
        fill("1", Side.BUY, "100", "50"),
        fill("2", Side.SELL, "150", "55"),
        fill("3", Side.BUY, "50", "52"),
    )
    first, second = closed_trades(story)
    assert (first.side, first.gross_pnl) == (Side.BUY, D(500))
    assert (second.side, second.gross_pnl) == (Side.SELL, D(150))


@pytest.mark.captures
def test_the_trades_of_a_recorded_day_add_up_to_what_the_ledger_says(captures: Path) -> None:
    feed = ReplayFeed([captures / "hftbacktest" / "usdm_ethusdt_20240808.gz"], speed=math.inf)
    engine = Engine(EngineSettings(leverage=D(10)).with_latency(0))
    lines = [
        (20, "buy 1 stop 2670 target 2683"),
        (60, "sell 0.4"),
        (90, "flatten"),
        (100, "sell 2 stop 2690"),
        (200, "half"),
        (280, "flatten all"),
    ]
    commands = [
        CommandIssued(
            feed.first_ts + second * 1_000_000_000, parse(text, symbol=feed.symbols[0], symbols=feed.symbols)
        )
        for second, text in lines
    ]
    result = run_headless(engine, feed.pump, commands=commands)
    trades = list(closed_trades(result.events))
    assert len(trades) == 2
    assert not engine.state.positions
    assert sum((trade.net_pnl for trade in trades), D(0)) == pytest.approx(
        engine.state.cash("USDT") - 10_000, abs=D("1e-7")
    )
