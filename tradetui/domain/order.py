"""Our orders: their words, their states, and the one table of the ways between the states."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec

from tradetui.domain.market_data import Side
from tradetui.domain.number import ZERO
from tradetui.errors import InvalidTransition


class OrderType(StrEnum):
    """How an order finds its price."""

    MARKET = "market"
    LIMIT = "limit"
    STOP_MARKET = "stop_market"
    STOP_LIMIT = "stop_limit"
    TRAILING_STOP = "trailing_stop"
    TAKE_PROFIT_MARKET = "take_profit_market"
    TAKE_PROFIT_LIMIT = "take_profit_limit"

    @property
    def takes_profit(self) -> bool:
        """Whether its trigger lies on the other side: a buy waits for a lower price, a sell for a higher."""
        return self in (OrderType.TAKE_PROFIT_MARKET, OrderType.TAKE_PROFIT_LIMIT)


class TimeInForce(StrEnum):
    """How long an order may work."""

    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"
    GTD = "gtd"


class TriggerBy(StrEnum):
    """The price that fires a conditional order."""

    LAST = "last"
    MARK = "mark"
    INDEX = "index"
    BID_ASK = "bid_ask"


class OrderRole(StrEnum):
    """Why the order exists; exits keep rights that entries do not have."""

    ENTRY = "entry"
    PROTECTIVE = "protective"
    TAKE_PROFIT = "take_profit"
    FLATTEN = "flatten"
    DISCRETIONARY = "discretionary"
    LIQUIDATION = "liquidation"


class Trail(msgspec.Struct, frozen=True, kw_only=True):
    """A trigger that follows the best price since it is active, by a rate or a distance."""

    rate: Decimal | None = None
    """A fraction of the extreme."""
    distance: Decimal | None = None
    activation: Decimal | None = None
    """The price from which on it follows; None from the start."""
    rises: bool = False
    """Whether the price reaches the activation from below; the engine knows when it takes the order."""


class StopPlan(msgspec.Struct, frozen=True):
    """Where a position's protective stop is to stand."""

    trigger: Decimal
    limit: Decimal | None = None
    """With a limit the stop rests there after its trigger, until it escalates to market (R-TRG-5)."""
    trail: Trail | None = None
    extreme: Decimal | None = None
    """What the trail has followed to already, where it goes on from another stop."""
    by: TriggerBy = TriggerBy.LAST


class TargetPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Where a position is to take profit: at a price or a multiple of R, with how much of it."""

    price: Decimal | None = None
    r: Decimal | None = None
    qty: Decimal | None = None
    """Its own quantity; None takes what the other targets leave."""
    market: bool = False
    """Waits for the price and then goes to market, instead of resting there."""
    limit: Decimal | None = None
    """Waits for the price and then rests at this limit."""
    by: TriggerBy = TriggerBy.LAST


class Chase(msgspec.Struct, frozen=True, kw_only=True):
    """How far a limit order follows the touch."""

    bound: Decimal
    """The price beyond which it does not go."""
    most: int
    """So many changes at most."""
    take: bool = False
    """At its end it takes what the other side offers, instead of staying."""


class Amend(msgspec.Struct, frozen=True, kw_only=True):
    """What of an order is to change, with what that does to its risk; None leaves a value as it is."""

    qty: Decimal | None = None
    price: Decimal | None = None
    trigger: Decimal | None = None
    planned_risk: Decimal | None = None
    reserved: Decimal | None = None
    chased: int | None = None
    """How many changes a chase has made with this one."""
    take: bool = False
    """Becomes a market order."""


class OrderState(StrEnum):
    """Where an order stands."""

    NEW = "new"
    DENIED = "denied"
    SUBMITTED = "submitted"
    REJECTED = "rejected"
    HELD = "held"
    ARMED = "armed"
    TRIGGERED = "triggered"
    WORKING = "working"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    EXPIRED_IN_MATCH = "expired_in_match"

    @property
    def is_terminal(self) -> bool:
        """Whether nothing can change the order any more."""
        return not TRANSITIONS[self]


_S = OrderState
TRANSITIONS: Final[dict[OrderState, frozenset[OrderState]]] = {
    _S.NEW: frozenset({_S.DENIED, _S.SUBMITTED}),
    _S.SUBMITTED: frozenset(
        {_S.REJECTED, _S.HELD, _S.ARMED, _S.WORKING, _S.PARTIALLY_FILLED, _S.FILLED, _S.EXPIRED, _S.CANCELED}
    ),
    _S.HELD: frozenset({_S.ARMED, _S.WORKING, _S.CANCELED}),
    _S.ARMED: frozenset({_S.TRIGGERED, _S.CANCELED, _S.EXPIRED}),
    _S.TRIGGERED: frozenset(
        {_S.WORKING, _S.PARTIALLY_FILLED, _S.FILLED, _S.CANCELED, _S.EXPIRED, _S.REJECTED}
    ),
    _S.WORKING: frozenset({_S.PARTIALLY_FILLED, _S.FILLED, _S.CANCELED, _S.EXPIRED, _S.EXPIRED_IN_MATCH}),
    _S.PARTIALLY_FILLED: frozenset({_S.FILLED, _S.CANCELED, _S.EXPIRED, _S.EXPIRED_IN_MATCH}),
    _S.DENIED: frozenset(),
    _S.REJECTED: frozenset(),
    _S.FILLED: frozenset(),
    _S.CANCELED: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.EXPIRED_IN_MATCH: frozenset(),
}
"""Every way that an order may go; what is not here is a bug (engine rules R-ORD-1 to R-ORD-4).

Beyond the table of section 4: what fills or is canceled on its way, and a post-only order that would
take after its trigger (R-MAT-6).
"""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One order with what has become of it; a new value takes the place of the old one at each step."""

    order_id: str
    client_id: str = ""
    ts: int
    """When the command that made it was taken, in engine time."""
    symbol: str
    side: Side
    type: OrderType
    qty: Decimal
    filled: Decimal = ZERO
    avg_price: Decimal | None = None
    price: Decimal | None = None
    trigger: Decimal | None = None
    trigger_by: TriggerBy = TriggerBy.LAST
    tif: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    reduce_only: bool = False
    close_position: bool = False
    role: OrderRole = OrderRole.ENTRY
    parent_id: str = ""
    planned_stop: Decimal | None = None
    planned_target: Decimal | None = None
    planned_target_r: Decimal | None = None
    planned_risk: Decimal = ZERO
    """Money lost if it fills whole and the planned stop fills, fees and slippage included."""
    reserved: Decimal = ZERO
    """Money held back for its whole quantity; what is locked falls as it fills."""
    arrival_mid: Decimal | None = None
    """The mid of the book when the command was taken: slippage is counted from here."""
    due_ts: int = 0
    """When the order reaches the simulated venue: ts plus the latency."""
    triggered_ts: int = 0
    """When its trigger fired; 0 before."""
    prevented: Decimal = ZERO
    """What met an order of our own and traded with nobody (self-trade prevention)."""
    realism: str = ""
    """The set of assumptions that it is matched by: a preset's name, or custom."""
    pending_cancel: bool = False
    state: OrderState = OrderState.NEW
    reason: str = ""
    planned_stop_limit: Decimal | None = None
    """The limit of the planned stop, where it is to be a stop_limit."""
    planned_trail: Trail | None = None
    """How the planned stop follows the price."""
    planned_stop_by: TriggerBy = TriggerBy.LAST
    trail: Trail | None = None
    extreme: Decimal | None = None
    """The best price since the trail is active; None before. The trigger follows from it."""
    planned_targets: tuple[TargetPlan, ...] = ()
    """Where its fills take profit, if that is more than one price."""
    entry_id: str = ""
    """The entry that a target belongs to; empty where it was set on the position."""
    leg: int = 0
    """Which of its entry's targets it is."""
    sized: bool = False
    """Whether a target has a quantity of its own; one without takes what the others leave."""
    target_r: Decimal | None = None
    """The multiple of R at which a target stands, as long as it follows the average entry."""
    amend: Amend | None = None
    """A change on its way to the venue: until then the order may fill as it is (R-ORD-1)."""
    rival_id: str = ""
    """The alternative that is over as soon as this one fills."""
    whole_qty: Decimal | None = None
    """All that an order held for another one was meant for; its quantity is what is still held."""
    chase: Chase | None = None
    chased: int = 0
    """How many changes the chase has made."""
    expire_ts: int = 0
    """The last moment at which it may fill, with gtd; 0 for none."""
    group: str = ""
    """What was made by one command: targets, alternatives, the steps of a scale."""

    @property
    def stop_plan(self) -> StopPlan | None:
        """The protective stop that its fills bring."""
        if self.planned_stop is None:
            return None
        return StopPlan(
            self.planned_stop, self.planned_stop_limit, self.planned_trail, by=self.planned_stop_by
        )

    @property
    def pending_amend(self) -> bool:
        """Whether a change is on its way."""
        return self.amend is not None

    @property
    def targets(self) -> tuple[TargetPlan, ...]:
        """Where its fills take profit."""
        if self.planned_targets or (self.planned_target is None and self.planned_target_r is None):
            return self.planned_targets
        return (TargetPlan(price=self.planned_target, r=self.planned_target_r),)

    @property
    def is_conditional(self) -> bool:
        """Whether it waits for a price before it acts."""
        return self.trigger is not None or self.trail is not None

    @property
    def leaves(self) -> Decimal:
        """What could still fill."""
        return ZERO if self.state.is_terminal else self.qty - self.filled - self.prevented

    @property
    def most_leaves(self) -> Decimal:
        """What could still fill, whether a change on its way is made or not."""
        if self.amend is None or self.amend.qty is None:
            return self.leaves
        return max(self.leaves, self.amend.qty - self.filled - self.prevented)

    def to(self, state: OrderState, reason: str = "") -> Order:
        """The same order in another state; raises InvalidTransition where the table has no way."""
        if state not in TRANSITIONS[self.state]:
            raise InvalidTransition(f"order {self.order_id}: no way from {self.state} to {state}")
        return msgspec.structs.replace(self, state=state, reason=reason or self.reason)
