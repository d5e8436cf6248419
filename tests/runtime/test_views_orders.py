"""What a frame says of orders that its columns can not: how they trail."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.market import PERP, SECOND, D
from tests.runtime.views_scene import Scene
from tradetui.domain.command import (
    Follow,
    SetStop,
    Size,
    Stop,
    SubmitOco,
    SubmitOrder,
    SubmitOto,
    SubmitScale,
)
from tradetui.domain.market_data import Side
from tradetui.domain.order import TimeInForce, Trail, TriggerBy


@pytest.fixture
def scene() -> Scene:
    return Scene().begin()


def details(scene: Scene) -> list[str]:
    scene.publish()
    return [view.detail for view in scene.frame().orders]


def test_a_trailing_stop_tells_its_value_and_the_best_price_so_far(scene: Scene) -> None:
    scene.trade(60_000.2, 0.01)
    scene.buy("0.1", stop=Stop(trail=Trail(rate=D("0.001"))))
    assert details(scene) == ["trail 0.1% high 60,000.2"]
    scene.trade(60_100.0, 0.01, Side.BUY)
    assert details(scene) == ["trail 0.1% high 60,100.0"]
    view = scene.frame().positions[0]
    assert (view.stop, view.stop_trail) == (D("60039.9"), "0.1%")


def test_a_trail_that_begins_later_tells_from_where(scene: Scene) -> None:
    scene.trade(60_000.2, 0.01)
    scene.buy("0.1", stop="59900")
    scene.do(SetStop(symbol=PERP, stop=Stop(trail=Trail(distance=D(50), activation=D(60_500)))))
    assert details(scene) == ["trail 50 from 60,500.0"]


def test_an_order_with_an_end_tells_it_in_the_zone_of_the_day(scene: Scene) -> None:
    scene.buy("0.1", limit="59900", stop="59800", tif=TimeInForce.GTD, expire_at="14:30")
    assert details(scene) == ["until 14:30 UTC"]


def entry(**more: Any) -> SubmitOrder:
    stop = Stop(price=D(59_000))
    return SubmitOrder(symbol=PERP, side=Side.BUY, size=Size(D("0.01")), stop=stop, **more)


def test_orders_that_are_tied_to_each_other_name_the_other(scene: Scene) -> None:
    scene.do(SubmitOco(first=entry(limit=D(59_900)), second=entry(trigger=D(60_500))))
    scene.do(SubmitOto(first=entry(limit=D(59_800)), then=(entry(limit=D(59_700)),)))
    scene.do(SubmitScale(order=entry(), first=D(59_600), last=D(59_500), count=2))
    assert details(scene) == ["oco O-2", "oco O-1", "", "after O-3", "", "with O-5"]


def test_a_chase_tells_how_far_it_has_come(scene: Scene) -> None:
    scene.do(entry(chase=Follow(distance=D(50), most=7, take=True)))
    assert details(scene) == ["chase 0/7 to 60,050.0 take"]


def test_an_order_names_what_fires_it_and_what_counts_meanwhile(scene: Scene) -> None:
    scene.trade(60_000.2, 0.01)
    scene.mark(60_000.0)
    scene.buy("0.1", stop=Stop(price=D(59_900), by=TriggerBy.MARK))
    assert details(scene) == ["by mark"]
    assert scene.frame().positions[0].stop_by == "mark"
    scene.tick(11 * SECOND)
    scene.trade(60_000.0, 0.01)
    assert details(scene) == ["by last for mark"]
    assert scene.frame().positions[0].stop_by == "last for mark"


def test_a_trailing_entry_of_its_own_tells_its_low(scene: Scene) -> None:
    scene.trade(60_000.2, 0.01)
    trail, stop = Trail(distance=D(200)), Stop(trail=Trail(distance=D(100)))
    scene.do(SubmitOrder(symbol=PERP, side=Side.BUY, size=Size(D("0.1")), trail=trail, stop=stop))
    assert details(scene) == ["trail 200 low 60,000.2"]
