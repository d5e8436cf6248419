"""The program as a trader meets it: a real pseudo-terminal, keys, kills and restarts."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.terminal import PROGRAM, Terminal

pytestmark = pytest.mark.timeout(240)


def cockpit(folder: Path, *arguments: str, size: tuple[int, int] = (200, 60), **environment: str) -> Terminal:
    """The program, in a calm market: its price reaches no stop while a busy machine waits."""
    scenario = () if "--scenario" in arguments else ("--scenario", "calm")
    command = [*PROGRAM, *arguments, *scenario]
    return Terminal(command, folder=folder, columns=size[0], lines=size[1], environment=environment)


def config(folder: Path, text: str) -> str:
    path = folder / "mine.toml"
    path.write_text(text)
    return str(path)


def journal(folder: Path, action: str) -> tuple[int, list[dict[str, object]]]:
    command = [*PROGRAM, "journal", action, "--json", "--data-dir", str(folder / "data")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert "Traceback" not in done.stderr
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def buy(terminal: Terminal) -> None:
    terminal.until("streaming")
    terminal.press("a")
    terminal.until("ARMED")
    terminal.press("b")
    terminal.until("long", "stop_market")


def test_a_new_user_arms_buys_and_finds_position_and_stop_again_after_a_kill(tmp_path: Path) -> None:
    with cockpit(tmp_path) as terminal:
        terminal.until("PAPER", "Ladder", "BTC/USDT", "risk a trade")
        buy(terminal)
        terminal.kill(signal.SIGKILL)
    _, fills = journal(tmp_path, "fills")
    bought = sum(float(str(fill["qty"])) for fill in fills)
    assert bought > 0
    assert journal(tmp_path, "verify")[0] == 0
    with cockpit(tmp_path) as terminal:
        text = terminal.until("streaming", "long", "stop_market", "1 position, 1 stop")
        day = re.search(r"day ([+−-]?[\d,.]+)", text)
        assert day is not None
        assert day.group(1) not in ("0.00", "+0.00")
        terminal.press("x")
        terminal.until("closed: sold")
        terminal.press("\x03")
        assert terminal.wait() == 0
    _, trades = journal(tmp_path, "trades")
    assert len(trades) == 1
    assert trades[0]["side"] == "buy"


def test_the_daily_loss_flattens_locks_and_stays_locked_after_a_restart(tmp_path: Path) -> None:
    # sizes that leave no room for slippage: a stop that the crash jumps over costs more than was risked
    path = config(tmp_path, '[risk]\ndaily_loss = "50.5 USDT"\n[simulation]\nstop_slippage_bp = 0\n')
    # the market is a function of seed and clock: one moment, one crash
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sim.json").write_text('{"version":1,"seed":7,"ts":1795489410000000000}')
    words = ("--config", path, "--symbol", "BTC/USDT:USDT", "--seed", "7")
    with cockpit(tmp_path, *words, "--scenario", "flash-crash", size=(160, 45)) as terminal:
        buy(terminal)
        terminal.until("locked", seconds=90)
        terminal.until("flat")
        terminal.kill(signal.SIGKILL)
    looser = config(tmp_path, "[risk]\ndaily_loss = 0.5\n")
    with cockpit(tmp_path, "--config", looser, "--symbol", "BTC/USDT:USDT") as terminal:
        terminal.until("locked", "streaming")
        terminal.press("a", "b")
        text = terminal.until("locked until")
        assert "long" not in text
    assert journal(tmp_path, "verify")[0] == 0


def test_a_second_start_on_the_same_journal_is_refused_with_the_first_ones_name(tmp_path: Path) -> None:
    with cockpit(tmp_path) as first:
        first.until("streaming")
        with cockpit(tmp_path) as second:
            text = second.until("process")
            assert second.wait() == 2
            assert "Traceback" not in text
        first.press("\x03")
        assert first.wait() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_a_sound_journal_and_a_restored_terminal(tmp_path: Path, number: int) -> None:
    with cockpit(tmp_path) as terminal:
        buy(terminal)
        terminal.kill(number)
        assert terminal.code == 0
        assert terminal.screen.cursor.hidden is False
    assert journal(tmp_path, "verify")[0] == 0


@pytest.mark.parametrize("size", [(200, 60), (160, 45), (120, 35), (80, 24), (60, 18)])
def test_every_size_shows_paper_the_feed_and_the_position(tmp_path: Path, size: tuple[int, int]) -> None:
    with cockpit(tmp_path, size=size) as terminal:
        terminal.until("PAPER", "streaming")
        terminal.press("a", "b")
        terminal.until("long")
        for columns, lines in ((200, 60), (40, 12), (80, 24), size):
            terminal.resize(columns, lines)
            terminal.read(0.3)
        terminal.until("PAPER", "long")
        terminal.press("\x03")
        assert terminal.wait() == 0


@pytest.mark.parametrize(
    "environment",
    [
        {"NO_COLOR": "1"},
        {"TERM": "xterm", "COLORTERM": ""},
        {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0"},
    ],
    ids=["no color", "sixteen colors", "no utf-8"],
)
def test_a_poor_terminal_is_usable(tmp_path: Path, environment: dict[str, str]) -> None:
    with cockpit(tmp_path, size=(120, 35), **environment) as terminal:
        terminal.until("PAPER", "streaming")
        terminal.press("a", "b")
        terminal.until("long")
        terminal.press("x", "\x03")
        assert terminal.wait() == 0
