"""The REST side of any exchange that ccxt knows: markets, candles, and what is polled.

Shared by the feeds, whichever client their streams come through.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from time import time_ns
from typing import Any, Final, Protocol

import msgspec
from ccxt import BadSymbol

from tradetui.domain.instrument import Instrument, InstrumentStatus
from tradetui.domain.market_data import (
    CandleHistory,
    FeedState,
    InstrumentListed,
    MarketMessage,
    MissedCandles,
    Missing,
    PriceKind,
)
from tradetui.domain.profile import Profile
from tradetui.errors import FeedError
from tradetui.feeds.ccxt.closures import Closures
from tradetui.feeds.ccxt.history import FIRST, OTHERS, fetch_history, missed_candles
from tradetui.feeds.ccxt.instruments import instrument_of, nearest_symbol
from tradetui.feeds.ccxt.market_file import MarketFile, age_words
from tradetui.feeds.ccxt.statuses import ASKED, learn_status
from tradetui.feeds.ccxt.stream import Part
from tradetui.feeds.ccxt.tiers import Tiers
from tradetui.feeds.ccxt.words import words_for
from tradetui.feeds.health import Backoff

_POLL_CAP_S: Final = 600.0
_HALTED_AGAIN_S: Final = 60.0
"""Markets are read sooner while one of them is halted."""
_UNREAD_AGAIN_S: Final = 60.0
"""And while the last reading failed."""
_AGED_AGAIN_S: Final = 10.0
"""And while they are those of another day."""
_STATUS_EVERY_S: Final = 60.0
"""Each symbol is asked for its status as often, where no stream tells it …"""
_STATUS_REST_S: Final = 2.0
"""… and all of them together no more often than this."""
_PAUSE_SEEN_S: Final = 0.25
_MISSED_WITHIN_S: Final = 20.0
"""So long a start waits to learn what a time was like in which nobody watched."""
_TIERS_AGAIN: Final = 10
"""So many times the first wait after a failure: nothing stands still without leverage tiers."""
_TRADED: Final = (InstrumentStatus.TRADING, InstrumentStatus.CLOSE_ONLY)
Fetch = Callable[[Any, list[str]], Awaitable[Sequence[MarketMessage]]]


class Teller(Protocol):
    """Where what was learned goes."""

    def say(self, symbol: str, part: Part, state: FeedState, *, text: str = "", retry_s: float = 0.0) -> None:
        """Deliver a symbol's state if a part of it changed it."""
        ...

    def deliver(self, message: MarketMessage) -> None:
        """Hand a message to the sink."""
        ...


class RestSide:
    """Asks an exchange for what its streams do not tell; `retry_s` is the first wait after a failure."""

    def __init__(
        self,
        exchange: Any,
        profile: Profile,
        *,
        retry_s: float,
        reload_s: float,
        file: MarketFile | None = None,
    ) -> None:
        """`file` keeps the markets for a time when they can not be read."""
        self.exchange = self._exchange = exchange
        self.reload_s = reload_s
        self._profile = profile
        self.symbols: Sequence[str] = profile.symbols
        """Who is told of what concerns all; a feed that takes more symbols puts its own list here."""
        self._retry_s = retry_s
        self._told: dict[str, Instrument] = {}
        self._statuses: dict[str, InstrumentStatus] = {}
        """As they are listed; what is told may be less."""
        self._closures = Closures()
        self._tiers = Tiers(exchange)
        self._file = file
        self._is_aged = self._is_unread = False
        """Whether the markets are kept ones, or could not be read again."""

    def _backoff(self) -> Backoff:
        return Backoff(self._retry_s)

    async def load_markets(self, teller: Teller) -> None:
        """Read the markets, again and again until the exchange answers; kept ones stand in for them."""
        backoff, again = self._backoff(), False
        while True:
            try:
                await self._exchange.load_markets(again)
                if not self._exchange.markets:
                    raise FeedError("the exchange lists no markets")  # noqa: TRY301 - one way to wait
            except Exception as error:  # noqa: BLE001 - the outside world becomes a state
                again = True
                if self._take_kept(teller, words_for(error)):
                    return
                wait = max(backoff.next_wait(0.0), self._exchange.pause_s)
                for symbol in self.symbols:
                    teller.say(symbol, Part.MARKET, FeedState.DOWN, text=words_for(error), retry_s=wait)
                await asyncio.sleep(wait)
            else:
                await self._keep()
                return

    def _take_kept(self, teller: Teller, why: str) -> bool:
        """Go on with the markets as they were read last, if any, and say how old they are."""
        kept = self._file.read() if self._file is not None else None
        if kept is None or not all(symbol in kept.markets for symbol in self._profile.symbols):
            return False
        self._exchange.set_markets(kept.markets)
        self._is_aged = True
        for symbol in self.symbols:
            text = f"markets as of {age_words(kept.age_s)} ago: {why}"
            teller.say(symbol, Part.LISTING, FeedState.STREAMING, text=text)
        return True

    async def _keep(self) -> None:
        if self._file is not None and self._exchange.markets_of() is None:
            content = self._file.content_of(self._exchange.markets, self.symbols)
            await asyncio.to_thread(self._file.write, content)

    def listed(self, teller: Teller, symbol: str) -> Instrument | None:
        """Deliver the instrument of a symbol; None, and why in words, where there is none."""
        try:
            instrument = self._instrument(symbol)
        except BadSymbol:
            near = nearest_symbol(symbol, list(self._exchange.symbols))
            text = f"unknown symbol {symbol}" + (f", nearest is {near}" if near else "")
            teller.say(symbol, Part.MARKET, FeedState.DOWN, text=text)
            return None
        except FeedError as error:
            teller.say(symbol, Part.MARKET, FeedState.DOWN, text=str(error))
            return None
        teller.deliver(InstrumentListed(instrument, time_ns()))
        self._told[symbol] = instrument
        return instrument

    def _instrument(self, symbol: str) -> Instrument:
        """As it is listed now, with the tiers that are known; raises BadSymbol and FeedError."""
        instrument = instrument_of(self._exchange.market(symbol), self._profile)
        self._statuses[symbol] = instrument.status
        status = self._status(symbol)
        return self._tiers.put_on(msgspec.structs.replace(instrument, status=status))

    def _status(self, symbol: str) -> InstrumentStatus:
        """What it is listed as, unless somebody says that nothing is traded."""
        listed = self._statuses[symbol]
        is_closed = listed in _TRADED and self._closures.words(symbol) != ""
        return InstrumentStatus.HALTED if is_closed else listed

    def restate(self, teller: Teller, symbol: str, status: InstrumentStatus) -> None:
        """Tell what a stream says of an instrument's status, where it is new."""
        if symbol in self._told:
            self._statuses[symbol] = status
            self._tell_status(teller, symbol)

    def close(self, teller: Teller, source: object, symbol: str, text: str) -> None:
        """Tell why nothing is traded in a symbol, or in all of them; without a text it is over."""
        self._closures.note(source, symbol, text)
        for each in [told for told in self._told if symbol in ("", told)]:
            self._tell_status(teller, each)

    def reopen(self, teller: Teller, source: object) -> None:
        """Whoever said that nothing is traded is gone."""
        self._closures.forget(source)
        for each in list(self._told):
            self._tell_status(teller, each)

    def _tell_status(self, teller: Teller, symbol: str) -> None:
        before, status = self._told[symbol], self._status(symbol)
        instrument = self._told[symbol] = msgspec.structs.replace(before, status=status)
        if status is not before.status:
            teller.deliver(InstrumentListed(instrument, time_ns()))
        self.say_trading(teller, instrument)

    def say_trading(self, teller: Teller, instrument: Instrument) -> None:
        """Say whether the exchange trades an instrument."""
        if instrument.status is InstrumentStatus.HALTED:
            is_there = instrument.symbol in self._exchange.markets
            listed = "trading halted by the exchange" if is_there else "no longer listed by the exchange"
            text = self._closures.words(instrument.symbol) or listed
            teller.say(instrument.symbol, Part.MARKET, FeedState.HALTED, text=text)
        else:
            teller.say(instrument.symbol, Part.MARKET, FeedState.STREAMING)

    async def reload_markets(self, teller: Teller, listed: list[Instrument]) -> None:
        """Tell what changed about the instruments, halts above all."""
        while True:
            halted = any(each.status is InstrumentStatus.HALTED for each in self._told.values())
            wait = min(self.reload_s, _HALTED_AGAIN_S) if halted else self.reload_s
            wait = min(wait, _UNREAD_AGAIN_S) if self._is_unread else wait
            await asyncio.sleep(min(wait, _AGED_AGAIN_S) if self._is_aged else wait)
            try:
                await self._exchange.load_markets(True)
                await self._keep()
                self._end_age(teller)
            except Exception as error:  # noqa: BLE001 - the streams go on without it
                self._tell_unread(teller, words_for(error))
            for before in listed:
                if before.symbol in self._told:
                    self._retell(teller, self._told[before.symbol])

    async def follow_statuses(self, teller: Teller, symbols: list[str]) -> None:
        """Learn between two readings of the markets what is halted; `symbols` may change meanwhile."""
        turn = 0
        while self._exchange.id in ASKED:
            await asyncio.sleep(max(_STATUS_EVERY_S / max(len(symbols), 1), _STATUS_REST_S))
            turn += 1
            before = self._told.get(symbols[turn % len(symbols)]) if symbols else None
            with suppress(Exception):  # the list tells it later
                if before is not None and await learn_status(self._exchange, before.symbol):
                    self._retell(teller, self._told[before.symbol])

    def _tell_unread(self, teller: Teller, why: str) -> None:
        """Halts and changed rules would go unseen now; of kept markets that is said already."""
        self._is_unread = True
        for symbol in self.symbols if not self._is_aged else ():
            text = f"the list of markets could not be read again: {why}"
            teller.say(symbol, Part.LISTING, FeedState.STREAMING, text=text)

    def _end_age(self, teller: Teller) -> None:
        """The markets are today's again."""
        self._is_aged = self._is_unread = False
        for symbol in self.symbols:
            teller.say(symbol, Part.LISTING, FeedState.STREAMING)

    def _retell(self, teller: Teller, before: Instrument) -> None:
        now = self._as_listed_now(before)
        if now != before:
            self._told[now.symbol] = now
            teller.deliver(InstrumentListed(now, time_ns()))
            self.say_trading(teller, now)

    def _as_listed_now(self, before: Instrument) -> Instrument:
        """The instrument with today's rules; halted where it is no longer listed."""
        if not self._exchange.markets:
            return before
        try:
            return self._instrument(before.symbol)
        except BadSymbol:
            self._statuses[before.symbol] = InstrumentStatus.HALTED
            return msgspec.structs.replace(before, status=InstrumentStatus.HALTED)
        except FeedError:
            return before

    async def follow_tiers(self, teller: Teller, symbols: list[str]) -> None:
        """Learn the leverage tiers of contracts, and again with each reading of the markets."""
        waiting = self._tiers.asked_for([self._told[symbol] for symbol in symbols])
        backoff = Backoff(_TIERS_AGAIN * self._retry_s, cap_s=_POLL_CAP_S)
        while waiting:
            failed = [symbol for symbol in waiting if not await self._learn_tiers(teller, symbol)]
            if failed:
                await asyncio.sleep(max(backoff.next_wait(0.0), self._exchange.pause_s))
            else:
                backoff = Backoff(_TIERS_AGAIN * self._retry_s, cap_s=_POLL_CAP_S)
                await asyncio.sleep(self.reload_s)

    async def _learn_tiers(self, teller: Teller, symbol: str) -> bool:
        """Tell an instrument anew with its tiers; False where they could not be had, which is said once."""
        words, is_new = await self._tiers.learn(self._told[symbol])
        if is_new:
            teller.say(symbol, Part.TIERS, FeedState.STREAMING, text=words)
            teller.say(symbol, Part.TIERS, FeedState.STREAMING)
        before = self._told[symbol]
        now = self._tiers.put_on(before)
        if now != before:
            self._told[symbol] = now
            teller.deliver(InstrumentListed(now, time_ns()))
        return not words

    async def tell_pauses(self, teller: Teller) -> None:
        """Say while the exchange wants to be asked nothing."""
        while True:
            await asyncio.sleep(_PAUSE_SEEN_S)
            wait = self._exchange.pause_s
            if wait:
                text = f"asks nothing for {wait:.0f} s: {self._exchange.pause_words}"
                for symbol in self.symbols:
                    teller.say(symbol, Part.PAUSE, FeedState.STREAMING, text=text)
                await asyncio.sleep(wait)
                for symbol in self.symbols:
                    teller.say(symbol, Part.PAUSE, FeedState.STREAMING)

    async def load_history(self, teller: Teller, symbol: str) -> None:
        """Deliver the minutes of the past."""
        history = await self._history(symbol, FIRST)
        if history is not None:
            teller.deliver(history)

    async def tell_missed(
        self, teller: Teller, symbol: str, missing: Missing, *, within_s: float = _MISSED_WITHIN_S
    ) -> None:
        """Deliver the minutes of a lost time, of each price that is wanted, as far as they can be had."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                for kind in missing.kinds:
                    await self._tell_missed(teller, symbol, kind, missing.since)

    async def _tell_missed(self, teller: Teller, symbol: str, kind: PriceKind, since: int) -> None:
        with suppress(Exception):  # what else is known takes its place
            candles = await missed_candles(self._exchange, symbol, kind, since)
            if candles:
                teller.deliver(MissedCandles(symbol, time_ns(), kind, candles))

    async def deepen_history(self, teller: Teller, symbols: list[str]) -> None:
        """Deliver the longer timeframes."""
        for timeframe in OTHERS:
            for symbol in symbols:
                history = await self._history(symbol, timeframe)
                if history is not None:
                    teller.deliver(history)

    async def _history(self, symbol: str, timeframe: Any) -> CandleHistory | None:
        try:
            return await fetch_history(self._exchange, symbol, timeframe)
        except Exception:  # noqa: BLE001 - a chart without its past is still a chart
            return None

    async def ask(self, teller: Teller, fetch: Fetch, symbols: Sequence[str]) -> None:
        """Deliver what an exchange answers of what it lists now; raises what the client raises."""
        listed = self._exchange.markets or ()
        wanted = [symbol for symbol in symbols if symbol in listed]
        for message in await fetch(self._exchange, wanted) if wanted else ():
            teller.deliver(message)

    def forget(self, symbol: str) -> None:
        """A symbol is followed no more."""
        self._told.pop(symbol, None)
        self._statuses.pop(symbol, None)

    async def poll(self, teller: Teller, fetch: Fetch, symbols: list[str], every_s: float) -> None:
        """Ask for something again and again, less often after a failure; `symbols` may change meanwhile."""
        backoff = Backoff(every_s, cap_s=_POLL_CAP_S)
        while True:
            try:
                await self.ask(teller, fetch, symbols)
                await asyncio.sleep(every_s)
            except Exception:  # noqa: BLE001 - the streams go on without it
                await asyncio.sleep(backoff.next_wait(0.0))
