"""Words from outside can neither steer a terminal nor carry addresses and keys into what is kept."""

from __future__ import annotations

import gzip
import io
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradetui.cli.doctor import _as_text
from tradetui.domain.market_data import FeedState
from tradetui.feeds.ccxt.words import shortened, words_for
from tradetui.feeds.clean import clean
from tradetui.feeds.health import SymbolHealth
from tradetui.feeds.native.endings import closing_words
from tradetui.feeds.probe import Finding, Verdict
from tradetui.feeds.recorder import Recorder

EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202ebad\u2066 https://api.venue.test/x?token=abc 10.1.2.3:8080 "
EVIL += "sk1aB3cD5eF7gH9iJ1kL3mN5oP7"


@given(st.text())
def test_nothing_that_steers_a_terminal_is_left(text: str) -> None:
    assert clean(text).isprintable()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Currency pair not supported BTC/XYZ", "Currency pair not supported BTC/XYZ"),
        ("expected the update after 161, was U 164", "expected the update after 161, was U 164"),
        ("GET https://api.venue.test/depth?key=1 failed", "GET ‹address› failed"),
        (r"GET https:\/\/api.venue.test\/depth failed", "GET ‹address› failed"),
        ("cannot connect to 10.1.2.3:443", "cannot connect to ‹address›"),
        ("version 4.5.90 of 2026-11-26T02:40:00.000Z", "version 4.5.90 of 2026-11-26T02:40:00.000Z"),
        ("key sk1aB3cD5eF7gH9iJ1kL3mN5oP7 is bad", "key ‹key› is bad"),
        ("a\x1b[31mb\tc", "a·[31mb c"),
    ],
)
def test_addresses_and_keys_are_taken_out_and_the_rest_stays(text: str, left: str) -> None:
    assert clean(text) == left


def harmless(text: str) -> bool:
    bad = ("\x1b", "\x9b", "\x07", "\u202e", "api.venue.test", "10.1.2.3", "sk1aB3", "token=")
    return not any(part in text for part in bad)


def test_every_way_of_a_venues_words_is_cleaned(tmp_path: Path) -> None:
    health = SymbolHealth("BTC/USDT", lagging_after_s=2.0)
    status = health.report("book", FeedState.DOWN, ts_received=1, text=closing_words(None, EVIL.encode()))
    assert status is not None
    assert harmless(status.text)
    assert harmless(shortened(EVIL))
    assert harmless(words_for(ValueError(EVIL)))
    said = io.StringIO()
    with redirect_stdout(said):
        _as_text(Finding("stream", Verdict.BAD, EVIL, EVIL))
    assert harmless(said.getvalue())
    recorder = Recorder(tmp_path / "r.jsonl.gz", profile="binance")
    recorder.take(status)
    recorder.close()
    assert harmless(gzip.decompress((tmp_path / "r.jsonl.gz").read_bytes()).decode())
