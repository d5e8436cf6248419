"""Tasks of a group that may be ending: a socket may still tell something then."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


def begin_task(group: asyncio.TaskGroup, work: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
    """Start a task; None where the group ends, and takes none any more."""
    try:
        return group.create_task(work)
    except RuntimeError:
        work.close()
        return None
