"""Orders that rest after their trigger, take-profits, trailing stops."""

from __future__ import annotations

from tests.nautilus.case import Case, Difference, Options
from tests.nautilus.cases.stops import ONE_PRICE

_SOURCE = Difference(
    "R-TRG-1",
    "a trigger looks at the last price; nautilus_trader's simulation only at the best bid or ask (8.1)",
)

CASES = (
    Case(
        "a stop-limit that takes",
        """
        book 5@99 / 1@100 2@100.5 4@101 9@102
        print 0.1@99.5 buy
        a: buy 5 trigger 100.5 limit 101
        print 2@100.5 buy
        """,
        """
        a: 4@101 taker in 4; open
        position: 4
        """,
        differs=ONE_PRICE,
        options=Options(queue=False),
    ),
    Case(
        "a stop-limit that takes, with nautilus_trader's queues",
        """
        book 5@99 / 1@100 2@100.5 4@101 9@102
        print 0.1@99.5 buy
        a: buy 5 trigger 100.5 limit 101
        print 2@100.5 buy
        """,
        """
        a: 4@101 taker in 4; open
        position: 4
        """,
        differs=Difference(
            "R-MAT-2",
            "a taker gets what is displayed up to its limit; with queue_position nautilus_trader "
            "gives it no more than the print that fired it",
        ),
    ),
    Case(
        "a stop-limit fired by a print beyond its limit",
        """
        book 5@99 / 7@100 1@100.5 7@101 1@101.5 2@102 9@103
        print 0.1@99.5 buy
        a: buy 7 trigger 102.5 limit 102
        print 12@103 buy
        asks 2@105
        """,
        """
        a: 7@102 maker in 5; filled
        position: 7
        """,
        differs=Difference(
            "section 7.2",
            "all up to the print's price is gone, so it rests; the next book is newer than the print and "
            "displays offers below its limit again, while nautilus_trader goes on counting the print",
        ),
    ),
    Case(
        "a stop-limit whose market runs away and comes back",
        """
        book 5@98 / 5@99
        print 0.1@98.5 buy
        a: buy 2 trigger 100 limit 101
        book 5@101.9 / 5@102
        print 1@102 buy
        book 5@98.9 / 5@99
        """,
        """
        a: 2@101 maker in 6; filled
        position: 2
        """,
        differs=Difference(
            "R-MAT-3", "what rests fills at its limit, always; nautilus_trader gives it the trigger price"
        ),
    ),
    Case(
        "a post stop-limit that would take",
        """
        book 5@98 / 5@99 5@100
        print 0.1@98.5 buy
        a: buy 2 trigger 100 limit 101 post
        print 6@100 buy
        """,
        """
        a: refused
        position: 0
        """,
    ),
    Case(
        "a buy that waits for a lower price",
        """
        book 5@99.9 9@98.9 / 5@100
        print 0.1@99.9 sell
        a: buy 2 touch 99
        book 5@98.9 / 1@99 5@99.1
        print 0.1@99 sell
        """,
        """
        a: 1@99 taker in 5; 1@99.1 taker in 5; filled
        position: 2
        """,
        differs=_SOURCE,
    ),
    Case(
        "a buy that waits for a lower price, and then rests",
        """
        book 5@99.9 9@98.9 / 5@100
        print 0.1@99.9 sell
        a: buy 2 touch 99 limit 98
        book 5@98.9 / 1@99 5@99.1
        print 0.1@99 sell
        print 3@97.9 sell
        """,
        """
        a: 2@98 maker in 6; filled
        position: 2
        """,
    ),
    Case(
        "a trailing stop over before it fires",
        """
        book 5@100 9@98 / 5@100.1
        print 0.1@100 sell
        t: sell 2 trail 1 gtd 4
        print 0.1@100.1 buy
        wait 1
        bids 4@100
        print 5@98.9 sell
        """,
        """
        t: over
        position: 0
        """,
    ),
    Case(
        "a buy that trails by a rate",
        """
        book 5@100 / 5@100.1 9@103
        print 0.1@100 buy
        t: buy 2 bp 100
        book 5@98 / 5@98.1 9@98.5 9@99.5
        print 0.1@98 sell
        print 0.1@98.9 buy
        print 15@98.98 buy
        """,
        """
        t: 2@99.5 taker in 7; filled
        position: 2
        """,
    ),
    Case(
        "a trailing stop follows and does not come back",
        """
        book 5@100 9@99 / 5@100.1
        print 0.1@100 sell
        t: sell 2 trail 1
        book 5@101.9 9@101.5 9@100.5 / 5@102
        print 0.1@102 buy
        print 0.1@101.5 sell
        print 14.5@100.9 sell
        """,
        """
        t: 2@100.5 taker in 7; filled
        position: -2
        """,
    ),
    Case(
        "a trailing stop from its first moment",
        """
        book 5@100 9@98 / 5@100.1
        print 0.1@100 sell
        t: sell 2 trail 1
        print 5@99 sell
        """,
        """
        t: 2@98 taker in 4; filled
        position: -2
        """,
    ),
    Case(
        "a trailing stop that waits for its activation",
        """
        book 5@100 9@99 / 5@100.1
        print 0.1@100 sell
        t: sell 2 trail 1 from 101
        print 5@99 sell
        book 5@101 9@100.5 9@99.8 / 5@101.1
        print 0.1@101.1 buy
        print 0.1@101.2 buy
        print 0.1@101.1 buy
        print 14@100.2 sell
        """,
        """
        t: 2@99.8 taker in 9; filled
        position: -2
        """,
    ),
)
