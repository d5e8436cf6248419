"""One websocket to a venue: dialed, kept alive, listened to, and dialed again when it is lost.

Assumptions. A connection that brings nothing at all, not even an answer to a ping, for `silence_s` is
dead, whatever TCP says. One that lived for less than ten seconds was no success: the wait before the
next dial goes on growing, and all connections to a host share what it is dialed, so an accept-then-close
storm makes few connections. Venues cut a connection
after 24 hours; before that, at a moment of our choosing, its listener is told to put another in its place.
Where messages come by the thousand a second, the socket rests for three milliseconds after each read: to
wake up costs far more than a message, and nothing here is seen or decided within so short a time.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import monotonic, time_ns
from typing import Any, Final, Protocol, runtime_checkable
from urllib.parse import urlsplit

from picows import (
    WSError,
    WSFrame,
    WSListener,
    WSMsgType,
    WSTransport,
    ws_connect,
)

from tradetui.domain.market_data import Trade
from tradetui.feeds.frame_guard import LiveTradingRefused, check_frame
from tradetui.feeds.health import Backoff
from tradetui.feeds.native.dialing import MOST, PROVEN_S, DialBudget
from tradetui.feeds.native.endings import (
    broken_words,
    closing_words,
    dial_words,
    retry_after_of,
    too_large_words,
)
from tradetui.feeds.network import tls_context

RENEWED_S: Final = 23 * 3600.0
"""Seconds after which a connection is renewed, and up to half an hour more."""
_RENEWAL: Final = random.Random()  # noqa: S311 - only spreads renewals
HANDSHAKE_S: Final = 10.0
_REST_S: Final = 0.003
"""How long a busy socket is left alone; the loop's clock adds up to one millisecond."""
_SPELL_S: Final = 0.1
_BUSY: Final = 100
"""A socket is busy after a spell of this length that brought so many messages."""
_FEW: Final = 64
"""Messages of one read; more of them have waited for us already."""
_MOST_BYTES: Final = 32 * 1024 * 1024
_TEXT: Final = WSMsgType.TEXT
_WORDS: Final = (WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION)
logging.getLogger("picows").addHandler(logging.NullHandler())  # what it logs becomes a state here


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a connection is for: its address, what to ask for, and how it is kept alive."""

    url: str
    symbols: tuple[str, ...]
    ping: str = ""
    """A text that the venue answers; empty for a ping of the protocol."""
    ping_s: float = 15.0


class Codec(Protocol):
    """Who knows what to ask for on a connection, and reads what comes."""

    def subscribe(self, line: Line) -> Iterable[str]:
        """What to send when a connection is open."""
        ...

    def resubscribe(self, symbol: str) -> Iterable[str]:
        """What to send for a whole book of one symbol."""
        ...

    def revive(self, symbol: str) -> Iterable[str]:
        """What to send for everything of one symbol."""
        ...

    def decode(self, frame: bytes, ts_received: int) -> Sequence[Any]:
        """A frame as items."""
        ...


@runtime_checkable
class ReadsRuns(Protocol):
    """A codec whose prints come one a frame: many of them are decoded together at half the cost."""

    def prints(self, frames: Sequence[bytes], ts_received: int) -> Sequence[Trade] | None:
        """One symbol's prints where the frames are nothing else and miss none; None for any others."""
        ...


class Listener(Protocol):
    """Who hears what happens on a connection."""

    def opened(self, connection: Connection) -> None:
        """It is open and nothing was asked for yet."""
        ...

    def received(self, connection: Connection, frames: Sequence[bytes], ts_received: int) -> None:
        """Whole messages came by one read of the socket, oldest first; nanoseconds UTC."""
        ...

    def lost(self, connection: Connection, why: str, wait_s: float) -> None:
        """It is gone, or could not be opened; the next dial is after the wait."""
        ...

    def aged(self, connection: Connection) -> None:
        """The venue will cut it before long; told once of each socket."""
        ...


class Connection:
    """Owns one socket at a time; `run` goes on until it is canceled."""

    codec: Codec
    runs: ReadsRuns | None = None
    """Its codec again, where that can read many frames at once."""

    def __init__(
        self,
        line: Line,
        listener: Listener,
        *,
        hosts: frozenset[str],
        backoff: Backoff,
        silence_s: float,
        ca_file: str = "",
        proxy: str = "",
        handshake_s: float = HANDSHAKE_S,
        budget: DialBudget | None = None,
        most_dials: int = MOST,
    ) -> None:
        """Only `hosts`, with ports, may be dialed, by `proxy`; this one takes `budget` to `most_dials`."""
        self._host = urlsplit(line.url).netloc
        if self._host not in hosts:
            raise LiveTradingRefused(f"{line.url} is no public stream of this exchange")
        self.line = line
        self.dials = 0
        self.bytes_received = 0
        self.frames_received = 0
        self.opened_at = 0.0
        """Monotonic seconds; of the last socket."""
        self.rtt_ms: float | None = None
        """From a ping of the protocol to its answer, the newest."""
        self._pinged = 0.0
        self._listener = listener
        self._backoff = backoff
        self._silence = silence_s
        self._ca_file, self._proxy = ca_file, proxy
        self._handshake_s = handshake_s
        self._budget, self._most_dials, self._dialed_at = budget or DialBudget(), most_dials, 0.0
        self._transport: WSTransport | None = None
        self._why = ""
        self.is_dropped = self._is_over = False
        """Whether the socket was given up: what it still brings is not listened to."""
        self._heard = 0.0
        self._spell_began, self._spell_count, self._is_busy = 0.0, 0, False

    @property
    def is_open(self) -> bool:
        """Whether something can be sent."""
        return self._transport is not None

    @property
    def age_s(self) -> float:
        """How long it has been open; 0.0 while it is not."""
        return monotonic() - self.opened_at if self._transport is not None else 0.0

    def read_by(self, codec: Codec) -> None:
        """Give it the codec for its frames, before it runs."""
        self.codec, self.runs = codec, codec if isinstance(codec, ReadsRuns) else None

    def send(self, text: str) -> None:
        """Send a text; raises LiveTradingRefused for one that does more than subscribe or ping."""
        check_frame(text)
        if self._transport is not None:
            self._transport.send(WSMsgType.TEXT, text.encode())

    def drop(self, why: str) -> None:
        """Give the socket up, with what it still brings; it is dialed again after the usual wait."""
        self._why, self.is_dropped = self._why or why, True
        if self._transport is not None:
            self._transport.disconnect(graceful=False)

    def take_over(self, old: Connection, listener: Listener) -> None:
        """Go on in the place of another, for its listener; the other brings nothing any more."""
        self._listener = listener
        self.dials += old.dials
        self.frames_received += old.frames_received
        self.bytes_received += old.bytes_received
        old.drop("another took its place")

    async def run(self) -> None:
        """Dial, listen, and dial again."""
        try:
            while True:
                begun = monotonic()
                why, least = await self._live()
                wait = max(self._backoff.next_wait(monotonic() - begun), least)
                wait = max(wait, self._budget.wait_s(self._host, self._most_dials))
                self._listener.lost(self, why, wait)
                await asyncio.sleep(wait)
                await self._budget.turn(self._host, self._most_dials)
        finally:
            self._is_over = self.is_dropped = True
            if self._transport is not None:
                self._transport.disconnect(graceful=False)

    def connected(self, transport: WSTransport) -> None:
        """The handshake is done, perhaps after nobody waits for it any more."""
        self._transport = transport
        if self._is_over:
            transport.disconnect(graceful=False)

    async def _live(self) -> tuple[str, float]:
        """One socket from its dial to its end: why it ended, and the least wait that was asked for."""
        self._why, self.is_dropped = "", False
        self.dials += 1
        self._dialed_at = self._budget.note(self._host)
        try:
            transport, _ = await ws_connect(
                lambda: _Ear(self),
                self.line.url,
                ssl_context=tls_context(self._ca_file) if self.line.url.startswith("wss:") else None,
                proxy=self._proxy or None,
                proxy_ssl_context=tls_context(self._ca_file) if self._proxy.startswith("https:") else None,
                websocket_handshake_timeout=self._handshake_s,
                max_frame_size=_MOST_BYTES,
                max_redirects=0,
                disconnect_on_exception=False,
            )
        except (OSError, WSError, TimeoutError) as error:
            return dial_words(error), retry_after_of(error)
        if self._transport is None and not self.is_dropped:
            transport.disconnect(graceful=False)  # it hung up before a word: nothing was ever open
            return "no connection", 0.0
        self._heard = self.opened_at = monotonic()
        keeper = asyncio.create_task(self._keep_alive())
        try:
            if self.is_dropped:  # it said goodbye with its first words
                transport.disconnect(graceful=False)
            else:
                self._listener.opened(self)
            await transport.wait_disconnected()
        except (OSError, WSError) as error:
            self._why = self._why or broken_words(error, _MOST_BYTES)
        finally:
            keeper.cancel()
            self._transport, self.is_dropped = None, True
            transport.disconnect(graceful=False)
        return self._why or "closed by the exchange", 0.0

    async def _keep_alive(self) -> None:
        """Ping now and then, give up on silence, and say when it is old."""
        renew = monotonic() + RENEWED_S + _RENEWAL.random() * 1800
        ping = monotonic() + self.line.ping_s
        while True:
            await asyncio.sleep(min(1.0, self._silence / 4))
            now = monotonic()
            if now - self.opened_at >= PROVEN_S:
                self._budget.give_back(self._host, self._dialed_at)
            if now - self._heard > self._silence:
                self.drop(f"nothing was heard for {now - self._heard:.1f} s")
            elif now > renew:
                renew = math.inf
                self._listener.aged(self)
            elif now >= ping and self._transport is not None:
                ping = now + self.line.ping_s
                self._ping(self._transport)

    def _ping(self, transport: WSTransport) -> None:
        if self.line.ping:
            self.send(self.line.ping)
        else:
            self._pinged = monotonic()
            transport.send_ping()

    def received(self, frames: list[bytes]) -> None:
        """Whole messages came together: they share the time of their arrival."""
        if self.is_dropped:
            return  # the buffer of a socket that was given up still empties itself
        now, count = monotonic(), len(frames)
        if now - self._spell_began > _SPELL_S:
            self._is_busy, self._spell_began, self._spell_count = self._spell_count >= _BUSY, now, 0
        self._spell_count += count
        if self._is_busy and count < _FEW:
            self._rest()
        self._heard = now
        self.frames_received += count
        self.bytes_received += sum(map(len, frames))
        self._listener.received(self, frames, time_ns())

    def _rest(self) -> None:
        """Let messages come together, to be read at once; where it is closed meanwhile, nothing happens."""
        if self._transport is not None:
            socket = self._transport.underlying_transport
            socket.pause_reading()
            asyncio.get_running_loop().call_later(_REST_S, socket.resume_reading)

    def heard(self, frame: WSFrame) -> None:
        """A frame came that is no whole message: a sign of life, or the end of it."""
        if self.is_dropped:
            return
        self._heard = monotonic()
        if frame.msg_type is WSMsgType.CLOSE:
            words = frame.get_close_message() or b""
            self.drop(closing_words(frame.get_close_code(), words))
        elif frame.msg_type is WSMsgType.PONG and self._pinged:
            self.rtt_ms, self._pinged = (self._heard - self._pinged) * 1000, 0.0


class _Ear(WSListener):
    """Hands what picows hears to its connection: texts as many at once as one read of the socket brought."""

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self._connection = connection
        self._texts: list[bytes] = []
        self._parts: list[bytes] = []
        self._size = 0

    def on_ws_connected(self, transport: WSTransport) -> None:
        """The socket is open."""
        self._connection.connected(transport)

    def on_ws_frame(self, _transport: WSTransport, frame: WSFrame) -> None:
        """A frame arrived."""
        if frame.msg_type is _TEXT and frame.fin and not frame.rsv1:
            self._texts.append(frame.get_payload_as_bytes())
        else:
            self._hear_other(frame)
        if frame.last_in_buffer:
            self._pass_on()

    def on_ws_disconnected(self, _transport: WSTransport) -> None:
        """It is gone; what came before a frame that could not be read is still good."""
        self._pass_on()

    def _hear_other(self, frame: WSFrame) -> None:
        """A part of a text is kept until the others are there; the rest is for the connection."""
        if frame.rsv1:
            self._pass_on()
            self._connection.drop("the exchange compresses what nobody asked it to")
        elif frame.msg_type in _WORDS:
            self._keep_part(frame.get_payload_as_bytes())
            if frame.fin:
                self._texts.append(b"".join(self._parts))
                self._parts, self._size = [], 0
        else:
            self._pass_on()
        self._connection.heard(frame)

    def _keep_part(self, part: bytes) -> None:
        """Parts that never become a whole are worth no memory."""
        self._parts.append(part)
        self._size += len(part)
        if self._size > _MOST_BYTES:
            self._parts, self._size = [], 0
            self._connection.drop(too_large_words(_MOST_BYTES))

    def _pass_on(self) -> None:
        texts, self._texts = self._texts, []
        if texts:
            self._connection.received(texts)
