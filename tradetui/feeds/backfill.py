"""The prints that a stream did not bring, by REST: each venue is asked in its own way.

Binance's streams bring single trades, so they are asked for instead of ccxt's aggregates, whose ids are
others; those only fill what is older than a page. Coinbase wants an end with a beginning; OKX and Bybit
refuse longer pages than theirs; of Kraken Futures' two histories one is wholly public. Of other exchanges
nothing is known: their newest page is asked for, and where it does not reach back, what came from then on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from functools import partial
from time import time_ns
from typing import Any, Final, Protocol

from ccxt import ExchangeNotAvailable

from tradetui.domain.market_data import Asking, FeedState, MissedTrades, Missing, PriceKind, Trade
from tradetui.feeds.ccxt.rest import RestSide, Teller
from tradetui.feeds.ccxt.stream import Part
from tradetui.feeds.ccxt.trades import BadTrade, TradeReader, reader_of
from tradetui.feeds.ccxt.words import words_for
from tradetui.feeds.joined_prints import JOINING, Joined
from tradetui.feeds.tasks import begin_task
from tradetui.feeds.trades import TradeFlow

_PATIENCE_S: Final = 5.0
"""Prints of the stream wait for the missed ones for so long."""
_HEARD_S: Final = 5.0
"""So long it is waited until the exchange says that it has heard of a subscription."""
_AGAIN_S: Final = (0.5, 1.5)
"""Waits before it is asked again: where the stream was lost, the first request often is as well."""
_HISTORY_AGAIN_S: Final = 60.0
_MOST_JOINED: Final = 3
"""Of so many symbols at once older prints are asked for than the newest page has."""
_FRUITLESS: Final = 3
"""So many holes that REST knows nothing of, and the venue's count is no count."""
_MS: Final = 1_000_000
_PAGE: Final = {"okx": 500, "bybit": 60, "krakenfutures": 100}
_OTHERWISE: Final = 1000
_FORWARD: Final = ("kraken", "binanceusdm")
_KNOWN: Final = frozenset(
    {"binance", "binanceusdm", "bitget", "bybit", "coinbase", "kraken", "krakenfutures", "okx"}
)
_PAGES: Final = 5
_MORE: Final = {"krakenfutures": {"method": "publicGetHistory"}}


class Followed(Protocol):
    """One symbol's prints."""

    @property
    def trades(self) -> TradeFlow:
        """Each once."""
        ...

    @property
    def symbol(self) -> str:
        """The symbol."""
        ...


def nothing_missing(_symbol: str) -> Missing | None:
    """Nothing that is held went through a lost time."""
    return None


class Backfill:
    """Asks for what was missed, of each symbol once at a time."""

    def __init__(
        self,
        teller: Teller,
        rest: RestSide,
        group: asyncio.TaskGroup,
        *,
        missing: Callable[[str], Missing | None] = nothing_missing,
        single_trades: bool = False,
    ) -> None:
        """`missing` says what has to be known of a lost time.

        `single_trades` says that the streams of contracts bring no aggregates either.
        """
        self._teller = teller
        self._missing = missing
        self._single_trades = single_trades
        self._rest = rest
        self._group = group
        self._again: set[str] = set()
        self._holed: set[str] = set()
        """Symbols whose waiting prints have a hole themselves."""
        self._unheard: set[str] = set()
        """Symbols that were asked for before the exchange was known to have heard."""
        self._counted: set[str] = set()
        """Symbols that are asked for because their count has a hole."""
        self._failed: set[str] = set()
        """Symbols whose last question had no answer."""
        self._fruitless: dict[str, int] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}

    def forget(self, symbol: str) -> None:
        """A symbol is followed no more."""
        for known in (self._again, self._holed, self._unheard, self._counted, self._failed):
            known.discard(symbol)
        self._fruitless.pop(symbol, None)
        if (task := self._asking.pop(symbol, None)) is not None:
            task.cancel()

    def start(
        self, channel: Followed, lost_for_s: float = 0.0, *, heard: asyncio.Event | None = None
    ) -> None:
        """Let the stream's prints wait until those that were missed are there.

        Where the exchange has yet to hear of a subscription, `heard` is set when it has: what it prints
        before that is missed too. Nothing waits for it forever: then `heard` asks again.
        """
        if self._missing(channel.symbol) is not None:
            self._teller.deliver(Asking(channel.symbol, time_ns()))
        if channel.trades.is_holding:
            self._again.add(channel.symbol)
        elif channel.trades.last_ts:
            self._begin(channel, self._fill(channel, lost_for_s, heard))
        else:
            self._end(channel.symbol)

    def _begin(self, channel: Followed, filling: Coroutine[Any, Any, None]) -> None:
        task = begin_task(self._group, filling)
        if task is not None:  # else the feed ends, and its sockets after it
            self._asking[channel.symbol] = task
            channel.trades.hold()

    def heard(self, channel: Followed) -> None:
        """The exchange tells the prints now: ask again where it was asked too early."""
        if channel.symbol not in self._unheard:
            return
        self._unheard.discard(channel.symbol)
        if channel.trades.is_holding:
            self._holed.add(channel.symbol)
        self.start(channel)

    def count_hole(self, channel: Followed) -> None:
        """The count of prints has a hole: ask, unless such holes have shown to be none."""
        if self._fruitless.get(channel.symbol, 0) < _FRUITLESS:
            self._counted.add(channel.symbol)
            if channel.trades.is_holding:
                self._holed.add(channel.symbol)
            self.start(channel)

    async def _fill(self, channel: Followed, lost_for_s: float, heard: asyncio.Event | None) -> None:
        symbol, was_long = channel.symbol, lost_for_s > _HISTORY_AGAIN_S
        self._unheard.discard(symbol)
        if heard is not None and not await _in_time(heard):
            self._unheard.add(symbol)
        if was_long:
            await self._rest.load_history(self._teller, symbol)
        missed, is_all = await self._missed(channel)
        is_holed = symbol in self._holed
        if is_holed:  # more was lost while that was asked for
            self._holed.discard(symbol)
            self._again.discard(symbol)
            more, is_all = await self._missed(channel)
            missed = more if is_all else missed + more
        await self._tell_minutes(symbol, are_prints_whole=is_all)
        lost, held = channel.trades.release(missed, is_holed=is_holed)
        self._judge_count(symbol, is_filled=bool(lost))
        if lost or (is_all and self._missing(symbol) is not None):
            self._teller.deliver(MissedTrades(symbol, time_ns(), lost, is_all))
        if symbol not in self._again:
            self._end(symbol)
        for trade in held:
            self._teller.deliver(trade)
        if was_long:
            await self._rest.deepen_history(self._teller, [symbol])
        if symbol in self._again:
            self._again.discard(symbol)
            self._holed.discard(symbol)
            self.start(channel)

    def _judge_count(self, symbol: str, *, is_filled: bool) -> None:
        """A hole that the answer knows nothing of is none; where no answer came, nothing is known of it."""
        if is_filled:
            self._fruitless[symbol] = 0
        elif symbol in self._counted and symbol not in self._failed:
            self._fruitless[symbol] = self._fruitless.get(symbol, 0) + 1
            if self._fruitless[symbol] == _FRUITLESS:
                text = "the exchange's count of its trades has holes that are none: it counts no more"
                self._teller.say(symbol, Part.NOTICE, FeedState.STREAMING, text=text)
        self._counted.discard(symbol)

    def _end(self, symbol: str) -> None:
        """Nothing more will be told of a lost time."""
        if self._missing(symbol) is not None:
            self._teller.deliver(Asking(symbol, time_ns(), has_ended=True))

    async def _tell_minutes(self, symbol: str, *, are_prints_whole: bool) -> None:
        """Deliver what prints do not tell of a lost time, as far as that can be had soon."""
        missing = self._missing(symbol)
        if missing is not None:
            kinds = tuple(
                each for each in missing.kinds if each is not PriceKind.LAST or not are_prints_whole
            )
            wanted = Missing(missing.since, kinds)
            await self._rest.tell_missed(self._teller, symbol, wanted, within_s=_PATIENCE_S)

    async def _missed(self, channel: Followed) -> tuple[list[Trade], bool]:
        """The prints that were missed, and whether that is all of them."""
        symbol, missed, is_all = channel.symbol, list[Trade](), False
        if not self._rest.exchange.has.get("fetchTrades"):
            return missed, is_all
        self._failed.add(symbol)
        try:
            missed, is_all = await self._ask(channel)
            self._failed.discard(symbol)
            text = "" if is_all else f"missed trades: only {len(missed):,} of them could be fetched"
        except Exception as error:  # noqa: BLE001 - the outside world becomes words
            text = f"missed trades could not be fetched: {words_for(error)}"
        if text:
            self._teller.say(symbol, Part.NOTICE, FeedState.STREAMING, text=text)
        return missed, is_all

    async def _ask(self, channel: Followed) -> tuple[list[Trade], bool]:
        """What was missed; a connection that fails is tried again, a refusal is not."""
        exchange, since_ns = self._rest.exchange, channel.trades.last_ts
        ask = partial(missed_prints, exchange, channel.symbol, since_ns, single_trades=self._single_trades)
        for wait in _AGAIN_S:
            with suppress(ExchangeNotAvailable):
                return await self._with_joined(channel, *await ask())
            await asyncio.sleep(wait)
        return await self._with_joined(channel, *await ask())

    async def _with_joined(
        self, channel: Followed, found: list[Trade], is_all: bool
    ) -> tuple[list[Trade], bool]:
        """What was missed with what is older than a page, where few are asked for: all share one limit."""
        exchange, asked = self._rest.exchange, sum(not task.done() for task in self._asking.values())
        if is_all or exchange.id not in JOINING or asked > _MOST_JOINED or not self._single_trades:
            return found, is_all
        since_ms = channel.trades.last_ts // _MS
        return await Joined(channel.symbol, channel.trades, found).ask(exchange, since_ms)


async def _in_time(heard: asyncio.Event) -> bool:
    """Whether it was set before patience ended."""
    with suppress(TimeoutError):
        await asyncio.wait_for(heard.wait(), _HEARD_S)
    return heard.is_set()


async def missed_prints(
    exchange: Any, symbol: str, since_ns: int, *, single_trades: bool = False
) -> tuple[list[Trade], bool]:
    """What was printed since then, and whether that is all of it; raises what ccxt raises."""
    async with asyncio.timeout(_PATIENCE_S):
        if exchange.id in _KNOWN:
            return await _as_known(exchange, symbol, since_ns // _MS, single_trades=single_trades)
        return await _as_any(exchange, symbol, since_ns // _MS)


async def _as_known(
    exchange: Any, symbol: str, since: int, *, single_trades: bool
) -> tuple[list[Trade], bool]:
    """Some venues answer from the beginning on and are asked again; the others with their newest page."""
    reader, found, size = reader_of(exchange.id, symbol), list[Trade](), _page(exchange, symbol)
    are_single = exchange.id.startswith("binance") and (single_trades or ":" not in symbol)
    goes_forward = not are_single and (exchange.id in _FORWARD or exchange.id == "binance")
    for _ in range(_PAGES if goes_forward else 1):
        more = _more(exchange.id, symbol, since=since, are_single=are_single)
        rows = await exchange.fetch_trades(symbol, since=since, limit=size, params=more)
        fresh = _read(reader, rows)
        found += fresh
        if len(rows) < size or not fresh:
            return found, len(rows) < size
        since = max(trade.ts_exchange for trade in fresh) // _MS
    return found, False


async def _as_any(exchange: Any, symbol: str, since: int) -> tuple[list[Trade], bool]:
    """The newest page, and what is older where the exchange answers from a moment on."""
    reader = reader_of(exchange.id, symbol)
    newest = _read(reader, await exchange.fetch_trades(symbol))
    first = min((trade.ts_exchange for trade in newest), default=0)
    if first <= since * _MS:
        return newest, True
    rows = await exchange.fetch_trades(symbol, since=since)
    stamps = sorted((row.get("timestamp") or 0) * _MS for row in rows)
    is_joined = bool(stamps) and stamps[0] < first <= stamps[-1]
    return [*_read(reader, rows), *newest], is_joined


def _read(reader: TradeReader, rows: Iterable[dict[str, Any]]) -> list[Trade]:
    """Those that are new and can be."""
    found, now = list[Trade](), time_ns()
    for row in rows:
        with suppress(BadTrade):
            trade = reader.read(row, now)
            if trade is not None:
                found.append(trade)
    return found


def _page(exchange: Any, symbol: str) -> int:
    if exchange.id == "bybit" and ":" in symbol:
        return _OTHERWISE
    return _PAGE.get(exchange.id, _OTHERWISE)


def _more(exchange_id: str, symbol: str, *, since: int, are_single: bool) -> dict[str, Any]:
    if are_single:
        return {"fetchTradesMethod": "fapiPublicGetTrades" if ":" in symbol else "publicGetTrades"}
    if exchange_id == "kraken":
        # ccxt would cut it to a second, and the venue leaves out the moment itself
        return {"since": str(since * _MS - 1)}
    if exchange_id == "coinbase":
        return {"until": time_ns() // _MS + 1000}
    return _MORE.get(exchange_id, {})
