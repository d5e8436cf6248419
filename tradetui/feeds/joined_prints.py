"""Prints that are older than the newest single ones, as Binance keeps them for everybody: joined.

What one order met at a price is one print there, with the first and the last number of those it stands for
(`f` and `l`; the documentation of aggregate trades). So it can be told which are known, and nothing counts
twice. One that is known in part only can not be divided: it is left out, and the answer is not whole.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from contextlib import suppress
from time import time_ns
from typing import Any, Final

import msgspec

from tradetui.domain.market_data import Side, Trade
from tradetui.feeds.native.wire import Millis, Price, TradedQuantity
from tradetui.feeds.trades import TradeFlow, identity

JOINING: Final = ("binance", "binanceusdm")
_PATIENCE_S: Final = 5.0
"""The tape waits meanwhile."""
_PAGES: Final = 5
"""Each weighs 20 of 2,400 a minute (USD-M), or 4 of 6,000 (spot)."""
_PAGE: Final = 1000
_MS: Final = 1_000_000


class _Row(msgspec.Struct, gc=False):
    a: int
    p: Price
    q: TradedQuantity
    f: int
    l: int  # noqa: E741  (the venue's name)
    T: Millis
    m: bool


class Joined:
    """Fills the time before the single prints of one symbol."""

    def __init__(self, symbol: str, flow: TradeFlow, singles: Sequence[Trade]) -> None:
        self._symbol, self._flow = symbol, flow
        self._singles = [(number, each) for each in singles if isinstance(number := identity(each), int)]
        self._older: list[Trade] = []
        waiting = flow.first_waiting
        self._waiting = math.inf if waiting is None else waiting
        self._end = min(self._waiting, min((number for number, _ in self._singles), default=math.inf))
        self.reaches = False
        """Whether nothing lies between what was taken and the single prints."""
        self._is_divided = False

    async def ask(self, exchange: Any, since_ms: int) -> tuple[list[Trade], bool]:
        """All prints, oldest first, and whether they are whole."""
        with suppress(Exception):  # what came so far is told
            async with asyncio.timeout(_PATIENCE_S):
                await self._ask(exchange, since_ms)
        return [*self._older, *(each for _, each in self._singles)], self.reaches and not self._is_divided

    async def _ask(self, exchange: Any, since_ms: int) -> None:
        read = exchange.fapiPublicGetAggTrades if ":" in self._symbol else exchange.publicGetAggTrades
        market = {"symbol": exchange.market(self._symbol)["id"], "limit": _PAGE}
        place = {"startTime": since_ms}
        for _ in range(_PAGES):
            rows = msgspec.convert(await read({**market, **place}), list[_Row], strict=False)
            for row in rows:
                self._take(row)
            if self.reaches or len(rows) < _PAGE:
                self.reaches = True
                return
            place = {"fromId": rows[-1].a + 1}

    def _take(self, row: _Row) -> None:
        known = self._flow.last_number
        if row.f >= self._end or self.reaches:
            self.reaches = True
        elif known is not None and row.l <= known:
            return
        elif (known is not None and row.f <= known) or row.l >= self._waiting:
            self._is_divided = True
        else:
            side = Side.SELL if row.m else Side.BUY
            self._older.append(Trade(self._symbol, row.T * _MS, time_ns(), row.p, row.q, side, row.l))
            self._flow.join(row.f, row.l - 1)
            self._singles = [each for each in self._singles if each[0] > row.l]
