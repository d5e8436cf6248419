"""A run without a screen: what is left out of it changes nothing that is decided."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from tradetui.domain.command import CommandIssued
from tradetui.domain.event import Event
from tradetui.domain.grammar import parse
from tradetui.engine import Engine
from tradetui.feeds.protocol import Sink
from tradetui.feeds.replay import ReplayFeed
from tradetui.runtime.headless import run_headless
from tradetui.trading.settings import EngineSettings

SECOND = 1_000_000_000
LINES = (
    (30, "buy 0.01 stop 61700 target 61900"),
    (40, "buy 0.01 limit 61820 stop 61700"),
    (45, "buy 0.001 trigger 61850 stop 61700"),
    (90, "cancel all"),
    (400, "flatten"),
)


def events(captures: Path, deliver: Callable[[ReplayFeed], Callable[[Sink], None]]) -> list[Event]:
    names = ("spot_btcusdt_20240808.gz", "spot_btcusdt_20240809.gz")
    feed = ReplayFeed([captures / "hftbacktest" / name for name in names], speed=math.inf)
    commands = [
        CommandIssued(
            feed.first_ts + seconds * SECOND, parse(text, symbol=feed.symbols[0], symbols=feed.symbols)
        )
        for seconds, text in LINES
    ]
    engine = Engine(EngineSettings().with_latency(50_000_000))
    return list(run_headless(engine, deliver(feed), commands=commands).events)


def one_by_one(feed: ReplayFeed) -> Callable[[Sink], None]:
    def pump(sink: Sink) -> None:
        for message in feed.messages():
            sink(message)

    return pump


@pytest.mark.captures
def test_leaving_out_quotes_that_say_nothing_new_changes_no_event(captures: Path) -> None:
    pumped = events(captures, lambda feed: feed.pump)
    assert len(pumped) > 20
    assert pumped == events(captures, one_by_one)
