"""All forms of all faults, in the order of the plan."""

from __future__ import annotations

from tests.exchanges.plan import books, links, others, values
from tests.exchanges.plan.fault import FAULTS, Fault

PARTS = (books, links, values, others)
"""Importing them fills the plan."""
NAMES = {
    1: "gap",
    2: "duplicate",
    3: "reorder",
    4: "bad checksum",
    5: "lost snapshot",
    6: "stale or future snapshot",
    7: "no acknowledgement",
    8: "subscription refused",
    9: "half-open",
    10: "frozen, pongs alive",
    11: "malformed frame",
    12: "error frame",
    13: "close or reset",
    14: "accept-then-close storm",
    15: "handshake refused or hanging",
    16: "REST 429, 418",
    17: "REST 5xx, HTML, TLS",
    18: "cut in the snapshot",
    19: "late data",
    20: "burst of 5,000",
    21: "huge frame",
    22: "times that can not be",
    23: "crossed or locked",
    24: "values that can not be",
    25: "halted or delisted",
    26: "big move while away",
    27: "maintenance notice",
    28: "fragments, deflate",
    29: "two at once",
    30: "answered twice",
    31: "no pongs, data flows",
    32: "half a stream",
}


def in_order() -> list[Fault]:
    """The plan by number."""
    return sorted(FAULTS, key=lambda each: each.number)
