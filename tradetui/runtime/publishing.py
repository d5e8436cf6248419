"""From decided to shown: transactions wait in order for their commits, and only then are folded and told.

When a commit fails, what was decided may be kept for a while (R-JRN-9). An engine's decisions depend on
its inputs alone and not on when it takes them, so it goes on taking them, and what waits for the journal
are its decisions: unseen, in order, each with its own time. That equals inputs that are kept and taken
later, without a copy of the market as it stood, anything to decide again, or a burst in the end.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol

import msgspec

from tradetui.domain.event import Event
from tradetui.domain.reply import Refusal, Reply
from tradetui.errors import JournalError, TradeTuiError
from tradetui.runtime.halt import Halt
from tradetui.runtime.published import copy_state
from tradetui.state import State

MAX_KEPT: Final = 20_000
"""Events that may wait for a journal that can not be written: some tens of megabytes."""
_FOLD_ERRORS: Final = (TradeTuiError, ValueError, LookupError, ArithmeticError)


class Journal(Protocol):
    """Where events are committed."""

    @property
    def keeps(self) -> bool:
        """Whether the events are there after the program has ended."""
        ...

    @property
    def path(self) -> Path | None:
        """The file that has them; None where nothing is kept."""
        ...

    def append(self, events: Sequence[Event]) -> asyncio.Future[None]:
        """Queue events; the future is done when they are on the disk, or raises JournalError."""
        ...

    async def reopen(self) -> State:
        """After a failure: what is committed; raises JournalError while it can not be written."""
        ...

    def keep(self, state: State) -> None:
        """Now and then write the committed state beside its events."""
        ...

    async def check(self) -> str:
        """Read what a short start has passed over; returns what is wrong, empty where all holds."""
        ...

    async def close(self, now_ns: int, state: State | None = None) -> None:
        """Commit what waits and end the run; the state is written beside its last event."""
        ...


class _Waiting(msgspec.Struct, frozen=True):
    """A transaction on its way to the disk, and the reply that waits for it."""

    events: Sequence[Event]
    committed: asyncio.Future[None]
    reply: Reply | None = None
    answered: asyncio.Future[Reply] | None = None


class Publisher:
    """The second fold: of what is committed."""

    def __init__(
        self,
        state: State,
        journal: Journal,
        *,
        shown: Callable[[Sequence[Event], bool], None],
        lost: Callable[[BaseException], Halt],
        broke: Callable[[Exception], Halt],
    ) -> None:
        """`shown` is told what was committed and whether a command had asked for it.

        `lost` is called where a commit fails, `broke` where the fold does.
        """
        self.state = copy_state(state)
        """What has been committed; panes, replies and notices speak of nothing else."""
        self._journal = journal
        self._shown = shown
        self._lost = lost
        self._broke = broke
        self._waiting: deque[_Waiting] = deque()
        self._failure: asyncio.Future[None] | None = None
        """Raises what following a commit ran into; None while nobody waits for that."""
        self._kept: list[Sequence[Event]] | None = None
        """Transactions for a journal that can not be written; None where it can, or nothing is kept."""
        self._kept_events = 0

    @property
    def is_waiting(self) -> bool:
        """Whether a transaction is on its way to the disk."""
        return bool(self._waiting or self._kept)

    @property
    def is_full(self) -> bool:
        """Whether more waits for the journal than can be kept."""
        return self._kept_events > MAX_KEPT

    @property
    def kept_since(self) -> int:
        """Engine time of the oldest decision that is kept; 0 where none is."""
        return self._kept[0][0].ts if self._kept else 0

    @property
    def kept_until(self) -> int:
        """The number of the newest event that is kept; 0 where none is."""
        return self._kept[-1][-1].seq if self._kept else 0

    def begin(self, state: State) -> None:
        """Start over from a state that is committed."""
        self.state = copy_state(state)

    def commit(
        self,
        events: Sequence[Event],
        reply: Reply | None = None,
        answered: asyncio.Future[Reply] | None = None,
    ) -> None:
        """Hand one transaction to the journal; its reply is answered when it is on the disk."""
        if self._kept is not None:
            self._keep(events)
            return
        waiting = _Waiting(events, self._journal.append(events), reply, answered)
        if not self._waiting and waiting.committed.done():
            self._settle(waiting)
            return
        self._waiting.append(waiting)
        # a task that waits for it would be woken two rounds of the loop later, and the reply with it
        waiting.committed.add_done_callback(self._follow)

    async def run(self) -> None:
        """Commits are followed as they come; this owns what goes wrong with it, and raises that."""
        self._failure = asyncio.get_running_loop().create_future()
        await self._failure

    def _follow(self, committed: asyncio.Future[None]) -> None:
        """Settle what is on the disk by now, in its order; how much may wait is the journal's bound."""
        if self._kept is not None:
            committed.exception()  # it failed with the one before it: asyncio reports what nobody looked at
        try:
            while self._waiting and self._waiting[0].committed.done():
                self._settle(self._waiting.popleft())
        except Exception as error:
            if self._failure is None or self._failure.done():
                raise
            self._failure.set_exception(error)

    def drain(self) -> None:
        """After the journal was closed: settle what still waits."""
        while self._waiting:
            self._settle(self._waiting.popleft())

    def _settle(self, waiting: _Waiting) -> None:
        """Show what was committed; or keep it or drop it, and say so."""
        error = waiting.committed.exception() if waiting.committed.done() else JournalError("was closed")
        if error is None:
            self._show(waiting.events, asked=waiting.answered is not None)
            _answer(waiting)
            return
        halt = self._lost(error)
        if halt.keeps:
            self._begin_to_keep(waiting, halt)
        else:
            _answer(waiting, halt.refusal)

    # --- while the journal can not be written

    def _begin_to_keep(self, failed: _Waiting, halt: Halt) -> None:
        """Keep all that is not on the disk, in its order; whoever waits for it is told."""
        after, self._waiting = self._waiting, deque()
        self._kept, self._kept_events = [], 0
        for waiting in (failed, *after):
            self._keep(waiting.events)
            _answer(waiting, halt.kept)

    def _keep(self, events: Sequence[Event]) -> None:
        if self._kept is not None:
            self._kept.append(events)
            self._kept_events += len(events)

    def drop(self) -> None:
        """Forget what was kept."""
        self._kept = None

    def follows(self, found: State) -> bool:
        """Whether what is kept goes on from the state that was found in the journal.

        A commit that is said to have failed may have reached the disk all the same, as a whole.
        """
        state = copy_state(self.state)
        try:
            for events in self._kept or ():
                if state.seq < found.seq:
                    for event in events:
                        state.apply(event)
        except _FOLD_ERRORS:
            return False
        return state == found

    def go_on(self, found: State) -> None:
        """Commit what was kept behind the state that it `follows`; what fails again is kept again."""
        kept, self._kept = self._kept or [], None
        for events in kept:
            if events[-1].seq <= found.seq:
                self._show(events, asked=False)
            else:
                self.commit(events)

    def _show(self, events: Sequence[Event], *, asked: bool) -> None:
        try:
            for event in events:
                self.state.apply(event)
            self._journal.keep(self.state)
            self._shown(events, asked)
        except _FOLD_ERRORS as error:
            self._broke(error)


def _answer(waiting: _Waiting, refusal: Refusal | None = None) -> None:
    """Give its reply to who waits for it, or a refusal where it did not come to pass."""
    reply, answered = waiting.reply, waiting.answered
    if reply is not None and answered is not None and not answered.done():
        answered.set_result(reply if refusal is None else Reply(key=reply.key, refusal=refusal))
