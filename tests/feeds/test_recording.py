from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.feeds import frames
from tests.feeds.captures import SPOT
from tests.feeds.test_replay import STREAM, played
from tradetui.domain.market_data import InstrumentListed, MarketMessage
from tradetui.errors import RecordingError
from tradetui.feeds.recording import BINANCE, RecordingWriter
from tradetui.feeds.replay import ReplayFeed
from tradetui.feeds.simulated.feed import SimulatedFeed


def simulated(seconds: int) -> list[MarketMessage]:
    feed = SimulatedFeed(3, start_ts=frames.START, symbols=["BTC/USDT", "BTC/USDT:USDT"])
    messages = list(feed.open())
    for _ in range(8 * seconds):
        messages += feed.advance()
    return messages


def recorded(path: Path, messages: list[MarketMessage], *, block_bytes: int = 1 << 16) -> Path:
    with RecordingWriter(path, profile="sim", block_bytes=block_bytes) as writer:
        for message in messages:
            writer.write(message)
    return path


def test_messages_come_back_from_a_recording_as_they_were(tmp_path: Path) -> None:
    messages = simulated(5)
    feed = ReplayFeed([recorded(tmp_path / "own.gz", messages)])
    assert played(feed) == messages
    assert feed.symbols == ("BTC/USDT", "BTC/USDT:USDT")
    assert (feed.bad_messages, feed.lines) == (0, len(messages))
    assert feed.last_ts == messages[-1].ts_received


def test_raw_frames_in_the_programs_own_format_replay_like_a_capture(tmp_path: Path) -> None:
    path = tmp_path / "raw.gz"
    with RecordingWriter(path, profile="binance", payload=BINANCE) as writer:
        for number, frame in enumerate(STREAM):
            writer.write_frame(frames.START + 10_000_000 * number, frame.encode())
    assert played(ReplayFeed([path])) == played(ReplayFeed([frames.recording(tmp_path, STREAM)]))


def test_a_recording_is_never_written_over(tmp_path: Path) -> None:
    path = recorded(tmp_path / "own.gz", simulated(1))
    with pytest.raises(FileExistsError):
        RecordingWriter(path, profile="sim")


def test_a_crash_costs_a_recording_its_last_block_only(tmp_path: Path) -> None:
    messages = simulated(5)
    path = recorded(tmp_path / "own.gz", messages)
    path.write_bytes(path.read_bytes()[:-500])
    feed = ReplayFeed([path])
    kept = played(feed)
    assert kept == messages[: len(kept)]
    assert len(messages) > len(kept) > len(messages) // 2
    assert len(feed.recording.notes) == 1
    assert "ends in the middle" in feed.recording.notes[0]


def test_a_writer_that_was_killed_leaves_its_blocks_readable(tmp_path: Path) -> None:
    messages = simulated(5)
    writer = RecordingWriter(tmp_path / "own.gz", profile="sim", block_bytes=1 << 14)
    for message in messages:
        writer.write(message)
    feed = ReplayFeed([tmp_path / "own.gz"])
    kept = played(feed)
    assert kept == messages[: len(kept)]
    assert isinstance(kept[0], InstrumentListed)
    assert feed.recording.notes == ()
    writer.close()


def test_a_missing_an_empty_and_a_folder_recording_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"gone\.gz: no such recording"):
        ReplayFeed([tmp_path / "gone.gz"])
    (tmp_path / "empty.gz").touch()
    with pytest.raises(RecordingError, match=r"empty\.gz: the recording is empty"):
        ReplayFeed([tmp_path / "empty.gz"])
    with pytest.raises(RecordingError, match="folder"):
        ReplayFeed([tmp_path])
    with pytest.raises(RecordingError, match="at least one"):
        ReplayFeed([])


@pytest.mark.captures
@pytest.mark.parametrize("share", [0.2, 0.9])
def test_a_capture_whose_gzip_ends_in_the_middle_is_refused_with_the_line(
    captures: Path, tmp_path: Path, share: float
) -> None:
    whole = SPOT.paths(captures)[0].read_bytes()
    path = tmp_path / "cut.gz"
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(RecordingError, match=r"cut\.gz: the gzip ends in the middle, after line \d+"):
        ReplayFeed([path])


def test_a_damaged_gzip_is_refused(tmp_path: Path) -> None:
    path = frames.recording(tmp_path, STREAM * 50)
    text = bytearray(path.read_bytes())
    text[len(text) // 2] ^= 0xFF
    path.write_bytes(bytes(text))
    with pytest.raises(RecordingError, match=r"made\.gz: the gzip is damaged"):
        ReplayFeed([path])


@pytest.mark.parametrize(
    "text",
    [
        b"\x89PNG\r\n\x1a\n\0\0",
        b"timestamp,price,qty\n1,2,3\n",
        b'{"some":"json"}\n',
        b'{"format":"tradetui-recording","version":99}\n1 {}\n',
        b"1723161254000000000 {}\n",
        b'1723161254.5: {"e":"trade"}\n',
        b"\n\n\n",
    ],
)
def test_a_file_of_another_format_is_refused_by_name(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "other.txt"
    path.write_bytes(text)
    with pytest.raises(RecordingError, match=r"other\.txt"):
        ReplayFeed([path])


@pytest.mark.captures
def test_a_capture_of_an_unknown_venue_is_refused(captures: Path) -> None:
    with pytest.raises(RecordingError, match="hyperliquid"):
        ReplayFeed([captures / "hftbacktest" / "hyperliquid_btcusd_20250126.gz"])
    with pytest.raises(RecordingError, match="BITFINEX"):
        ReplayFeed([captures / "cryptofeed" / "BITFINEX.ws.11.0.gz"])


@pytest.mark.parametrize("plain", [False, True])
def test_time_that_runs_backwards_inside_a_file_is_refused_with_its_line(tmp_path: Path, plain: bool) -> None:
    lines = [frames.line(at, frames.trade(at)) for at in (1, 2, 3, 2, 5)]
    text = "\n".join(lines).encode()
    path = tmp_path / "back.gz"
    path.write_bytes(text if plain else gzip.compress(text))
    with pytest.raises(RecordingError, match=r"back\.gz:4: time runs backwards"):
        ReplayFeed([path])


def test_times_that_are_equal_and_short_ones_are_in_order(tmp_path: Path) -> None:
    path = tmp_path / "short.txt"
    path.write_text(f"5 {frames.trade(1)}\n5 {frames.trade(2)}\n10 {frames.trade(3)}\n", encoding="utf-8")
    feed = ReplayFeed([path])
    assert (feed.first_ts, feed.last_ts) == (5, 10)
    assert len(played(feed)) == 5


def test_a_recording_too_large_to_keep_is_read_twice_with_the_same_outcome(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = frames.recording(tmp_path, STREAM * 300)
    kept = played(ReplayFeed([path]))
    monkeypatch.setattr("tradetui.feeds.recording_scan._KEPT_BYTES", 1000)
    assert played(ReplayFeed([path])) == kept
