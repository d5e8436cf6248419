"""The taker walk: worked examples by their number, and every way that an order can end."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.trading.match_rig import SECOND, Rig
from tradetui.domain.fill import Evidence, Liquidity
from tradetui.domain.market_data import Side
from tradetui.domain.order import OrderRole, TimeInForce
from tradetui.domain.reply import Reason
from tradetui.market.book import OrderBook
from tradetui.trading.match_types import Incoming, LotGrid, MatchRules, Outcome
from tradetui.trading.match_walk import band_tick
from tradetui.trading.matching import Matcher

BUY, SELL = Side.BUY, Side.SELL
STEPS = [(100.0, 1.0), (100.5, 2.0), (101.0, 5.0)]


def test_w20_a_market_order_in_a_thin_book_fills_what_is_there_and_expires() -> None:
    rig = Rig(asks=[(100.0, 4.0)])
    match = rig.matcher.execute(rig.order(BUY, 6))
    assert (rig.fills(match), match.outcome) == ([("4", "100")], Outcome.EXPIRED)
    assert match.reason is Reason.INSUFFICIENT_LIQUIDITY
    assert match.leaves == rig.lots(2)


def test_w41_the_band_is_a_hundred_points_from_the_best() -> None:
    rules = MatchRules(band_bp=0, band_ticks=100)
    assert band_tick(rules, sign=1, best=100_100) == 100_200


@pytest.mark.parametrize(
    ("sign", "best", "expected"), [(1, 10_000, 10_100), (-1, 10_000, 9_900), (1, 500, 510), (-1, 5, -5)]
)
def test_the_band_is_one_percent_or_ten_ticks(sign: int, best: int, expected: int) -> None:
    assert band_tick(MatchRules(), sign=sign, best=best) == expected


def test_w43_a_walk_pays_each_level_and_the_rest_expires() -> None:
    rig = Rig(asks=STEPS)
    small = rig.matcher.estimate(rig.order(BUY, 4))
    assert small.vwap_ticks is not None
    assert small.vwap_ticks * rig.tick == Decimal("100.5")
    large = rig.matcher.execute(rig.order(BUY, 10))
    assert (large.filled, large.leaves) == (rig.lots(8), rig.lots(2))
    assert large.outcome is Outcome.EXPIRED


@pytest.mark.parametrize(
    ("tif", "filled", "reason"),
    [(TimeInForce.IOC, 3, Reason.IOC_REMAINDER), (TimeInForce.FOK, 0, Reason.FOK_UNFILLABLE)],
)
def test_w44_ioc_takes_what_the_limit_allows_and_fok_all_or_nothing(
    tif: TimeInForce, filled: int, reason: Reason
) -> None:
    rig = Rig(asks=STEPS)
    match = rig.matcher.execute(rig.order(BUY, 4, 100.5, tif=tif))
    assert (match.filled, match.outcome, match.reason) == (rig.lots(filled), Outcome.EXPIRED, reason)
    assert rig.matcher.leaves("o") is None


def test_a_stop_in_a_gap_gets_the_best_bid_that_is_there() -> None:
    rig = Rig(bids=[(105.0, 1.0)])
    rig.snapshot([(90.0, 1.0)], [])
    match = rig.matcher.execute(rig.order(SELL, 1, role=OrderRole.PROTECTIVE))
    assert rig.fills(match) == [("1", "90")]


def test_w81_the_second_stop_gets_what_the_first_has_left() -> None:
    rig = Rig(bids=[(97.0, 0.6), (96.5, 1.0), (96.0, 3.0)])
    first = rig.matcher.execute(rig.order(SELL, 1, order_id="stop", role=OrderRole.PROTECTIVE))
    second = rig.matcher.execute(rig.order(SELL, 1, order_id="other", role=OrderRole.DISCRETIONARY))
    assert rig.fills(first) == [("0.6", "97"), ("0.4", "96.5")]
    assert rig.fills(second) == [("0.6", "96.5"), ("0.4", "96")]


def test_w88_the_band_ends_a_market_order_before_a_far_level() -> None:
    rig = Rig(asks=[(100.0, 1.0), (120.0, 1.0)])
    match = rig.matcher.execute(rig.order(BUY, 2))
    assert rig.fills(match) == [("1", "100")]
    assert (match.outcome, match.reason) == (Outcome.EXPIRED, Reason.BAND)


@pytest.mark.parametrize("role", [OrderRole.PROTECTIVE, OrderRole.FLATTEN, OrderRole.LIQUIDATION])
def test_an_exit_has_no_band_and_waits_for_more(role: OrderRole) -> None:
    rig = Rig(asks=[(100.0, 1.0), (120.0, 1.0)])
    match = rig.matcher.execute(rig.order(BUY, 3, role=role))
    assert rig.fills(match) == [("1", "100"), ("1", "120")]
    assert (match.outcome, match.leaves) == (Outcome.WAITING, rig.lots(1))
    rig.delta(asks=[(121.0, 5.0)])
    assert rig.fills(rig.matcher.execute(rig.order(BUY, 1, role=role))) == [("1", "121")]


def test_an_empty_side_is_no_liquidity() -> None:
    rig = Rig(bids=[(99.0, 1.0)])
    match = rig.matcher.execute(rig.order(BUY, 1))
    assert (match.outcome, match.reason) == (Outcome.EXPIRED, Reason.NO_LIQUIDITY)
    waiting = rig.matcher.execute(rig.order(BUY, 1, role=OrderRole.FLATTEN))
    assert (waiting.outcome, waiting.reason) == (Outcome.WAITING, Reason.NO_LIQUIDITY)


def test_a_limit_rests_what_it_does_not_get_behind_what_is_displayed() -> None:
    rig = Rig(bids=[(100.5, 7.0)], asks=[(100.6, 1.0)])
    match = rig.matcher.execute(rig.order(BUY, 2, 100.5))
    assert (match.outcome, match.leaves) == (Outcome.RESTING, rig.lots(2))
    assert rig.matcher.queue_ahead("o") == rig.lots(7)


@pytest.mark.parametrize(("limit", "rejected"), [(99.99, False), (100.0, True), (100.5, True)])
def test_post_only_rests_or_is_rejected(limit: float, rejected: bool) -> None:
    rig = Rig(asks=STEPS)
    match = rig.matcher.execute(rig.order(BUY, 1, limit, post_only=True))
    assert (match.outcome is Outcome.REJECTED) is rejected
    assert (match.reason is Reason.POST_ONLY_WOULD_TAKE) is rejected
    assert match.executions == ()


def test_reduce_only_stops_at_flat() -> None:
    rig = Rig(bids=[(100.0, 9.0)])
    rig.matcher.position = rig.lots(2)
    match = rig.matcher.execute(rig.order(SELL, 5, reduce_only=True))
    assert (match.filled, match.reason, rig.matcher.position) == (rig.lots(2), Reason.REDUCE_ONLY, 0)
    again = rig.matcher.execute(rig.order(SELL, 5, reduce_only=True))
    assert (again.filled, again.outcome) == (0, Outcome.EXPIRED)


def test_two_reduce_only_makers_in_one_print_do_not_flip_the_position() -> None:
    rig = Rig(bids=[(99.0, 1.0)])
    rig.matcher.position = rig.lots(3)
    for name, price in (("a", 101), ("b", 102)):
        rig.matcher.execute(rig.order(SELL, 2, price, order_id=name, reduce_only=True))
    assert rig.print(103.0, 9.0, BUY) == [("a", 2, 101), ("b", 1, 102)]
    assert rig.matcher.position == 0


def test_an_entry_never_trades_with_our_own_order_and_an_exit_pushes_it_aside() -> None:
    rig = Rig(bids=[(99.0, 1.0)], asks=[(100.2, 1.0), (100.5, 5.0)])
    rig.matcher.execute(rig.order(SELL, 1, 100.3, order_id="own"))
    entry = rig.matcher.execute(rig.order(BUY, 3, order_id="in"))
    assert (rig.fills(entry), entry.outcome) == ([("1", "100.2")], Outcome.SELF_TRADE)
    exiting = rig.matcher.execute(rig.order(BUY, 3, order_id="out", role=OrderRole.FLATTEN))
    assert (rig.fills(exiting), exiting.expired_makers) == ([("3", "100.5")], ("own",))
    assert rig.matcher.leaves("own") is None


def test_a_limit_that_would_rest_through_our_own_order_expires() -> None:
    rig = Rig(bids=[(99.0, 1.0)], asks=[(101.0, 1.0)])
    rig.matcher.execute(rig.order(SELL, 1, 100.3, order_id="own"))
    assert rig.matcher.execute(rig.order(BUY, 1, 100.4)).outcome is Outcome.SELF_TRADE
    assert rig.matcher.execute(rig.order(BUY, 1, 100.2)).outcome is Outcome.RESTING


def test_an_estimate_changes_nothing_and_says_what_execution_then_does() -> None:
    rig = Rig(asks=STEPS)
    order = rig.order(BUY, 2)
    assert rig.matcher.estimate(order) == rig.matcher.estimate(order) == rig.matcher.execute(order)
    assert rig.fills(rig.matcher.estimate(order)) == [("1", "100.5"), ("1", "101")]


def test_a_taker_receipt_has_the_level_and_our_consumption() -> None:
    rig = Rig(asks=[(100.0, 5.0)], ts=3 * SECOND)
    rig.matcher.execute(rig.order(BUY, 2))
    (piece,) = rig.matcher.execute(rig.order(BUY, 1)).executions
    assert (piece.displayed, piece.consumed_before, piece.consumed_after) == (5000, 2000, 3000)
    assert (piece.liquidity, piece.evidence) == (Liquidity.TAKER, Evidence.BOOK_LEVEL)
    assert (piece.ts_exchange, piece.ts_received) == (3 * SECOND, 3 * SECOND)


@pytest.mark.parametrize(
    ("qty", "lot", "lots"),
    [
        (2.48703, "0.00001", 248_703),
        (0.5, "1", 0),
        (1.5, "1", 2),
        (2.5, "1", 2),
        (0.015, "0.01", 2),
        (3e15, "1", 3 * 10**15),
    ],
)
def test_sizes_become_lots_half_even(qty: float, lot: str, lots: int) -> None:
    assert LotGrid(Decimal(lot)).lots(qty) == lots


def test_a_lot_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a lot above zero, was 0"):
        LotGrid(Decimal(0))


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("qty", ["0.00100", "0.75000", "3.33333", "12.00000"])
def test_walks_over_the_captured_book_equal_a_reading_in_decimals(
    captures: Path, side: Side, qty: str
) -> None:
    golden = json.loads((captures / "golden/hft_spot_btcusdt.json").read_text())
    tick, lot = Decimal("0.01"), Decimal("0.00001")
    for sample in golden["book_samples_every_200_depth_events"]:
        book = OrderBook(tick)
        book.apply_snapshot(*([(float(p), float(q)) for p, q in sample[name]] for name in ("bids", "asks")))
        levels = [(Decimal(p), Decimal(q)) for p, q in sample["asks" if side is BUY else "bids"]]
        rest, paid = Decimal(qty), Decimal(0)
        for price, size in levels:
            taken = min(rest, size)
            rest, paid = rest - taken, paid + taken * price
        order = Incoming(order_id="o", side=side, lots=int(Decimal(qty) / lot))
        match = Matcher(book, lot).execute(order)
        assert match.notional_ticks * tick * lot == paid
        assert match.leaves * lot == rest
