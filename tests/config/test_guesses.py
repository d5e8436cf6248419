"""A number that the rules mark as a guess is a documented setting with that default."""

from __future__ import annotations

import argparse
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from tradetui.cli.parts import engine_settings, make_feed, run_stamp
from tradetui.config.load import Config, load
from tradetui.errors import ConfigError
from tradetui.feeds.health import Judgment
from tradetui.feeds.native.feed import NativeFeed
from tradetui.runtime.inputs import Segment

D = Decimal
EXAMPLE = Path(__file__).parents[2] / "config.example.toml"
_NO_OPTIONS = argparse.Namespace()
Guess = tuple[str, str, Any, Any, str]
ENGINE: Final[list[Guess]] = [
    ("R-TIM-2 jump", "simulation.clock_jump_s", 1.0, 2.5, "jump_ns"),
    ("R-TIM-2 sleep", "simulation.asleep_after_s", 10.0, 30.0, "asleep_ns"),
    ("R-STP-5", "simulation.stop_alarm_after_s", 5.0, 3.0, "alarm_ns"),
    ("R-TRG-5", "simulation.escalate_after_s", 3.0, 4.0, "escalate_ns"),
    ("6.4 gap slippage", "simulation.gap_slippage_bp", D(5), D(7), "gap_slip"),
    ("13.2 slippage", "simulation.stop_slippage_bp", D(5), D(7), "slip"),
    ("R-LAT-1 entry", "simulation.entry_latency_ms", 150, 170, "entry_ns"),
    ("R-LAT-1 cancel", "simulation.cancel_latency_ms", 100, 170, "cancel_ns"),
    ("R-LAT-1 amend", "simulation.amend_latency_ms", 100, 170, "amend_ns"),
    ("R-LAT-1 stop", "simulation.stop_latency_ms", 100, 170, "stop_ns"),
    ("7.3 W", "simulation.queue_guard_ms", 1000, 500, "rules.guard_ns"),
    ("R-MAT-5 share", "simulation.band_bp", 100, 200, "rules.band_bp"),
    ("R-MAT-5 ticks", "simulation.band_ticks", 10, 20, "rules.band_ticks"),
    ("6.1 crossed", "feed.crossed_after_s", 1.0, 2.0, "crossed_ns"),
    ("R-TRG-4 fees", "risk.stop_buffer_fees", D(2), D(3), "stop_buffer.fees"),
    ("R-TRG-4 ticks", "risk.stop_buffer_ticks", 2, 5, "stop_buffer.ticks"),
    ("12.3", "risk.disaster_stop", D("0.02"), D("0.03"), "disaster_stop"),
    ("13.2 no stop", "risk.unstopped_risk", D("0.1"), D("0.2"), "unstopped_risk"),
    ("R-STP-1", "risk.require_stop", True, False, "limits.require_stop"),
    ("R-MRG-1", "profiles.sim.margin_covered_level", D(1), D("1.2"), "borrowing.covered_level"),
]
"""Where the guess stands, the key, its default, another value, and what of the engine's settings it is."""
FEED: Final[list[Guess]] = [
    ("6.1 silence", "feed.stale_after_s", 5.0, 7.0, "_deadlines.stale_after_s"),
    ("6.1 intervals", "feed.stale_after_intervals", 10.0, 20.0, "_judgment.stale_intervals"),
    ("6.1 lag", "feed.lagging_after_s", 2.0, 3.0, "_lagging_after"),
    ("6.1 late messages", "feed.lagging_after_messages", 3, 5, "_judgment.lagging_messages"),
    ("6.1 crossed", "feed.crossed_after_s", 1.0, 2.0, "_deadlines.crossed_s"),
    ("6.1 updates", "feed.crossed_after_updates", 2, 4, "_judgment.crossed_updates"),
]
"""The same for what a feed is given."""
OTHERS: Final = [
    ("R-JRN-9", "journal.buffer_s", 30.0),
    ("R-LCK-3", "risk.all_accounts", True),
    ("R-LCK-4", "risk.warn_at", [D("0.5"), D("0.75"), D("0.9")]),
    ("R-LCK-5", "risk.forced_flatten", D("1.2")),
    ("13.4 StopGuard", "risk.stop_guard", "3 in 60min for 30min"),
]
"""What is tried where it acts."""


def written(tmp_path: Path, key: str, value: Any) -> Config:
    section, _, name = key.rpartition(".")
    text = str(value).lower()
    path = tmp_path / "config.toml"
    path.write_text(f"[{section}]\n{name} = {text}\n")
    return load(path)


def found(whole: object, dotted: str) -> Any:
    for name in dotted.split("."):
        whole = getattr(whole, name)
    return whole


def number(value: Any) -> Decimal:
    return D(str(int(value) if isinstance(value, bool) else value))


def default_of(key: str) -> Any:
    """What the example config says a key's default is, live or behind a comment."""
    name = key.rpartition(".")[2]
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    line = next(line for line in lines if line.removeprefix("# ").startswith(f"{name} = "))
    return tomllib.loads(line.removeprefix("# "), parse_float=D)[name]


@pytest.mark.parametrize(("rule", "key", "default"), [*(row[:3] for row in (*ENGINE, *FEED)), *OTHERS])
def test_a_guess_is_a_documented_key_with_the_default_of_the_rules(rule: str, key: str, default: Any) -> None:
    assert default_of(key) == default, rule


@pytest.mark.parametrize("guess", ENGINE, ids=lambda guess: guess[1])
def test_a_guess_of_the_engine_is_what_its_key_says_and_is_stamped(tmp_path: Path, guess: Guess) -> None:
    """As the settings with which inputs are recorded, and in the hash of the run."""
    rule, key, default, other, field = guess
    usual, changed = written(tmp_path, key, default), written(tmp_path, key, other)
    first, second = (engine_settings(each.profiles["sim"], each) for each in (usual, changed))
    assert found(first, field) == found(engine_settings(load(None).profiles["sim"], load(None)), field)
    was, now = number(found(first, field)), number(found(second, field))
    assert now * number(default) == was * number(other), rule
    packed = msgspec.msgpack.encode(Segment(0, second))
    assert msgspec.msgpack.decode(packed, type=Segment).settings == second
    assert run_stamp(usual).config_hash != run_stamp(changed).config_hash


@pytest.mark.parametrize("guess", FEED, ids=lambda guess: guess[1])
def test_a_guess_of_the_feeds_is_what_its_key_says(tmp_path: Path, guess: Guess) -> None:
    rule, key, default, other, field = guess
    for value in (default, other):
        config = written(tmp_path, key, value)
        feed = make_feed(config.profiles["binance"], config=config, options=_NO_OPTIONS)
        assert isinstance(feed, NativeFeed)
        assert found(feed, field) == value, rule


def test_a_channel_is_judged_as_its_feed_was_told(tmp_path: Path) -> None:
    config = written(tmp_path, "feed.stale_after_intervals", 20.0)
    feed = make_feed(config.profiles["binance"], config=config, options=_NO_OPTIONS)
    assert isinstance(feed, NativeFeed)
    channel = feed.new_channel("BTC/USDT")
    assert channel.health.judgment == Judgment(stale_intervals=20.0)
    channel.pulse.beat(0.0)
    channel.pulse.allow(1.0)
    assert not channel.pulse.is_overdue(19.9)
    assert channel.pulse.is_overdue(20.1)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("simulation.clock_jump_s", 0),
        ("simulation.asleep_after_s", 1),
        ("simulation.stop_alarm_after_s", 0),
        ("feed.stale_after_intervals", 0.5),
        ("feed.lagging_after_messages", 0),
        ("feed.crossed_after_s", 0),
        ("feed.crossed_after_updates", 0),
        ("risk.stop_buffer_fees", -1),
        ("risk.stop_buffer_ticks", -1),
        ("profiles.sim.margin_covered_level", 0),
        ("profiles.sim.margin_covered_level", 0.3),
    ],
)
def test_a_guess_that_makes_no_sense_is_refused_by_its_key(tmp_path: Path, key: str, value: float) -> None:
    with pytest.raises(ConfigError) as caught:
        written(tmp_path, key, value)
    assert [fault.where for fault in caught.value.faults] == [key]
