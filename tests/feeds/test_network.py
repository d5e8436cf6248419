"""Certificates are checked, an authority of the user's own is trusted where it is named, a proxy is used."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from tests.exchanges.authority import authority
from tradetui.domain.profile import Network, Profile
from tradetui.feeds.ccxt.exchange import open_exchange
from tradetui.feeds.ccxt.words import words_for
from tradetui.feeds.health import Backoff
from tradetui.feeds.native.connection import Connection, Line
from tradetui.feeds.network import retry_after


@asynccontextmanager
async def venue(context: ssl.SSLContext) -> AsyncIterator[int]:
    """A venue behind TLS that opens every socket and answers every question."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if "websocket" not in request.headers.get("Upgrade", "").lower():
            return web.json_response({"result": {}, "error": []})
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for _ in socket:
            pass
        return socket

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@asynccontextmanager
async def proxy() -> AsyncIterator[tuple[str, list[str]]]:
    """A proxy that connects, and what it was asked for."""
    asked: list[str] = []
    tasks: set[asyncio.Task[Any]] = set()
    writers: list[asyncio.StreamWriter] = []

    async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await source.read(65536):
                target.write(data)
        target.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        asked.append(head.splitlines()[0])
        host, _, port = head.split()[1].rpartition(":")
        there, back = await asyncio.open_connection(host, int(port))
        writers.extend((writer, back))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        for work in (copy(reader, back), copy(there, writer)):
            task = asyncio.create_task(work)
            tasks.add(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for each in writers:
            each.close()
            with suppress(ConnectionError):
                await each.wait_closed()


REFUSED = "its certificate was not accepted"


class Hearing:
    """Remembers what became of a connection."""

    def __init__(self) -> None:
        self.came: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def opened(self, _connection: Connection) -> None:
        self.tell("open")

    def received(self, _connection: Connection, frames: Sequence[bytes], ts_received: int) -> None:
        raise AssertionError(frames, ts_received)

    def lost(self, _connection: Connection, why: str, wait_s: float) -> None:
        assert wait_s > 0
        self.tell(why)

    def aged(self, connection: Connection) -> None:
        raise AssertionError(connection)

    def tell(self, words: str) -> None:
        if not self.came.done():
            self.came.set_result(words)


async def test_a_venue_that_hangs_up_instead_of_answering_was_never_open() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert await dialed(f"ws://127.0.0.1:{port}/x") == "no connection"


async def dialed(url: str, **named: Any) -> str:
    hearing = Hearing()
    hosts = frozenset({urlsplit(url).netloc})
    line = Line(url=url, symbols=())
    connection = Connection(line, hearing, hosts=hosts, backoff=Backoff(), silence_s=30.0, **named)
    task = asyncio.create_task(connection.run())
    try:
        return await asyncio.wait_for(hearing.came, 20)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_stream_trusts_a_known_authority_only_and_the_right_name_only(tmp_path: Path) -> None:
    ca_file, context = authority(tmp_path, "127.0.0.1")
    async with venue(context) as port:
        untrusted = await dialed(f"wss://127.0.0.1:{port}/ws")
        trusted = await dialed(f"wss://127.0.0.1:{port}/ws", ca_file=str(ca_file))
        other_name = await dialed(f"wss://localhost:{port}/ws", ca_file=str(ca_file))
    assert (untrusted, trusted) == (f"{REFUSED}: unable to get local issuer certificate", "open")
    assert other_name.lower().startswith(f"{REFUSED}: hostname mismatch")


async def test_a_stream_goes_through_the_proxy_and_its_certificate_is_checked_behind_it(
    tmp_path: Path,
) -> None:
    ca_file, context = authority(tmp_path, "127.0.0.1")
    async with venue(context) as port, proxy() as (address, asked):
        through = await dialed(f"wss://127.0.0.1:{port}/ws", ca_file=str(ca_file), proxy=address)
        untrusted = await dialed(f"wss://127.0.0.1:{port}/ws", proxy=address)
    assert (through, untrusted) == ("open", f"{REFUSED}: unable to get local issuer certificate")
    assert asked == [f"CONNECT 127.0.0.1:{port} HTTP/1.1"] * 2


@pytest.mark.parametrize("is_trusted", [True, False])
async def test_rest_checks_the_certificate_and_goes_through_the_proxy(
    tmp_path: Path, is_trusted: bool
) -> None:
    ca_file, context = authority(tmp_path, "127.0.0.1")
    async with venue(context) as port, proxy() as (address, asked):
        network = Network(ca_file=str(ca_file) if is_trusted else "", proxy=address)
        profile = Profile(name="k", exchange="kraken", symbols=("BTC/USD",), network=network)
        exchange = open_exchange(profile)
        exchange.hosts = frozenset({f"127.0.0.1:{port}"})
        exchange.timeout_on_exit = 0
        try:
            words = str(await exchange.fetch(f"https://127.0.0.1:{port}/0/public/Time"))
        except Exception as error:  # noqa: BLE001 - whatever the client raises has to become these words
            words = words_for(error)
        finally:
            await exchange.close()
    refused = f"{REFUSED}: unable to get local issuer certificate"
    assert words == (str({"result": {}, "error": []}) if is_trusted else refused)
    assert asked == [f"CONNECT 127.0.0.1:{port} HTTP/1.1"]


async def test_no_proxy_stands_before_a_loopback_endpoint() -> None:
    profile = Profile(
        name="k",
        exchange="kraken",
        symbols=("BTC/USD",),
        endpoint="http://127.0.0.1:9",
        network=Network(proxy="http://127.0.0.1:8"),
    )
    exchange = open_exchange(profile)
    assert (exchange.https_proxy, exchange.wss_proxy) == (None, None)
    await exchange.close()


NOON = "Thu, 01 Jan 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "12"}, 12.0),
        ({"Retry-After": " 0 "}, 0.0),
        ({"Retry-After": "86400"}, 3600.0),
        ({"Retry-After": "9" * 400}, 3600.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-3"}, None),
        ({"Retry-After": "nan"}, None),
        ({}, None),
        (None, None),
        ({"Retry-After": "Thu, 01 Jan 2026 12:00:30 GMT", "Date": NOON}, 30.0),
        ({"RETRY-AFTER": "Thursday, 01-Jan-26 12:00:30 GMT", "date": NOON}, 30.0),
        ({"Retry-After": "Thu, 01 Jan 2026 13:30:30 +0130", "Date": NOON}, 30.0),
        ({"Retry-After": "Thu, 01 Jan 2026 11:00:00 GMT", "Date": NOON}, 0.0),
        ({"Retry-After": "Fri, 02 Jan 2026 12:00:00 GMT", "Date": NOON}, 3600.0),
        ({"Retry-After": "Thu, 01 Jan 2026 12:00:30 GMT"}, 0.0),
        ({"Retry-After": "Thu, 01 Jan 2099 12:00:30 GMT", "Date": "yesterday"}, 3600.0),
        ({"Retry-After": "Thu, 99 Jan 2026 12:00:30 GMT", "Date": NOON}, None),
    ],
)
def test_a_wait_that_is_asked_for_is_read_by_number_and_by_date_on_the_venues_own_clock(
    headers: dict[str, str] | None, seconds: float | None
) -> None:
    assert retry_after(headers) == seconds
