"""The README tells the format as it is: every kind of line with its fields, the header, the index."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from tradetui.domain.market_data import Candle, ClockTick, MarketMessage, Trade
from tradetui.feeds import recording
from tradetui.feeds.protocol import Stands
from tradetui.feeds.recorder import Recorder
from tradetui.feeds.recording import RecordingHeader
from tradetui.feeds.recording_members import Holds, labels_of

README = (Path(__file__).parents[2] / "README.md").read_text()
SECTION = README.partition("### Their format")[2].partition("\n## ")[0]
ROWS = {
    tag: fields
    for kinds, fields in re.findall(r"^\| (`[^|]+`) \| (.+) \|$", SECTION, re.MULTILINE)
    for tag in re.findall(r"`([^`]+)`", kinds)
    if tag != "type"
}
WORDS = ("keyframe", "candles", "instruments", "books")
"""What a label calls what is in a member."""
KINDS = [kind for kind in get_args(MarketMessage) if kind is not ClockTick]


def tag_of(kind: Any) -> str:
    return str(kind.__struct_config__.tag)


@pytest.mark.parametrize("kind", KINDS, ids=tag_of)
def test_every_field_of_every_message_is_named(kind: Any) -> None:
    named = set(re.findall(r"`([^`]+)`", ROWS[tag_of(kind)]))
    assert named >= set(kind.__struct_fields__)
    shared = {"funding": {"mark"}, "funded": {"next_ts"}}.get(tag_of(kind), set())
    assert named - shared == set(kind.__struct_fields__)


def test_nothing_else_is_named_and_candles_are_told_too() -> None:
    assert set(ROWS) == {tag_of(kind) for kind in KINDS}
    assert f"({', '.join(Candle.__struct_fields__)})" in ROWS["history"]


def test_the_header_and_the_lines_beside_are_named() -> None:
    (line,) = re.findall(r'^    (\{"format".*\})$', SECTION, re.MULTILINE)
    assert list(json.loads(line)) == list(RecordingHeader.__struct_fields__)
    assert json.loads(line)["version"] == recording.VERSION
    for begins in recording.BESIDE:
        tag = json.loads(begins.partition(b",")[0] + b"}")["type"]
        assert f"`{tag}`" in SECTION or f'"type":"{tag}"' in SECTION
    assert all(f"`{field}`" in SECTION for field in Stands.__struct_fields__)


def test_the_index_is_where_and_what_is_told(tmp_path: Path) -> None:
    """Read by nothing but what the README says: RFC 1952 and its few words."""
    path = tmp_path / "i.jsonl.gz"
    recorder = Recorder(path, profile="x")
    recorder.take(Trade("BTC/USDT", 5, 7, 1.0, 2.0, None))
    recorder.take(Trade("BTC/USDT", 6, 9, 1.0, 2.0, None))
    recorder.close()
    raw, found = path.read_bytes(), []
    offset = 0
    while offset < len(raw):
        assert raw[offset + 12 : offset + 14] == b"Tu"
        assert int.from_bytes(raw[offset + 14 : offset + 16], "little") == 25
        label = raw[offset + 16 : offset + 41]
        parts = [label[a:b] for a, b in ((0, 4), (4, 5), (5, 13), (13, 21), (21, 25))]
        size, holds, first, last, lines = (int.from_bytes(part, "little") for part in parts)
        found.append((offset, size, holds, first, last, lines))
        offset += size
    labels = labels_of(path)
    assert labels is not None
    assert found == [tuple(member) for member in labels.members]
    assert found[-1][3:] == (7, 9, 2)
    named = zip((Holds.KEYFRAME, Holds.CANDLES, Holds.LISTINGS, Holds.BOOKS), WORDS, strict=True)
    assert all(f"{int(flag)} {word}" in SECTION for flag, word in named)
