"""From decided to shown: transactions wait in order for their commits, and only then are folded and told."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from tradetui.domain.event import Event
from tradetui.domain.reply import Reply
from tradetui.errors import JournalError, TradeTuiError
from tradetui.runtime.halt import Halt
from tradetui.runtime.published import copy_state
from tradetui.state import State


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

    @property
    def is_waiting(self) -> bool:
        """Whether a transaction is on its way to the disk."""
        return bool(self._waiting)

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

    def _follow(self, _: asyncio.Future[None]) -> None:
        """Settle what is on the disk by now, in its order; how much may wait is the journal's bound."""
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
        """Show what was committed; or drop it, and say so."""
        error = waiting.committed.exception() if waiting.committed.done() else JournalError("was closed")
        reply = waiting.reply
        if error is None:
            self._show(waiting)
        else:
            halt = self._lost(error)
            reply = Reply(key=reply.key, refusal=halt.refusal) if reply is not None else None
        if waiting.answered is not None and reply is not None and not waiting.answered.done():
            waiting.answered.set_result(reply)

    def _show(self, waiting: _Waiting) -> None:
        try:
            for event in waiting.events:
                self.state.apply(event)
            self._journal.keep(self.state)
            self._shown(waiting.events, waiting.answered is not None)
        except (TradeTuiError, ValueError, LookupError, ArithmeticError) as error:
            self._broke(error)
