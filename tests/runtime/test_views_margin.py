"""What a screen shows of margins: liquidation, how near it is, and funding to come."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from tests.engine.market import INVERSE, PERP, inverse_perp
from tests.runtime.views_scene import ASKS, BIDS, PROFILE, Scene
from tradetui.domain.command import MarginMode
from tradetui.domain.market_data import FundingRate, FundingSettled
from tradetui.domain.view import LimitGauge
from tradetui.engine import Engine
from tradetui.runtime.views.builder import FrameBuilder
from tradetui.state import State
from tradetui.trading import guard

D = Decimal
HOUR = 3600 * 10**9


@pytest.fixture
def scene() -> Scene:
    return Scene().begin()


def entered(scene: Scene) -> Scene:
    scene.enter()
    scene.publish()
    return scene


def test_the_liquidation_price_stands_in_the_row_on_the_chart_and_on_the_ladder(scene: Scene) -> None:
    entered(scene)
    exact = scene.engine.liquidation_price(PERP)
    assert exact is not None
    shown = guard.shown_liquidation(scene.instrument, exact, sign=1)
    assert shown >= exact
    frame = scene.ask(ladder_center=scene.instrument.to_ticks(shown))
    assert frame.positions[0].liquidation_price == shown
    assert frame.chart is not None
    assert frame.ladder is not None
    chart = [mark for mark in frame.chart.marks if mark.kind == "liquidation"]
    assert [mark.price for mark in chart] == [float(shown)]
    rows = [row for row in frame.ladder.rows if any(mark.kind == "liquidation" for mark in row.own)]
    assert [row.price for row in rows] == [float(shown)]


def test_how_much_of_its_margin_a_position_needs(scene: Scene) -> None:
    entered(scene)
    scene.mark(60_000.0)
    row = scene.frame().positions[0]
    assert row.margin_pct == 5.5
    scene.mark(54_500.0)
    (gauge,) = [gauge for gauge in scene.frame().account.gauges if gauge.name == "margin"]
    assert gauge == LimitGauge("margin", gauge.used, D(100), "%")
    assert gauge.used > 50


def test_funding_counts_down_and_what_was_paid_is_told(scene: Scene) -> None:
    entered(scene)
    due = scene.now + 2 * HOUR
    scene.feed(FundingRate(PERP, scene.now, scene.tick(), 0.0001, due))
    row = scene.frame().positions[0]
    assert (row.funding_rate, row.funding_in_s) == (0.0001, 7_140)
    assert scene.frame(later_ms=2 * 3_600_000 - 30_000).positions[0].funding_in_s == 29
    scene.now = due
    scene.feed(FundingSettled(PERP, due, scene.tick(), 0.0001, 60_000.0))
    scene.publish()
    frame = scene.frame()
    assert frame.positions[0].funding_paid == frame.account.funding == D("-2.52")
    assert frame.positions[0].funding_in_s is None


def test_a_cross_account_says_so_and_counts_what_its_positions_use() -> None:
    scene = Scene()
    scene.settings = msgspec.structs.replace(scene.settings, margin_mode=MarginMode.CROSS)
    scene.engine = Engine(scene.settings)
    scene.frames = FrameBuilder(scene.engine, scene.published, PROFILE, profiles=("paper",))
    entered(scene.begin())
    account = scene.frame().account
    assert account.margin_mode == "cross"
    assert account.margin_used == D("2520.03")
    assert account.balance == round(scene.state.cash("USDT"), 2)


def test_coins_are_told_with_eight_digits() -> None:
    scene = Scene(inverse_perp())
    scene.settings = msgspec.structs.replace(scene.settings, currency="BTC", balance=D(10))
    scene.engine, scene.published = Engine(scene.settings), State()
    profile = msgspec.structs.replace(PROFILE, symbols=(INVERSE,), currency="BTC")
    scene.frames = FrameBuilder(scene.engine, scene.published, profile, profiles=("paper",))
    scene.open([(q, s * 1000) for q, s in BIDS], [(q, s * 1000) for q, s in ASKS])
    scene.buy("50", stop="59000")
    scene.publish()
    frame = scene.frame()
    assert frame.positions[0].currency == "BTC"
    assert frame.account.fees == scene.state.fees > 0
    assert frame.account.equity.as_tuple().exponent == -8
    assert frame.status.equity == frame.account.equity
