"""The account's part of a frame, and the docked ticket."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from tradetui.domain.event import Locked
from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import Side
from tradetui.domain.number import ZERO, canonical, money_scale
from tradetui.domain.position import Position
from tradetui.domain.rule import LockUntil
from tradetui.domain.view import AccountView, Draft, LimitGauge, SidePreview, TicketView, TradingState
from tradetui.engine import Engine
from tradetui.runtime.lockwords import cause_words, lock_words
from tradetui.runtime.views.books import PublishedBooks
from tradetui.runtime.views.kept import Kept
from tradetui.runtime.views.limits import gauges
from tradetui.runtime.views.words import at_scale, cents, fine
from tradetui.state import State
from tradetui.trading.locks import strongest_first

_ASSET_SCALE: Final = 8
_STEP_NS: Final = 5_000_000_000
"""How often what only time changes is counted again: guards that look back."""
REPRICE_NS: Final = 200_000_000
"""A moving market prices the ticket again at most this often."""


class AccountPart:
    """Balances and limits by the published state, at the engine's prices."""

    def __init__(self, published: State, books: PublishedBooks) -> None:
        """Everything but prices comes from the published state."""
        self._published = published
        self._books = books
        self._view: Kept[AccountView] = Kept(self._build())

    def view(self) -> AccountView:
        """The account; the same object while no number on it changed."""
        state = self._published
        prices = tuple([self._books.valuation(symbol) for symbol in state.positions])
        return self._view.get((state.seq, prices, self._books.ts // _STEP_NS), self._build)

    def _build(self) -> AccountView:
        state, books = self._published, self._books
        currency = state.currency or books.settings.currency
        margin = sum((state.margin(symbol) for symbol in state.positions), ZERO)
        level = books.margins.level()
        cash = state.cash(currency) if state.account else books.settings.balance
        profit = sum((books.unrealized(symbol) for symbol in state.positions), ZERO)
        return AccountView(
            currency=currency,
            balances=self._balances(currency),
            equity=cents(books.equity(), currency),
            balance=cents(cash + margin, currency),
            margin_used=cents(margin + state.shared(currency), currency),
            realized_pnl=cents(state.realized_pnl, currency),
            unrealized_pnl=cents(profit, currency),
            fees=cents(state.fees, currency),
            gauges=(*gauges(books, currency, ts=books.ts), *self._margin_gauge()),
            locks=tuple(lock_words(lock, state) for lock in strongest_first(state.day.locks)),
            funding=cents(state.funds.funding - state.funds.interest, currency),
            margin_mode=state.funds.margin_mode.value if self._leveraged() else "",
            margin_level=round(float(level) * 100, 1) if level is not None else None,
            maintenance=self._assumed(),
        )

    def _assumed(self) -> str:
        """The maintenance rate that is assumed for what is held, where the venue tells none (R-CHK-1)."""
        held = (self._published.instruments[position.symbol] for position in self._leveraged())
        rates = {each.maintenance_rate for each in held if each.lacks_tiers}
        return f"{canonical(max(rates) * 100)} % assumed" if rates else ""

    def _leveraged(self) -> list[Position]:
        held = self._published.positions.values()
        return [position for position in held if self._books.margins.is_leveraged(position)]

    def _margin_gauge(self) -> tuple[LimitGauge, ...]:
        """How much of its margin the position that is worst off needs: liquidation comes at 100 %."""
        ratios = [self._books.margins.ratio(position) for position in self._leveraged()]
        if not ratios:
            return ()
        worst = at_scale(max(ratios) * 100, 1)
        return (LimitGauge("margin", worst, Decimal(100), "%"),)

    def _balances(self, currency: str) -> tuple[tuple[str, Decimal, Decimal], ...]:
        """The account's currency first, then the other assets."""
        state = self._published
        assets = sorted(state.assets(), key=lambda asset: (asset != currency, asset))
        return tuple(
            (asset, at_scale(state.free(asset), _ASSET_SCALE), at_scale(state.locked(asset), _ASSET_SCALE))
            for asset in assets
        )


class TicketPart:
    """The draft priced on both sides, a few times a second."""

    def __init__(self, engine: Engine, published: State, books: PublishedBooks) -> None:
        """Previews come from the engine: they say what a key would do now."""
        self._engine = engine
        self._published = published
        self._books = books
        self._asked: object = None
        self._moved: object = None
        self._priced_ts = 0
        self._view: Kept[TicketView | None] = Kept(None)

    def view(self, symbol: str, draft: Draft, *, now: int) -> TicketView | None:
        """At once for another draft or own event; for a market that moved only when it is time again."""
        market = self._engine.markets[symbol]
        asked = (market, draft, self._published.seq)
        prices = tuple([self._books.valuation(held) for held in self._published.positions])
        moved = (market.version, self._engine.state.seq, prices)
        is_early = 0 <= now - self._priced_ts < REPRICE_NS
        if asked == self._asked and (moved == self._moved or is_early):
            return self._view.part
        self._asked, self._moved, self._priced_ts = asked, moved, now
        return self._view.get((asked, moved), lambda: self._build(symbol, draft))

    def _build(self, symbol: str, draft: Draft) -> TicketView:
        instrument, currency = self._engine.markets[symbol].instrument, self._published.currency
        buy, sell = (self._engine.preview(symbol, side, draft) for side in (Side.BUY, Side.SELL))
        return TicketView(
            draft=draft,
            buy=shown_preview(buy, instrument),
            sell=shown_preview(sell, instrument),
            r_value=cents(self._books.r_value(), currency),
            head_room=cents(self._books.head_room() - self._books.open_risk(), currency),
        )


def shown_preview(preview: SidePreview, instrument: Instrument) -> SidePreview:
    """A preview with as many digits as can be read."""
    scale, currency = instrument.price_scale, instrument.settle
    average = preview.avg_price
    return msgspec.structs.replace(
        preview,
        notional=cents(preview.notional, currency),
        avg_price=at_scale(average, scale + 1) if average is not None else None,
        fee=at_scale(preview.fee, max(4, money_scale(currency))),
        stop_atr=round(preview.stop_atr, 2) if preview.stop_atr is not None else None,
        risk=cents(preview.risk, currency),
        risk_r=fine(preview.risk_r),
        margin=cents(preview.margin, currency),
    )


def zone_of(state: State) -> str:
    """The zone of the account's trading day."""
    return state.limits.get("zone", "UTC")


def lock_text(state: State, symbol: str) -> str:
    """Why entries in a symbol are closed; empty where they are not."""
    lock = closing_lock(state, symbol)
    if lock is None:
        return ""
    is_whole = lock is state.lock and lock.ends not in (LockUntil.FOREVER, LockUntil.MANUAL)
    return cause_words(lock) if is_whole else lock_words(lock, state).removeprefix("locked ")


def closing_lock(state: State, symbol: str) -> Locked | None:
    """The strongest lock that says something about a symbol: one on everything, else on it or on a side."""
    sides = (state.lock_on(symbol, side) for side in Side)
    return state.lock or next((lock for lock in sides if lock is not None), None)


def trading_state(engine: Engine, published: State, symbol: str) -> TradingState:
    """What the engine accepts by what has been committed; the journal's health is the host's."""
    if published.lock is not None:
        return TradingState.LOCKED
    if any(engine.recovering(known) for known in published.instruments):
        return TradingState.RECOVERING
    if closing_lock(published, symbol) is not None:
        return TradingState.REDUCING
    return TradingState.ACTIVE if published.account else TradingState.STARTING
