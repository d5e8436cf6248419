"""What a venue says beside its data: refusals, notices, losses, and frames that nobody can read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from time import monotonic
from typing import Final, Protocol

from tradetui.domain.market_data import FeedState
from tradetui.feeds.backfill import Backfill
from tradetui.feeds.ccxt.rest import RestSide, Teller
from tradetui.feeds.ccxt.stream import Part
from tradetui.feeds.ccxt.words import shortened
from tradetui.feeds.native.books import Books
from tradetui.feeds.native.channel import Channel
from tradetui.feeds.native.connection import Connection
from tradetui.feeds.native.venue import (
    AsideError,
    Closed,
    Lost,
    PrintsHeard,
    PrintsMissing,
    Refused,
    Restated,
    ResyncBy,
    Said,
    Subscribed,
    Venue,
    Word,
)

_REFUSED_AGAIN_S: Final = 60.0


class Told(Teller, Protocol):
    """Whose connections they are."""

    def aged(self, connection: Connection) -> None:
        """Put another in its place."""
        ...


class Hearing:
    """Makes states of words: of one symbol, or of all of a connection."""

    def __init__(
        self,
        owner: Told,
        venue: Venue,
        channels: Mapping[str, Channel],
        *,
        books: Books,
        backfill: Backfill,
        rest: RestSide,
        settle_s: float,
    ) -> None:
        """An error within `settle_s` of dialing answers a subscription; later it costs the connection."""
        self._owner = owner
        self._venue = venue
        self._channels = channels
        self._books, self._backfill, self._rest = books, backfill, rest
        self._settle_s = settle_s

    def hear(self, connection: Connection, word: Word) -> None:
        """Do what a word asks for."""
        match word:
            case Refused():
                self._refuse(connection, word)
            case Said():
                self._note(connection, word)
            case Lost():
                self._give_up(connection, word)
            case PrintsHeard():
                self.hear_prints(self._channels[word.symbol])
            case PrintsMissing():
                self._backfill.count_hole(self._channels[word.symbol])
            case Restated():
                self._rest.restate(self._owner, word.symbol, word.status)
            case Closed():
                self._rest.close(self._owner, connection, word.symbol, word.text)
            case Subscribed() if self._venue.resync is ResyncBy.REST:
                self._books.ask(self._channels[word.symbol], 0.0)

    def hear_prints(self, channel: Channel) -> None:
        """The exchange tells them: what it printed before was missed, and can be asked for."""
        if not channel.heard.is_set():
            channel.heard.set()
            channel.is_tape_lost = False
            self._owner.say(channel.symbol, Part.TRADES, FeedState.STREAMING)
            self._backfill.heard(channel)

    def forget(self, connection: Connection) -> None:
        """What a connection said lasts no longer than itself."""
        self._rest.reopen(self._owner, connection)

    def distrust(self, connection: Connection, error: Exception) -> None:
        """A frame could not be read: it may have been any symbol's, and of its book or its prints."""
        for channel in self._of(connection):
            channel.stats.bad_messages += 1
        if isinstance(error, AsideError):
            return  # a quote of an empty side, as venues tell it, takes nobody's book along
        for channel in self._of(connection):
            if channel.is_live and connection is channel.connections[0]:
                self._books.resync(
                    channel, FeedState.GAP, f"a frame could not be read: {shortened(str(error))}"
                )
                if not self._venue.counts_prints:
                    self._backfill.start(channel)  # it may have been a print

    def _of(self, connection: Connection) -> Iterable[Channel]:
        return [self._channels[symbol] for symbol in connection.line.symbols]

    def _note(self, connection: Connection, said: Said) -> None:
        for symbol in connection.line.symbols:
            self._owner.say(symbol, Part.NOTICE, FeedState.STREAMING, text=said.text)
        if said.reconnects:
            self._owner.aged(connection)

    def _give_up(self, connection: Connection, lost: Lost) -> None:
        for channel in self._of(connection):
            if channel.is_live:
                self._books.resync(channel, FeedState.GAP, lost.text)
        connection.drop(lost.text)

    def _refused_of(self, connection: Connection, refused: Refused) -> Sequence[str]:
        """Whose subscription it is: where no name is told, that of those that wait for an answer yet."""
        if refused.symbol in self._channels:
            return [refused.symbol]
        symbols = connection.line.symbols
        return [each for each in symbols if self._channels[each].waits_for_answer] or symbols

    def _refuse(self, connection: Connection, refused: Refused) -> None:
        """What never worked is not asked for again; what did is: by itself, or on another connection."""
        text = shortened(refused.text)
        for symbol in self._refused_of(connection, refused):
            channel = self._channels[symbol]
            is_its_own = symbol == refused.symbol and not channel.is_live
            if not channel.was_live or is_its_own:
                channel.asked_at = monotonic() + _REFUSED_AGAIN_S if channel.was_live else None
                self._owner.say(symbol, Part.BOOK, FeedState.HALTED, text=f"refused: {text}")
            elif connection.age_s > self._settle_s:
                connection.drop(f"the exchange says: {text}")
            else:
                words = f"the exchange says: {text}"
                self._owner.say(symbol, Part.NOTICE, FeedState.STREAMING, text=words)
