"""Frames from the engine's side: each part is built again only when something it shows changed."""

from __future__ import annotations

import decimal
from collections.abc import Callable
from typing import Final

import msgspec

from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import FeedStatus
from tradetui.domain.number import MONEY
from tradetui.domain.profile import Profile
from tradetui.domain.view import Frame, GapView, InstrumentView, ProfileBadge, TradingState, ViewRequest
from tradetui.engine import Engine
from tradetui.market.market import Market
from tradetui.runtime.past import Past
from tradetui.runtime.views.account import AccountPart, TicketPart
from tradetui.runtime.views.books import PublishedBooks
from tradetui.runtime.views.chart import ChartPart
from tradetui.runtime.views.fills import FillsPart
from tradetui.runtime.views.gaps import gap_views
from tradetui.runtime.views.health import HealthPart
from tradetui.runtime.views.kept import Kept
from tradetui.runtime.views.ladder import LadderPart
from tradetui.runtime.views.orders import OrdersPart
from tradetui.runtime.views.positions import PositionsPart
from tradetui.runtime.views.status import StatusPart, Surroundings
from tradetui.runtime.views.tape import TapePart
from tradetui.runtime.views.watchlist import WatchlistPart
from tradetui.runtime.vitals import Vitals
from tradetui.runtime.watching import staked
from tradetui.state import State

STEP_NS: Final = 100_000_000
"""Time alone changes a frame at most this often."""


class FrameBuilder:
    """Builds what one screen shows of one profile.

    `published` is folded from committed events only: orders, fills, positions and limits are shown
    from it, prices from the engine.
    """

    def __init__(
        self,
        engine: Engine,
        published: State,
        profile: Profile,
        *,
        profiles: tuple[str, ...],
        vitals: Vitals | None = None,
        past: Past | None = None,
        watched: Callable[[], tuple[str, ...]] | None = None,
    ) -> None:
        """Begin with empty parts; nothing is computed before the first request."""
        books = PublishedBooks(engine, published)
        self._engine = engine
        self._published = published
        self._profile = profile
        self._profiles = profiles
        self._request = ViewRequest()
        self._key: object = None
        self._frame: Frame | None = None
        self._instrument: Kept[InstrumentView | None] = Kept(None)
        self._symbols: Kept[tuple[str, ...]] = Kept(profile.symbols)
        self._watched = watched or (lambda: profile.symbols)
        self._past = past
        self._chart = ChartPart(published, books, past)
        self._ladder = LadderPart(engine, published, books)
        self._tape = TapePart()
        self._watchlist = WatchlistPart(engine, vitals)
        self._positions = PositionsPart(engine, published, books)
        self._orders = OrdersPart(engine, published)
        self._fills = FillsPart(published)
        self._account = AccountPart(published, books)
        self._ticket = TicketPart(engine, published, books)
        self._gaps: Kept[tuple[GapView, ...]] = Kept(())
        self._health = HealthPart(engine, vitals)
        self._status = StatusPart(engine, published, books=books, profile=profile, health=self._health)

    def observe(self) -> None:
        """Take in what only the passing of time shows; at most ten times a second."""
        with decimal.localcontext(MONEY):
            self._positions.observe()
        market = self._engine.markets.get(self._symbol_of(self._request))
        if market is not None:
            self._ladder.observe(market, self._request, now=self._engine.ts)

    def build(
        self,
        request: ViewRequest,
        *,
        now: int,
        badges: tuple[ProfileBadge, ...] = (),
        playback: str = "",
        recording: str = "",
        scenario: str = "",
        halted: TradingState | None = None,
        unlisted: FeedStatus | None = None,
    ) -> Frame:
        """The frame for a request at a moment, ns UTC; the same object when nothing changed."""
        surroundings = Surroundings(badges, playback, recording, scenario, halted, unlisted)
        key = self._inputs(request, surroundings, now)
        if key == self._key and self._frame is not None:
            return self._frame
        self._key, self._request = key, request
        with decimal.localcontext(MONEY):
            fresh = self._build(request, surroundings, now)
        before = self._frame
        if before is None or _differs(before, fresh):
            version = before.version + 1 if before is not None else 1
            self._frame = msgspec.structs.replace(fresh, version=version)
        return self._frame or fresh

    def _inputs(self, request: ViewRequest, surroundings: Surroundings, now: int) -> object:
        """Everything that a frame depends on, as cheap to compare as can be."""
        versions = [market.version for market in self._engine.markets.values()]
        clock = (now // STEP_NS, self._engine.ts // STEP_NS)
        past = self._past.version if self._past is not None else 0
        return (self._published.seq, versions, clock, request, surroundings, past, self._watched())

    def _build(self, request: ViewRequest, surroundings: Surroundings, now: int) -> Frame:
        symbol = self._symbol_of(request)
        market = self._engine.markets.get(symbol)
        watched = self._watched()
        symbols = self._symbols.get((watched, self._published.seq), lambda: self._all_symbols(watched))
        return Frame(
            version=0,
            request=request,
            symbols=symbols,
            profiles=self._profiles,
            instrument=self._instrument_view(market),
            status=self._status.view(symbol, surroundings, now=now),
            watchlist=self._watchlist.view(symbols, now=now),
            chart=self._chart.view(market, request) if market is not None else None,
            ladder=self._ladder.view(market, request) if market is not None else None,
            tape=self._tape.view(market, request, now=now) if market is not None else None,
            positions=self._positions.view(now=now),
            orders=self._orders.view(now=now),
            fills=self._fills.view(),
            account=self._account.view(),
            ticket=self._ticket.view(symbol, request.draft, now=now) if market is not None else None,
            health=self._health.view(symbol, symbols, now=now) if request.health else None,
            gaps=self._gaps.get(self._published.gaps, lambda: gap_views(self._published)),
        )

    def _symbol_of(self, request: ViewRequest) -> str:
        return request.symbol or next(iter(self._profile.symbols), "")

    def _all_symbols(self, watched: tuple[str, ...]) -> tuple[str, ...]:
        """What is watched, then what only the journal knows something open of."""
        return tuple(dict.fromkeys((*watched, *staked(self._published))))

    def _instrument_view(self, market: Market | None) -> InstrumentView | None:
        if market is None:
            return None
        instrument = market.instrument
        return self._instrument.get(instrument, lambda: instrument_view(instrument))


def instrument_view(instrument: Instrument) -> InstrumentView:
    """What a screen must know of an instrument."""
    return InstrumentView(
        symbol=instrument.symbol,
        tick_size=instrument.tick_size,
        lot_size=instrument.lot_size,
        min_qty=instrument.min_qty,
        min_notional=instrument.min_notional,
        base=instrument.base,
        quote=instrument.quote,
        settle=instrument.settle,
        kind=instrument.kind.value,
        status=instrument.status,
    )


def _differs(before: Frame, fresh: Frame) -> bool:
    """Whether any part is another object; parts that came out equal are the same object."""
    names = Frame.__struct_fields__[1:]
    return any(getattr(before, name) is not getattr(fresh, name) for name in names)
