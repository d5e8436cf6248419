"""The part of an account's state that is about its money beside fills: flows, leverage, margins."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from tradetui.domain.command import MarginMode
from tradetui.domain.event import (
    AccountOpened,
    AnyBody,
    CashMoved,
    FundingPaid,
    FundingPending,
    InterestPaid,
    LeverageChanged,
    MarginCalled,
    MarginModeChanged,
    MarginMoved,
    SessionRolled,
)
from tradetui.domain.number import MONEY, ONE, ZERO
from tradetui.domain.position import Position

KEPT_FUNDING: Final = 1_000
_MONTH_NS: Final = 30 * 86_400 * 1_000_000_000


class FundState(msgspec.Struct):
    """Folded from events like all else; `State` hands it those that concern it."""

    leverage: Decimal = ONE
    """The account's; a symbol may have another."""
    leverages: dict[str, Decimal] = {}
    margin_mode: MarginMode = MarginMode.ISOLATED
    flows: Decimal = ZERO
    """Deposits less withdrawals since the account was opened, without the first one."""
    margin_calls: dict[str, Decimal] = {}
    """The highest part of its margin at which a position was warned of; the wallet's under no name."""

    funding: Decimal = ZERO
    """Received less paid, since the account was opened."""
    funded: dict[tuple[str, int], Decimal] = {}
    """What was posted by symbol and funding time, the newest ones."""
    interest: Decimal = ZERO
    """Paid for what was borrowed, since the account was opened."""
    prices: dict[str, Decimal] = {}
    """The last known worth of assets that are held beside the account's currency."""
    volumes: dict[int, Decimal] = {}
    """What was traded in each trading day of the last 30, by its start."""
    tier_volume: Decimal = ZERO
    """What was traded in the 30 days before this one: it decides over the fees."""
    pending: dict[str, FundingPending] = {}
    """By symbol, the newest funding time that passed with a position."""

    def copied(self) -> FundState:
        """An independent copy; its values are immutable, so only the containers are copied."""
        return msgspec.structs.replace(
            self,
            leverages=dict(self.leverages),
            margin_calls=dict(self.margin_calls),
            funded=dict(self.funded),
            pending=dict(self.pending),
            prices=dict(self.prices),
            volumes=dict(self.volumes),
        )

    def take_in(self, body: AnyBody) -> None:
        """Take in what an event says about the money of the account."""
        match body:
            case AccountOpened():
                self.leverage, self.margin_mode = body.leverage, body.margin_mode
            case LeverageChanged():
                self.leverages[body.symbol] = body.leverage
            case MarginModeChanged():
                self.margin_mode = body.mode
            case CashMoved():
                self.flows += body.value
                if body.amount:
                    self.prices[body.asset] = MONEY.divide(body.value, body.amount)
            case SessionRolled():
                self.volumes = {
                    ts: sum_ for ts, sum_ in self.volumes.items() if ts >= body.start_ts - _MONTH_NS
                }
                self.tier_volume = sum(self.volumes.values(), ZERO)
                self.volumes[body.start_ts] = ZERO
            case MarginCalled():
                self.margin_calls[body.name] = body.threshold
            case _:
                self._take_in_costs(body)

    def _take_in_costs(self, body: AnyBody) -> None:
        """What holding a position costs or earns."""
        match body:
            case FundingPending():
                self.pending[body.symbol] = body
            case FundingPaid():
                self._funded(body)
            case InterestPaid():
                self.interest += body.amount
            case _:
                return

    def traded(self, amount: Decimal) -> None:
        """Count what a fill traded in this trading day."""
        if self.volumes:
            today = max(self.volumes)
            self.volumes[today] += amount

    def _funded(self, body: FundingPaid) -> None:
        """Keep that a funding time is done; a pending estimate of it is over."""
        self.funding += body.amount
        self.funded[body.symbol, body.funding_ts] = body.amount
        if len(self.funded) > 2 * KEPT_FUNDING:
            self.funded = dict(list(self.funded.items())[KEPT_FUNDING:])
        waiting = self.pending.get(body.symbol)
        if waiting is not None and waiting.funding_ts <= body.funding_ts:
            del self.pending[body.symbol]

    def forget(self, symbol: str, *, cross_left: bool) -> None:
        """Warnings end with their positions; that of a cross wallet with the last of them."""
        self.margin_calls.pop(symbol, None)
        if not cross_left:
            self.margin_calls.pop("", None)


def moved(position: Position, body: AnyBody) -> Position:
    """A position after an event that is no fill."""
    replace = msgspec.structs.replace
    match body:
        case LeverageChanged():
            return replace(position, leverage=body.leverage, margin=body.margin)
        case MarginMoved():
            return replace(position, margin=position.margin + body.amount)
        case FundingPaid() if position.opened_ts < body.funding_ts:
            paid = body.from_margin
            return replace(position, funding=position.funding + body.amount, margin=position.margin - paid)
        case InterestPaid():
            periods = max(position.rollovers, body.number)
            return replace(position, interest=position.interest + body.amount, rollovers=periods)
        case _:
            return position
