"""One writer a journal: an OS lock beside the database that dies with its process (engine rule R-JRN-1)."""

from __future__ import annotations

import fcntl
import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from tradetui.errors import JournalError, JournalLocked
from tradetui.journal.schema import not_writable


class LockHolder(msgspec.Struct, frozen=True):
    """Who holds a lock, as written inside its file."""

    pid: int
    started: str


class JournalLock:
    """Held from `acquire` until `release` or the end of the process."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor: int | None = descriptor

    @classmethod
    def acquire(cls, journal: Path) -> JournalLock:
        """Lock a journal for this process.

        Raises JournalLocked that names the process that has it, JournalError where the folder
        can not be written.
        """
        path = journal.with_name(journal.name + ".lock")
        descriptor = _open(path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _holder(descriptor)
            os.close(descriptor)
            raise JournalLocked(
                f"{journal}: in use by {holder}; leave that one, or give another folder with --data-dir"
            ) from None
        _write_holder(descriptor)
        return cls(path, descriptor)

    def release(self) -> None:
        """Let go; a second call does nothing."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None


def _open(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise not_writable(path.parent, error) from error


def _write_holder(descriptor: int) -> None:
    """Say inside the file who has the lock; raises JournalError where the disk is full."""
    started = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    text = msgspec.json.encode(LockHolder(os.getpid(), started))
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, text, 0)
    except OSError as error:
        os.close(descriptor)
        raise JournalError(f"the journal's lock file can not be written ({error})") from error


def _holder(descriptor: int) -> str:
    try:
        holder = msgspec.json.decode(os.pread(descriptor, 4096, 0), type=LockHolder)
    except msgspec.MsgspecError:
        return "another tradetui process"
    return f"the tradetui process {holder.pid}, started {holder.started}"
