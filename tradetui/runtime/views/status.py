"""The status bar's part of a frame."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from tradetui.domain.event import Locked
from tradetui.domain.market_data import FeedState, FeedStatus
from tradetui.domain.number import MONEY, ZERO
from tradetui.domain.profile import Profile
from tradetui.domain.rule import LockUntil
from tradetui.domain.view import ProfileBadge, StatusView, TradingState
from tradetui.engine import Engine
from tradetui.market.market import Market
from tradetui.runtime.views.account import lock_text, trading_state, zone_of
from tradetui.runtime.views.books import PublishedBooks
from tradetui.runtime.views.health import HealthPart
from tradetui.runtime.views.kept import Kept
from tradetui.runtime.views.words import MS, SECOND, age_in_steps, cents
from tradetui.state import State
from tradetui.trading.thresholds import amount_of


class Surroundings(msgspec.Struct, frozen=True):
    """What only the host knows and the status bar tells."""

    badges: tuple[ProfileBadge, ...] = ()
    playback: str = ""
    recording: str = ""
    scenario: str = ""
    halted: TradingState | None = None
    """Why nothing is accepted although the engine would: the journal's or an invariant's failure."""
    unlisted: FeedStatus | None = None
    """What is known of the data of a symbol that has no market yet."""


class Worth(msgspec.Struct, frozen=True):
    """The day's money in the status bar."""

    equity: Decimal = ZERO
    day_pnl: Decimal = ZERO
    day_pnl_pct: float = 0.0
    loss_limit: Decimal = ZERO
    loss_left: Decimal = ZERO
    open_risk_r: Decimal = ZERO


class StatusPart:
    """Feed, money and what is accepted."""

    def __init__(
        self, engine: Engine, published: State, *, books: PublishedBooks, profile: Profile, health: HealthPart
    ) -> None:
        """Everything of the account but prices comes from the published state."""
        self._health = health
        self._engine = engine
        self._published = published
        self._books = books
        self._profile = profile
        self._worth: Kept[Worth] = Kept(Worth())
        self._lock: Kept[str] = Kept("")
        self._view: Kept[StatusView | None] = Kept(None)

    def view(self, symbol: str, surroundings: Surroundings, *, now: int) -> StatusView:
        """The status bar; the same object while nothing on it changed, ages in steps of 100 ms."""
        fresh = self._build(symbol, surroundings, now)
        return self._view.get(fresh, lambda: fresh) or fresh

    def _build(self, symbol: str, surroundings: Surroundings, now: int) -> StatusView:
        state, market = self._published, self._engine.markets.get(symbol)
        prices = tuple([self._books.valuation(held) for held in state.positions])
        worth = self._worth.get((state.seq, prices), self._count)
        feed = feed_words(market, surroundings.unlisted)
        health = self._health.brief(symbol, now=now)
        return StatusView(
            profile=self._profile.name,
            symbol=symbol,
            currency=state.currency or self._profile.currency,
            feed_state=feed[0],
            feed_text=feed[1],
            age_ms=age_ms(market, now),
            latency_ms=latency_ms(market, health.correction_ms),
            retry_s=feed[2],
            ts=now // SECOND * SECOND,
            zone=zone_of(state),
            trading_state=surroundings.halted or trading_state(self._engine, state, symbol),
            locked_until=_ends(state.lock),
            lock_text=self._lock.get((state.seq, symbol), lambda: lock_text(state, symbol)),
            equity=worth.equity,
            day_pnl=worth.day_pnl,
            day_pnl_pct=worth.day_pnl_pct,
            loss_limit=worth.loss_limit,
            loss_left=worth.loss_left,
            open_risk_r=worth.open_risk_r,
            endpoint=self._profile.endpoint,
            scenario=surroundings.scenario,
            playback=surroundings.playback,
            recording=surroundings.recording,
            profiles=surroundings.badges,
            gaps=len(state.gaps),
            per_s=health.per_s,
            latency_p95_ms=health.p95_ms,
            clock_text=health.clock_text,
            realism=self._engine.settings.realism,
        )

    def _count(self) -> Worth:
        books, session = self._books, self._published.session
        day_pnl, currency = books.day_pnl(), self._published.currency
        anchor = session.anchor if session is not None else ZERO
        rule, left = books.tightest()
        limit = amount_of(rule, books.standing()) if rule is not None else left
        return Worth(
            equity=cents(books.equity(), currency),
            day_pnl=cents(day_pnl, currency),
            day_pnl_pct=round(float(MONEY.divide(day_pnl, anchor)) * 100, 2) or 0.0 if anchor > 0 else 0.0,
            loss_limit=cents(limit, currency),
            loss_left=cents(left, currency),
            open_risk_r=cents(books.in_r(books.open_risk())),
        )


def _ends(lock: Locked | None) -> int:
    """When a lock ends by itself; 0 for none and for one that never does."""
    by_itself = lock is not None and lock.ends not in (LockUntil.FOREVER, LockUntil.MANUAL)
    return lock.until_ts if lock is not None and by_itself else 0


def feed_words(market: Market | None, unlisted: FeedStatus | None) -> tuple[FeedState, str, float]:
    """State of the data, its words, and when it is tried again."""
    if market is not None:
        return market.feed_state, market.feed_text, market.feed_retry_s
    if unlisted is not None:
        return unlisted.state, unlisted.text, unlisted.retry_s
    return FeedState.CONNECTING, "", 0.0


def age_ms(market: Market | None, now: int) -> int:
    """How long ago the newest message about prices came, in steps; 0 before the first."""
    if market is None or not market.ts_received:
        return 0
    return age_in_steps(now, market.ts_received)


def latency_ms(market: Market | None, correction_ms: int = 0) -> int:
    """From the venue's clock to ours for the newest message that has both; 0 where none has.

    A negative one is a clock that is wrong, and is not made to look like a good one.
    """
    if market is None:
        return 0
    exchange, received = max(market.ts_trade, market.ts_book, key=lambda times: times[1])
    return round((received - exchange) / MS) + correction_ms if exchange else 0
