"""The names of the sets of assumptions that orders are matched by, and which of them are marked."""

from __future__ import annotations

from typing import Final

REALISTIC: Final = "realistic"
HARSH: Final = "harsh"
FRICTIONLESS: Final = "frictionless"
CUSTOM: Final = "custom"
CUSTOM_OPTIMISTIC: Final = "custom, optimistic"
"""Changed by hand, and nobody stands before a resting order (R-MAT-9)."""
SOUND: Final = frozenset({"", REALISTIC, HARSH})
"""Sets whose results need no warning beside them; an order from before they were stamped has none."""


def is_marked(name: str) -> bool:
    """Whether a result got under a set of this name is to be told from one that was harder to get."""
    return name not in SOUND
