"""What of this machine the program depends on: terminal, folders, disk, journals."""

from __future__ import annotations

import locale
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from tradetui.errors import JournalError, JournalLocked
from tradetui.feeds.probe import Finding, Verdict
from tradetui.journal.lock import JournalLock
from tradetui.runtime.recovery import verify_journal

_LEAST_FREE: Final = 200 * 1024 * 1024
_SMALLEST: Final = (80, 24)


def check_terminal(environment: Mapping[str, str], *, is_terminal: bool) -> Iterator[Finding]:
    """Size, colors and letters of the terminal; the last two also where the output goes elsewhere."""
    yield _size() if is_terminal else _no_terminal()
    yield _colors(environment)
    yield _letters()


def _no_terminal() -> Finding:
    mend = "the cockpit needs one; `watch` and `replay` do not"
    return Finding("terminal", Verdict.WARNING, "standard output is no terminal", mend)


def _size() -> Finding:
    columns, lines = shutil.get_terminal_size()
    small = columns < _SMALLEST[0] or lines < _SMALLEST[1]
    mend = f"enlarge it to {_SMALLEST[0]}×{_SMALLEST[1]}: columns are left out below" if small else ""
    return Finding("terminal", Verdict.WARNING if small else Verdict.GOOD, f"{columns}×{lines}", mend)


def _colors(environment: Mapping[str, str]) -> Finding:
    if environment.get("NO_COLOR"):
        mend = "direction is told by signs and weight; unset NO_COLOR for colors"
        return Finding("colors", Verdict.WARNING, "NO_COLOR is set", mend)
    term, depth = environment.get("TERM", ""), environment.get("COLORTERM", "")
    if depth in ("truecolor", "24bit") or "256color" in term or "direct" in term:
        return Finding("colors", Verdict.GOOD, depth or term)
    mend = "set TERM=xterm-256color or COLORTERM=truecolor where the terminal can"
    return Finding("colors", Verdict.WARNING, f"16 colors (TERM={term or 'not set'})", mend)


def _letters() -> Finding:
    encoding = (getattr(sys.stdout, "encoding", None) or locale.getpreferredencoding()).lower()
    if encoding.replace("-", "").startswith("utf8"):
        return Finding("letters", Verdict.GOOD, encoding)
    mend = "set LANG=C.UTF-8: lines are drawn in ASCII without"
    return Finding("letters", Verdict.WARNING, encoding, mend)


def check_disk(folder: Path) -> Finding:
    """Whether the data folder can be written and has room."""
    free = shutil.disk_usage(folder).free
    text = f"{folder}: {free / 1024**3:.1f} GiB free"
    if not os.access(folder, os.W_OK):
        return Finding("disk", Verdict.BAD, f"{folder} can not be written", "name another with --data-dir")
    if free < _LEAST_FREE:
        mend = "a journal that can not be written halts trading: free some space"
        return Finding("disk", Verdict.BAD, text, mend)
    return Finding("disk", Verdict.GOOD, text)


def check_journal(path: Path) -> Finding:
    """Whether a profile's journal is free and holds."""
    if not path.exists():
        return Finding("journal", Verdict.GOOD, f"{path}: none yet; it is made when the cockpit first runs")
    try:
        JournalLock.acquire(path).release()
    except JournalLocked as error:
        return Finding("journal", Verdict.WARNING, str(error), "not checked while somebody writes it")
    try:
        found = verify_journal(path)
    except JournalError as error:
        return Finding("journal", Verdict.BAD, str(error))
    if found.fault:
        mend = "`tradetui journal resume` goes on from its last good event and keeps the file"
        return Finding("journal", Verdict.BAD, f"{path}: {found.fault}", mend)
    return Finding("journal", Verdict.GOOD, f"{path}: {found.events:,} events, chain and sums hold")
