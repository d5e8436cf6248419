"""Orders that may only reduce, and brackets."""

from __future__ import annotations

from tests.nautilus.case import Case, Difference
from tests.nautilus.cases.stops import ONE_PRICE

CASES = (
    Case(
        "reduce without a position",
        """
        book 5@99 / 5@100
        r: sell 1 limit 101 reduce
        s: sell 1 reduce
        """,
        """
        r: refused
        s: refused
        position: 0
        """,
    ),
    Case(
        "reduce that would add",
        """
        book 5@99 / 5@100
        a: buy 2
        r: buy 1 limit 98 reduce
        """,
        """
        a: 2@100 taker in 2; filled
        r: refused
        position: 2
        """,
    ),
    Case(
        "reduce by more than is held",
        """
        book 1@99 5@98.5 / 5@100
        a: buy 2
        r: sell 3 reduce
        """,
        """
        a: 2@100 taker in 2; filled
        r: 1@99 taker in 3; 1@98.5 taker in 3; filled
        position: 0
        """,
    ),
    Case(
        "a reduce stop over several levels",
        """
        book 1@99 1@98 1@97.8 9@97.6 / 5@100
        a: buy 3
        r: sell 3 trigger 98 reduce
        print 1@98 sell
        """,
        """
        a: 3@100 taker in 2; filled
        r: 1@97.8 taker in 4; 2@97.6 taker in 4; filled
        position: 0
        """,
        differs=ONE_PRICE,
    ),
    Case(
        "a resting reduce after the position went",
        """
        book 9@99 / 9@100
        a: buy 2
        r: sell 2 limit 101 reduce
        c: sell 2
        print 9@102 buy
        """,
        """
        a: 2@100 taker in 2; filled
        r: over
        c: 2@99 taker in 4; filled
        position: 0
        """,
    ),
    Case(
        "a resting reduce, and a market that does not come",
        """
        book 9@99 / 9@100
        a: buy 2
        r: sell 2 limit 101 reduce
        c: sell 2
        bids 8@99
        """,
        """
        a: 2@100 taker in 2; filled
        r: over
        c: 2@99 taker in 4; filled
        position: 0
        """,
        differs=Difference(
            "R-RED-2", "flat means that no reduce order stays; nautilus_trader's waits until it would fill"
        ),
    ),
    Case(
        "a resting reduce after a part of the position went",
        """
        book 9@99 / 9@100
        a: buy 4
        r: sell 4 limit 101 reduce
        c: sell 1
        print 9@102 buy
        """,
        """
        a: 4@100 taker in 2; filled
        r: 3@101 maker in 5; filled
        c: 1@99 taker in 4; filled
        position: 0
        """,
    ),
    Case(
        "two reduce orders of the whole position",
        """
        book 9@99 / 9@100
        a: buy 2
        r: sell 2 limit 101 reduce
        s: sell 2 limit 102 reduce
        print 9@103 buy
        """,
        """
        a: 2@100 taker in 2; filled
        r: 2@101 maker in 5; filled
        s: over
        position: 0
        """,
    ),
    Case(
        "a bracket that takes profit",
        """
        book 9@99 / 9@100
        print 0.1@99.5 buy
        a: buy 2 stop 98 target 103
        print 5@103.5 buy
        """,
        """
        a: 2@100 taker in 3; filled
        stop: over
        take_profit: 2@103 maker in 4; filled
        position: 0
        """,
    ),
    Case(
        "a bracket that is stopped",
        """
        book 9@99 9@97 / 9@100
        print 0.1@99.5 buy
        a: buy 2 stop 98 target 103
        print 9@98 sell
        """,
        """
        a: 2@100 taker in 3; filled
        stop: 2@97 taker in 4; filled
        take_profit: over
        position: 0
        """,
    ),
    Case(
        "a bracket whose target fills in part",
        """
        book 9@99 9@97 / 9@100
        print 0.1@99.5 buy
        a: buy 5 stop 98 target 103
        print 3@103.5 buy
        print 9@98 sell
        """,
        """
        a: 5@100 taker in 3; filled
        stop: 2@97 taker in 5; filled
        take_profit: 3@103 maker in 4; over
        position: 0
        """,
    ),
    Case(
        "a bracket whose entry fills in part and is canceled",
        """
        book 9@99 9@97 / 9@101
        print 0.1@99.5 buy
        a: buy 10 limit 100 stop 98 target 103
        asks 4@100
        cancel a
        asks 0@100
        print 3@103.5 buy
        print 9@98 sell
        """,
        """
        a: 4@100 maker in 4; over
        stop: 1@97 taker in 8; filled
        take_profit: 3@103 maker in 7; over
        position: 0
        """,
        differs=Difference(
            "R-BRK-4",
            "what filled keeps its stop and target; nautilus_trader cancels both with the entry: "
            "4 stand unprotected",
        ),
    ),
    Case(
        "a bracket whose entry is canceled",
        """
        book 9@99 9@97 / 9@101
        print 0.1@99.5 buy
        a: buy 10 limit 100 stop 98 target 103
        cancel a
        """,
        """
        a: over
        position: 0
        """,
    ),
)
