"""The open positions of a frame, with how each has gone so far."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tradetui.domain.instrument import Instrument
from tradetui.domain.number import MONEY, ZERO
from tradetui.domain.order import Order
from tradetui.domain.position import Position
from tradetui.domain.view import PositionView
from tradetui.engine import Engine
from tradetui.runtime.views.account import zone_of
from tradetui.runtime.views.books import PublishedBooks
from tradetui.runtime.views.kept import Kept
from tradetui.runtime.views.orderwords import looks_at, trail_words, wait_detail
from tradetui.runtime.views.words import SECOND, age_in_steps, at_scale, cents
from tradetui.state import State
from tradetui.trading import guard


@dataclass(slots=True)
class Excursion:
    """The worst and the best open profit of one position since it was first seen."""

    opened_ts: int
    worst: Decimal = ZERO
    best: Decimal = ZERO

    def note(self, profit: Decimal) -> None:
        """Take in the open profit of a moment."""
        self.worst = min(self.worst, profit)
        self.best = max(self.best, profit)


class PositionsPart:
    """Published positions valued at the engine's prices."""

    def __init__(self, engine: Engine, published: State, books: PublishedBooks) -> None:
        """Positions and their stops come from the published state."""
        self._engine = engine
        self._published = published
        self._books = books
        self._excursions: dict[str, Excursion] = {}
        self._rows: dict[str, Kept[PositionView | None]] = {}
        self._view: Kept[tuple[PositionView, ...]] = Kept(())

    def observe(self) -> None:
        """Follow the open profit of every position."""
        open_now = self._open()
        for gone in self._excursions.keys() - {position.symbol for position in open_now}:
            del self._excursions[gone]
            self._rows.pop(gone, None)
        for position in open_now:
            if self._books.is_priced(position.symbol):
                self._excursion(position).note(self._books.unrealized(position.symbol))

    def view(self, *, now: int) -> tuple[PositionView, ...]:
        """One row a position in order of opening; the same object while no row changed."""
        if not self._published.positions and not self._view.part:
            return self._view.part
        self.observe()
        rows = tuple([self._row(position, now) for position in self._open()])
        return self._view.get(rows, lambda: rows)

    def _open(self) -> list[Position]:
        published = self._published
        return [held for symbol in published.positions if (held := published.holding(symbol)) is not None]

    def _excursion(self, position: Position) -> Excursion:
        known = self._excursions.get(position.symbol)
        if known is None or known.opened_ts != position.opened_ts:
            known = self._excursions[position.symbol] = Excursion(position.opened_ts)
        return known

    def _row(self, position: Position, now: int) -> PositionView:
        row = self._build(position, now)
        kept = self._rows.setdefault(position.symbol, Kept(None))
        return kept.get(row, lambda: row) or row

    def _build(self, position: Position, now: int) -> PositionView:
        symbol, instrument = position.symbol, self._instrument(position.symbol)
        scale, currency = instrument.price_scale, instrument.settle
        mark = self._books.valuation(symbol)
        profit = self._books.unrealized(symbol)
        stop = self._published.stop_of(symbol)
        targets = [_price(order) for order in self._published.targets_of(symbol)]
        liquidation = self._books.margins.liquidation_of(position)
        excursion = self._excursions.get(symbol)
        return PositionView(
            symbol=symbol,
            side=position.side,
            qty=position.qty,
            entry_price=at_scale(position.entry_price, scale),
            mark_price=at_scale(mark, scale) if mark is not None else None,
            unrealized_pnl=cents(profit, currency),
            unrealized_pct=self._percent(position, profit),
            r=_in_r(profit, position.planned_risk),
            stop=_stop_price(stop, instrument),
            stop_distance=_distance(position, mark, stop, scale=scale),
            stop_by=self._stop_by(stop),
            stop_age_ms=self._stop_age_ms(symbol, now),
            stop_state=self._stop_state(symbol, stop),
            target=targets[0] if targets else None,
            liquidation_price=_shown_liquidation(instrument, position, liquidation),
            held_s=max(0, now - position.opened_ts) // SECOND,
            mae=cents(excursion.worst, currency) if excursion is not None else None,
            mfe=cents(excursion.best, currency) if excursion is not None else None,
            price_scale=scale,
            currency=currency,
            more_targets=tuple(price for price in targets[1:] if price is not None),
            stop_trail=trail_words(stop.trail if stop is not None else None),
            margin_pct=self._margin_pct(position),
            funding_rate=self._funding_rate(symbol),
            funding_in_s=self._funding_in_s(symbol, now),
            funding_paid=cents(position.funding - position.interest, currency),
        )

    def _margin_pct(self, position: Position) -> float | None:
        margins = self._books.margins
        return round(float(margins.ratio(position)) * 100, 1) if margins.is_leveraged(position) else None

    def _funding_rate(self, symbol: str) -> float | None:
        market = self._engine.markets.get(symbol)
        return market.funding.rate if market is not None and market.funding is not None else None

    def _funding_in_s(self, symbol: str, now: int) -> int | None:
        """Until the next funding, in whole minutes above one so that time alone changes little."""
        market = self._engine.markets.get(symbol)
        due = market.funding.next_ts if market is not None and market.funding is not None else 0
        left = (due - now) // SECOND
        if not due or left < 0:
            return None
        return left if left < 60 else left // 60 * 60

    def _instrument(self, symbol: str) -> Instrument:
        return self._published.instruments[symbol]

    def _percent(self, position: Position, profit: Decimal) -> float:
        paid = self._instrument(position.symbol).notional(position.qty, position.entry_price)
        return round(float(MONEY.divide(profit, paid)) * 100, 2) or 0.0 if paid else 0.0

    def _stop_by(self, stop: Order | None) -> str:
        """What fires the stop, and what counts in its place while it is not live."""
        if stop is None:
            return "last"
        now = looks_at(self._published, stop)
        return f"{now} for {stop.trigger_by.value}" if now else stop.trigger_by.value

    def _stop_age_ms(self, symbol: str, now: int) -> int | None:
        seen = self._engine.stop_evaluated_ts(symbol)
        return age_in_steps(now, seen) if seen else None

    def _stop_state(self, symbol: str, stop: Order | None) -> str:
        """The stop's state; waiting where it is armed but no price that could fire it is to be trusted.

        One that has fired and can not execute says why.
        """
        if stop is None:
            return "missing"
        waits = wait_detail(self._engine, self._published, stop, zone_of(self._published))
        if waits:
            return waits if waits.startswith("WORKING") else f"fired, {waits}"
        market = self._engine.markets.get(symbol)
        watched = market is not None and market.feed_state.is_fresh and not self._engine.recovering(symbol)
        return stop.state.value if watched else "waiting"


def _shown_liquidation(instrument: Instrument, position: Position, price: Decimal | None) -> Decimal | None:
    return guard.shown_liquidation(instrument, price, sign=position.side.sign) if price is not None else None


def _in_r(profit: Decimal, planned_risk: Decimal) -> float | None:
    return round(float(MONEY.divide(profit, planned_risk)), 2) or 0.0 if planned_risk > 0 else None


def _distance(position: Position, mark: Decimal | None, stop: Order | None, *, scale: int) -> Decimal | None:
    """How far the mark has to go to the stop; negative where it is beyond."""
    if mark is None or stop is None or stop.trigger is None:
        return None
    return at_scale((mark - stop.trigger) * position.side.sign, scale)


def _stop_price(stop: Order | None, instrument: Instrument) -> Decimal | None:
    """The stop's trigger; of a trail the first tick that does not lie beyond its exact product."""
    if stop is None or stop.trigger is None:
        return None
    return guard.tick_for_stop(instrument, stop.trigger, sign=stop.side.opposite.sign)


def _price(order: Order) -> Decimal | None:
    return order.trigger if order.trigger is not None else order.price
