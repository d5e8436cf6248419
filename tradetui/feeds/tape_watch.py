"""Notices a tape that stands still while the exchange prints on.

Nothing in a stream shows it: a market may be silent, the book goes on, and a count shows a hole only with the
next print. So where a tape has been silent for longer than it is wont to, the exchange is asked by REST for
newer prints; if it has some, and the stream brings none a little later, they are lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final, Protocol

from tradetui.feeds.backfill import missed_prints
from tradetui.feeds.trades import TradeFlow

_LOOK_S: Final = 5.0
_QUIET_S: Final = 60.0
"""A tape is asked about after such a silence …"""
_STEADY_QUIET_S: Final = 15.0
"""… or after this one, where it moved between all of the last looks."""
_STEADY: Final = 12
_MOST_QUIET_S: Final = 600.0
"""It is asked about less and less while it stays silent, but at least as often."""
_GRACE_S: Final = 5.0
_SAME_NS: Final = 1_000_000_000
"""REST may round a time: a print that is newer by less may be the one that is known."""
_FRUITLESS: Final = 3
"""So many alarms that moved nothing, and the exchange's two accounts are not the same."""


class Followed(Protocol):
    """One symbol's prints."""

    @property
    def symbol(self) -> str:
        """The symbol."""
        ...


@dataclass(slots=True)
class _Tape:
    position: tuple[int, int | None, int] = (0, None, 0)
    due: float = 0.0
    wait: float = _QUIET_S
    moves: int = 0
    """Looks without a silence between them."""
    alarms: int = 0


class TapeWatch:
    """Looks at the tapes of a feed, and asks about one after the other."""

    def __init__(
        self,
        exchange: Any,
        *,
        flow: Callable[[str], TradeFlow | None],
        lost: Callable[[str], None],
        moved: Callable[[str], None] = lambda _symbol: None,
        single_trades: bool = False,
    ) -> None:
        """`flow` gives the prints of a symbol that is live; `moved` is told that a tape goes on steadily."""
        self._exchange = exchange
        self._flow, self._lost, self._moved = flow, lost, moved
        self._single_trades = single_trades
        self._tapes: dict[str, _Tape] = {}

    async def run(self, symbols: Sequence[str]) -> None:
        """Go on for ever; `symbols` may change meanwhile."""
        while True:
            await asyncio.sleep(_LOOK_S)
            self._tapes = {each: self._tapes.get(each) or _Tape() for each in symbols}
            now = monotonic()
            overdue = [symbol for symbol in symbols if self._is_overdue(symbol, now)]
            if overdue:
                symbol = min(overdue, key=lambda each: self._tapes[each].wait)
                with suppress(Exception):  # it is asked again later
                    await self._ask(symbol, self._tapes[symbol])

    def _is_overdue(self, symbol: str, now: float) -> bool:
        """Look at a tape, and whether its silence should be asked about."""
        flow, tape = self._flow(symbol), self._tapes[symbol]
        if flow is None or flow.is_holding or not flow.last_ts:
            tape.position = (0, None, 0)
            return False
        if flow.position != tape.position:
            self._note_move(symbol, tape, flow, now)
            return False
        if now - (tape.due - tape.wait) > 2 * _LOOK_S:
            tape.moves = 0
        return now >= tape.due and tape.alarms < _FRUITLESS

    def _note_move(self, symbol: str, tape: _Tape, flow: TradeFlow, now: float) -> None:
        tape.position = flow.position
        tape.moves += 1
        tape.wait = _STEADY_QUIET_S if tape.moves >= _STEADY else _QUIET_S
        tape.due = now + tape.wait
        if tape.moves > 1:
            tape.alarms = 0
            self._moved(symbol)

    async def _ask(self, symbol: str, tape: _Tape) -> None:
        tape.wait = min(2 * tape.wait, _MOST_QUIET_S)
        tape.due = monotonic() + tape.wait
        known, since = tape.position, tape.position[0]
        found, _ = await missed_prints(self._exchange, symbol, since, single_trades=self._single_trades)
        if max((trade.ts_exchange for trade in found), default=0) <= since + _SAME_NS:
            return
        await asyncio.sleep(_GRACE_S)
        flow = self._flow(symbol)
        if flow is not None and not flow.is_holding and flow.position == known:
            tape.alarms += 1
            self._lost(symbol)
