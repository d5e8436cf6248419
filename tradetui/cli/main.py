"""Runs one command: reads the arguments, loads what that command needs, turns errors into words."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import zoneinfo

from tradetui.cli.options import parse
from tradetui.errors import TradeTuiError

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
        return _dispatch(parse(argv))
    except TradeTuiError as error:
        for line in str(error).splitlines():
            print(f"tradetui: {line}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # the reader of our output left; nothing more can be said to it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _dispatch(options: argparse.Namespace) -> int:
    # zones are those of the tzdata package, whose version stands in the journal, not the machine's (R-TIM-9)
    zoneinfo.reset_tzpath(to=())
    # each command is imported when it runs: --help and --version must not wait for numpy
    module = importlib.import_module(_MODULES[options.command])
    code: int = module.run(options)
    return code
