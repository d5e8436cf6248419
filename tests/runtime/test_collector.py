"""The garbage collector under the cockpit: what is old is set aside, what is new is still collected."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from weakref import ref

import pytest

from tests.runtime.test_inline import Stage
from tradetui.runtime.collector import Collector


class Circle:
    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def passes() -> Iterator[asyncio.Queue[int]]:
    """The generation of each pass; none is made but by the code under test."""
    seen: asyncio.Queue[int] = asyncio.Queue()

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "stop":
            seen.put_nowait(info["generation"])

    gc.disable()
    gc.callbacks.append(note)
    yield seen
    gc.callbacks.remove(note)
    gc.unfreeze()
    gc.enable()


async def test_what_lives_when_the_start_is_over_is_set_aside_and_circles_go_with_each_sweep(
    passes: asyncio.Queue[int],
) -> None:
    collector = Collector(settled_s=0.0, sweep_s=0.0)
    collector.start()
    assert await passes.get() == 2
    assert gc.get_freeze_count() > 1_000
    circle = ref(Circle())
    assert await passes.get() == 2
    assert circle() is None
    collector.stop()


async def test_a_collector_that_is_stopped_makes_no_more_passes(passes: asyncio.Queue[int]) -> None:
    collector = Collector(settled_s=0.0, sweep_s=0.0)
    collector.stop()
    collector.start()
    await passes.get()
    collector.stop()
    for _ in range(9):
        await asyncio.sleep(0)
    assert passes.empty()


async def test_a_link_that_stops_before_it_has_settled_sets_nothing_aside() -> None:
    frozen = gc.get_freeze_count()
    async with Stage() as stage:
        assert stage.link.frame() is not None
    assert gc.get_freeze_count() == frozen
