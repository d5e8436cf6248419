"""Orders that wait in the book: the queue ahead of them, and prints."""

from __future__ import annotations

from tests.nautilus.case import Case, Difference, Options

CASES = (
    Case(
        "the queue ahead is eaten first",
        """
        book 100@99 5@98 / 5@100
        a: buy 50 limit 99
        print 80@99 sell
        print 30@99 sell
        print 50@99 sell
        """,
        """
        a: 10@99 maker in 4; 40@99 maker in 5; filled
        position: 50
        """,
    ),
    Case(
        "the same queue on the ask",
        """
        book 5@98 / 100@99 5@100
        a: sell 50 limit 99
        print 80@99 buy
        print 30@99 buy
        print 50@99 buy
        """,
        """
        a: 10@99 maker in 4; 40@99 maker in 5; filled
        position: -50
        """,
    ),
    Case(
        "what a print leaves of the queue is ours",
        """
        book 1@99 5@98 / 5@100
        a: buy 3 limit 99
        print 2@99 sell
        print 2@99 sell
        """,
        """
        a: 1@99 maker in 3; 2@99 maker in 4; filled
        position: 3
        """,
    ),
    Case(
        "the queue, with nautilus_trader's default",
        """
        book 100@99 5@98 / 5@100
        a: buy 50 limit 99
        print 80@99 sell
        """,
        """
        a: open
        position: 0
        """,
        options=Options(queue=False),
        differs=Difference("R-MAT-3", "only what the queue leaves is ours; queue_position is off by default"),
    ),
    Case(
        "prints, where nautilus_trader does not match them",
        """
        book 5@99 / 5@101
        a: buy 5 limit 100
        print 2@99 sell
        """,
        """
        a: 2@100 maker in 3; open
        position: 2
        """,
        options=Options(prints=False, queue=False),
        differs=Difference("R-MAT-3", "a print through our price fills us; not with trade_execution off"),
    ),
    Case(
        "two orders of ours at one price",
        """
        book 100@99 5@98 / 5@100
        a: buy 50 limit 99
        b: buy 50 limit 99
        print 120@99 sell
        print 40@99 sell
        """,
        """
        a: 20@99 maker in 4; 30@99 maker in 5; filled
        b: 10@99 maker in 5; open
        position: 60
        """,
        differs=Difference(
            "R-MAT-13",
            "our second order stands behind our first, one budget a print; "
            "nautilus_trader lets each stand at the end of the same queue and gives the 20 to both",
        ),
    ),
    Case(
        "a print shared by two prices",
        """
        book 5@98 / 5@101
        a: buy 5 limit 100
        b: buy 5 limit 99.5
        print 7@99 sell
        """,
        """
        a: 5@100 maker in 4; filled
        b: 2@99.5 maker in 4; open
        position: 7
        """,
    ),
    Case(
        "a print shared by two prices, with nautilus_trader's defaults",
        """
        book 5@98 / 5@101
        a: buy 5 limit 100
        b: buy 5 limit 99.5
        print 7@99 sell
        """,
        """
        a: 5@100 maker in 4; filled
        b: 2@99.5 maker in 4; open
        position: 7
        """,
        options=Options(consumption=False, queue=False),
        differs=Difference("R-MAT-4", "a print fills us once over all our orders, not each of them whole"),
    ),
    Case(
        "a print that passes one of ours on its way to another",
        """
        book 3@99 8@98.5 / 8@100
        a: buy 6 limit 99
        b: buy 3 limit 99.5
        print 6@99 sell
        """,
        """
        a: open
        b: 3@99.5 maker in 4; filled
        position: 3
        """,
        differs=Difference(
            "R-MAT-13",
            "3 of the 6 are ours at 99.5, so only 3 are left to eat the queue at 99; "
            "nautilus_trader gives out 9 of them",
        ),
    ),
    Case(
        "alone at a new price",
        """
        book 5@99 / 5@101
        a: buy 5 limit 100
        print 3@100 sell
        """,
        """
        a: 3@100 maker in 3; open
        position: 3
        """,
    ),
    Case(
        "prints through our price are capped by their size",
        """
        book 5@99 / 5@101
        a: buy 5 limit 100
        print 2@99 sell
        print 10@99 sell
        """,
        """
        a: 2@100 maker in 3; 3@100 maker in 4; filled
        position: 5
        """,
    ),
    Case(
        "a print through our price ends the queue",
        """
        book 100@99 50@98 / 5@100
        a: buy 5 limit 99
        print 2@98 sell
        """,
        """
        a: 2@99 maker in 3; open
        position: 2
        """,
        differs=Difference(
            "R-MAT-3",
            "a print strictly through our price proves that the queue is gone (7.4); "
            "nautilus_trader waits until the level is deleted or eaten at its price",
        ),
    ),
    Case(
        "a print through our price after the level went",
        """
        book 100@99 50@98 / 5@100
        a: buy 5 limit 99
        bids 0@99
        print 2@98 sell
        """,
        """
        a: 2@99 maker in 4; open
        position: 2
        """,
    ),
    Case(
        "a print by the same side",
        """
        book 10@99 5@98 / 5@100
        a: buy 5 limit 99
        print 40@99 buy
        """,
        """
        a: open
        position: 0
        """,
    ),
    Case(
        "a print at our price by nobody knows whom",
        """
        book 10@99 5@98 / 5@100
        a: buy 5 limit 99
        print 12@99
        """,
        """
        a: open
        position: 0
        """,
        differs=Difference("R-MAT-10", "an unknown aggressor counts only strictly through our price"),
    ),
    Case(
        "a print through our price by nobody knows whom",
        """
        book 5@98 / 5@101
        a: buy 5 limit 100
        print 2@99
        """,
        """
        a: 2@100 maker in 3; open
        position: 2
        """,
    ),
    Case(
        "a print that is told late",
        """
        book 10@99 5@98 / 5@100
        a: buy 5 limit 99
        bids 6@98
        print 12@99 sell late
        """,
        """
        a: 2@99 maker in 4; open
        position: 2
        """,
    ),
    Case(
        "print first, then the depth that it explains",
        """
        book 100@99 5@98 / 5@100
        a: buy 50 limit 99
        print 30@99 sell
        bids 70@99
        print 80@99 sell
        """,
        """
        a: 10@99 maker in 5; open
        position: 10
        """,
    ),
    Case(
        "depth first, then the print that explains it",
        """
        book 100@99 5@98 / 5@100
        a: buy 50 limit 99
        bids 70@99
        print 30@99 sell
        print 80@99 sell
        """,
        """
        a: 10@99 maker in 5; open
        position: 10
        """,
    ),
    Case(
        "those ahead cancel",
        """
        book 100@99 5@98 / 5@100
        a: buy 50 limit 99
        bids 70@99
        wait 12
        print 80@99 sell
        """,
        """
        a: 10@99 maker in 16; open
        position: 10
        """,
        differs=Difference(
            "section 7.4",
            "no queue is longer than its level: 70 were ahead; nautilus_trader keeps the 100 of our arrival",
        ),
    ),
    Case(
        "a level that goes and comes, long ago",
        """
        book 100@99 5@98 / 5@100
        a: buy 50 limit 99
        bids 0@99
        bids 40@99
        wait 12
        print 20@99 sell
        """,
        """
        a: 20@99 maker in 17; open
        position: 20
        """,
    ),
    Case(
        "a level that goes and comes, and its print",
        """
        book 100@99 5@98 / 5@100
        a: buy 50 limit 99
        bids 0@99
        bids 40@99
        print 20@99 sell
        """,
        """
        a: open
        position: 0
        """,
        differs=Difference(
            "R-MAT-14",
            "within a second the print is taken for what the depth already showed (7.4, the list U); "
            "nautilus_trader counts it again",
        ),
    ),
    Case(
        "the whole book anew",
        """
        book 100@99 5@98 / 5@100
        a: buy 50 limit 99
        book 100@99 5@98 / 5@100
        print 20@99 sell
        """,
        """
        a: open
        position: 0
        """,
        differs=Difference(
            "R-MD-2",
            "a resync is an ordinary update: 100 are still ahead; a snapshot clears nautilus_trader's queues",
        ),
    ),
)
