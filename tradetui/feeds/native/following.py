"""What is asked by REST beside the streams of a native feed, of each symbol that it follows just now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from time import time_ns
from typing import Any, Final

from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import FeedState, FundingRate, MarketMessage, Missing, OpenInterest, Ticker
from tradetui.feeds.audit import Audits
from tradetui.feeds.ccxt.funding import FUNDING_EVERY_S, fetch_predicted, fetch_settled
from tradetui.feeds.ccxt.prices import fetch_interest, fetch_tickers
from tradetui.feeds.ccxt.rest import Fetch, RestSide, Teller
from tradetui.feeds.ccxt.stream import Part
from tradetui.feeds.native.books import Books
from tradetui.feeds.native.channel import Channel
from tradetui.feeds.native.venue import ResyncBy, SharesBooks, Venue
from tradetui.feeds.tape_watch import TapeWatch
from tradetui.feeds.trades import TradeFlow

_TICKERS_EVERY_S: Final = 30.0
_HOLDS_NS: Final = 120_000_000_000
"""So long what a stream told is not asked for: some tell only changes, and one may end unseen."""


class Following:
    """Candles, tickers, funding, open interest, leverage tiers, and books to hold ours against."""

    def __init__(
        self,
        teller: Teller,
        venue: Venue,
        exchange: Any,
        channels: Mapping[str, Channel],
        *,
        rest: RestSide,
        books: Books,
        audits: Audits,
        missing: Callable[[str], Missing | None],
        first_book_s: float,
    ) -> None:
        """`missing` says what has to be known of a lost time."""
        self._teller, self._venue, self._exchange = teller, venue, exchange
        self._channels = channels
        self._rest, self._books, self._audits = rest, books, audits
        self._missing = missing
        self._first_book_s = first_book_s
        self._listed: list[Instrument] = []
        self._symbols: list[str] = []
        self._perpetuals: list[str] = []
        self._audited: list[Channel] = []
        self._tickers = self._untold(fetch_tickers, Ticker)
        self._of_perpetuals = (
            fetch_settled,
            self._untold(fetch_predicted, FundingRate),
            self._untold(fetch_interest, OpenInterest),
        )

    def start(self, group: asyncio.TaskGroup, listed: Sequence[Instrument]) -> None:
        """Ask now and then, until the group ends."""
        rest, symbols = self._rest, [each.symbol for each in listed]
        for each in listed:
            self._add(each)
        group.create_task(rest.reload_markets(self._teller, self._listed))
        group.create_task(rest.follow_statuses(self._teller, self._symbols))
        group.create_task(self._audit())
        group.create_task(self._watch_tapes())
        group.create_task(self._deepen(symbols))
        group.create_task(rest.poll(self._teller, self._tickers, self._symbols, _TICKERS_EVERY_S))
        for fetch in self._of_perpetuals:
            group.create_task(rest.poll(self._teller, fetch, self._perpetuals, FUNDING_EVERY_S))

    def _say_shared(self, symbols: Sequence[str]) -> None:
        """Say once of whose book is another symbol's as well."""
        venue: Any = self._venue
        for symbol in symbols if isinstance(venue, SharesBooks) else ():
            if words := venue.shared_words(symbol):
                self._teller.say(symbol, Part.NOTICE, FeedState.STREAMING, text=words)
                self._teller.say(symbol, Part.NOTICE, FeedState.STREAMING)

    def _untold(self, fetch: Fetch, kind: type) -> Fetch:
        """Asks of the symbols of which the streams do not tell it themselves."""

        def is_untold(symbol: str) -> bool:
            channel = self._channels.get(symbol)
            return channel is not None and time_ns() - channel.told.get(kind, 0) > _HOLDS_NS

        async def ask(exchange: Any, symbols: list[str]) -> Sequence[MarketMessage]:
            wanted = [symbol for symbol in symbols if is_untold(symbol)]
            found: Sequence[Any] = await fetch(exchange, wanted) if wanted else ()
            return [each for each in found if is_untold(each.symbol)]  # they may have begun meanwhile

        return ask

    async def learn_past(self, symbol: str) -> None:
        """Minutes of the past, and what the time was like in which nobody watched."""
        await self._rest.load_history(self._teller, symbol)
        if (missing := self._missing(symbol)) is not None:
            await self._rest.tell_missed(self._teller, symbol, missing)

    async def learn_more(self, instrument: Instrument) -> None:
        """Follow one more: what the others were told is told of it now."""
        self._add(instrument)
        for fetch in (self._tickers, *(() if instrument.is_spot else self._of_perpetuals)):
            with suppress(Exception):  # it is asked again with the others
                await self._rest.ask(self._teller, fetch, [instrument.symbol])
        await self._deepen([instrument.symbol])

    def _add(self, instrument: Instrument) -> None:
        self._listed.append(instrument)
        self._symbols.append(instrument.symbol)
        self._audited.append(self._channels[instrument.symbol])
        if not instrument.is_spot:
            self._perpetuals.append(instrument.symbol)

    def forget(self, symbol: str) -> None:
        """Follow one no more."""
        self._listed[:] = [each for each in self._listed if each.symbol != symbol]
        self._audited[:] = [each for each in self._audited if each.symbol != symbol]
        for known in (self._symbols, self._perpetuals):
            known[:] = [each for each in known if each != symbol]
        self._rest.forget(symbol)

    async def _audit(self) -> None:
        """Hold the books against snapshots; one that differs is taken anew."""

        def found(symbol: str, words: str) -> None:
            self._books.resync(self._channels[symbol], FeedState.GAP, words)

        numbered = self._venue.resync is ResyncBy.REST
        await self._audits.run(self._exchange, self._audited, numbered=numbered, found=found)

    async def _watch_tapes(self) -> None:
        """See that prints come while the exchange makes some."""

        def flow(symbol: str) -> TradeFlow | None:
            channel = self._channels[symbol]
            return channel.trades if channel.is_live and channel.heard.is_set() else None

        watch = TapeWatch(
            self._exchange,
            flow=flow,
            lost=self._books.lose_tape,
            moved=self._books.find_tape,
            single_trades=True,
        )
        await watch.run(self._symbols)

    async def _deepen(self, symbols: list[str]) -> None:
        """Longer timeframes come when the books stand: they share the exchange's request limit."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._first_book_s):
                for symbol in symbols:
                    await self._channels[symbol].live.wait()
        self._say_shared(symbols)
        rest = self._rest
        await asyncio.gather(
            rest.deepen_history(self._teller, symbols), rest.follow_tiers(self._teller, symbols)
        )
