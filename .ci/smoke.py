"""Opens the program in a pseudo-terminal, presses keys, and checks that it shows a market and leaves well."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.terminal import Terminal


def main() -> None:
    """Run it; an assertion names what is not as it should be."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Terminal([sys.argv[1], "--seed", "7"], folder=Path(folder)) as terminal,
    ):
        terminal.until("PAPER", "BTC/USDT", "streaming", "Ladder")
        terminal.press("a")
        terminal.until("ARMED")
        terminal.press("b")
        terminal.until("long")
        terminal.press("x", "\x03")
        code = terminal.wait()
    if code != 0:
        sys.exit(f"smoke: expected exit code 0, was {code}")
    print("smoke: the cockpit opened, traded, flattened and left")


if __name__ == "__main__":
    main()
