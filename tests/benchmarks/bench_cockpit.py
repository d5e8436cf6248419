"""What a frame of the cockpit costs, in a pseudo-terminal: python -m tests.benchmarks.bench_cockpit."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from tests.captures import CAPTURES

BUSIEST = CAPTURES / "hftbacktest" / "usdm_ethusdt_20240808.gz"
SIZE = (200, 60)
FPS, WARM_UP_S, MEASURED_S = 30, 8.0, 15.0
STARTS = 21
MOST_BYTES, CPU_SHARE, START_SHARE = 10_000, 0.25, 1.3
BLANK = (
    "from textual.app import App\n"
    "from textual.widgets import Static\n"
    "class Blank(App):\n"
    "    def compose(self):\n"
    "        yield Static('PAPER')\n"
    "Blank().run()\n"
)


@dataclass
class Program:
    """A program in a pseudo-terminal, and what it has written so far."""

    pid: int
    master: int
    started: float
    written: int = 0
    tail: bytes = b""

    def read(self, until: Callable[[], bool], *, timeout_s: float) -> float:
        """Take what it writes until the condition holds; returns the seconds since its start."""
        deadline = time.monotonic() + timeout_s
        while not until() and time.monotonic() < deadline:
            if select.select([self.master], [], [], 0.02)[0]:
                chunk = os.read(self.master, 1 << 16)
                self.written += len(chunk)
                self.tail = (self.tail + chunk)[-(1 << 17) :]
        return time.monotonic() - self.started

    def read_for(self, seconds: float) -> None:
        """Take what it writes for a while."""
        self.read(lambda: False, timeout_s=seconds)

    @property
    def cpu_s(self) -> float:
        """CPU seconds of the process so far, its threads included."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def memory_mib(self) -> float:
        """Resident memory of the process."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


@contextlib.contextmanager
def running(arguments: Sequence[str], folder: Path) -> Iterator[Program]:
    """Run Python with the arguments in a terminal of its own."""
    started = time.monotonic()
    pid, master = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", LANG="C.UTF-8", HOME=str(folder))
        os.environ.update(TRADETUI_DATA_DIR=str(folder), TRADETUI_CONFIG=str(folder / "config.toml"))
        # an installed program is compiled: no start but the first may compile it
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")
        os.execv(sys.executable, [sys.executable, *arguments])
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", SIZE[1], SIZE[0], 0, 0))
    try:
        yield Program(pid, master, started)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(master)


def frame_cost(arguments: Sequence[str], folder: Path) -> tuple[float, float]:
    """Bytes and CPU milliseconds a frame of a program that plays the recording."""
    recording = ("replay", str(BUSIEST), "--speed", "1")
    with running((*arguments, *recording), folder) as program:
        program.read_for(WARM_UP_S)
        written, cpu, began = program.written, program.cpu_s, time.monotonic()
        program.read_for(MEASURED_S)
        frames = (time.monotonic() - began) * FPS
        return (program.written - written) / frames, (program.cpu_s - cpu) * 1e3 / frames


def first_paint(arguments: Sequence[str], folder: Path) -> float:
    """Seconds from the start of the process to the badge on the screen."""
    with running(arguments, folder) as program:
        return program.read(lambda: b"PAPER" in program.tail, timeout_s=20)


def row(
    name: str, ours: float, peer: str, *, peer_value: float, bound: float, of_peer: bool
) -> dict[str, Any]:
    """One result; the bound is on the ratio, or where there is no peer on our value."""
    ratio = ours / peer_value
    holds = (ratio if of_peer else ours) <= bound
    return {
        "name": name,
        "ours": ours,
        "peer": peer,
        "peer_value": peer_value,
        "ratio": ratio,
        "bound": bound,
        "holds": holds,
    }


def frame_rows(folder: Path) -> list[dict[str, Any]]:
    """Bytes and CPU of a frame; the engine's CPU, measured without a screen, is taken off both sides."""
    peer_module = ("-m", "tests.benchmarks.table_cockpit")
    written, cpu = frame_cost(("-m", "tradetui"), folder)
    _, engine_cpu = frame_cost((*peer_module, "nothing"), folder)
    _, table_cpu = frame_cost((*peer_module, "tables"), folder)
    painting, tables = cpu - engine_cpu, table_cpu - engine_cpu
    return [
        row(
            "bytes a frame",
            written,
            "bound",
            peer_value=float(MOST_BYTES),
            bound=float(MOST_BYTES),
            of_peer=False,
        ),
        row(
            "painting a frame, CPU ms",
            painting,
            "DataTables",
            peer_value=tables,
            bound=CPU_SHARE,
            of_peer=True,
        ),
        row(
            "whole program, CPU ms a frame", cpu, "DataTables", peer_value=table_cpu, bound=1.0, of_peer=True
        ),
    ]


def start_row(folder: Path) -> dict[str, Any]:
    """From spawn to the first words, beside an app of one word; pairs alternate, the first is not counted."""
    pairs = [
        (first_paint(("-m", "tradetui"), folder), first_paint(("-c", BLANK), folder))
        for _ in range(STARTS + 1)
    ]
    ours, blank = (median(column) for column in zip(*pairs[1:], strict=True))
    return row("first paint, s", ours, "blank Textual app", peer_value=blank, bound=START_SHARE, of_peer=True)


def run() -> list[dict[str, Any]]:
    """Rows of bytes, CPU and first paint; about three minutes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "config.toml").write_text(f"[cockpit]\nframes_per_second = {FPS}\n")
        return [*frame_rows(folder), start_row(folder)]


if __name__ == "__main__":
    for result in run():
        print(json.dumps(result))
