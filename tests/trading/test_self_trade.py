"""Our own orders in each other's way: worked example W49 and the modes of section 7.7."""

from __future__ import annotations

import pytest

from tests.trading.match_rig import Rig
from tradetui.domain.market_data import Side
from tradetui.domain.order import OrderRole
from tradetui.domain.reply import Reason
from tradetui.trading.match_types import MatchRules, Outcome, SelfTrade

BUY, SELL = Side.BUY, Side.SELL


def with_makers(mode: SelfTrade, *prices: float, qty: float = 1) -> Rig:
    """Sell orders of ours at the prices given, in an otherwise empty book."""
    rig = Rig(rules=MatchRules(self_trade=mode))
    for number, price in enumerate(prices):
        rig.matcher.execute(rig.order(SELL, qty, price, order_id=f"m{number}"))
    return rig


def test_w49_b_the_makers_expire_and_the_taker_rests() -> None:
    rig = with_makers(SelfTrade.EXPIRE_MAKER, 1.2, 1.3, 1.1)
    match = rig.matcher.execute(rig.order(BUY, 3, 1.3, order_id="t"))
    assert match.expired_makers == ("m2", "m0", "m1")
    assert (match.outcome, match.filled, match.leaves) == (Outcome.RESTING, 0, rig.lots(3))
    assert [rig.matcher.leaves(f"m{n}") for n in range(3)] == [None] * 3
    assert rig.matcher.leaves("t") == rig.lots(3)


def test_w49_c_the_taker_expires_and_the_makers_stay() -> None:
    rig = with_makers(SelfTrade.EXPIRE_TAKER, 1.2, 1.3, 1.1)
    match = rig.matcher.execute(rig.order(BUY, 3, 1.3, order_id="t"))
    assert (match.outcome, match.reason, match.leaves) == (
        Outcome.SELF_TRADE,
        Reason.SELF_TRADE,
        rig.lots(3),
    )
    assert [rig.matcher.leaves(f"m{n}") for n in range(3)] == [rig.lots(1)] * 3
    assert rig.matcher.leaves("t") is None


def test_w49_f_a_market_order_takes_its_maker_along_and_expires() -> None:
    rig = with_makers(SelfTrade.EXPIRE_MAKER, 1.0, qty=3)
    match = rig.matcher.execute(rig.order(BUY, 3, order_id="t"))
    assert match.expired_makers == ("m0",)
    assert (match.outcome, match.filled) == (Outcome.EXPIRED, 0)


def test_w49_g_both_lose_the_smaller_size() -> None:
    rig = with_makers(SelfTrade.DECREMENT, 1.0, qty=6)
    match = rig.matcher.execute(rig.order(BUY, 2, 1.0, order_id="t"))
    assert match.decremented == (("m0", rig.lots(2)),)
    assert (match.outcome, match.prevented, match.leaves) == (Outcome.SELF_TRADE, rig.lots(2), 0)
    assert rig.matcher.leaves("m0") == rig.lots(4)


def test_a_larger_taker_goes_on_after_it_has_used_up_our_own_order() -> None:
    rig = Rig(asks=[(1.5, 9.0)], rules=MatchRules(self_trade=SelfTrade.DECREMENT))
    rig.matcher.execute(rig.order(SELL, 1, 1.4, order_id="m"))
    match = rig.matcher.execute(rig.order(BUY, 3, 1.5, order_id="t"))
    assert rig.fills(match) == [("2", "1.5")]
    assert (match.prevented, rig.matcher.leaves("m")) == (rig.lots(1), None)


def test_both_expire_at_the_first_meeting() -> None:
    rig = with_makers(SelfTrade.EXPIRE_BOTH, 1.1, 1.2)
    match = rig.matcher.execute(rig.order(BUY, 3, 1.3, order_id="t"))
    assert match.expired_makers == ("m0",)
    assert match.outcome is Outcome.SELF_TRADE
    assert rig.matcher.leaves("m1") == rig.lots(1)


def test_without_prevention_our_orders_pass_each_other_by() -> None:
    rig = Rig(asks=[(1.5, 9.0)], rules=MatchRules(self_trade=SelfTrade.NONE))
    rig.matcher.execute(rig.order(SELL, 1, 1.4, order_id="m"))
    match = rig.matcher.execute(rig.order(BUY, 3, 1.5, order_id="t"))
    assert rig.fills(match) == [("3", "1.5")]
    assert rig.matcher.leaves("m") == rig.lots(1)


@pytest.mark.parametrize("mode", list(SelfTrade))
def test_an_exit_is_never_stopped_by_an_order_of_ours(mode: SelfTrade) -> None:
    rig = Rig(asks=[(1.5, 9.0)], rules=MatchRules(self_trade=mode))
    rig.matcher.execute(rig.order(SELL, 1, 1.4, order_id="m"))
    match = rig.matcher.execute(rig.order(BUY, 3, order_id="t", role=OrderRole.PROTECTIVE))
    assert rig.fills(match) == [("3", "1.5")]
    assert match.expired_makers == ("m",)


def test_what_trades_before_the_meeting_stays_traded() -> None:
    rig = Rig(asks=[(1.0, 2.0), (1.5, 9.0)], rules=MatchRules(self_trade=SelfTrade.EXPIRE_TAKER))
    rig.matcher.execute(rig.order(SELL, 1, 1.2, order_id="m"))
    match = rig.matcher.execute(rig.order(BUY, 5, 1.5, order_id="t"))
    assert rig.fills(match) == [("2", "1")]
    assert (match.outcome, match.leaves) == (Outcome.SELF_TRADE, rig.lots(3))
