"""Send everything that is meant for an exchange to one loopback address instead."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from tradetui.errors import FeedError

_REWRITTEN: Final = ("api", "test", "demo", "demotrading")
_SCHEMES: Final = ("http",)
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


def checked_endpoint(endpoint: str) -> str:
    """The endpoint without a trailing slash; raises FeedError unless it is http on a loopback address."""
    parts = urlsplit(endpoint)
    if parts.scheme not in _SCHEMES or parts.hostname not in _LOOPBACK or not parts.port:
        raise FeedError(f"endpoint {endpoint}: expected http://127.0.0.1:PORT")
    return endpoint.rstrip("/")


def rewritten(address: str, endpoint: str) -> str:
    """One address sent to the endpoint: its host without the port becomes the first part of the path.

    The host stays in the path because ccxt tells markets apart by words in a stream's address.
    """
    parts = urlsplit(address)
    base = endpoint.replace("http", "ws", 1) if parts.scheme in ("ws", "wss") else endpoint
    query = f"?{parts.query}" if parts.query else ""
    return f"{base}/{parts.hostname}{parts.path}{query}"


def send_to_endpoint(exchange: Any, endpoint: str) -> None:
    """Rewrite every address a client knows and forbid it every other one."""
    endpoint = checked_endpoint(endpoint)
    for name in _REWRITTEN:
        if name in exchange.urls:
            exchange.urls[name] = _rewritten_tree(exchange, exchange.urls[name], endpoint)
    exchange.hosts = frozenset({urlsplit(endpoint).netloc})


def _rewritten_tree(exchange: Any, urls: object, endpoint: str) -> object:
    if isinstance(urls, dict):
        return {name: _rewritten_tree(exchange, below, endpoint) for name, below in urls.items()}
    return rewritten(exchange.implode_hostname(urls), endpoint) if isinstance(urls, str) else urls
