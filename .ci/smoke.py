"""Opens the program in a pseudo-terminal, presses keys, and checks that it shows a market and leaves well."""

from __future__ import annotations

import os
import pty
import select
import struct
import sys
import tempfile
import termios
import time
from fcntl import ioctl
from pathlib import Path

import pyte

LINES, COLUMNS = 45, 160


def main() -> None:
    """Run it; exits with a message where something is not as it should be."""
    with tempfile.TemporaryDirectory() as folder:
        code, text = drive(sys.argv[1], Path(folder))
    for expected in ("PAPER", "BTC/USDT", "Ladder"):
        if expected not in text:
            sys.exit(f"smoke: expected {expected!r} on the screen, was:\n{text}")
    if code != 0:
        sys.exit(f"smoke: expected exit code 0, was {code}")
    print("smoke: the cockpit opened, traded and left")


def drive(program: str, folder: Path) -> tuple[int, str]:
    """Start the program, wait for the market, press keys and leave; returns exit code and the last screen."""
    pid, terminal = pty.fork()
    if pid == 0:
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        environment |= {
            "TRADETUI_DATA_DIR": str(folder),
            "TRADETUI_CONFIG": "",
            "XDG_CONFIG_HOME": str(folder),
        }
        os.execvpe(program, [program, "--seed", "7"], environment)
    ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    screen = pyte.Screen(COLUMNS, LINES)
    stream = pyte.ByteStream(screen)
    read_until(terminal, stream, screen, "streaming", 30)
    for key in ("a", "b", "?", "\x1b"):
        os.write(terminal, key.encode())
        read_for(terminal, stream, 1)
    read_until(terminal, stream, screen, "Ladder", 10)
    text = "\n".join(screen.display)
    os.write(terminal, b"\x03")
    read_for(terminal, stream, 5)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), text


def read_until(
    terminal: int, stream: pyte.ByteStream, screen: pyte.Screen, text: str, seconds: float
) -> None:
    """Feed the terminal's output to the screen until a text stands on it."""
    deadline = time.monotonic() + seconds
    while text not in "\n".join(screen.display) and time.monotonic() < deadline:
        read_for(terminal, stream, 0.2)


def read_for(terminal: int, stream: pyte.ByteStream, seconds: float) -> None:
    """Feed what arrives within some seconds; returns early at the end of the program."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([terminal], [], [], left)[0]:
            return
        try:
            stream.feed(os.read(terminal, 65536))
        except OSError:
            return


if __name__ == "__main__":
    main()
