"""A real pseudo-terminal with a program in it: press keys, read the screen, kill it."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from fcntl import ioctl
from pathlib import Path
from types import TracebackType
from typing import Self

import pyte

PROGRAM = (sys.executable, "-m", "tradetui")


class Terminal:
    """Runs one program at a fixed size; what it writes is drawn by a terminal emulator.

    `NO_COLOR`, the locale and the like are set through `environment`; config and data always lie
    in `folder`, so that nothing of the user's is read or written.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        folder: Path,
        columns: int = 160,
        lines: int = 45,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self.written = 0
        self.code: int | None = None
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            _become(arguments, folder, environment or {})
        self.resize(columns, lines)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.code is None:
            self.kill()
        os.close(self._terminal)

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def resize(self, columns: int, lines: int) -> None:
        """Change the size of the terminal, as a window manager would."""
        self.screen.resize(lines, columns)
        ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def press(self, *keys: str) -> None:
        """Write keys, each as the characters that a terminal sends for it."""
        for key in keys:
            os.write(self._terminal, key.encode())
            self.read(0.15)

    def until(self, *texts: str, seconds: float = 30) -> str:
        """Read until all texts stand on the screen; raises AssertionError with the screen otherwise."""
        deadline = time.monotonic() + seconds
        runs, shown = True, self.text
        while not all(text in shown for text in texts):
            if not runs or time.monotonic() > deadline:
                raise AssertionError(f"expected {texts!r} on the screen, was:\n{shown}")
            runs = self.read(0.1)
            shown = self.text
        return shown

    def read(self, seconds: float) -> bool:
        """Draw what the program writes for some seconds; False when it has ended."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if not select.select([self._terminal], [], [], left)[0]:
                return True
            try:
                output = os.read(self._terminal, 65536)
            except OSError:
                return False
            if not output:
                return False
            self.written += len(output)
            self._stream.feed(output)
        return True

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal and wait for the end."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, number)
        self.wait()

    def wait(self, seconds: float = 20) -> int:
        """Read until the program ends; returns its exit code, negative for a signal."""
        deadline = time.monotonic() + seconds
        while self.read(0.1) and time.monotonic() < deadline:
            pass
        _, status = os.waitpid(self._pid, 0)
        self.code = os.waitstatus_to_exitcode(status)
        return self.code


def _become(arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
    """In the child: become the program under test."""
    inherited = {
        name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "LINES")
    }
    inherited |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
    inherited |= {"TRADETUI_DATA_DIR": str(folder / "data"), "TRADETUI_CONFIG": ""}
    inherited |= {"XDG_CONFIG_HOME": str(folder / "config"), "HOME": str(folder)}
    os.execvpe(arguments[0], list(arguments), {**inherited, **environment})
