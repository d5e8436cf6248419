"""Which halts hold, what waits for their end, and whether the engine may be asked."""

from __future__ import annotations

import asyncio

import msgspec

from tradetui.domain.command import AnyCommand
from tradetui.domain.reply import Refusal, Reply
from tradetui.domain.view import TradingState
from tradetui.runtime.halt import BUFFER_S, MAX_BREAKS, Halt, waits


class _Exit(msgspec.Struct, frozen=True):
    """An exit that waits for the journal."""

    command: AnyCommand
    seq: int = 0
    """The last event that it led to; 0 where it is not decided yet."""


class Halts:
    """Of one host: its journal can not be written, its engine broke a rule of its own, or both."""

    def __init__(self, buffer_s: float = BUFFER_S) -> None:
        """What is decided waits up to `buffer_s` for a journal that can not be written; 0: not at all."""
        self.buffer_s = buffer_s
        self.unwritable: Halt | None = None
        self.broken: Halt | None = None
        self.decides = True
        """Whether the engine takes part as ever; without it the market is shown, and see `keeps`."""
        self.interrupted = asyncio.Event()
        """Set by each halt until it is tried to go on."""
        self._breaks = 0
        self._exits: list[_Exit] = []
        self.unsaid: list[str] = []
        """What refused exits were answered, of which there is no event; said when all is committed."""

    @property
    def current(self) -> Halt | None:
        """Why no new risk is taken; None while all is well."""
        return self.unwritable or self.broken

    @property
    def keeps(self) -> bool:
        """Whether the engine decides on and what it decides waits for the journal, unseen."""
        return self.unwritable is not None and self.unwritable.keeps

    @property
    def is_lost(self) -> bool:
        """Whether the journal is not written any more until the program is started again."""
        return self.unwritable is not None and self.unwritable.lasts

    @property
    def is_given_up(self) -> bool:
        """Whether an engine has broken its rules so often that it is not started again."""
        return self._breaks > MAX_BREAKS

    def break_rule(self, text: str) -> Halt:
        """The engine found itself wrong: only exits from here on."""
        self._breaks += 1
        self.broken = self.broken or Halt(TradingState.HALTED_INVARIANT, text)
        self._interrupt()
        return self.broken

    def lose_journal(self, text: str, *, lasts: bool = False) -> Halt:
        """The journal can not be written: nothing that is decided counts until it can."""
        if self.unwritable is None:
            keeps = self.decides and not lasts and self.buffer_s > 0
            self.unwritable = Halt(TradingState.HALTED_JOURNAL, text, lasts, keeps)
        elif lasts:
            self.unwritable = msgspec.structs.replace(self.unwritable, text=text, lasts=True)
        self._interrupt()
        return self.unwritable

    def give_up_keeping(self) -> None:
        """What was decided since the journal failed is dropped: that time is lost."""
        self.unsaid = []
        if self.unwritable is not None:
            self.unwritable = msgspec.structs.replace(self.unwritable, keeps=False)

    def end(self) -> None:
        """The host has come to its end."""
        self.unwritable = self.unwritable or Halt(TradingState.HALTED_JOURNAL, "the engine has stopped")
        self.decides = False

    def is_waiting(self, command: AnyCommand) -> bool:
        """Whether the same exit waits already."""
        return any(each.command == command for each in self._exits)

    def postpone(self, command: AnyCommand, halt: Halt, *, seq: int = 0) -> Refusal:
        """Keep an exit for when it goes on; refuse anything else, or say that it is decided.

        `seq` is that of the newest event by then where it is decided: on the disk, nothing is left to do.
        """
        if not waits(command) or self.is_given_up:
            return halt.kept if seq and halt.keeps else halt.refusal
        if seq or not self.is_waiting(command):
            self._exits.append(_Exit(command, seq))
        return halt.postponed

    def answer(self, command: AnyCommand, reply: Reply, *, seq: int) -> Reply:
        """The reply to a command; an exit whose own commit failed waits. `seq` is that of its last event."""
        lost = self.unwritable
        if lost is None or reply.refusal not in (lost.refusal, lost.kept):
            return reply
        return Reply(key=command.key, refusal=self.postpone(command, lost, seq=seq))

    def see_committed(self, seq: int) -> None:
        """All events up to one are on the disk."""
        if self._exits:
            self._exits = [each for each in self._exits if not 0 < each.seq <= seq]

    @property
    def exits(self) -> list[AnyCommand]:
        """The exits that wait, each once."""
        exits: list[AnyCommand] = []
        for each in self._exits:
            if each.command not in exits:
                exits.append(each.command)
        return exits

    def resume(self) -> None:
        """The journal can be written and the engine is the same."""
        self.unwritable, self.decides = None, True

    def go_on(self, seq: int) -> list[AnyCommand]:
        """The journal can be written and the engine is a new one, behind an event; the exits that waited."""
        self.see_committed(seq)
        self.unwritable, self.decides = None, True
        exits, self._exits = self.exits, []
        return exits

    def _interrupt(self) -> None:
        self.decides = False
        self.interrupted.set()
