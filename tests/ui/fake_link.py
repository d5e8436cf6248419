"""A link whose engine is a script: frames from a seed, commands recorded, answers as the test says."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal

import msgspec

from tests.ui.fake_account import FakeAccount
from tests.ui.fake_market import SYMBOLS, FakeMarket
from tradetui.domain.command import AnyCommand, Command
from tradetui.domain.instrument import InstrumentStatus
from tradetui.domain.market_data import FeedState
from tradetui.domain.reply import Refusal, Reply
from tradetui.domain.view import (
    Frame,
    InstrumentView,
    Notice,
    OrderStory,
    ProfileBadge,
    StatusView,
    TradingState,
    ViewRequest,
)
from tradetui.domain.view_market import WatchRow
from tradetui.domain.view_review import ReviewView

PROFILES = ("sim", "binance", "kraken")


class FakeLink:
    """A scripted engine: `advance` moves the market, `sent` holds every command that was given."""

    def __init__(self, seed: int = 7, *, live: bool = False, open_position: bool = True) -> None:
        """With `live` the market follows the wall clock, ten steps a second."""
        self.sent: list[AnyCommand] = []
        self.requests: list[ViewRequest] = []
        self.recorded = self.reviews = 0
        self.told: tuple[OrderStory, ...] = ()
        self.reviewed: ReviewView | None = ReviewView(currency="USDT")
        self.playbacks: list[tuple[str, float]] = []
        self.sent_to: list[str] = []
        self.switched: list[str] = []
        self.watched: list[str] = []
        self.unwatched: list[str] = []
        self.scans: tuple[str, ...] = ()
        self.refusal: Refusal | None = None
        self.start_error: Exception | None = None
        self.started = self.stopped = False
        self.markets = {symbol: FakeMarket(symbol, seed) for symbol in SYMBOLS}
        self.account = FakeAccount(open_position=open_position)
        self.request = ViewRequest()
        self.profile = "sim"
        self.status: dict[str, object] = {}
        """Fields of the status view that a test wants otherwise."""
        self.part: dict[str, object] = {}
        """Parts of the frame that a test wants otherwise."""
        self._live = live
        self._began = time.monotonic()
        self._steps = 0
        self._version = 0
        self._frame: Frame | None = None
        self._watch: tuple[WatchRow, ...] = ()
        self._notices: list[Notice] = []
        self.on_submit: Callable[[AnyCommand], None] = lambda _: None

    @property
    def market(self) -> FakeMarket:
        """The market of the symbol shown; of the first one while that is being opened."""
        return self.markets.get(self.request.symbol) or self.markets["BTC/USDT"]

    async def start(self) -> None:
        """Start at once, or fail as the test says."""
        if self.start_error is not None:
            raise self.start_error
        self.started = True
        self._began = time.monotonic()
        self._build()

    async def stop(self) -> None:
        """Remember that the screen let go."""
        self.stopped = True

    async def watch(self, symbol: str) -> Reply:
        """Record what was asked for and answer it."""
        self.watched.append(symbol)
        return Reply(refusal=self.refusal) if self.refusal is not None else Reply(text=f"{symbol} is open")

    async def unwatch(self, symbol: str) -> Reply:
        """Record what was asked for and answer it."""
        self.unwatched.append(symbol)
        return Reply(refusal=self.refusal) if self.refusal is not None else Reply(text=f"{symbol} is gone")

    def scanned(self) -> tuple[str, ...]:
        """What a test says is scanned."""
        return self.scans

    async def submit(self, command: AnyCommand, *, profile: str = "") -> Reply:
        """Record a command and answer it."""
        self.sent.append(command)
        self.sent_to.append(profile)
        self.on_submit(command)
        kept = self.refusal
        return Reply(command.key, kept, () if kept else ("o-9",), "" if kept else f"taken: {tag(command)}")

    def show(self, request: ViewRequest) -> None:
        """Follow what the screen looks at."""
        self.requests.append(request)
        self.request = request
        if self.started:
            self._build()

    def frame(self) -> Frame | None:
        """The newest frame."""
        if self._live and self.started:
            due = int((time.monotonic() - self._began) * 10) - self._steps
            if due > 0:
                self.advance(min(due, 50))
                self._steps += due
        return self._frame

    def notices(self) -> tuple[Notice, ...]:
        """What was noted since the last call."""
        notes, self._notices = tuple(self._notices), []
        return notes

    def note(self, severity: str, text: str, topic: str = "") -> None:
        """Let the engine say something."""
        self._notices.append(Notice(self.market.ts, severity, text, topic))

    def progress(self) -> str:
        """What a starting engine is busy with."""
        return "" if self.started else "loading history of BTC/USDT"

    async def switch(self, profile: str) -> Reply:
        """Show another profile."""
        self.switched.append(profile)
        self.profile = profile
        self._build()
        return Reply(text=f"profile {profile}")

    async def review(self) -> ReviewView | None:
        """What a test says was read."""
        self.reviews += 1
        return self.reviewed

    async def stories(self) -> tuple[OrderStory, ...]:
        """What is told of each order."""
        return self.told

    def record(self) -> None:
        """Count how often it was asked for."""
        self.recorded += 1

    def playback(self, action: str, amount: float = 0.0) -> None:
        """Remember how the recording was steered."""
        self.playbacks.append((action, amount))

    def advance(self, steps: int = 1) -> None:
        """Move every market and publish one frame."""
        for market in self.markets.values():
            market.advance(steps)
        self._build()

    def rebuild(self) -> None:
        """Publish a frame again after a test changed something."""
        self._build()

    def _build(self) -> None:
        self._version += 1
        request, market, account = self.request, self.market, self.account
        if self._version % 5 == 1 or not self._watch:
            self._watch = tuple(each.watch_row() for each in self.markets.values())
        frame = Frame(
            version=self._version,
            request=request,
            symbols=tuple(SYMBOLS),
            profiles=PROFILES,
            instrument=self._instrument(),
            status=self._status(),
            watchlist=self._watch,
            chart=market.chart(request, account.marks(market), account.fill_marks(market)),
            ladder=market.ladder(request, account.own_marks(market)),
            tape=market.tape(request),
            positions=account.positions(market),
            orders=account.orders(market),
            fills=account.fills(market),
            account=account.view(),
            ticket=account.ticket(market, request.draft),
        )
        self._frame = msgspec.structs.replace(frame, **self.part)

    def _instrument(self) -> InstrumentView:
        market = self.market
        base, quote = market.symbol.split("/")
        return InstrumentView(
            symbol=market.symbol,
            tick_size=Decimal(str(market.tick_size)),
            lot_size=Decimal(1).scaleb(-market.qty_scale),
            min_qty=Decimal(1).scaleb(-market.qty_scale),
            min_notional=Decimal(5),
            base=base,
            quote=quote,
            settle=quote,
            kind="perp_linear",
            status=InstrumentStatus.TRADING,
        )

    def _status(self) -> StatusView:
        market, account = self.market, self.account
        status = StatusView(
            profile=self.profile,
            symbol=market.symbol,
            currency="USDT",
            feed_state=FeedState.STREAMING,
            latency_ms=38,
            ts=market.ts,
            trading_state=TradingState.ACTIVE,
            equity=account.equity,
            day_pnl=Decimal("214.20"),
            day_pnl_pct=2.14,
            loss_limit=Decimal(-200),
            loss_left=Decimal("414.20"),
            open_risk_r=Decimal("0.82"),
            profiles=tuple(ProfileBadge(n, int(n == "sim"), n == self.profile) for n in PROFILES),
        )
        return msgspec.structs.replace(status, **self.status)


def tag(command: Command) -> str:
    """The word that a command is known by."""
    return str(type(command).__struct_config__.tag)
