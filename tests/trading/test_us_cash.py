"""Good-faith violations and free-riding in a cash account (example W63)."""

from __future__ import annotations

from decimal import Decimal

from tradetui.trading.us_cash import CashAccount, Violation

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
