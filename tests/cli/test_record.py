"""`tradetui record` and `tradetui recording`, as a user runs them."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.exchanges.binance_server import BinanceServer
from tradetui.cli.record import _Taken
from tradetui.domain.market_data import FeedState, FeedStatus
from tradetui.errors import RecordingError
from tradetui.feeds.recorder import Recorder
from tradetui.feeds.replay import ReplayFeed


def tradetui(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tradetui", *map(str, arguments)], capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recordings") / "sim.jsonl.gz"
    done = tradetui("record", "--seed", "3", "--symbol", "BTC/USDT", "--minutes", "0.05", "--out", path)
    assert done.returncode == 0, done.stderr
    assert str(path) in done.stderr
    return path


def test_what_was_recorded_can_be_replayed_and_is_whole(recording: Path) -> None:
    replayed = tradetui("replay", recording, "--headless", "--json")
    assert replayed.returncode == 0, replayed.stderr
    summary = json.loads(replayed.stdout)
    assert summary["bad_messages"] == 0
    assert list(summary["instruments"]) == ["BTC/USDT"]
    assert tradetui("recording", "check", recording).returncode == 0


def test_info_says_what_a_recording_holds(recording: Path) -> None:
    said = json.loads(tradetui("recording", "info", recording, "--json").stdout)
    assert said["payload"] == "messages"
    assert said["instruments"][0]["symbol"] == "BTC/USDT"
    assert 1.5 < said["seconds"] < 30


def test_a_cut_holds_the_asked_part_and_replays(recording: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.jsonl.gz"
    done = tradetui("recording", "cut", recording, "--from", "+1s", "--to", "+2s", "--out", path)
    assert done.returncode == 0, done.stderr
    said = json.loads(tradetui("recording", "info", path, "--json").stdout)
    assert 0 < said["seconds"] <= 1.0
    assert tradetui("recording", "check", path).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("cut",), "--out FILE"),
        (("cut", "--out", "x.gz", "--from", "noon"), "--from = noon: expected +90s"),
        (("cut", "--out", "x.gz", "--from", "+2h"), "is outside the recording, which goes from"),
        (("cut", "--out", "x.gz", "--from", "+2s", "--to", "+1s"), "is before --from +2s"),
        (("export", "--out", "x.csv", "--kind", "trade"), "did you mean trades"),
        (("export", "--out", "x.xlsx"), "ends in .csv, .csv.gz or .parquet"),
        (("inform",), "did you mean info"),
    ],
)
def test_what_can_not_be_done_is_refused_in_one_line(
    recording: Path, arguments: tuple[str, ...], words: str
) -> None:
    done = tradetui("recording", arguments[0], recording, *arguments[1:])
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_recording_is_never_begun_over_another(recording: Path) -> None:
    before = recording.read_bytes()
    done = tradetui("record", "--minutes", "0.05", "--out", recording)
    assert done.returncode == 2
    assert "never written over" in done.stderr
    assert recording.read_bytes() == before


@pytest.mark.captures
async def test_a_live_exchange_is_recorded_until_it_is_interrupted_and_replays(
    captures: Path, tmp_path: Path
) -> None:
    config, path = tmp_path / "config.toml", tmp_path / "live.jsonl.gz"
    server = BinanceServer(captures, depth_frames=400)
    async with server.running():
        server.play()
        config.write_text(f'[profiles.binance]\nendpoint = "{server.address}"\nsymbols = ["BTC/USDT"]\n')
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tradetui", "record", "--profile", "binance", "--json"),
            *("--config", str(config), "--out", str(path)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        async for line in process.stdout:
            if json.loads(line)["trades"] > 20:
                break
        process.send_signal(signal.SIGINT)
        said, errors = await process.communicate()
    assert process.returncode == 0, errors
    counted = json.loads((line + said).splitlines()[-1])
    replayed = tradetui("replay", path, "--headless", "--json")
    summary = json.loads(replayed.stdout)
    assert summary["instruments"]["BTC/USDT"]["trades"] >= counted["trades"] > 20
    checked = json.loads(tradetui("recording", "check", path, "--json").stdout)
    assert (checked["faults"], checked["frames"] > counted["book_updates"]) == ([], True)


def test_where_nothing_came_no_file_is_left_and_it_is_said_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "none.jsonl.gz"
    taken = _Taken(Recorder(path, profile="x"), as_json=False)
    taken.take(FeedStatus("BTC/USD", 1, FeedState.DOWN, "blocked here (HTTP 451)", 2.0))
    assert not taken.finish()
    said = capsys.readouterr().err
    assert "nothing was recorded: BTC/USD is down: blocked here (HTTP 451)" in said
    assert "replay" not in said
    assert not path.exists()


def test_a_recording_that_was_begun_and_holds_nothing_is_told_as_that(tmp_path: Path) -> None:
    path = tmp_path / "begun.jsonl.gz"
    Recorder(path, profile="x").close()
    with pytest.raises(RecordingError, match="in which nothing was recorded"):
        ReplayFeed([path])
