"""Orders that wait: quotes that reach them, amends, cancels, ends."""

from __future__ import annotations

from tests.nautilus.case import Case, Difference

_REST = Difference(
    "R-BRK-3",
    "the first fill takes the other away, the rest of its own order stays; "
    "nautilus_trader's cancel comes back and takes the rest too",
)

CASES = (
    Case(
        "quotes that reach our price",
        """
        book 5@99 / 50@100.1
        a: buy 1000 limit 100.05
        asks 30@100
        asks 200@99.95
        """,
        """
        a: 30@100.05 maker in 3; 200@100.05 maker in 4; open
        position: 230
        """,
    ),
    Case(
        "quotes fill a price once",
        """
        book 5@99 / 50@100.1
        a: buy 1000 limit 100.05
        asks 30@100
        bids 6@99
        asks 40@100
        """,
        """
        a: 30@100.05 maker in 3; 10@100.05 maker in 5; open
        position: 40
        """,
        differs=Difference(
            "section 7.2",
            "of 40 where we had 30 there are 10 for us; nautilus_trader gives all 40 again",
        ),
    ),
    Case(
        "a quote that reaches two of ours",
        """
        book 4@99 / 6@101
        a: sell 5 limit 100
        b: sell 5 limit 99.5
        bids 8@100
        """,
        """
        a: 3@100 maker in 4; open
        b: 5@99.5 maker in 4; filled
        position: -8
        """,
        differs=Difference(
            "R-MAT-3",
            "what is displayed at or through our prices fills all that it reaches; nautilus_trader moves "
            "its market to the first of ours and finds the second out of reach until the next message",
        ),
    ),
    Case(
        "the other side comes to our price",
        """
        book 100@99 5@98 / 5@100
        a: buy 5 limit 99
        bids 0@99
        asks 3@99
        """,
        """
        a: 3@99 maker in 4; open
        position: 3
        """,
    ),
    Case(
        "a book that crosses at our price",
        """
        book 5@99 / 5@100 5@101
        a: sell 2 limit 100.5
        bids 3@100.5
        asks 0@100
        """,
        """
        a: 2@100.5 maker in 4; filled
        position: -2
        """,
        differs=Difference(
            "section 6.2", "nothing fills while the book is crossed; nautilus_trader fills at once"
        ),
    ),
    Case(
        "canceled in time",
        """
        book 5@99 / 5@101
        a: buy 5 limit 100
        cancel a
        print 9@99 sell
        """,
        """
        a: over
        position: 0
        """,
    ),
    Case(
        "partly filled, then canceled",
        """
        book 5@99 / 5@101
        a: buy 5 limit 100
        print 2@99 sell
        cancel a
        print 9@99 sell
        """,
        """
        a: 2@100 maker in 3; over
        position: 2
        """,
    ),
    Case(
        "one of two that fills takes the other away",
        """
        book 5@98 / 5@102
        a: buy 5 limit 99 or b: sell 5 limit 101
        print 9@98.5 sell
        print 9@101.5 buy
        """,
        """
        a: 5@99 maker in 3; filled
        b: over
        position: 5
        """,
    ),
    Case(
        "one of two that fills in part takes the other away",
        """
        book 5@98 / 5@102
        a: buy 5 limit 99 or b: sell 5 limit 101
        print 2@98.5 sell
        print 9@101.5 buy
        """,
        """
        a: 2@99 maker in 3; open
        b: over
        position: 2
        """,
        differs=_REST,
    ),
    Case(
        "one of two that crosses",
        """
        book 5@98 / 2@102 9@103
        a: buy 5 limit 102 or b: sell 5 limit 104
        print 9@104.5 buy
        """,
        """
        a: 2@102 taker in 2; open
        b: over
        position: 2
        """,
        differs=_REST,
    ),
    Case(
        "two that one print would fill",
        """
        book 5@98 / 5@102
        a: buy 5 limit 99 or b: buy 5 limit 100
        print 9@98.5 sell
        """,
        """
        a: over
        b: 5@100 maker in 3; filled
        position: 5
        """,
    ),
    Case(
        "one of two that is canceled",
        """
        book 5@98 / 5@102
        a: buy 5 limit 99 or b: sell 5 limit 101
        cancel a
        """,
        """
        a: over
        b: open
        position: 0
        """,
        differs=Difference(
            "R-BRK-3", "only a fill takes the other away; in nautilus_trader a cancel does too"
        ),
    ),
    Case(
        "an amend to less",
        """
        book 10@99 5@98 / 5@100
        a: buy 5 limit 99
        print 6@99 sell
        amend a qty 3
        print 6@99 sell
        """,
        """
        a: 2@99 maker in 5; open
        position: 2
        """,
        differs=Difference(
            "R-MAT-12",
            "less quantity keeps its place; nautilus_trader sends any change to the queue's end",
        ),
    ),
    Case(
        "an amend to more",
        """
        book 10@99 5@98 / 5@100
        a: buy 5 limit 99
        print 6@99 sell
        amend a qty 8
        print 12@99 sell
        """,
        """
        a: 2@99 maker in 5; open
        position: 2
        """,
    ),
    Case(
        "an amend to another price",
        """
        book 10@99 20@98 / 5@100
        a: buy 5 limit 99
        amend a limit 98
        bids 0@99
        print 22@98 sell
        """,
        """
        a: 2@98 maker in 5; open
        position: 2
        """,
    ),
    Case(
        "an amend that crosses",
        """
        book 10@99 5@98 / 2@100 5@101
        a: buy 5 limit 99
        amend a limit 100
        """,
        """
        a: 2@100 taker in 3; open
        position: 2
        """,
    ),
    Case(
        "a post order's amend that would cross",
        """
        book 10@99 5@98 / 2@100 5@101
        a: buy 5 limit 99 post
        print 6@99 sell
        amend a limit 100
        print 6@99 sell
        """,
        """
        a: 2@99 maker in 5; open
        position: 2
        """,
    ),
    Case(
        "an amend to less than has filled",
        """
        book 5@99 / 5@101
        a: buy 5 limit 100
        print 3@99 sell
        amend a qty 2
        print 9@99 sell
        """,
        """
        a: 3@100 maker in 3; 2@100 maker in 5; filled
        position: 5
        """,
    ),
    Case(
        "gtd, filled in its last moment",
        """
        book 5@99 / 5@101
        a: buy 2 limit 100 gtd 3
        print 9@99 sell
        """,
        """
        a: 2@100 maker in 3; filled
        position: 2
        """,
    ),
    Case(
        "gtd, over before the next message",
        """
        book 5@99 / 5@101
        a: buy 2 limit 100 gtd 3
        wait 1
        print 9@99 sell
        """,
        """
        a: over
        position: 0
        """,
        differs=Difference(
            "R-TIM-3",
            "an order is over before a later event can fill it; nautilus_trader matches first",
        ),
    ),
    Case(
        "gtd, over while the market goes on",
        """
        book 5@99 / 5@101
        a: buy 2 limit 100 gtd 3
        wait 1
        bids 6@99
        print 9@99 sell
        """,
        """
        a: over
        position: 0
        """,
    ),
    Case(
        "gtd, over by the clock alone",
        """
        book 5@99 / 5@101
        a: buy 2 limit 100 gtd 3
        wait 4
        """,
        """
        a: over
        position: 0
        """,
        differs=Difference("R-TIM-5", "expiries are due by the clock; nautilus_trader waits for data"),
    ),
)
