"""What the loopback exchanges share: a port of their own, their sockets, and the faults a test plants."""

from __future__ import annotations

import asyncio
import json
import socket as sockets
import ssl
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiohttp import WSMsgType, web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Loopback:
    """A server on 127.0.0.1 with a REST side and a websocket side."""

    rest_faults: dict[str, tuple[int, dict[str, str]]]
    """Part of a path to the status and headers to answer it with."""

    def __init__(self) -> None:
        self.address = ""
        self.dials: list[float] = []
        self.sockets: list[web.WebSocketResponse] = []
        self.rest_faults = {}
        self.is_storming = False
        self.handshake_fault: tuple[int, dict[str, str]] | None = None
        self.handshakes_hang = False
        self.hangs_on = ""
        self.pongs = True
        self.keeps_alive = True
        """Whether a connection is good for more than one request; ccxt dials streams on one that is."""
        self.hung = asyncio.Event()
        self.asked: list[str] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._requests: dict[web.WebSocketResponse, web.Request] = {}

    async def rest(self, request: web.Request) -> web.StreamResponse:
        raise NotImplementedError

    async def received(self, socket: web.WebSocketResponse, frame: dict[str, Any]) -> None:
        raise NotImplementedError

    async def heard(self, socket: web.WebSocketResponse, text: str) -> None:
        """A text arrived; most venues send nothing but JSON."""
        await self.received(socket, json.loads(text))

    def forgotten(self, socket: web.WebSocketResponse) -> None:
        raise NotImplementedError

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if "websocket" in request.headers.get("Upgrade", "").lower():
            return await self._serve_socket(request)
        self.asked.append(request.path)
        if self.hangs_on and self.hangs_on in request.path:
            self.hung.set()
            await asyncio.sleep(3600)
        for part, (status, headers) in self.rest_faults.items():
            if part in request.path:
                return web.Response(status=status, headers=headers, text="no")
        response = await self.rest(request)
        if not self.keeps_alive:
            response.force_close()
        return response

    async def _serve_socket(self, request: web.Request) -> web.StreamResponse:
        self.dials.append(time.monotonic())
        if self.handshakes_hang:
            await asyncio.sleep(3600)
        if self.handshake_fault is not None:
            status, headers = self.handshake_fault
            return web.Response(status=status, headers=headers)
        socket = web.WebSocketResponse(autoping=self.pongs)
        await socket.prepare(request)
        if self.is_storming:
            await socket.close()
            return socket
        self.sockets.append(socket)
        self._requests[socket] = request
        with suppress(ConnectionError):  # its pong may go to a client that has gone
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self.heard(socket, message.data)
        self.sockets.remove(socket)
        del self._requests[socket]
        self.forgotten(socket)
        return socket

    async def send(self, socket: web.WebSocketResponse, text: str) -> None:
        if not socket.closed:
            try:
                await socket.send_str(text)
            except ConnectionError:
                self.forgotten(socket)

    async def close_sockets(self, code: int = 1001) -> None:
        for socket in list(self.sockets):
            await socket.close(code=code)

    def _transport(self, socket: web.WebSocketResponse) -> asyncio.Transport:
        transport = self._requests[socket].transport
        assert isinstance(transport, asyncio.Transport)
        return transport

    def write_raw(self, raw: bytes) -> None:
        """Put bytes of our own between the frames."""
        for socket in self.sockets:
            self._transport(socket).write(raw)

    def go_deaf(self, *, deaf: bool = True) -> None:
        """Read nothing any more, so that no ping is answered; or read again."""
        for socket in self.sockets:
            transport = self._transport(socket)
            if transport.is_reading() is deaf:
                transport.pause_reading() if deaf else transport.resume_reading()

    def cut_sockets(self, *, reset: bool) -> None:
        """End the connections without a word: a reset, or just an end."""
        for socket in list(self.sockets):
            transport = self._transport(socket)
            if reset:
                linger = struct.pack("ii", 1, 0)
                transport.get_extra_info("socket").setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, linger)
                transport.abort()
            else:
                transport.close()

    async def broadcast(self, text: str) -> None:
        for socket in list(self.sockets):
            await self.send(socket, text)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.add(asyncio.create_task(work))

    @asynccontextmanager
    async def running(self, tls: ssl.SSLContext | None = None) -> AsyncIterator[None]:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.answer)
        runner = web.AppRunner(app, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        self.address = f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield
        finally:
            for task in self._tasks:
                task.cancel()
            done = await asyncio.gather(*self._tasks, return_exceptions=True)
            await self.close_sockets()
            await runner.cleanup()
            failed = [each for each in done if isinstance(each, Exception)]
            if failed:
                raise failed[0]


def raw_frame(payload: bytes, *, opcode: int = 1, fin: bool = True) -> bytes:
    """A frame as a server writes it: RFC 6455, without a mask."""
    size = len(payload)
    head = bytes([(0x80 if fin else 0) | opcode])
    if size < 126:
        return head + bytes([size]) + payload
    if size < 65_536:
        return head + b"\x7e" + size.to_bytes(2, "big") + payload
    return head + b"\x7f" + size.to_bytes(8, "big") + payload
