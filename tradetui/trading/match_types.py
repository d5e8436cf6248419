"""The words that the matching core speaks: what comes in, what comes out, and the rules it matches by.

Prices are integer ticks and quantities integer lots throughout. The only floats are the sizes of the
venue's book and prints, which `LotGrid` turns into lots at the border.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import Final, Protocol

import msgspec

from tradetui.domain.fill import Evidence, Liquidity
from tradetui.domain.market_data import Side
from tradetui.domain.number import MONEY
from tradetui.domain.order import OrderRole, TimeInForce
from tradetui.domain.reply import Reason

EXIT_ROLES: Final = frozenset({OrderRole.PROTECTIVE, OrderRole.FLATTEN, OrderRole.LIQUIDATION})
"""Roles without a protection band, whose remainder waits for liquidity instead of expiring (R-MAT-8)."""

_EXACT_BELOW: Final = 1e12
_SURE: Final = 0.49


class Depth(Protocol):
    """The displayed book of one symbol, as far as matching reads it."""

    @property
    def best_bid(self) -> int | None:
        """The highest bid's tick."""
        ...

    @property
    def best_ask(self) -> int | None:
        """The lowest ask's tick."""
        ...

    def qty_at(self, side: Side, tick: int) -> float:
        """The size displayed at a tick, 0.0 where there is none."""
        ...

    def levels(self, side: Side) -> Iterator[tuple[int, float]]:
        """Levels as (tick, size), best first."""
        ...

    def tick_of(self, price: float) -> int:
        """The tick nearest to a price off the wire."""
        ...


class LotGrid:
    """Turns float sizes into integer lots, half-even (R-NUM-1)."""

    __slots__ = ("_inverse", "_lot_size")

    def __init__(self, lot_size: Decimal) -> None:
        """Raises ValueError unless the lot is above zero."""
        if lot_size <= 0:
            raise ValueError(f"expected a lot above zero, was {lot_size}")
        self._lot_size = lot_size
        self._inverse = float(1 / lot_size)

    def lots(self, qty: float) -> int:
        """A size off the wire in lots; exact also where the size lies in the middle between two lots."""
        count = qty * self._inverse
        nearest = round(count)
        if abs(count - nearest) < _SURE and count < _EXACT_BELOW:
            return nearest
        exact = MONEY.divide(Decimal(repr(qty)), self._lot_size)
        return int(exact.to_integral_value(rounding=ROUND_HALF_EVEN))


class QueueProfile(StrEnum):
    """What counts as evidence for a resting order's fill (R-MAT-9)."""

    RISK_AVERSE = "risk_averse"
    STRICT = "strict"
    PROBABILISTIC = "probabilistic"
    OPTIMISTIC = "optimistic"
    """As if nobody stood before us: for teaching only, and marked wherever it is shown."""


class QueueModel(StrEnum):
    """How the probabilistic profile shares a decrease of depth between front and back (section 7.5)."""

    POWER = "power"
    POWER_TOTAL = "power_total"
    POWER_FRONT = "power_front"
    LOG = "log"
    LOG_TOTAL = "log_total"


class SelfTrade(StrEnum):
    """What happens where one of our orders would meet another (section 7.7); the taker's mode decides."""

    NONE = "none"
    """Our orders are not in the venue's book, so each passes the other by."""
    EXPIRE_TAKER = "expire_taker"
    EXPIRE_MAKER = "expire_maker"
    EXPIRE_BOTH = "expire_both"
    DECREMENT = "decrement"
    """Both lose the smaller of the two sizes, and the one with nothing left expires."""


@dataclass(frozen=True, slots=True)
class MatchRules:
    """The assumptions of matching that are settings."""

    carry: bool = True
    """Keep our consumption until the level really shrinks; False forgets it when the size changes."""
    profile: QueueProfile = QueueProfile.RISK_AVERSE
    model: QueueModel = QueueModel.POWER_FRONT
    """Of the probabilistic profile."""
    power: int = 3
    """Exponent of the power models."""
    self_trade: SelfTrade = SelfTrade.EXPIRE_TAKER
    """For entries; exits always let our own resting orders expire instead."""
    guard_ns: int = 1_000_000_000
    """How long a decrease of depth waits for the print that explains it."""
    slow_book_ns: int = 1_000_000_000
    """From this interval between book messages on, what was added while an order arrived is before it."""
    band_bp: int = 100
    band_ticks: int = 10
    """A market order reaches max(band_bp of the opposite best, band_ticks) and no further (R-MAT-5)."""


class Incoming(msgspec.Struct, frozen=True, kw_only=True):
    """An order at the moment it reaches the simulated venue; without a limit it is a market order."""

    order_id: str
    side: Side
    lots: int
    limit: int | None = None
    tif: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    reduce_only: bool = False
    role: OrderRole = OrderRole.ENTRY
    no_better_than: int | None = None
    """Levels better than this are passed over: the book is crossed there, and an exit can not wait (6.2)."""
    rival: str = ""
    """The alternative that a fill takes out of the queue."""

    @property
    def is_exit(self) -> bool:
        """Whether the role is one that nothing may stop or expire."""
        return self.role in EXIT_ROLES


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of a fill with the numbers of its receipt, sizes in lots."""

    order_id: str
    side: Side
    tick: int
    lots: int
    liquidity: Liquidity
    evidence: Evidence
    displayed: int
    """Displayed at the level, or the size of the print."""
    consumed_before: int
    consumed_after: int
    """Our own taking of that level or print, before and after."""
    printed: int = 0
    """What prints had eaten of that level and the book did not show yet."""
    queue_ahead: int = 0
    """Ahead of us when the print came."""
    trade_id: str = ""
    ts_exchange: int = 0
    ts_received: int = 0
    """Times of the evidence: the book's last change, or the print."""
    level: int | None = None
    """The displayed level that reached us, where it is not the fill's."""


class Outcome(StrEnum):
    """What becomes of the part of an order that did not fill."""

    FILLED = "filled"
    RESTING = "resting"
    WAITING = "waiting"
    """An exit at market that found too little: it walks again with every change of the book."""
    EXPIRED = "expired"
    REJECTED = "rejected"
    SELF_TRADE = "self_trade"
    """Expired because it met our own resting order."""


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """What an order met when it reached the venue."""

    executions: tuple[Execution, ...] = ()
    outcome: Outcome
    leaves: int
    reason: Reason = Reason.NONE
    expired_makers: tuple[str, ...] = ()
    """Own resting orders that gave way."""
    decremented: tuple[tuple[str, int], ...] = ()
    """Own resting orders that lost lots against this one, with how many."""
    prevented: int = 0
    """Lots of this order that met our own orders and traded with nobody."""

    @property
    def filled(self) -> int:
        """Lots that traded."""
        return sum(execution.lots for execution in self.executions)

    @property
    def notional_ticks(self) -> int:
        """Sum of tick times lots over the executions."""
        return sum(execution.tick * execution.lots for execution in self.executions)

    @property
    def vwap_ticks(self) -> Decimal | None:
        """Average tick of what traded, None when nothing did."""
        return MONEY.divide(Decimal(self.notional_ticks), Decimal(self.filled)) if self.executions else None
