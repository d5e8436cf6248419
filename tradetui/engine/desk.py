"""One symbol at the engine's table: its market, its matching, its triggers, and what they are worth.

All of it is rebuilt after a restart: nothing here is a fact, it only follows from facts.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import takewhile
from typing import Final

from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import (
    BookDelta,
    BookSnapshot,
    FeedStatus,
    MarketMessage,
    Side,
    Timeframe,
    Trade,
)
from tradetui.domain.order import Order, OrderRole, OrderState, TriggerBy
from tradetui.domain.position import Position
from tradetui.engine.livesources import LOST, LiveSources
from tradetui.market.market import Market
from tradetui.state import State
from tradetui.trading.match_types import Incoming, MatchRules
from tradetui.trading.matching import Matcher
from tradetui.trading.trailing import TrailIndex
from tradetui.trading.triggers import TriggerIndex
from tradetui.trading.unseen import UNSEEN

_AVERAGED: Final = 5
"""Closed minutes in the average price of venue filters; the venues' usual number."""


class Desk:
    """The transient part of one symbol."""

    def __init__(self, instrument: Instrument, *, rules: MatchRules, state: State, crossed_ns: int) -> None:
        self.market = Market(instrument)
        self.rules = rules
        self.state = state
        self.triggers, self.trails = TriggerIndex(), TrailIndex()
        self.waiting: dict[str, None] = {}
        """Orders that act on the next fresh book, oldest first."""
        self.chasing: dict[str, None] = {}
        """Orders that follow the touch."""
        self.staked = False
        """Whether messages concern anything of ours: if not, they cost nothing."""
        self.tracked = False
        """Whether anything of ours ever was: our consumption of the book outlives the orders."""
        self.recovering = False
        """Whether exits, resting orders and what is on its way wait for the first fresh book (R-JRN-6)."""
        self.awaits_book = False
        """Whether no book has come since the data was lost: an old one is never filled against (R-MD-5)."""
        self.crossed_ns = crossed_ns
        """How long exits wait for a crossed book to be sound again."""
        self.crossed_since: int | None = None
        """Since when the book is crossed, in steady time; None while it is not."""
        self.sound_touch: tuple[int | None, int | None] = (None, None)
        """Ticks of the best bid and ask of the newest book that was not crossed."""
        self._was_fresh = False
        self.evaluated_ts = 0
        """When its stops were last held against a price, in engine time; 0 for never."""
        self.evaluated_steady_ts = 0
        self.value: Decimal | None = None
        """The last known valuation price of the position (R-POS-2)."""
        self._value_key: object = None
        self._trigger_number = 0
        self._arrivals: dict[str, int] = {}
        """The armed orders, each with its turn."""
        self._armed_by: dict[str, TriggerBy] = {}
        self.sources = LiveSources(self)
        self.lost_ts = 0
        """When the connection was last not to be trusted, receive time."""
        self.since_ts = 0
        """Since when the data is fresh without a break, receive time."""
        self.matcher = self._new_matcher()

    @property
    def instrument(self) -> Instrument:
        """The instrument as it is now."""
        return self.market.instrument

    @property
    def symbol(self) -> str:
        """The symbol of the desk."""
        return self.market.instrument.symbol

    @property
    def position(self) -> Position | None:
        """The position that is to be protected."""
        return self.state.holding(self.symbol)

    @property
    def is_fresh(self) -> bool:
        """Whether orders may be filled: the feed is fresh, the book is known and not crossed."""
        market = self.market
        if self.awaits_book or not market.feed_state.is_fresh:
            return False
        bid, ask = market.book.best_bid, market.book.best_ask
        return (bid is not None or ask is not None) and (bid is None or ask is None or bid <= ask)

    @property
    def heard_ts(self) -> int:
        """When anything came of it last, receive time; 0 for never: a loss that is told later began there."""
        market, seen = self.market, self.state.seen.get(self.symbol, 0)
        return max(market.ts_received, market.ts_mark, self.evaluated_ts, seen)

    def follow_feed(self, message: MarketMessage) -> None:
        """Note that the data was lost, or that a book came since."""
        if isinstance(message, FeedStatus):
            is_fresh = message.state.is_fresh
            if message.state in LOST:
                self.lost_ts = message.ts_received
            if is_fresh and not self._was_fresh:
                self.since_ts = message.ts_received
            self.awaits_book = self.awaits_book or (self._was_fresh and not is_fresh)
            self._was_fresh = is_fresh
        elif isinstance(message, BookDelta | BookSnapshot):
            self.awaits_book = False

    def lose_book(self) -> None:
        """Nothing known is fresh any more, whatever the feed says: the next book decides."""
        self.recovering = self.awaits_book = True

    def lots(self, qty: Decimal) -> int:
        """A quantity in whole lots."""
        return int(qty // self.instrument.lot_size)

    def exit_qty(self) -> Decimal:
        """What can be sold (or bought back) of the position: floored to the lot."""
        position = self.state.positions.get(self.symbol)
        return self.instrument.to_qty(self.lots(position.qty)) if position is not None else Decimal(0)

    def sync_position(self) -> None:
        """Tell the matching core what is held, after fees in the base asset."""
        position = self.state.positions.get(self.symbol)
        sign = 0 if position is None else (1 if position.signed_qty > 0 else -1)
        self.matcher.position = sign * self.lots(position.qty) if position is not None else 0

    def restake(self) -> None:
        """Note whether anything of ours depends on this symbol from here on."""
        staked = bool(self.symbol in self.state.positions or self.state.live_of(self.symbol))
        if staked and not self.staked:
            self._catch_up()
        self.staked = staked
        if not staked:
            self.recovering, self.crossed_since = False, None
        self.tracked = self.tracked or staked

    def _catch_up(self) -> None:
        """Tell the matching core of the book, and of the prints that it can not show yet."""
        market, exchange_ts = self.market, self.market.ts_book[0]
        if not self.tracked and market.book_message is not None:
            self.matcher.on_book(market.book_message, may_fill=False)
        self.matcher.forget_prints()
        since = exchange_ts or market.ts_book[1]
        recent = takewhile(lambda each: each.ts >= since, market.tape.newest(UNSEEN))
        for ts, price, qty, aggressor in reversed(list(recent)):
            self.matcher.note(Trade(self.symbol, ts, ts, price, qty, aggressor))

    def relist(self) -> None:
        """Follow a change of tick or lot: resting orders queue again."""
        self.matcher = self._new_matcher()
        self.sync_position()
        self.recovering = self.staked
        self.crossed_since, self.sound_touch = None, (None, None)

    def arm(self, order: Order) -> None:
        """Watch for an order's trigger, and for the prices that a trail follows."""
        if not order.is_conditional:
            raise ValueError(f"order {order.order_id}: a stop without a trigger")
        if order.trigger_by not in self.sources.in_use:
            self._look_from_here(order.trigger_by)
        self._trigger_number += 1
        self._arrivals[order.order_id] = self._trigger_number
        self._use(order.order_id, order.trigger_by)
        self._watch(order)

    def _look_from_here(self, by: TriggerBy) -> None:
        """The price before the next one: while nothing looks at a source none is followed."""
        for side in Side:
            if (price := self.trigger_price(by, side)) is not None:
                self.triggers.look_from(by, side, price)

    def _use(self, order_id: str, by: TriggerBy | None) -> None:
        """Note what an order looks at from now on; None for nothing more."""
        if by is None:
            self._armed_by.pop(order_id, None)
        else:
            self._armed_by[order_id] = by
        self.sources.watch(self._armed_by.values())

    def rearm(self, order: Order) -> None:
        """Follow a trigger that moved; the order keeps its turn."""
        self.triggers.remove(order.order_id)
        self._watch(order)

    def disarm(self, order_id: str) -> None:
        """Watch an order no more."""
        if self._arrivals.pop(order_id, None) is not None:
            self._use(order_id, None)
            self.triggers.remove(order_id)
            self.trails.remove(order_id)

    def _watch(self, order: Order) -> None:
        if order.trail is not None:
            self.trails.add(order, step=self.instrument.tick_size)
        if order.trigger is None:
            return
        self.triggers.add(
            order.order_id,
            side=order.side,
            trigger=order.trigger,
            by=order.trigger_by,
            seq=self._arrivals[order.order_id],
            protective=order.role is OrderRole.PROTECTIVE,
            take_profit=order.type.takes_profit,
        )

    def is_crossed_for_long(self, steady_ts: int) -> bool:
        """Whether exits may not wait any longer for the book to be sound (6.2)."""
        return self.crossed_since is not None and steady_ts - self.crossed_since >= self.crossed_ns

    def _no_better_than(self, side: Side) -> int | None:
        """Where a walk begins in a crossed book: at the worse side, or at a worse print that is newer."""
        if self.crossed_since is None:
            return None
        book, last, sign = self.market.book, self.market.tape.last, side.sign
        ticks = [book.best_bid if side is Side.BUY else book.best_ask]
        if last is not None and last.ts_received >= self.market.ts_book[1]:
            ticks.append(book.tick_of(last.price))
        return max((tick for tick in ticks if tick is not None), key=lambda tick: sign * tick, default=None)

    def incoming(self, order: Order, lots: int) -> Incoming:
        """An order as the matching core takes it."""
        limit = self._limit_ticks(order)
        return Incoming(
            order_id=order.order_id,
            side=order.side,
            lots=lots,
            limit=limit,
            tif=order.tif,
            post_only=order.post_only,
            reduce_only=order.reduce_only or order.close_position,
            role=order.role,
            no_better_than=self._no_better_than(order.side),
            rival=order.rival_id,
        )

    def limit_price(self, order: Order) -> Decimal | None:
        """A limit as a price of today's grid."""
        ticks = self._limit_ticks(order)
        return self.instrument.to_price(ticks) if ticks is not None else None

    def _limit_ticks(self, order: Order) -> int | None:
        """A limit on today's grid: one typed under an older tick moves away from the market (R-NUM-2)."""
        if order.price is None:
            return None
        rounding = ROUND_FLOOR if order.side is Side.BUY else ROUND_CEILING
        return self.instrument.to_ticks(order.price, rounding)

    def best(self, side: Side) -> Decimal | None:
        """The best displayed price that an order of a side would take."""
        tick = self.market.book.best_ask if side is Side.BUY else self.market.book.best_bid
        return self.instrument.to_price(tick) if tick is not None else None

    def mid(self) -> Decimal | None:
        """The middle of the book."""
        bid, ask = self.best(Side.SELL), self.best(Side.BUY)
        return (bid + ask) / 2 if bid is not None and ask is not None else None

    def trigger_price(self, by: TriggerBy = TriggerBy.LAST, side: Side = Side.BUY) -> float | None:
        """The newest price that an order by a source would be held against (6.3)."""
        return self.sources.price(by, side)

    def average_price(self) -> Decimal | None:
        """What price bands are counted from: the mark, else the trades of five minutes, else the last."""
        market = self.market
        if market.mark is not None:
            return Decimal(repr(market.mark))
        minutes = market.candles(Timeframe.M1)
        recent = [*minutes.closed(_AVERAGED), *([minutes.open] if minutes.open is not None else [])]
        volume = sum(candle.volume for candle in recent)
        if volume > 0:
            traded = sum(candle.volume * (candle.high + candle.low + candle.close) / 3 for candle in recent)
            return Decimal(repr(traded / volume))
        price = self.trigger_price()
        return Decimal(repr(price)) if price is not None else None

    def revalue(self) -> bool:
        """Look up the valuation price again; True when it changed."""
        key = self._current_key()
        if key is None or key == self._value_key:
            return False
        self._value_key = key
        value = self.current_value()
        if value is None or value == self.value:
            return False
        self.value = value
        return True

    def _current_key(self) -> object:
        market = self.market
        if market.mark is not None:
            return market.mark
        if not self.is_fresh:
            return None
        position = self.state.positions.get(self.symbol)
        is_short = position is not None and position.signed_qty < 0
        tick = market.book.best_ask if is_short else market.book.best_bid
        return (is_short, tick) if tick is not None else market.last_price

    def current_value(self) -> Decimal | None:
        """Mark; else what the position would get at the touch; else the last trade (R-POS-2)."""
        market = self.market
        if market.mark is not None:
            return Decimal(repr(market.mark))
        position = self.state.positions.get(self.symbol)
        is_short = position is not None and position.signed_qty < 0
        touch = self.best(Side.BUY if is_short else Side.SELL)
        if touch is not None:
            return touch
        return self.instrument.price_from_float(market.last_price) if market.last_price is not None else None

    def recover(self) -> list[Order]:
        """Let resting orders queue again at a fresh book; returns the orders that act now."""
        self.recovering = False
        acting: list[Order] = []
        for order in self.state.live_of(self.symbol):
            resting = order.state in (OrderState.WORKING, OrderState.PARTIALLY_FILLED)
            if order.order_id in self.waiting:
                continue
            if resting and self.lots(order.leaves) == 0:
                acting.append(order)
            elif resting and order.price is not None and self.matcher.leaves(order.order_id) is None:
                self.matcher.restore(self.incoming(order, self.lots(order.qty)), lots=self.lots(order.leaves))
            elif resting and order.price is None:
                acting.append(order)
        return acting

    def _new_matcher(self) -> Matcher:
        return Matcher(self.market.book, self.instrument.lot_size, rules=self.rules)
