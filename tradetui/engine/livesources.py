"""Which prices of a symbol are live, and what they are (sections 6.2 and 6.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Final, Protocol

from tradetui.domain.market_data import FeedState, Side
from tradetui.domain.order import TriggerBy
from tradetui.domain.reply import Reason
from tradetui.engine.refusals import refuse
from tradetui.market.market import Market
from tradetui.trading.sources import CHAINS, OWN, Source, effective
from tradetui.trading.triggers import Look

LOST: Final = (FeedState.CONNECTING, FeedState.STALE, FeedState.DOWN)
"""The connection itself is not to be trusted: what it said before counts no more."""
STALE_NS: Final = 10_000_000_000


class Heard(Protocol):
    """One symbol as far as its prices are judged: what is known, and since when that can be relied on."""

    market: Market
    lost_ts: int
    since_ts: int

    @property
    def symbol(self) -> str:
        """The symbol."""
        ...

    @property
    def is_fresh(self) -> bool:
        """Whether orders may be filled by its book."""
        ...

    def mid(self) -> Decimal | None:
        """The middle of its best bid and ask."""
        ...


class LiveSources:
    """Judges the prices of one symbol; ages are counted between its own messages."""

    def __init__(self, desk: Heard) -> None:
        self._desk = desk
        self.stale_ns = STALE_NS
        """Mark and index come regularly: one that is older than this beside other prices is not live."""
        self.in_use: tuple[TriggerBy, ...] = ()
        """What armed orders look at."""
        self._watched: tuple[tuple[TriggerBy, Source, Callable[[], bool]], ...] = ()
        self._live: dict[Source, Callable[[], bool]] = {
            Source.LAST: self._prints,
            Source.MARK: self._has_mark,
            Source.INDEX: self._has_index,
            Source.BID_ASK: self._is_quoted,
            Source.MID: self._has_middle,
        }

    def watch(self, used: Iterable[TriggerBy]) -> None:
        """Note what armed orders look at."""
        self.in_use = tuple(dict.fromkeys(used))
        self._watched = tuple((by, OWN[by], self._live[OWN[by]]) for by in self.in_use)

    def now(self) -> list[tuple[TriggerBy, Source | None]]:
        """The source that counts now for each that armed orders look at."""
        return [(by, own if is_live() else effective(by, self.is_live)) for by, own, is_live in self._watched]

    def source_for(self, by: TriggerBy) -> Source | None:
        """The source that counts now for orders by a source; None while none of its chain is live."""
        own = OWN[by]
        return own if self._live[own]() else effective(by, self.is_live)

    def price(self, by: TriggerBy, side: Side) -> float | None:
        """What an order would be held against now: of what is live, else the newest that is known."""
        source = self.source_for(by)
        chain = CHAINS[by] if source is None else (source, *CHAINS[by])
        return next((price for each in chain if (price := self.price_of(each, side)) is not None), None)

    def look(self, by: TriggerBy, source: Source) -> Look | None:
        """What the orders by a source see where a source counts for them; None where it has no price."""
        sells, buys = self.price_of(source, Side.SELL), self.price_of(source, Side.BUY)
        return None if sells is None or buys is None else Look(by, sells, buys)

    def is_computed(self, by: TriggerBy) -> bool:
        """Whether a price that is not of this book counts for orders by a source: mark or index."""
        return by is not TriggerBy.LAST and self.source_for(by) in (Source.MARK, Source.INDEX)

    def check(self, *wanted: TriggerBy | None) -> None:
        """Raises Refused for a source that the symbol has not: spot has no mark price."""
        market = self._desk.market
        known = {TriggerBy.MARK: market.mark, TriggerBy.INDEX: market.index}
        for by in wanted:
            if by in known and known[by] is None and not market.instrument.is_perpetual:
                raise refuse(
                    Reason.TRIGGER_SOURCE,
                    f"{self._desk.symbol} has no {by.value} price",
                    mend="last and bid_ask would pass",
                )

    def is_live(self, source: Source) -> bool:
        """Whether a source may fire triggers now."""
        return self._live[source]()

    def price_of(self, source: Source, side: Side) -> float | None:
        """The newest price of a source; of a quote the side that an order of a side looks at."""
        market, quote = self._desk.market, self._desk.market.quote
        if source is Source.MID:
            mid = self._desk.mid()
            return float(mid) if mid is not None else None
        if source is Source.BID_ASK:
            return None if quote is None else (quote.ask if side is Side.BUY else quote.bid)
        return {Source.LAST: market.last_price, Source.MARK: market.mark}.get(source, market.index)

    def _prints(self) -> bool:
        """Whether prints can be relied on; a symbol that never printed gets some time to begin."""
        last = self._desk.market.tape.last
        if last is None:
            return self._desk.market.feed_state not in LOST and self._is_recent(self._desk.since_ts)
        return self._flows(last.ts_received)

    def _has_mark(self) -> bool:
        market = self._desk.market
        return market.mark is not None and self._is_recent(market.ts_mark) and self._flows(market.ts_mark)

    def _has_index(self) -> bool:
        market = self._desk.market
        return market.index is not None and self._is_recent(market.ts_index) and self._flows(market.ts_index)

    def _is_quoted(self) -> bool:
        quote = self._desk.market.quote
        return quote is not None and self._flows(quote.ts_received)

    def _has_middle(self) -> bool:
        return self._desk.is_fresh and self._desk.mid() is not None

    def _flows(self, ts: int) -> bool:
        """What came before the connection was lost counts no more; what came since does.

        Prints and quotes are silent where nothing happens: there the connection alone says whether they live.
        """
        return self._desk.market.feed_state not in LOST or ts > self._desk.lost_ts

    def _is_recent(self, ts: int) -> bool:
        market = self._desk.market
        return max(market.ts_received, market.ts_mark) - ts <= self.stale_ns
