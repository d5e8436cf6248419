"""Every fault of the plan at every venue, against a real socket on loopback that speaks its protocol."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.exchanges.plan.every import in_order
from tests.exchanges.plan.fault import Fault
from tests.exchanges.table import played
from tests.exchanges.venues.every import CAPTURED, WAYS

CASES = [
    pytest.param(
        fault,
        venue,
        through,
        id=f"{fault.number:02}-{fault.name}-{venue}-{through}",
        marks=[pytest.mark.long] if fault.is_for_the_long_run(venue, through) else [],
    )
    for fault in in_order()
    for venue, through in WAYS
    if not fault.reason(venue, through)
]


@pytest.mark.parametrize(("fault", "venue", "through"), CASES)
async def test_a_fault_is_told_for_what_it_is_and_survived(
    request: pytest.FixtureRequest, fault: Fault, venue: str, through: str
) -> None:
    if fault.is_for_the_long_run(venue, through) and "long" not in request.config.option.markexpr:
        pytest.skip("the long profile: run with -m long")
    captures: Path | None = request.getfixturevalue("captures") if venue in CAPTURED else None
    await played(fault, venue, through, captures)
