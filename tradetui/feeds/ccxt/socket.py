"""ccxt's websocket made hard: one task reads it, a bad frame is survived, and closing leaves nothing behind.

ccxt's own loop handles frames inside a callback and stops for good at the first exception; its
background tasks are started and forgotten. Both are replaced here by overriding what starts them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any, Final, Protocol

from aiohttp import WSMsgType
from ccxt import Exchange, NetworkError

from tradetui.feeds.ccxt.tap import Tap
from tradetui.feeds.ccxt.words import http_status, words_for
from tradetui.feeds.guard import GuardedClient
from tradetui.feeds.network import encryption_words, retry_after

_BURST_S: Final = 0.005
_CLOSING_S: Final = 1.0
_NO_PONG: Final = "ping-pong keepalive missing"
_ENDED: Final = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED)


def _words(error: BaseException) -> str:
    """Why a socket was given up; of ccxt's own watch over pings in the words of the native streams."""
    text = str(error) or type(error).__name__
    return "nothing was heard, not even a pong" if _NO_PONG in text else text


class SocketOwner(Protocol):
    """Who is told what happens on a socket."""

    def read(self, handle: Callable[[Any], None], message: Any) -> None:
        """Have a message handled."""
        ...

    def tapped(self, socket: HardenedClient, text: str) -> bool:
        """See a frame before ccxt does; False keeps it from ccxt."""
        ...

    def resolved(self, result: Any) -> None:
        """Take what a frame was turned into."""
        ...

    def rejected(self, socket: HardenedClient, error: BaseException, message_hash: str) -> None:
        """One stream of the socket failed."""
        ...

    def bad_frame(self, socket: HardenedClient, error: Exception) -> None:
        """A frame could not be handled; the socket goes on."""
        ...

    def connected(self, socket: HardenedClient) -> None:
        """The socket is open."""
        ...

    def lost(self, socket: HardenedClient, text: str) -> None:
        """The socket is gone, or never opened."""
        ...


class HardenedClient(GuardedClient):
    """One websocket of ccxt; its owner hears of every result, failure and loss as it happens."""

    owner: SocketOwner
    is_lost: bool = False
    tap: Tap | None = None
    """What reads it beside ccxt."""
    opened_at: float = 0.0
    """Monotonic seconds; 0.0 before it is open."""
    renew_at: float = 0.0
    """When another one should take its place, monotonic seconds."""
    asked: int = 0
    """How many frames were sent that are no pings."""
    says_prints: bool = False
    """Whether the exchange says on it when it begins to tell prints."""
    frames: int = 0
    bytes_received: int = 0
    """Of frames, after decompression."""
    lastPong: float | None  # noqa: N815 - ccxt's name
    tasks: set[asyncio.Task[Any]]
    throttle: Callable[[float], Awaitable[None]]
    connecting: bool

    def harden(self, owner: SocketOwner) -> None:
        """Give it its owner; the constructor is ccxt's."""
        self.owner = owner
        self.tasks = set()
        throttle = self.throttle

        async def tracked_throttle(cost: float) -> None:
            self._track()
            await throttle(cost)

        self.throttle = tracked_throttle

    def _track(self) -> None:
        task = asyncio.current_task()
        if task is not None:
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    def _start(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def connect(self, session: Any, backoff_delay: float = 0) -> Any:
        """Dial once, in a task that is known."""
        if not self.connection and not self.connecting:
            self.connecting = True
            self._start(self.open(session, backoff_delay))
        return self.connected

    async def send(self, message: object) -> None:
        """Send a frame that the guard lets through."""
        self._track()
        await super().send(message)
        self.asked += "ping" not in str(message)

    async def ping_loop(self) -> None:
        """Ping as ccxt does, in a task that is known."""
        self._track()
        await super().ping_loop()

    def receive_loop(self) -> None:
        """Start to read, in one task for the socket's life."""
        self._start(self._receive())

    async def _receive(self) -> None:
        code = 1006
        burst_start = perf_counter()
        while not self.is_lost:
            message = await self.connection.receive()
            if message.type in _ENDED:
                code = message.data if isinstance(message.data, int) else code
                break
            await self._handle(message)
            if perf_counter() - burst_start > _BURST_S:
                await asyncio.sleep(0)
                burst_start = perf_counter()
        self.on_close(code)

    async def _handle(self, message: Any) -> None:
        if message.type is WSMsgType.PING:
            await self.connection.pong(message.data)
        elif message.type is WSMsgType.ERROR:
            self.on_error(NetworkError(str(message.data)))
        else:
            try:
                self.owner.read(self.handle_message, message)
            except Exception as error:  # noqa: BLE001 - a frame can break ccxt in any way
                self.owner.bad_frame(self, error)

    def handle_text_or_binary_message(self, data: str | bytes) -> None:
        """Show a frame to the owner, then to ccxt."""
        self.frames += 1
        self.lastPong = Exchange.milliseconds()  # data is a sign of life too
        self.bytes_received += len(data)
        text = data.decode() if isinstance(data, bytes) else data
        if self.owner.tapped(self, text):
            super().handle_text_or_binary_message(text)

    def resolve(self, result: Any, message_hash: str) -> Any:
        """Deliver a result at once, then wake whoever awaits it."""
        if not self.is_lost:
            self.owner.resolved(result)
        return super().resolve(result, message_hash)

    def reject(self, result: Any, message_hash: str | None = None) -> Any:
        """Fail one stream or all; unlike ccxt's, a failure nobody awaits is told and not kept."""
        error = result if isinstance(result, BaseException) else NetworkError(str(result))
        waiting = [message_hash] if message_hash is not None else list(self.futures)
        for each in waiting:
            future = self.futures.pop(each, None)
            if future is not None:
                future.reject(error)
        if message_hash is not None:
            self.owner.rejected(self, error, message_hash)
        return result

    def on_error(self, error: BaseException) -> None:
        """Give the socket up, once."""
        if not self.is_lost:
            self.is_lost = True
            cause = error.args[0] if error.args else error
            self.last_retry_after = retry_after(getattr(cause, "headers", None))
            super().on_error(error)
            said = words_for(error) if http_status(error) else encryption_words(cause)
            self.owner.lost(self, said or _words(error))

    def on_close(self, code: int) -> None:
        """The other side closed."""
        if not self.is_lost:
            self.is_lost = True
            super().on_close(code)
            self.owner.lost(self, f"connection closed by the exchange ({code})")

    async def aiohttp_close(self) -> None:
        """Close the transport without waiting long for the other side's farewell."""
        self._track()
        if self.ping_looper:
            self.ping_looper.cancel()
        if not self.closed():
            try:
                async with asyncio.timeout(_CLOSING_S):
                    await self.connection.close()
            except TimeoutError:
                pass

    async def shut(self) -> None:
        """Close for good; when this returns, no task of the socket is left."""
        self.is_lost = True
        current = asyncio.current_task()
        for task in self.tasks - {current}:
            task.cancel()
        self.reject(NetworkError("closed here"))
        await asyncio.gather(*(self.tasks - {current}), return_exceptions=True)
        await self.aiohttp_close()
        await asyncio.gather(*(self.tasks - {current}), return_exceptions=True)
