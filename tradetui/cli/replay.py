"""`tradetui replay`: a recording on the screen, or without one as JSON or a few lines of text."""

from __future__ import annotations

import argparse
import asyncio
import math
import sys
import time
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from tradetui.cli.orders import read_orders
from tradetui.cli.output import clear_progress, lines_progress
from tradetui.cli.parts import journal_path, run_stamp
from tradetui.cli.replay_account import begin, replay_settings
from tradetui.cli.replay_text import text_lines
from tradetui.cli.report import fill_row, market_row, order_row, plain
from tradetui.config.paths import data_folder
from tradetui.domain.event import Event, Filled, OrderChanged
from tradetui.domain.number import canonical
from tradetui.domain.order import Order
from tradetui.engine import Engine
from tradetui.errors import ConfigError, Fault
from tradetui.feeds.clean import printable
from tradetui.feeds.replay import ReplayFeed
from tradetui.runtime.headless import HeadlessResult, run_headless
from tradetui.runtime.locked_journal import open_journal
from tradetui.runtime.recovery import recover
from tradetui.trading.orderfold import order_after

_BATCH: Final = 5_000


def run(options: argparse.Namespace) -> int:
    """Run it; raises RecordingError or ConfigError where it can not."""
    if not options.headless and not getattr(options, "json", False) and options.orders is None:
        from tradetui.cli.replay_screen import open_recording

        return open_recording(options)
    feed = ReplayFeed(
        options.paths,
        instruments=options.instruments,
        decode=options.decode,
        speed=math.inf,
        progress=lines_progress("scanning"),
    )
    begin(options, feed)
    return _headless(options, feed)


def _headless(options: argparse.Namespace, feed: ReplayFeed) -> int:
    commands = []
    if options.orders is not None:
        commands = read_orders(options.orders, first_ts=feed.first_ts, symbols=feed.symbols)
    engine = Engine(replay_settings(options, feed))
    # the engine's book knows best whether it is crossed; the feed need not keep one of its own
    feed.crossed = lambda symbol: engine.markets[symbol].book.is_crossed
    report = lines_progress("replaying", total=feed.recording.lines)
    result = run_headless(engine, lambda sink: feed.pump(sink, progress=report), commands=commands)
    clear_progress()
    if getattr(options, "data_dir", None) is not None:
        asyncio.run(_keep(options, result.events))
    summary = summarize(feed, engine, result)
    if getattr(options, "json", False):
        print(msgspec.json.encode(summary).decode())
    else:
        instruments = {symbol: market.instrument for symbol, market in engine.markets.items()}
        print("\n".join(map(printable, text_lines(summary, instruments))))
    for line in feed.bad_lines:
        print(f"tradetui: line {line.number} skipped: {printable(line.reason)}", file=sys.stderr)
    return 0


def summarize(feed: ReplayFeed, engine: Engine, result: HeadlessResult) -> dict[str, Any]:
    """Everything that the contract's JSON says."""
    state = engine.state
    fills = [event.body.fill for event in result.events if isinstance(event.body, Filled)]
    orders = _orders(result.events)
    return {
        "messages": feed.lines,
        "bad_messages": feed.bad_messages,
        "gaps": feed.gaps,
        "resyncs": feed.resyncs,
        "first_ts": feed.first_ts,
        "last_ts": feed.last_ts,
        "events": len(result.events),
        "events_hash": result.events_hash,
        "realism": engine.settings.realism,
        "account": {
            "currency": state.currency,
            "balance": canonical(state.cash(state.currency)),
            "equity": canonical(engine.equity()),
            "day_pnl": canonical(engine.day_pnl()),
            "fees": canonical(state.fees),
        },
        "orders": [order_row(order) for order in orders.values()],
        "fills": [fill_row(fill, orders[fill.order_id].realism) for fill in fills],
        "positions": [_position_row(engine, symbol) for symbol in state.positions],
        "instruments": {
            symbol: market_row(market) | {"book": symbol not in feed.recording.without_book}
            for symbol, market in engine.markets.items()
        },
        "notes": [*feed.recording.notes, *feed.recording.warnings],
    }


def _orders(events: Sequence[Event]) -> dict[str, Order]:
    """Every order as it ended, by id; the state keeps only the newest ones."""
    orders: dict[str, Order] = {}
    for event in events:
        match event.body:
            case OrderChanged(order=order):
                orders[order.order_id] = order
            case Filled(fill=fill):
                orders[fill.order_id] = order_after(orders[fill.order_id], fill)
            case _:
                continue
    return orders


def _position_row(engine: Engine, symbol: str) -> dict[str, Any]:
    position, stop = engine.state.positions[symbol], engine.state.stop_of(symbol)
    mark = engine.valuation(symbol)
    row = {
        "symbol": symbol,
        "side": "long" if position.signed_qty > 0 else "short",
        "qty": position.qty,
        "entry_price": position.entry_price,
        "mark_price": mark,
        "unrealized_pnl": engine.unrealized(symbol),
        "stop": stop.trigger if stop is not None else None,
    }
    return plain(msgspec.defstruct("Row", list(row))(**row))


async def _keep(options: argparse.Namespace, events: Sequence[Event]) -> None:
    """Write the events of a run to a journal in the data folder; it must not hold one already."""
    path = journal_path(data_folder(options.data_dir), "replay")
    if path.exists():
        message = "holds a replay already; name another folder or remove it"
        raise ConfigError("arguments", [Fault("--data-dir", str(path), message)])
    recovered = await recover(path, lambda _: None)
    journal = await open_journal(recovered, run_stamp())
    try:
        for start in range(0, len(events), _BATCH):
            await journal.append(events[start : start + _BATCH])
    finally:
        await journal.close(time.time_ns())
