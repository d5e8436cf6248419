"""What commands say beside their answers: progress on standard error, and signs that the terminal has."""

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


def share_progress(word: str) -> Callable[[int, int], None]:
    """A reporter of parts done, of so many where that is known; wipes its line at the end."""
    started = shown = time.monotonic()

    def report(done: int, total: int) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - started > 1 and now - shown > 0.5 and sys.stderr.isatty():
            shown = now
            share = f"{100 * done // total} %" if total else f"{done:,}"
            print(f"\r{word} {share} ", end="", file=sys.stderr, flush=True)
        if done >= total > 0 and shown > started:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    return report


def has_unicode() -> bool:
    """Whether standard output can show more than ASCII."""
    return (sys.stdout.encoding or "").lower().startswith("utf")
