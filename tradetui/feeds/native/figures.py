"""What tickers tell beside the quote: figures of 24 hours, funding, open interest; read a few times a second.

A ticker comes with each quote and its figures hardly move meanwhile, so they are decoded by themselves
when it is time. Ones that can not be read cost nobody the quote.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Final, TypeVar

import msgspec

EVERY_NS: Final = 250_000_000
"""A symbol's figures are read no more often."""
Signed = Annotated[float, msgspec.Meta(ge=-1e300, le=1e300)]
"""A change or a rate: any number that is one."""
Read = TypeVar("Read")


class Figures:
    """Says of each symbol whether it is time to read its figures."""

    def __init__(self) -> None:
        self._read_at: dict[str, int] = {}

    def are_due(self, symbol: str, ts_received: int) -> bool:
        """Whether they have not been read for a while; then they are noted as read."""
        if 0 <= ts_received - self._read_at.get(symbol, 0) < EVERY_NS:
            return False
        self._read_at[symbol] = ts_received
        return True


def readable(decode: Callable[[msgspec.Raw], Sequence[Read]], raw: msgspec.Raw) -> Sequence[Read]:
    """What a decoder makes of figures; nothing where it refuses them."""
    try:
        return decode(raw)
    except msgspec.MsgspecError:
        return ()
