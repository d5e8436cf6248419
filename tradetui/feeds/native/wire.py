"""Numbers and times as venues write them, checked while they are decoded.

Prices and sizes arrive as strings or numbers and are read straight into floats; NaN, infinities, prices
that are not above zero and negative sizes are refused by the decoder.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import msgspec

Price = Annotated[float, msgspec.Meta(gt=0, lt=1e300)]
Quantity = Annotated[float, msgspec.Meta(ge=0, lt=1e300)]
TradedQuantity = Annotated[float, msgspec.Meta(gt=0, lt=1e300)]
Millis = Annotated[int, msgspec.Meta(ge=0)]
"""Whether such a time can be is judged where messages are delivered."""
Levels = list[tuple[Price, Quantity]]
MS: Final = 1_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def moment_ns(moment: datetime) -> int:
    """A moment with its zone as nanoseconds UTC."""
    return (moment - _EPOCH) // _MICROSECOND * 1_000
