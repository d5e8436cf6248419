"""No live order can leave: what a ccxt client keeps when everything but reading public data is taken away.

Five layers, each enough alone: no credential is accepted; every writing or private method raises;
signing refuses what is not a public GET; a request goes only to the exchange's own public hosts and
carries no body and no authenticating header; a socket opens only public addresses and sends only
frames that subscribe, unsubscribe or ping. No answer leads anywhere else: redirects are not followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit
from weakref import WeakSet

import ccxt.pro
from ccxt.async_support.base.ws.client import Client

from tradetui.errors import FeedError
from tradetui.feeds.answers import BoundedAnswer
from tradetui.feeds.frame_guard import SECRET, LiveTradingRefused, check_frame

CREDENTIALS: Final = (
    *("apiKey", "secret", "uid", "accountId", "login", "password", "twofa"),
    *("privateKey", "walletAddress", "token"),
)

_WRITING: Final = re.compile(
    r"^(create(?!_ccxt)|cancel|edit)_\w*(order|trade|address|account|code|auth)"
    r"|^(withdraw|transfer|futures_transfer|mint|borrow|repay|redeem|sign_in|authenticate|convert_trade|modify|upgrade|renew)"
    r"|^(add|reduce|set)_(margin|leverage|position_mode|sandbox_mode)|^enable_demo_trading"
    r"|^close_(all_)?positions?$|^keep_alive|^fetch_web_endpoint|^load_(accounts|markets_and_sign_in)"
    r"|^(?!is_|handle_|get_|eth_)(\w+_)?(private|sapi|papi|post|put|delete|patch)(_|$)"
    r"|^(sapi|papi|[fde]apiprivate)|^(sapi|papi|private)[vA-Z0-9]|[a-z0-9](Private|Post|Put|Delete|Patch)[A-Z]"
)
_PRIVATE: Final = re.compile(
    r"^(?!fetch_(\w+_)?leverage_tiers$)(fetch|watch|un_watch)_(\w*_)?(balance|my_\w+|positions?|accounts?|ledger|deposits?|withdrawals?"
    r"|transfers?|transactions?|portfolios?|payment_methods|leverages?|margin_modes?)(_\w+)?$"
    r"|^(fetch|watch|un_watch)_(?!\w*order_book)(\w*_)?orders?(_\w+)?$"
)
"""Leverage tiers pass by name: most exchanges tell them to everybody, and signing holds back the others."""
_CLOSED_SECTION: Final = re.compile(r"private|sapi|papi", re.IGNORECASE)
_CLOSED_ADDRESS: Final = re.compile(
    r"private|ws-\w*api|auth|/trade\b|/pm/|listenkey|/[A-Za-z0-9]{24,}$", re.IGNORECASE
)
_OPEN_SECTIONS: Final = ("public", "data", "charts")
_REDIRECTS: Final = (301, 302, 303, 307, 308)


def _refusing(name: str) -> Any:
    def refused(self: Any, *_args: object, **_named: object) -> Any:
        raise LiveTradingRefused(f"{self.id}: {name} does not exist here; trading is on paper")

    refused.__name__ = name
    return refused


def _unredirected(request: Any) -> Any:
    """What asks as a session does, but for following an answer to another address."""

    async def asked(method: str, url: Any, **named: Any) -> Any:
        answer = await request(method, url, **{**named, "allow_redirects": False})
        if answer.status in _REDIRECTS:
            answer.release()
            raise LiveTradingRefused(f"the exchange points to another address (HTTP {answer.status})")
        return answer

    return asked


def _forbidden(name: str) -> bool:
    return not name.startswith("_") and bool(_WRITING.search(name) or _PRIVATE.search(name))


def addresses_in(urls: object) -> Iterator[str]:
    """Every address in a tree of them."""
    if isinstance(urls, str):
        yield urls
    elif isinstance(urls, Mapping):
        for below in urls.values():
            yield from addresses_in(below)


class GuardedClient(Client):  # type: ignore[misc]
    """One websocket that opens only public addresses and sends only frames that ask for public data."""

    hosts: frozenset[str] = frozenset()

    def create_connection(self, session: Any) -> Any:
        """Open the socket; raises LiveTradingRefused for an address that is not public."""
        address = urlsplit(self.url)
        if address.netloc not in self.hosts or _CLOSED_ADDRESS.search(self.url):
            raise LiveTradingRefused(f"{self.url} is no public stream of this exchange")
        return super().create_connection(session)

    async def send(self, message: object) -> None:
        """Send a frame; raises LiveTradingRefused for one that does more than subscribe or ping."""
        check_frame(message)
        await super().send(message)


class Guard:
    """The layers that stand before a ccxt exchange class; mixed in by `guarded_class`."""

    id: str
    urls: dict[str, Any]
    clients: dict[str, Any]
    headers: dict[str, str]
    session: Any
    client_type: type[GuardedClient] = GuardedClient
    hosts: frozenset[str] = frozenset()
    """Host and port of every address that may be reached."""

    def __init__(self, config: Mapping[str, object]) -> None:
        given = [name for name in CREDENTIALS if config.get(name)]
        if given:
            raise LiveTradingRefused(f"no credential is accepted here: {', '.join(given)}")
        self._sessions: WeakSet[Any] = WeakSet()
        super().__init__(config)  # type: ignore[call-arg]
        self.allow_own_hosts()

    def open(self, lazy: bool = False) -> None:
        """Begin to ask: no answer leads to another address, and none is read without end."""
        super().open(lazy)  # type: ignore[misc]
        session: Any = self.session
        if session is not None and session not in self._sessions:
            self._sessions.add(session)
            request = session._request  # noqa: SLF001 - what GETs and sockets of a session ask by
            object.__setattr__(session, "_request", _unredirected(request))
            object.__setattr__(session, "_response_class", BoundedAnswer)

    def allow_own_hosts(self) -> None:
        """Take the addresses known now as the only ones that may be reached."""
        known = addresses_in(self.urls["api"])
        open_ones = (each for each in map(self.implode_hostname, known) if not _CLOSED_ADDRESS.search(each))  # type: ignore[attr-defined]
        self.hosts = frozenset(urlsplit(each).netloc for each in open_ones)

    def sign(self, path: str, api: Any = "public", method: str = "GET", *rest: Any, **named: Any) -> Any:
        """Build a request; raises LiveTradingRefused unless it is a GET of a public section."""
        sections = [api] if isinstance(api, str) else [str(part) for part in api]
        is_open = any(word in part.lower() for part in sections for word in _OPEN_SECTIONS)
        if method != "GET" or not is_open or any(map(_CLOSED_SECTION.search, sections)):
            raise LiveTradingRefused(f"{method} {'/'.join(sections)}/{path} is not public reading")
        return super().sign(path, api, method, *rest, **named)  # type: ignore[misc]

    async def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        """Send a request; raises LiveTradingRefused unless it is a bare GET to an allowed host."""
        names = [*(headers or ()), *(self.headers or ())]
        if (
            method != "GET"
            or body
            or urlsplit(url).netloc not in self.hosts
            or any(map(SECRET.search, names))
        ):
            raise LiveTradingRefused(f"{method} {urlsplit(url).netloc} is not public reading")
        return await super().fetch(url, method, headers, body)  # type: ignore[misc]

    def check_proxy_url_settings(self, *_args: object, **_named: object) -> None:
        """No address is ever put behind another one."""

    def client(self, url: str) -> Any:
        """The client of a stream's address, made of the guarded kind."""
        client = super().client(url)  # type: ignore[misc]
        if type(client) is Client:
            client.__class__ = self.client_type
            client.hosts = self.hosts
        return client


@cache
def guarded_class(exchange_id: str) -> type[Any]:
    """The guarded form of an exchange that ccxt.pro knows; raises FeedError for an unknown id."""
    base = getattr(ccxt.pro, exchange_id, None) if exchange_id in ccxt.pro.exchanges else None
    if base is None:
        raise FeedError(f"exchange {exchange_id} has no streams in ccxt")
    stubs = {
        name: _refusing(name) for name in dir(base) if _forbidden(name) and callable(getattr(base, name))
    }
    return type(f"Guarded{base.__name__.capitalize()}", (Guard, base), stubs)
