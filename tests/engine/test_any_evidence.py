"""The random markets are not blind: every way to fill, to be liquidated and to pay funding occurs in them."""

from __future__ import annotations

import pytest

from tests.engine.market import SECOND
from tests.engine.test_any_gap import GappedScript
from tests.engine.test_any_limits import LimitScript
from tests.engine.test_any_market import Script
from tests.engine.test_any_symbols import RoomScript
from tests.engine.test_any_venue import WideScript
from tradetui.domain.event import ClockJumped, Event, Filled, FundingPaid, Liquidated
from tradetui.domain.fill import Evidence

COMMON = {
    Evidence.BOOK_LEVEL,
    Evidence.PRINT_AT,
    Evidence.PRINT_THROUGH,
    Evidence.CROSSED_QUOTE,
    Evidence.CROSSED_BOOK,
    "liquidated",
    "funding paid",
    "clock set forward",
    "clock set back",
}
SEEDS = 60
"""So many scripts must show all of it."""


def kind(event: Event) -> str:
    """What an event shows that a market has to bring about."""
    match event.body:
        case Filled(fill=fill):
            return fill.receipt.evidence
        case Liquidated():
            return "liquidated"
        case FundingPaid():
            return "funding paid"
        case ClockJumped(delta_ns=delta):
            return "clock set forward" if delta > SECOND else "clock set back"
        case _:
            return ""


@pytest.mark.parametrize(
    ("made", "telling", "wanted"),
    [
        (Script, (31, 16), COMMON),
        (GappedScript, (26, 3), COMMON | {Evidence.GAP, Evidence.INSURANCE}),
        (WideScript, (7, 59, 3), COMMON),
        (LimitScript, (67, 53), COMMON),
        (RoomScript, (7, 3, 26), COMMON | {Evidence.INSURANCE}),
    ],
)
def test_a_few_scripts_meet_every_kind_of_evidence(
    made: type[Script | RoomScript], telling: tuple[int, ...], wanted: set[str]
) -> None:
    """The first ones do; where a generator has changed, others have to."""
    met: set[str] = set()
    for seed in (*telling, *range(SEEDS)):
        script = made(seed)
        script.run(40)
        met |= {kind(event) for event in script.table.journal}
        if wanted <= met:
            return
    raise AssertionError(f"{SEEDS} scripts did not show {sorted(wanted - met)}")
