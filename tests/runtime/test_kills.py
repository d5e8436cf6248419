"""Killed again and again in the middle of a busy replay: nothing that was shown is ever missing (I-54)."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tradetui.domain.order import OrderRole
from tradetui.journal.reader import read_events
from tradetui.runtime.recovery import verify_journal
from tradetui.state import State

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.captures


def killed(path: Path, seed: int, daily_loss: str, *, lines: int, wait_s: float) -> list[str]:
    """Run the trader until it has said so many lines and a moment more, kill it; what it had said."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.runtime.replay_child", str(path), str(seed), daily_loss],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    with child, child.stdout:
        said = [child.stdout.readline() for _ in range(lines)]
        time.sleep(wait_s)
        os.kill(child.pid, signal.SIGKILL)
        said += child.stdout.readlines()
    return [line for line in said if line.endswith("\n")]


def hold(path: Path, said: list[str]) -> None:
    """What was said is a prefix of what is there, and whatever is open has its stop."""
    events = list(read_events(path))
    seq, fill_count, last_fill, locked, positions = said[-1].split()
    assert len(events) >= int(seq)
    shown = State.fold(events[: int(seq)])
    assert shown.fill_count == int(fill_count)
    assert (shown.fills[-1].fill_id if shown.fills else "-") == last_fill
    assert (str(bool(shown.lock)), str(len(shown.positions))) == (locked, positions)
    state = State.fold(events)
    for symbol in state.positions:
        if state.holding(symbol) is not None:
            stop = state.stop_of(symbol)
            assert stop is not None
            assert stop.role is OrderRole.PROTECTIVE
    assert not verify_journal(path).fault


def kill_often(path: Path, times: int, seed: int) -> None:
    chance = random.Random(seed)
    for number in range(times):
        daily_loss = "0.002" if number // 25 % 4 == 0 else "0.9"
        seed, lines, wait_s = chance.randrange(10**6), chance.randint(1, 60), chance.random() / 50
        said = killed(path, seed, daily_loss, lines=lines, wait_s=wait_s)
        hold(path, said)
        if number % 25 == 24:
            path.unlink()  # a journal that stays short is checked quickly
            path.with_name(path.name + "-wal").unlink(missing_ok=True)
            path.with_name(path.name + "-shm").unlink(missing_ok=True)


def test_i54_what_was_shown_survives_a_few_kills(captures: Path, tmp_path: Path) -> None:
    kill_often(tmp_path / "paper.db", 3, seed=1)


@pytest.mark.long
@pytest.mark.timeout(5_400)
def test_i54_what_was_shown_survives_five_hundred_kills(
    captures: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if "long" not in request.config.option.markexpr:
        pytest.skip("the long profile: run with -m long")
    kill_often(tmp_path / "paper.db", 500, seed=2)
