"""What is on its way to the simulated venue, or waits for its moment."""

from __future__ import annotations

import msgspec

from tradetui.domain.market_data import Trade


class DueAction(msgspec.Struct, frozen=True):
    """Something that an order has before it: act, cancel, walk (a triggered stop), escalate."""

    what: str
    order_id: str
    trade: Trade | None = None
    """The print that triggered the stop."""
    symbol: str = ""
    """For what concerns a whole book."""
