"""Stops that go to market when a price is reached."""

from __future__ import annotations

from tests.nautilus.case import Case, Difference

_SOURCE = Difference(
    "R-TRG-1",
    "a trigger looks at the last price; nautilus_trader's simulation only at the best bid or ask (8.1)",
)

ONE_PRICE = Difference(
    "section 7.2",
    "a print has one price: all of it was taken there, and what stood before it was gone by then; "
    "nautilus_trader spreads its size over the levels from the best on",
)

CASES = (
    Case(
        "a buy stop touched by a print that walks the book",
        """
        book 5@99 / 10@100 5@100.25 9@100.5
        print 0.1@99.5 buy
        a: buy 5 trigger 100.25
        print 12@100.25 buy
        """,
        """
        a: 5@100.5 taker in 4; filled
        position: 5
        """,
        differs=ONE_PRICE,
    ),
    Case(
        "a sell stop touched by a print that walks the book",
        """
        book 10@100 5@99.75 9@99.5 / 5@101
        print 0.1@100.5 sell
        a: sell 5 trigger 99.75
        print 12@99.75 sell
        """,
        """
        a: 5@99.5 taker in 4; filled
        position: -5
        """,
        differs=ONE_PRICE,
    ),
    Case(
        "a buy stop at the ask, touched by a print there",
        """
        book 5@99 / 10@100 5@100.25
        print 0.1@99.5 buy
        a: buy 5 trigger 100
        print 8@100 buy
        """,
        """
        a: 2@100 taker in 4; 3@100.25 taker in 4; filled
        position: 5
        """,
        differs=Difference(
            "R-TRG-1", "nothing traded at 100 yet; nautilus_trader refuses because the ask stands there"
        ),
    ),
    Case(
        "a print that the book has seen already",
        """
        book 5@99 / 10@100 5@100.25 9@100.5
        print 0.1@99.5 buy
        a: buy 5 trigger 100.25
        asks 0@100 4@100.25
        bids 6@99
        print 12@100.5 buy late
        """,
        """
        a: 4@100.25 taker in 6; 1@100.5 taker in 6; filled
        position: 5
        """,
        differs=_SOURCE,
    ),
    Case(
        "a late print eats nothing of a newer book",
        """
        book 5@99 / 10@100 5@100.25 9@100.5
        print 0.1@99.5 buy
        a: buy 5 trigger 100.25
        bids 6@99
        print 12@100.25 buy late
        """,
        """
        a: 5@100 taker in 5; filled
        position: 5
        """,
    ),
    Case(
        "a stop in a gap fills behind it",
        """
        book 5@100 / 5@100.1
        print 0.1@100 sell
        a: sell 2 trigger 99.5
        book 1@98 5@97.5 / 5@98.1
        print 1@98 sell
        """,
        """
        a: 2@97.5 taker in 5; filled
        position: -2
        """,
        differs=Difference(
            "R-TRG-1",
            "the print fires it and has eaten the best bid; nautilus_trader fires by the quote before it",
        ),
    ),
    Case(
        "a stop reached by the quote alone",
        """
        book 5@100 / 5@100.1
        print 0.1@100 sell
        a: sell 2 trigger 99.5
        book 5@99.4 / 5@99.6
        """,
        """
        a: open
        position: 0
        """,
        differs=_SOURCE,
    ),
    Case(
        "two prints before the book tells of either",
        """
        book 5@100 9@99 9@98 / 5@100.1
        print 0.1@100 sell
        a: sell 2 trigger 99
        print 5@100 sell
        print 9@99 sell
        """,
        """
        a: 2@98 taker in 5; filled
        position: -2
        """,
    ),
    Case(
        "a stop that the price has not reached",
        """
        book 5@100 / 5@100.1
        print 0.1@100 sell
        a: sell 2 trigger 99.5
        print 1@99.51 sell
        """,
        """
        a: open
        position: 0
        """,
    ),
    Case(
        "a stop that the price has passed when it comes",
        """
        book 5@99 / 5@99.1
        print 0.1@99 sell
        a: sell 2 trigger 100
        """,
        """
        a: refused
        position: 0
        """,
    ),
    Case(
        "a protective stop fired by a print",
        """
        book 2@99 3@98 5@97 / 5@100
        a: buy 4
        x: stop 98
        print 3@98 sell
        """,
        """
        a: 4@100 taker in 2; filled
        x: 4@97 taker in 4; filled
        position: 0
        """,
        differs=ONE_PRICE,
    ),
    Case(
        "a protective stop that finds too little",
        """
        book 2@99 3@98 / 5@100
        a: buy 4
        x: stop 98
        print 3@98 sell
        bids 0@99 0@98 9@97
        """,
        """
        a: 4@100 taker in 2; filled
        x: 4@97 taker in 5; filled
        position: 0
        """,
        differs=ONE_PRICE,
    ),
    Case(
        "a protective stop's rest, and a price that came back",
        """
        book 2@99 3@98 / 5@100
        a: buy 4
        x: stop 98
        print 3@98 sell
        bids 9@99
        """,
        """
        a: 4@100 taker in 2; filled
        x: 4@99 taker in 5; filled
        position: 0
        """,
        differs=Difference(
            "R-MAT-8",
            "a fired stop is latched and walks with every change of the book; "
            "nautilus_trader's waits for its trigger again",
        ),
    ),
    Case(
        "two stops and one print",
        """
        book 1@98 0.6@97 1@96.5 3@96 / 5@99
        d: sell 1 trigger 97
        a: buy 1
        x: stop 97
        print 1@97 sell
        """,
        """
        d: 1@96 taker in 5; filled
        a: 1@99 taker in 3; filled
        x: 1@96.5 taker in 5; filled
        position: -1
        """,
        differs=Difference(
            "R-TIM-5",
            "protective stops walk before others; nautilus_trader goes by their arrival",
        ),
    ),
    Case(
        "a moved trigger",
        """
        book 5@100 9@99 9@98 / 5@100.1
        print 0.1@100 sell
        a: sell 2 trigger 99.5
        amend a trigger 98.5
        print 5@99.2 sell
        print 14@98.5 sell
        """,
        """
        a: 2@98 taker in 6; filled
        position: -2
        """,
    ),
    Case(
        "a trigger moved through the market",
        """
        book 5@100 9@99 9@98 / 5@100.1
        print 0.1@100 sell
        a: sell 2 trigger 99
        amend a trigger 100.05
        print 5@99.5 sell
        """,
        """
        a: open
        position: 0
        """,
    ),
)
