"""From what one read of a socket brought to the sink: the way of nearly everything, so kept short.

Prints come in runs when it matters: where a read brought nothing else, and none of them is out of turn,
they are decoded together. Whatever is not as usual takes the longer way, which looks at each frame.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from time import perf_counter_ns
from typing import Any, Final, Protocol

from tradetui.domain.market_data import (
    BestQuote,
    FundingRate,
    MarketMessage,
    MarkPrice,
    OpenInterest,
    Ticker,
    Trade,
)
from tradetui.feeds.ccxt.rest import Teller
from tradetui.feeds.delivery import Delivery
from tradetui.feeds.native.books import Books
from tradetui.feeds.native.channel import Channel
from tradetui.feeds.native.connection import Connection
from tradetui.feeds.native.hearing import Hearing
from tradetui.feeds.native.keeping import keeping
from tradetui.feeds.native.venue import (
    IS_PART,
    UNREADABLE,
    Closed,
    Lost,
    PrintsHeard,
    PrintsJoined,
    PrintsMissing,
    Refused,
    Restated,
    Said,
    Subscribed,
    Word,
)
from tradetui.feeds.protocol import FrameKeeper

_TIMED_EVERY: Final = 16
"""Of so many reads one is timed: looking at the clock costs as much as a step of the way."""
_A_RUN: Final = 4
"""Fewer frames are not worth being looked at together."""


class Owner(Teller, Protocol):
    """Whose messages they are."""

    keeper: FrameKeeper | None
    deliver: Delivery

    def number_of(self, connection: Connection) -> int:
        """By which its frames are kept."""
        ...


class Reading:
    """Turns the frames of a feed's connections into messages."""

    def __init__(
        self, owner: Owner, channels: Mapping[str, Channel], *, books: Books, hearing: Hearing
    ) -> None:
        self._owner, self._channels = owner, channels
        self._deliver = owner.deliver
        self._books, self._hearing = books, hearing
        self.busy_ns = self._reads = 0

    def received(self, connection: Connection, frames: Sequence[bytes], ts_received: int) -> None:
        """Read frames, and now and then look at the clock what that costs."""
        self._reads += 1
        if self._reads % _TIMED_EVERY:
            self._read(connection, frames, ts_received)
            return
        deliver = self._deliver
        deliver.time(is_timed=True)
        begun, told = perf_counter_ns(), deliver.sink_ns
        self._read(connection, frames, ts_received)
        self.busy_ns += (perf_counter_ns() - begun - deliver.sink_ns + told) * _TIMED_EVERY
        deliver.time(is_timed=False)

    def _read(self, connection: Connection, frames: Sequence[bytes], ts_received: int) -> None:
        """A frame that can not be read is counted and costs the books their trust."""
        if len(frames) >= _A_RUN and self._read_run(connection, frames, ts_received):
            return
        keeper, take_trade = self._owner.keeper, self.take_trade
        decode = connection.codec.decode if keeper is None else self._keeping(keeper, connection)
        item: Any  # told apart by its type, which costs a fifth of `match`
        for frame in frames:
            if connection.is_dropped:
                return
            try:
                for item in decode(frame, ts_received):
                    if type(item) is Trade:
                        take_trade(item)
                    elif type(item) is BestQuote:
                        self._take_quote(item)
                    elif IS_PART[type(item)]:
                        self._books.take(item)
                    else:
                        self._take(connection, item)
            except UNREADABLE as error:
                self._hearing.distrust(connection, error)
            except Exception as error:  # noqa: BLE001 - raised again by run
                self._deliver.fail(error)

    def _keeping(self, keeper: FrameKeeper, connection: Connection) -> Callable[[bytes, int], Sequence[Any]]:
        """What decodes a frame, and keeps it before."""
        number = self._owner.number_of(connection)
        return keeping(connection.codec.decode, partial(keeper.frame, number))

    def _read_run(self, connection: Connection, frames: Sequence[bytes], ts_received: int) -> bool:
        """Whether the frames were prints and nothing else, and have been delivered."""
        if connection.runs is None or self._owner.keeper is not None:
            return False
        run = connection.runs.prints(frames, ts_received)
        if run is not None:
            self._take_run(run)
        return run is not None

    def _take_run(self, run: Sequence[Trade]) -> None:
        """Deliver prints of one symbol that miss none between them."""
        first, stamps = run[0], [trade.ts_exchange for trade in run]
        is_usual = self._channels[first.symbol].follows(first, min(stamps), max(stamps), len(run))
        take = self._deliver.sink if is_usual else self.take_trade
        try:
            for trade in run:
                take(trade)
        except Exception as error:  # noqa: BLE001 - raised again by run
            self._deliver.fail(error)

    def take_trade(self, trade: Trade) -> None:
        """Deliver a print, once."""
        channel = self._channels[trade.symbol]
        if channel.follows(trade, trade.ts_exchange, trade.ts_exchange):
            try:
                self._deliver.sink(trade)
            except Exception as error:  # noqa: BLE001 - raised again by run
                self._deliver.fail(error)
        else:
            self._judge_trade(channel, trade)

    def _judge_trade(self, channel: Channel, trade: Trade) -> None:
        if not channel.heard.is_set() and not channel.is_revived:
            self._hearing.hear_prints(channel)  # the first one says so, too
        is_usual = channel.time.is_usual(trade.ts_exchange, trade.ts_received)
        if not is_usual:
            trade = channel.timely(self._owner, trade)
        if channel.trades.take(trade) is not None:
            self._deliver(trade)
        if not is_usual:
            channel.judge_delay(self._owner, trade)

    def _take_quote(self, quote: BestQuote) -> None:
        channel = self._channels[quote.symbol]
        if quote.ts_exchange and not channel.time.is_usual(quote.ts_exchange, quote.ts_received):
            quote = channel.timely(self._owner, quote)
        self._deliver(quote)

    def _take(self, connection: Connection, item: MarketMessage | Word) -> None:
        match item:
            case PrintsJoined():
                self._channels[item.symbol].trades.join(item.first, item.last)
            case MarkPrice():
                channel = self._channels[item.symbol]
                self._books.take_mark(channel)
                self._deliver(channel.timely(self._owner, item))
            case Ticker() | FundingRate() | OpenInterest():
                self._channels[item.symbol].told[type(item)] = item.ts_received
                self._deliver(item)
            case Refused() | Said() | Lost() | Subscribed() | PrintsHeard() | PrintsMissing():
                self._hearing.hear(connection, item)
            case Restated() | Closed():
                self._hearing.hear(connection, item)
            case _:
                self._deliver(item)
