"""A feed that a test speaks through, and a journal whose commits a test holds back or breaks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Self

from tests.engine.market import PERP, START, D, Table
from tradetui.domain.command import Size, Stop, SubmitOrder
from tradetui.domain.event import Event
from tradetui.domain.market_data import MarketMessage, Side
from tradetui.domain.profile import Profile
from tradetui.engine import Engine
from tradetui.errors import JournalError
from tradetui.feeds.protocol import Sink
from tradetui.runtime.halt import BUFFER_S
from tradetui.runtime.host import Host
from tradetui.runtime.inputs import InputRecorder
from tradetui.runtime.publishing import Journal
from tradetui.state import State
from tradetui.trading.settings import EngineSettings

SETTINGS = EngineSettings().with_latency(0)
BIDS = [(60000.0, 5.0), (59990.0, 5.0)]
ASKS = [(60000.1, 5.0), (60001.0, 5.0)]


class ScriptedFeed(Table):
    """Delivers what a test says, at the moment it says it."""

    def __init__(self, *, own_clock: bool = True) -> None:
        super().__init__()
        self.own_clock = own_clock
        self.symbols = (self.symbol,)
        self.sink: Sink | None = None
        self.running = asyncio.Event()
        self.closed = False
        self.fault: Exception | None = None
        self.end = asyncio.Event()

    async def run(self, sink: Sink) -> None:
        self.sink = sink
        self.running.set()
        try:
            await self.end.wait()
            if self.fault is not None:
                raise self.fault
        finally:
            self.closed = True

    def feed(self, message: MarketMessage) -> tuple[Event, ...]:
        assert self.sink is not None
        self.sink(message)
        return ()


class HeldJournal:
    """Commits when the test says so."""

    keeps = True
    path = None

    def __init__(self) -> None:
        self.waiting: list[tuple[list[Event], asyncio.Future[None]]] = []
        self.committed: list[Event] = []
        self.failure: JournalError | None = None
        self.holds = False
        self.closed = False
        self.kept = 0
        self.fault = ""

    def append(self, events: Sequence[Event]) -> asyncio.Future[None]:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append((list(events), future))
        if not self.holds:
            self.commit()
        return future

    def commit(self, count: int | None = None) -> None:
        batch, self.waiting = self.waiting[:count], self.waiting[len(self.waiting[:count]) :]
        for events, future in batch:
            if self.failure is not None:
                future.set_exception(self.failure)
            else:
                self.committed += events
                future.set_result(None)

    async def reopen(self) -> State:
        if self.failure is not None:
            raise self.failure
        return State.fold(self.committed)

    def keep(self, state: State) -> None:
        self.kept = state.seq

    async def check(self) -> str:
        return self.fault

    async def close(self, now_ns: int, state: State | None = None) -> None:
        self.commit()
        self.closed = True


class Session:
    """A host that runs inside a test."""

    def __init__(
        self,
        journal: Journal | None = None,
        *,
        name: str = "venue",
        own_clock: bool = True,
        settings: EngineSettings = SETTINGS,
        state: State | None = None,
        inputs: InputRecorder | None = None,
        buffer_s: float = BUFFER_S,
    ) -> None:
        self.feed = ScriptedFeed(own_clock=own_clock)
        self.held = HeldJournal()
        profile = Profile(name=name, exchange="sim", symbols=(PERP,))
        self.host = Host(
            profile,
            feed=self.feed,
            engine=Engine(settings, state=state),
            journal=journal or self.held,
            now=lambda: self.feed.now or START,
            retry_s=0,
            buffer_s=buffer_s,
            inputs=inputs,
        )

    async def __aenter__(self) -> Self:
        self.task = asyncio.create_task(self.host.run())
        await self.feed.running.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.host.stop()
        await self.task

    def open(self) -> None:
        self.feed.open(BIDS, ASKS)

    @property
    def texts(self) -> list[str]:
        return [notice.text for notice in self.host.notices()]


def buy(qty: str = "0.1", *, stop: str = "59700", limit: str | None = None, key: str = "") -> SubmitOrder:
    return SubmitOrder(
        symbol=PERP,
        side=Side.BUY,
        size=Size(D(qty)),
        limit=D(limit) if limit else None,
        stop=Stop(price=D(stop)),
        key=key,
    )


async def settle() -> None:
    """Let every task do what it can do now."""
    for _ in range(10):
        await asyncio.sleep(0)
