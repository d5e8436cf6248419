"""What fills cost and bring: average entries, realized profit, fees."""

from __future__ import annotations

from decimal import Decimal

from tests.nautilus.case import Case, Contract, Difference

_FREE = Contract(told=True)
_FEES = Contract(maker=Decimal("0.0002"), taker=Decimal("0.00055"), told=True)
_INVERSE = Contract(inverse=True, told=True)
_HARMONIC = Difference(
    "section 10.4",
    "an inverse entry is the price at which the whole is worth what its parts cost; "
    "nautilus_trader takes the plain average of the prices, and so loses or finds money",
)

CASES = (
    Case(
        "the average entry of two buys",
        """
        book 9@9999 / 9@10000
        a: buy 1
        book 9@11999 / 9@12000
        b: buy 1
        book 9@13000 / 9@13001
        c: sell 0.5
        """,
        """
        a: 1@10000 taker in 2; filled
        b: 1@12000 taker in 4; filled
        c: 0.5@13000 taker in 6; filled
        position: 1.5
        entry: 11000
        gained: 1000
        fees: 0
        """,
        contract=_FREE,
    ),
    Case(
        "a position that turns and goes home",
        """
        book 200@49.99 / 200@50
        a: buy 100
        book 200@55 / 200@55.01
        b: sell 100
        c: sell 50
        book 200@51.99 / 200@52
        d: buy 50
        """,
        """
        a: 100@50 taker in 2; filled
        b: 100@55 taker in 4; filled
        c: 50@55 taker in 5; filled
        d: 50@52 taker in 7; filled
        position: 0
        entry: none
        gained: 650
        fees: 0
        """,
        contract=_FREE,
    ),
    Case(
        "an entry over several levels",
        """
        book 9@99 / 1@100 2@100.5 5@101
        a: buy 4
        """,
        """
        a: 1@100 taker in 2; 2@100.5 taker in 2; 1@101 taker in 2; filled
        position: 4
        entry: 100.5
        gained: 0
        fees: 0
        """,
        contract=_FREE,
    ),
    Case(
        "taker's and maker's fees",
        """
        book 99@7999 / 99@8000
        a: buy 10
        b: sell 10 limit 8000.01
        print 50@8001 buy
        """,
        """
        a: 10@8000 taker in 2; filled
        b: 10@8000.01 maker in 4; filled
        position: 0
        entry: none
        gained: -59.90002
        fees: 60.00002
        """,
        contract=_FEES,
    ),
    Case(
        "a fee that does not end at eight places",
        """
        book 9@9999.99 / 9@10000.01
        a: buy 0.002
        """,
        """
        a: 0.002@10000.01 taker in 2; filled
        position: 0.002
        entry: 10000.01
        gained: -0.01100002
        fees: 0.01100002
        """,
        contract=_FEES,
        differs=Difference(
            "R-NUM-4", "a fee is rounded up, each by itself; nautilus_trader rounds to the nearest"
        ),
    ),
    Case(
        "an inverse contract that loses",
        """
        book 9000@7999 / 9000@8000
        a: buy 1000
        book 9000@7481 / 9000@7482
        b: sell 1000
        """,
        """
        a: 1000@8000 taker in 2; filled
        b: 1000@7481 taker in 4; filled
        position: 0
        entry: none
        gained: -0.00867197
        fees: 0
        """,
        contract=_INVERSE,
    ),
    Case(
        "an inverse contract's average entry",
        """
        book 9000@7999 / 9000@8000
        a: buy 1000
        book 9000@9999 / 9000@10000
        b: buy 1000
        """,
        """
        a: 1000@8000 taker in 2; filled
        b: 1000@10000 taker in 4; filled
        position: 2000
        entry: 8888.88888889
        gained: 0
        fees: 0
        """,
        contract=_INVERSE,
        differs=_HARMONIC,
    ),
    Case(
        "what an inverse contract's average entry is worth",
        """
        book 9000@7999 / 9000@8000
        a: buy 1000
        book 9000@9999 / 9000@10000
        b: buy 1000
        book 9000@9000 / 9000@9001
        c: sell 2000
        """,
        """
        a: 1000@8000 taker in 2; filled
        b: 1000@10000 taker in 4; filled
        c: 2000@9000 taker in 6; filled
        position: 0
        entry: none
        gained: 0.00277778
        fees: 0
        """,
        contract=_INVERSE,
        differs=_HARMONIC,
    ),
    Case(
        "an inverse contract's fees",
        """
        book 90000@7999 / 90000@8000
        a: buy 10000
        """,
        """
        a: 10000@8000 taker in 2; filled
        position: 10000
        entry: 8000
        gained: -0.0006875
        fees: 0.0006875
        """,
        contract=Contract(taker=Decimal("0.00055"), inverse=True, told=True),
    ),
)
