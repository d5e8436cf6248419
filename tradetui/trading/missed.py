"""What is known of a time that nobody watched: prints and candles of the last price, of mark and index.

Each order looks at its own price. Where nothing is known of that, it looks at the next one of its chain
(section 6.3): in minutes that no candle tells, and in the minute of the loss, whose candle says how far
the price went at most and not when. Prints are better than candles, where they are whole.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

import msgspec

from tradetui.domain.market_data import (
    Candle,
    CandleHistory,
    MarketMessage,
    MissedCandles,
    MissedTrades,
    PriceKind,
    Side,
    Timeframe,
    Trade,
)
from tradetui.domain.number import MONEY
from tradetui.domain.order import TriggerBy
from tradetui.trading.gaps import MINUTE_NS, Passage, candle_passages, trade_passages

CHAINS: Final = {
    TriggerBy.LAST: (PriceKind.LAST, PriceKind.MARK, PriceKind.INDEX),
    TriggerBy.MARK: (PriceKind.MARK, PriceKind.INDEX, PriceKind.LAST),
    TriggerBy.INDEX: (PriceKind.INDEX, PriceKind.LAST),
    TriggerBy.BID_ASK: (PriceKind.LAST, PriceKind.MARK, PriceKind.INDEX),
}
"""Whose past an order looks at; nobody keeps that of quotes."""
COMPUTED: Final = (PriceKind.MARK, PriceKind.INDEX)


class Missed(msgspec.Struct):
    """A lost time as it is told bit by bit."""

    since: int
    candles: dict[PriceKind, dict[int, Candle]] = {}
    trades: list[Trade] = []
    is_whole: bool | None = None
    """Whether the prints are all there are; None before any were told."""
    span: tuple[int, int] | None = None
    """From when to when the prints that were told last reach without a hole."""

    def learn(self, message: MarketMessage) -> None:
        """Keep what a message tells of the time that was missed."""
        if isinstance(message, MissedTrades):
            stamps = [each.ts_exchange or each.ts_received for each in message.trades]
            self.trades += message.trades
            self.span = (min(stamps), max(stamps)) if stamps else None
            self.is_whole = message.is_whole and self.is_whole is not False
        elif isinstance(message, MissedCandles):
            self._keep(message.kind, message.candles)
        elif isinstance(message, CandleHistory) and message.timeframe is Timeframe.M1:
            self._keep(PriceKind.LAST, message.candles)

    def _keep(self, kind: PriceKind, candles: Iterable[Candle]) -> None:
        """Where a minute is told again, the newer word of it counts."""
        known = self.candles.setdefault(kind, {})
        known.update((each.open_ts, each) for each in candles if each.open_ts + MINUTE_NS > self.since)

    # --- the way through it

    def passages(self, held: Side, *, until: int) -> list[Passage]:
        """Every price that was passed, in the order of time; of one moment the mark comes first."""
        last = sorted(self._last(held, until), key=lambda each: each.ts)
        traded = [each for each in last if not each.is_extreme]
        stamps = [each.ts for each in traded]
        found: list[Passage] = []
        for kind in COMPUTED:
            for each in self._through(kind, held, until):
                place = bisect_right(stamps, each.ts)
                before = traded[place - 1].price if place else None
                found.append(msgspec.structs.replace(each, traded=before))
        return sorted([*found, *last], key=lambda each: each.ts)

    def _last(self, held: Side, until: int) -> Iterator[Passage]:
        yield from self._through(PriceKind.LAST, held, until)
        yield from trade_passages(self.trades)

    def _through(self, kind: PriceKind, held: Side, until: int) -> Iterator[Passage]:
        known = self._minutes(kind)
        return candle_passages(known, since=self.since, held=held, until=until, kind=kind)

    def _minutes(self, kind: PriceKind) -> list[Candle]:
        """The candles that count, oldest first: of the last price those of which the prints are not known."""
        known = [candle for _, candle in sorted(self.candles.get(kind, {}).items())]
        if kind is not PriceKind.LAST or self.is_whole is None:
            return known
        if self.is_whole:
            return []
        return [each for each in known if not self._is_printed(each.open_ts, each.open_ts + MINUTE_NS)]

    def _is_printed(self, start: int, end: int) -> bool:
        """Whether the prints that are known reach over a time."""
        return self.span is not None and self.span[0] <= start and end <= self.span[1]

    # --- who looks at what

    def seen(self, by: TriggerBy, passage: Passage) -> Passage | None:
        """A passage as orders by a source look at it; None where they look at another price then.

        In the minute of the loss another price counts only as far as the candle of the own one went.
        """
        for kind in CHAINS[by]:
            if kind is passage.kind:
                return passage
            if self._tells(kind, passage):
                return None
            candle = self.candles.get(kind, {}).get(_minute_of(passage))
            if candle is not None:
                passage = _within(passage, candle)
        return None

    def _tells(self, kind: PriceKind, passage: Passage) -> bool:
        """Whether a price is known at the time of a passage of another one."""
        if kind is PriceKind.LAST and self.is_whole:
            return True
        minute = _minute_of(passage)
        if minute >= self.since and minute in self.candles.get(kind, {}):
            return True
        return kind is PriceKind.LAST and self._is_printed(passage.ts, passage.ts)

    # --- in words

    @property
    def source(self) -> str:
        """What the past of the last price is known from."""
        words = ["trades"] * bool(self.trades) + ["candles"] * bool(self._minutes(PriceKind.LAST))
        return " and ".join(words) or "first price"

    def knows(self, kind: PriceKind) -> bool:
        """Whether candles of a price were told."""
        return bool(self.candles.get(kind))

    def unknown_until(self, kind: PriceKind) -> int:
        """Up to when nothing is known of a price whose candles do not reach back; 0 where they do."""
        if kind is PriceKind.LAST and self.is_whole:
            return 0
        first = min(self.candles.get(kind, {}), default=0)
        return first if first >= self.since + MINUTE_NS else 0


def _minute_of(passage: Passage) -> int:
    return passage.minute or passage.ts - passage.ts % MINUTE_NS


def _within(passage: Passage, candle: Candle) -> Passage:
    low, high = (MONEY.create_decimal(repr(value)) for value in (candle.low, candle.high))
    price = min(max(passage.price, low), high)
    traded = passage.price if passage.traded is None else passage.traded
    return msgspec.structs.replace(passage, price=price, traded=traded) if price != passage.price else passage


def worst(passages: Iterable[Passage], held: Side) -> Decimal | None:
    """The worst price for a position; None without any."""
    prices = [each.price for each in passages if not each.is_early]
    return (min if held is Side.BUY else max)(prices, default=None)
