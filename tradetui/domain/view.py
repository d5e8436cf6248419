"""What a screen may show: immutable values that the engine's side builds and the panes only read.

A part that did not change since the last frame is the same object, so a pane compares with `is`
first. Money is Decimal in the account's currency; market values are floats. Whatever a view says
about orders, fills, positions and limits has been committed to the journal.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from tradetui.domain.command import How, Size, SizeUnit, Stop, SubmitOrder, Target
from tradetui.domain.fill import Fill
from tradetui.domain.instrument import InstrumentStatus
from tradetui.domain.market_data import FeedState, Side, Timeframe
from tradetui.domain.order import Order
from tradetui.domain.view_health import HealthView
from tradetui.domain.view_market import ChartView, LadderView, TapeView, WatchRow


class TradingState(StrEnum):
    """What the engine accepts."""

    STARTING = "starting"
    RECOVERING = "recovering"
    ACTIVE = "active"
    REDUCING = "reducing"
    LOCKED = "locked"
    HALTED_JOURNAL = "halted_journal"
    HALTED_INVARIANT = "halted_invariant"


class Draft(msgspec.Struct, frozen=True):
    """The order being prepared in the ticket, for which the engine previews both sides."""

    size: Size = Size(Decimal(1), SizeUnit.RISK)
    limit: Decimal | None = None
    stop: Stop = Stop(atr=Decimal(1))
    target: Target | None = None
    more_targets: tuple[Target, ...] = ()
    how: How = How()

    def order(self, symbol: str, side: Side, *, limit: Decimal | None) -> SubmitOrder:
        """The order that a key makes of it; one that only reduces brings no exits of its own."""
        reduces = self.how.reduce_only
        return SubmitOrder(
            symbol=symbol,
            side=side,
            size=self.size,
            limit=limit,
            stop=None if reduces else self.stop,
            target=None if reduces else self.target,
            more_targets=() if reduces else self.more_targets,
            fit=True,
            **msgspec.structs.asdict(self.how),
        )


class ViewRequest(msgspec.Struct, frozen=True):
    """What one screen looks at; sent again when the trader changes it."""

    symbol: str = ""
    """Empty: the profile's first."""
    timeframe: Timeframe = Timeframe.M1
    columns: int = 120
    """How many candles the chart has room for."""
    offset: int = 0
    """How many candles the right edge lies back from the newest."""
    overlays: tuple[str, ...] = ("ema20", "vwap", "bb20_2")
    panes: tuple[str, ...] = ("rsi14", "macd12_26_9")
    ladder_rows: int = 40
    ladder_center: int | None = None
    """Tick at the middle row, a multiple of the grouping; None centers on the market."""
    ladder_group: int = 1
    """Ticks a row."""
    tape_rows: int = 40
    tape_min_qty: float = 0.0
    draft: Draft = Draft()
    health: bool = False
    """Whether everything about the data's health is asked for."""


class ProfileBadge(msgspec.Struct, frozen=True):
    """A profile in the status bar: its name and how many positions it watches."""

    name: str
    positions: int
    active: bool


class StatusView(msgspec.Struct, frozen=True, kw_only=True):
    """The status bar."""

    profile: str
    symbol: str
    currency: str
    feed_state: FeedState
    feed_text: str = ""
    age_ms: int = 0
    latency_ms: int = 0
    retry_s: float = 0.0
    ts: int
    """Engine time, nanoseconds UTC."""
    zone: str = "UTC"
    trading_state: TradingState
    locked_until: int = 0
    lock_text: str = ""
    equity: Decimal
    day_pnl: Decimal
    day_pnl_pct: float
    loss_limit: Decimal
    loss_left: Decimal
    open_risk_r: Decimal
    endpoint: str = ""
    """Where the feed was redirected to; empty when it talks to the venue itself."""
    scenario: str = ""
    playback: str = ""
    """For recordings: "3:12 of 10:48 · 4× · paused"."""
    recording: str = ""
    """While the market is being recorded: "REC 3:12"."""
    profiles: tuple[ProfileBadge, ...] = ()
    gaps: int = 0
    """How many gaps wait to be acknowledged."""
    per_s: int = 0
    """Messages a second of the symbol shown."""
    latency_p95_ms: int | None = None
    clock_text: str = ""
    """What is wrong with this machine's clock; empty while nothing is."""
    realism: str = ""
    """The set of assumptions that new orders are matched by: a preset's name, or custom."""


class PositionView(msgspec.Struct, frozen=True, kw_only=True):
    """One open position."""

    symbol: str
    side: Side
    qty: Decimal
    entry_price: Decimal
    mark_price: Decimal | None
    unrealized_pnl: Decimal
    unrealized_pct: float
    r: float | None
    stop: Decimal | None
    stop_distance: Decimal | None
    stop_by: str = "last"
    stop_age_ms: int | None = None
    """Since the stop was last compared with a price."""
    stop_state: str = "armed"
    target: Decimal | None = None
    liquidation_price: Decimal | None = None
    held_s: int = 0
    mae: Decimal | None = None
    mfe: Decimal | None = None
    price_scale: int = 2
    stop_trail: str = ""
    """How the stop follows the price: 1% or a distance; empty where it stands."""
    more_targets: tuple[Decimal, ...] = ()
    margin_pct: float | None = None
    """What it needs as a part of what stands behind it: liquidation at 100; None on spot."""
    funding_rate: float | None = None
    funding_in_s: int | None = None
    """Until funding is settled next."""
    funding_paid: Decimal = Decimal(0)
    """Received less paid while it was open, interest included."""
    """Where profit is taken beyond the first target."""
    currency: str = ""
    """Of its amounts: the settlement asset."""


class OrderView(msgspec.Struct, frozen=True, kw_only=True):
    """One order that works or waits."""

    order: Order
    queue_ahead: float | None = None
    age_s: int = 0
    linked: str = ""
    """What it belongs to: position, target, entry."""
    detail: str = ""
    """What its columns can not say: how it trails and from where."""


class FillView(msgspec.Struct, frozen=True, kw_only=True):
    """One fill, or several levels of one execution, with its receipt in words."""

    fill: Fill
    lines: tuple[str, ...]
    """Two short lines of receipt: levels or print, queue, latency, slippage in bp and R, fee."""
    realism: str = ""
    """The set of assumptions that its order was matched by."""


class LimitGauge(msgspec.Struct, frozen=True):
    """One limit with what is used of it."""

    name: str
    used: Decimal
    limit: Decimal
    unit: str
    """A currency, R, % or empty for a count."""
    text: str = ""
    """Words in the place of the numbers."""
    left: Decimal | None = None


class AccountView(msgspec.Struct, frozen=True, kw_only=True):
    """Balances and limits."""

    currency: str
    balances: tuple[tuple[str, Decimal, Decimal], ...]
    """Asset, free, locked."""
    equity: Decimal
    balance: Decimal
    margin_used: Decimal
    realized_pnl: Decimal
    unrealized_pnl: Decimal
    fees: Decimal
    gauges: tuple[LimitGauge, ...]
    locks: tuple[str, ...] = ()
    """Each lock: what is closed until when, and why."""
    funding: Decimal = Decimal(0)
    """Received less paid, interest included."""
    margin_mode: str = ""
    """isolated or cross, while something leveraged is held."""
    margin_level: float | None = None
    """Of a margin account on spot, in percent."""
    maintenance: str = ""
    """The maintenance rate that is assumed for a contract that is held; empty where the venue tells it."""


class SidePreview(msgspec.Struct, frozen=True, kw_only=True):
    """What a key would do now on one side."""

    side: Side
    allowed: bool
    refusal: str = ""
    qty: Decimal = Decimal(0)
    notional: Decimal = Decimal(0)
    fills_now: Decimal = Decimal(0)
    avg_price: Decimal | None = None
    rests: Decimal = Decimal(0)
    expires: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)
    stop: Decimal | None = None
    stop_atr: float | None = None
    target: Decimal | None = None
    risk: Decimal = Decimal(0)
    risk_r: Decimal = Decimal(0)
    margin: Decimal = Decimal(0)
    stop_by: str = "last"
    stop_away: Decimal | None = None
    """From the price that fires the stop to the stop."""
    liquidation: Decimal | None = None
    """Where the position that there would be is liquidated by its mark price; None on spot."""
    liquidation_away: Decimal | None = None
    """From the mark price to there."""
    assumes: bool = False
    """Whether that rests on an assumed maintenance rate: the venue tells none."""


class TicketView(msgspec.Struct, frozen=True, kw_only=True):
    """The docked ticket: the draft priced on both sides."""

    draft: Draft
    buy: SidePreview
    sell: SidePreview
    r_value: Decimal
    """Money of 1 R of size now."""
    head_room: Decimal
    """What may still be lost today and is not yet at risk."""


class Notice(msgspec.Struct, frozen=True):
    """Something the trader should read once."""

    ts: int
    severity: str
    """info, success, warning or error."""
    text: str
    topic: str = ""
    """What it is the state of: a newer notice of the same topic takes its place."""


class InstrumentView(msgspec.Struct, frozen=True, kw_only=True):
    """What a screen must know of the instrument shown, to type prices and sizes."""

    symbol: str
    tick_size: Decimal
    lot_size: Decimal
    min_qty: Decimal
    min_notional: Decimal
    base: str
    quote: str
    settle: str
    kind: str
    status: InstrumentStatus


class GapView(msgspec.Struct, frozen=True):
    """What happened to a position while nobody watched."""

    symbol: str
    when: str
    """From when to when, in the zone of the trading day."""
    text: str


class OrderStory(msgspec.Struct, frozen=True):
    """Why an order filled, what it waits for, or why it did not fill."""

    order_id: str
    title: str
    """The order in one line, and its state."""
    text: str


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """Everything one screen shows at one moment."""

    version: int
    request: ViewRequest
    symbols: tuple[str, ...]
    profiles: tuple[str, ...]
    instrument: InstrumentView | None
    status: StatusView
    watchlist: tuple[WatchRow, ...]
    chart: ChartView | None
    ladder: LadderView | None
    tape: TapeView | None
    positions: tuple[PositionView, ...]
    orders: tuple[OrderView, ...]
    fills: tuple[FillView, ...]
    account: AccountView
    ticket: TicketView | None
    gaps: tuple[GapView, ...] = ()
    """Not acknowledged yet, the newest first."""
    health: HealthView | None = None
    """Where it was asked for."""
