"""What we have taken of the displayed book, and whom we may not take from."""

from __future__ import annotations

from tests.nautilus.case import Case, Difference, Options
from tradetui.trading.match_types import MatchRules, SelfTrade

_RESET = MatchRules(carry=False)

CASES = (
    Case(
        "a level that we took is gone for us",
        """
        book 5@99 / 1@100 5@101
        a: buy 1
        b: buy 1
        """,
        """
        a: 1@100 taker in 2; filled
        b: 1@101 taker in 3; filled
        position: 2
        """,
    ),
    Case(
        "a level that we took, with nautilus_trader's default",
        """
        book 5@99 / 1@100 5@101
        a: buy 1
        b: buy 1
        """,
        """
        a: 1@100 taker in 2; filled
        b: 1@101 taker in 3; filled
        position: 2
        """,
        options=Options(consumption=False),
        differs=Difference(
            "R-MAT-4", "what is displayed fills us once; liquidity_consumption is off by default"
        ),
    ),
    Case(
        "a taken level that says nothing new",
        """
        book 500@99 / 100@100 500@101
        a: buy 30
        b: buy 50
        c: buy 50 limit 100 ioc
        """,
        """
        a: 30@100 taker in 2; filled
        b: 50@100 taker in 3; filled
        c: 20@100 taker in 4; over
        position: 100
        """,
    ),
    Case(
        "a taken level that grows",
        """
        book 500@99 / 100@100 500@101
        a: buy 80
        asks 120@100
        c: buy 50 limit 100 ioc
        """,
        """
        a: 80@100 taker in 2; filled
        c: 40@100 taker in 4; over
        position: 120
        """,
        differs=Difference(
            "section 7.2",
            "our taking is carried until the level shrinks; nautilus_trader forgets it with any change",
        ),
    ),
    Case(
        "a taken level that grows, in reset mode",
        """
        book 500@99 / 100@100 500@101
        a: buy 80
        asks 120@100
        c: buy 50 limit 100 ioc
        """,
        """
        a: 80@100 taker in 2; filled
        c: 50@100 taker in 4; filled
        position: 130
        """,
        rules=_RESET,
    ),
    Case(
        "a taken level that shrinks",
        """
        book 500@99 / 100@100 500@101
        a: buy 80
        asks 60@100
        c: buy 50 limit 100 ioc
        """,
        """
        a: 80@100 taker in 2; filled
        c: 20@100 taker in 4; over
        position: 100
        """,
        differs=Difference(
            "section 7.2",
            "a level that shrinks lost first what we took: 20 are left; nautilus_trader gives all 60 again",
        ),
    ),
    Case(
        "a taken level that shrinks, in reset mode",
        """
        book 500@99 / 100@100 500@101
        a: buy 80
        asks 60@100
        c: buy 50 limit 100 ioc
        """,
        """
        a: 80@100 taker in 2; filled
        c: 50@100 taker in 4; filled
        position: 130
        """,
        rules=_RESET,
    ),
    Case(
        "a taken level that is said again unchanged",
        """
        book 500@99 / 100@100 500@101
        a: buy 80
        asks 100@100
        c: buy 50 limit 100 ioc
        """,
        """
        a: 80@100 taker in 2; filled
        c: 20@100 taker in 4; over
        position: 100
        """,
        rules=_RESET,
        differs=Difference(
            "section 7.2",
            "an update that changes nothing gives nothing back, in either mode; "
            "nautilus_trader forgets what we took with every message about the level",
        ),
    ),
    Case(
        "a taken level after a resync",
        """
        book 500@99 / 100@100 500@101
        a: buy 80
        book 500@99 / 100@100 500@101
        c: buy 50 limit 100 ioc
        """,
        """
        a: 80@100 taker in 2; filled
        c: 20@100 taker in 4; over
        position: 100
        """,
        differs=Difference(
            "R-MD-2", "reconnecting refills nothing; a snapshot clears nautilus_trader's consumption"
        ),
    ),
    Case(
        "a taken level that went and came",
        """
        book 500@99 / 100@100 500@101
        a: buy 80
        asks 0@100
        asks 100@100
        c: buy 50 limit 100 ioc
        """,
        """
        a: 80@100 taker in 2; filled
        c: 50@100 taker in 5; filled
        position: 130
        """,
    ),
    Case(
        "a position that turns in one order",
        """
        book 200@50 / 200@50.01
        a: buy 100
        book 200@51 / 200@51.01
        b: sell 150
        """,
        """
        a: 100@50.01 taker in 2; filled
        b: refused
        position: 100
        """,
        differs=Difference(
            "section 9, 8", "a plain order does not turn a position, only the command to reverse does"
        ),
    ),
    Case(
        "a position that turns in two orders",
        """
        book 200@50 / 200@50.01
        a: buy 100
        book 200@51 / 200@51.01
        b: sell 100
        c: sell 50
        """,
        """
        a: 100@50.01 taker in 2; filled
        b: 100@51 taker in 4; filled
        c: 50@51 taker in 5; filled
        position: -50
        """,
    ),
    Case(
        "a taker that meets our own order",
        """
        book 5@99 / 1@100 2@100.5
        a: sell 1 limit 100.5
        b: buy 3
        """,
        """
        a: open
        b: 1@100 taker in 3; over
        position: 1
        """,
        differs=Difference(
            "section 7.7", "self-trade prevention expires the taker; nautilus_trader has none"
        ),
    ),
    Case(
        "a taker that passes our own order by",
        """
        book 5@99 / 1@100 2@100.5
        a: sell 1 limit 100.5
        b: buy 3
        """,
        """
        a: open
        b: 1@100 taker in 3; 2@100.5 taker in 3; filled
        position: 3
        """,
        rules=MatchRules(self_trade=SelfTrade.NONE),
    ),
)
