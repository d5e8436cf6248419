"""Runs one command: reads the arguments, loads what that command needs, turns errors into words."""

from __future__ import annotations

import importlib
import os
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from tradetui.cli.garbage import collected_later
from tradetui.errors import TradeTuiError
from tradetui.feeds.clean import printable

if TYPE_CHECKING:
    import argparse

_MODULES = {
    None: "tradetui.cli.cockpit",
    "replay": "tradetui.cli.replay",
    "watch": "tradetui.cli.watch",
    "profiles": "tradetui.cli.listing",
    "config": "tradetui.cli.listing",
    "journal": "tradetui.cli.journal",
    "record": "tradetui.cli.record",
    "recording": "tradetui.cli.recordings",
    "doctor": "tradetui.cli.doctor",
}


def run(argv: list[str]) -> int:
    """Run the command line; returns the exit code: 0 done, 1 does not hold, 2 could not run."""
    try:
        return _dispatch(options_of(argv))
    except TradeTuiError as error:
        for line in str(error).splitlines():
            print(f"tradetui: {printable(line)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # the reader of our output left; nothing more can be said to it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def options_of(argv: list[str]) -> argparse.Namespace:
    """The options; without arguments there is nothing to read, and loading what reads them takes time."""
    if not argv:
        return cast("argparse.Namespace", SimpleNamespace(command=None, seed=None, scenario=None))
    from tradetui.cli.options import parse

    return parse(argv)


def _take_zones_from_the_package() -> None:
    """Zones are those of tzdata, whose version stands in the journal, not the machine's (R-TIM-9)."""
    os.environ["PYTHONTZPATH"] = ""  # read when zoneinfo is loaded, and the first paint needs no zone
    if (loaded := sys.modules.get("zoneinfo")) is not None:
        loaded.reset_tzpath(to=())


def _dispatch(options: argparse.Namespace) -> int:
    _take_zones_from_the_package()
    # each command is imported when it runs: --help and --version must not wait for numpy
    with collected_later():
        module = importlib.import_module(_MODULES[options.command])
    code: int = module.run(options)
    return code
