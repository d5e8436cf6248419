"""Good-faith violations and free-riding (example W63), and the engine's spot account, which knows neither."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from tests.engine.market import Table, spot, wide_limits
from tests.reference.us_cash import CashAccount, Violation
from tradetui.config.limits import limits_of
from tradetui.config.risk import Risk
from tradetui.config.settings import Settings
from tradetui.domain.event import LimitBreached, Locked
from tradetui.domain.market_data import FeedState, FeedStatus, InstrumentListed
from tradetui.domain.reply import Reason

D = Decimal


def holder(*, settle_days: int = 1) -> CashAccount:
    """An account that holds A, bought with settled money on day 0."""
    account = CashAccount(settle_days=settle_days)
    account.deposit(D(1_000))
    account.buy("A", D(1_000), day=0)
    return account


def test_w63_selling_what_unsettled_proceeds_bought_before_they_settle() -> None:
    account = holder()
    assert account.sell("A", D(1_100), day=5) == ()
    account.buy("B", D(1_100), day=5)
    assert account.sell("B", D(1_200), day=5) == (Violation.GOOD_FAITH,)


def test_w63_after_the_proceeds_have_settled_it_is_none() -> None:
    account = holder()
    account.sell("A", D(1_100), day=5)
    account.buy("B", D(1_100), day=5)
    assert account.sell("B", D(1_200), day=6) == ()


def test_w63_selling_before_ever_paying_is_free_riding() -> None:
    account = CashAccount()
    account.buy("A", D(1_000), day=0)
    assert account.sell("A", D(1_100), day=1) == (Violation.FREE_RIDING,)
    account = CashAccount()
    account.buy("A", D(1_000), day=0)
    account.deposit(D(1_000))
    assert account.sell("A", D(1_100), day=1) == ()


def test_settled_money_is_used_first() -> None:
    account = holder()
    account.sell("A", D(1_000), day=5)
    account.deposit(D(500))
    account.buy("B", D(500), day=5)
    assert account.sell("B", D(510), day=5) == ()
    account.buy("C", D(1_200), day=5)
    assert account.sell("C", D(1_200), day=5) == (Violation.GOOD_FAITH,)


def test_w63_crypto_settles_at_once_so_neither_can_happen() -> None:
    account = holder(settle_days=0)
    account.sell("A", D(1_100), day=5)
    account.buy("B", D(1_100), day=5)
    assert account.sell("B", D(1_200), day=5) == ()
    assert account.settled == 1_200


# --- the engine's spot account


ETH = "ETH/USDT"
FREE = spot(maker_fee=D(0), taker_fee=D(0))


def trader(us_rules: str) -> Table:
    """A spot account with 1,000, and two markets at 100."""
    made = wide_limits(balance=D(1_000))
    config, _ = limits_of(Settings(risk=Risk(us_rules=us_rules)), ["risk.us_rules"])
    rules = [rule for rule in config.rules if rule.name == "day_trades"]
    limits = msgspec.structs.replace(made.limits, require_stop=False, rules=(*made.limits.rules, *rules))
    market = Table(FREE, settings=msgspec.structs.replace(made, limits=limits))
    market.open([(100.0, 90.0)], [(100.0, 90.0)])
    other = msgspec.structs.replace(FREE, symbol=ETH, base="ETH")
    market.feed(InstrumentListed(other, market.tick()))
    market.feed(FeedStatus(ETH, market.tick(), FeedState.STREAMING))
    return market


def quote(market: Table, symbol: str, price: float) -> None:
    market.symbol = symbol
    market.snapshot([(price, 90.0)], [(price, 90.0)])


@pytest.mark.parametrize("us_rules", ["none", "pdt_2001", "intraday_2026"])
def test_w63_the_engine_uses_proceeds_at_once_and_nothing_is_broken(us_rules: str) -> None:
    """Played beside a cash account that settles at once, and one that settles a day later."""
    market, at_once, later = trader(us_rules), CashAccount(settle_days=0), CashAccount()
    sides = at_once, later
    for each in sides:
        each.deposit(D(1_000))
    assert market.buy("10", limit="100").accepted
    quote(market, market.symbol, 110.0)
    assert market.sell("10", limit="110").accepted
    quote(market, ETH, 100.0)
    assert market.buy("11", limit="100").accepted
    quote(market, ETH, 120.0)
    assert market.sell("11", limit="120").accepted
    for each in sides:
        each.buy("A", D(1_000), day=0)
        assert each.sell("A", D(1_100), day=0) == ()
        each.buy("B", D(1_100), day=0)
    assert (at_once.sell("B", D(1_320), day=0), later.sell("B", D(1_320), day=0)) == (
        (),
        (Violation.GOOD_FAITH,),
    )
    assert market.state.cash("USDT") == market.state.free("USDT") == at_once.settled == 1_320
    assert not [event for event in market.journal if isinstance(event.body, Locked)]
    told = [event.body for event in market.journal if isinstance(event.body, LimitBreached)]
    assert all(each.warning and each.rule == "day_trades" for each in told), "the count is another rule"


def test_w63_what_can_not_be_paid_is_not_bought_so_nobody_rides_free() -> None:
    market = trader("none")
    refusal = market.buy("11", limit="100").refusal
    assert refusal is not None
    assert refusal.reason is Reason.INSUFFICIENT_BALANCE
