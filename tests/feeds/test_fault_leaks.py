"""What faults leave behind: no feed, connection, descriptor or memory, however often they come."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
import weakref
from pathlib import Path
from typing import Any

import pytest

import tradetui
from tests.exchanges.plan.every import in_order
from tests.exchanges.plan.fault import STANDING, Fault
from tests.exchanges.rig import rigged
from tests.exchanges.venues.every import WAYS

DESCRIPTORS = Path("/proc/self/fd")
NAMES = ("gap", "malformed", "close-1000", "reset", "handshake-503", "storm", "frozen")
"""One of each way to lose a book or a connection."""
ROUNDS = 3
MOST_BYTES = 10_000
"""What a round may leave in our own lines: 4 to 7 kB of addresses; a feed that is kept is more."""
OURS = tracemalloc.Filter(inclusive=True, filename_pattern=str(Path(tradetui.__file__).parent / "*"))
"""Libraries keep the newest addresses and the like in caches, whose every round has others."""


async def left_by(fault: Fault, venue: str, through: str) -> list[weakref.ref[Any]]:
    """Have a fault befall a feed, and name what has to be gone now."""
    async with rigged(
        venue, None, through=through, prepare=fault.prepare, settings=fault.settings, within_s=fault.within_s
    ) as rig:
        await fault.act(rig)
        feed: Any = rig.feed
        parts = [*feed._connections, *feed._channels.values()] if rig.is_native else []
        return [weakref.ref(each) for each in (feed, *parts)]


def descriptors() -> int:
    return len(list(DESCRIPTORS.iterdir())) if DESCRIPTORS.is_dir() else 0


def of_a_round(venue: str, through: str) -> list[Fault]:
    faults = [each for each in in_order() if each.name in NAMES]
    return [each for each in faults if not each.reason(venue, through)]


async def settled() -> None:
    """Let what was closed be closed, and forget what is reachable from itself alone."""
    for _ in range(5):
        await asyncio.sleep(0)
    gc.collect()


def kept() -> int:
    """Bytes that our own lines hold."""
    return sum(each.size for each in tracemalloc.take_snapshot().filter_traces([OURS]).traces)


@pytest.mark.parametrize("venue", STANDING)
async def test_a_feed_that_was_cut_off_is_gone_with_its_connections(venue: str) -> None:
    fault = next(each for each in in_order() if each.name == "reset")
    await left_by(fault, venue, "native")
    before = descriptors()
    left = await left_by(fault, venue, "native")
    await settled()
    assert [each() for each in left if each() is not None] == []
    assert descriptors() <= before


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("venue", "through"), WAYS)
async def test_memory_and_descriptors_stay_as_they_are_under_faults(
    request: pytest.FixtureRequest, venue: str, through: str
) -> None:
    if "long" not in request.config.option.markexpr:
        pytest.skip("the long profile: run with -m long")
    faults = of_a_round(venue, through)
    for fault in faults * 2:  # whatever is imported or cached once
        await left_by(fault, venue, through)
    tracemalloc.start()
    try:
        for fault in faults:
            await left_by(fault, venue, through)
        await settled()
        begun, opened = kept(), descriptors()
        for fault in faults * ROUNDS:
            await left_by(fault, venue, through)
        await settled()
        ended, still_open = kept(), descriptors()
    finally:
        tracemalloc.stop()
    assert (ended - begun) / ROUNDS < MOST_BYTES
    assert still_open <= opened
