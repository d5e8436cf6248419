"""Checks a whole journal in a process of its own, so that neither the screen nor a stop waits for it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from pathlib import Path
from typing import Final

from tradetui.errors import JournalError
from tradetui.runtime.recovery import verify_journal

_NICENESS: Final = 15


async def check_whole(path: Path) -> str:
    """Verify file, chain, sums and fold; returns what does not hold, empty where all does."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tradetui.runtime.whole_check",
        str(path),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        said, _ = await process.communicate()
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        # until its pipe is at its end: nothing of it is left behind
        await process.communicate()
        raise
    return said.decode(errors="replace").strip()


def _main(path: Path) -> None:
    os.nice(_NICENESS)
    with contextlib.suppress(JournalError):
        print(verify_journal(path).fault)  # noqa: T201 - the answer to the process that asked


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
