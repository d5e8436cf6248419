"""Prints both engines side by side: where they agree, and by which rule they differ.

With nautilus_trader (the extra `compare`, Python 3.12) it is played now; without it, what was recorded
is shown. `--record` keeps what it does now for everybody who has not installed it.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version

from tests.nautilus.case import Story
from tests.nautilus.sides import CASES, PEER, Sides, compared, is_installed, live, record, recorded


def main() -> int:
    """Show the table; 1 where something differs that no rule explains, or from what was recorded."""
    parser = argparse.ArgumentParser(prog="python -m tests.nautilus", description=__doc__)
    parser.add_argument("--record", action="store_true", help="keep what nautilus_trader does now")
    parser.add_argument("--differences", action="store_true", help="leave out what agrees")
    options = parser.parse_args()
    if options.record and not is_installed():
        parser.error(f"{PEER} is not installed: pip install '.[compare]'")
    stories = live() if is_installed() else _answers()
    if options.record:
        record(stories, f"{datetime.now(UTC):%Y-%m-%d}")
    kept = recorded()
    print(
        f"{PEER} {version(PEER)}, played now"
        if is_installed()
        else f"{PEER} {kept[PEER]}, recorded {kept['on']}"
    )
    pairs = {name: compared(name, stories[name]) for name in CASES}
    for name, pair in pairs.items():
        if not (options.differences and pair.agree):
            show(name, pair)
    print(summary(pairs.values()))
    changed = [name for name, story in _answers().items() if stories.get(name) != story]
    for name in changed:
        print(f"not as recorded with {kept[PEER]}: {name}")
    return 1 if changed or any(pair.fault for pair in pairs.values()) else 0


def _answers() -> dict[str, Story]:
    return {name: answer["story"] for name, answer in recorded()["answers"].items()}


def show(name: str, pair: Sides) -> None:
    """One case: a line where both agree, else both stories and the rule between them."""
    differs = pair.case.differs
    verdict = pair.fault or ("agree" if differs is None else differs.rule)
    print(f"{name:<68}  {verdict}")
    if pair.agree and not pair.fault:
        return
    if differs is not None:
        print(textwrap.indent(textwrap.fill(differs.because, 96), "    "))
    for order in dict.fromkeys([*pair.ours, *pair.theirs]):
        mine, other = pair.ours.get(order, "—"), pair.theirs.get(order, "—")
        if mine != other:
            print(f"      {order:<12} ours    {mine}\n{'':<19}theirs  {other}")


def summary(pairs: Iterable[Sides]) -> str:
    """How many cases agree, differ by a rule, and are wrong."""
    pairs = list(pairs)
    wrong = sum(bool(pair.fault) for pair in pairs)
    agree = sum(pair.agree and not pair.fault for pair in pairs)
    by_rule = len(pairs) - agree - wrong
    return f"{len(pairs)} cases: {agree} agree, {by_rule} differ by a rule, {wrong} unexplained"


if __name__ == "__main__":
    sys.exit(main())
