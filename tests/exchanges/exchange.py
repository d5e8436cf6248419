"""One exchange on loopback for every venue: a market, a venue's wording of it, and the faults to plant.

The venue's file says how its frames read; who listens, what is sent when, and everything that can go
wrong is here. The market moves only when a test plays it, so a fault hits the frame that it was meant for.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from aiohttp import web

from tests.exchanges.captures import DecimalBook
from tests.exchanges.loopback import Loopback
from tests.exchanges.tape import Change, Market, Print, Step

BOOK, TRADES, OTHER = "book", "trades", "other"


class Ask(NamedTuple):
    """What a client's frame asks for, and the answers that confirm it."""

    verb: str
    channels: frozenset[str]
    answers: tuple[str, ...] = ()


class Minute(NamedTuple):
    """A candle of a minute."""

    at_ms: int
    open: str
    high: str
    low: str
    close: str


class Funding(NamedTuple):
    """A contract's funding: the official rate of the last time, and the one that is to come."""

    settled_ms: int
    settled: str
    next_ms: int
    coming: str


class Wording:
    """How a venue says things; `at_ms` is its clock."""

    exchange: str
    symbol: str
    name: str
    scales: tuple[int, int] = (1, 8)
    """Digits of prices and of sizes."""
    snapshot_by_rest = False
    counts_connection = False
    """Whether every frame of a connection is numbered."""
    checksums = False
    pages_forward = False
    """Whether its REST tells prints from a moment on, not the newest ones."""
    tells_older = False
    """Whether its REST tells those that are older than a page as well, joined."""
    lists_halts = True
    checksum_error = 0
    """Added to each checksum that it sends."""

    def pong(self, text: str) -> str | None:
        """The answer to a ping that is a text; None for what is none."""
        return None

    def asked(self, frame: dict[str, Any]) -> Ask:
        raise NotImplementedError

    def refusal(self, frame: dict[str, Any]) -> str:
        """The answer to a subscription of a symbol that it does not have."""
        raise NotImplementedError

    def snapshot(self, book: DecimalBook, at_ms: int) -> list[str]:
        raise NotImplementedError

    def update(self, change: Change, book: DecimalBook, at_ms: int) -> list[str]:
        """A change, already taken into the book."""
        raise NotImplementedError

    def trades(self, prints: list[Print]) -> str:
        raise NotImplementedError

    def error(self) -> str | None:
        """An error that answers nothing."""
        raise NotImplementedError

    def maintenance(self) -> str | None:
        """The notice of a maintenance; None where the stream has none."""
        return None

    def maintained(self) -> str | None:
        """The notice that it is over; None where data that goes on says so."""
        return None

    def numbered(self, text: str, number: int) -> str:
        """A frame with its number on the connection."""
        return text

    def rest(self, path: str, query: Mapping[str, str], exchange: Exchange) -> Any:
        """The answer to a request; None for one that it does not know."""
        raise NotImplementedError

    def price(self, value: Decimal | None) -> str:
        return "null" if value is None else f"{value:.{self.scales[0]}f}"

    def size(self, value: Decimal | None) -> str:
        return "null" if value is None else f"{value:.{self.scales[1]}f}"

    def levels(self, levels: Iterable[tuple[Any, Any]]) -> list[list[str | None]]:
        """Levels as pairs of texts."""
        return [
            [None if p is None else self.price(p), None if q is None else self.size(q)] for p, q in levels
        ]


class Exchange(Loopback):
    """A venue with its market; the switches below are its faults."""

    def __init__(self, wording: Wording, market: Market) -> None:
        super().__init__()
        self.wording, self.market = wording, market
        self.prints: list[Print] = []
        self.joins = 1
        """So many prints are one where it tells them joined."""
        self.clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000
        self.drops: dict[str, int] = defaultdict(int)
        self.doubles: dict[str, int] = defaultdict(int)
        self.swaps = 0
        self.garbles = 0
        self.acknowledges = True
        self.answers_twice = False
        self.hears_late = False
        """Whether it lies on what is asked for, until `hear_now`."""
        self.lies_on_prints = False
        """Whether it does so only with what is asked of prints, until `tell_prints`."""
        self._lying: list[tuple[web.WebSocketResponse, tuple[str, ...]]] = []
        self._unheard: list[tuple[web.WebSocketResponse, dict[str, Any]]] = []
        self.sends_snapshots = True
        self.cuts_snapshot = False
        self.refuses = False
        self.is_listed = True
        self.is_halted = False
        self.snapshot_shift = 0
        self.rest_texts: dict[str, str] = {}
        self.minutes: dict[str, list[Minute]] = {}
        """Candles of a minute of its last, mark and index price, oldest first."""
        self.funding: Funding | None = None
        """Of a contract, where its REST is asked for it."""
        self._listeners: dict[web.WebSocketResponse, set[str]] = {}
        self._counts: dict[web.WebSocketResponse, int] = defaultdict(int)
        self._kept_back: list[str] = []
        self.market.step()

    @property
    def book(self) -> DecimalBook:
        return self.market.book

    def top(self, count: int = 10) -> Any:
        return self.book.top(count)

    # --- what a client says

    async def heard(self, socket: web.WebSocketResponse, text: str) -> None:
        pong = self.wording.pong(text)
        if pong is not None and not self.pongs:
            return
        if pong is not None:
            await self._say(socket, pong)
        else:
            await self.received(socket, json.loads(text))

    async def hear_now(self) -> None:
        """Do what was asked for meanwhile."""
        self.hears_late = False
        unheard, self._unheard = self._unheard, []
        for socket, frame in unheard:
            if not socket.closed:
                await self.received(socket, frame)

    async def tell_prints(self, *, says_so: bool = True) -> None:
        """Listen to what was asked of prints meanwhile."""
        self.lies_on_prints = False
        lying, self._lying = self._lying, []
        for socket, answers in lying:
            self._listeners.setdefault(socket, set()).add(TRADES)
            for answer in answers if says_so else ():
                await self._say(socket, answer)

    @property
    def is_asked(self) -> bool:
        """Whether something was asked for that it lies on."""
        return any(not socket.closed for socket, _ in self._unheard)

    async def received(self, socket: web.WebSocketResponse, frame: dict[str, Any]) -> None:
        if self.hears_late:
            self._unheard.append((socket, frame))
            return
        if self.refuses:
            await self._say(socket, self.wording.refusal(frame))
            return
        ask = self.wording.asked(frame)
        if not self.acknowledges:
            return
        if self.lies_on_prints and TRADES in ask.channels and ask.verb == "subscribe":
            late = tuple(each for each in ask.answers if "trade" in each or len(ask.answers) == 1)
            self._lying.append((socket, late))
            now = tuple(each for each in ask.answers if each not in late)
            ask = ask._replace(channels=ask.channels - {TRADES}, answers=now)
        for answer in ask.answers * (1 + self.answers_twice):
            await self._say(socket, answer)
        listened = self._listeners.setdefault(socket, set())
        if ask.verb == "unsubscribe":
            listened -= ask.channels
            return
        listened |= ask.channels
        if BOOK in ask.channels and not self.wording.snapshot_by_rest and self.sends_snapshots:
            for _ in range(1 + self.answers_twice):
                await self._send_snapshot(socket)

    async def _send_snapshot(self, socket: web.WebSocketResponse) -> None:
        for text in self.wording.snapshot(self.book, self.clock()):
            if self.cuts_snapshot:
                self.cuts_snapshot = False
                self.hung.set()
                half = text.encode()[: len(text) // 2]
                self._transport(socket).write(b"\x81\x7e" + len(text).to_bytes(2, "big") + half)
                self.cut_sockets(reset=True)
                return
            await self._say(socket, text)

    def forgotten(self, socket: web.WebSocketResponse) -> None:
        self._listeners.pop(socket, None)
        self._counts.pop(socket, None)

    def listening(self, *channels: str) -> bool:
        """Whether somebody listens to each of the channels."""
        heard = set().union(*self._listeners.values())
        return heard >= set(channels)

    # --- what it says

    async def play(self, count: int = 1) -> None:
        """Let the market go on, and tell it."""
        for _ in range(count):
            await self.tell(self.market.step())

    async def changes(self, count: int = 1) -> None:
        """Play until so many changes of the book were told."""
        while count:
            step = self.market.step()
            await self.tell(step)
            count -= isinstance(step, Change)

    async def tell(self, step: Step) -> None:
        """Tell a step that the market has taken."""
        if isinstance(step, Print):
            step = step._replace(at_ms=self.clock())
            self.prints.append(step)
            await self.emit(TRADES, [self.wording.trades([step])])
        else:
            await self.emit(BOOK, self.wording.update(step, self.book, self.clock()))

    async def burst(self, count: int) -> None:
        """Many prints, a hundred in a frame where the venue puts several into one."""
        price = self.book.top(1)[0][0][0]
        made = [self.market.printed(Print(price, Decimal(1), "sell")) for _ in range(count)]
        made = [each._replace(at_ms=self.clock()) for each in made]
        self.prints += made
        await self.emit(TRADES, [self.wording.trades([each]) for each in made])

    async def emit(self, channel: str, texts: Iterable[str]) -> None:
        for socket, channels in list(self._listeners.items()):
            if channel in channels:
                for text in texts:
                    for each in self._bent(channel, self._numbered(socket, text)):
                        await self.send(socket, each)

    def _numbered(self, socket: web.WebSocketResponse, text: str) -> str:
        number, self._counts[socket] = self._counts[socket], self._counts[socket] + 1
        return self.wording.numbered(text, number)

    async def _say(self, socket: web.WebSocketResponse, text: str) -> None:
        await self.send(socket, self._numbered(socket, text))

    async def announce(self, text: str) -> None:
        """Say something to everybody that belongs to no channel."""
        for socket in list(self.sockets):
            await self._say(socket, text)

    def _bent(self, channel: str, text: str) -> list[str]:
        """A frame after the faults that wait for one of its kind."""
        if self.drops[channel]:
            self.drops[channel] -= 1
            return []
        if self.doubles[channel]:
            self.doubles[channel] -= 1
            return [text, text]
        if channel != BOOK:
            return [text]
        if self.garbles:
            self.garbles -= 1
            return [text[: len(text) // 2]]
        if self.swaps:
            self.swaps -= 1
            self._kept_back.append(text)
            return []
        kept, self._kept_back = self._kept_back, []
        return [text, *kept]

    # --- its REST side

    def sides(self, count: int = 60) -> tuple[list[list[str]], list[list[str]]]:
        """Bids and asks as its REST tells them: pairs of texts, best first."""
        bids, asks = (self.wording.levels(side) for side in self.top(count))
        return bids, asks  # type: ignore[return-value]  # a book holds no empty levels

    def newest(self, query: Mapping[str, str]) -> list[Print]:
        """The newest prints, as many as are asked for and no more than a page holds."""
        return self.prints[-min(int(query.get("limit", 1000)), 1000) :]

    def minutes_of(
        self, kind: str, since_ms: int = 0, until_ms: int = 1 << 60, most: int = 1000
    ) -> list[Minute]:
        """The candles of a price that begin between two moments, oldest first, no more than a page holds."""
        return [each for each in self.minutes.get(kind, []) if since_ms <= each.at_ms <= until_ms][:most]

    def listed(self, listing: dict[str, Any]) -> list[dict[str, Any]]:
        """What it lists: the instrument, or in its place another one."""
        if self.is_listed:
            return [listing]
        text = json.dumps(listing)
        for base in ("BTC", "ETH", "XBT"):
            text = text.replace(base, "LTC")
        return [json.loads(text)]

    async def rest(self, request: web.Request) -> web.StreamResponse:
        for part, text in self.rest_texts.items():
            if part in request.path:
                return web.Response(text=text, content_type="text/html")
        answer = self.wording.rest(request.path, request.query, self)
        return web.json_response(answer if answer is not None else [])
