"""The prices that triggers look at, and which takes the place of one that is not live (section 6.3).

Each source has a chain; the first live one of it counts. Nothing is ever dropped: where none is live an
order stays armed. The rules name no chain of bid and ask: where they are not live, that of last counts.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from tradetui.domain.event import TriggerSourceFallback
from tradetui.domain.order import TriggerBy


class Source(StrEnum):
    """A price that the market gives."""

    LAST = "last"
    MARK = "mark"
    INDEX = "index"
    BID_ASK = "bid_ask"
    MID = "mid"
    """Of an uncrossed book that may be filled against."""


CHAINS: Final[dict[TriggerBy, tuple[Source, ...]]] = {
    TriggerBy.LAST: (Source.LAST, Source.MARK, Source.MID, Source.INDEX),
    TriggerBy.MARK: (Source.MARK, Source.INDEX, Source.LAST),
    TriggerBy.INDEX: (Source.INDEX, Source.LAST),
    TriggerBy.BID_ASK: (Source.BID_ASK, Source.LAST, Source.MARK, Source.MID, Source.INDEX),
}


OWN: Final = {by: chain[0] for by, chain in CHAINS.items()}
"""What each trigger source looks at while it is live."""


def effective(by: TriggerBy, is_live: Callable[[Source], bool]) -> Source | None:
    """The source that counts now for orders by a source; None while none of its chain is live."""
    return next((source for source in CHAINS[by] if is_live(source)), None)


def with_switch(told: dict[str, str], switch: TriggerSourceFallback) -> dict[str, str]:
    """What counts in the place of which source; one that is back is not kept."""
    key = fallback_key(switch.symbol, switch.by)
    others = {name: source for name, source in told.items() if name != key}
    return others if switch.source == switch.by.value else others | {key: switch.source}


def fallback_key(symbol: str, by: TriggerBy) -> str:
    """Under which key a state keeps what counts for a symbol's orders by a source."""
    return f"{symbol} {by.value}"
