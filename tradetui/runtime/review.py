"""The closed trades of an account for its review, cut out of what is committed.

Where a journal keeps the events they are read from its file, in a thread and only when somebody asks: the
first time all, then what came since. Else they are taken in as they are committed.
"""

from __future__ import annotations

import asyncio
import decimal
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Final

from tradetui.domain.calendar import TradingCalendar
from tradetui.domain.event import Event
from tradetui.domain.number import MONEY
from tradetui.domain.view_review import ReviewView, TradeRow
from tradetui.journal.reader import JournalReader
from tradetui.reports.sums import by, curve, direction, sums_of
from tradetui.reports.trades import READ, ClosedTrade, TradeReader
from tradetui.state import State

LISTED: Final = 1_000
"""So many trades are listed; the sums count all."""


class TradeLog:
    """The closed trades of one account."""

    def __init__(self, path: Path | None) -> None:
        """`path` is the journal's file; None where nothing is kept and `take` has to be called."""
        self._path = path
        self._reader = TradeReader()
        self._seq = 0
        self._trades: list[ClosedTrade] = []
        self._reading = asyncio.Lock()

    def take(self, events: Iterable[Event]) -> None:
        """Take in what was committed, where no file has it."""
        if self._path is None:
            self._read(events)

    async def trades(self) -> tuple[ClosedTrade, ...]:
        """All of them, in the order in which they closed; raises JournalError where they can not be read."""
        if self._path is not None:
            async with self._reading:
                await asyncio.to_thread(self._read_on, self._path)
        return tuple(self._trades)

    def _read_on(self, path: Path) -> None:
        with closing(JournalReader(path)) as journal:
            self._read(journal.listed(READ, since=self._seq))

    def _read(self, events: Iterable[Event]) -> None:
        for event in events:
            with decimal.localcontext(MONEY):
                self._trades += self._reader.read(event)
            self._seq = event.seq


def review_view(trades: tuple[ClosedTrade, ...], state: State, *, now: int) -> ReviewView:
    """What a review shows of the trades; days are the account's trading days."""
    zone, roll = state.limits.get("zone", "UTC"), state.limits.get("roll", "00:00")
    calendar = TradingCalendar(zone, roll)
    days = {id(trade): calendar.session_at(trade.exit_ts).session_id for trade in trades}
    today = calendar.session_at(now).session_id
    newest = trades[::-1]
    todays = [trade for trade in trades if days[id(trade)] == today]
    return ReviewView(
        currency=state.currency,
        zone=zone,
        sums=(
            sums_of("today", todays),
            sums_of("all", trades),
            *by(trades, direction),
            *by(trades, lambda trade: trade.symbol),
        ),
        days=by(newest, lambda trade: days[id(trade)]),
        trades=tuple(_row(trade, days[id(trade)], state) for trade in newest[:LISTED]),
        curve=curve(trades),
    )


def _row(trade: ClosedTrade, day: str, state: State) -> TradeRow:
    instrument = state.instruments.get(trade.symbol)
    return TradeRow(
        day=day,
        symbol=trade.symbol,
        side=trade.side,
        qty=trade.qty,
        entry_ts=trade.entry_ts,
        exit_ts=trade.exit_ts,
        entry_price=trade.entry_price,
        exit_price=trade.exit_price,
        fees=trade.fees,
        net=trade.net_pnl,
        r=None if trade.r is None else float(trade.r),
        price_scale=instrument.price_scale if instrument is not None else 2,
    )
