"""What a person, a file or a program may ask of the engine."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import final

import msgspec

from tradetui.domain.market_data import Side
from tradetui.domain.order import TimeInForce, Trail, TriggerBy


class SizeUnit(StrEnum):
    """What the number of a size counts."""

    BASE = "base"
    QUOTE = "quote"
    EQUITY = "equity"
    RISK = "risk"
    POSITION = "position"
    """A fraction of what is held, or of the entry that a target belongs to."""


class Size(msgspec.Struct, frozen=True):
    """How much: base units or contracts, quote currency, a fraction of equity, or units of R."""

    value: Decimal
    unit: SizeUnit = SizeUnit.BASE


class Target(msgspec.Struct, frozen=True):
    """Where profit is taken: a price, or a multiple of R from the entry; exactly one of the two."""

    price: Decimal | None = None
    r: Decimal | None = None
    size: Size | None = None
    """How much of the entry: a quantity, or a part of it (unit POSITION); None: what is left."""
    market: bool = False
    """Waits for the price and then goes to market (take_profit_market)."""
    limit: Decimal | None = None
    """Waits for the price and then rests at this limit (take_profit_limit)."""
    by: TriggerBy = TriggerBy.LAST


class Stop(msgspec.Struct, frozen=True):
    """Where the loss ends: a price, or (only from a key) a multiple of ATR(14) of a timeframe."""

    price: Decimal | None = None
    atr: Decimal | None = None
    timeframe: str = "1m"
    limit: Decimal | None = None
    """What it rests at after its trigger; a rest that does not fill escalates to market."""
    trail: Trail | None = None
    """How it follows the price; without rate and distance at the distance that it has now."""
    by: TriggerBy | None = None
    """The price that fires it; None for that of the stop before, else the last trade's."""


class Follow(msgspec.Struct, frozen=True, kw_only=True):
    """A chase: how far a limit follows the touch; None is as far as a market order may go."""

    distance: Decimal | None = None
    rate: Decimal | None = None
    """The distance as a fraction of the price."""
    most: int | None = None
    """So many changes; None for the engine's default."""
    take: bool = False


class How(msgspec.Struct, frozen=True, kw_only=True):
    """What an order says beside its size, its limit and its exits; each is explained at SubmitOrder."""

    trigger: Decimal | None = None
    trail: Trail | None = None
    take_profit: bool = False
    trigger_by: TriggerBy = TriggerBy.LAST
    tif: TimeInForce = TimeInForce.GTC
    expire_ts: int = 0
    expire_after_ns: int = 0
    expire_at: str = ""
    post_only: bool = False
    reduce_only: bool = False
    chase: Follow | None = None


class Command(msgspec.Struct, frozen=True, kw_only=True, tag_field="do", tag=True):
    """The common part: `key` makes a command that is sent twice act once; "" means no such guard."""

    key: str = ""


class SubmitOrder(Command, frozen=True, kw_only=True, tag="submit"):
    """Open or reduce: without `limit` and `trigger` a market order, with both a stop_limit."""

    symbol: str
    side: Side
    size: Size
    limit: Decimal | None = None
    trigger: Decimal | None = None
    stop: Stop | None = None
    target: Target | None = None
    tif: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    reduce_only: bool = False
    client_id: str = ""
    fit: bool = False
    """A size in R that the balance can not carry becomes the largest that it can; only keys ask for it."""
    trail: Trail | None = None
    """A trailing_stop: its trigger follows the price; with `limit` it rests there once it fired."""
    trigger_by: TriggerBy = TriggerBy.LAST
    """The price that fires it."""
    take_profit: bool = False
    """Whether the trigger lies on the other side: a buy below the market, a sell above."""
    more_targets: tuple[Target, ...] = ()
    """Targets beside the first."""
    chase: Follow | None = None
    """A limit at the touch of its own side that follows it; without `limit`."""
    expire_ts: int = 0
    """With gtd the last moment at which it may fill, nanoseconds UTC; or one of the next two."""
    expire_after_ns: int = 0
    """The same, counted from when the engine takes the order."""
    expire_at: str = ""
    """The same as the next HH:MM in the zone of the trading day."""

    @property
    def targets(self) -> tuple[Target, ...]:
        """Every target."""
        return self.more_targets if self.target is None else (self.target, *self.more_targets)


class SubmitOco(Command, frozen=True, kw_only=True, tag="oco"):
    """Two alternatives: the first fill of one, also a partial one, cancels the other."""

    first: SubmitOrder
    second: SubmitOrder


class SubmitOto(Command, frozen=True, kw_only=True, tag="oto"):
    """An order, and others that are held until it fills: as much of them as it fills."""

    first: SubmitOrder
    then: tuple[SubmitOrder, ...]


class SubmitScale(Command, frozen=True, kw_only=True, tag="scale"):
    """Limit orders between two prices, `count` of them, with one stop; the order has no price itself."""

    order: SubmitOrder
    first: Decimal
    last: Decimal
    count: int


class CancelOrder(Command, frozen=True, kw_only=True, tag="cancel"):
    """Cancel one order by its id or client id."""

    order_id: str


class AmendOrder(Command, frozen=True, kw_only=True, tag="amend"):
    """Change a working order; None leaves a value as it is. `qty` counts what has filled already."""

    order_id: str
    qty: Decimal | None = None
    limit: Decimal | None = None
    trigger: Decimal | None = None


class CancelAll(Command, frozen=True, kw_only=True, tag="cancel_all"):
    """Cancel every order that is not a protective stop; `symbol` None means everywhere."""

    symbol: str | None = None


class SetStop(Command, frozen=True, kw_only=True, tag="set_stop"):
    """Move the position's protective stop."""

    symbol: str
    stop: Stop


class BreakEven(Command, frozen=True, kw_only=True, tag="breakeven"):
    """Move the stop to where closing would cost nothing, fees included."""

    symbol: str


class SetTarget(Command, frozen=True, kw_only=True, tag="set_target"):
    """Set or move the position's targets: what is named takes the place of all before."""

    symbol: str
    target: Target
    more: tuple[Target, ...] = ()


class Flatten(Command, frozen=True, kw_only=True, tag="flatten"):
    """Cancel entries and close at market; `symbol` None means every position. Always allowed."""

    symbol: str | None = None


class Reverse(Command, frozen=True, kw_only=True, tag="reverse"):
    """Close and open the same quantity the other way, with the given stop (or 1 ATR from a key)."""

    symbol: str
    stop: Stop | None = None


class Half(Command, frozen=True, kw_only=True, tag="half"):
    """Close half of the position, floored to the lot."""

    symbol: str


class SetRiskLimits(Command, frozen=True, kw_only=True, tag="set_limits"):
    """Change limits: tighter at once, looser from the next trading day. None leaves one as it is."""

    risk_per_trade: Decimal | None = None
    """Fraction of equity."""
    daily_loss: Decimal | None = None
    """Fraction of the equity at the start of the trading day."""
    daily_loss_amount: Decimal | None = None
    """An amount in the account's currency instead."""
    max_risk_per_trade: Decimal | None = None
    """In R of size."""
    max_open_risk: Decimal | None = None
    """In R of size."""
    require_stop: bool | None = None


class MarginMode(StrEnum):
    """What stands behind a leveraged position: its own margin, or the whole wallet."""

    ISOLATED = "isolated"
    CROSS = "cross"


class SetLeverage(Command, frozen=True, kw_only=True, tag="set_leverage"):
    """Change the leverage of a symbol, also of an open position: its margin changes, its entry does not."""

    symbol: str
    leverage: Decimal


class AdjustMargin(Command, frozen=True, kw_only=True, tag="adjust_margin"):
    """Add to the isolated margin of a position, or take from it (a negative amount)."""

    symbol: str
    amount: Decimal


class SetMarginMode(Command, frozen=True, kw_only=True, tag="set_margin_mode"):
    """Isolated or cross, for the whole account; only while it holds no leveraged position."""

    mode: MarginMode


class Deposit(Command, frozen=True, kw_only=True, tag="deposit"):
    """Bring money into the paper account; the day's profit or loss does not change."""

    amount: Decimal
    asset: str = ""
    """Empty for the account's currency."""


class Withdraw(Command, frozen=True, kw_only=True, tag="withdraw"):
    """Take money out of the paper account, as far as nothing needs it."""

    amount: Decimal
    asset: str = ""
    """Empty for the account's currency."""


class AcknowledgeGaps(Command, frozen=True, kw_only=True, tag="acknowledge_gaps"):
    """The list of what happened while nobody watched has been read."""


class NoteInputs(Command, frozen=True, kw_only=True, tag="note_inputs"):
    """Tie a file of recorded inputs to the journal."""

    chunk: str
    sha256: str
    count: int


class SetLimit(Command, frozen=True, kw_only=True, tag="set_limit"):
    """Change one limit by its name: tighter at once, looser, or `off`, from the next trading day."""

    name: str
    value: str
    """In words: 150, 2%, 3 in 60min for 30min, mon-fri 08:00-16:30, off."""
    symbol: str = ""
    """The only symbol that it concerns; empty for every one."""


class ShowLimits(Command, frozen=True, kw_only=True, tag="show_limits"):
    """Say every limit that holds."""


class Unlock(Command, frozen=True, kw_only=True, tag="unlock"):
    """End a lock that waits for a hand; an empty name means every one of them."""

    rule: str = ""


class AdoptLock(Command, frozen=True, kw_only=True, tag="adopt_lock"):
    """Lock this account as another one of the trader's is locked; nothing where that is not wanted."""

    rule: str
    until_ts: int
    text: str


AnyCommand = (
    SubmitOrder
    | CancelOrder
    | CancelAll
    | SetStop
    | BreakEven
    | SetTarget
    | Flatten
    | Reverse
    | Half
    | SetRiskLimits
    | SetLeverage
    | AdjustMargin
    | SetMarginMode
    | Deposit
    | Withdraw
    | NoteInputs
    | AcknowledgeGaps
    | SetLimit
    | ShowLimits
    | Unlock
    | AdoptLock
    | AmendOrder
    | SubmitOco
    | SubmitOto
    | SubmitScale
)
"""Every command; serialisable, told apart by its tag."""


@final
class CommandIssued(msgspec.Struct, frozen=True, tag="command"):
    """A command with the moment at which it reached the engine, nanoseconds UTC."""

    ts_received: int
    command: AnyCommand
