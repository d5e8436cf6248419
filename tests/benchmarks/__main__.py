"""Runs every benchmark and prints a table; `--json FILE` keeps the rows. Peers come with the extra `bench`.

Each row compares us with a named peer in the same run: the median of interleaved rounds, and a ratio.
Machines are noisy; a bound that is missed by a little is worth a second run, not a conclusion.
"""

from __future__ import annotations

import argparse
import importlib
import json
import platform
import sys
from pathlib import Path
from typing import Any

BENCHMARKS = (
    "indicators",
    "book",
    "replay",
    "matching",
    "journal",
    "scan",
    "cockpit",
    "memory",
    "feed",
    "soak",
)
TAKE_MINUTES = ("memory", "soak")


def main() -> int:
    """Run them; 1 where a bound does not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("only", nargs="*", choices=[*BENCHMARKS, []], help="some of them")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows as JSON")
    parser.add_argument(
        "--minutes",
        type=float,
        default=3.0,
        help="how long memory is watched, where ten decide, and the feed soaked, where thirty do (default 3)",
    )
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for name in options.only or BENCHMARKS:
        print(f"measuring {name} …", file=sys.stderr)
        run = importlib.import_module(f"tests.benchmarks.bench_{name}").run
        rows += run(options.minutes) if name in TAKE_MINUTES else run()
    show(rows)
    if options.json:
        machine = f"{platform.machine()}, Python {platform.python_version()}"
        options.json.write_text(json.dumps({"machine": machine, "rows": rows}, indent=1))
    return 0 if all(row["holds"] for row in rows) else 1


def show(rows: list[dict[str, Any]]) -> None:
    """Print the rows as a table."""
    width = max(len(row["name"]) for row in rows)
    peer_width = max(len(str(row["peer"])) for row in rows)
    print(f"{'':<{width}}  {'ours':>12}  {'peer':<{peer_width}}  {'theirs':>12}  {'ratio':>7}  {'bound':>7}")
    for row in rows:
        ours, theirs = (_number(row[key]) for key in ("ours", "peer_value"))
        ratio, bound = (_number(row[key]) for key in ("ratio", "bound"))
        verdict = "" if row["holds"] else "  does not hold"
        line = f"{row['name']:<{width}}  {ours:>12}  {row['peer']:<{peer_width}}  {theirs:>12}"
        print(f"{line}  {ratio:>7}  {bound:>7}{verdict}")


def _number(value: float | None) -> str:
    return "—" if value is None else f"{value:.4g}"


if __name__ == "__main__":
    sys.exit(main())
