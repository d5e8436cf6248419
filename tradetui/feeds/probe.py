"""Whether an exchange can be reached from here: names, certificates, REST, clock and stream, one by one.

Only hosts of the profile are asked, or the loopback endpoint that stands in for them.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from enum import StrEnum
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import msgspec

from tradetui.domain.market_data import BookSnapshot, FeedState, FeedStatus, MarketMessage
from tradetui.domain.profile import Profile
from tradetui.feeds.ccxt.exchange import open_exchange
from tradetui.feeds.ccxt.words import http_status, words_for
from tradetui.feeds.guard import addresses_in
from tradetui.feeds.network import proxy_of, tls_context
from tradetui.feeds.protocol import Feed

_WAIT_S: Final = 10.0
_STREAM_S: Final = 20.0
_OFFSET_MS: Final = 1_000
_BLOCKED: Final = (403, 451)
_LOST: Final = (FeedState.DOWN, FeedState.HALTED, FeedState.GAP, FeedState.STALE)
_ELSEWHERE: Final = "this exchange does not serve the place you are in: use another profile"
_READ_ALONG: Final = (
    "somebody may read along; a firewall's authority goes to [network] ca_file; check the clock"
)


class Verdict(StrEnum):
    """How a check went."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


class Finding(msgspec.Struct, frozen=True):
    """One thing that was checked: how it is, and what to do where it is not as it should be."""

    check: str
    verdict: Verdict
    text: str
    mend: str = ""


async def probe(profile: Profile, feed: Feed) -> AsyncIterator[Finding]:
    """Check a profile's exchange from the name of its host to the first book of its first symbol."""
    exchange = open_exchange(profile)
    try:
        host = _rest_address(exchange)
        found = await _name(urlsplit(proxy_of(profile)) if proxy_of(profile) else host)
        yield found
        if found.verdict is Verdict.BAD:
            return
        yield await _certificate(host, profile)
        async for finding in _rest(exchange, profile):
            yield finding
            if finding.verdict is Verdict.BAD:
                return
    finally:
        with suppress(Exception):
            await exchange.close()
    yield await _stream(feed)


def _rest_address(exchange: Any) -> SplitResult:
    """Where the public REST interface is."""
    named = [str(exchange.implode_hostname(url)) for url in addresses_in(exchange.urls["api"])]
    return next(urlsplit(url) for url in named if url.startswith("http"))


async def _name(address: SplitResult) -> Finding:
    """Whether the host's name leads anywhere."""
    host, port = address.hostname or "", address.port or 443
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_WAIT_S):
            known = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError):
        mend = "check the network, the DNS server, or a firewall that answers for it"
        return Finding("name", Verdict.BAD, f"{host} has no address here", mend)
    count = len({each[4][0] for each in known})
    return Finding("name", Verdict.GOOD, f"{host} has {count} address{'es' * (count != 1)}")


async def _certificate(address: SplitResult, profile: Profile) -> Finding:
    """Whether the host shows a certificate that holds."""
    if proxy_of(profile):
        return Finding("certificate", Verdict.GOOD, "looked at behind the proxy, with the first question")
    if address.scheme != "https":
        return Finding("certificate", Verdict.GOOD, "not asked for: a loopback endpoint stands in")
    host = address.hostname or ""
    try:
        async with asyncio.timeout(_WAIT_S):
            _, writer = await asyncio.open_connection(
                host, address.port or 443, ssl=tls_context(profile.network.ca_file), server_hostname=host
            )
    except ssl.SSLCertVerificationError as error:
        return Finding("certificate", Verdict.BAD, f"{host}: {error.verify_message}", _READ_ALONG)
    except (OSError, TimeoutError) as error:
        mend = "check the firewall; a proxy is used where [network] names one"
        return Finding("certificate", Verdict.BAD, f"{host}: no connection ({error})", mend)
    version = writer.get_extra_info("ssl_object").version()
    writer.close()
    return Finding("certificate", Verdict.GOOD, f"{host} is verified, {version}")


async def _rest(exchange: Any, profile: Profile) -> AsyncIterator[Finding]:
    """Whether the exchange answers, serves this place, and what its clock says."""
    begun = time.time_ns()
    try:
        async with asyncio.timeout(3 * _WAIT_S):
            await exchange.load_markets()
    except Exception as error:  # noqa: BLE001 - the outside world becomes a finding
        yield _refused(error, profile)
        return
    took = (time.time_ns() - begun) // 1_000_000
    yield Finding("REST", Verdict.GOOD, f"{len(exchange.symbols):,} markets in {took} ms")
    yield await _clock(exchange)


def _refused(error: Exception, profile: Profile) -> Finding:
    status = http_status(error)
    if status in _BLOCKED:
        return Finding("REST", Verdict.BAD, f"blocked here (HTTP {status})", _ELSEWHERE)
    mend = "wait and try again" if status in (418, 429) or status >= 500 else _on_the_way(profile)
    return Finding("REST", Verdict.BAD, words_for(error), mend)


def _on_the_way(profile: Profile) -> str:
    """What stands between here and an exchange that does not answer at all."""
    if profile.endpoint:
        return f"see that something answers where profiles.{profile.name}.endpoint leads"
    return "check the proxy that [network] proxy names" if proxy_of(profile) else "check the network"


async def _clock(exchange: Any) -> Finding:
    """How far this machine's clock is from the exchange's."""
    if not exchange.has.get("fetchTime"):
        return Finding("clock", Verdict.GOOD, "the exchange does not tell its time")
    before = time.time_ns()
    try:
        async with asyncio.timeout(_WAIT_S):
            told = await exchange.fetch_time()
    except Exception as error:  # noqa: BLE001 - the outside world becomes a finding
        return Finding("clock", Verdict.WARNING, f"the exchange did not tell its time: {words_for(error)}")
    if not isinstance(told, int | float):
        return Finding("clock", Verdict.WARNING, "the exchange did not tell its time")
    after, theirs = time.time_ns(), int(told)
    offset = theirs - (before + after) // 2_000_000
    if abs(offset) <= _OFFSET_MS:
        return Finding("clock", Verdict.GOOD, f"{offset:+d} ms from the exchange's")
    behind = "ahead of" if offset < 0 else "behind"
    text = f"{abs(offset) / 1000:.1f} s {behind} the exchange's"
    return Finding("clock", Verdict.WARNING, text, "set it by NTP: ages and latencies are wrong until then")


async def _stream(feed: Feed) -> Finding:
    """Whether the first symbol's book arrives through the stream."""
    symbol, begun, why = feed.symbols[0], time.monotonic(), ""
    came: asyncio.Future[Finding] = asyncio.get_running_loop().create_future()

    def sink(message: MarketMessage) -> None:
        nonlocal why
        if came.done() or getattr(message, "symbol", "") != symbol:
            return
        if isinstance(message, BookSnapshot):
            took = f"{time.monotonic() - begun:.1f} s"
            levels = len(message.bids) + len(message.asks)
            came.set_result(Finding("stream", Verdict.GOOD, f"{symbol}: {levels} levels after {took}"))
        elif isinstance(message, FeedStatus) and message.state in _LOST:
            why = message.text or why
            if (found := _at_once(symbol, message)) is not None:
                came.set_result(found)

    task = asyncio.create_task(feed.run(sink))
    try:
        waited: set[asyncio.Future[Any]] = {task, came}
        await asyncio.wait(waited, timeout=_STREAM_S, return_when=asyncio.FIRST_COMPLETED)
        return came.result() if came.done() else _no_book(symbol, why, has_ended=task.done())
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await task


def _at_once(symbol: str, status: FeedStatus) -> Finding | None:
    """What a state says for good; None where it may pass."""
    text = f"{symbol}: {status.text}"
    if status.state is FeedState.HALTED:
        return Finding("stream", Verdict.WARNING, text)
    if any(f"HTTP {code}" in status.text for code in _BLOCKED):
        return Finding("stream", Verdict.BAD, text, _ELSEWHERE)
    return None


def _no_book(symbol: str, why: str, *, has_ended: bool) -> Finding:
    """What kept it away, as far as it was said."""
    words = "ended" if has_ended else f"no book in {_STREAM_S:.0f} s"
    if not why:
        mend = "a firewall may let websites through and hold websockets back"
    elif "certificate" in why:
        mend = _READ_ALONG
    else:
        mend = "wait and try again; a firewall may hold websockets back"
    return Finding("stream", Verdict.BAD, f"{symbol}: {words}" + (f", {why}" if why else ""), mend)
