"""The part of an account's state that is about its money beside fills: flows, leverage, margins."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from tradetui.domain.command import MarginMode
from tradetui.domain.event import (
    AccountOpened,
    AnyBody,
    CashMoved,
    LeverageChanged,
    MarginCalled,
    MarginModeChanged,
    MarginMoved,
)
from tradetui.domain.number import ONE, ZERO
from tradetui.domain.position import Position


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

    def copied(self) -> FundState:
        """An independent copy; its values are immutable, so only the containers are copied."""
        return msgspec.structs.replace(
            self, leverages=dict(self.leverages), margin_calls=dict(self.margin_calls)
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
            case MarginCalled():
                self.margin_calls[body.name] = body.threshold
            case _:
                return

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
        case _:
            return position
