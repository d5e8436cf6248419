"""The state as bytes, for the journal's snapshots: read at a start, checked against the fold afterwards.

A snapshot is a cache. One that was written by another version of the program, or that does not hold,
is passed over, and the events before it are folded instead.
"""

from __future__ import annotations

from typing import Final

import msgspec

from tradetui.journal.reader import Head, JournalReader, Snapshot
from tradetui.state import State
from tradetui.version import __version__

EVERY: Final = 2_000
"""Events between two snapshots: so many are folded at a start at the most, and it is not noticed."""
FOLD: Final = f"{__version__}/3"
"""Which fold a snapshot comes from; to be raised when events come to mean something else."""


class _Picture(msgspec.Struct, frozen=True, array_like=True):
    fold: str
    state: State


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(_Picture)


def picture(state: State) -> bytes:
    """The bytes of a state; equal states whose values came in the same order give equal bytes."""
    return _ENCODER.encode(_Picture(FOLD, state))


def newest(reader: JournalReader) -> tuple[State, Head]:
    """The state and the place in the chain to go on from: the newest good snapshot's, or the very start."""
    for snapshot in reader.snapshots():
        state = _state_in(snapshot)
        if state is not None:
            return state, snapshot.head
    return State(), Head()


def _state_in(snapshot: Snapshot) -> State | None:
    """The state of a snapshot; None where another version of the program wrote it."""
    try:
        found = _DECODER.decode(snapshot.payload)
    except msgspec.MsgspecError:
        return None
    return found.state if (found.fold, found.state.seq) == (FOLD, snapshot.head.seq) else None


class SnapshotCheck:
    """Holds the snapshots of a journal against a fold that passes by them."""

    def __init__(self, reader: JournalReader) -> None:
        self._expected = {found.head.seq: found for found in reader.snapshots()}

    def fault(self, state: State) -> str:
        """What is wrong with the snapshot at this state; empty where there is none, or it holds."""
        snapshot = self._expected.get(state.seq)
        expected = _state_in(snapshot) if snapshot is not None else None
        if expected is None or expected == state:
            return ""
        return f"the snapshot at event {state.seq} differs from the fold of the events before it"
