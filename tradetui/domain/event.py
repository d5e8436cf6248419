"""What has happened: the facts that the journal keeps and that the state is folded from.

An event is an envelope with a body. Bodies hold only exact values, so that the same inputs give
the same bytes on any machine (`event_text`).
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from tradetui.domain.command import MarginMode
from tradetui.domain.fill import Fill
from tradetui.domain.instrument import Instrument
from tradetui.domain.market_data import Side
from tradetui.domain.number import ZERO
from tradetui.domain.order import Order, TriggerBy
from tradetui.domain.reply import Refusal
from tradetui.domain.rule import LockUntil, Rule


class Posting(msgspec.Struct, frozen=True):
    """One leg of a double entry; the legs of an event sum to zero for each asset."""

    ledger: str
    """user:cash:USDT, user:locked:USDT, user:margin:SYMBOL, house:fees, house:pnl, external."""
    asset: str
    amount: Decimal


class Body(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=True):
    """What an event says; each kind is a subclass with its own tag."""


class AccountOpened(Body, frozen=True, kw_only=True, tag="account_opened"):
    """A paper account exists with its first deposit."""

    account: str
    currency: str
    balance: Decimal
    leverage: Decimal
    zone: str
    roll: str
    margin_mode: MarginMode = MarginMode.ISOLATED


class InstrumentRegistered(Body, frozen=True, kw_only=True, tag="instrument_registered"):
    """The rules of an instrument as they hold from here on."""

    instrument: Instrument


class LimitsChanged(Body, frozen=True, kw_only=True, tag="limits_changed"):
    """Limits that hold now, and those that will from the next trading day."""

    now: dict[str, str]
    next_session: dict[str, str]
    rules: tuple[Rule, ...] | None = None
    """Those that hold now; None in journals that are older than rules."""
    next_rules: tuple[Rule, ...] | None = None
    """Those of the next trading day; None where they do not change."""


class SessionRolled(Body, frozen=True, kw_only=True, tag="session_rolled"):
    """A trading day began; `anchor` is the equity that its loss is counted from."""

    session_id: str
    start_ts: int
    end_ts: int
    anchor: Decimal
    estimated: bool = False
    """Whether a price was missing at that moment: the first fresh one fixes the anchor (R-TIM-10)."""
    balance: Decimal | None = None
    """Equity without open profit; None in journals that are older than it."""


class OrderChanged(Body, frozen=True, kw_only=True, tag="order_changed"):
    """An order is new or took a step; `order` is the whole order after it."""

    order: Order
    refusal: Refusal | None = None


class Filled(Body, frozen=True, kw_only=True, tag="filled"):
    """An execution; the order and the position after it follow from it."""

    fill: Fill


class LimitBreached(Body, frozen=True, kw_only=True, tag="limit_breached"):
    """A limit was reached, with the numbers."""

    rule: str
    numbers: dict[str, Decimal]
    warning: bool = False


class Locked(Body, frozen=True, kw_only=True, tag="locked"):
    """No new risk until the moment given; several may stand, each under its rule and scope."""

    rule: str
    until_ts: int
    text: str
    symbol: str = ""
    """The only symbol that is closed; empty for all."""
    side: Side | None = None
    """The only side that is closed; None for both."""
    ends: LockUntil = LockUntil.ROLL
    """By what it ends: the moment itself, the roll behind it, a hand after it, or nothing."""


class Unlocked(Body, frozen=True, kw_only=True, tag="unlocked"):
    """A lock ended; without a rule, as in old journals, every one."""

    rule: str = ""
    symbol: str = ""
    side: Side | None = None


class ClockJumped(Body, frozen=True, kw_only=True, tag="clock_jumped"):
    """The wall clock and the engine's time disagree by more than a second."""

    delta_ns: int
    was_set: bool = False
    """Whether the wall clock was set forward: the trading day and its locks end as much later."""


class Noted(Body, frozen=True, kw_only=True, tag="noted"):
    """Something worth keeping that changes no state: a duplicate command, a late input, an alarm."""

    what: str
    text: str
    refusal: Refusal | None = None
    """Why a command that made no order was refused."""


class LeverageChanged(Body, frozen=True, kw_only=True, tag="leverage_changed"):
    """Another leverage for a symbol; `margin` is what its position holds from here on."""

    symbol: str
    leverage: Decimal
    margin: Decimal = ZERO


class MarginMoved(Body, frozen=True, kw_only=True, tag="margin_moved"):
    """Cash became isolated margin of a position, or came back from it."""

    symbol: str
    amount: Decimal


class MarginModeChanged(Body, frozen=True, kw_only=True, tag="margin_mode_changed"):
    """Isolated or cross from here on."""

    mode: MarginMode


class CashMoved(Body, frozen=True, kw_only=True, tag="cash_moved"):
    """A deposit (positive) or a withdrawal; `value` is what it is worth in the account's currency."""

    asset: str
    amount: Decimal
    value: Decimal


class AnchorFixed(Body, frozen=True, kw_only=True, tag="anchor_fixed"):
    """The anchor of a day that had begun without prices, by the first fresh ones (R-TIM-10)."""

    session_id: str
    anchor: Decimal
    balance: Decimal


class EquityMarked(Body, frozen=True, kw_only=True, tag="equity_marked"):
    """Equity net of deposits, where a rule follows it: at each new high, and once a minute for guards."""

    equity: Decimal


class StopLoosened(Body, frozen=True, kw_only=True, tag="stop_loosened"):
    """A stop was moved away from the market, within the budget, and by how much the risk grew."""

    before: Decimal
    after: Decimal | None
    """None where the stop was taken away."""
    added_risk: Decimal


class GapEvaluated(Body, frozen=True, kw_only=True, tag="gap_evaluated"):
    """Data was lost while a position was open; what came of it, to be acknowledged."""

    symbol: str
    from_ts: int
    to_ts: int
    source: str
    """What the time in between is known from: trades, candles or first price."""
    text: str


class GapsAcknowledged(Body, frozen=True, kw_only=True, tag="gaps_acknowledged"):
    """A person has read what happened in the gaps so far."""

    count: int


class TrailMoved(Body, frozen=True, kw_only=True, tag="trail_moved"):
    """A trailing order became active or followed the price: its extreme and its trigger now."""

    order_id: str
    extreme: Decimal
    trigger: Decimal
    planned_stop: Decimal | None = None
    """The stop that an entry's fill will bring, where it moves along."""


class MarginCalled(Body, frozen=True, kw_only=True, tag="margin_called"):
    """What a position needs has reached a part of what stands behind it; liquidation comes at one."""

    name: str
    """The symbol, or empty for the wallet of a cross account."""
    ratio: Decimal
    threshold: Decimal
    """The part that was reached; zero says that the margin is sound again."""
    level: Decimal = Decimal(0)
    """Of a margin account on spot: equity as a part of the margin used; zero elsewhere."""


class LiquidationStarted(Body, frozen=True, kw_only=True, tag="liquidation_started"):
    """What stands behind a position is not more than what it needs: both sides, at the marks used."""

    symbol: str
    marks: dict[str, Decimal]
    there: Decimal
    needed: Decimal
    cross: bool
    unpriced: tuple[str, ...] = ()
    """Symbols whose last known price was used because there was no other."""


class Liquidated(Body, frozen=True, kw_only=True, tag="liquidated"):
    """A position was liquidated: its receipt."""

    symbol: str
    side: Side
    """Of the position."""
    qty: Decimal
    taken_over: Decimal
    """What the insurance took at the bankruptcy price because the book did not."""
    bankruptcy_price: Decimal
    result: Decimal
    """Before fees."""
    fee: Decimal
    fee_due: Decimal
    """What it would have been if enough had been left."""
    insurance: Decimal
    """What the insurance paid so that the balance is not below zero."""
    balance: Decimal


class FeeShortfall(Body, frozen=True, kw_only=True, tag="fee_shortfall"):
    """An exit's fee was more than what was left: the insurance paid the rest (E-11)."""

    symbol: str
    fill_id: str
    asset: str
    due: Decimal
    paid: Decimal


class FundingPending(Body, frozen=True, kw_only=True, tag="funding_pending"):
    """A funding time passed with an open position; the official rate is not known yet, nothing is posted."""

    symbol: str
    funding_ts: int
    signed_qty: Decimal
    """What was held at that moment."""
    rate: Decimal
    amount: Decimal
    """An estimate; received is positive."""


class FundingPaid(Body, frozen=True, kw_only=True, tag="funding_paid"):
    """Funding of a position at the official rate, once for each funding time."""

    symbol: str
    funding_ts: int
    signed_qty: Decimal
    rate: Decimal
    mark: Decimal
    amount: Decimal
    """Received is positive."""
    from_margin: Decimal = Decimal(0)
    """What the balance did not have and the position's margin paid."""
    estimated_mark: bool = False
    """Whether the venue gave no mark for that moment: the newest one known was taken."""


class InterestPaid(Body, frozen=True, kw_only=True, tag="interest_paid"):
    """What borrowing costs: once at opening (number 0), then for each period that a position stays open."""

    symbol: str
    number: int
    amount: Decimal


class TriggerSourceFallback(Body, frozen=True, kw_only=True, tag="trigger_source_fallback"):
    """The price that a symbol's orders by a source look at from here on; the source itself: it is back."""

    symbol: str
    by: TriggerBy
    source: str
    """last, mark, index, bid_ask or mid; empty while none is live: the orders stay armed."""


class PricesSeen(Body, frozen=True, kw_only=True, tag="prices_seen"):
    """Up to here a position's stop was held against live prices: no gap begins before."""

    symbol: str


AnyBody = (
    AccountOpened
    | InstrumentRegistered
    | LimitsChanged
    | SessionRolled
    | OrderChanged
    | Filled
    | LimitBreached
    | Locked
    | Unlocked
    | ClockJumped
    | Noted
    | LeverageChanged
    | MarginMoved
    | MarginModeChanged
    | CashMoved
    | AnchorFixed
    | EquityMarked
    | StopLoosened
    | GapEvaluated
    | GapsAcknowledged
    | TrailMoved
    | MarginCalled
    | LiquidationStarted
    | Liquidated
    | FeeShortfall
    | FundingPending
    | FundingPaid
    | InterestPaid
    | TriggerSourceFallback
    | PricesSeen
)
"""Every kind of event."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One fact with its place in the order of facts."""

    seq: int
    """Gapless, from 1."""
    ts: int
    """Engine time, nanoseconds UTC."""
    account: str
    body: AnyBody
    symbol: str = ""
    order_id: str = ""
    cause: int = 0
    """The seq of the event that led to it; 0 for none."""
    key: str = ""
    """The idempotency key of the command that led to it."""
    ts_exchange: int = 0
    ts_received: int = 0
    postings: tuple[Posting, ...] = ()
