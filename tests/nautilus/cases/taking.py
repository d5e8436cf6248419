"""Orders that take what is displayed."""

from __future__ import annotations

from tests.nautilus.case import Case, Difference, Options
from tradetui.trading.match_types import MatchRules

_REMAINDER = Difference(
    "R-MAT-5",
    "what a market order does not find expires; nautilus_trader leaves it open and never walks again",
)

CASES = (
    Case(
        "a market order walks the levels",
        """
        book 5@99 / 1@100 2@100.5 5@101
        a: buy 4
        """,
        """
        a: 1@100 taker in 2; 2@100.5 taker in 2; 1@101 taker in 2; filled
        position: 4
        """,
    ),
    Case(
        "a market sell walks the bids",
        """
        book 1@100 2@99.5 5@99 / 5@101
        a: sell 4
        """,
        """
        a: 1@100 taker in 2; 2@99.5 taker in 2; 1@99 taker in 2; filled
        position: -4
        """,
    ),
    Case(
        "a market order that finds too little",
        """
        book 5@99 / 1@100 2@100.5
        a: buy 4
        asks 5@100.5
        """,
        """
        a: 1@100 taker in 2; 2@100.5 taker in 2; over
        position: 3
        """,
        differs=_REMAINDER,
    ),
    Case(
        "a market order without another side",
        """
        book 5@99 /
        a: buy 1
        """,
        """
        a: refused
        position: 0
        """,
    ),
    Case(
        "a market order before a hole in the book",
        """
        book 5@99 / 1@100 1@120
        a: buy 2
        """,
        """
        a: 1@100 taker in 2; over
        position: 1
        """,
        differs=Difference(
            "R-MAT-5", "a market order reaches 1 % and no further; nautilus_trader has no band by default"
        ),
    ),
    Case(
        "the band counted in ticks",
        """
        book 9@1000 / 1@1001 1@1002 1@1002.01
        a: buy 2
        b: buy 1
        """,
        """
        a: 1@1001 taker in 2; 1@1002 taker in 2; filled
        b: 1@1002.01 taker in 3; filled
        position: 3
        """,
        rules=MatchRules(band_bp=0, band_ticks=100),
        options=Options(points=100),
        differs=Difference(
            "R-MAT-5",
            "the band is counted from the best that we have not taken; "
            "nautilus_trader counts it from a level that it knows to be taken, and refuses",
        ),
    ),
    Case(
        "a market order of just what the band holds",
        """
        book 9@1000 / 1@1001 1@1002 1@1002.01
        a: buy 2
        """,
        """
        a: 1@1001 taker in 2; 1@1002 taker in 2; filled
        position: 2
        """,
        rules=MatchRules(band_bp=0, band_ticks=100),
        options=Options(points=100),
    ),
    Case(
        "what lies beyond the band stays for others",
        """
        book 9@1000 / 1@1001 1@1002 1@1002.01
        a: buy 3
        b: buy 1 limit 1002.01
        """,
        """
        a: 1@1001 taker in 2; 1@1002 taker in 2; over
        b: 1@1002.01 taker in 3; filled
        position: 3
        """,
        rules=MatchRules(band_bp=0, band_ticks=100),
        options=Options(points=100),
        differs=_REMAINDER,
    ),
    Case(
        "more than the book shows, where only the touch is known",
        """
        book 5@99 / 1@100
        a: buy 3
        """,
        """
        a: 1@100 taker in 2; over
        position: 1
        """,
        options=Options(touch_only=True),
        differs=Difference(
            "R-MAT-7",
            "nothing fills beyond the last known level; nautilus_trader fills the rest a tick on",
        ),
    ),
    Case(
        "a market order just after a print",
        """
        book 5@99 / 2@100 5@100.5
        a: buy 1 limit 98
        print 2@100 buy
        b: buy 2
        """,
        """
        a: open
        b: 2@100.5 taker in 4; filled
        position: 2
        """,
    ),
    Case(
        "post just after a print below the bid",
        """
        book 6@99 6@98.5 8@98 / 1@100
        print 6@98 sell
        a: sell 1 limit 98.5 post
        """,
        """
        a: refused
        position: 0
        """,
        differs=Difference(
            "R-MAT-6",
            "99 is displayed, so it would take; nautilus_trader believes the print when it decides "
            "and the book when it fills",
        ),
    ),
    Case(
        "a market order in a crossed book",
        """
        book 5@99 / 5@100 5@101
        bids 3@100.5
        a: buy 1
        """,
        """
        a: refused
        position: 0
        """,
        differs=Difference("section 6.2", "a crossed book carries no entry; nautilus_trader fills it"),
    ),
    Case(
        "a limit that crosses takes and rests",
        """
        book 5@99 / 1@100 2@100.5 5@101
        a: buy 4 limit 100.5
        """,
        """
        a: 1@100 taker in 2; 2@100.5 taker in 2; open
        position: 3
        """,
    ),
    Case(
        "what rests after taking is a maker",
        """
        book 5@99 / 1@100 2@100.5 5@101
        a: buy 4 limit 100.5
        book 5@100 / 5@101
        print 3@100.4 sell
        """,
        """
        a: 1@100 taker in 2; 2@100.5 taker in 2; 1@100.5 maker in 4; filled
        position: 4
        """,
    ),
    Case(
        "ioc takes what there is",
        """
        book 5@99 / 1@100 2@100.5 5@101
        a: buy 4 limit 100.5 ioc
        """,
        """
        a: 1@100 taker in 2; 2@100.5 taker in 2; over
        position: 3
        """,
    ),
    Case(
        "ioc that reaches nobody",
        """
        book 5@99 / 1@100
        a: buy 4 limit 99.5 ioc
        """,
        """
        a: over
        position: 0
        """,
    ),
    Case(
        "fok without enough takes nothing",
        """
        book 5@99 / 1@100 2@100.5 5@101
        a: buy 4 limit 100.5 fok
        """,
        """
        a: over
        position: 0
        """,
    ),
    Case(
        "fok with enough",
        """
        book 5@99 / 1@100 2@100.5 5@101
        a: buy 3 limit 100.5 fok
        """,
        """
        a: 1@100 taker in 2; 2@100.5 taker in 2; filled
        position: 3
        """,
    ),
    Case(
        "a fok that takes nothing, and who comes after it",
        """
        book 5@99 / 3@100 5@101
        a: buy 2
        b: buy 2 limit 100 fok
        c: buy 1 limit 100 fok
        """,
        """
        a: 2@100 taker in 2; filled
        b: over
        c: 1@100 taker in 4; filled
        position: 3
        """,
        differs=Difference(
            "R-MAT-6",
            "a fok that can not fill takes nothing; in nautilus_trader it takes liquidity away "
            "although it fills nothing, and the next order finds none",
        ),
    ),
    Case(
        "fok after a level that we took",
        """
        book 5@99 / 3@100 5@101
        a: buy 2
        b: buy 2 limit 100 fok
        """,
        """
        a: 2@100 taker in 2; filled
        b: over
        position: 2
        """,
    ),
    Case(
        "post that would take",
        """
        book 5@99 / 1@100
        a: buy 1 limit 100 post
        b: buy 1 limit 99.99 post
        """,
        """
        a: refused
        b: open
        position: 0
        """,
    ),
)
