"""Keys become commands: the arm rule, the held key, exits, and the keymap's faults."""

from __future__ import annotations

import pytest

from tests.ui.fake_link import FakeLink, tag
from tradetui.ui.actions import check_keymap
from tradetui.ui.app import CockpitApp


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


async def press(keys: list[str], *, wait_s: float = 1.0, size: tuple[int, int] = (200, 60)) -> list[str]:
    link, clock = FakeLink(), Clock()
    app = CockpitApp(link, now=clock)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        app._tick()
        for key in keys:
            await pilot.press(key)
            clock.now += wait_s
    return [tag(command) for command in link.sent]


async def test_an_entry_needs_arm() -> None:
    assert await press(["b", "s", "B", "S", "r"]) == []
    assert await press(["a", "b"]) == ["submit"]


async def test_exits_need_no_arm() -> None:
    assert await press(["x", "X", "h", "C", "e"]) == ["flatten", "flatten", "half", "cancel_all", "breakeven"]
    assert await press(["ctrl+x"]) == ["flatten"]


async def test_a_held_key_orders_once() -> None:
    assert await press(["a", "b", "b", "b", "b"], wait_s=0.03) == ["submit"]


async def test_arm_ends_after_a_minute_without_a_key() -> None:
    assert await press(["a", "b"], wait_s=61) == []


@pytest.mark.parametrize("size", [(200, 60), (160, 45), (120, 35), (80, 24), (20, 5)])
async def test_every_size_takes_an_exit(size: tuple[int, int]) -> None:
    assert await press(["x"], size=size) == ["flatten"]


def test_a_keymap_names_unknown_actions_keys_and_clashes() -> None:
    assert check_keymap({}) == []
    faults = check_keymap({"flaten": "f", "arm": "b", "half": "hyper"})
    text = " / ".join(map(str, faults))
    assert "nearest is flatten" in text
    assert "arm and buy" in text
    assert "no such key" in text
