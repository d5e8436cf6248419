"""Resting orders: the queue, prints, crossing quotes, and what they cost."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.trading.match_rig import SECOND, Rig
from tradetui.domain.fill import Evidence
from tradetui.domain.market_data import BookDelta, Side, Trade
from tradetui.trading.match_types import MatchRules, QueueModel, QueueProfile
from tradetui.trading.queue_models import chance_behind, front_after

BUY, SELL = Side.BUY, Side.SELL


def resting(ahead: float, *quantities: float, rules: MatchRules | None = None) -> Rig:
    """Buy orders a, b, … at 100 behind so much."""
    rig = Rig(bids=[(100.0, ahead)] if ahead else [(99.0, 1.0)], asks=[(101.0, 1.0)], rules=rules)
    for name, qty in zip("abc", quantities, strict=False):
        rig.matcher.execute(rig.order(BUY, qty, 100, order_id=name))
    return rig


def test_w37_prints_use_up_the_queue_before_they_fill_us() -> None:
    rig = resting(100.0, 50)
    assert rig.print(100.0, 80.0, SELL) == []
    assert rig.matcher.queue_ahead("a") == rig.lots(20)
    assert rig.print(100.0, 30.0, SELL) == [("a", 10, 100)]
    assert rig.matcher.queue_ahead("a") == 0
    assert rig.print(100.0, 50.0, SELL) == [("a", 40, 100)]


def test_w37b_the_second_own_order_gets_only_what_the_first_leaves() -> None:
    rig = resting(100.0, 50, 50)
    assert rig.print(100.0, 120.0, SELL) == [("a", 20, 100)]
    assert rig.print(100.0, 40.0, SELL) == [("a", 30, 100), ("b", 10, 100)]


def test_w38_the_residual_of_a_print_fills() -> None:
    rig = resting(1.0, 3)
    assert rig.print(100.0, 2.0, SELL) == [("a", 1, 100)]
    assert rig.print(100.0, 2.0, SELL) == [("a", 2, 100)]
    assert rig.matcher.leaves("a") is None


def test_w39q_a_print_that_depth_has_shown_already_moves_nobody() -> None:
    rig = resting(100.0, 50)
    rig.delta(bids=[(100.0, 70.0)])
    assert rig.print(100.0, 30.0, SELL) == []
    assert rig.matcher.queue_ahead("a") == rig.lots(70)


@pytest.mark.parametrize(("age_ns", "ahead"), [(SECOND, 70), (SECOND + 1, 40)])
def test_a_decrease_waits_one_second_for_its_print(age_ns: int, ahead: int) -> None:
    rig = resting(100.0, 50)
    rig.delta(bids=[(100.0, 70.0)])
    rig.print(100.0, 30.0, SELL, ts=rig.ts + age_ns)
    assert rig.matcher.queue_ahead("a") == rig.lots(ahead)


def test_a_print_before_its_depth_counts_once() -> None:
    rig = resting(100.0, 50)
    rig.print(100.0, 30.0, SELL)
    rig.delta(bids=[(100.0, 70.0)])
    assert rig.print(100.0, 80.0, SELL) == [("a", 10, 100)]


def test_w42_a_passive_limit_is_filled_by_quotes_that_reach_it() -> None:
    rig = Rig(asks=[(100.10, 50.0)])
    rig.matcher.execute(rig.order(BUY, 1000, "100.05", order_id="a"))
    price = Decimal("100.05")
    assert rig.delta(asks=[(100.0, 30.0)]) == [("a", 30, price)]
    assert rig.matcher.leaves("a") == rig.lots(970)
    assert rig.delta(asks=[(99.95, 200.0)]) == [("a", 200, price)]
    assert rig.matcher.leaves("a") == rig.lots(770)
    assert rig.delta(asks=[(100.0, 30.0)]) == []


def test_w79_through_prints_are_capped_by_their_size() -> None:
    rig = resting(40.0, 5)
    assert rig.print(99.0, 2.0, SELL) == [("a", 2, 100)]
    assert rig.print(99.0, 10.0, SELL) == [("a", 3, 100)]


@pytest.mark.parametrize("aggressor", [BUY, SELL, None])
def test_a_through_print_counts_whoever_was_the_aggressor(aggressor: Side | None) -> None:
    assert resting(40.0, 5).print(99.0, 2.0, aggressor) == [("a", 2, 100)]


@pytest.mark.parametrize("aggressor", [BUY, None])
def test_a_print_at_our_price_counts_only_from_the_opposite_aggressor(aggressor: Side | None) -> None:
    rig = resting(0.0, 5)
    assert rig.print(100.0, 2.0, aggressor) == []
    assert rig.print(100.0, 2.0, SELL) == [("a", 2, 100)]


def test_one_print_is_one_budget_over_all_prices() -> None:
    rig = resting(0.0, 5)
    rig.matcher.execute(rig.order(BUY, 5, "99.5", order_id="low"))
    assert rig.print(99.4, 7.0, SELL) == [("a", 5, 100), ("low", 2, Decimal("99.5"))]


def test_sell_orders_are_the_mirror_image() -> None:
    rig = Rig(bids=[(99.0, 1.0)], asks=[(100.0, 10.0)])
    rig.matcher.execute(rig.order(SELL, 5, 100, order_id="s"))
    assert rig.print(100.0, 12.0, BUY) == [("s", 2, 100)]
    assert rig.print(100.5, 1.0, None) == [("s", 1, 100)]
    assert rig.delta(bids=[(100.1, 1.5)]) == [("s", Decimal("1.5"), 100)]


def test_strict_believes_only_prints_through() -> None:
    rig = resting(0.0, 5, rules=MatchRules(profile=QueueProfile.STRICT))
    assert rig.print(100.0, 9.0, SELL) == []
    assert rig.delta(asks=[(99.5, 9.0)]) == []
    assert rig.print(99.99, 2.0, SELL) == [("a", 2, 100)]


def test_a_smaller_order_keeps_its_place() -> None:
    rig = resting(10.0, 5)
    rig.print(100.0, 6.0, SELL)
    rig.matcher.reduce("a", rig.lots(2))
    assert (rig.matcher.leaves("a"), rig.matcher.queue_ahead("a")) == (rig.lots(2), rig.lots(4))
    rig.matcher.reduce("a", 0)
    assert rig.matcher.cancel("a") == 0


def test_a_canceled_order_never_fills() -> None:
    rig = resting(0.0, 5)
    assert rig.matcher.cancel("a") == rig.lots(5)
    assert rig.print(99.0, 9.0, SELL) == []


def test_nothing_fills_while_data_is_not_fresh_but_the_queue_follows() -> None:
    rig = resting(100.0, 5)
    message_levels = [(100.0, 40.0)]
    rig.book.apply_delta(message_levels, [(100.0, 9.0)])
    delta = BookDelta("X", rig.ts, rig.ts, message_levels, [(100.0, 9.0)])
    assert rig.matcher.on_book(delta, may_fill=False) == ()
    assert rig.matcher.queue_ahead("a") == rig.lots(40)


def test_a_maker_receipt_tells_print_queue_and_budget() -> None:
    rig = resting(3.0, 2, 2)
    first, second = rig.matcher.on_trade(Trade("X", 5, 6, 99.0, 3.0, SELL, 42))
    assert (first.evidence, first.queue_ahead, first.trade_id) == (Evidence.PRINT_THROUGH, 3000, "42")
    assert (first.consumed_before, first.consumed_after) == (0, 2000)
    assert (second.consumed_before, second.consumed_after, second.displayed) == (2000, 3000, 3000)
    assert (second.ts_exchange, second.ts_received) == (5, 6)


def test_a_market_order_can_not_be_restored_to_the_queue() -> None:
    rig = resting(0.0, 5)
    with pytest.raises(ValueError, match="expected a limit"):
        rig.matcher.restore(rig.order(BUY, 1, order_id="m"), lots=1)
    with pytest.raises(ValueError, match="rests already"):
        rig.matcher.restore(rig.order(BUY, 1, 100, order_id="a"), lots=1)


class CountingQueue(dict[int, object]):
    """Counts how often a level of ours is read."""

    reads = 0

    def __getitem__(self, key: int) -> object:
        self.reads += 1
        return super().__getitem__(key)


def test_a_print_that_reaches_nothing_reads_no_level_of_a_hundred_thousand() -> None:
    rig = Rig(bids=[(1000.0, 1.0)], asks=[(1001.0, 1.0)])
    for number in range(100_000):
        order = rig.order(BUY, 1, order_id=str(number))
        rig.matcher.restore(
            type(order)(order_id=str(number), side=BUY, lots=1, limit=50_000 + number % 40_000), lots=1
        )
    levels = CountingQueue(rig.matcher._queue._books[BUY].levels)
    rig.matcher._queue._books[BUY].levels = levels  # type: ignore[assignment]
    assert rig.print(1000.0, 5.0, SELL) == []
    assert rig.delta(bids=[(1000.0, 2.0)], asks=[(1001.0, 2.0)]) == []
    assert levels.reads == 0


@pytest.mark.parametrize(
    ("model", "power", "ahead"),
    [(QueueModel.POWER_FRONT, 3, "55.68"), (QueueModel.POWER, 2, "46.1538")],
)
def test_w48_a_decrease_is_shared_between_front_and_back(model: QueueModel, power: int, ahead: str) -> None:
    front = front_after(
        Decimal(60), Decimal(40), Decimal(20), displayed=Decimal(80), model=model, power=power
    )
    assert front.quantize(Decimal(ahead)) == Decimal(ahead)


@pytest.mark.parametrize("model", list(QueueModel))
def test_every_model_gives_a_probability_and_a_queue_within_the_level(model: QueueModel) -> None:
    for front in (0, 1, 30, 100):
        back = 100 - front
        chance = chance_behind(Decimal(front), Decimal(back), model=model, power=3)
        assert 0 <= chance <= 1
        after = front_after(
            Decimal(front), Decimal(back), Decimal(70), displayed=Decimal(30), model=model, power=3
        )
        assert 0 <= after <= min(front, 30)


def test_a_probable_queue_moves_with_cancels_and_counts_a_print_once() -> None:
    rules = MatchRules(profile=QueueProfile.PROBABILISTIC)
    rig = resting(100.0, 50, rules=rules)
    assert rig.print(100.0, 40.0, SELL) == []
    rig.delta(bids=[(100.0, 60.0)])
    assert rig.matcher.queue_ahead("a") == rig.lots(60), "the print explains the whole decrease"
    rig.delta(bids=[(100.0, 90.0)])
    rig.delta(bids=[(100.0, 70.0)])
    ahead = rig.matcher.queue_ahead("a")
    assert ahead is not None
    assert rig.lots(40) < ahead < rig.lots(60), "a cancel is partly before us, partly behind"
    assert rig.print(100.0, 70.0, SELL) == [("a", (rig.lots(70) - ahead) * rig.lot, 100)]


def test_a_print_beyond_the_price_empties_a_probable_queue() -> None:
    rig = resting(100.0, 50, rules=MatchRules(profile=QueueProfile.PROBABILISTIC))
    assert rig.print(99.5, 10.0, SELL) == [("a", 10, 100)]
    assert rig.matcher.queue_ahead("a") == 0


def test_the_optimistic_profile_fills_by_any_print_at_the_price_up_to_its_size() -> None:
    rig = resting(100.0, 50, 50, rules=MatchRules(profile=QueueProfile.OPTIMISTIC))
    assert rig.print(100.0, 60.0, None) == [("a", 50, 100), ("b", 10, 100)]


def test_the_strict_profile_fills_only_beyond_the_price() -> None:
    rig = resting(0.0, 50, rules=MatchRules(profile=QueueProfile.STRICT))
    assert rig.print(100.0, 60.0, SELL) == []
    assert rig.print(99.99, 20.0, SELL) == [("a", 20, 100)]


@pytest.mark.parametrize(("interval", "ahead"), [(SECOND, 160), (SECOND - 1, 100)])
def test_what_came_while_an_order_arrived_is_before_it_where_the_book_is_told_seldom(
    interval: int, ahead: int
) -> None:
    rig = Rig(bids=[(100.0, 100.0)], asks=[(101.0, 1.0)])
    rig.delta(bids=[(99.0, 1.0)], ts=rig.ts + interval)
    rig.matcher.execute(rig.order(BUY, 10, 100, order_id="a"))
    rig.delta(bids=[(100.0, 160.0)], ts=rig.ts + 2 * interval)
    assert rig.matcher.queue_ahead("a") == rig.lots(ahead)
    rig.delta(bids=[(100.0, 200.0)], ts=rig.ts + 3 * interval)
    assert rig.matcher.queue_ahead("a") == rig.lots(ahead), "later additions stand behind"


def test_w47_a_limit_at_the_touch_waits_behind_it_and_fills_when_the_quote_turns() -> None:
    rig = Rig([(0.25, 10)], [(0.50, 10)])
    rig.matcher.execute(rig.order(SELL, 1, 0.50))
    assert rig.print(0.50, 4, BUY) == []
    assert rig.print(0.50, 5, BUY) == []
    assert rig.delta([(0.50, 10)], [(0.50, 0), (0.75, 10)]) == [("o", 1, Decimal("0.50"))]
