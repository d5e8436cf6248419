"""The prints that a stream did not bring, by REST: each venue is asked in its own way.

Binance's spot stream brings single trades, so they are asked for instead of ccxt's aggregates, whose ids
are others. Coinbase wants an end with a beginning; OKX and Bybit refuse longer pages than theirs; of
Kraken Futures' two histories one is wholly public.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from time import time_ns
from typing import Any, Final

from tradetui.domain.market_data import FeedState, MissedTrades, Trade
from tradetui.feeds.ccxt.rest import RestSide, Teller
from tradetui.feeds.ccxt.stream import Part
from tradetui.feeds.ccxt.trades import BadTrade, TradeReader
from tradetui.feeds.ccxt.words import words_for
from tradetui.feeds.native.channel import Channel

_PATIENCE_S: Final = 5.0
"""Prints of the stream wait for the missed ones for so long."""
_HISTORY_AGAIN_S: Final = 60.0
_FRUITLESS: Final = 3
"""So many holes that REST knows nothing of, and the venue's count is no count."""
_MS: Final = 1_000_000
_PAGE: Final = {"okx": 500, "bybit": 60, "krakenfutures": 100}
_OTHERWISE: Final = 1000
_FORWARD: Final = ("kraken", "binanceusdm")
_PAGES: Final = 5
_MORE: Final = {"krakenfutures": {"method": "publicGetHistory"}}


class Backfill:
    """Asks for what was missed, of each symbol once at a time."""

    def __init__(self, teller: Teller, rest: RestSide, group: asyncio.TaskGroup) -> None:
        self._teller = teller
        self._rest = rest
        self._group = group
        self._again: set[str] = set()
        self._holed: set[str] = set()
        """Symbols whose waiting prints have a hole themselves."""
        self._fruitless: dict[str, int] = {}

    def start(self, channel: Channel, lost_for_s: float = 0.0) -> None:
        """Let the stream's prints wait until those that were missed are there."""
        if channel.trades.is_holding:
            self._again.add(channel.symbol)
        elif channel.trades.last_ts:
            channel.trades.hold()
            self._group.create_task(self._fill(channel, lost_for_s))

    def count_hole(self, channel: Channel) -> None:
        """The count of prints has a hole: ask, unless such holes have shown to be none."""
        if self._fruitless.get(channel.symbol, 0) < _FRUITLESS:
            self._fruitless[channel.symbol] = self._fruitless.get(channel.symbol, 0) + 1
            if channel.trades.is_holding:
                self._holed.add(channel.symbol)
            self.start(channel)

    async def _fill(self, channel: Channel, lost_for_s: float) -> None:
        symbol, was_long = channel.symbol, lost_for_s > _HISTORY_AGAIN_S
        if was_long:
            await self._rest.load_history(self._teller, symbol)
        missed = await self._missed(channel)
        is_holed = symbol in self._holed
        if is_holed:  # more was lost while that was asked for
            self._holed.discard(symbol)
            self._again.discard(symbol)
            missed += await self._missed(channel)
        lost, held = channel.trades.release(missed, is_holed=is_holed)
        if lost:
            self._fruitless[symbol] = 0
            self._teller.deliver(MissedTrades(symbol, time_ns(), lost))
        for trade in held:
            self._teller.deliver(trade)
        if was_long:
            await self._rest.deepen_history(self._teller, [symbol])
        if symbol in self._again:
            self._again.discard(symbol)
            self._holed.discard(symbol)
            self.start(channel)

    async def _missed(self, channel: Channel) -> list[Trade]:
        symbol, missed, text = channel.symbol, list[Trade](), ""
        try:
            missed, is_all = await missed_prints(self._rest.exchange, symbol, channel.trades.last_ts)
            text = "" if is_all else f"missed trades: only {len(missed):,} of them could be fetched"
        except Exception as error:  # noqa: BLE001 - the outside world becomes words
            text = f"missed trades could not be fetched: {words_for(error)}"
        if text:
            self._teller.say(symbol, Part.NOTICE, FeedState.STREAMING, text=text)
        return missed


async def missed_prints(exchange: Any, symbol: str, since_ns: int) -> tuple[list[Trade], bool]:
    """What was printed since then, and whether that is all of it; raises what ccxt raises.

    Some venues answer from the beginning on and are asked again; the others with their newest page.
    """
    reader, found, size = TradeReader(symbol), list[Trade](), _page(exchange, symbol)
    goes_forward = exchange.id in _FORWARD or (exchange.id == "binance" and ":" in symbol)
    since = since_ns // _MS
    async with asyncio.timeout(_PATIENCE_S):
        for _ in range(_PAGES if goes_forward else 1):
            now = time_ns()
            more = _more(exchange.id, symbol, since=since, now_ms=now // _MS)
            rows = await exchange.fetch_trades(symbol, since=since, limit=size, params=more)
            fresh = list(_read(reader, rows, now))
            found += fresh
            if len(rows) < size or not fresh:
                return found, len(rows) < size
            since = max(trade.ts_exchange for trade in fresh) // _MS
    return found, False


def _read(reader: TradeReader, rows: list[dict[str, Any]], now: int) -> Iterator[Trade]:
    for row in rows:
        with suppress(BadTrade):
            trade = reader.read(row, now)
            if trade is not None:
                yield trade


def _page(exchange: Any, symbol: str) -> int:
    if exchange.id == "bybit" and ":" in symbol:
        return _OTHERWISE
    return _PAGE.get(exchange.id, _OTHERWISE)


def _more(exchange_id: str, symbol: str, *, since: int, now_ms: int) -> dict[str, Any]:
    if exchange_id == "binance" and ":" not in symbol:
        return {"fetchTradesMethod": "publicGetTrades"}
    if exchange_id == "kraken":
        # ccxt would cut it to a second, and the venue leaves out the moment itself
        return {"since": str(since * _MS - 1)}
    return _MORE.get(exchange_id, {}) | ({"until": now_ms + 1000} if exchange_id == "coinbase" else {})
