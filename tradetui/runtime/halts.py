"""Which halts hold, what waits for their end, and whether the engine may be asked."""

from __future__ import annotations

import asyncio

from tradetui.domain.command import AnyCommand
from tradetui.domain.reply import Refusal
from tradetui.domain.view import TradingState
from tradetui.runtime.halt import MAX_BREAKS, Halt, waits


class Halts:
    """Of one host: its journal can not be written, its engine broke a rule of its own, or both."""

    def __init__(self) -> None:
        self.unwritable: Halt | None = None
        self.broken: Halt | None = None
        self.decides = True
        """Whether the engine takes part at all; without it the market is only shown."""
        self.interrupted = asyncio.Event()
        """Set by each halt until it is tried to go on."""
        self._breaks = 0
        self._exits: list[AnyCommand] = []

    @property
    def current(self) -> Halt | None:
        """Why no new risk is taken; None while all is well."""
        return self.unwritable or self.broken

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
        """The journal can not be written: nothing is decided until it can."""
        self.unwritable = self.unwritable or Halt(TradingState.HALTED_JOURNAL, text, lasts)
        self._interrupt()
        return self.unwritable

    def end(self) -> None:
        """The host has come to its end."""
        self.unwritable = self.unwritable or Halt(TradingState.HALTED_JOURNAL, "the engine has stopped")
        self.decides = False

    def postpone(self, command: AnyCommand, halt: Halt) -> Refusal:
        """Keep an exit for when it goes on; refuse anything else."""
        if not waits(command) or self.is_given_up:
            return halt.refusal
        if command not in self._exits:
            self._exits.append(command)
        return halt.postponed

    def go_on(self) -> list[AnyCommand]:
        """The journal can be written and the engine is a new one; the exits that waited."""
        self.unwritable, self.decides = None, True
        exits, self._exits = self._exits, []
        return exits

    def _interrupt(self) -> None:
        self.decides = False
        self.interrupted.set()
