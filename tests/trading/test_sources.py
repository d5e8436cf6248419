"""The chains of trigger sources, as the rules write them."""

from __future__ import annotations

import pytest

from tradetui.domain.order import TriggerBy
from tradetui.trading.sources import Source, effective

ALL = frozenset(Source)


@pytest.mark.parametrize(
    ("by", "chain"),
    [
        (TriggerBy.LAST, ["last", "mark", "mid", "index"]),
        (TriggerBy.MARK, ["mark", "index", "last"]),
        (TriggerBy.INDEX, ["index", "last"]),
        (TriggerBy.BID_ASK, ["bid_ask", "last", "mark", "mid", "index"]),
    ],
)
def test_the_next_live_source_of_the_chain_takes_the_place_of_one_that_is_not(
    by: TriggerBy, chain: list[str]
) -> None:
    live = set(ALL)
    for expected in chain:
        assert effective(by, live.__contains__) == expected
        live.remove(Source(expected))
    assert effective(by, live.__contains__) is None
