"""What is told of an order: what has to happen for it to fill, why it filled, or why it did not."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest

from tests.engine.market import PERP, D
from tests.runtime.views_scene import Scene
from tradetui.domain.command import CancelOrder, Follow, Size, Stop, SubmitOrder, SubmitOto
from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import Side
from tradetui.domain.order import OrderState, TimeInForce
from tradetui.domain.reply import Reason
from tradetui.domain.view import OrderStory
from tradetui.market.prints import Prints
from tradetui.runtime.reasons import WORDS, reason_words
from tradetui.runtime.stories import OrderTeller, queue_words
from tradetui.trading.match_types import MatchRules, QueueProfile


@pytest.fixture
def scene() -> Scene:
    return Scene().begin()


def told(scene: Scene) -> dict[str, str]:
    """Every story by the state of its order, the newest last."""
    teller = OrderTeller()
    teller.take(scene.journal)
    scene.publish()
    stories = teller.stories(scene.engine, scene.published)
    return {scene.published.orders[each.order_id].state.value: each.text for each in stories}


def stories_of(scene: Scene) -> tuple[OrderStory, ...]:
    return OrderTeller().stories(scene.engine, scene.engine.state)


def test_every_reason_has_words_of_its_own() -> None:
    assert set(WORDS) == set(Reason)
    assert len(set(WORDS.values())) == len(WORDS)
    assert reason_words("OF_ANOTHER_VERSION") == "of another version"


def test_a_resting_order_tells_its_queue_what_traded_there_and_what_fills_it(scene: Scene) -> None:
    scene.buy("0.1", limit="59999", stop="59800")
    scene.trade(59_999.0, 0.25)
    scene.trade(59_999.0, 0.5, Side.BUY)
    text = told(scene)["working"]
    assert ": 0.75 before it of 1 displayed, 0.25 sold at its price since. " in text
    assert "It fills when more than 0.75 is sold there, when a print goes below 59,999.0" in text
    scene.trade(59_999.0, 0.75)
    assert "0 before it of 1 displayed, 1 sold" in told(scene)["working"]
    scene.trade(59_999.0, 0.04)
    assert "Filled 0.04 at 59,999.0: print 0.04, queue 0 before us" in told(scene)["partially_filled"]


def test_under_strict_assumptions_only_a_print_through_it_is_promised() -> None:
    scene = Scene()
    rules = MatchRules(profile=QueueProfile.STRICT)
    scene.engine.settings = msgspec.structs.replace(scene.engine.settings, rules=rules)
    scene.begin().buy("0.1", limit="59999", stop="59800")
    (order,) = scene.engine.state.live.values()
    words = queue_words(order, scene.engine, scene.engine.markets[PERP], "UTC")
    assert words.endswith(". It fills when a print goes below 59,999.0")


def test_a_stop_tells_how_far_off_the_price_is_that_fires_it(scene: Scene) -> None:
    scene.trade(60_000.2, 0.01)
    scene.buy("0.1", stop="59900")
    text = told(scene)["armed"]
    assert text.startswith("Waits for the last price to fall to 59,900.0: it is 60,000.2, 100.2 away")


def test_a_filled_order_tells_the_levels_that_it_took(scene: Scene) -> None:
    scene.buy("0.1", stop="59900")
    text = told(scene)["filled"]
    assert text == "Filled 0.1 at 60,000.25: 2 levels .075 .025 · mid 60,000.1. Matched custom"


@pytest.mark.parametrize(
    ("changes", "state", "words"),
    [
        ({"limit": D("59999.05")}, "denied", "Denied: limit 59999.05 is no multiple of the tick 0.1;"),
        ({"limit": D("60000.2"), "post_only": True}, "rejected", "Rejected: it was only to post, and would"),
        ({"limit": D("60000.2"), "tif": TimeInForce.FOK}, "expired", "Expired: not all of it could fill"),
        ({"limit": D("60000.2"), "tif": TimeInForce.IOC}, "expired", "Expired after 0.075 had filled: what"),
    ],
)
def test_an_order_that_did_not_fill_tells_why(
    scene: Scene, changes: dict[str, object], state: str, words: str
) -> None:
    order = SubmitOrder(
        symbol=PERP, side=Side.BUY, size=Size(D("0.2")), stop=Stop(price=D(59_800)), fit=False
    )
    scene.do(msgspec.structs.replace(order, **changes))
    assert told(scene)[state].startswith(words)


def test_what_was_canceled_and_what_waited_for_it_tell_so(scene: Scene) -> None:
    stop = Stop(price=D(59_000))
    first = SubmitOrder(symbol=PERP, side=Side.BUY, size=Size(D("0.01")), stop=stop, limit=D(59_500))
    scene.do(SubmitOto(first=first, then=(msgspec.structs.replace(first, limit=D(59_400)),)))
    assert told(scene)["held"].startswith("Held until O-1 fills")
    scene.do(CancelOrder(order_id="O-1"))
    stories = OrderTeller().stories(scene.engine, scene.engine.state)
    texts = {each.order_id: each.text for each in stories}
    assert texts["O-1"].startswith("Canceled: you asked for it")
    assert texts["O-2"].startswith("Canceled: the order that it waited for went without a fill")


def test_a_chase_tells_how_far_it_has_gone(scene: Scene) -> None:
    scene.do(
        SubmitOrder(
            symbol=PERP, side=Side.BUY, size=Size(D("0.01")), stop=Stop(price=D(59_000)), chase=Follow()
        )
    )
    assert ". Chase 0/" in told(scene)["working"]
    assert {order.state for order in scene.published.live.values()} == {OrderState.WORKING}


def calls_of(monkeypatch: pytest.MonkeyPatch, kind: type, name: str) -> Counter[str]:
    """Counts from now on how often a method is called."""
    counted, method = Counter[str](), getattr(kind, name)

    def count(*args: object) -> object:
        counted[name] += 1
        return method(*args)

    monkeypatch.setattr(kind, name, count)
    return counted


def test_all_resting_orders_are_told_in_one_pass_over_the_prints_since_the_oldest_of_them(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(300):
        scene.trade(60_000.0, 0.001)
    for place in range(10):
        scene.buy("0.001", limit=f"{59_999 - place}", stop="59800")
        scene.trade(60_000.2, 0.002, Side.BUY)
    looked = calls_of(monkeypatch, Prints, "_at")
    converted = calls_of(monkeypatch, Instrument, "price_from_float")
    stories = OrderTeller().stories(scene.engine, scene.engine.state)
    assert sum("before it of" in each.text for each in stories) == 10
    assert looked == Counter({"_at": 10})
    assert converted == Counter()


def test_each_of_several_orders_at_a_price_tells_what_traded_there_since_it_rests(scene: Scene) -> None:
    for size in (0.25, 0.125):
        scene.buy("0.01", limit="59999", stop="59800")
        scene.trade(59_999.0, size)
        scene.trade(59_999.5, size)
    texts = {each.order_id: each.text for each in OrderTeller().stories(scene.engine, scene.engine.state)}
    assert "0.375 sold at its price since" in texts["O-1"]
    assert "0.125 sold at its price since" in texts["O-2"]


def test_executions_after_the_first_four_are_told_in_one_sum(scene: Scene) -> None:
    scene.buy("0.1", limit="59999", stop="59800")
    scene.trade(59_999.0, 1.0)
    for _ in range(6):
        scene.trade(59_999.0, 0.01)
    (story,) = [each for each in stories_of(scene) if each.order_id == "O-1"]
    assert story.title == f"O-1 partially filled · buy 0.1 {PERP} limit 59,999.0"
    assert story.text.count("Filled 0.01 at 59,999.0: ") == 4
    assert ". And 2 more: 0.02 in all. Matched" in story.text
