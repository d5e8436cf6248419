"""A ccxt exchange for public data only: guarded, hardened, and set up for one profile."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from functools import cache
from time import monotonic
from typing import Any, Final

from ccxt import BaseError, DDoSProtection, RateLimitExceeded

from tradetui.domain.profile import Profile
from tradetui.feeds import egress
from tradetui.feeds.ccxt.book import RememberingBook
from tradetui.feeds.ccxt.endpoint import send_to_endpoint
from tradetui.feeds.ccxt.socket import HardenedClient, SocketOwner
from tradetui.feeds.ccxt.words import http_status, words_for
from tradetui.feeds.guard import guarded_class
from tradetui.feeds.health import Backoff
from tradetui.feeds.native.connection import RENEWED_S
from tradetui.feeds.network import proxy_of, retry_after, tls_context

_TRADES_KEPT: Final = 10_000
_KEEP_ALIVE_MS: Final = 10_000
_TIMEOUT_MS: Final = 10_000
_PAUSE_S: Final = {418: 120.0}
_USUAL_PAUSE_S: Final = 10.0
_SPREAD, _SPREAD_S = random.Random(), 1800.0  # noqa: S311 - only spreads renewals
_LEAST_PAUSE_S: Final = 1.0
"""Whatever it says: an exchange that was asked too often is not asked on at once."""
_CUT_TO_DEPTH: Final = ("kraken",)
_UNCHECKED: Final[dict[str, dict[str, Any]]] = {"bitget": {"watchOrderBook": {"checksum": False}}}
"""ccxt holds Bitget's checksum of zero, which is none, against the book; checked it is here (`Tap`)."""
_MARKET_TYPES: Final = {
    "binance": ("spot", "linear", "inverse"),
    "bybit": ("spot", "linear", "inverse"),
    "okx": ("spot", "swap", "swap"),
    "bitget": ("spot", "swap", "swap"),
}


class Hardening:
    """What is different from ccxt's own: sockets, books that remember, the pace of dialing and asking."""

    id: str
    clients: dict[str, Any]
    orderbooks: dict[str, Any]
    owner: SocketOwner
    dialing: Callable[[str], None] | None
    backoff: Callable[[], Backoff]
    dials: Counter[str]
    """By address: how often a socket was made for it."""
    _dials: dict[str, tuple[Backoff, float]]
    _sockets: set[HardenedClient]
    _spawned: set[asyncio.Task[Any]]
    last_response_headers: dict[str, str] | None
    _pause_words: str = ""
    _paused_until: float = 0.0
    markets_of: Callable[[], Any] = staticmethod(lambda: None)
    """Gives a client of the same exchange that has read its markets already; None where there is none."""

    def harden(
        self, owner: SocketOwner, *, dialing: Callable[[str], None], backoff: Callable[[], Backoff]
    ) -> None:
        """Name who hears of its sockets and of the address each stream dials, and how to back off."""
        self.owner, self.dialing, self.backoff = owner, dialing, backoff
        self._dials, self._sockets, self._spawned = {}, set(), set()
        self.dials = Counter()

    @property
    def pause_s(self) -> float:
        """Seconds for which the exchange wants to be asked nothing; 0.0 for none."""
        other = self.markets_of()
        return max(0.0, self._paused_until - monotonic(), other.pause_s if other is not None else 0.0)

    @property
    def pause_words(self) -> str:
        """Why nothing is asked at the moment."""
        other = self.markets_of()
        return self._pause_words or (str(other.pause_words) if other is not None else "")

    async def load_markets(self, reload: bool = False, params: Any = None) -> Any:
        """Read the markets, or take those of a client that has read them."""
        other = self.markets_of()
        if other is not None and other.markets:
            self.set_markets_from_exchange(other)  # type: ignore[attr-defined]
            return self.markets  # type: ignore[attr-defined]
        return await super().load_markets(reload, params or {})  # type: ignore[misc]

    async def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        """Send a request, unless the exchange has been asked too often: then all of them wait."""
        if self.pause_s:
            raise RateLimitExceeded(self.pause_words)
        try:
            return await super().fetch(url, method, headers, body)  # type: ignore[misc]
        except BaseError as error:
            if not _asked_too_often(error):
                raise
            asked = retry_after(self.last_response_headers)
            usual = _PAUSE_S.get(http_status(error), _USUAL_PAUSE_S)
            self._pause_words = words_for(error)
            self._paused_until = monotonic() + (usual if asked is None else max(asked, _LEAST_PAUSE_S))
            raise

    def client(self, url: str) -> Any:
        """The socket of a stream's address, hardened when it is new."""
        if self.dialing:
            self.dialing(url)
        socket = super().client(url)  # type: ignore[misc]
        if not hasattr(socket, "owner"):
            socket.harden(self.owner)
            self.dials[url] += 1
            self._sockets = {each for each in self._sockets if each.tasks} | {socket}
        return socket

    def order_book(self, snapshot: Any = None, depth: int | None = None) -> RememberingBook:
        """A book that remembers; cut to the depth only where the venue itself forgets what is below."""
        return RememberingBook(snapshot, depth if self.id in _CUT_TO_DEPTH else None)

    def counted_order_book(self, snapshot: Any = None, depth: int | None = None) -> Any:
        """The same where the third thing of a level is no count: Bitget's are texts for a checksum."""
        if self.id in _UNCHECKED:
            return self.order_book(snapshot, depth)
        return super().counted_order_book(snapshot, depth)  # type: ignore[misc]

    def spawn(self, method: Any, *arguments: Any) -> Any:
        """Run a background call of ccxt in a task that is known."""

        async def tracked() -> Any:
            task = asyncio.current_task()
            if task:
                self._spawned.add(task)
                task.add_done_callback(self._spawned.discard)
            return await method(*arguments)

        future = super().spawn(tracked)  # type: ignore[misc]
        future.add_done_callback(_consume)
        return future

    def ws_dial_delay(self, url: str) -> float:
        """Seconds before this address may be dialed again."""
        known = self._dials.get(url)
        return max(0.0, known[1] - monotonic()) if known else 0.0

    def on_connected(self, client: Any, message: Any = None) -> None:
        """Tell the owner that a socket is open."""
        super().on_connected(client, message)  # type: ignore[misc]
        client.opened_at = monotonic()
        client.renew_at = client.opened_at + RENEWED_S + _SPREAD.random() * _SPREAD_S
        self.owner.connected(client)

    def on_close(self, client: Any, error: Any = None) -> None:
        """Forget a socket that was closed; not the one that has taken its place."""
        known = self.clients.get(client.url)
        super().on_close(client, error)  # type: ignore[misc]
        if known is not None and known is not client:
            self.clients[client.url] = known

    def note_loss(self, socket: HardenedClient, lived_s: float) -> None:
        """A socket ended after so long: put off the next dial, and honor a Retry-After."""
        backoff = self._dials.get(socket.url, (self.backoff(), 0.0))[0]
        wait = max(backoff.next_wait(lived_s), socket.last_retry_after or 0.0)
        self._dials[socket.url] = (backoff, monotonic() + wait)

    async def shut(self) -> None:
        """Close every socket, task and session."""
        await asyncio.sleep(0)
        for task in self._spawned:
            task.cancel()
        await asyncio.gather(*self._spawned, return_exceptions=True)
        await asyncio.gather(*(socket.shut() for socket in {*self._sockets, *self.clients.values()}))
        self.clients.clear()
        await self.close()  # type: ignore[attr-defined]


def _asked_too_often(error: BaseError) -> bool:
    """By its kind or by its status: of OKX's refusals ccxt says that the exchange is not available."""
    return isinstance(error, DDoSProtection | RateLimitExceeded) or http_status(error) in (418, 429)


def _consume(future: Any) -> None:
    if not future.cancelled():
        future.exception()


@cache
def hardened_class(exchange_id: str) -> type[Any]:
    """The guarded and hardened form of an exchange; raises FeedError for one without streams."""
    guarded = guarded_class(exchange_id)
    return type(
        guarded.__name__.replace("Guarded", "Hardened"), (Hardening, guarded), {"client_type": HardenedClient}
    )


def open_exchange(profile: Profile) -> Any:
    """A client for a profile: its market types, its endpoint, no credentials."""
    exchange = hardened_class(profile.exchange)(
        {
            "timeout": _TIMEOUT_MS,
            "enableRateLimit": not profile.endpoint,
            "streaming": {"keepAlive": _KEEP_ALIVE_MS},
            "options": _options(profile),
        }
    )
    exchange.ssl_context = tls_context(profile.network.ca_file)
    if proxy := proxy_of(profile):
        exchange.https_proxy = exchange.wss_proxy = proxy
    if profile.endpoint:
        send_to_endpoint(exchange, profile.endpoint)
        exchange.timeout_on_exit = 0
    egress.allow([*exchange.hosts, *([proxy] if proxy else [])])
    return exchange


def _options(profile: Profile) -> dict[str, Any]:
    return {
        "tradesLimit": _TRADES_KEPT,
        **_UNCHECKED.get(profile.exchange, {}),
        **_market_types(profile),
    }


def _market_types(profile: Profile) -> dict[str, Any]:
    spot, linear, inverse = _MARKET_TYPES.get(profile.exchange, ("", "", ""))
    if not spot:
        return {}
    wanted = {_kind_word(symbol, (spot, linear, inverse)) for symbol in profile.symbols}
    return {"fetchMarkets": {"types": sorted(wanted)}}


def _kind_word(symbol: str, words: tuple[str, str, str]) -> str:
    pair, _, settle = symbol.partition(":")
    if not settle:
        return words[0]
    return words[2] if pair.startswith(f"{settle}/") else words[1]
