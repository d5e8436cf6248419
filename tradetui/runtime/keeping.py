"""What an engine decides while the journal can not be written (R-JRN-9).

It is kept for a while, unseen, and committed when the journal can be written again: a stop that was
crossed meanwhile has fired at its own moment and price. It is given up, and the time is a gap as after
a crash, where that takes too long, where it becomes too much, and where the journal then holds anything
else than what was shown and is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from tradetui.domain.command import AnyCommand
from tradetui.domain.event import Event
from tradetui.domain.reply import Refusal, Reply
from tradetui.runtime.halt import Halt, adds_up, is_exit
from tradetui.runtime.halts import Halts
from tradetui.runtime.inputs import InputRecorder
from tradetui.runtime.publishing import Publisher
from tradetui.state import State

CarryOut = Callable[[AnyCommand], tuple[Reply, Sequence[Event]] | Halt]
"""Lets the engine decide a command."""
_SECOND_NS: Final = 1_000_000_000


class Keeping:
    """Of one host: whether its decisions are kept for the journal, and what becomes of them."""

    def __init__(
        self,
        halts: Halts,
        publisher: Publisher,
        inputs: InputRecorder | None,
        *,
        clock: Callable[[], int],
        note: Callable[[str, str], None],
        roll_back: Callable[[], None],
    ) -> None:
        """`roll_back` sets the engine back to what is committed."""
        self._halts = halts
        self._publisher = publisher
        self._inputs = inputs
        self._clock = clock
        self._note = note
        self._roll_back = roll_back
        self._last_kept = 0
        """The event with whose commit a halt has lost nothing; 0 where nothing is on its way after one."""

    def begin(self, halt: Halt) -> None:
        """The journal can not be written from here on."""
        self._last_kept = 0
        if not halt.keeps:
            self._halts.unsaid = []
        if self._inputs is not None and halt.keeps:
            self._inputs.pause()
        elif self._inputs is not None:
            self._inputs.leave(self._publisher.state.seq)

    def goes_on(self, now: int | None = None) -> bool:
        """Whether what is decided now is kept; where it was too long or too much it is given up here."""
        if not self._halts.keeps:
            return False
        buffer_s = self._halts.buffer_s
        if (self._clock() if now is None else now) - self._publisher.kept_since > buffer_s * _SECOND_NS:
            self.give_up(f"the journal could not be written for {buffer_s:g} s")
        elif self._publisher.is_full or (self._inputs is not None and self._inputs.is_full):
            self.give_up("more has happened than can be kept for the journal")
        return self._halts.keeps

    def put_off(self, command: AnyCommand, halt: Halt, carry_out: CarryOut) -> Refusal:
        """The answer to a command while nothing is committed.

        What closes or protects is decided where that is kept; exits wait for the end of the halt in any case.
        """
        halts = self._halts
        is_repeated = halts.is_waiting(command)
        if not is_exit(command) or (is_repeated and adds_up(command)) or not self.goes_on():
            return halts.postpone(command, halt)
        done = carry_out(command)
        if isinstance(done, Halt):
            return halts.postpone(command, done)
        reply, events = done
        if events:
            self._publisher.commit(events)
        elif reply.refusal is not None and not is_repeated:
            halts.unsaid.append(reply.refusal.text)
        return halts.postpone(command, halt, seq=self._publisher.kept_until)

    def give_up(self, why: str) -> None:
        """What was decided and is not in the journal is dropped: that time is lost, and looked at as such."""
        if self._halts.keeps:
            self._drop()
            self._note(
                "error", f"{why}: what is not done yet is dropped, but for exits; stops look back at it"
            )

    def end(self) -> None:
        """The program ends: nothing waits for the journal any more, and no exit does."""
        halts, count = self._halts, len(self._halts.exits)
        halts.buffer_s = 0
        if not (halts.keeps or count):
            return
        if halts.keeps:
            self._drop()
        exits = f", {count} exit{'' if count == 1 else 's'} too" if count else ""
        why = "trading goes on" if halts.unwritable is None else "the journal can be written"
        what = f"what is not done yet is dropped{exits}"
        self._note("error", f"tradetui ends before {why}: {what}; stops look back at it at the next start")

    def _drop(self) -> None:
        self._halts.give_up_keeping()
        self._publisher.drop()
        if self._inputs is not None:
            self._inputs.leave(self._publisher.state.seq)
        self._roll_back()

    def resume(self, found: State) -> bool:
        """Commit what was kept and trade on; False where there is nothing to go on with."""
        if not self.goes_on():
            return False
        if not self._publisher.follows(found):
            self.give_up("the journal holds something else than was written to it")
            return False
        self._halts.resume()
        if self._inputs is not None:
            self._inputs.resume()
        self._last_kept = self._publisher.kept_until
        self._publisher.go_on(found)
        return True

    def see_committed(self, seq: int) -> None:
        """All events up to one are on the disk: once these are all that were kept, nothing was lost."""
        self._halts.see_committed(seq)
        if not 0 < self._last_kept <= seq:
            return
        self._last_kept = 0
        if self._halts.decides:
            self._note("success", "the journal can be written again: nothing was lost, trading goes on")
        unsaid, self._halts.unsaid = self._halts.unsaid, []
        for text in unsaid:
            self._note("error", text)
