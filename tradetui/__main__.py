"""Starts the program: `python -m tradetui` and the installed command."""

from __future__ import annotations

import signal
import sys

_interrupt = signal.getsignal(signal.SIGINT)
if _interrupt is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # while it is loaded, Ctrl-C ends it without a word

from tradetui.cli.main import run  # noqa: E402 - after the line above


def main() -> None:
    """Run the command line and leave with its exit code."""
    signal.signal(signal.SIGINT, _interrupt)
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
