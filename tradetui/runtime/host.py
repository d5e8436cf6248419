"""Puts one profile in motion: its feed runs, its events are committed, and only then shown.

From a message to its events is one synchronous call. Events go to the journal; one task waits for
their commits in order and folds them into `published`, the state that screens, replies and notices
speak of. When a commit fails or the engine breaks a rule of its own, trading halts in words: no entry is
taken, and the market goes on being shown. For a while what the engine decides is kept for a journal that
can not be written, and committed when it can (R-JRN-9). What takes longer, and a broken rule, is a lost
time: what was not committed is dropped, and it is tried to go on from what is, on books that the feed
delivers anew, with the exits first that were asked for meanwhile: after a failed journal with everything,
after a broken rule with stops and exits.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final

from tradetui.domain.command import AnyCommand, CommandIssued
from tradetui.domain.event import Event, Locked
from tradetui.domain.market_data import ClockTick, FeedState, FeedStatus, MarketMessage
from tradetui.domain.profile import Profile
from tradetui.domain.reply import Reason, Refusal, Reply
from tradetui.domain.view import Notice, OrderStory, TradingState
from tradetui.domain.view_review import ReviewView
from tradetui.engine import Engine
from tradetui.errors import JournalError, RecordingError
from tradetui.feeds.protocol import Feed, Jumps
from tradetui.runtime.excerpt import standings_of
from tradetui.runtime.feeding import playback_words, run_feed, scenario_of, show_engine
from tradetui.runtime.growing import introduced
from tradetui.runtime.halt import BUFFER_S, RETRY_S, Halt, cancels_of_entries, is_exit
from tradetui.runtime.halts import Halts
from tradetui.runtime.inputs import InputRecorder
from tradetui.runtime.keeping import Keeping
from tradetui.runtime.noticeboard import Noticeboard
from tradetui.runtime.past import Past
from tradetui.runtime.published import copy_state, set_back
from tradetui.runtime.publishing import Journal, Publisher
from tradetui.runtime.review import TradeLog, review_view
from tradetui.runtime.stories import OrderTeller
from tradetui.runtime.tape import Tape
from tradetui.runtime.vitals import Vitals
from tradetui.state import State

_STEADY: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""The clock that nobody can set and that goes on while the machine sleeps."""
TICK_S: Final = 0.25
"""How often the clock speaks to an engine whose feed has none of its own."""
STARTED_AGAIN_NS: Final = 1_000_000_000
"""A recording that goes back by more than this has been started again."""


class Host:
    """One profile that runs: feed, engine, journal."""

    def __init__(
        self,
        profile: Profile,
        *,
        feed: Feed,
        engine: Engine,
        journal: Journal,
        now: Callable[[], int],
        retry_s: float = RETRY_S,
        buffer_s: float = BUFFER_S,
        inputs: InputRecorder | None = None,
        tape: Tape | None = None,
        past: Past | None = None,
    ) -> None:
        """`engine` continues what the journal holds; `now` is the wall clock, nanoseconds UTC.

        What is decided waits up to `buffer_s` for a journal that can not be written. With `inputs` all that
        the engine takes is recorded; `tape` records the market on request, `past` loads older candles.
        """
        self.profile, self.feed = profile, feed
        self.vitals = Vitals(feed)
        self.engine, self.journal = engine, journal
        self._introduce(feed)
        self._now, self._inputs = now, inputs
        if inputs is not None:
            inputs.begin(engine.settings, engine.state.seq)
        self.past = past or Past(feed)
        """Candles older than those that the engine keeps."""
        self.tape = tape or Tape(None, profile.name)
        self._retry_s = retry_s
        self.on_lock: Callable[[], None] = lambda: None
        """Called when a lock has been committed."""
        self._publisher = Publisher(
            engine.state, journal, shown=self._tell, lost=self._lose_journal, broke=self._break
        )
        self._stopping = asyncio.Event()
        self._board, self._halts = Noticeboard(), Halts(buffer_s)
        self._keeping = self._new_keeping()
        self._trade_log, self._teller = TradeLog(journal.path), OrderTeller()
        self._feeding: asyncio.Task[None] | None = None

    def _new_keeping(self) -> Keeping:
        return Keeping(
            self._halts,
            self._publisher,
            self._inputs,
            clock=lambda: self.clock,
            note=self.note,
            roll_back=self._roll_back,
        )

    def _introduce(self, feed: Feed) -> None:
        """Show a feed what it may look at here, where it asks for it."""
        introduced(feed, lambda each: show_engine(each, lambda: self.engine))
        if isinstance(feed, Jumps):
            feed.may_jump = lambda: not self.is_needed
            feed.on_jump = self._jump

    # --- what is asked of it

    @property
    def published(self) -> State:
        """What has been committed; panes, replies and notices speak of nothing else."""
        return self._publisher.state

    @property
    def clock(self) -> int:
        """The time that counts here: the feed's where it has its own, else the wall's."""
        return self.engine.ts if self.feed.own_clock else self._now()

    @property
    def halt(self) -> Halt | None:
        """Why no new risk is taken; None while all is well."""
        return self._halts.current

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
        """Whether something of ours has to be watched, or is being recorded."""
        return bool(
            self.position_count or self.published.live or self._publisher.is_waiting or self.tape.is_running
        )

    @property
    def playback_words(self) -> str:
        """Where a recording is; empty for other feeds."""
        return playback_words(self.feed)

    @property
    def scenario(self) -> str:
        """What is out of the ordinary in a simulated market; empty when nothing is."""
        return scenario_of(self.feed)

    def feed_status(self, symbol: str) -> FeedStatus | None:
        """The newest status of a symbol's data; None before the first."""
        return self._board.latest.get(symbol)

    def notices(self) -> tuple[Notice, ...]:
        """Notices since the last call."""
        return self._board.take()

    def note(self, severity: str, text: str) -> None:
        """Say something to the trader."""
        self._board.note(self.clock or self._now(), severity, text)

    async def review(self) -> ReviewView:
        """The closed trades of the account; raises JournalError where they can not be read."""
        trades, now = await self._trade_log.trades(), self.clock or self._now()
        return await asyncio.to_thread(review_view, trades, self.published, now=now)  # long: no stop may wait

    def stories(self) -> tuple[OrderStory, ...]:
        """Why orders filled, wait or did not fill."""
        return self._teller.stories(self.engine, self.published)

    def record(self) -> None:
        """Begin to record the market, or end it."""
        self.tape.on_failure = lambda words: self.note("error", words)
        try:
            stands = standings_of(self.engine.markets, self._board.latest)
            self.note("info", self.tape.toggle(stands, self.clock, self.feed))
        except RecordingError as error:
            self.note("error", str(error))

    async def submit(self, command: AnyCommand) -> Reply:
        """Carry out a command; returns when its events are committed."""
        halt = self.halt
        if halt is not None and not (self._halts.decides and is_exit(command)):
            return Reply(key=command.key, refusal=self._keeping.put_off(command, halt, self._carry_out))
        if not self.clock:
            refusal = Refusal(
                Reason.NO_PRICE, "the market has not begun yet", mend="wait for its first price"
            )
            return Reply(key=command.key, refusal=refusal)
        done = self._carry_out(command)
        if isinstance(done, Halt):
            return Reply(key=command.key, refusal=self._halts.postpone(command, done))
        reply, events = done
        if not events:
            return reply
        answered: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._publisher.commit(events, reply, answered)
        return self._halts.answer(command, await answered, seq=events[-1].seq)

    def _carry_out(self, command: AnyCommand) -> tuple[Reply, Sequence[Event]] | Halt:
        issued = CommandIssued(self.clock, command)
        if self._inputs is not None:
            self._inputs.take(issued)
        try:
            return self.engine.submit(issued)
        except Exception as error:  # noqa: BLE001 - a broken rule halts trading, never the screen
            return self._break(error)

    # --- running

    async def run(self) -> None:
        """Run until `stop` or cancellation; on the way out everything decided is committed."""
        try:
            async with asyncio.TaskGroup() as group:
                works = (self._publisher.run(), self._heal(group), self._check_journal(), self.past.run())
                tasks = [group.create_task(work) for work in works]
                if self._inputs is not None:
                    tasks.append(group.create_task(self._inputs.run(self.submit, self.note)))
                if not self.feed.own_clock:
                    tasks.append(group.create_task(self._run_clock()))
                self._feeding = group.create_task(self._run_feed())
                await self._stopping.wait()
                for task in (*tasks, self._feeding):
                    task.cancel()
        finally:
            await self._close()

    def stop(self) -> None:
        """Let `run` come to its end in good order."""
        self._stopping.set()

    async def _check_journal(self) -> None:
        """What a short start did not read is read now; damage in it stops everything (R-JRN-7)."""
        fault = await self.journal.check()
        if fault:
            self._lose_journal(JournalError(f"the journal is damaged: {fault}"), lasts=True)

    async def _run_feed(self) -> None:
        await run_feed(self.feed, self._take, lost=self._lose_feed, retry_s=self._retry_s)

    def _lose_feed(self, text: str) -> None:
        self.note("error", text)
        for symbol in self.feed.symbols:
            self._take(FeedStatus(symbol, self.clock, FeedState.DOWN, text))

    async def _run_clock(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self._take(ClockTick(self._now(), time.clock_gettime_ns(_STEADY)))

    async def _close(self) -> None:
        if self.tape.is_running:
            self.record()
        self._keeping.end()
        if self._inputs is not None:
            self._inputs.end()
        try:
            await self.journal.close(self._now(), self.published)
        except JournalError as error:
            self._lose_journal(error)
        self._publisher.drain()
        self._halts.end()

    # --- from a message to what is shown

    def _take(self, message: MarketMessage) -> None:
        """The sink of the feed: one message through the whole engine, and counted."""
        begun = time.perf_counter_ns()
        self._process(message)
        self.vitals.take(message, time.perf_counter_ns() - begun)

    def _process(self, message: MarketMessage) -> None:
        if type(message) is FeedStatus:
            self._board.hear(message)
        self.tape.take(message)
        if not (self._halts.decides or self._keeping.goes_on(message.ts_received)):
            self.engine.show(message)
            return
        if not self.journal.keeps and message.ts_received < self.engine.ts - STARTED_AGAIN_NS:
            self._begin_again()
        if self._inputs is not None:
            self._inputs.take(message)
        try:
            events = self.engine.process(message)
        except Exception as error:  # noqa: BLE001 - a broken rule halts trading, never the screen
            self._break(error)
            return
        if events:
            self._publisher.commit(events)

    def _jump(self, ts: int) -> None:
        """A recording goes on elsewhere: later with the same account, earlier with a new one."""
        if ts <= self.engine.ts:
            self._begin_again()
            return
        self._continue_from(copy_state(self.published))

    def _begin_again(self) -> None:
        """A recording was started again: so is its account."""
        if self.published.orders:
            self.note("info", "the recording was started again, and its account with it")
        self._continue_from(State())
        self._trade_log = TradeLog(None)

    def _continue_from(self, state: State) -> None:
        self.engine = Engine(self.engine.settings, state=state if state.seq else None)
        self._publisher.begin(self.engine.state)

    def _tell(self, events: Sequence[Event], asked: bool) -> None:
        self._board.tell(events, self.published, asked=asked)
        self._trade_log.take(events)
        self._teller.take(events)
        if any(isinstance(event.body, Locked) for event in events):
            self.on_lock()
        self._keeping.see_committed(events[-1].seq)
        if not self._halts.decides and not self._halts.keeps:
            self._roll_back()

    # --- halting, and going on

    def _break(self, error: Exception) -> Halt:
        """The engine found itself wrong: only exits from here on."""
        self._keeping.give_up("the engine broke a rule of its own")
        text = f"the engine broke a rule of its own ({type(error).__name__}: {error}): trading is halted"
        halt = self._halts.break_rule(text)
        self.note("error", text)
        self._roll_back()
        return halt

    def _lose_journal(self, error: BaseException, *, lasts: bool = False) -> Halt:
        """The journal can not be written: nothing that is decided counts until it can."""
        if lasts:
            self._keeping.give_up(str(error))
        is_new = self._halts.unwritable is None
        halt = self._halts.lose_journal(str(error), lasts=lasts)
        if is_new:
            self.note("error", f"{error}{halt.stop_words if self.position_count else ''}")
            self._keeping.begin(halt)
        if not halt.keeps:
            self._roll_back()
        return halt

    def _roll_back(self) -> None:
        """Only valuations read the state of an engine that decides nothing: it may be set back in place."""
        set_back(self.engine.state, self.published)

    async def _heal(self, group: asyncio.TaskGroup) -> None:
        """After each halt try to go on, again and again where the journal is the reason."""
        while True:
            await self._halts.interrupted.wait()
            await asyncio.sleep(self._retry_s)
            if self._publisher.is_waiting and not self._halts.keeps:
                continue
            try:
                state = await self._committed_state()
            except JournalError:
                self._keeping.goes_on()  # what is kept too long is given up in silence too
                continue
            if self._halts.is_lost:  # damage was found meanwhile
                continue
            self._halts.interrupted.clear()
            if not self._keeping.resume(state) and not self._halts.is_given_up:
                await self._go_on(group, state)

    async def _committed_state(self) -> State:
        if self._halts.unwritable is not None:
            return await self.journal.reopen()
        return copy_state(self.published)

    async def _go_on(self, group: asyncio.TaskGroup, state: State) -> None:
        """Continue from what is committed, with books that the feed delivers anew."""
        if self._feeding is not None:
            self._feeding.cancel()
            await asyncio.wait((self._feeding,))
        self._feeding = group.create_task(self._run_feed())
        if self._halts.is_lost:
            return
        self._continue_from(state)
        if self._inputs is not None:
            self._inputs.begin(self.engine.settings, self.engine.state.seq)
        exits = self._halts.go_on(state.seq)
        if self._halts.broken is None:
            self.note("success", "the journal can be written again: trading goes on")
        else:
            self.note("warning", "stops and exits work again; for entries open tradetui again")
            exits = [*cancels_of_entries(self.published), *exits]
        for command in exits:
            reply = await self.submit(command)
            if reply.refusal is not None:
                self.note("error", reply.refusal.text)
