"""Puts one profile in motion: its feed runs, its events are committed, and only then shown.

From a message to its events is one synchronous call. Events go to the journal; one task waits for
their commits in order and folds them into `published`, the state that screens, replies and notices
speak of. When a commit fails or the engine breaks a rule of its own, trading halts in words: nothing
new is decided, what was not committed is dropped, and the market goes on being shown.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import msgspec

from tradetui.domain.command import AnyCommand, CommandIssued, Reason, Refusal, Reply
from tradetui.domain.event import Event
from tradetui.domain.market_data import ClockTick, FeedState, FeedStatus, MarketMessage
from tradetui.domain.profile import Profile
from tradetui.domain.view import Notice, TradingState
from tradetui.engine import Engine
from tradetui.errors import JournalError, TradeTuiError
from tradetui.feeds.protocol import Feed
from tradetui.runtime.notices import FeedWatch, describe
from tradetui.state import State
from tradetui.trading.ledger import Ledger

TICK_S: Final = 0.25
"""How often the clock speaks to an engine whose feed has none of its own."""
STARTED_AGAIN_NS: Final = 1_000_000_000
"""A recording that goes back by more than this has been started again."""
_KEPT_NOTICES: Final = 200
_HALTS: Final = {
    TradingState.HALTED_JOURNAL: Reason.HALTED_JOURNAL,
    TradingState.HALTED_INVARIANT: Reason.HALTED_INVARIANT,
}


class Journal(Protocol):
    """Where events are committed."""

    @property
    def keeps(self) -> bool:
        """Whether the events are there after the program has ended."""
        ...

    def append(self, events: Sequence[Event]) -> asyncio.Future[None]:
        """Queue events; the future is done when they are on the disk, or raises JournalError."""
        ...

    async def close(self, now_ns: int) -> None:
        """Commit what waits and end the run."""
        ...


class Halt(msgspec.Struct, frozen=True):
    """Why nothing is traded any more."""

    state: TradingState
    text: str

    @property
    def refusal(self) -> Refusal:
        """The answer to every command."""
        mend = "open tradetui again when that is mended: positions and stops are as last shown"
        return Refusal(_HALTS[self.state], f"not done: {self.text}", mend=mend)


class _Waiting(msgspec.Struct, frozen=True):
    """A transaction on its way to the disk, and the reply that waits for it."""

    events: Sequence[Event]
    committed: asyncio.Future[None]
    reply: Reply | None = None
    answered: asyncio.Future[Reply] | None = None


class Host:
    """One profile that runs: feed, engine, journal."""

    def __init__(
        self, profile: Profile, *, feed: Feed, engine: Engine, journal: Journal, now: Callable[[], int]
    ) -> None:
        """`engine` continues what the journal holds; `now` is the wall clock, nanoseconds UTC."""
        self.profile = profile
        self.feed = feed
        self.engine = engine
        self.journal = journal
        self.published = copy_state(engine.state)
        """What has been committed; panes, replies and notices speak of nothing else."""
        self.halt: Halt | None = None
        self._now = now
        self._waiting: deque[_Waiting] = deque()
        self._appended = asyncio.Event()
        self._stopping = asyncio.Event()
        self._notices: deque[Notice] = deque(maxlen=_KEPT_NOTICES)
        self._feed_watch = FeedWatch()

    # --- what is asked of it

    @property
    def clock(self) -> int:
        """The time that counts here: the feed's where it has its own, else the wall's."""
        return self.engine.ts if self.feed.own_clock else self._now()

    @property
    def trading_state(self) -> TradingState:
        """What is accepted now."""
        return self.halt.state if self.halt is not None else self.engine.trading_state()

    @property
    def position_count(self) -> int:
        """How many positions are held."""
        return sum(self.published.holding(symbol) is not None for symbol in self.published.positions)

    @property
    def is_needed(self) -> bool:
        """Whether something of ours has to be watched."""
        return bool(self.position_count or self.published.live or self._waiting)

    @property
    def playback_words(self) -> str:
        """Where a recording is; empty for other feeds."""
        describe = getattr(self.feed, "describe", None)
        return str(describe()) if describe is not None else ""

    @property
    def scenario(self) -> str:
        """What is out of the ordinary in a simulated market; empty when nothing is."""
        scenario = str(getattr(self.feed, "scenario", ""))
        return "" if scenario == "normal" else scenario

    def notices(self) -> tuple[Notice, ...]:
        """Notices since the last call."""
        notices = tuple(self._notices)
        self._notices.clear()
        return notices

    def note(self, severity: str, text: str) -> None:
        """Say something to the trader."""
        self._notices.append(Notice(self.clock, severity, text))

    async def submit(self, command: AnyCommand) -> Reply:
        """Carry out a command; returns when its events are committed."""
        if self.halt is not None:
            return Reply(key=command.key, refusal=self.halt.refusal)
        if not self.clock:
            refusal = Refusal(
                Reason.NO_PRICE, "the market has not begun yet", mend="wait for its first price"
            )
            return Reply(key=command.key, refusal=refusal)
        try:
            reply, events = self.engine.submit(CommandIssued(self.clock, command))
        except Exception as error:  # noqa: BLE001 - a broken rule halts trading, never the screen
            return Reply(key=command.key, refusal=self._break(error).refusal)
        if not events:
            return reply
        answered: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._commit(events, reply, answered)
        return await answered

    # --- running

    async def run(self) -> None:
        """Run until `stop` or cancellation; on the way out everything decided is committed."""
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._publish()), group.create_task(self._run_feed())]
                if not self.feed.own_clock:
                    tasks.append(group.create_task(self._run_clock()))
                await self._stopping.wait()
                for task in tasks:
                    task.cancel()
        finally:
            await self._close()

    def stop(self) -> None:
        """Let `run` come to its end in good order."""
        self._stopping.set()

    async def _run_feed(self) -> None:
        try:
            await self.feed.run(self._take)
        except TradeTuiError as error:
            self._lose_feed(str(error))
        except Exception as error:  # noqa: BLE001 - the screen stays up and says what happened
            self._lose_feed(f"the feed broke off ({type(error).__name__}: {error})")

    def _lose_feed(self, text: str) -> None:
        self.note("error", text)
        for symbol in self.feed.symbols:
            self._take(FeedStatus(symbol, self.clock, FeedState.DOWN, text))

    async def _run_clock(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self._take(ClockTick(self._now(), time.monotonic_ns()))

    async def _close(self) -> None:
        try:
            await self.journal.close(self._now())
        except JournalError as error:
            self._stop_trading(TradingState.HALTED_JOURNAL, str(error))
        while self._waiting:
            self._settle(self._waiting.popleft())

    # --- from a message to what is shown

    def _take(self, message: MarketMessage) -> None:
        """The sink of the feed: one message through the whole engine."""
        if isinstance(message, FeedStatus) and (notice := self._feed_watch.changed(message)) is not None:
            self._notices.append(notice)
        if self.halt is not None:
            self._show_only(message)
            return
        if not self.journal.keeps and message.ts_received < self.engine.ts - STARTED_AGAIN_NS:
            self._begin_again()
        try:
            events = self.engine.process(message)
        except Exception as error:  # noqa: BLE001 - a broken rule halts trading, never the screen
            self._break(error)
            return
        if events:
            self._commit(events)

    def _begin_again(self) -> None:
        """A recording was started again: so is its account."""
        self.engine = Engine(self.engine.settings)
        self.published = State()

    def _show_only(self, message: MarketMessage) -> None:
        """While halted the market is shown and decides nothing."""
        if isinstance(message, ClockTick):
            return
        market = self.engine.markets.get(message.symbol)
        if market is not None:
            market.apply(message)

    def _commit(
        self,
        events: Sequence[Event],
        reply: Reply | None = None,
        answered: asyncio.Future[Reply] | None = None,
    ) -> None:
        waiting = _Waiting(events, self.journal.append(events), reply, answered)
        if not self._waiting and waiting.committed.done():
            self._settle(waiting)
            return
        self._waiting.append(waiting)
        self._appended.set()

    async def _publish(self) -> None:
        """Wait for commits in their order; how many may wait is the journal's bound."""
        while True:
            await self._appended.wait()
            self._appended.clear()
            while self._waiting:
                await asyncio.wait((self._waiting[0].committed,))
                self._settle(self._waiting.popleft())

    def _settle(self, waiting: _Waiting) -> None:
        """Show what was committed; or drop it, and say so."""
        error = waiting.committed.exception() if waiting.committed.done() else JournalError("was closed")
        if error is not None:
            self._stop_trading(TradingState.HALTED_JOURNAL, str(error))
        else:
            self._show(waiting)
        if waiting.answered is not None and waiting.reply is not None and not waiting.answered.done():
            waiting.answered.set_result(self._answer(waiting.reply, committed=error is None))

    def _answer(self, reply: Reply, *, committed: bool) -> Reply:
        if committed or self.halt is None:
            return reply
        return Reply(key=reply.key, refusal=self.halt.refusal)

    def _show(self, waiting: _Waiting) -> None:
        try:
            for event in waiting.events:
                self.published.apply(event)
        except (TradeTuiError, ValueError, KeyError, ArithmeticError) as error:
            self._break(error)
            return
        if self.halt is not None:
            self._roll_back()
        asked = waiting.answered is not None
        self._notices += describe(waiting.events, self.published, asked=asked)

    # --- halting

    def _break(self, error: Exception) -> Halt:
        """The engine found itself wrong: halt with the words."""
        text = f"the engine broke a rule of its own ({type(error).__name__}: {error}): trading is halted"
        return self._stop_trading(TradingState.HALTED_INVARIANT, text)

    def _stop_trading(self, state: TradingState, text: str) -> Halt:
        """Decide nothing more and go back to what was committed; the first reason stays."""
        if self.halt is None:
            self.halt = Halt(state, text)
            self.note("error", text)
        self._roll_back()
        return self.halt

    def _roll_back(self) -> None:
        """Only valuations read a halted engine's state, so it may be set back in place."""
        vars(self.engine.state).update(vars(copy_state(self.published)))


def copy_state(state: State) -> State:
    """An independent copy; its values are immutable, so only the containers are copied."""
    copied = State()
    for name, value in vars(state).items():
        setattr(copied, name, _copy_of(value))
    return copied


def _copy_of(value: object) -> object:
    if isinstance(value, Ledger):
        ledger = Ledger()
        ledger.balances = dict(value.balances)
        return ledger
    return value.copy() if isinstance(value, (dict, deque)) else value
