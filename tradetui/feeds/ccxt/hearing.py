"""What an exchange says on ccxt's sockets beside its data: refusals, notices, halts, and losses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from time import monotonic
from typing import Protocol

from tradetui.domain.market_data import FeedState
from tradetui.feeds.backfill import Backfill
from tradetui.feeds.ccxt.channel import Channel
from tradetui.feeds.ccxt.renewal import Renewals
from tradetui.feeds.ccxt.rest import RestSide, Teller
from tradetui.feeds.ccxt.socket import HardenedClient
from tradetui.feeds.ccxt.stream import Outage, Part, Stream
from tradetui.feeds.ccxt.words import shortened
from tradetui.feeds.native.venue import (
    Closed,
    Lost,
    PrintsHeard,
    PrintsMissing,
    Refused,
    Restated,
    Said,
    Word,
)


class Listener(Teller, Protocol):
    """Whose sockets they are."""

    backfill: Backfill
    rest: RestSide
    renewals: Renewals

    def streams_of(self, socket: HardenedClient) -> list[Stream]:
        """What comes on a socket."""
        ...

    def break_off(self, stream: Stream, outage: Outage) -> None:
        """Stop trusting a stream."""
        ...

    def close(self, socket: HardenedClient, symbols: frozenset[str], outage: Outage) -> None:
        """Close a socket for the sake of some symbols."""
        ...

    def aged(self, socket: HardenedClient) -> None:
        """Put another in its place."""
        ...


class Hearing:
    """Makes states of words: of one symbol, or of all of a socket."""

    def __init__(self, owner: Listener, channels: Mapping[str, Channel], *, settle_s: float) -> None:
        """An error within `settle_s` of dialing answers a subscription; later it costs the socket."""
        self._owner = owner
        self._channels = channels
        self._settle_s = settle_s

    def hear(self, socket: HardenedClient, word: Word) -> None:
        """Do what a word asks for."""
        owner = self._owner
        match word:
            case Refused() | Said() if owner.renewals.is_old(socket):
                pass  # whatever it is, it is about to go
            case Refused():
                self._refuse(socket, word)
            case Said():
                self._note(socket, word)
            case Lost():
                owner.close(socket, frozenset(self._symbols(socket)), Outage(FeedState.GAP, word.text))
            case PrintsHeard():
                self._hear_of_prints(socket, word.symbol)
            case PrintsMissing():
                owner.backfill.count_hole(self._channels[word.symbol].prints)
            case Restated():
                owner.rest.restate(owner, word.symbol, word.status)
            case Closed():
                owner.rest.close(owner, socket, word.symbol, word.text)

    def _hear_of_prints(self, socket: HardenedClient, symbol: str) -> None:
        succession = self._owner.renewals.of(socket)
        if succession is None:
            self.hear_prints(self._channels[symbol])
        elif socket is not succession.old:
            succession.heard.add(symbol)

    def hear_prints(self, channel: Channel) -> None:
        """The exchange tells them: what it printed before was missed, and can be asked for."""
        if not channel.heard.is_set():
            channel.heard.set()
            self._owner.backfill.heard(channel.prints)

    def _symbols(self, socket: HardenedClient) -> list[str]:
        return list(dict.fromkeys(stream.symbol for stream in self._owner.streams_of(socket)))

    def _note(self, socket: HardenedClient, said: Said) -> None:
        for symbol in self._symbols(socket):
            self._owner.say(symbol, Part.NOTICE, FeedState.STREAMING, text=said.text)
        if said.reconnects:
            self._owner.aged(socket)

    def _refuse(self, socket: HardenedClient, refused: Refused) -> None:
        """What never worked is not asked for again soon; what did is, on another socket."""
        text = shortened(refused.text)
        for symbol, streams in self._refused_of(socket, refused):
            is_its_own = symbol == refused.symbol and not any(stream.is_live for stream in streams)
            if is_its_own or not any(stream.was_live for stream in streams):
                for stream in streams:
                    self._owner.break_off(stream, Outage(FeedState.HALTED, f"refused: {text}"))
            elif socket.opened_at and monotonic() - socket.opened_at > self._settle_s:
                outage = Outage(FeedState.DOWN, f"the exchange says: {text}")
                self._owner.close(socket, frozenset(self._symbols(socket)), outage)
                return
            else:
                words = f"the exchange says: {text}"
                self._owner.say(symbol, Part.NOTICE, FeedState.STREAMING, text=words)
        if all(stream.is_broken for stream in self._owner.streams_of(socket)):
            self._owner.close(socket, frozenset(), Outage(FeedState.DOWN, text))

    def _refused_of(self, socket: HardenedClient, refused: Refused) -> Iterable[tuple[str, Sequence[Stream]]]:
        """Whose subscription it is: where no name is told, that of those that never had an answer."""
        streams = self._owner.streams_of(socket)
        by_symbol = {each: [s for s in streams if s.symbol == each] for each in self._symbols(socket)}
        if refused.symbol in by_symbol:
            return [(refused.symbol, by_symbol[refused.symbol])]
        waiting = {s: own for s, own in by_symbol.items() if not any(each.was_live for each in own)}
        return list((waiting or by_symbol).items())
