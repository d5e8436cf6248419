"""`tradetui journal trades|fills|orders|verify|resume`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from tradetui.cli.output import share_progress
from tradetui.cli.parts import chosen_profile, journal_path, load_config, run_stamp
from tradetui.cli.report import fill_row, order_row, plain
from tradetui.config.load import Config
from tradetui.config.paths import data_folder
from tradetui.domain.event import Event, Filled, OrderChanged, TrailMoved
from tradetui.domain.number import canonical
from tradetui.domain.order import Order
from tradetui.errors import JournalError
from tradetui.feeds.clean import printable
from tradetui.journal.reader import read_events
from tradetui.journal.schema import JournalDamaged
from tradetui.reports.trades import closed_trades
from tradetui.runtime.input_replay import reproduce
from tradetui.runtime.quarantine import resume
from tradetui.runtime.reasons import ending_words, refusal_words
from tradetui.runtime.recovery import verify_journal
from tradetui.trading.orderfold import order_after, trailed

NOTHING = "—"
_PRICES = ("price", "trigger", "entry_price", "exit_price")
_TRADE_COLUMNS = ("closed", "symbol", "side", "qty", "entry_price", "exit_price", "net_pnl", "r")
_ORDER_COLUMNS = ("time", "id", "symbol", "side", "type", "qty", "filled", "price", "trigger", "why")
_AT_LEFT = ("why",)
_FILL_COLUMNS = ("time", "symbol", "side", "qty", "price", "fee", "fee_asset", "liquidity", "realism")


def run(options: argparse.Namespace) -> int:
    """Run one of them; raises JournalError where the journal can not be read."""
    config = load_config(options)
    path = _path(options, config)
    if not path.exists():
        if options.action in ("verify", "resume"):
            raise JournalError(f"{path}: no journal yet; it is made when the cockpit first runs")
        print(f"tradetui: {path}: no journal yet, so no {options.action}", file=sys.stderr)
        return 0
    if options.action == "verify":
        as_json = getattr(options, "json", False)
        return _reproduce(path, as_json=as_json) if options.inputs else _verify(path, as_json=as_json)
    if options.action == "resume":
        return _resume(path, config)
    return _list(path, options.action, as_json=getattr(options, "json", False))


def _list(path: Path, what: str, *, as_json: bool) -> int:
    """Print trades, fills or orders; of a damaged journal those before the damage, and 1."""
    good = _Good(read_events(path, share_progress("reading")))
    if what == "fills":
        rows = list(_fill_rows(good))
        _show(rows, _FILL_COLUMNS, "fills", as_json=as_json)
    elif what == "orders":
        rows = list(order_rows(good))
        _show(rows, _ORDER_COLUMNS, "orders", as_json=as_json)
    else:
        rows = [plain(trade) for trade in closed_trades(good)]
        _show(rows, _TRADE_COLUMNS, "closed trades", as_json=as_json)
    if good.damage is not None:
        print(f"tradetui: only what stands before the damage: {good.damage}", file=sys.stderr)
    return 0 if good.damage is None else 1


def _fill_rows(events: Iterable[Event]) -> Iterator[dict[str, Any]]:
    """Each fill, and by what its order was matched."""
    realism: dict[str, str] = {}
    for event in events:
        match event.body:
            case OrderChanged(order=order):
                realism[order.order_id] = order.realism
            case Filled(fill=fill):
                yield fill_row(fill, realism.get(fill.order_id, ""))
            case _:
                continue


def order_rows(events: Iterable[Event]) -> Iterator[dict[str, Any]]:
    """Each order as it ended or stands, oldest first, with the reason in words."""
    orders: dict[str, Order] = {}
    told: dict[str, str] = {}
    for event in events:
        match event.body:
            case OrderChanged(order=order, refusal=refusal):
                orders[order.order_id] = order
                if refusal is not None:
                    told[order.order_id] = refusal_words(refusal)
            case Filled(fill=fill):
                orders[fill.order_id] = order_after(orders[fill.order_id], fill)
            case TrailMoved() as moved:
                orders[moved.order_id] = trailed(orders[moved.order_id], moved)
            case _:
                continue
    for order in orders.values():
        why = ending_words(order, told.get(order.order_id, "")) if order.state.is_terminal else "open"
        yield {**order_row(order), "why": why}


class _Good:
    """Events as long as they can be trusted; `damage` says afterwards whether there were more."""

    def __init__(self, events: Iterator[Event]) -> None:
        self.damage: JournalDamaged | None = None
        self._events = events

    def __iter__(self) -> Iterator[Event]:
        try:
            yield from self._events
        except JournalDamaged as error:
            self.damage = error


def _resume(path: Path, config: Config) -> int:
    done = asyncio.run(resume(path, run_stamp(config)))
    print(f"{path}: {done.found}")
    print(f"set aside as {done.copy}; the new journal goes on behind event {done.last_good}")
    return 0


def _path(options: argparse.Namespace, config: Config) -> Path:
    """The journal of a profile, or of a replay that was kept under a data folder."""
    folder = data_folder(getattr(options, "data_dir", None))
    kept = journal_path(folder, getattr(options, "profile", None) or "")
    return kept if kept.exists() else journal_path(folder, chosen_profile(options, config).name)


def _verify(path: Path, *, as_json: bool) -> int:
    result = verify_journal(path, share_progress("verifying"))
    if as_json:
        print(msgspec.json.encode(result).decode())
    elif result.fault:
        print(f"{path}: does not hold after event {result.last_seq}: {result.fault}")
    else:
        holds = "chain, numbering, sums and fold hold"
        print(f"{path}: {result.events} events, {holds}; head {result.last_hash[:16]}")
    return 1 if result.fault else 0


def _reproduce(path: Path, *, as_json: bool) -> int:
    """Make the events again from recorded inputs; 1 where one comes out differently."""
    found = reproduce(path)
    if as_json:
        print(msgspec.json.encode(found).decode())
    elif found.fault:
        print(f"{path}: {found.fault}; {found.events} events before it came out the same")
    elif not found.inputs:
        print(f"{path}: no inputs are recorded; set record_inputs = true in [journal]")
    else:
        print(f"{path}: {found.events} events made again from {found.inputs} inputs, each the same")
    return 1 if found.fault else 0


def _show(rows: list[dict[str, Any]], columns: tuple[str, ...], what: str, *, as_json: bool) -> None:
    if as_json:
        for row in rows:
            print(msgspec.json.encode(row).decode())
        return
    if not rows:
        print(f"no {what} yet")
        return
    table = [columns, *aligned(rows, columns)]
    widths = [max(len(line[index]) for line in table) for index in range(len(columns))]
    for line in table:
        print(_line(line, columns, widths))


def _line(cells: Sequence[str], columns: Sequence[str], widths: Sequence[int]) -> str:
    """One line of the table; words begin at the left, numbers end at the right."""
    placed = [
        printable(cell).ljust(width) if name in _AT_LEFT else cell.rjust(width)
        for cell, name, width in zip(cells, columns, widths, strict=True)
    ]
    return "  ".join(placed).rstrip()


def aligned(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> list[list[str]]:
    """The cells of all rows; prices of a symbol have the same digits after the point."""
    prices = [column for column in columns if column in _PRICES]
    shown = [{column: _cell(row, column) for column in columns} for row in rows]
    places: dict[str, int] = {}
    for cells in shown:
        digits = [len(cells[column].partition(".")[2]) for column in prices]
        places[cells["symbol"]] = max(places.get(cells["symbol"], 0), *digits)
    for cells in shown:
        for column in prices:
            if cells[column] != NOTHING:
                cells[column] = f"{Decimal(cells[column]):.{places[cells['symbol']]}f}"
    return [list(cells.values()) for cells in shown]


def _cell(row: dict[str, Any], column: str) -> str:
    if column in ("closed", "time"):
        moment = datetime.fromtimestamp(row["exit_ts" if column == "closed" else "ts"] / 1e9, UTC)
        return moment.strftime("%Y-%m-%d %H:%M:%S")
    value = row[column]
    if value is None:
        return NOTHING
    if column in ("entry_price", "exit_price"):
        return canonical(Decimal(f"{Decimal(value):.9g}"))
    return f"{Decimal(value):.2f}" if column in ("net_pnl", "r") else str(value)
