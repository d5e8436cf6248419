from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tradetui.errors import JournalError, JournalLocked
from tradetui.journal.lock import JournalLock
from tradetui.journal.reader import verify

ROOT = Path(__file__).parents[2]


def test_a_second_start_is_refused_and_names_the_first(tmp_path: Path) -> None:
    lock = JournalLock.acquire(tmp_path / "paper.sqlite")
    with pytest.raises(JournalLocked, match=f"in use by the tradetui process {os.getpid()}, started 20"):
        JournalLock.acquire(tmp_path / "paper.sqlite")
    lock.release()
    JournalLock.acquire(tmp_path / "paper.sqlite").release()


def test_a_folder_that_can_not_be_written_is_named_with_the_mend(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("a file stands in the way")
    with pytest.raises(JournalError, match=r"folder.*can not be written.*--data-dir"):
        JournalLock.acquire(tmp_path / "folder" / "paper.sqlite")


def start_writer(path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.journal.crashing_writer", str(path)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


@pytest.mark.parametrize("commits", [1, 7, 60])
def test_a_killed_process_leaves_every_committed_event_and_no_lock(tmp_path: Path, commits: int) -> None:
    path = tmp_path / "paper.sqlite"
    with start_writer(path) as process:
        assert process.stdout is not None
        said = [int(process.stdout.readline()) for _ in range(commits)]
        with pytest.raises(JournalLocked, match=f"process {process.pid}"):
            JournalLock.acquire(path)
        process.kill()
        said += [int(line) for line in process.stdout]
    JournalLock.acquire(path).release()
    verification = verify(path)
    assert verification.fault == ""
    assert verification.last_seq in (said[-1], said[-1] + 3)
