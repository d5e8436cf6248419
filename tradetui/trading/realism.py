"""Sets of assumptions about the simulated venue, from generous to harsh.

Every order carries the name of the set that it is matched by, so that a result can be told from one
that was easier to get. A set that was changed by hand is called custom.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from tradetui.domain.number import ZERO
from tradetui.domain.realism import CUSTOM, CUSTOM_OPTIMISTIC
from tradetui.domain.realism import FRICTIONLESS as FRICTIONLESS_NAME
from tradetui.domain.realism import HARSH as HARSH_NAME
from tradetui.domain.realism import REALISTIC as REALISTIC_NAME
from tradetui.trading.match_types import MatchRules, QueueProfile

_MS: Final = 1_000_000


class Realism(msgspec.Struct, frozen=True, kw_only=True):
    """Latencies, slippages and matching rules that belong together; defaults are the realistic set."""

    name: str = REALISTIC_NAME
    entry_ns: int = 150 * _MS
    """From a new order to its arrival at the venue (R-LAT-1)."""
    cancel_ns: int = 100 * _MS
    amend_ns: int = 100 * _MS
    stop_ns: int = 100 * _MS
    """From a stop's trigger to its execution."""
    slip: Decimal = Decimal("0.0005")
    """Expected slippage of a stop, for sizes and the risk budget."""
    gap_slip: Decimal = Decimal("0.0005")
    """What a fill that was missed while offline pays on top (section 6.4)."""
    rules: MatchRules = MatchRules()


REALISTIC: Final = Realism()
FRICTIONLESS: Final = Realism(
    name=FRICTIONLESS_NAME,
    entry_ns=0,
    cancel_ns=0,
    amend_ns=0,
    stop_ns=0,
    slip=ZERO,
    gap_slip=ZERO,
    rules=MatchRules(carry=False, profile=QueueProfile.OPTIMISTIC),
)
"""What most paper engines do: no latency, nobody before us, taken liquidity comes back."""
HARSH: Final = Realism(
    name=HARSH_NAME,
    entry_ns=400 * _MS,
    cancel_ns=300 * _MS,
    amend_ns=300 * _MS,
    stop_ns=300 * _MS,
    slip=Decimal("0.0015"),
    gap_slip=Decimal("0.002"),
    rules=MatchRules(profile=QueueProfile.STRICT),
)
"""A slow line and the back of every queue: resting orders fill only when a print goes through them."""
PRESETS: Final = {preset.name: preset for preset in (FRICTIONLESS, REALISTIC, HARSH)}


def custom_name(rules: MatchRules) -> str:
    """What a set that was changed by hand is called: one without a queue says so."""
    return CUSTOM_OPTIMISTIC if rules.profile is QueueProfile.OPTIMISTIC else CUSTOM
