"""Whether the cockpit's memory stays flat: python -m tests.benchmarks.bench_memory [--minutes 10].

Two programs run side by side on the simulated market, one left alone and one that trades by keys. Growth
is the slope of a least-squares line through the samples of the last seven tenths of the time, so that one
arena more or less at the end decides nothing. Ten minutes decide; in a shorter run the caches still
fill, and its wider bound shows no more than that nothing leaks grossly.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import linear_regression
from typing import Any

from tests.benchmarks.bench_cockpit import Program, row, running

DEFAULT_MINUTES, DECIDES_MINUTES = 3.0, 10.0
SAMPLE_S, KEYS_S = 5.0, 20.0
WARM_UP_SHARE = 0.3
MOST_MIB, MOST_GROWTH, MOST_GROWTH_WARMING = 150.0, 0.3, 1.0
ROUND_OF_KEYS = ("ab", "h", "x", "ab", ",", ".", "x", "aB", "C")
"""Enter, halve, flatten, look at other timeframes, rest and cancel: one of them each time."""

Samples = list[tuple[float, float]]


def watch(programs: Sequence[Program], minutes: float) -> list[Samples]:
    """Minutes and resident MiB of each program; keys are pressed in the last one."""
    found: list[Samples] = [[] for _ in programs]
    began, pressed = time.monotonic(), 0
    while (passed := time.monotonic() - began) < minutes * 60:
        for program, samples in zip(programs, found, strict=True):
            program.read_for(0.1)
            if passed >= len(samples) * SAMPLE_S:
                samples.append((passed / 60, program.memory_mib))
        if passed >= (pressed + 1) * KEYS_S:
            os.write(programs[-1].master, ROUND_OF_KEYS[pressed % len(ROUND_OF_KEYS)].encode())
            pressed += 1
    return found


def wait_for_the_market(program: Program) -> None:
    """Take what a program writes until its data streams."""
    program.read(lambda: b"streaming" in program.tail, timeout_s=60)


def rows_of(name: str, samples: Samples, minutes: float) -> list[dict[str, Any]]:
    """The largest memory, and how it grew once warm."""
    settled = [sample for sample in samples if sample[0] >= minutes * WARM_UP_SHARE]
    growth = linear_regression(*zip(*settled, strict=True)).slope
    most = max(mib for _, mib in samples)
    bound = MOST_GROWTH if minutes >= DECIDES_MINUTES else MOST_GROWTH_WARMING
    shown = [samples[len(samples) * part // 4][1] for part in range(4)] + [samples[-1][1]]
    series = f"bound ({', '.join(f'{mib:.1f}' for mib in shown)} MiB at each quarter)"
    since = f"bound (MiB a minute, minute {minutes * WARM_UP_SHARE:.3g} to {minutes:.3g})"
    return [
        row(f"memory {name}, MiB", most, series, peer_value=MOST_MIB, bound=MOST_MIB, of_peer=False),
        row(f"memory growth {name}", growth, since, peer_value=bound, bound=bound, of_peer=False),
    ]


def run(minutes: float = DEFAULT_MINUTES) -> list[dict[str, Any]]:
    """Rows of a program left alone and of one that trades."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        programs = []
        for part in ("idle", "trading"):
            folder = Path(name) / part
            folder.mkdir()
            (folder / "config.toml").touch()
            arguments = ("-m", "tradetui", "--profile", "sim", "--seed", "1")
            programs.append(stack.enter_context(running(arguments, folder)))
        for program in programs:
            wait_for_the_market(program)
        idle, trading = watch(programs, minutes)
    return [*rows_of("idle", idle, minutes), *rows_of("trading", trading, minutes)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=DEFAULT_MINUTES)
    for result in run(parser.parse_args().minutes):
        print(json.dumps(result))
