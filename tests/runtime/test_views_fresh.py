"""Whatever happens, a frame built from what was kept equals one built from nothing."""

from __future__ import annotations

import random
from collections.abc import Callable

import msgspec
import pytest

from tests.engine.market import D
from tests.runtime.views_scene import MINUTE, PROFILE, Scene
from tradetui.domain.command import CancelAll, Flatten, Half
from tradetui.domain.market_data import FeedState, Side, Timeframe
from tradetui.domain.view import Frame
from tradetui.runtime.views.builder import FrameBuilder

PARTS = ("status", "watchlist", "ladder", "tape", "orders", "fills", "account", "ticket", "instrument")


def price(chance: random.Random) -> float:
    return round(60000 + chance.uniform(-5, 5), 1)


def stir(scene: Scene, chance: random.Random) -> None:
    """One thing that a market or a trader may do."""
    pick = chance.choice
    deeds: list[Callable[[], object]] = [
        lambda: scene.trade(price(chance), round(chance.random(), 3), pick((Side.BUY, Side.SELL, None))),
        lambda: scene.delta(bids=[(round(price(chance) - 5.1, 1), round(chance.random(), 3))]),
        lambda: scene.delta(asks=[(round(price(chance) + 5.1, 1), round(chance.random(), 3))]),
        lambda: scene.buy("0.01", stop="59900", target="60100"),
        lambda: scene.sell("0.01", stop="60100"),
        lambda: scene.buy("0.02", limit="59990", stop="59900"),
        lambda: scene.do(Half(symbol=scene.symbol)),
        lambda: scene.do(pick((CancelAll(), Flatten(), Flatten(symbol=scene.symbol)))),
        lambda: scene.status(pick((FeedState.STREAMING, FeedState.STREAMING, FeedState.STALE))),
        lambda: scene.history([price(chance) for _ in range(30)], pick((Timeframe.M1, Timeframe.M5))),
        lambda: scene.tick(pick((MINUTE, MINUTE // 10))),
    ]
    chance.choices(deeds, (20, 10, 10, 2, 2, 3, 1, 1, 2, 1, 4))[0]()


def look_elsewhere(scene: Scene, chance: random.Random) -> None:
    scene.request = msgspec.structs.replace(
        scene.request,
        timeframe=chance.choice((Timeframe.S1, Timeframe.M1, Timeframe.M5)),
        columns=chance.choice((5, 20)),
        offset=chance.choice((0, 0, 3)),
        ladder_group=chance.choice((1, 5)),
        ladder_center=chance.choice((None, 600000)),
    )


def without_memory(frame: Frame) -> tuple[object, ...]:
    """A frame less what only a builder that watched can know: versions and excursions."""
    chart = frame.chart
    positions = [msgspec.structs.replace(row, mae=None, mfe=None) for row in frame.positions]
    shown = msgspec.structs.replace(chart, version=0) if chart is not None else None
    return (*(getattr(frame, part) for part in PARTS), positions, shown)


@pytest.mark.parametrize("seed", range(6))
def test_a_kept_frame_equals_a_fresh_one(seed: int) -> None:
    chance = random.Random(seed)
    scene = Scene().begin()
    for _ in range(120):
        for _ in range(chance.randint(1, 6)):
            stir(scene, chance)
        if chance.random() < 0.7:
            scene.publish()
        if chance.random() < 0.2:
            look_elsewhere(scene, chance)
        scene.now += MINUTE // 200
        fresh = FrameBuilder(scene.engine, scene.published, PROFILE, profiles=("paper", "other"))
        assert without_memory(scene.frame()) == without_memory(fresh.build(scene.request, now=scene.now))
    assert scene.published.fill_count > 5
    assert D(0) < scene.frame().account.equity < D(200_000)
