"""What can not be run says so in one clear message, with exit code 2 and nothing lost."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest

from tests.terminal import PROGRAM, Terminal


def tradetui(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "XDG_CONFIG_HOME": str(folder), "TRADETUI_CONFIG": ""}
    done = subprocess.run(
        [*PROGRAM, *arguments], capture_output=True, text=True, check=False, timeout=60, env=environment
    )
    assert "Traceback" not in done.stderr
    return done


def words(folder: Path, *arguments: str) -> str:
    done = tradetui(folder, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    return done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--profile", "binanse", "watch"), "did you mean binance?"),
        (("--symbol", "BTC/EUR", "watch", "--seconds", "1"), "the simulator has BTC/USDT"),
        (("watch", "--scenario", "trnd"), "did you mean trend?"),
        (("wach",), "did you mean watch?"),
        (("watch", "--seconds", "-3"), "above zero"),
        (("replay",), "PATH"),
        (("replay", "x.gz", "--speed", "0.1"), "0.25 to 1000 or max"),
        (("replay", "x.gz", "--latency-ms", "1.5"), "whole number"),
        (("--config", "/no/such.toml", "profiles"), "not found"),
        ((), "needs a terminal"),
    ],
)
def test_wrong_arguments_are_named_with_the_mend(
    tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    assert says in words(tmp_path, *arguments, "--data-dir", str(tmp_path))


def test_a_config_with_several_faults_names_them_all(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        '[cockpit]\ntheme = "midnite"\ntimeframe = "7m"\n[day]\nzone = "Mars"\n[keys]\nfly = "f"\n'
    )
    told = words(tmp_path, "config", "check", str(path))
    assert all(word in told for word in ("midnight", "7m", "Mars", "no such action"))
    assert told.count("\n") == 4


def test_a_data_folder_that_can_not_be_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told = words(tmp_path, "journal", "verify", "--data-dir", str(tmp_path / "file"))
    assert "can not be written" in told
    assert "--data-dir" in told


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the program has left, with a position in its journal."""
    folder = tmp_path_factory.mktemp("left")
    with Terminal(PROGRAM, folder=folder) as terminal:
        terminal.until("streaming")
        terminal.press("a", "b")
        terminal.until("long")
        terminal.press("\x03")
        assert terminal.wait() == 0
    return folder


def traded(left: Path, folder: Path) -> Path:
    """A journal of one's own with a position in it."""
    shutil.copytree(left / "data", folder / "data")
    return folder / "data" / "journal" / "sim.db"


def opened(folder: Path) -> str:
    """What the program says when it is opened on that folder."""
    with Terminal(PROGRAM, folder=folder) as terminal:
        assert terminal.wait() == 2
        return " ".join(terminal.text.split())


def test_a_flipped_byte_is_found_and_the_file_left_alone(left: Path, tmp_path: Path) -> None:
    path = traded(left, tmp_path)
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TRIGGER event_no_update")
        connection.execute("UPDATE event SET payload = replace(payload, 'buy', 'boy') WHERE seq > 3")
    connection.close()
    before = path.read_bytes()
    done = tradetui(tmp_path, "journal", "verify", "--data-dir", str(tmp_path / "data"))
    assert done.returncode == 1
    assert "does not hold" in done.stdout
    assert path.read_bytes() == before


def test_a_newer_journal_is_not_opened(left: Path, tmp_path: Path) -> None:
    path = traded(left, tmp_path)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE meta SET v = '999' WHERE k LIKE '%version%'")
    connection.close()
    assert "999" in opened(tmp_path)


def test_a_file_that_is_no_journal_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "data" / "journal" / "sim.db"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not a database at all" * 100)
    told = opened(tmp_path)
    assert "sim.db" in told
    assert path.read_bytes() == b"not a database at all" * 100


def test_without_a_journal_there_is_nothing_to_list_or_verify(tmp_path: Path) -> None:
    done = tradetui(tmp_path, "journal", "trades", "--data-dir", str(tmp_path))
    assert (done.returncode, done.stdout) == (0, "")
    assert "no journal yet" in words(tmp_path, "journal", "verify", "--data-dir", str(tmp_path))
