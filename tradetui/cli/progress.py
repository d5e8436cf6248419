"""Words on standard error for work that takes longer than a second."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable


def lines_progress(word: str, *, total: int | None = None) -> Callable[[int], None]:
    """A reporter of lines done; silent where nobody looks at a terminal."""
    started = time.monotonic()

    def report(done: int) -> None:
        if time.monotonic() - started > 1 and sys.stderr.isatty():
            share = f" {100 * done // total} %" if total else ""
            print(f"\r{word} {done:,} lines{share} ", end="", file=sys.stderr, flush=True)

    return report


def clear_progress() -> None:
    """Wipe the reporter's line."""
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
