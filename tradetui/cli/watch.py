"""`tradetui watch`: a line a second and symbol, without a screen."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Callable
from typing import Any

import msgspec

from tradetui.cli.parts import chosen_profile, load_config, make_feed
from tradetui.config.load import Config
from tradetui.domain.profile import Profile
from tradetui.runtime.watch import watch

Say = Callable[[dict[str, Any]], None]


def run(options: argparse.Namespace) -> int:
    """Watch until the seconds are over or the user stops it; 1 when a symbol was not streaming at the end."""
    config = load_config(options)
    profile = chosen_profile(options, config)
    if getattr(options, "symbol", None):
        profile = msgspec.structs.replace(profile, symbols=profile.symbols[: len(set(options.symbol))])
    # a program that reads us gets what is written for programs
    say = _json_line if getattr(options, "json", False) or not sys.stdout.isatty() else _text_line
    return asyncio.run(_watch(options, config, profile, say))


async def _watch(options: argparse.Namespace, config: Config, profile: Profile, say: Say) -> int:
    feed = make_feed(profile, config=config, options=options)
    task = asyncio.create_task(watch(feed, seconds=options.seconds, say=say))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, task.cancel)
    try:
        return 0 if await task else 1
    except asyncio.CancelledError:
        return 0


def _json_line(row: dict[str, Any]) -> None:
    print(msgspec.json.encode(row).decode(), flush=True)


def _text_line(row: dict[str, Any]) -> None:
    if row.get("final"):
        return
    bid, ask = row["bid"] or "—", row["ask"] or "—"
    age = "—" if row["age_ms"] is None else f"{row['age_ms']} ms"
    faults = f"gaps {row['gaps']} resyncs {row['resyncs']} bad {row['bad_messages']}"
    touch = f"{bid:>14} {ask:>14}  trades {row['trades']:<8}"
    print(f"{row['symbol']:<14} {row['state']:<11} age {age:>8}  {touch} {faults}", flush=True)
