"""A recording on the screen, with a throw-away account."""

from __future__ import annotations

import argparse
import asyncio
import gc
import time
from typing import TYPE_CHECKING

from tradetui.cli.garbage import collected_later
from tradetui.cli.parts import load_config
from tradetui.cli.replay_account import begin, replay_settings
from tradetui.cli.screen import need_terminal, open_screen
from tradetui.domain.profile import Profile
from tradetui.engine import Engine
from tradetui.errors import JournalError
from tradetui.feeds.replay import ReplayFeed
from tradetui.runtime.inline import InlineLink, MakeHost, Say

if TYPE_CHECKING:
    from tradetui.runtime.host import Host


def open_recording(options: argparse.Namespace) -> int:
    """Play it; raises ConfigError or RecordingError where that can not be."""
    with collected_later():
        return _open_recording(options)


def _open_recording(options: argparse.Namespace) -> int:
    from tradetui.feeds.formats.detect import timeframe_of

    need_terminal()
    config = load_config(options)
    link = InlineLink(_recording_maker(options), profile="replay", profiles=("replay", *config.profiles))
    # a recording has no past: on a short timeframe there is soon something to see and an ATR to stop by
    chosen = "cockpit.timeframe" in config.written
    timeframe = config.settings.cockpit.timeframe if chosen else timeframe_of(options.paths)
    return asyncio.run(open_screen(link, config, first_run=False, timeframe=timeframe))


def _recording_maker(options: argparse.Namespace) -> MakeHost:
    async def make(name: str, say: Say) -> Host:
        if name != "replay":
            raise JournalError("a recording is played alone; start the program again for a live profile")
        return await asyncio.to_thread(_recording_host, options, say)

    return make


def _recording_host(options: argparse.Namespace, say: Say) -> Host:
    from tradetui.runtime.host import Host
    from tradetui.runtime.null_journal import NullJournal

    gc.enable()
    feed = ReplayFeed(
        options.paths,
        instruments=options.instruments,
        decode=options.decode,
        speed=options.speed or 1.0,
        progress=lambda lines: say(f"scanning the recording: {lines:,} lines"),
    )
    begin(options, feed)
    engine = Engine(replay_settings(options, feed))
    profile = Profile(
        name="replay",
        exchange="replay",
        symbols=feed.symbols,
        currency=engine.settings.currency,
        balance=options.balance,
    )
    host = Host(profile, feed=feed, engine=engine, journal=NullJournal(), now=time.time_ns)
    for note in (*feed.recording.notes, *feed.recording.warnings):
        host.note("warning", note)
    return host
