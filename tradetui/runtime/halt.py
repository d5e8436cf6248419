"""Why a host decides nothing any more, and what it answers meanwhile."""

from __future__ import annotations

from typing import Final

import msgspec

from tradetui.domain.command import (
    AdoptLock,
    AnyCommand,
    BreakEven,
    CancelAll,
    CancelOrder,
    Flatten,
    Half,
    SetStop,
    SetTarget,
    SubmitOrder,
)
from tradetui.domain.order import OrderRole
from tradetui.domain.reply import Reason, Refusal
from tradetui.domain.view import TradingState
from tradetui.state import State

RETRY_S: Final = 5.0
"""How long after a halt it is tried to go on."""
BUFFER_S: Final = 30.0
"""So long what is decided waits for a journal that can not be written; what lasts longer is lost time."""
MAX_BREAKS: Final = 3
"""After so many breaks of its own rules an engine is not started again."""
_EXITS: Final = (Flatten, Half, CancelAll, CancelOrder, AdoptLock)
_PROTECTIONS: Final = (SetStop, SetTarget, BreakEven)
_REASONS: Final = {
    TradingState.HALTED_JOURNAL: Reason.HALTED_JOURNAL,
    TradingState.HALTED_INVARIANT: Reason.HALTED_INVARIANT,
}


def waits(command: AnyCommand) -> bool:
    """Whether a command is kept while nothing is decided (I-45): later, it still closes or forbids."""
    if isinstance(command, SubmitOrder):
        return command.reduce_only
    return isinstance(command, _EXITS)


def is_exit(command: AnyCommand) -> bool:
    """Whether a command only makes a position smaller or protects it."""
    return waits(command) or isinstance(command, _PROTECTIONS)


def cancels_of_entries(state: State) -> list[AnyCommand]:
    """What takes every entry out that could still add risk: after a broken rule none may."""
    entries = (order for order in state.live.values() if order.role is OrderRole.ENTRY)
    return [CancelOrder(order_id=order.order_id) for order in entries]


def adds_up(command: AnyCommand) -> bool:
    """Whether the same exit twice closes more than once: pressed again while it waits, it is not meant so."""
    return isinstance(command, Half | SubmitOrder)


class Halt(msgspec.Struct, frozen=True):
    """Why nothing is traded any more."""

    state: TradingState
    text: str
    lasts: bool = True
    """Whether it does not end by itself."""
    keeps: bool = False
    """Whether what is decided meanwhile waits for the journal (R-JRN-9)."""

    @property
    def refusal(self) -> Refusal:
        """The answer to what can not be done now."""
        again = "open tradetui again" if self.lasts else "it goes on by itself"
        mend = f"{again} when that is mended: positions and stops are as last shown"
        return Refusal(_REASONS[self.state], f"not done: {self.text}", mend=mend)

    @property
    def stop_words(self) -> str:
        """What it means for stops."""
        if self.keeps:
            return "; what stops do until it can is kept, and shown then"
        return "; no stop fires before it can"

    @property
    def kept(self) -> Refusal:
        """The answer to what is decided and waits for the journal."""
        mend = "it stands if the journal can be written again in time, and is dropped if not: you are told"
        return Refusal(_REASONS[self.state], f"not done yet: {self.text}", mend=mend)

    @property
    def postponed(self) -> Refusal:
        """The answer to an exit that waits."""
        mend = f"it waits and is done first, at the next try in {RETRY_S:.0f} s"
        if self.keeps:
            mend = (
                f"it acts on the prices of now and is shown once that is mended: next try in {RETRY_S:.0f} s"
            )
        return Refusal(_REASONS[self.state], f"not done yet: {self.text}", mend=mend)
