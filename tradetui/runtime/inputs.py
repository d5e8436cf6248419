"""Records what goes into an engine, so that the same events can be made again from it (R-JRN-10).

Inputs go into compressed chunk files beside the journal. Each chunk's hash becomes an event of the
journal, by a command that is an input itself; what a killed process had not yet written is lost, and a
replay ends there. A segment is the life of one engine: its first chunk says which event it began after
and with which settings.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import zlib
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from tradetui.domain.command import CommandIssued, NoteInputs
from tradetui.domain.market_data import MarketMessage
from tradetui.errors import JournalError
from tradetui.trading.settings import EngineSettings

CHUNK_S: Final = 10.0
"""How often a chunk is written: so much is lost when the process is killed."""
MAX_WAITING: Final = 200_000
"""So many inputs may wait for a journal that can not be written."""
_MAGIC: Final = b"tradetui inputs 1\n"
_ENCODER: Final = msgspec.msgpack.Encoder()


def inputs_folder(journal: Path) -> Path:
    """Where the recorded inputs of a journal lie."""
    return journal.with_name(f"{journal.stem}.inputs")


class Segment(msgspec.Struct, frozen=True):
    """How an engine began."""

    after_seq: int
    settings: EngineSettings


class Chunk(msgspec.Struct, frozen=True):
    """A part of a segment: what went in, in order."""

    segment: Segment
    number: int
    """Within the segment, from 0."""
    inputs: list[MarketMessage | CommandIssued]
    until_seq: int | None = None
    """In a segment's last chunk: what it led to after this event never reached the journal."""


_DECODER: Final = msgspec.msgpack.Decoder(Chunk)


class InputRecorder:
    """Collects the inputs of one engine after another and writes them in chunks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._segment: Segment | None = None
        self._number = 0
        self._waiting: list[MarketMessage | CommandIssued] = []
        self._left: list[Chunk] = []
        """Last chunks of engines whose last decisions were dropped."""
        self._is_paused = False
        self._has_ended = False

    @property
    def is_full(self) -> bool:
        """Whether more waits than may."""
        return len(self._waiting) > MAX_WAITING

    def begin(self, settings: EngineSettings, after_seq: int) -> None:
        """An engine starts behind an event; what waits of the one before was never acted on."""
        if self._has_ended:
            return
        self._segment, self._number, self._waiting = Segment(after_seq, settings), 0, []
        self._is_paused = False

    def pause(self) -> None:
        """The journal can not be written: whether what comes now counts is known later."""
        self._is_paused = True

    def resume(self) -> None:
        """What came meanwhile counts."""
        self._is_paused = False

    def leave(self, until_seq: int) -> None:
        """The engine's decisions after an event are dropped: its last chunk ends there."""
        if self._segment is not None and until_seq > self._segment.after_seq:
            self._left.append(Chunk(self._segment, self._number, self._waiting, until_seq))
        self._segment, self._waiting = None, []

    def take(self, message: MarketMessage | CommandIssued) -> None:
        """Remember an input that the engine is about to take."""
        if self._segment is not None:
            self._waiting.append(message)

    def cut(self) -> Chunk | None:
        """What has gathered; None where nothing has, or where it is not known yet whether it counts."""
        if self._left:
            return self._left.pop(0)
        if self._segment is None or not self._waiting or self._is_paused:
            return None
        chunk = Chunk(self._segment, self._number, self._waiting)
        self._number, self._waiting = self._number + 1, []
        return chunk

    async def run(
        self, submit: Callable[[NoteInputs], Awaitable[object]], say: Callable[[str, str], None]
    ) -> None:
        """Write a chunk now and then; a disk that refuses ends the recording, and trading goes on."""
        while True:
            await asyncio.sleep(CHUNK_S)
            chunk = self.cut()
            if chunk is None:
                continue
            try:
                note = await asyncio.to_thread(self.write, chunk)
            except JournalError as error:
                say("warning", f"{error}: the recording has ended")
                self._has_ended = True
                self._segment, self._waiting, self._left = None, [], []
                return
            await submit(note)

    def end(self) -> None:
        """Write what is left; no event can name it any more, and a replay takes it as it is."""
        while (chunk := self.cut()) is not None:
            with contextlib.suppress(JournalError):
                self.write(chunk)

    def write(self, chunk: Chunk) -> NoteInputs:
        """Write a chunk and return the command that ties it to the journal; raises JournalError."""
        packed = _MAGIC + zlib.compress(_ENCODER.encode(chunk), 1)
        name = f"{chunk.segment.after_seq:010d}-{chunk.number:06d}.inputs"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _write_whole(self.folder / name, packed)
        except OSError as error:
            raise JournalError(f"{self.folder / name}: inputs can not be recorded ({error})") from error
        digest = hashlib.sha256(packed).hexdigest()
        return NoteInputs(chunk=name, sha256=digest, count=len(chunk.inputs))


def _write_whole(path: Path, content: bytes) -> None:
    """A file is there whole or not at all, also after a crash."""
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)


def read_chunks(folder: Path, known: dict[str, str]) -> Iterator[Chunk]:
    """The chunks of a folder in order, each held against the hash that the journal knows for it.

    A chunk that the journal does not know was written last by a process that was killed: it is read too.
    Raises JournalError where one differs from its hash or can not be understood.
    """
    for path in sorted(folder.glob("*.inputs")):
        packed = path.read_bytes()
        expected = known.get(path.name)
        if expected is not None and hashlib.sha256(packed).hexdigest() != expected:
            raise JournalError(f"{path}: the recorded inputs differ from the hash in the journal")
        try:
            yield _DECODER.decode(zlib.decompress(packed.removeprefix(_MAGIC)))
        except (zlib.error, msgspec.MsgspecError) as error:
            raise JournalError(f"{path}: no recorded inputs of tradetui: {error}") from error
