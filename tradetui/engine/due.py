"""What is on its way to the simulated venue, or waits for its moment."""

from __future__ import annotations

import msgspec


class DueAction(msgspec.Struct, frozen=True):
    """Something that an order has before it: act, cancel, walk (a triggered stop), escalate."""

    what: str
    order_id: str
    symbol: str = ""
    """For what concerns a whole book."""
