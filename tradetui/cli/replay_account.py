"""Where a replay begins, and the account that trades in it."""

from __future__ import annotations

import argparse

from tradetui.cli.recordings import moment
from tradetui.errors import ConfigError, Fault
from tradetui.feeds.replay import ReplayFeed
from tradetui.trading.realism import PRESETS
from tradetui.trading.settings import EngineSettings


def begin(options: argparse.Namespace, feed: ReplayFeed) -> None:
    """Let a recording begin where `--from` says; raises ConfigError for what is no moment of it."""
    if options.start:
        ts = moment("--from", options.start, feed)
        if not feed.first_ts <= ts <= feed.last_ts:
            seconds = (feed.last_ts - feed.first_ts) / 1_000_000_000
            text = f"is outside the recording, which is {seconds:,.1f} s long"
            raise ConfigError("arguments", [Fault("--from", options.start, text)])
        feed.begin_at(ts)


def replay_settings(options: argparse.Namespace, feed: ReplayFeed) -> EngineSettings:
    """A throw-away account in the settlement currency of the first instrument."""
    first = feed.recording.instruments[0]
    settings = EngineSettings(account="replay", currency=first.settle, balance=options.balance)
    if options.realism is not None:
        settings = settings.with_realism(PRESETS[options.realism])
    if options.realism is None or options.latency_ms is not None:
        settings = settings.with_latency((options.latency_ms or 0) * 1_000_000)
    return settings
